//! A tenant's data key: it opens everything the tenant has stored, so destroying its wrapped form erases the tenant.

use std::fmt;

use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use super::{
    aead::{Cipher, decryption_failed},
    derive::{Key, derive, framed, key_from, random_key},
    trace_key::TraceKey,
};
use crate::{
    error::Result,
    types::{
        ids::{ProviderName, TenantId, TraceId},
        provider::Secret,
    },
};

const PROVIDER_SECRET: &str = "libgateway provider secret";
const TRACE_CONTENT: &str = "libgateway trace content";
/// The first byte of a sealed provider secret.
const SECRET_VERSION: u8 = 1;

/// 256 random bits that belong to one tenant.
pub(crate) struct DataKey(Key);

impl DataKey {
    /// A new random key.
    pub(crate) fn generate() -> Result<Self> {
        random_key().map(Self)
    }

    /// The key in an unwrapped message; `None` when it is not 32 bytes long.
    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 32] = bytes.try_into().ok()?;
        key_from(|key| {
            key.copy_from_slice(bytes);
            Ok(())
        })
        .ok()
        .map(Self)
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }

    /// A provider's secret as it is stored: `version u8 | nonce | ciphertext | tag`, bound to the tenant and the name.
    pub(crate) fn seal_secret(&self, tenant: &TenantId, provider: &ProviderName, secret: &Secret) -> Result<Vec<u8>> {
        let (cipher, additional) = self.secrets(tenant, provider, SECRET_VERSION)?;
        cipher.seal(&[SECRET_VERSION], &additional, secret.expose().as_bytes())
    }

    /// The secret that [`DataKey::seal_secret`] sealed for the same tenant and provider.
    ///
    /// # Errors
    ///
    /// [`DecryptionFailed`](crate::error::ErrorCode::DecryptionFailed) for anything else.
    pub(crate) fn open_secret(&self, tenant: &TenantId, provider: &ProviderName, sealed: &[u8]) -> Result<Secret> {
        let Some(version) = sealed.first().copied().filter(|version| *version == SECRET_VERSION) else {
            return Err(decryption_failed());
        };
        let (cipher, additional) = self.secrets(tenant, provider, version)?;
        // The buffer is wiped; the secret is a copy of exactly its length, which nothing re-allocates.
        let plaintext = Zeroizing::new(cipher.open(1, &additional, sealed.to_vec())?);
        std::str::from_utf8(&plaintext).map(Secret::from).map_err(|_| decryption_failed())
    }

    /// The key of one trace.
    pub(crate) fn trace_key(&self, trace: TraceId) -> Result<TraceKey> {
        Ok(TraceKey::new(Cipher::new(&derive(&self.0, TRACE_CONTENT, &[trace.as_bytes()])?)?, trace))
    }

    fn secrets(&self, tenant: &TenantId, provider: &ProviderName, version: u8) -> Result<(Cipher, Vec<u8>)> {
        let (tenant, provider) = (tenant.as_str().as_bytes(), provider.as_str().as_bytes());
        let cipher = Cipher::new(&derive(&self.0, PROVIDER_SECRET, &[provider])?)?;
        Ok((cipher, framed(PROVIDER_SECRET, &[tenant, provider, &[version]])))
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}
