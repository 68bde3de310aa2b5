//! The C interface of libgateway, published as `include/gateway.h`.
//!
//! Translates between C and the core; holds no rule of its own. The header is generated from this crate, and the comments
//! of its functions are the manual of the C API.
//!
//! C's pointers become Rust's references in the signatures: `Option<&T>` is a `const T *` that may be NULL, and
//! `Option<Box<T>>` one that owns. What no signature can say, a pointer with a length or with a final NUL, is read in
//! `input.rs` alone; that and `callback.rs` are all there is of unsafe code.

// The order is that of the header.
pub mod version;

pub mod error_code;

pub mod error;

pub mod bytes;
pub mod gateway;
pub mod head;

pub mod model;
pub mod request;
pub mod stream;

pub mod provider;

pub mod tenants;

pub mod traces;

pub mod call;

pub mod http;

pub mod server;

pub mod log;

mod callback;
mod guard;
mod input;
mod text;
