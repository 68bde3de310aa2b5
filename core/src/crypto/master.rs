//! The keyring of master keys, which wraps the tenants' data keys. It touches no content: a rotation re-wraps data keys
//! and leaves every body as it is.

use std::{collections::BTreeMap, fmt};

use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use super::{
    aead::{Cipher, decryption_failed},
    data_key::DataKey,
    derive::{Key, derive, framed, key_from, random_key},
};
use crate::{
    error::{Error, ErrorCode, Result},
    types::{ids::TenantId, provider::Secret},
};

const WRAPPING: &str = "libgateway data key wrapping";
const CHECK: &str = "libgateway master key check";
const CHECK_LEN: usize = 16;

/// Master keys by version; the highest version is the current one.
pub(crate) struct MasterKeys {
    keys: BTreeMap<u32, Key>,
    current: u32,
}

/// A tenant's data key as it is stored: `nonce | ciphertext | tag` under the master key of `version`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct WrappedKey {
    /// The version of the master key that wrapped it.
    pub(crate) version: u32,
    /// 60 bytes.
    pub(crate) bytes: Vec<u8>,
}

impl MasterKeys {
    /// Reads 64 hexadecimal digits for each version; white space around them is ignored.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidConfig`] with the parameter `master_keys.<version>` when a key is malformed, and
    /// `master_keys` when there is none.
    pub(crate) fn parse(texts: &BTreeMap<u32, Secret>) -> Result<Self> {
        let Some(current) = texts.last_key_value().map(|(version, _)| *version) else {
            return Err(Error::config(
                "master_keys",
                "master_keys is empty; set master_keys.1 to the output of `openssl rand -hex 32`",
            ));
        };
        let keys =
            texts.iter().map(|(version, text)| Ok((*version, parse_key(*version, text)?))).collect::<Result<_>>()?;
        Ok(Self { keys, current })
    }

    /// One random key of version 1, for a store that does not outlive the process.
    pub(crate) fn generate() -> Result<Self> {
        Ok(Self { keys: BTreeMap::from([(1, random_key()?)]), current: 1 })
    }

    /// Every version of the keyring.
    pub(crate) fn versions(&self) -> impl Iterator<Item = u32> + '_ {
        self.keys.keys().copied()
    }

    /// The version that wraps.
    pub(crate) fn current(&self) -> u32 {
        self.current
    }

    /// Wraps a tenant's data key with the current master key.
    pub(crate) fn wrap(&self, tenant: &TenantId, key: &DataKey) -> Result<WrappedKey> {
        let (cipher, additional) = self.wrapping(tenant, self.current)?;
        Ok(WrappedKey { version: self.current, bytes: cipher.seal(&[], &additional, key.bytes())? })
    }

    /// The data key of this tenant.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::WrongMasterKey`] when the keyring lacks the version; [`ErrorCode::DecryptionFailed`] when the key
    /// was changed, or wrapped for another tenant, under another version or by another master key.
    pub(crate) fn unwrap(&self, tenant: &TenantId, wrapped: &WrappedKey) -> Result<DataKey> {
        let (cipher, additional) = self.wrapping(tenant, wrapped.version)?;
        let bytes = Zeroizing::new(cipher.open(0, &additional, wrapped.bytes.clone())?);
        DataKey::from_slice(&bytes).ok_or_else(decryption_failed)
    }

    /// Bytes that identify the master key of this version without revealing it: a store keeps them from its creation on.
    pub(crate) fn check_value(&self, version: u32) -> Result<Vec<u8>> {
        let value = derive(self.key(version)?, CHECK, &[&version.to_be_bytes()])?;
        Ok(value.expose_secret().iter().copied().take(CHECK_LEN).collect())
    }

    /// Whether the master key of this version is the one that made `expected`.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::WrongMasterKey`] when it is not, or when the keyring lacks the version.
    pub(crate) fn verify_check_value(&self, version: u32, expected: &[u8]) -> Result<()> {
        if self.check_value(version)? == expected {
            return Ok(());
        }
        let message =
            format!("master_keys.{version} is not the key this store was made with; configure the original one");
        Err(Error::new(ErrorCode::WrongMasterKey, message).with_param(param(version)))
    }

    /// The cipher and the additional data of one tenant's data key under one version.
    fn wrapping(&self, tenant: &TenantId, version: u32) -> Result<(Cipher, Vec<u8>)> {
        let tenant = tenant.as_str().as_bytes();
        let cipher = Cipher::new(&derive(self.key(version)?, WRAPPING, &[tenant])?)?;
        Ok((cipher, framed(WRAPPING, &[tenant, &version.to_be_bytes()])))
    }

    fn key(&self, version: u32) -> Result<&Key> {
        self.keys.get(&version).ok_or_else(|| {
            let message = format!("the store needs master key version {version}; add it as master_keys.{version}");
            Error::new(ErrorCode::WrongMasterKey, message).with_param(param(version))
        })
    }
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let versions: Vec<u32> = self.keys.keys().copied().collect();
        f.debug_struct("MasterKeys").field("versions", &versions).finish_non_exhaustive()
    }
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrappedKey").field("version", &self.version).finish_non_exhaustive()
    }
}

fn param(version: u32) -> String {
    format!("master_keys.{version}")
}

fn parse_key(version: u32, text: &Secret) -> Result<Key> {
    let digits = text.expose().trim().as_bytes();
    let malformed = || {
        let found = match digits.len() {
            0 => "is missing".to_owned(),
            64 => "contains something else than hexadecimal digits".to_owned(),
            len => format!("has {len} characters instead of 64"),
        };
        let message = format!("master_keys.{version} {found}; make a key with `openssl rand -hex 32`");
        Error::config(param(version), message)
    };
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != 32 || !rest.is_empty() {
        return Err(malformed());
    }
    key_from(|bytes| {
        for (byte, pair) in bytes.iter_mut().zip(pairs) {
            let [high, low] =
                pair.map(|digit| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok()));
            let (Some(high), Some(low)) = (high, low) else { return Err(malformed()) };
            *byte = high << 4 | low;
        }
        Ok(())
    })
}
