//! What an operation is called with where it is called by its name: one flat JSON object.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{
    error::{Error, ErrorCode, Result},
    gateway::{Gateway, TenantHandle, TraceReader},
};

/// The argument, and its one value, in the place of `tenant_id` where the traces of all tenants are meant.
pub(crate) const ALL_TENANTS: (&str, &str) = ("tenants", "all");

/// The arguments of one operation, taken out one by one: what nobody takes is an error, not ignored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arguments(Map<String, Value>);

impl Arguments {
    /// Reads a JSON object; nothing at all is an empty one.
    pub(crate) fn parse(json: &[u8]) -> Result<Self> {
        if json.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        let unreadable = |error: serde_json::Error| {
            Error::new(ErrorCode::InvalidJson, format!("the arguments are no JSON object: {error}"))
        };
        match serde_json::from_slice(json).map_err(unreadable)? {
            Value::Object(arguments) => Ok(Self(arguments)),
            _ => Err(Error::new(ErrorCode::InvalidJson, "the arguments must be a JSON object")),
        }
    }

    /// Adds an argument that comes from elsewhere, such as a path; refused where another value is there already.
    pub(crate) fn insert(&mut self, name: &str, value: impl Into<Value>) -> Result<()> {
        let value = value.into();
        match self.0.get(name) {
            Some(other) if *other != value => {
                Err(Error::invalid(name, format!("{name} is given twice, with different values")))
            }
            Some(_) => Ok(()),
            None => {
                self.0.insert(name.to_owned(), value);
                Ok(())
            }
        }
    }

    /// Whether it is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// An argument, taken out of the others.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Err(missing(name)),
            Some(value) => {
                serde_json::from_value(value).map_err(|error| Error::invalid(name, format!("{name}: {error}")))
            }
        }
    }

    /// The tenant that is named, and all that is left as one value.
    pub(crate) fn tenant_and_rest<T: DeserializeOwned>(mut self, gateway: &Gateway) -> Result<(TenantHandle, T)> {
        let tenant: String = self.take("tenant_id")?;
        Ok((gateway.tenant(tenant)?, self.rest()?))
    }

    /// The traces that are meant, of the tenant that is named or of all, and all that is left as one value.
    pub(crate) fn traces_and_rest<T: DeserializeOwned>(mut self, gateway: &Gateway) -> Result<(TraceReader, T)> {
        let (tenants, all) = ALL_TENANTS;
        match self.0.remove(tenants) {
            None | Some(Value::Null) => {
                let (tenant, rest) = self.tenant_and_rest(gateway)?;
                Ok((tenant.reader(), rest))
            }
            Some(value) if value == all && !self.has("tenant_id") => Ok((gateway.all_tenants(), self.rest()?)),
            Some(_) => {
                Err(Error::invalid(tenants, format!("{tenants} is {all:?}, in the place of tenant_id, or left out")))
            }
        }
    }

    /// All that is left, as one value.
    pub(crate) fn rest<T: DeserializeOwned>(self) -> Result<T> {
        let read = |arguments: &Map<String, Value>| T::deserialize(Value::Object(arguments.clone()));
        read(&self.0).map_err(|error| self.blame(&error.to_string(), |arguments| read(arguments).err()))
    }

    /// Finds the argument at fault: the one without which the complaint is another.
    fn blame(&self, complaint: &str, complaint_of: impl Fn(&Map<String, Value>) -> Option<serde_json::Error>) -> Error {
        let culprit = self.0.keys().find(|name| {
            let mut others = self.0.clone();
            others.remove(*name);
            complaint_of(&others).is_none_or(|other| other.to_string() != complaint)
        });
        let missing_field = complaint.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        match (culprit, missing_field) {
            (Some(name), Some(field)) => missing(&format!("{name}.{field}")),
            (None, Some(field)) => missing(field),
            (Some(name), None) => Error::invalid(name, format!("{name}: {complaint}")),
            (None, None) => Error::new(ErrorCode::InvalidRequest, complaint),
        }
    }
}

impl From<Map<String, Value>> for Arguments {
    fn from(arguments: Map<String, Value>) -> Self {
        Self(arguments)
    }
}

impl IntoIterator for Arguments {
    type Item = (String, Value);
    type IntoIter = serde_json::map::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

fn missing(name: &str) -> Error {
    Error::new(ErrorCode::MissingField, format!("{name} is missing")).with_param(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        operation::shapes::NoArguments,
        types::{provider::ProviderConfig, trace::TraceQuery},
    };

    fn error_of<T: DeserializeOwned + std::fmt::Debug>(json: &str) -> Error {
        Arguments::parse(json.as_bytes()).unwrap().rest::<T>().unwrap_err()
    }

    #[test]
    fn the_argument_at_fault_is_named() {
        for (json, param) in [
            (r#"{"model": "m", "limit": "ten"}"#, "limit"),
            (r#"{"model": "m", "limti": 10}"#, "limti"),
            (r#"{"limit": 10, "since": "yesterday"}"#, "since"),
            (r#"{"limit": 10, "status_class": "good"}"#, "status_class"),
            (r#"{"metadata": {"a": 1}}"#, "metadata"),
        ] {
            let error = error_of::<TraceQuery>(json);
            assert_eq!((error.code(), error.param()), (ErrorCode::InvalidField, Some(param)), "{json}: {error}");
        }
        let error = error_of::<ProviderConfig>(r#"{"name": "a"}"#);
        assert_eq!((error.code(), error.param()), (ErrorCode::MissingField, Some("kind")));
    }

    #[test]
    fn what_is_no_object_is_refused_and_nothing_is_an_empty_one() {
        for json in ["[]", "1", "\"a\"", "{", "\u{feff}{}"] {
            assert_eq!(Arguments::parse(json.as_bytes()).unwrap_err().code(), ErrorCode::InvalidJson, "{json}");
        }
        Arguments::parse(b" \n").unwrap().rest::<NoArguments>().unwrap();
        assert_eq!(error_of::<NoArguments>(r#"{"extra": 1}"#).param(), Some("extra"));
    }

    #[test]
    fn an_argument_cannot_say_two_things() {
        let mut arguments = Arguments::parse(br#"{"tenant_id": "acme"}"#).unwrap();
        arguments.insert("tenant_id", "acme").unwrap();
        assert_eq!(arguments.insert("tenant_id", "globex").unwrap_err().param(), Some("tenant_id"));
    }
}
