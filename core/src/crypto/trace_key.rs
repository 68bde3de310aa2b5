//! The key of one trace and the envelope its content is stored in.
//!
//! `version u8 | codec u8 | key id u32 | nonce 12 bytes | ciphertext | tag 16 bytes`, integers big-endian. The six bytes
//! before the nonce are authenticated together with the tenant, the trace and the field, so an envelope opens only
//! where it was put. The codec is carried, not interpreted.

use std::fmt;

use super::{
    aead::{Cipher, decryption_failed},
    derive::framed,
};
use crate::{
    error::Result,
    types::ids::{TenantId, TraceId},
};

const ENVELOPE: &str = "libgateway trace envelope";
const VERSION: u8 = 1;
/// The version of the tenant's data key. There is one so far: rotation re-wraps it and does not replace it.
const DATA_KEY_ID: u32 = 1;
const HEADER_LEN: usize = 6;

/// A part of a trace that is stored encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// The request's body.
    Request,
    /// The response's body.
    Response,
    /// The list of attempts.
    Attempts,
}

impl Field {
    const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Attempts => "attempts",
        }
    }
}

/// Seals and opens the content of one trace. Made when it is needed and dropped after: the expanded key inside is not
/// wiped.
pub(crate) struct TraceKey {
    cipher: Cipher,
    trace: TraceId,
}

impl TraceKey {
    pub(super) fn new(cipher: Cipher, trace: TraceId) -> Self {
        Self { cipher, trace }
    }

    /// The envelope of `plaintext`, which `codec` says how to read.
    pub(crate) fn seal(&self, tenant: &TenantId, field: Field, codec: u8, plaintext: &[u8]) -> Result<Vec<u8>> {
        let [a, b, c, d] = DATA_KEY_ID.to_be_bytes();
        let header = [VERSION, codec, a, b, c, d];
        self.cipher.seal(&header, &self.additional(tenant, field, &header), plaintext)
    }

    /// The codec and the plaintext of an envelope.
    ///
    /// # Errors
    ///
    /// [`DecryptionFailed`](crate::error::ErrorCode::DecryptionFailed) when a bit was changed, or when the envelope was
    /// made for another tenant, trace or field, or by a version of the format that is not known here.
    pub(crate) fn open(&self, tenant: &TenantId, field: Field, envelope: Vec<u8>) -> Result<(u8, Vec<u8>)> {
        let header = *envelope.first_chunk::<HEADER_LEN>().ok_or_else(decryption_failed)?;
        let [version, codec, ..] = header;
        if version != VERSION {
            return Err(decryption_failed());
        }
        let plaintext = self.cipher.open(HEADER_LEN, &self.additional(tenant, field, &header), envelope)?;
        Ok((codec, plaintext))
    }

    fn additional(&self, tenant: &TenantId, field: Field, header: &[u8; HEADER_LEN]) -> Vec<u8> {
        framed(ENVELOPE, &[tenant.as_str().as_bytes(), self.trace.as_bytes(), field.name().as_bytes(), header])
    }
}

impl fmt::Debug for TraceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceKey").field("trace", &self.trace).finish_non_exhaustive()
    }
}
