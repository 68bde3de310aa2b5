//! The mock upstream.
