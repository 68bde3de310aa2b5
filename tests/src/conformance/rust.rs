//! The Rust API as a language.

use libgateway::{
    CallOptions, Error, Gateway, NewTenant, ProviderConfig, Reply, ReplyStream, Request, TenantHandle, TraceId,
    TraceQuery,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    Head, Language, Outcome, PATIENCE, Reading,
    fixture::{Call, CallOperation},
};

/// The Rust API of this gateway.
#[derive(Debug)]
pub struct Rust(pub Gateway);

impl Language for Rust {
    async fn create_tenant(&self, tenant: &Value, providers: &[Value]) -> Result<(), String> {
        let tenant = self.0.create_tenant(read::<NewTenant>(tenant)?).await.map_err(words)?;
        let tenant = self.0.tenant(tenant.id.as_str()).map_err(words)?;
        for provider in providers {
            tenant.set_provider(read::<ProviderConfig>(provider)?).await.map_err(words)?;
        }
        Ok(())
    }

    async fn call(&self, tenant: &str, call: &Call, reading: Reading) -> Outcome {
        let options: CallOptions = read(&call.options).expect("options, which were read before");
        let tenant = self.tenant(tenant).expect("a handle");
        let request = Request::from(call.body_bytes()).with_options(options.clone());
        match call.operation {
            CallOperation::Chat => Outcome::whole(tenant.chat(request).await),
            CallOperation::Responses => Outcome::whole(tenant.responses(request).await),
            CallOperation::Embeddings => Outcome::whole(tenant.embeddings(request).await),
            CallOperation::ListModels => Outcome::whole(tenant.list_models(options).await),
            CallOperation::ChatStream => Outcome::stream(tenant.chat_stream(request).await, reading).await,
            CallOperation::ResponsesStream => Outcome::stream(tenant.responses_stream(request).await, reading).await,
        }
    }

    async fn flush(&self) -> Result<(), String> {
        self.0.flush(PATIENCE).await.map(drop).map_err(words)
    }

    async fn list_traces(&self, tenant: &str) -> Result<Value, String> {
        let page = self.tenant(tenant)?.list_traces(TraceQuery::default()).await.map_err(words)?;
        through_text(&page)
    }

    async fn get_trace(&self, tenant: &str, trace_id: &str) -> Result<Value, String> {
        let id: TraceId = trace_id.parse().map_err(words)?;
        through_text(&self.tenant(tenant)?.get_trace(id).await.map_err(words)?)
    }
}

impl Rust {
    fn tenant(&self, id: &str) -> Result<TenantHandle, String> {
        self.0.tenant(id).map_err(words)
    }
}

/// As every other language reads it.
fn through_text(value: &impl serde::Serialize) -> Result<Value, String> {
    let text = serde_json::to_string(value).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err hands it over")]
fn words(error: Error) -> String {
    format!("{error:?}")
}

impl Outcome {
    fn whole(result: Result<Reply, Error>) -> Self {
        match result {
            Ok(reply) => Self {
                head: Some(Head::new(reply.status, &reply.headers)),
                body: reply.body.to_vec(),
                trace_id: Some(reply.trace_id.to_string()),
                ..Self::default()
            },
            Err(error) => Self::failed(&error),
        }
    }

    async fn stream(result: Result<ReplyStream, Error>, reading: Reading) -> Self {
        match result {
            Ok(mut stream) => {
                let mut outcome = Self {
                    head: Some(Head::new(stream.status(), stream.headers())),
                    trace_id: Some(stream.trace_id().to_string()),
                    ..Self::default()
                };
                outcome.error = outcome.read(&mut stream, reading).await.err().as_ref().map(fields);
                outcome
            }
            Err(error) => Self::failed(&error),
        }
    }

    fn failed(error: &Error) -> Self {
        Self { error: Some(fields(error)), ..Self::default() }
    }

    async fn read(&mut self, stream: &mut ReplyStream, reading: Reading) -> Result<(), Error> {
        let failed = loop {
            match reading {
                Reading::Bytes => match stream.next_chunk().await {
                    Some(Ok(bytes)) => self.body.extend_from_slice(&bytes),
                    Some(Err(error)) => break error,
                    None => return Ok(()),
                },
                Reading::Events => match stream.next_event().await {
                    Some(event) => self.events.get_or_insert_default().push(event?.to_vec()),
                    None => return Ok(()),
                },
            }
        };
        assert!(stream.next_chunk().await.is_none(), "a stream went on after its error");
        Err(failed)
    }
}

/// The fields of `error` in a fixture.
fn fields(error: &Error) -> Value {
    json!({
        "code": error.code(),
        "number": error.code().number(),
        "status": error.status(),
        "param": error.param(),
        "retry_after_ms": error.retry_after().map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        "retries_spent": error.retries_spent(),
        "provider": error.provider(),
        "request_id": error.request_id(),
        "body_text": error.body().map(|body| String::from_utf8_lossy(body)),
        "message": error.to_string(),
    })
}

impl Head {
    fn new<'a, N: AsRef<str> + 'a, V: AsRef<[u8]> + 'a>(
        status: u16,
        headers: impl IntoIterator<Item = (&'a N, &'a V)>,
    ) -> Self {
        let text = |value: &V| String::from_utf8_lossy(value.as_ref()).into_owned();
        let headers = headers.into_iter().map(|(name, value)| (name.as_ref().to_owned(), text(value)));
        Self { status, headers: headers.collect() }
    }
}
