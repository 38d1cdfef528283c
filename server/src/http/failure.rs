//! Error responses.

use crate::auth::{PasswordError, UserError};
use crate::store::StoreError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::time::Duration;
use tidings_shared::api::{Problem, ProblemCode};

/// Retry delay of a login refused because too many wait: most of these are answered by then.
const BUSY_RETRY: Duration = Duration::from_secs(3);

/// Why a request failed, in terms of its response. Internal causes are logged where they are
/// converted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// 400
    #[error("{0}")]
    BadRequest(String),
    /// 400
    #[error("{0}")]
    CommonPassword(String),
    /// 401
    #[error("no user has this email and password")]
    BadCredentials,
    /// 401
    #[error("log in first")]
    NotLoggedIn,
    /// 403
    #[error("this account is locked; ask who runs this server")]
    Locked,
    /// 403
    #[error("the password that holds until now is another")]
    WrongPassword,
    /// 403
    #[error("this page's origin may not do that; see --public-url and --allowed-origins")]
    ForeignOrigin,
    /// 421
    #[error("this server is not reached under this host; see --public-url")]
    Misdirected,
    /// 421
    #[error(
        "nobody has said that this host's name is this server's: give --public-url the address in the \
         browser, or come by a bare address"
    )]
    UnknownName,
    /// 403
    #[error("only the group's owner may do that")]
    Forbidden,
    /// 404
    #[error("there is nothing at this address, or not with this method")]
    NotFound,
    /// 413
    #[error("the body is longer than this request's may be")]
    TooLarge,
    /// 409
    #[error("{0}")]
    LimitReached(String),
    /// 422
    #[error("{0}")]
    KeyReused(String),
    /// 409
    #[error("another user has this email")]
    EmailTaken,
    /// 429, with the time to wait
    #[error("too many attempts; try again in {} s", .0.as_secs().max(1))]
    TooManyAttempts(Duration),
    /// 429, with the time to wait
    #[error("this address holds as many connections as it may; try again in {} s", seconds(.0))]
    TooManyConnections(Duration),
    /// 503, with the time to wait
    #[error("the server takes no more now; try again in {} s", seconds(.0))]
    Full(Duration),
    /// 503
    #[error("the server cannot answer now; try again in a moment")]
    Unavailable,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::EmailTaken(_)) {
            return Self::EmailTaken;
        }
        tracing::error!(%error, "a request failed on the store");
        Self::Unavailable
    }
}

impl From<UserError> for Failure {
    fn from(error: UserError) -> Self {
        match error {
            UserError::CommonPassword => Self::CommonPassword(error.to_string()),
            _ => Self::BadRequest(error.to_string()),
        }
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        match error {
            // Counted where it happens.
            PasswordError::Busy => Self::Full(BUSY_RETRY),
            PasswordError::Hash(_) => {
                tracing::error!(%error, "a password could not be hashed");
                Self::Unavailable
            }
        }
    }
}

/// The value for `Retry-After`.
fn seconds(wait: &Duration) -> u64 {
    wait.as_secs().max(1)
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, code) = match self {
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, ProblemCode::BadRequest),
            Self::CommonPassword(_) => (StatusCode::BAD_REQUEST, ProblemCode::CommonPassword),
            Self::BadCredentials => (StatusCode::UNAUTHORIZED, ProblemCode::BadCredentials),
            Self::NotLoggedIn => (StatusCode::UNAUTHORIZED, ProblemCode::NotLoggedIn),
            Self::Locked => (StatusCode::FORBIDDEN, ProblemCode::Locked),
            Self::WrongPassword => (StatusCode::FORBIDDEN, ProblemCode::WrongPassword),
            Self::ForeignOrigin => (StatusCode::FORBIDDEN, ProblemCode::ForeignOrigin),
            Self::Misdirected | Self::UnknownName => {
                (StatusCode::MISDIRECTED_REQUEST, ProblemCode::ForeignOrigin)
            }
            Self::Forbidden => (StatusCode::FORBIDDEN, ProblemCode::Forbidden),
            Self::NotFound => (StatusCode::NOT_FOUND, ProblemCode::NotFound),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, ProblemCode::BadRequest),
            Self::LimitReached(_) => (StatusCode::CONFLICT, ProblemCode::LimitReached),
            Self::KeyReused(_) => (StatusCode::UNPROCESSABLE_ENTITY, ProblemCode::KeyReused),
            Self::EmailTaken => (StatusCode::CONFLICT, ProblemCode::EmailTaken),
            Self::TooManyAttempts(_) | Self::TooManyConnections(_) => {
                (StatusCode::TOO_MANY_REQUESTS, ProblemCode::TooManyAttempts)
            }
            Self::Full(_) | Self::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, ProblemCode::Unavailable)
            }
        };
        let retry_after = match self {
            Self::TooManyAttempts(ref wait)
            | Self::TooManyConnections(ref wait)
            | Self::Full(ref wait) => Some(seconds(wait)),
            Self::Unavailable => Some(1),
            _ => None,
        };
        let body = Json(Problem {
            code,
            message: self.to_string(),
        });
        let mut response = (status, body).into_response();
        if let Some(seconds) = retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
