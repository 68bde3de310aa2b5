//! A script that runs a server for tests: it prints the server's URL, obeys lines on its standard input, and ends the
//! server when that closes, however the process that started it ends. Knows nothing of what is served.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

/// How long a server may take to start or to stop.
const START: Duration = Duration::from_secs(50);

/// A running script. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Script {
    child: Child,
    /// Nobody but the owner listens; the lock is for the sake of `Sync`.
    lines: Mutex<mpsc::Receiver<String>>,
}

impl Script {
    /// Runs the script; its first line is the URL of what it serves.
    pub(crate) fn launch(script: &str, arguments: &[&str]) -> Result<(String, Self), String> {
        let mut child = Command::new(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{script} cannot be run: {error}"))?;
        let stdout = child.stdout.take().expect("a pipe");
        let (sender, lines) = mpsc::sync_channel(1);
        thread::spawn(move || {
            // An error ends it, as does a script that ends and a test that listens no more.
            for line in BufReader::new(stdout).lines() {
                if !line.is_ok_and(|line| sender.send(line).is_ok()) {
                    break;
                }
            }
        });
        let url = lines.recv_timeout(START).unwrap_or_default();
        if url.is_empty() {
            // Closes its standard input, on which it ends if it has not.
            drop(child.stdin.take());
            drop(child.kill());
            let mut said = String::new();
            drop(child.stderr.take().expect("a pipe").read_to_string(&mut said));
            return Err(format!("{script} gave no URL: {}", said.trim().replace('\n', " | ")));
        }
        Ok((url, Self { child, lines: Mutex::new(lines) }))
    }

    /// Has it do something; its answer, which is empty when there is none.
    pub(crate) fn tell(&mut self, command: &str) -> String {
        let stdin = self.child.stdin.as_mut().expect("a pipe");
        writeln!(stdin, "{command}").expect("the script listens");
        let lines = self.lines.get_mut().unwrap_or_else(PoisonError::into_inner);
        lines.recv_timeout(START).unwrap_or_default()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // The script ends with its standard input, and the server with it.
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}
