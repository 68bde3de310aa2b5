//! What more than one test needs, or what would bury the test that needs it.

pub(crate) mod fixture;
mod judge;
pub(crate) mod run;
