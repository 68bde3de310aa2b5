//! An open gateway that needs no runtime of the host's.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use bytes::Bytes;
use http::Request;
use tokio::sync::oneshot;

use super::{
    Answer, Call, Provider, Reading,
    call::Opened,
    callback,
    process::Owner,
    runtimes::{Borrowed, Own},
    stream::Pump,
};
use crate::{
    config::Config,
    error::{Error, ErrorCode, Result},
    gateway::Gateway,
    tasks::Background,
};

/// An open gateway. Clones are one gateway; it may be used from many threads at once.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    /// Always there until the drop.
    inner: Option<Inner>,
    owner: Owner,
}

#[derive(Debug)]
struct Inner {
    gateway: Gateway,
    borrowed: Borrowed,
    own: Own,
}

impl Handle {
    /// Opens a gateway with a configuration as JSON. Waits for the store.
    pub fn open(config: &str) -> Result<Self> {
        callback::may_wait()?;
        let config = Config::from_json(config)?;
        let borrowed = Borrowed::default();
        let gateway = borrowed.run(Box::pin(Gateway::open(config)), None)??;
        let inner = Inner { gateway, borrowed, own: Own::default() };
        Ok(Self(Arc::new(Shared { inner: Some(inner), owner: Owner::current() })))
    }

    /// Any operation by its name; see the table of operations for what it takes. Operations that call a model take
    /// `tenant_id`, `request` and `options`.
    pub fn call(&self, operation: &str, arguments: &Bytes) -> Result<Call> {
        Call::named(&self.0, operation, arguments)
    }

    /// The same for an operation that calls no model, with arguments that come from elsewhere, such as the tenant. An
    /// argument may be given twice only if both say the same.
    pub fn call_with(&self, operation: &str, given: &[(&str, &str)], arguments: &[u8]) -> Result<Call> {
        Call::named_with(&self.0, operation, given, arguments)
    }

    /// A call of a tenant's model. The body goes upstream byte for byte; `options` is a JSON object, or empty.
    pub fn call_model(&self, operation: &str, tenant: &str, body: Bytes, options: &[u8]) -> Result<Call> {
        Call::tenant(&self.0, operation, tenant, body, options)
    }

    /// A call of a model of a provider that was looked up before.
    pub fn call_provider(&self, operation: &str, provider: &Provider, body: Bytes, options: &[u8]) -> Result<Call> {
        Call::provider(operation, provider, body, options)
    }

    /// The look-up of a tenant's provider, the default one without a name.
    pub fn get_provider(&self, tenant: &str, name: Option<&str>) -> Result<Call> {
        Call::get_provider(&self.0, tenant, name)
    }

    /// An HTTP request, authenticated by the key it carries; the answer is a response whatever comes of it.
    pub fn handle(&self, request: Request<Bytes>) -> Result<Call> {
        Call::http(&self.0, request)
    }

    /// The head of an HTTP request whose body the host has yet to read: how many bytes it may have, as JSON, or the response
    /// that refuses it, for which nothing needs to be read.
    pub fn admit(&self, head: Request<()>) -> Result<Call> {
        Call::admit(&self.0, head)
    }

    /// Runs a call and waits for its answer, on the calling thread. `tick` is asked from time to time whether to go on.
    ///
    /// `called_from_callback` where waiting would be for oneself.
    pub fn wait(&self, call: Call, tick: Option<&mut dyn FnMut() -> ControlFlow<()>>) -> Result<Answer> {
        let inner = self.0.inner()?;
        callback::may_wait()?;
        if !call.streams {
            let reading = call.reading;
            let opened = inner.borrowed.run(call.into_work(), tick)??;
            return opened.into_answer(&inner.pump(reading, self.0.owner));
        }
        let (sender, receiver) = oneshot::channel();
        let started = self.start(call, |answer| drop(sender.send(answer)))?;
        let answer = inner.borrowed.run(receiver, tick)?;
        drop(started);
        answer.unwrap_or_else(|_| Err(closed()))
    }

