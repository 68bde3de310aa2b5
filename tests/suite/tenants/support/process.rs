//! Other processes: this test binary, started once more, plays another part than the tests.
//!
//! A question is one line of JSON on standard input, its answer one line on standard output behind a mark, since the
//! test harness writes there too.

use std::{
    env, fs,
    io::{self, BufRead as _, Write as _},
    path::Path,
    process::Stdio,
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use super::host;
use crate::{canaries, volume};

const PART: &str = "LIBGATEWAY_TEST_PART";
const MARK: &str = "@@answer ";
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(50);

/// What another process can play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A host that does what it is told.
    Host,
    /// A host whose secrets are searched for.
    Canaries,
    /// A host that uses every tenant there is.
    Volume,
}

impl Part {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Host, "host"), (Self::Canaries, "canaries"), (Self::Volume, "volume")];
}

/// Another process; dropping it kills it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts one whose environment is these variables and no more.
    pub(crate) fn start(part: Part, variables: &[(&str, &str)]) -> Self {
        let name = Part::ALL.iter().find(|(known, _)| *known == part).expect("a part").1;
        let mut child = Command::new(env::current_exe().expect("this binary"))
            .args(["support::process::the_other_process", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .env_clear()
            .env(PART, name)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("another process");
        let questions = child.stdin.take().expect("its standard input");
        let answers = BufReader::new(child.stdout.take().expect("its standard output")).lines();
        Self { child, questions, answers }
    }

    /// Asks without waiting for the answer.
    pub(crate) async fn tell(&mut self, question: &Value) {
        self.questions.write_all(format!("{question}\n").as_bytes()).await.expect("the other process listens");
    }

    /// The next answer.
    pub(crate) async fn answer(&mut self) -> Value {
        let answer = async {
            loop {
                let line =
                    self.answers.next_line().await.expect("its standard output").expect("the other process ended");
                if let Some((_, answer)) = line.split_once(MARK) {
                    return serde_json::from_str(answer).expect("an answer in JSON");
                }
            }
        };
        timeout(PATIENCE, answer).await.expect("the other process does not answer")
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn ask(&mut self, question: Value) -> Value {
        self.tell(&question).await;
        self.answer().await
    }

    /// How many threads it has.
    pub(crate) fn threads(&self) -> usize {
        self.entries("task").count()
    }

    /// How often it has this file open.
    pub(crate) fn opened(&self, file: &Path) -> usize {
        let file = fs::canonicalize(file).expect("the file");
        self.entries("fd").filter(|entry| fs::read_link(entry.path()).is_ok_and(|opened| opened == file)).count()
    }

    /// What the system says about it.
    fn entries(&self, kind: &str) -> impl Iterator<Item = fs::DirEntry> {
        let id = self.child.id().expect("the other process runs");
        fs::read_dir(format!("/proc/{id}/{kind}")).expect("what the system knows").flatten()
    }

    /// Ends it as it ends by itself.
    pub(crate) async fn end(mut self) {
        drop(self.questions);
        let ended = timeout(PATIENCE, self.child.wait()).await.expect("the other process does not end");
        assert!(ended.expect("its status").success());
    }
}

/// The next question that this process is asked; none when there will be no more.
pub(crate) fn question() -> Option<Value> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).expect("standard input");
    (!line.is_empty()).then(|| serde_json::from_str(&line).expect("a question in JSON"))
}

/// Answers the question.
pub(crate) fn answer(answer: &Value) {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{MARK}{answer}").and_then(|()| stdout.flush()).expect("standard output");
}

/// Not a test: what [`Process::start`] starts.
#[test]
#[ignore = "started by other tests, as another process"]
fn the_other_process() {
    let Ok(name) = env::var(PART) else { return };
    let part = Part::ALL.iter().find(|(_, known)| *known == name).expect("a part").0;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        match part {
            Part::Host => host::play().await,
            Part::Canaries => canaries::play().await,
            Part::Volume => volume::play().await,
        }
    });
}
