//! The dashboard: a page that asks the routes beside it, with the key its reader gives it. Serves the files that `make
//! dashboard` has built, as they are; knows no key and no trace.

use std::io::Read as _;

use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header, request};

use super::{Body, respond};
use crate::error::{Error, ErrorCode, Result};

/// One file, compressed.
pub(super) struct File {
    path: &'static str,
    content_type: &'static str,
    gzip: &'static [u8],
}

macro_rules! files {
    ($($path:literal $content_type:literal $file:literal;)+) => {
        const FILES: &[File] = &[$(File {
            path: $path,
            content_type: $content_type,
            gzip: include_bytes!(concat!("../../dashboard/dist/", $file, ".gz")),
        }),+];
    };
}

files! {
    "/dashboard" "text/html; charset=utf-8" "index.html";
    "/dashboard/app.js" "text/javascript; charset=utf-8" "app.js";
    "/dashboard/app.css" "text/css; charset=utf-8" "app.css";
    "/dashboard/icon.svg" "image/svg+xml" "icon.svg";
    "/dashboard/licenses.txt" "text/plain; charset=utf-8" "licenses.txt";
}

/// What goes with every file. The page runs its own script alone, asks nobody but where it comes from, and is shown in
/// no other page.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-cache"),
    (header::VARY, "accept-encoding"),
];

impl File {
    /// The file that is asked for; `None` where the path is none of the dashboard's.
    pub(super) fn find(head: &request::Parts) -> Result<Option<&'static Self>> {
        let path = head.uri.path();
        let Some(file) = FILES.iter().find(|file| file.path == path) else { return Ok(None) };
        if head.method == Method::GET {
            return Ok(Some(file));
        }
        Err(Error::new(ErrorCode::MethodNotAllowed, format!("{path} does not take {}", head.method)))
    }

    /// The file as a response, to a request with these headers.
    pub(super) fn answer(&self, asked: &HeaderMap) -> Result<Response<Body>> {
        let fixed = HEADERS.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value)));
        let mut headers: HeaderMap = fixed.collect();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        let tag = self.tag();
        let is_known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(header::ETAG, tag);
        }
        let (status, body) = if is_known {
            (StatusCode::NOT_MODIFIED, Body::whole(""))
        } else if takes_gzip(asked) {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            (StatusCode::OK, Body::whole(self.gzip))
        } else {
            (StatusCode::OK, Body::whole(self.content()?))
        };
        Ok(respond::response(status.as_u16(), headers, body))
    }

    /// What a gzip file ends with: the checksum and the length of its content.
    fn tag(&self) -> String {
        let trailer = self.gzip.last_chunk::<8>().copied().unwrap_or_default();
        format!("W/\"{:016x}\"", u64::from_be_bytes(trailer))
    }

    fn content(&self) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        let read = GzDecoder::new(self.gzip).read_to_end(&mut content);
        let broken =
            |error| Error::new(ErrorCode::Internal, format!("{} is packed wrong", self.path)).with_source(error);
        read.map(|_| content).map_err(broken)
    }
}

/// Whether `accept-encoding` has gzip, and not with the weight 0.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let is_refused = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok()) == Some(0.0_f32);
        name.trim().eq_ignore_ascii_case("gzip") && !is_refused
    })
}
