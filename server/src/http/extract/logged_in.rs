//! The login of a request.

use crate::app::AppState;
use crate::auth::Token;
use crate::clock;
use crate::http::Failure;
use crate::http::site::Site;
use crate::store::{Session, StoreError, TOUCH_INTERVAL};
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use tidings_shared::api;

/// The session cookie's name in earlier versions.
pub(crate) const OLD_COOKIE: &str = "tidings_session";

/// The cost of an HTTP request, in units of one send. Little: a page of contacts requests two
/// hundred pictures.
const REQUEST_COST: u32 = 1;

/// The name of the session cookie. It contains the port, because browsers share cookies between the
/// ports of a host. A Secure cookie gets the prefix that makes browsers accept it from this host
/// only (RFC 6265bis §4.1.3).
pub(crate) fn session_cookie(site: Site) -> String {
    let prefix = if site.secure { "__Host-" } else { "" };
    match site.port {
        Some(port) => format!("{prefix}{OLD_COOKIE}_{port}"),
        None => format!("{prefix}{OLD_COOKIE}"),
    }
}

/// A valid login. As an extractor: 401 without one, 429 beyond the user's rate limit, 503 when the
/// store fails; as an `Option` it is `None` without one.
pub(crate) struct LoggedIn {
    /// The session.
    pub session: Session,
    /// Its user.
    pub user: api::User,
}

impl FromRequestParts<AppState> for LoggedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        let login = find(parts, app).await?.ok_or(Failure::NotLoggedIn)?;
        let rate_limits = &app.admission.rate_limits;
        let charged = rate_limits.charge_request(login.user.uid, REQUEST_COST);
        charged.map_err(Failure::TooManyAttempts)?;
        Ok(login)
    }
}

impl OptionalFromRequestParts<AppState> for LoggedIn {
    type Rejection = Failure;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &AppState,
    ) -> Result<Option<Self>, Failure> {
        find(parts, app).await
    }
}

async fn find(parts: &mut Parts, app: &AppState) -> Result<Option<LoggedIn>, Failure> {
    let Ok(site) = Site::from_request_parts(parts, app).await;
    let Some(token) = token(&parts.headers, site) else {
        return Ok(None);
    };
    Ok(logged_in(app, &token).await?)
}

/// The login of a token, if it is valid.
///
/// # Errors
/// When the store fails.
pub(crate) async fn logged_in(
    app: &AppState,
    token: &Token,
) -> Result<Option<LoggedIn>, StoreError> {
    let now_ms = clock::now_ms();
    let Some((session, user)) = app.store.session(token.hash(), now_ms).await? else {
        return Ok(None);
    };
    let since_touch_ms = u128::try_from(now_ms - session.used_at).unwrap_or_default();
    if since_touch_ms >= TOUCH_INTERVAL.as_millis() {
        app.last_use.touch(session.hash, now_ms);
    }
    Ok(Some(LoggedIn { session, user }))
}

/// The bearer token (RFC 6750 §2.1), else the session cookie. Other `Authorization` schemes, such
/// as HTTP Basic (RFC 7617) for a proxy in front, are ignored.
fn token(headers: &HeaderMap, site: Site) -> Option<Token> {
    let authorization = headers.get(header::AUTHORIZATION);
    let scheme = authorization.and_then(|value| value.to_str().ok()?.split_once(' '));
    if let Some((scheme, token)) = scheme
        && scheme.eq_ignore_ascii_case("bearer")
    {
        return Token::parse(token.trim());
    }
    // Any server of the domain can set a cookie without the prefix, so where a prefixed one is
    // expected only that counts.
    in_cookie(headers, &session_cookie(site))
        .or_else(|| in_cookie(headers, OLD_COOKIE).filter(|_| !site.secure))
}

/// The token in the cookie of this name.
pub(crate) fn in_cookie(headers: &HeaderMap, wanted: &str) -> Option<Token> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == wanted)
        .and_then(|(_, value)| Token::parse(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Site = Site {
        secure: false,
        port: None,
        hsts: false,
    };

    fn token_at(headers: &HeaderMap) -> Option<Token> {
        token(headers, PLAIN)
    }

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().expect("valid"))])
    }

    #[test]
    fn token_is_found_in_the_bearer_header_or_a_cookie() {
        let token_text = "ab".repeat(32);
        let expected = Token::parse(&token_text);
        let bearer = headers(header::AUTHORIZATION, &format!("bearer {token_text}"));
        assert_eq!(token_at(&bearer), expected);
        let cookie = headers(
            header::COOKIE,
            &format!("a=b; {OLD_COOKIE}={token_text}; c=d"),
        );
        assert_eq!(token_at(&cookie), expected);
        assert_eq!(token_at(&headers(header::AUTHORIZATION, "Basic abc")), None);
        let mut both = cookie.clone();
        for (for_the_proxy, found) in [
            ("Basic abc", &expected),
            ("Digest", &expected),
            ("Bearer short", &None),
        ] {
            both.insert(header::AUTHORIZATION, for_the_proxy.parse().expect("valid"));
            assert_eq!(token_at(&both), *found, "{for_the_proxy}");
        }
        assert_eq!(
            token_at(&headers(header::COOKIE, "tidings_session=short")),
            None
        );
        assert_eq!(token_at(&HeaderMap::new()), None);
    }

    #[test]
    fn servers_on_two_ports_of_one_host_have_separate_cookies() {
        let site = |port| Site {
            secure: false,
            port: Some(port),
            hsts: false,
        };
        let [first, second] = ["ab", "cd"].map(|byte| byte.repeat(32));
        let both = format!("tidings_session_8080={first}; tidings_session_8081={second}");
        let both = headers(header::COOKIE, &both);
        assert_eq!(token(&both, site(8080)), Token::parse(&first));
        assert_eq!(token(&both, site(8081)), Token::parse(&second));
        assert_eq!(token(&both, site(8082)), None);
        let old_cookie = headers(header::COOKIE, &format!("{OLD_COOKIE}={first}"));
        assert_eq!(token(&old_cookie, site(8080)), Token::parse(&first));
        let secure = Site {
            secure: true,
            port: None,
            hsts: true,
        };
        assert_eq!(session_cookie(secure), "__Host-tidings_session");
        assert_eq!(token(&old_cookie, secure), None, "anybody may have set it");
    }
}
