//! libgateway for node.
