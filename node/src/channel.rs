//! The one way back into JavaScript: whatever happens elsewhere is told to one function of it, by the number of what waits.
//! There is one channel for each thread of JavaScript, and all its gateways share it.

use std::{collections::HashMap, sync::Arc};

use libgateway::{
    Error,
    bindings::{Answer, Call, Handle, Started},
};
use napi::{
    Env, Status,
    bindgen_prelude::{FnArgs, Function},
    check_status, sys,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use napi_derive::napi;
use parking_lot::Mutex;

use crate::data::{self, Settled};

/// Calls `settle(id, settled)`. It does not keep the process alive by itself.
type Settle = ThreadsafeFunction<Event, (), FnArgs<(u32, Option<Settled>)>, Status, false, true>;

/// What is told to JavaScript.
enum Event {
    /// A call has come to its end, or to its stream.
    Done(u32, Result<Answer, Error>),
    /// A stream has something to be taken.
    Ready(u32),
}

/// The way back into one thread of JavaScript.
#[napi]
#[derive(Clone)]
pub struct Channel(Arc<Shared>);

struct Shared {
    settle: Settle,
    running: Arc<Running>,
}

/// Calls that run, by their numbers: dropping one cancels it.
#[derive(Default)]
struct Running(Mutex<HashMap<u32, Started>>);

#[napi]
impl Channel {
    /// `settle` is called with the number of what waited, and with what came of it: nothing for a stream that is ready.
    #[napi(constructor)]
    pub fn new(settle: Function<'_, FnArgs<(u32, Option<Settled>)>, ()>) -> napi::Result<Self> {
        let running = Arc::new(Running::default());
        let ended = Arc::clone(&running);
        let settle = settle.build_threadsafe_function::<Event>().weak::<true>().build_callback(move |context| {
            Ok(FnArgs::from(match context.value {
                Event::Ready(id) => (id, None),
                Event::Done(id, answer) => {
                    ended.0.lock().remove(&id);
                    (id, Some(data::settled(answer)))
                }
            }))
        })?;
        Ok(Self(Arc::new(Shared { settle, running })))
    }

    /// From now on the process stays alive: something waits.
    #[napi(js_name = "ref")]
    pub fn keep_alive(&self, env: Env) -> napi::Result<()> {
        // SAFETY: this runs on the thread of JavaScript that owns both the environment and the function, and the
        // function lives as long as `self`.
        check_status!(unsafe { sys::napi_ref_threadsafe_function(env.raw(), self.0.settle.raw()) })
    }

    /// From now on the process may end: nothing waits.
    #[napi(js_name = "unref")]
    pub fn let_go(&self, env: Env) -> napi::Result<()> {
        // SAFETY: as above.
        check_status!(unsafe { sys::napi_unref_threadsafe_function(env.raw(), self.0.settle.raw()) })
    }

    /// Ends a call, upstream too. What waits for it is told that it is cancelled.
    #[napi]
    pub fn cancel(&self, id: u32) {
        let started = self.0.running.0.lock().remove(&id);
        drop(started);
    }

    /// Starts a call, whose end is told by its number.
    pub(crate) fn start(&self, id: u32, handle: &Handle, call: Call) -> Result<(), Error> {
        let channel = self.clone();
        let started = handle.start(call, move |answer| channel.tell(Event::Done(id, answer)))?;
        // Its end is told on the thread that is here now, and so later.
        self.0.running.0.lock().insert(id, started);
        Ok(())
    }

    /// Tells that a stream has something to be taken.
    pub(crate) fn ready(&self, id: u32) {
        self.tell(Event::Ready(id));
    }

    fn tell(&self, event: Event) {
        // It fails where the thread of JavaScript is ending: then nobody waits any more.
        let _ = self.0.settle.call(event, ThreadsafeFunctionCallMode::NonBlocking);
    }
}
