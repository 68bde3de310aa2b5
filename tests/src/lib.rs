//! What the tests of the whole gateway stand on: a gateway on a fresh store, with a mock upstream and one tenant.
//!
//! A test is an `async fn` that takes a [`Backend`]; [`backend_tests!`] makes one test per database of it, each with a
//! deadline. A set-up that fails panics with one line; only [`checks`] asserts anything about the gateway.
//!
//! ```ignore
//! libgateway_tests::backend_tests! {
//!     async fn an_answer_is_traced(backend: Backend) {
//!         let test = TestGateway::open(backend).await;
//!         test.chat(hello()).await.unwrap();
//!         assert_eq!(test.only_trace().await.trace.status_code, Some(200));
//!     }
//! }
//! ```
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

pub mod alone;
pub mod checks;
pub mod compare;
pub mod conformance;
pub mod deadline;
pub mod direct;
pub mod foreign;
pub mod link;
pub mod pgbouncer;
pub mod postgres;

mod backend;
mod gateway;
mod script;

pub use backend::{Backend, FreshStore, files};
pub use deadline::{DEADLINE, run, run_within};
pub use gateway::{API_KEY, MASTER_KEY, TENANT, TestGateway, config, hello, noise};
pub use libgateway;
pub use upstream;

/// Makes two tests of each `async fn name(backend: Backend)`: `sqlite::name` and `postgres::name`, both with a
/// deadline. Once per module.
#[macro_export]
macro_rules! backend_tests {
    ($($(#[$attribute:meta])* async fn $name:ident($backend:ident: Backend) $body:block)+) => {
        $($(#[$attribute])* async fn $name($backend: $crate::Backend) $body)+

        mod sqlite {
            $(#[test]
            fn $name() {
                $crate::run(|| super::$name($crate::Backend::Sqlite));
            })+
        }

        mod postgres {
            $(#[test]
            fn $name() {
                $crate::run(|| super::$name($crate::Backend::Postgres));
            })+
        }
    };
}

/// Makes tests behind a transaction pooler, `pooled::name`, of some that [`backend_tests!`] has made. Once per module.
#[macro_export]
macro_rules! pooled_tests {
    ($($name:ident),+ $(,)?) => {
        mod pooled {
            $(#[test]
            fn $name() {
                $crate::run(|| super::$name($crate::Backend::Pooled));
            })+
        }
    };
}
