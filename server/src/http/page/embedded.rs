//! Serves the embedded page from memory, like a folder would.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// File names, without a leading slash, and contents; `NAME.br` and `NAME.gz` are encodings of
/// `NAME`.
type Files = &'static [(&'static str, &'static [u8])];

/// The embedded page.
#[cfg(feature = "embedded-page")]
const FILES: Files = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// One encoding of a file.
struct Encoding {
    content: &'static [u8],
    /// Hash of the content, so that two builds with the same file agree.
    etag: HeaderValue,
}

type Encodings = HashMap<&'static str, Encoding>;

/// Serves the embedded page to GET and HEAD.
#[cfg(feature = "embedded-page")]
pub(super) fn service() -> axum::Router {
    let encodings = std::sync::Arc::new(encodings(FILES));
    axum::Router::new().fallback(move |request: Request| {
        let response = answer(&encodings, &request);
        std::future::ready(response)
    })
}

/// The HTML of the page.
#[cfg(feature = "embedded-page")]
pub(super) fn index() -> &'static str {
    let file = FILES.iter().find(|(name, _)| *name == "index.html");
    file.and_then(|(_, content)| std::str::from_utf8(content).ok())
        .unwrap_or_default()
}

fn encodings(files: Files) -> Encodings {
    files
        .iter()
        .map(|(name, content)| {
            let etag = etag(content);
            (*name, Encoding { content, etag })
        })
        .collect()
}

fn answer(encodings: &Encodings, request: &Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let allow = [(header::ALLOW, "GET,HEAD")];
        return (StatusCode::METHOD_NOT_ALLOWED, allow).into_response();
    }
    let name = match request.uri().path().trim_start_matches('/') {
        "" => "index.html",
        name => name,
    };
    let Some(plain) = encodings.get(name).filter(|_| content_type(name).is_some()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let chosen = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(coding, _)| accepts(request.headers(), coding))
        .find_map(|(coding, ending)| {
            let encoding = encodings.get(format!("{name}.{ending}").as_str())?;
            Some((Some(coding), encoding))
        });
    let (coding, encoding) = chosen.unwrap_or((None, plain));

    let mut headers = HeaderMap::new();
    headers.insert(header::ETAG, encoding.etag.clone());
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let known = request.headers().get(header::IF_NONE_MATCH);
    if known.is_some_and(|known| names(known, &encoding.etag)) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let kind = content_type(name).unwrap_or("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_LENGTH, encoding.content.len().into());
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    let body = match *request.method() {
        Method::HEAD => Body::empty(),
        _ => Body::from(encoding.content),
    };
    (headers, body).into_response()
}

fn etag(content: &[u8]) -> HeaderValue {
    let hash = Sha256::digest(content);
    let digits: String = hash[..16]
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect();
    HeaderValue::try_from(format!("\"{digits}\"")).expect("digits in quotes")
}

/// Whether `If-None-Match` names this tag; a proxy may have made it a weak one.
fn names(known: &HeaderValue, etag: &HeaderValue) -> bool {
    let known = known.to_str().unwrap_or_default();
    known
        .split(',')
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == "*" || tag.as_bytes() == etag.as_bytes())
}

/// Whether `Accept-Encoding` names the coding, with a weight that is not zero (RFC 9110 §12.5.3).
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| {
            let (name, weight) = item.split_once(';').unwrap_or((item, ""));
            let weight = weight.trim().trim_start_matches("q=").parse::<f32>();
            name.trim().eq_ignore_ascii_case(coding) && weight != Ok(0.0)
        })
}

/// Media type by file name; `None` for other files, including `.br` and `.gz`.
fn content_type(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    Some(match ending {
        "html" => "text/html",
        "js" => "text/javascript",
        "css" => "text/css",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: Files = &[
        ("index.html", b"<p>plain</p>"),
        ("app.js", b"plain"),
        ("app.js.br", b"brotli"),
        ("app.js.gz", b"gzip"),
    ];

    async fn ask(method: Method, path: &str, with: (&'static str, &str)) -> (Response, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(with.0, with.1)
            .body(Body::empty())
            .expect("valid");
        let (parts, body) = answer(&encodings(FEW), &request).into_parts();
        let body = axum::body::to_bytes(body, 1024).await.expect("small");
        let text = String::from_utf8(body.to_vec()).expect("UTF-8");
        (Response::from_parts(parts, Body::empty()), text)
    }

    #[tokio::test]
    async fn best_accepted_encoding_is_sent() {
        for (accepted, coding, body) in [
            ("identity", None, "plain"),
            ("gzip", Some("gzip"), "gzip"),
            ("gzip, deflate, br", Some("br"), "brotli"),
            ("br;q=0, gzip;q=0.5", Some("gzip"), "gzip"),
        ] {
            let (answer, text) = ask(Method::GET, "/app.js", ("accept-encoding", accepted)).await;
            assert_eq!(text, body, "{accepted}");
            let found = answer.headers().get("content-encoding");
            assert_eq!(found.and_then(|value| value.to_str().ok()), coding);
            assert_eq!(answer.headers()["content-type"], "text/javascript");
            assert_eq!(answer.headers()["vary"], "accept-encoding");
        }
        let (_, text) = ask(Method::GET, "/", ("accept-encoding", "br")).await;
        assert_eq!(text, "<p>plain</p>");
    }

    #[tokio::test]
    async fn matching_etag_is_answered_not_modified() {
        let (answer, _) = ask(Method::GET, "/app.js", ("accept-encoding", "br")).await;
        let etag = answer.headers()["etag"].to_str().expect("ASCII").to_owned();
        let (answer, _) = ask(Method::GET, "/app.js", ("if-none-match", &etag)).await;
        // Without the coding it is another encoding with another tag.
        assert_eq!(answer.status(), StatusCode::OK);
        let etag = answer.headers()["etag"].to_str().expect("ASCII").to_owned();
        let known = format!("\"x\", W/{etag}");
        let (answer, text) = ask(Method::GET, "/app.js", ("if-none-match", &known)).await;
        assert_eq!(answer.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(text, "");
    }

    #[tokio::test]
    async fn only_page_files_are_served_and_only_read_methods() {
        for path in ["/app.js.br", "/none", "/../app.js", "/index.html/"] {
            let (answer, _) = ask(Method::GET, path, ("accept-encoding", "br")).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        }
        let (answer, text) = ask(Method::HEAD, "/app.js", ("accept-encoding", "x")).await;
        assert_eq!((answer.status(), text.as_str()), (StatusCode::OK, ""));
        assert_eq!(answer.headers()["content-length"], "5");
        let (answer, _) = ask(Method::POST, "/", ("accept-encoding", "x")).await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
