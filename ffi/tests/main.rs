//! The C library from outside.
