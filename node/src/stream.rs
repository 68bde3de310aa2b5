//! A streamed answer: JavaScript takes all that is ready in one go, and waits when nothing is.

use std::time::Duration;

use bytes::Bytes;
use libgateway::bindings::{self, Next, guarded};
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;

use crate::{channel::Channel, data};

/// A streamed answer. Once nothing holds it any more the call is cancelled upstream.
#[napi]
pub struct Stream(bindings::Stream);

/// What was ready: pieces, or the end, or the error that is the end.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct Taken {
    /// The data of one event each.
    pub events: Option<Vec<String>>,
    /// The bytes of all pieces.
    pub bytes: Option<Buffer>,
    /// The answer was complete.
    pub end: Option<bool>,
    /// The error, as JSON.
    pub error: Option<String>,
}

impl From<bindings::Stream> for Stream {
    fn from(stream: bindings::Stream) -> Self {
        Self(stream)
    }
}

#[napi]
impl Stream {
    /// The events that are ready; nothing where none is.
    #[napi]
    pub fn take_events(&self) -> Option<Taken> {
        self.take(|pieces| {
            let events = pieces.iter().map(|event| String::from_utf8_lossy(event).into_owned());
            Taken { events: Some(events.collect()), ..Taken::default() }
        })
    }

    /// The bytes that are ready; nothing where none are.
    #[napi]
    pub fn take_bytes(&self) -> Option<Taken> {
        self.take(|pieces| Taken { bytes: Some(pieces.concat().into()), ..Taken::default() })
    }

    /// Has the channel told `id` once there is something to be taken.
    #[napi]
    pub fn wait(&self, channel: &Channel, id: u32) -> Option<String> {
        let channel = channel.clone();
        guarded(|| self.0.on_ready(move || channel.ready(id))).err().map(|error| data::error(&error))
    }

    /// Ends the call upstream. What is ready can still be taken.
    #[napi]
    pub fn cancel(&self) {
        // It fails in a forked child only, which has nothing to cancel.
        drop(self.0.cancel());
    }

    fn take(&self, pieces: impl FnOnce(Vec<Bytes>) -> Taken) -> Option<Taken> {
        match guarded(|| self.0.next(Some(Duration::ZERO))) {
            Ok(Next::Waiting) => None,
            Ok(Next::Pieces(ready)) => Some(pieces(ready)),
            Ok(Next::End) => Some(Taken { end: Some(true), ..Taken::default() }),
            Err(error) => Some(Taken { error: Some(data::error(&error)), ..Taken::default() }),
        }
    }
}
