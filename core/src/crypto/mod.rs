//! Keys and what they protect: master keys wrap a tenant's data key, the data key yields one key per trace and one
//! for the providers' secrets, and API keys are kept as hashes. It never reads a store, a file or the environment, and
//! nothing in it prints a key.
//!
//! AES-256-GCM throughout, under keys derived with HKDF-SHA256 (RFC 5869). Every label, name and id enters a derivation
//! or the additional data with its length before it, so two lists of parts never encode alike.
//!
//! # Nonces
//!
//! Nonces are random and 96 bits long, so one key may seal at most 2³² messages (NIST SP 800-38D, 8.3). No key comes
//! near, by construction: a trace's key seals that trace's three fields and nothing else, a tenant's wrapping key seals
//! one message for each rotation of the master key, and a provider's secret has a key that seals one message each time
//! the secret is set.

mod aead;
mod api_key;
mod data_key;
mod derive;
mod master;
mod trace_key;

#[cfg(test)]
mod tests;

pub(crate) use api_key::{ApiKeySecret, KeyHash};
pub(crate) use data_key::DataKey;
pub(crate) use master::{MasterKeys, WrappedKey};
pub(crate) use trace_key::{Field, TraceKey};
