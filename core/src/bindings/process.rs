//! Notices that the process is a fork of the one a handle was opened in.

use crate::error::{Error, ErrorCode, Result};

/// The process something belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Owner(u32);

impl Owner {
    /// The process that asks.
    pub fn current() -> Self {
        Self(std::process::id())
    }

    /// Whether the process that asks is another one.
    pub fn is_elsewhere(self) -> bool {
        std::process::id() != self.0
    }

    /// Refuses what a child does with its parent's gateway: threads, connections and locks are not there any more.
    pub fn check(self) -> Result<()> {
        if self.is_elsewhere() {
            let message = "the gateway was opened before this process was forked; open one in the child";
            return Err(Error::new(ErrorCode::Forked, message));
        }
        Ok(())
    }

    /// Drops what is this process's own, and leaks what a child has only a copy of.
    pub(super) fn let_go<T>(self, inherited: T) {
        if self.is_elsewhere() {
            std::mem::forget(inherited);
        }
    }
}
