//! The login a request brings.

use super::Token;
use crate::app::AppState;
use crate::clock;
use crate::http::Failure;
use crate::store::{Session, VISIT_EVERY};
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use tidings_shared::api;

/// The cookie of a browser's session.
pub const SESSION_COOKIE: &str = "tidings_session";

/// A valid login. As an extractor: 401 without one, 503 when the store cannot tell; as an `Option`
/// it is `None` without one.
pub struct LoggedIn {
    /// The session.
    pub session: Session,
    /// Its user.
    pub user: api::User,
}

impl FromRequestParts<AppState> for LoggedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        find(&parts.headers, app).await?.ok_or(Failure::NotLoggedIn)
    }
}

impl OptionalFromRequestParts<AppState> for LoggedIn {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &AppState,
    ) -> Result<Option<Self>, Failure> {
        find(&parts.headers, app).await
    }
}

async fn find(headers: &HeaderMap, app: &AppState) -> Result<Option<LoggedIn>, Failure> {
    let Some(token) = token(headers) else {
        return Ok(None);
    };
    let now_ms = clock::now_ms();
    let Some((session, user)) = app.store.session(token.hash(), now_ms).await? else {
        return Ok(None);
    };
    let unnoted_ms = u128::try_from(now_ms - session.used_at).unwrap_or_default();
    if unnoted_ms >= VISIT_EVERY.as_millis() {
        app.visits.note(session.hash, now_ms);
    }
    Ok(Some(LoggedIn { session, user }))
}

/// The bearer token (RFC 6750 §2.1) or, failing that, the session cookie.
fn token(headers: &HeaderMap) -> Option<Token> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| Token::parse(token.trim()))?;
    }
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == SESSION_COOKIE)
        .and_then(|(_, value)| Token::parse(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().expect("valid"))])
    }

    #[test]
    fn a_token_is_found_in_the_bearer_header_or_among_cookies() {
        let token_text = "ab".repeat(32);
        let expected = Token::parse(&token_text);
        let bearer = headers(header::AUTHORIZATION, &format!("bearer {token_text}"));
        assert_eq!(token(&bearer), expected);
        let cookie = headers(
            header::COOKIE,
            &format!("a=b; {SESSION_COOKIE}={token_text}; c=d"),
        );
        assert_eq!(token(&cookie), expected);
        assert_eq!(token(&headers(header::AUTHORIZATION, "Basic abc")), None);
        assert_eq!(
            token(&headers(header::COOKIE, "tidings_session=short")),
            None
        );
        assert_eq!(token(&HeaderMap::new()), None);
    }
}
