//! `POST /api/login` and `POST /api/logout`.

use super::body::Body;
use super::extract::ClientAddress;
use super::extract::{LoggedIn, OLD_COOKIE, in_cookie, logged_in, session_cookie};
use super::site::Site;
use super::{Failure, logins};
use crate::app::AppState;
use crate::audit::{self, AuditEvent};
use crate::auth::{Action, Token, is_email, normal_email};
use crate::clock;
use crate::store::Session;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use std::time::Duration;
use tidings_shared::api;
use tokio::time::Instant;

/// How long a login lasts.
const SESSION_TTL: Duration = Duration::from_hours(30 * 24);
/// Characters of a `User-Agent` that are kept.
const AGENT_CHARS: usize = 256;

/// Answers with the user, the bearer token and the session cookie.
pub(super) async fn login(
    State(app): State<AppState>,
    ClientAddress(address): ClientAddress,
    site: Site,
    headers: HeaderMap,
    Body(login): Body<api::Login>,
) -> Result<Response, Failure> {
    // Earlier versions stored emails without NFKC, so both forms are tried.
    let typed = login.email.trim().to_lowercase();
    let mut emails = vec![typed, normal_email(&login.email)];
    emails.retain(|email| is_email(email));
    emails.dedup();
    // All invalid emails share one count.
    let action = Action::Login(emails.last().map_or("", String::as_str));
    let attempt = app.throttle.attempt(Instant::now(), action, address);
    let attempt = attempt.map_err(|wait| {
        audit::record(
            &app.metrics.audit,
            AuditEvent::LoginThrottled,
            address,
            None,
        );
        Failure::TooManyAttempts(wait)
    })?;

    let mut credentials = None;
    for email in &emails {
        if credentials.is_none() {
            credentials = app.store.credentials(email).await?;
        }
    }
    let hash = credentials
        .as_ref()
        .map(|credentials| credentials.password_hash.clone());
    let verified = app.passwords.verify(login.password, hash).await?;
    let uid = credentials.as_ref().map(|credentials| credentials.uid);
    let Some(credentials) = credentials.filter(|_| verified) else {
        attempt.count();
        audit::record(&app.metrics.audit, AuditEvent::LoginFailed, address, uid);
        return Err(Failure::BadCredentials);
    };
    attempt.succeeded();
    if credentials.locked {
        audit::record(
            &app.metrics.audit,
            AuditEvent::LoginLocked,
            address,
            Some(credentials.uid),
        );
        return Err(Failure::Locked);
    }
    let user = app
        .store
        .user(credentials.uid)
        .await?
        .ok_or(Failure::BadCredentials)?;
    begin(&app, site, user, &credentials.password_hash, &headers).await
}

/// Starts a session for a user who has proved the password of this PHC string; returns the
/// response.
pub(super) async fn begin(
    app: &AppState,
    site: Site,
    user: api::User,
    password_hash: &str,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let token = Token::generate().map_err(|error| {
        tracing::error!(%error, "no randomness");
        Failure::Unavailable
    })?;
    let now = clock::now_ms();
    let ttl_ms = i64::try_from(SESSION_TTL.as_millis()).unwrap_or(i64::MAX);
    let session = Session {
        hash: token.hash(),
        uid: user.uid,
        expires_at: now + ttl_ms,
        used_at: now,
    };
    let agent = agent(headers);
    let started = app
        .store
        .begin_session(&session, &agent, password_hash, now);
    // `None`: the password changed since it was verified.
    let ended = started.await?.ok_or(Failure::BadCredentials)?;
    logins::publish_logged_out(app, user.uid, ended).await;
    tracing::info!(uid = %user.uid, "logged in");

    let cookie = cookie(&session_cookie(site), token.expose(), SESSION_TTL, site)?;
    let body = Json(api::LoggedIn {
        user,
        token: token.expose().to_owned(),
    });
    Ok(([(header::SET_COOKIE, cookie)], body).into_response())
}

/// Ends the login and its connections on every node.
pub(super) async fn logout(
    State(app): State<AppState>,
    site: Site,
    login: Option<LoggedIn>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    // A cookie of an earlier version would be used next. It may also be the current one of another
    // server on this host: then it is unknown here, and stays.
    let old = match in_cookie(&headers, OLD_COOKIE) {
        Some(token) => logged_in(&app, &token).await?,
        None => None,
    };
    let mut names = vec![session_cookie(site)];
    names.extend(old.is_some().then(|| OLD_COOKIE.to_owned()));
    for LoggedIn { session, user } in login.into_iter().chain(old) {
        let app = app.clone();
        logins::run_to_completion(async move {
            app.store.end_session(user.uid, session.hash).await?;
            logins::publish_logged_out(&app, user.uid, vec![session.hash]).await;
            Ok(())
        })
        .await?;
    }
    let cleared = names.iter().map(|name| {
        cookie(name, "", Duration::ZERO, site).map(|value| (header::SET_COOKIE, value))
    });
    let cookies = AppendHeaders(cleared.collect::<Result<Vec<_>, _>>()?);
    Ok((StatusCode::NO_CONTENT, cookies).into_response())
}

/// The client's `User-Agent`.
fn agent(headers: &HeaderMap) -> String {
    let value = headers.get(header::USER_AGENT);
    let text = value.and_then(|value| value.to_str().ok());
    text.unwrap_or_default().chars().take(AGENT_CHARS).collect()
}

fn cookie(name: &str, value: &str, max_age: Duration, site: Site) -> Result<HeaderValue, Failure> {
    let secure = if site.secure { "; Secure" } else { "" };
    let seconds = max_age.as_secs();
    let text =
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    let mut value = HeaderValue::try_from(text).map_err(|_| Failure::Unavailable)?;
    value.set_sensitive(true);
    Ok(value)
}
