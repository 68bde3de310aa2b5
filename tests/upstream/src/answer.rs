//! Plays a plan on a connection, and notices at once when the client leaves.

use std::convert::Infallible;
use std::io;
use std::time::Instant;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use crate::plan::Plan;
use crate::record::Outcome;
use crate::script::{BeforeHeaders, End};

/// What a client may send during an answer before it is left unread.
const MAX_READ_AHEAD: usize = 1024 * 1024;

/// How far an answer has come.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) bytes: u64,
    pub(crate) writes: u64,
    pub(crate) first_byte: Option<Instant>,
}

impl Progress {
    fn add(&mut self, bytes: usize) {
        self.first_byte.get_or_insert_with(Instant::now);
        self.bytes += u64::try_from(bytes).unwrap_or(0);
    }
}

/// What of the answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    All,
    HeadOnly,
}

/// Plays `plan` to its end, or until the client closes the connection. What
/// the client sends meanwhile is added to `buffer`.
pub(crate) async fn play(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
    plan: &Plan,
    part: Part,
) -> (Progress, Outcome) {
    let mut progress = Progress::default();
    let (reader, mut writer) = stream.split();
    let mut skip = 0;
    if let (Some(bytes), Part::All) = (plan.at_once(), part)
        && let Ok(written) = writer.try_write(bytes)
    {
        progress.add(written);
        if written == bytes.len() {
            progress.writes = 1;
            return (progress, Outcome::Complete);
        }
        skip = written;
    }
    let mut player = Player { writer: &mut writer, progress: &mut progress, skip };
    let outcome = tokio::select! {
        biased;
        played = player.play(plan, part) => played.unwrap_or(Outcome::ClientClosed),
        () = client_gone(reader, buffer) => Outcome::ClientClosed,
    };
    (progress, outcome)
}

struct Player<'a, 'stream> {
    writer: &'a mut WriteHalf<'stream>,
    progress: &'a mut Progress,
    /// Bytes of the first write that are already out.
    skip: usize,
}

impl Player<'_, '_> {
    async fn play(&mut self, plan: &Plan, part: Part) -> io::Result<Outcome> {
        if !plan.delay.is_zero() {
            tokio::time::sleep(plan.delay).await;
        }
        match plan.before_headers {
            Some(BeforeHeaders::Close) => return Ok(Outcome::Closed),
            Some(BeforeHeaders::Reset) => return Ok(Outcome::Reset),
            Some(BeforeHeaders::Hang) => match std::future::pending::<Infallible>().await {},
            None => {}
        }
        if plan.head_alone || part == Part::HeadOnly {
            self.write(&plan.head).await?;
        }
        if part == Part::All {
            self.write_body(plan).await?;
        }
        match plan.end {
            End::Complete => Ok(Outcome::Complete),
            End::CloseAfter(_) => Ok(Outcome::Closed),
            End::ResetAfter(_) => Ok(Outcome::Reset),
            End::HangAfter(_) => match std::future::pending::<Infallible>().await {},
        }
    }

    async fn write_body(&mut self, plan: &Plan) -> io::Result<()> {
        for run in &plan.writes {
            for _ in 0..run.times {
                let index = self.progress.writes;
                let gap = if index == 0 { None } else { Some(plan.gap) };
                let wait = plan.delays.get(&index).copied().or(gap).unwrap_or_default();
                if !wait.is_zero() {
                    tokio::time::sleep(wait).await;
                }
                self.write(&run.bytes).await?;
                self.progress.writes += 1;
            }
        }
        Ok(())
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes.get(self.skip..).unwrap_or_default();
        self.skip = 0;
        while !rest.is_empty() {
            let written = self.writer.write(rest).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.progress.add(written);
            rest = rest.get(written..).unwrap_or_default();
        }
        Ok(())
    }
}

/// Returns when the client has closed or reset the connection.
async fn client_gone(mut reader: ReadHalf<'_>, buffer: &mut BytesMut) {
    while buffer.len() < MAX_READ_AHEAD {
        if !matches!(reader.read_buf(buffer).await, Ok(1..)) {
            return;
        }
    }
    std::future::pending::<()>().await;
}
