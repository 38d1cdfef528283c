//! The id of a request.

use crate::app::AppState;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument, info_span};

/// The request id, accepted from a proxy and returned in the answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest accepted id.
const REQUEST_ID_BYTES: usize = 64;

/// Assigns every request an id, which appears in its log lines and its answer.
pub(crate) async fn request_id(
    State(app): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let given = request.headers().get(&REQUEST_ID).filter(|id| is_fine(id));
    let id = given.cloned().unwrap_or_else(|| {
        let number = app.hub.next_id().0;
        HeaderValue::try_from(format!("{number:016x}")).expect("hexadecimal digits")
    });
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let span = info_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        method = %request.method(),
        path = request.uri().path(),
    );
    let mut response = next.run(request).instrument(span).await;
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// Whether an id is safe in a log.
fn is_fine(id: &HeaderValue) -> bool {
    let fine = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    (1..=REQUEST_ID_BYTES).contains(&id.len()) && id.as_bytes().iter().all(fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_request_id_is_replaced() {
        let fine = |text: &str| is_fine(&HeaderValue::from_str(text).expect("valid"));
        assert!(fine("0af7651916cd43dd8448eb211c80319c"));
        assert!(fine("2026-11-24:req_1.2"));
        assert!(!fine(""));
        assert!(!fine("a b"));
        assert!(!fine("\"},{\""));
        assert!(!fine(&"a".repeat(REQUEST_ID_BYTES + 1)));
    }
}
