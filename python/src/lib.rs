//! libgateway for python.
