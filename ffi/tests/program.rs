//! Builds programs in C and runs them.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::install::{is_given, prefix, root};

/// How a program is built and run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Under {
    /// As it is.
    Nothing,
    /// With AddressSanitizer, its search for leaks and UBSan.
    Sanitizers,
    /// As it is, under valgrind: what is lost for good is an error, and so is memory that is not the program's.
    Valgrind,
}

/// A program that is built, in a directory of its own.
pub(crate) struct Program {
    path: PathBuf,
    under: Under,
    _directory: TempDir,
}

const WARNINGS: [&str; 5] = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-g"];

impl Program {
    /// Builds `ffi/{source}` the way a user does: with what pkg-config says.
    pub(crate) fn build(source: &str, under: Under) -> Self {
        // A library that is watched itself needs programs that bring what watches it, and nothing else.
        let under = if is_given() { Under::Sanitizers } else { under };
        let directory = TempDir::new().expect("a directory");
        let path = directory.path().join("program");
        let mut compiler = Command::new("cc");
        compiler.args(WARNINGS).args(["-std=c11", "-pthread", "-o"]).arg(&path).arg(root().join("ffi").join(source));
        if under == Under::Sanitizers {
            compiler.args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]);
        }
        compiler.args(pkg_config().split_whitespace()).arg(rpath());
        run(&mut compiler);
        Self { path, under, _directory: directory }
    }

    /// The command that runs it.
    pub(crate) fn command(&self) -> Command {
        let mut command = match self.under {
            Under::Valgrind => {
                let mut valgrind = Command::new("valgrind");
                valgrind.args(["--quiet", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite"]);
                // It takes what ring's assembly encrypts for undefined, and all that is made of it.
                valgrind.args(["--errors-for-leak-kinds=definite", "--undef-value-errors=no"]).arg(&self.path);
                valgrind
            }
            Under::Nothing | Under::Sanitizers => Command::new(&self.path),
        };
        command.env("ASAN_OPTIONS", "detect_leaks=1:detect_stack_use_after_return=1");
        command.env("UBSAN_OPTIONS", "print_stacktrace=1");
        command.env_remove("OPENAI_API_KEY");
        command
    }

    /// Runs it to its end, which has to be a good one; what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        run(self.command().args(arguments))
    }
}

/// What pkg-config says of the installed library.
fn pkg_config() -> String {
    let mut command = Command::new("pkg-config");
    run(command.args(["--cflags", "--libs", "libgateway"]).env("PKG_CONFIG_PATH", prefix().join("lib/pkgconfig")))
}

/// Where a program that is linked finds the library, which is in no directory of the system's.
pub(crate) fn rpath() -> String {
    format!("-Wl,-rpath,{}", prefix().join("lib").display())
}

/// How long a program may take, under valgrind on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs a command, which must end well and say nothing on standard error; what it says on standard output.
///
/// # Panics
///
/// When it does not.
pub(crate) fn run(command: &mut Command) -> String {
    let output = output(command);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{error}", output.status);
    assert!(error.is_empty(), "{command:?} has printed to standard error:\n{error}");
    String::from_utf8(output.stdout).expect("text")
}

/// Runs a command to its end, however it ends.
///
/// # Panics
///
/// When it cannot be started, and when it hangs.
pub(crate) fn output(command: &mut Command) -> Output {
    let named = format!("{command:?}");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap_or_else(|error| panic!("{named} cannot be started: {error}; see .ci/need"));
    let process = child.id().to_string();
    let waiting = thread::spawn(move || child.wait_with_output());
    let begun = Instant::now();
    while !waiting.is_finished() {
        if begun.elapsed() > PATIENCE {
            drop(Command::new("kill").args(["-9", &process]).status());
            panic!("{named} hangs");
        }
        thread::park_timeout(Duration::from_millis(10));
    }
    waiting.join().expect("the thread that waits").expect("its output")
}

/// The files of a directory of `ffi` with this ending, by their stems.
pub(crate) fn sources(directory: &str, ending: &str) -> Vec<String> {
    let files = libgateway_tests::files(&root().join("ffi").join(directory));
    let stem = |file: &Path| Some(file.file_stem()?.to_str()?.to_owned());
    let mut stems: Vec<_> = files
        .iter()
        .filter(|file| file.extension().is_some_and(|e| e == ending))
        .filter_map(|file| stem(file))
        .collect();
    stems.sort();
    stems
}
