//! What the library has to say, for hosts that ask for it. The library logs through `tracing`; a binding is alone in its
//! shared library, and so may be who listens.

use std::{fmt, sync::Arc};

use parking_lot::RwLock;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
};

use super::callback;
use crate::error::{Error, ErrorCode, Result};

/// How grave a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something was lost or does not work.
    Error,
    /// Something is wrong and goes on working.
    Warn,
    /// Worth knowing.
    Info,
    /// For those who look for a fault.
    Debug,
}

/// One message.
#[derive(Clone, Debug)]
pub struct LogRecord {
    /// How grave it is.
    pub level: LogLevel,
    /// The module that says it.
    pub target: &'static str,
    /// What it says, with its fields behind it as `name=value`.
    pub message: String,
}

/// Takes messages, on any thread; it must not wait for a call.
pub type Sink = Arc<dyn Fn(&LogRecord) + Send + Sync>;

/// Who listens. One for the process, as `tracing` has it: the only state of the library that is not a gateway's.
static LISTENER: RwLock<Option<(LogLevel, Sink)>> = RwLock::new(None);

/// Hands messages of at least that level to `sink`; to nobody with `None`. The last one counts, for all gateways of the
/// process.
///
/// Fails where the process has another listener of `tracing` already.
pub fn set_log(listener: Option<(LogLevel, Sink)>) -> Result<()> {
    static STARTED: parking_lot::Mutex<bool> = parking_lot::Mutex::new(false);
    let mut started = STARTED.lock();
    if !*started && listener.is_some() {
        let taken = |error| {
            Error::new(ErrorCode::InvalidRequest, "the process has another listener of tracing").with_source(error)
        };
        tracing::subscriber::set_global_default(Listener).map_err(taken)?;
        *started = true;
    }
    *LISTENER.write() = listener;
    tracing::callsite::rebuild_interest_cache();
    Ok(())
}

/// Turns the message that a panic would print into one for the listener: what panics becomes an error of the call. Only
/// for libraries with a standard library of their own.
#[expect(
    clippy::disallowed_methods,
    reason = "a binding's panics are its own, and must not print into the host's output"
)]
pub fn silence_panics() {
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "the library panicked")));
}

struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let ours = metadata.target().starts_with(env!("CARGO_CRATE_NAME"));
        ours && LISTENER.read().as_ref().is_some_and(|(most, _)| level(*metadata.level()) <= *most)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match LISTENER.read().as_ref().map(|(most, _)| *most) {
            None => LevelFilter::OFF,
            Some(LogLevel::Error) => LevelFilter::ERROR,
            Some(LogLevel::Warn) => LevelFilter::WARN,
            Some(LogLevel::Info) => LevelFilter::INFO,
            Some(LogLevel::Debug) => LevelFilter::DEBUG,
        })
    }

    fn event(&self, event: &Event<'_>) {
        let Some((_, sink)) = LISTENER.read().clone() else { return };
        let mut text = Text::default();
        event.record(&mut text);
        let metadata = event.metadata();
        let message = text.message + &text.fields;
        let record = LogRecord { level: level(*metadata.level()), target: metadata.target(), message };
        callback::call(|| sink(&record));
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        _ => LogLevel::Debug,
    }
}

/// A message and its fields.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.fields += &format!(" {}={value:?}", field.name());
        }
    }
}
