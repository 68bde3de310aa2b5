//! Reads one flat JSON object into two structs that both refuse unknown keys, which serde's `flatten` cannot.

use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use serde_json::{Map, Value};

/// The keys named in `head_keys` go to `Head`, all others to `Rest`.
pub(crate) fn split<'de, D, Head, Rest>(deserializer: D, head_keys: &[&str]) -> Result<(Head, Rest), D::Error>
where
    D: Deserializer<'de>,
    Head: DeserializeOwned,
    Rest: DeserializeOwned,
{
    let (head, rest): (Map<_, _>, Map<_, _>) = Map::<String, Value>::deserialize(deserializer)?
        .into_iter()
        .partition(|(key, _)| head_keys.contains(&key.as_str()));
    let head = serde_json::from_value(Value::Object(head)).map_err(D::Error::custom)?;
    let rest = serde_json::from_value(Value::Object(rest)).map_err(D::Error::custom)?;
    Ok((head, rest))
}
