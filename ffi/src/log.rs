//! What the library has to say.

use std::{
    ffi::{c_char, c_void},
    sync::Arc,
};

use libgateway::{
    Error as CoreError, Result,
    bindings::{LogRecord, Sink, set_log, silence_panics},
};
use parking_lot::Mutex;

use crate::{
    callback::{Gate, UserData},
    error::Error,
    guard::guard,
    text::c_text,
};

/// How grave a message is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(non_camel_case_types, reason = "the names of C")]
pub enum LogLevel {
    /// Something was lost or does not work.
    GATEWAY_LOG_ERROR = 1,
    /// Something is wrong and goes on working.
    GATEWAY_LOG_WARN = 2,
    /// Worth knowing.
    GATEWAY_LOG_INFO = 3,
    /// For those who look for a fault.
    GATEWAY_LOG_DEBUG = 4,
}

/// Takes a message: the module that says it, and what it says. Both texts are valid until it returns. It is called on any
/// thread, on several at once, and must not wait for a call of the gateway's, throw or jump out.
pub type LogFn =
    Option<extern "C" fn(level: LogLevel, target: *const c_char, message: *const c_char, user_data: *mut c_void)>;

/// The gate of the function that listens now.
static LISTENER: Mutex<Option<Arc<Gate>>> = Mutex::new(None);

fn listen(level: u32, function: LogFn, user_data: UserData) -> Result<()> {
    silence_panics();
    let mut listener = LISTENER.lock();
    let new = match function {
        None => None,
        Some(function) => {
            let gate = Arc::new(Gate::default());
            let (level, through) = (read(level)?, Arc::clone(&gate));
            let sink = move |record: &LogRecord| {
                let (target, message) = (c_text(record.target), c_text(&record.message));
                through.run(|| function(write(record.level), target.as_ptr(), message.as_ptr(), user_data.get()));
            };
            let sink: Sink = Arc::new(sink);
            Some((gate, (level, sink)))
        }
    };
    let (gate, sink) = new.unzip();
    set_log(sink)?;
    let old = std::mem::replace(&mut *listener, gate);
    drop(listener);
    if let Some(old) = old {
        old.shut();
    }
    Ok(())
}

fn read(level: u32) -> Result<libgateway::bindings::LogLevel> {
    use libgateway::bindings::LogLevel as Core;
    match level {
        1 => Ok(Core::Error),
        2 => Ok(Core::Warn),
        3 => Ok(Core::Info),
        4 => Ok(Core::Debug),
        _ => Err(CoreError::invalid("level", format!("level is {level}, no gateway_log_level_t"))),
    }
}

fn write(level: libgateway::bindings::LogLevel) -> LogLevel {
    use libgateway::bindings::LogLevel as Core;
    match level {
        Core::Error => LogLevel::GATEWAY_LOG_ERROR,
        Core::Warn => LogLevel::GATEWAY_LOG_WARN,
        Core::Info => LogLevel::GATEWAY_LOG_INFO,
        Core::Debug => LogLevel::GATEWAY_LOG_DEBUG,
    }
}

/// Hands what the library has to say to `log`: messages of at least that `level`, a `gateway_log_level_t`. Without it the
/// library says nothing, and prints nothing in any case. One for all gateways of the process; the last one counts, NULL
/// ends it. The one before is not called any more once this returns; it waits for those that are running.
///
/// `user_data` is handed to it as it is. Any thread; also inside a callback, but not inside `log` itself.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_set_log(level: u32, log: LogFn, user_data: *mut c_void) -> Option<Box<Error>> {
    guard(|| listen(level, log, UserData::of(user_data)))
}
