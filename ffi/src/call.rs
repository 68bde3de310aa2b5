//! Calls that are started, and whose answers are fetched later: for event loops, and for many calls at once.

use std::{
    ffi::{c_char, c_void},
    fmt,
    mem::MaybeUninit,
    ptr::NonNull,
    sync::Arc,
    time::Instant,
};

use bytes::Bytes as Arguments;
use libgateway::{
    Error as CoreError, ErrorCode, Result,
    bindings::{self, Answer, Owner, Started, may_wait},
};
use parking_lot::{Condvar, Mutex};

use crate::{
    bytes::{Bytes, is_stream},
    callback::{Gate, UserData, borrow},
    error::Error,
    gateway::Gateway,
    guard::{free, give, guard, needed, null},
    input,
    request::Request,
    stream::{Stream, timeout},
};

/// A call that was started. Any number of threads may use it at once.
pub struct Call {
    slot: Arc<Slot>,
    /// Dropping it cancels the call.
    started: Mutex<Option<Started>>,
    owner: Owner,
}

/// Where the answer is put, and who waits for it.
#[derive(Default)]
struct Slot {
    state: Mutex<State>,
    filled: Condvar,
    gate: Gate,
}

#[derive(Default)]
struct State {
    answer: Place,
    then: Option<Box<dyn FnOnce() + Send>>,
}

#[derive(Default)]
enum Place {
    #[default]
    Empty,
    Filled(Result<Answer>),
    Taken,
}

impl Call {
    pub(crate) fn start(gateway: &Gateway, call: bindings::Call) -> Result<Option<Box<Self>>> {
        let slot = Arc::new(Slot::default());
        let filled = Arc::clone(&slot);
        let started = gateway.0.start(call, move |answer| filled.fill(answer))?;
        Ok(Some(Box::new(Self { slot, started: Mutex::new(Some(started)), owner: Owner::current() })))
    }

    fn wait(&self, timeout_ms: u32) -> Result<bool> {
        self.owner.check()?;
        let deadline = timeout(timeout_ms).map(|timeout| Instant::now() + timeout);
        let mut state = self.slot.state.lock();
        while matches!(state.answer, Place::Empty) {
            if timeout_ms == 0 {
                return Ok(false);
            }
            may_wait()?;
            match deadline {
                None => self.slot.filled.wait(&mut state),
                Some(deadline) => {
                    if self.slot.filled.wait_until(&mut state, deadline).timed_out() {
                        return Ok(!matches!(state.answer, Place::Empty));
                    }
                }
            }
        }
        Ok(true)
    }

    /// The answer, if it is of the wanted sort; one of another sort stays.
    fn take(&self, wanted: impl FnOnce(&Answer) -> Result<()>) -> Result<Answer> {
        self.owner.check()?;
        let mut state = self.slot.state.lock();
        if let Place::Filled(Ok(answer)) = &state.answer {
            wanted(answer)?;
        }
        match std::mem::replace(&mut state.answer, Place::Taken) {
            Place::Filled(answer) => answer,
            Place::Taken => Err(CoreError::new(ErrorCode::InvalidRequest, "the answer was taken before")),
            Place::Empty => {
                state.answer = Place::Empty;
                Err(CoreError::new(
                    ErrorCode::InvalidRequest,
                    "the call has not ended; wait for it with gateway_call_wait",
                ))
            }
        }
    }
}

impl Slot {
    fn fill(&self, answer: Result<Answer>) {
        let mut state = self.state.lock();
        state.answer = Place::Filled(answer);
        let then = state.then.take();
        drop(state);
        self.filled.notify_all();
        if let Some(then) = then {
            then();
        }
    }
}

/// Runs the host's code once the call has ended.
fn on_done(call: NonNull<Call>, function: CallFn, user_data: UserData) -> Result<()> {
    let function = needed(function, "on_done")?;
    // The callback may free the call, even before this function returns: nothing of it may be borrowed then.
    let slot = borrow(call, |call| {
        call.owner.check()?;
        Ok::<_, CoreError>(Arc::clone(&call.slot))
    })?;
    let host = {
        let (slot, call) = (Arc::downgrade(&slot), UserData::of(call.as_ptr()));
        move || {
            if let Some(slot) = slot.upgrade() {
                slot.gate.run(|| function(call.get().cast(), user_data.get()));
            }
        }
    };
    let mut state = slot.state.lock();
    if matches!(state.answer, Place::Empty) {
        state.then = Some(Box::new(host));
        return Ok(());
    }
    drop(state);
    host();
    Ok(())
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}

/// Called when a call has ended. It may take the answer, free the call, start others, write to a pipe or set a flag; it
/// must not wait for anything, throw or jump out.
pub type CallFn = Option<extern "C" fn(call: *mut Call, user_data: *mut c_void)>;

