//! A gateway that serves clients outside the process.

use std::{sync::Arc, time::Duration};

use libgateway::bindings::{Answer, Handle, Serving, guarded};
use napi::{
    Env, Task,
    bindgen_prelude::{AsyncTask, Either},
};
use napi_derive::napi;

use crate::data;

/// A server, which needs no thread of JavaScript's.
#[napi]
pub struct Server(Arc<Serving>);

#[napi]
impl Server {
    /// Host and port.
    #[napi(getter)]
    pub fn address(&self) -> String {
        self.0.address().to_string()
    }

    /// Lets what is running end, for that time at most: nothing, or the error.
    #[napi]
    pub fn shutdown(&self, timeout_ms: u32) -> AsyncTask<Shutdown> {
        AsyncTask::new(Shutdown { serving: Arc::clone(&self.0), timeout: Duration::from_millis(timeout_ms.into()) })
    }
}

/// The beginning of a server.
pub struct Serve {
    pub(crate) handle: Handle,
    pub(crate) config: String,
}

impl Task for Serve {
    type Output = Either<Serving, String>;
    type JsValue = Either<Server, String>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let serving = guarded(|| self.handle.serve(&self.config));
        Ok(serving.map_or_else(|error| Either::B(data::error(&error)), Either::A))
    }

    fn resolve(&mut self, _: Env, serving: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(match serving {
            Either::A(serving) => Either::A(Server(Arc::new(serving))),
            Either::B(error) => Either::B(error),
        })
    }
}

/// The end of a server, which waits for its clients.
pub struct Shutdown {
    serving: Arc<Serving>,
    timeout: Duration,
}

impl Task for Shutdown {
    type Output = data::Settled;
    type JsValue = data::Settled;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let ended = guarded(|| self.serving.shutdown(self.timeout));
        Ok(data::settled(ended.map(|()| Answer::Json("null".into()))))
    }

    fn resolve(&mut self, _: Env, ended: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(ended)
    }
}
