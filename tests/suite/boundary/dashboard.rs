//! The files of the dashboard, without a browser: `tests/dashboard` has one.

use std::io::Read as _;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use libgateway::Body;
use libgateway_tests::{Backend, TestGateway, run};

/// What all files may have together, compressed.
const MOST: usize = 300 * 1024;
const FILES: [(&str, &str); 5] = [
    ("/dashboard", "text/html; charset=utf-8"),
    ("/dashboard/app.js", "text/javascript; charset=utf-8"),
    ("/dashboard/app.css", "text/css; charset=utf-8"),
    ("/dashboard/icon.svg", "image/svg+xml"),
    ("/dashboard/licenses.txt", "text/plain; charset=utf-8"),
];

async fn ask(test: &TestGateway, method: &str, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    test.gateway.handle(request.body(Full::<Bytes>::default()).unwrap()).await
}

async fn bytes(response: Response<Body>) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[test]
fn every_file_comes_without_a_key_compressed_or_not() {
    run(|| async {
        let test = TestGateway::open(Backend::Sqlite).await;
        let mut total = 0;
        for (path, content_type) in FILES {
            let packed = ask(&test, "GET", path, &[("accept-encoding", "br;q=1.0, GZIP;q=0.8")]).await;
            assert_eq!(
                (packed.status().as_u16(), header(&packed, "content-type")),
                (200, Some(content_type)),
                "{path}"
            );
            assert_eq!(
                (header(&packed, "content-encoding"), header(&packed, "vary")),
                (Some("gzip"), Some("accept-encoding"))
            );
            let policy = header(&packed, "content-security-policy").unwrap();
            assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
            assert_eq!(header(&packed, "x-content-type-options"), Some("nosniff"));
            let plain = ask(&test, "GET", path, &[("accept-encoding", "gzip;q=0")]).await;
            assert_eq!((plain.status().as_u16(), header(&plain, "content-encoding")), (200, None));
            let packed = bytes(packed).await;
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(packed.as_ref()).read_to_end(&mut unpacked).unwrap();
            assert!(!unpacked.is_empty() && unpacked == bytes(plain).await, "{path}");
            total += packed.len();
        }
        assert!(total <= MOST, "the page has {total} bytes");
    });
}

#[test]
fn a_file_that_is_known_is_not_sent_again() {
    run(|| async {
        let test = TestGateway::open(Backend::Sqlite).await;
        let first = ask(&test, "GET", "/dashboard/app.js", &[]).await;
        let tag = header(&first, "etag").unwrap().to_owned();
        let again = ask(&test, "GET", "/dashboard/app.js", &[("if-none-match", &tag)]).await;
        assert_eq!((again.status().as_u16(), header(&again, "etag")), (304, Some(tag.as_str())));
        assert!(bytes(again).await.is_empty());
        let other = ask(&test, "GET", "/dashboard/app.css", &[("if-none-match", &tag)]).await;
        assert_eq!(other.status(), 200);
    });
}

#[test]
fn nothing_else_is_there() {
    run(|| async {
        let test = TestGateway::open(Backend::Sqlite).await;
        for (method, path, status) in [
            ("POST", "/dashboard", 405),
            ("DELETE", "/dashboard/app.js", 405),
            ("GET", "/dashboard/", 404),
            ("GET", "/dashboard/index.html", 404),
            ("GET", "/dashboard/../dashboard", 404),
            ("GET", "/%64ashboard", 404),
        ] {
            let answer = ask(&test, method, path, &[]).await;
            assert_eq!(answer.status(), status, "{method} {path}");
            assert_eq!(header(&answer, "content-type"), Some("application/json"));
        }
    });
}
