//! The text form of a place in a list: opaque, and good only for the tenants and the filters it was made with. A plain
//! RFC 3339 time is accepted too and means everything before it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    store::{PageRequest, names::to_json},
    types::{ids::TraceId, time::Timestamp},
};

const VERSION: u8 = 1;
const BINDING_LEN: usize = 8;

/// The place of a trace in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) created_ms: i64,
    pub(crate) id: TraceId,
}

impl Position {
    /// Before every trace of this millisecond and after every older one.
    pub(in crate::store) fn start_of(time: Timestamp) -> Self {
        Self { created_ms: time.as_millis(), id: Uuid::nil().into() }
    }
}

/// The cursor of a place in the list that `request` asks for; where the request itself begins does not matter.
pub(crate) fn encode_cursor(request: &PageRequest<'_>, position: Position) -> Result<String> {
    let mut bytes = vec![VERSION];
    bytes.extend(binding(request)?);
    bytes.extend(position.created_ms.to_be_bytes());
    bytes.extend(position.id.as_bytes());
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The place that a cursor names in the list that `request` asks for.
pub(crate) fn decode_cursor(request: &PageRequest<'_>, cursor: &str) -> Result<Position> {
    if let Ok(time) = cursor.parse::<Timestamp>() {
        return Ok(Position::start_of(time));
    }
    let invalid = || {
        Error::invalid(
            "cursor",
            "cursor is not one of this list: pass next_cursor of the page before, or an RFC 3339 time",
        )
    };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
    let (version, rest) = bytes.split_first().ok_or_else(invalid)?;
    let (bound_to, rest) = rest.split_first_chunk::<BINDING_LEN>().ok_or_else(invalid)?;
    let (created_ms, id) = rest.split_first_chunk::<8>().ok_or_else(invalid)?;
    let id = Uuid::from_slice(id).map_err(|_| invalid())?;
    if *version != VERSION {
        return Err(invalid());
    }
    if *bound_to != binding(request)? {
        return Err(Error::invalid(
            "cursor",
            "cursor belongs to a list with other filters: keep the filters from page to page",
        ));
    }
    Ok(Position { created_ms: i64::from_be_bytes(*created_ms), id: id.into() })
}

/// A short hash of all that decides which list it is.
fn binding(request: &PageRequest<'_>) -> Result<[u8; BINDING_LEN]> {
    let list = to_json(&(request.tenant, request.filter, request.since, request.until))?;
    let digest = ring::digest::digest(&ring::digest::SHA256, list.as_bytes());
    Ok(digest.as_ref().first_chunk().copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::string_slice, reason = "tests")]
    use super::*;
    use crate::types::trace::TraceFilter;

    #[test]
    fn a_cursor_reads_back_and_is_refused_by_any_other_list() {
        let (tenant, other) = ("acme".parse().unwrap(), "globex".parse().unwrap());
        let (none, model) =
            (TraceFilter::default(), TraceFilter { model: Some("gpt-4o".into()), ..TraceFilter::default() });
        let list = |tenant, filter| PageRequest {
            tenant: Some(tenant),
            filter,
            since: None,
            until: None,
            before: None,
            limit: 50,
        };
        let position =
            Position { created_ms: 1_790_000_000_123, id: TraceId::new(Timestamp::from_millis(1_790_000_000_123)) };
        let cursor = encode_cursor(&list(&tenant, &none), position).unwrap();
        assert_eq!(decode_cursor(&list(&tenant, &none), &cursor).unwrap(), position);
        for list in [
            list(&tenant, &model),
            list(&other, &none),
            PageRequest { since: Some(Timestamp::from_millis(1)), ..list(&tenant, &none) },
            PageRequest { tenant: None, ..list(&tenant, &none) },
        ] {
            assert_eq!(decode_cursor(&list, &cursor).unwrap_err().param(), Some("cursor"));
        }
        for wrong in ["", "x", "!", &cursor[1..], &cursor[..cursor.len() - 1], "2026-13-01T00:00:00Z"] {
            assert_eq!(decode_cursor(&list(&tenant, &none), wrong).unwrap_err().param(), Some("cursor"), "{wrong}");
        }
    }

    #[test]
    fn a_plain_time_means_everything_before_it() {
        let (tenant, filter) = ("acme".parse().unwrap(), TraceFilter::default());
        let list =
            PageRequest { tenant: Some(&tenant), filter: &filter, since: None, until: None, before: None, limit: 50 };
        let position = decode_cursor(&list, "2026-03-01T12:30:00.250+01:00").unwrap();
        assert_eq!(position, Position { created_ms: 1_772_364_600_250, id: Uuid::nil().into() });
    }
}
