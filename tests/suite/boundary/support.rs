//! A handle as a binding opens one, with its mock upstream and a tenant. Everything blocks: there is no runtime here.

use std::{sync::mpsc, time::Duration};

use bytes::Bytes;
use libgateway::{
    Error, Result,
    bindings::{Answer, Call, Handle, Next, Started, Stream},
};
use libgateway_tests::{API_KEY, Backend, FreshStore, MASTER_KEY, TENANT, hello};
use serde_json::{Value, json};
use upstream::Upstream;

/// How long an event is waited for: far longer than it takes, on a busy machine too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Host {
    pub(crate) handle: Handle,
    pub(crate) upstream: Upstream,
    /// Dropped after the handle.
    _store: FreshStore,
}

impl Host {
    pub(crate) fn open() -> Self {
        let store = Backend::Sqlite.fresh();
        let config = json!({"store": store.url(), "master_key": MASTER_KEY, "network": {"private": "allow"}});
        let upstream = Upstream::start().unwrap();
        let host = Self { handle: Handle::open(&config.to_string()).unwrap(), upstream, _store: store };
        host.create_tenant(TENANT);
        host
    }

    pub(crate) fn create_tenant(&self, id: &str) {
        let provider = json!({"kind": "openai", "base_url": format!("{}/v1", self.upstream.url()), "api_key": API_KEY});
        self.perform("create_tenant", &json!({"id": id, "provider": provider}));
    }

    /// An operation that works.
    pub(crate) fn perform(&self, operation: &str, arguments: &Value) -> Value {
        self.try_perform(operation, arguments).unwrap_or_else(|error| panic!("{operation}: {error:?}"))
    }

    pub(crate) fn try_perform(&self, operation: &str, arguments: &Value) -> Result<Value> {
        match self.handle.wait(self.handle.call(operation, &arguments.to_string().into())?, None)? {
            Answer::Json(json) => Ok(serde_json::from_slice(&json).unwrap()),
            other => panic!("{operation} is answered with {other:?}"),
        }
    }

    /// A small chat.
    pub(crate) fn chat(&self) -> Call {
        self.handle.call_model("chat", TENANT, hello().to_string().into(), b"").unwrap()
    }

    /// A small chat that is streamed, opened.
    pub(crate) fn stream(&self) -> Stream {
        let call = self.handle.call_model("chat_stream", TENANT, hello().to_string().into(), b"").unwrap();
        self.open_stream(call)
    }

    pub(crate) fn open_stream(&self, call: Call) -> Stream {
        match self.handle.wait(call, None).unwrap() {
            Answer::Stream(_, stream) => stream,
            other => panic!("a stream is answered with {other:?}"),
        }
    }

    /// Starts a call, whose answer comes through the channel.
    pub(crate) fn start(&self, call: Call) -> (Started, mpsc::Receiver<Result<Answer>>) {
        let (sender, receiver) = mpsc::channel();
        (self.handle.start(call, move |answer| sender.send(answer).unwrap_or_default()).unwrap(), receiver)
    }

    /// The one trace, once it is in the store.
    pub(crate) fn only_trace(&self) -> Value {
        self.perform("flush", &json!({}));
        let page = self.perform("list_traces", &json!({"tenant_id": TENANT}));
        let [trace] = page["traces"].as_array().unwrap().as_slice() else { panic!("one trace was expected: {page}") };
        trace.clone()
    }
}

/// The bytes of a whole answer.
pub(crate) fn whole(answer: Answer) -> Bytes {
    match answer {
        Answer::Whole(_, body) => body,
        other => panic!("a whole answer was expected, not {other:?}"),
    }
}

/// Reads a stream to its end.
pub(crate) fn read_all(stream: &Stream) -> (Vec<Bytes>, Option<Error>) {
    let mut pieces = Vec::new();
    loop {
        match stream.next(Some(PATIENCE)) {
            Ok(Next::Pieces(more)) => pieces.extend(more),
            Ok(Next::End) => return (pieces, None),
            Ok(Next::Waiting) => panic!("nothing comes"),
            Err(error) => return (pieces, Some(error)),
        }
    }
}

/// Waits for something another task does, without a runtime of the test's own.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
