//! The compiled half of the Python package, imported as `libgateway._native`.
//!
//! Translates between Python and the core; holds no rule of its own, and does not grow with the operations. Nothing
//! happens when it is imported.

mod answer;
mod call;
mod completions;
mod error;
mod gateway;
mod log;
mod server;
mod stream;
mod wait;

/// What the package is built from.
#[pyo3::pymodule]
mod _native {
    use libgateway::{ErrorCode, OPERATIONS};
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::{
        answer::{Answer, Provider},
        call::{Call, Started},
        completions::Completions,
        gateway::Gateway,
        log::set_log,
        server::Server,
        stream::Stream,
    };

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        let operations: Vec<_> = OPERATIONS.iter().map(|operation| operation.name).collect();
        module.add("OPERATIONS", operations)?;
        let code = |code: &ErrorCode| (code.name(), code.number(), code.http_status(), code.is_temporary());
        module.add("ERROR_CODES", ErrorCode::ALL.iter().map(code).collect::<Vec<_>>())
    }
}
