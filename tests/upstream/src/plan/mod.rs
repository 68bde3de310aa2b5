//! A script made ready: the exact bytes of every write, with the delays
//! between them. Never touches a socket.

mod cut;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use crate::http::reason;
use crate::persona::Context;
use crate::render::{Kind, Rendered, Run, render};
use crate::script::{BeforeHeaders, End, Framing, Script, Split};

/// A script made ready.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) status: u16,
    pub(crate) delay: Duration,
    pub(crate) gap: Duration,
    pub(crate) delays: BTreeMap<u64, Duration>,
    pub(crate) before_headers: Option<BeforeHeaders>,
    /// The status line and the headers.
    pub(crate) head: Bytes,
    /// Whether `head` is a write of its own, or part of the first of `writes`.
    pub(crate) head_alone: bool,
    pub(crate) writes: Vec<Run>,
    pub(crate) end: End,
    /// Whether the connection can serve another request afterwards.
    pub(crate) keep_alive: bool,
}

impl Plan {
    /// Makes `script` ready for what `context` asks.
    pub(crate) fn new(script: &Script, context: &Context<'_>) -> Self {
        let rendered = render(script, context);
        let framing = framing(script, rendered.kind);
        let keep_alive = keeps_alive(script, rendered.kind, framing);
        let status = rendered.status;
        let mut head = Head::new(script, &rendered);
        let mut runs = rendered.runs;
        if script.gzip && rendered.kind != Kind::Raw {
            runs = cut::compress(runs);
            head.default("content-encoding", "gzip");
        }
        let mut runs = cut::split(runs, &split(script, rendered.kind));
        if rendered.kind != Kind::Raw {
            head.frame(framing, cut::length(&runs));
        }
        if let End::CloseAfter(limit) | End::ResetAfter(limit) | End::HangAfter(limit) = script.end {
            cut::limit(&mut runs, limit);
        }
        if framing == Framing::Chunked && rendered.kind != Kind::Raw {
            cut::chunk(&mut runs, script.end == End::Complete);
        }
        let mut plan = Self {
            status,
            delay: Duration::from_millis(script.delay_ms),
            gap: Duration::from_millis(script.gap_ms),
            delays: script.delays.iter().map(|(&write, &ms)| (write, Duration::from_millis(ms))).collect(),
            before_headers: script.before_headers,
            head: head.finish(rendered.kind),
            head_alone: true,
            writes: runs,
            end: script.end,
            keep_alive,
        };
        plan.join_head();
        plan
    }

    /// The whole answer, if it is one write without a wait.
    pub(crate) fn at_once(&self) -> Option<&Bytes> {
        match self.writes.as_slice() {
            [run] if run.times == 1 && !self.head_alone && self.is_plain() => Some(&run.bytes),
            _ => None,
        }
    }

    fn is_plain(&self) -> bool {
        self.delay.is_zero() && self.before_headers.is_none() && self.end == End::Complete
    }

    /// Puts the head into the first write, unless a wait must come between.
    fn join_head(&mut self) {
        if self.delays.contains_key(&0) {
            return;
        }
        let Some(first) = self.writes.first_mut() else {
            return;
        };
        let joined = Run::once([self.head.as_ref(), first.bytes.as_ref()].concat());
        if first.times > 1 {
            first.times -= 1;
            self.writes.insert(0, joined);
        } else {
            *first = joined;
        }
        self.head_alone = false;
    }
}

fn framing(script: &Script, kind: Kind) -> Framing {
    script.framing.unwrap_or(match kind {
        Kind::Document | Kind::Raw => Framing::ContentLength,
        Kind::Events | Kind::Repeat => Framing::Chunked,
    })
}

fn split(script: &Script, kind: Kind) -> Split {
    script.split.clone().unwrap_or(match kind {
        Kind::Events => Split::Events,
        Kind::Document | Kind::Repeat | Kind::Raw => Split::Whole,
    })
}

fn keeps_alive(script: &Script, kind: Kind, framing: Framing) -> bool {
    let announced = script
        .headers
        .iter()
        .any(|(name, value)| name.eq_ignore_ascii_case("connection") && value.trim().eq_ignore_ascii_case("close"));
    let natural = kind != Kind::Raw && framing != Framing::CloseDelimited && !announced;
    script.keep_alive.unwrap_or(natural)
}

/// The status line and headers while they are put together.
struct Head<'a> {
    script: &'a Script,
    text: String,
}

impl<'a> Head<'a> {
    fn new(script: &'a Script, rendered: &Rendered) -> Self {
        let status = rendered.status;
        let reason = script.reason.as_deref().unwrap_or(reason(status));
        let mut head = Self { script, text: format!("HTTP/1.1 {status} {reason}\r\n") };
        for (name, value) in &script.headers {
            head.add(name, value);
        }
        head.default("content-type", rendered.content_type);
        head
    }

    fn frame(&mut self, framing: Framing, length: u64) {
        let bodiless = matches!(self.script.status, 100..=199 | 204 | 304);
        match framing {
            Framing::ContentLength if bodiless && length == 0 => {}
            Framing::ContentLength => self.default("content-length", &length.to_string()),
            Framing::Chunked => self.default("transfer-encoding", "chunked"),
            Framing::CloseDelimited => self.default("connection", "close"),
        }
    }

    /// Adds a header unless the script has it.
    fn default(&mut self, name: &str, value: &str) {
        let listed = |(listed, _): &(String, String)| listed.eq_ignore_ascii_case(name);
        if !self.script.headers.iter().any(listed) {
            self.add(name, value);
        }
    }

    fn add(&mut self, name: &str, value: &str) {
        for part in [name, ": ", value, "\r\n"] {
            self.text.push_str(part);
        }
    }

    fn finish(mut self, kind: Kind) -> Bytes {
        if kind == Kind::Raw {
            return Bytes::new();
        }
        self.text.push_str("\r\n");
        self.text.into()
    }
}
