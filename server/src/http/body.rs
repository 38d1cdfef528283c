//! The JSON body of a request.

use super::Failure;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

/// A JSON object, deserialized for the endpoint; anything else is a [`Failure`] with a message for
/// the developer. An array of field values, which `serde` would accept for a struct, is refused.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        // CSRF: a page of another site can send any other type without a preflight.
        if !is_json(request.headers()) {
            let reason = "the body is JSON, with `content-type: application/json`";
            return Err(Failure::BadRequest(reason.into()));
        }
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge,
            _ => Failure::BadRequest(error.body_text()),
        })?;
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(Failure::BadRequest("the body is a JSON object".into()));
        }
        let read = Json::from_bytes(&bytes);
        let Json(value) = read.map_err(|error| Failure::BadRequest(error.body_text()))?;
        Ok(Self(value))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE);
    let text = value.and_then(|value| value.to_str().ok());
    let essence = text.and_then(|text| text.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_shared::api::NewName;

    async fn read(media_type: &str, body: String) -> Result<String, Failure> {
        let request = Request::builder()
            .header(header::CONTENT_TYPE, media_type)
            .body(body.into())
            .expect("valid");
        Body::<NewName>::from_request(request, &())
            .await
            .map(|Body(body)| body.username)
    }

    #[tokio::test]
    async fn body_must_be_a_json_object_with_its_content_type() {
        let name = r#"{"username":"Ann"}"#;
        for media_type in ["application/json", "Application/JSON; charset=utf-8"] {
            assert_eq!(read(media_type, name.into()).await.as_deref(), Ok("Ann"));
        }
        assert!(read("text/plain", name.into()).await.is_err());
        for wrong in [r#"["Ann"]"#, "", "null", "{", r#"{"name":"Ann"}"#] {
            let answer = read("application/json", wrong.into()).await;
            assert!(matches!(answer, Err(Failure::BadRequest(_))), "{wrong}");
        }
        let large = format!("{{\"username\":\"{}\"}}", "a".repeat(3 << 20));
        assert_eq!(
            read("application/json", large).await,
            Err(Failure::TooLarge)
        );
    }
}
