//! The compiled half of the Python package, imported as `libgateway._native`.
//!
//! Translates between Python and the core; holds no rule of its own.

/// What `libgateway/__init__.py` builds the package from.
#[pyo3::pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