/// Performs any operation by its name, and waits for it.
///
/// `arguments` is a JSON object: for an operation on a tenant `tenant_id` and what the operation takes beside it; for one
/// that calls a model `tenant_id`, `request` (which goes upstream byte for byte) and `options`. NULL is `{}`. `*reply` is the
/// answer as JSON, `null` where there is none, and the caller's, to be freed with `gateway_bytes_free`. Operations that
/// stream have functions of their own. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_call(
    gateway: Option<&Gateway>,
    operation: *const c_char,
    arguments: *const c_char,
    arguments_len: usize,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || {
        let gateway = needed(gateway, "gateway")?;
        gateway.ask(named(gateway, operation, arguments, arguments_len)?)
    })
}

fn named(gateway: &Gateway, name: *const c_char, json: *const c_char, len: usize) -> Result<bindings::Call> {
    let operation = input::text(name, "operation")?;
    let arguments = Arguments::copy_from_slice(input::bytes_or_none(json, len, "arguments")?);
    gateway.0.call(operation, &arguments)
}

/// Starts any operation by its name, and does not wait; also one that streams. Arguments as for `gateway_call`.
///
/// `*call` is the caller's, to be freed with `gateway_call_free`. Any thread; also inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_call_start(
    gateway: Option<&Gateway>,
    operation: *const c_char,
    arguments: *const c_char,
    arguments_len: usize,
    call: Option<&mut MaybeUninit<Option<Box<Call>>>>,
) -> Option<Box<Error>> {
    give(call, "call", || {
        let gateway = needed(gateway, "gateway")?;
        Call::start(gateway, named(gateway, operation, arguments, arguments_len)?)
    })
}

/// Starts a request, and does not wait.
///
/// `*call` is the caller's, to be freed with `gateway_call_free`. Any thread; also inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_send_start(
    gateway: Option<&Gateway>,
    request: Option<&Request<'_>>,
    call: Option<&mut MaybeUninit<Option<Box<Call>>>>,
) -> Option<Box<Error>> {
    give(call, "call", || {
        let gateway = needed(gateway, "gateway")?;
        Call::start(gateway, needed(request, "request")?.read(gateway)?)
    })
}

/// Calls `on_done` once, as soon as the call has ended, in whatever way: at once and on this thread where it has already,
/// else on a thread of the gateway's. A second one replaces the first. It is not called after `gateway_call_free`, which
/// waits for one that is running.
///
/// `user_data` is handed to it as it is. Any thread; also inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_call_on_done(
    call: Option<NonNull<Call>>,
    on_done: CallFn,
    user_data: *mut c_void,
) -> Option<Box<Error>> {
    guard(|| self::on_done(call.ok_or_else(|| null("call"))?, on_done, UserData::of(user_data)))
}

/// Waits at most `timeout_ms` for the end of a call; 0 does not wait, `GATEWAY_FOREVER` as long as it takes. `*ended` is 1
/// once it has ended, in whatever way, else 0. Any thread; not inside a callback, unless `timeout_ms` is 0.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_call_wait(
    call: Option<&Call>,
    timeout_ms: u32,
    ended: Option<&mut MaybeUninit<i32>>,
) -> Option<Box<Error>> {
    give(ended, "ended", || needed(call, "call")?.wait(timeout_ms).map(i32::from))
}

/// Takes the answer of a call that has ended, or the error it ended with; does not wait. Once: the answer is the caller's
/// then, to be freed with `gateway_bytes_free`. Any thread; also inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_call_reply(
    call: Option<&Call>,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || {
        let no_stream = |answer: &Answer| if matches!(answer, Answer::Stream(..)) { Err(is_stream()) } else { Ok(()) };
        Bytes::of(needed(call, "call")?.take(no_stream)?)
    })
}

/// The same for a call whose answer is a stream, which is to be freed with `gateway_stream_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_call_stream(
    call: Option<&Call>,
    stream: Option<&mut MaybeUninit<Option<Box<Stream>>>>,
) -> Option<Box<Error>> {
    give(stream, "stream", || {
        let answer = needed(call, "call")?.take(Stream::can_be)?;
        Stream::of(answer).map(|stream| Some(Box::new(stream)))
    })
}

/// Ends a call, upstream too: it ends with `GATEWAY_ERROR_CANCELLED`, unless it has ended before. Any thread; also inside a
/// callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_call_cancel(call: Option<&Call>) -> Option<Box<Error>> {
    guard(|| {
        let call = needed(call, "call")?;
        call.owner.check()?;
        let started = call.started.lock().take();
        if let Some(started) = started {
            started.cancel();
        }
        Ok(())
    })
}

/// Frees a call, with its answer unless that was taken, and sets `*call` to NULL. One that has not ended is cancelled. NULL,
/// and a NULL in it, is harmless. No other thread may be inside a call of a function with it; also inside a callback.
#[unsafe(no_mangle)]
pub extern "C" fn gateway_call_free(call: Option<&mut Option<Box<Call>>>) {
    free(call, |call| {
        call.slot.gate.shut();
        Ok(())
    });
}
