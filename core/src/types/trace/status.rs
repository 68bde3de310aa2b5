//! The classes that requests end in.

use serde::{Deserialize, Serialize};

use crate::error::ErrorCode;

/// How a request ended. The classes are disjoint; errors are 2, 3 and 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StatusClass {
    /// The upstream answered 2xx and the answer was complete, or cut by nobody but the caller after its end.
    Ok,
    /// The caller's fault: a bad request here, or an upstream 4xx other than 401, 408, 409 and 429.
    ClientError,
    /// The upstream's fault: 401, 408, 409, 429, 5xx, an unreachable host, a broken or truncated answer.
    UpstreamError,
    /// The gateway's fault, or its store's.
    GatewayError,
    /// One of the four timeouts.
    Timeout,
    /// The caller went away.
    Cancelled,
    /// The process died before the end was recorded.
    Abandoned,
    /// A limit refused it before any upstream was asked.
    Refused,
}

impl StatusClass {
    /// Every class, in the order of its number.
    pub const ALL: [Self; 8] = [
        Self::Ok,
        Self::ClientError,
        Self::UpstreamError,
        Self::GatewayError,
        Self::Timeout,
        Self::Cancelled,
        Self::Abandoned,
        Self::Refused,
    ];

    /// The stored number, 0 to 7.
    pub const fn number(self) -> i64 {
        match self {
            Self::Ok => 0,
            Self::ClientError => 1,
            Self::UpstreamError => 2,
            Self::GatewayError => 3,
            Self::Timeout => 4,
            Self::Cancelled => 5,
            Self::Abandoned => 6,
            Self::Refused => 7,
        }
    }

    /// Its name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::ClientError => "client_error",
            Self::UpstreamError => "upstream_error",
            Self::GatewayError => "gateway_error",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Abandoned => "abandoned",
            Self::Refused => "refused",
        }
    }

    /// The class of a stored number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.number() == number)
    }

    /// The class of a request that ended with this error.
    pub const fn of_error(code: ErrorCode) -> Self {
        match (code, code.number()) {
            (ErrorCode::UpstreamRejected, _) => Self::ClientError,
            (ErrorCode::Cancelled, _) => Self::Cancelled,
            (ErrorCode::Abandoned, _) => Self::Abandoned,
            (_, ..300) => Self::ClientError,
            (_, 300..400) => Self::Refused,
            (_, 400..500) => Self::UpstreamError,
            (_, 500..600) => Self::Timeout,
            (_, 600..) => Self::GatewayError,
        }
    }

    /// Whether `error_rate` counts it.
    pub const fn is_error(self) -> bool {
        matches!(self, Self::UpstreamError | Self::GatewayError | Self::Timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_json() {
        for class in StatusClass::ALL {
            assert_eq!(serde_json::json!(class), class.name());
        }
    }
}