    /// Runs a call elsewhere and hands its answer to `done`, once, on a thread of the gateway's: a cancelled call's is
    /// `cancelled`, that of one that a close has cut off `closed`. `done` must not wait for anything.
    pub fn start(&self, call: Call, done: impl FnOnce(Result<Answer>) + Send + 'static) -> Result<Started> {
        let inner = self.0.inner()?;
        let thread = inner.own.thread()?;
        let (cancel, mut cancelled) = oneshot::channel::<()>();
        let mut done = Done(Some(done));
        let (shared, reading, owner) = (Arc::downgrade(&self.0), call.reading, self.0.owner);
        let work = call.into_work();
        drop(thread.spawn(async move {
            let opened = tokio::select! {
                biased;
                opened = work => opened,
                _ = &mut cancelled => Err(Error::new(ErrorCode::Cancelled, "the call was cancelled")),
            };
            let answer = opened.and_then(|opened| {
                let shared = shared.upgrade().ok_or_else(closed)?;
                opened.into_answer(&shared.inner()?.pump(reading, owner))
            });
            done.call(answer);
        }));
        Ok(Started { cancel: Some(cancel), owner })
    }

    /// Runs work on the thread for calls and waits for it.
    #[cfg(feature = "server")]
    pub(super) fn run_on_own_thread<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T> {
        let inner = self.0.inner()?;
        let (sender, receiver) = oneshot::channel();
        drop(inner.own.thread()?.spawn(async move { drop(sender.send(work.await)) }));
        inner.borrowed.run(receiver, None)?.map_err(|_| closed())
    }

    #[cfg(feature = "server")]
    pub(super) fn gateway(&self) -> Result<Gateway> {
        self.0.gateway().cloned()
    }

    /// Ends the gateway: waits until all traces are in the store, at most so long (ten seconds when omitted), and ends its
    /// threads. What it achieved, as JSON; an error where traces are left.
    pub fn close(&self, timeout_ms: Option<u64>) -> Result<Bytes> {
        let inner = self.0.inner()?;
        callback::may_wait()?;
        // First the calls and streams that run, so that the recorder still takes their traces.
        if let Some(thread) = inner.own.running() {
            thread.leave();
            // A callback of the host's may be what it waits for, and that may wait for this thread.
            let patience = Duration::from_millis(timeout_ms.unwrap_or(10_000)).saturating_add(Background::GRACE);
            let ended = async { tokio::time::timeout(patience, thread.ended()).await };
            drop(inner.borrowed.run(Box::pin(ended), None)?);
        }
        let closed = inner.borrowed.run(Call::close(&inner.gateway, timeout_ms).into_work(), None)?;
        inner.borrowed.end();
        match closed? {
            Opened::Answer(Answer::Json(report)) => Ok(report),
            _ => Err(Error::new(ErrorCode::Internal, "a close has no report")),
        }
    }
}

impl Shared {
    fn inner(&self) -> Result<&Inner> {
        self.owner.check()?;
        self.inner.as_ref().ok_or_else(closed)
    }

    pub(super) fn gateway(&self) -> Result<&Gateway> {
        self.inner().map(|inner| &inner.gateway)
    }

    pub(super) fn owner(&self) -> Owner {
        self.owner
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.owner.let_go(self.inner.take());
    }
}

impl Inner {
    fn pump(&self, reading: Reading, owner: Owner) -> Pump<'_> {
        Pump { own: &self.own, reading, owner }
    }
}

/// A call that runs. Dropping it cancels the call.
#[derive(Debug)]
pub struct Started {
    cancel: Option<oneshot::Sender<()>>,
    owner: Owner,
}

impl Started {
    /// Ends the call, upstream too; `done` is still called.
    pub fn cancel(self) {
        drop(self);
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // The other end takes the sender's end for the sign.
        self.owner.let_go(self.cancel.take());
    }
}

/// Code that is called once, whatever becomes of the call.
struct Done<F: FnOnce(Result<Answer>)>(Option<F>);

impl<F: FnOnce(Result<Answer>)> Done<F> {
    fn call(&mut self, answer: Result<Answer>) {
        if let Some(done) = self.0.take() {
            callback::call(|| done(answer));
        }
    }
}

impl<F: FnOnce(Result<Answer>)> Drop for Done<F> {
    fn drop(&mut self) {
        self.call(Err(closed()));
    }
}

fn closed() -> Error {
    Error::new(ErrorCode::Closed, "the gateway is closed; open a new one")
}
