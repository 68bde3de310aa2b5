//! Messages of the library, for a function of JavaScript's.

use std::sync::Arc;

use libgateway::bindings::{LogLevel, LogRecord, Sink, guarded, set_log as set};
use napi::{
    bindgen_prelude::{FnArgs, Function},
    threadsafe_function::ThreadsafeFunctionCallMode,
};
use napi_derive::napi;

use crate::data;

/// How many messages may wait for JavaScript; what comes on top is lost, not kept.
const WAITING: usize = 1_000;

/// A level, a module and what it says.
type Said = FnArgs<(String, String, String)>;

/// Hands messages of at least that level to `listener`; to nobody without one. The last one counts for all threads of the
/// process. It does not keep the process alive.
#[napi]
pub fn set_log(level: String, listener: Option<Function<'_, Said, ()>>) -> napi::Result<Option<String>> {
    let level = LEVELS.into_iter().find(|(_, name)| *name == level).map_or(LogLevel::Warn, |(level, _)| level);
    let sink = match listener {
        None => None,
        Some(listener) => Some((level, sink(listener)?)),
    };
    Ok(guarded(|| set(sink)).err().map(|error| data::error(&error)))
}

fn sink(listener: Function<'_, Said, ()>) -> napi::Result<Sink> {
    let listener = listener.build_threadsafe_function::<Said>().weak::<true>().max_queue_size::<WAITING>().build()?;
    Ok(Arc::new(move |record: &LogRecord| {
        let name = LEVELS.iter().find(|(level, _)| *level == record.level).map_or("", |(_, name)| name);
        let said = (name.to_owned(), record.target.to_owned(), record.message.clone());
        listener.call(FnArgs::from(said), ThreadsafeFunctionCallMode::NonBlocking);
    }))
}

const LEVELS: [(LogLevel, &str); 4] =
    [(LogLevel::Error, "error"), (LogLevel::Warn, "warn"), (LogLevel::Info, "info"), (LogLevel::Debug, "debug")];
