//! Serves the built page, precompressed and with cache headers: from a folder or, with the feature
//! `embedded-page`, from this binary.

#[cfg(any(test, feature = "embedded-page"))]
mod embedded;
mod policy;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use std::path::Path;
use tower_http::services::ServeDir;

/// For files whose name holds the hash of their content.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// For everything else: cached, but revalidated every time.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");
/// The length of the hash that trunk puts into file names: 64 bits, without leading zeros.
const HASH_DIGITS: std::ops::RangeInclusive<usize> = 12..=16;

/// The longest path that is looked up, and the longest file name, in bytes: systems allow 4096 and
/// 255, including the folder and the suffix `.br`.
const PATH_BYTES: usize = 1024;
const NAME_BYTES: usize = 240;

/// The answer of `/` while there is no page.
const NOT_BUILT: &str = "the page is not built: run `trunk serve` beside this server and open its \
                         address, or run `trunk build --release` and reload\n";

/// The default folder of the page.
#[cfg(not(feature = "embedded-page"))]
const FOLDER: &str = "dist";

/// Serves the page of the configured folder, or the embedded one.
pub(super) fn service(folder: Option<&Path>) -> Router {
    match folder {
        Some(folder) => of_folder(folder),
        #[cfg(feature = "embedded-page")]
        None => embedded(),
        #[cfg(not(feature = "embedded-page"))]
        None => of_folder(Path::new(FOLDER)),
    }
}

/// Serves `folder`: the `.br` or `.gz` of a file where the browser accepts it, 404 for missing
/// files, and a hint when the page was not built.
fn of_folder(folder: &Path) -> Router {
    let files = ServeDir::new(folder)
        .precompressed_br()
        .precompressed_gzip();
    let index = folder.join("index.html");
    Router::new()
        .fallback_service(files)
        .layer(from_fn(move |request: Request, next: Next| {
            let index = index.clone();
            async move {
                let path = request.uri().path().to_owned();
                if !may_be_a_file(&path) {
                    return not_found();
                }
                let response = next.run(request).await;
                if response.status() == StatusCode::NOT_FOUND {
                    return missing(&path, &index).await;
                }
                // Read each time, because the page may be rebuilt while the server runs.
                let html = if is_page(&path) {
                    tokio::fs::read_to_string(&index).await.unwrap_or_default()
                } else {
                    String::new()
                };
                with_headers(response, &path, policy::policy(&html))
            }
        }))
}

/// Serves the embedded page.
#[cfg(feature = "embedded-page")]
fn embedded() -> Router {
    let page = policy::policy(embedded::index());
    let other = policy::policy("");
    embedded::service().layer(from_fn(move |request: Request, next: Next| {
        let path = request.uri().path().to_owned();
        let policy = if is_page(&path) { &page } else { &other }.clone();
        async move {
            let response = next.run(request).await;
            if response.status() == StatusCode::NOT_FOUND {
                return not_found();
            }
            with_headers(response, &path, policy)
        }
    }))
}

async fn missing(path: &str, index: &Path) -> Response {
    let built = tokio::fs::try_exists(index).await.unwrap_or(false);
    if path == "/" && !built {
        return (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT).into_response();
    }
    not_found()
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "there is nothing at this address\n").into_response()
}

fn with_headers(mut response: Response, path: &str, policy: HeaderValue) -> Response {
    let value = if has_hash(path) {
        IMMUTABLE
    } else {
        REVALIDATE
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, value);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// Whether the system can look up such a path: a name that is too long, or contains NUL, would be
/// reported as a server error.
fn may_be_a_file(path: &str) -> bool {
    path.len() <= PATH_BYTES
        && !path.contains("%00")
        && path.split('/').all(|name| name.len() <= NAME_BYTES)
}

fn is_page(path: &str) -> bool {
    matches!(path, "/" | "/index.html")
}

/// Whether a path is `…-0123456789abcdef.ext` or `…-0123456789abcdef_bg.wasm`.
fn has_hash(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split(['-', '.', '_']).any(|part| {
        HASH_DIGITS.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tower::ServiceExt as _;

    #[tokio::test]
    async fn impossible_file_path_is_not_found() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("index.html"), "x").expect("writable");
        for path in [
            format!("/{}", "a".repeat(15_000)),
            format!("/{}", "a".repeat(250)),
            format!("/{}", "a/".repeat(3_000)),
            "/%00".into(),
            "/index.html/x".into(),
            "/%ff%fe".into(),
        ] {
            for method in ["GET", "HEAD"] {
                let request = Request::builder().method(method).uri(&*path);
                let request = request.body(axum::body::Body::empty()).expect("valid");
                let answer = of_folder(folder.path()).oneshot(request).await;
                let status = answer.expect("it always answers").status();
                assert_eq!(status, StatusCode::NOT_FOUND, "{method} {path:.20}");
            }
        }
    }

    #[test]
    fn only_hashed_names_are_immutable() {
        assert!(has_hash("/tidings-client-8c1f0a2b3c4d5e6f.js"));
        assert!(has_hash("/tidings-client-8c1f0a2b3c4d5e6f_bg.wasm"));
        assert!(has_hash("/tidings-client-2f4f115b27c3c87.js"));
        assert!(!has_hash("/"));
        assert!(!has_hash("/index.html"));
        assert!(!has_hash("/favicon.svg"));
        assert!(!has_hash("/8c1f0a2b3c4d5e6f/index.html"));
    }
}
