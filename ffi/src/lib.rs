//! libgateway for ffi.
