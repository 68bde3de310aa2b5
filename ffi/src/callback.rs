//! Functions of the host's that are called later, on threads of the gateway's: the data they are given, and the promise
//! that they are not called any more once what they belong to is freed.

use std::{
    ffi::c_void,
    fmt,
    ptr::NonNull,
    thread::{self, ThreadId},
};

use libgateway::bindings::{Owner, call_host};
use parking_lot::{Condvar, Mutex};

/// A pointer of the host's, handed back to it as it is.
#[derive(Clone, Copy)]
pub(crate) struct UserData(*mut c_void);

// SAFETY: the library does not look at what it points to; the header tells the host on which threads it comes back.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    pub(crate) fn of<T>(pointer: *mut T) -> Self {
        Self(pointer.cast())
    }

    pub(crate) fn get(self) -> *mut c_void {
        self.0
    }
}

/// Looks at what the host may free as soon as its own code runs: the look ends before that.
pub(crate) fn borrow<T, U>(pointer: NonNull<T>, look: impl FnOnce(&T) -> U) -> U {
    // SAFETY: the caller of the extern function promises that the pointer is one the library handed out and has not freed.
    look(unsafe { pointer.as_ref() })
}

/// What code of the host's goes through. Once it is shut none comes through, and none is inside.
pub(crate) struct Gate {
    state: Mutex<State>,
    left: Condvar,
    owner: Owner,
}

#[derive(Default)]
struct State {
    shut: bool,
    inside: Vec<ThreadId>,
}

impl Gate {
    /// Runs the code, unless the gate is shut.
    pub(crate) fn run(&self, code: impl FnOnce()) {
        {
            let mut state = self.state.lock();
            if state.shut {
                return;
            }
            state.inside.push(thread::current().id());
        }
        call_host(code);
        let mut state = self.state.lock();
        let me = thread::current().id();
        if let Some(at) = state.inside.iter().position(|thread| *thread == me) {
            state.inside.swap_remove(at);
        }
        drop(state);
        self.left.notify_all();
    }

    /// Shuts the gate and waits for who is inside, but not for this thread itself. It is the host's code that is waited for:
    /// no deadline would help it.
    pub(crate) fn shut(&self) {
        if self.owner.is_elsewhere() {
            // A child has nobody inside, and maybe a lock that nobody opens.
            return;
        }
        let me = thread::current().id();
        let mut state = self.state.lock();
        state.shut = true;
        while state.inside.iter().any(|thread| *thread != me) {
            self.left.wait(&mut state);
        }
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self { state: Mutex::default(), left: Condvar::new(), owner: Owner::current() }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}
