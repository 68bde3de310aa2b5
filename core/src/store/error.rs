//! Turns the driver's errors into the library's: unavailable when a later try may succeed, failed when the data or
//! the statement is at fault. Never passes on an address, a login or a connection string.

use std::borrow::Cow;

use crate::error::{Error, ErrorCode};

/// Whether the same call may succeed later: the store is away, busy, full or restarting.
pub(crate) fn is_transient(error: &Error) -> bool {
    error.code() == ErrorCode::StoreUnavailable
}

/// The library's error of a driver's error.
pub(crate) fn store_error(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or(Cow::Borrowed("unknown")).into_owned();
            let message = database.message().to_owned();
            if database.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
                super::sqlite::database_error(&code, &message)
            } else {
                super::postgres::database_error(&code, &message)
            }
        }
        sqlx::Error::Io(io) => unavailable(format!("the store cannot be reached: {}", io.kind())),
        sqlx::Error::Tls(_) => unavailable(
            "no TLS connection to the store: check its certificate, or add ?sslmode=disable to the store's URL on a trusted network",
        ),
        sqlx::Error::PoolTimedOut => {
            unavailable("no connection to the store within the time allowed: it is away, or all connections are in use")
        }
        sqlx::Error::PoolClosed => Error::new(ErrorCode::Closed, "the store is closed"),
        sqlx::Error::WorkerCrashed | sqlx::Error::BeginFailed => unavailable("the connection to the store broke"),
        // The server speaks nonsense when it goes away in the middle of a message.
        sqlx::Error::Protocol(_) => unavailable("the connection to the store broke in the middle of an answer"),
        sqlx::Error::Encode(cause) | sqlx::Error::Decode(cause) => {
            failed(format!("a value does not fit the store: {cause}"))
        }
        sqlx::Error::ColumnDecode { index, source } => {
            failed(format!("column {index} of the store does not read: {source}"))
        }
        sqlx::Error::Configuration(_) => Error::config(
            "store",
            "the store's URL is not valid: expected sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE",
        ),
        _ => failed("the store refused a statement").with_source(error),
    }
}

pub(super) fn unavailable(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::StoreUnavailable, message)
}

pub(super) fn failed(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::StoreFailed, message)
}
