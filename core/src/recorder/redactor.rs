//! The host's say in what is kept of a body: asked on the recorder's thread, before anything of the body is written down
//! anywhere. It never changes what goes upstream or to the caller.

use std::{
    borrow::Cow,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use crate::types::{ids::TenantId, trace::TraceFlag};

/// Which body a [`Redactor`] sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyPart {
    /// What the caller sent.
    Request,
    /// What the caller got; a stream rebuilt as the full response.
    Response,
}

/// Decides what of a body is stored. It sees every body that is to be kept (none with `capture: metadata` or `none`)
/// before payloads are replaced, cut, compressed and encrypted, and before the spool has it; what goes upstream and to
/// the caller stays as it is.
///
/// It runs on the gateway's thread, one body after the other: a slow one delays traces, and whatever else the thread
/// does, such as the first call of a tenant. When it panics,
/// the body is not stored and the trace says so with a flag.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> libgateway::Result<()> {
/// use std::borrow::Cow;
/// use libgateway::{BodyPart, Config, Gateway, Hooks, Redactor, TenantId};
///
/// struct RequestsOnly;
///
/// impl Redactor for RequestsOnly {
///     fn redact<'a>(&self, _tenant: &TenantId, part: BodyPart, body: &'a [u8]) -> Option<Cow<'a, [u8]>> {
///         (part == BodyPart::Request).then_some(Cow::Borrowed(body))
///     }
/// }
///
/// let config = Config { store: "sqlite::memory:".into(), ..Config::default() };
/// let gateway = Gateway::open_with(config, Hooks::default().with_redactor(RequestsOnly)).await?;
/// # gateway.close(std::time::Duration::from_secs(5)).await?;
/// # Ok(()) }
/// ```
pub trait Redactor: Send + Sync {
    /// The bytes to keep of a body, or `None` to keep nothing of it. What is no JSON any more reads back as a string.
    fn redact<'a>(&self, tenant: &TenantId, part: BodyPart, body: &'a [u8]) -> Option<Cow<'a, [u8]>>;
}

/// The redactor of a gateway, if it has one.
#[derive(Clone, Default)]
pub(crate) struct Redaction(pub(crate) Option<Arc<dyn Redactor>>);

/// What may be kept of a body.
#[derive(Debug, Default)]
pub(super) struct Kept<'a> {
    pub(super) bytes: Option<Cow<'a, [u8]>>,
    /// Set when nobody knows what may be kept.
    pub(super) flags: i64,
}

impl Redaction {
    /// Asks the redactor about a body. A fault of the host's code costs the body, never the trace.
    pub(super) fn keep<'a>(&self, tenant: &TenantId, part: BodyPart, body: &'a [u8]) -> Kept<'a> {
        let Some(redactor) = &self.0 else { return Kept { bytes: Some(Cow::Borrowed(body)), flags: 0 } };
        if let Ok(bytes) = catch_unwind(AssertUnwindSafe(|| redactor.redact(tenant, part, body))) {
            return Kept { bytes, flags: 0 };
        }
        tracing::error!(%tenant, ?part, "the redactor panicked; the body is not stored");
        let flag = match part {
            BodyPart::Request => TraceFlag::RequestLost,
            BodyPart::Response => TraceFlag::ResponseLost,
        };
        Kept { bytes: None, flags: flag.bit() }
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Redaction").field(&self.0.is_some()).finish()
    }
}
