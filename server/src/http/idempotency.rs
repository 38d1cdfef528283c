//! `Idempotency-Key`: identifies retries of a request that creates something
//! (draft-ietf-httpapi-idempotency-key-header).

use super::Failure;
use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::request::Parts;

/// The header.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest key, in bytes, as of a `clientMsgId`.
const MAX_BYTES: usize = tidings_shared::limits::CLIENT_MSG_ID_BYTES;

/// The key of a request, if it has one: a quoted string (RFC 9651 §3.3.3); the quotes may be left out.
pub(super) struct IdempotencyKey(pub(super) Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let mut values = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else {
            return Ok(Self(None));
        };
        let text = value.to_str().unwrap_or_default();
        let quoted = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'));
        let key = quoted.unwrap_or(text);
        let is_key = (1..=MAX_BYTES).contains(&key.len())
            && key
                .bytes()
                .all(|c| c.is_ascii_graphic() && c != b'"' && c != b'\\');
        if !is_key || values.next().is_some() {
            return Err(Failure::BadRequest(format!(
                "an Idempotency-Key is one string of 1 to {MAX_BYTES} letters, digits and signs, in \
                 quotes: a new one, such as a UUID, for each thing to be made"
            )));
        }
        Ok(Self(Some(key.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    async fn read(values: &[&str]) -> Result<Option<String>, Failure> {
        let mut request = Request::builder();
        for value in values {
            request = request.header(IDEMPOTENCY_KEY, *value);
        }
        let (mut parts, ()) = request.body(()).expect("valid").into_parts();
        let key = IdempotencyKey::from_request_parts(&mut parts, &()).await;
        key.map(|IdempotencyKey(key)| key)
    }

    #[tokio::test]
    async fn key_is_one_bounded_string_with_or_without_quotes() {
        assert_eq!(read(&[]).await, Ok(None));
        for value in ["\"a-1\"", "a-1"] {
            assert_eq!(read(&[value]).await, Ok(Some("a-1".into())));
        }
        assert!(read(&[&"k".repeat(MAX_BYTES)]).await.is_ok());
        let long = "k".repeat(MAX_BYTES + 1);
        for wrong in [
            &[""][..],
            &["\"\""],
            &["a b"],
            &["\""],
            &["\"a\"b\""],
            &["a", "b"],
            &[&long],
        ] {
            assert!(
                matches!(read(wrong).await, Err(Failure::BadRequest(_))),
                "{wrong:?}"
            );
        }
    }
}
