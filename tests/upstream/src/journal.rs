//! The log: one JSON line per request as it arrives, before the first byte of
//! its answer, and one as the answer ends. Each line is one `write`, so that
//! lines survive a kill of any process and never mix.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::http::Request;
use crate::record::Outcome;
use crate::shared::{Ticket, unix_us};

/// An open log.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
}

/// The line of an answer that has ended.
#[derive(Debug, Serialize)]
pub(crate) struct Ended {
    pub(crate) epoch: u64,
    pub(crate) seq: u64,
    pub(crate) connection: u64,
    pub(crate) at_us: u64,
    pub(crate) at_unix_us: u64,
    pub(crate) status: Option<u16>,
    pub(crate) outcome: Outcome,
    pub(crate) bytes_written: u64,
    pub(crate) writes: u64,
    pub(crate) client_closed_after_ms: Option<u64>,
}

impl Journal {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file })
    }

    pub(crate) fn request(&self, request: &Request, ticket: &Ticket, at_us: u64) -> io::Result<()> {
        self.write(&Line::Request(&Arrived {
            epoch: ticket.epoch,
            seq: ticket.seq,
            connection: ticket.connection,
            at_us,
            at_unix_us: unix_us(request.arrived_wall),
            method: &request.method,
            path: &request.path,
            model: request.asked().model.as_deref(),
            stream: request.asked().stream,
            headers: &request.headers,
            body_bytes: request.body.len(),
        }))
    }

    pub(crate) fn end(&self, ended: &Ended) -> io::Result<()> {
        self.write(&Line::End(ended))
    }

    fn write(&self, line: &Line<'_>) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        (&self.file).write_all(&bytes)
    }
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Request(&'a Arrived<'a>),
    End(&'a Ended),
}

#[derive(Serialize)]
struct Arrived<'a> {
    epoch: u64,
    seq: u64,
    connection: u64,
    at_us: u64,
    at_unix_us: u64,
    method: &'a str,
    path: &'a str,
    model: Option<&'a str>,
    stream: bool,
    headers: &'a [(String, String)],
    body_bytes: usize,
}
