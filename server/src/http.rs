//! The HTTP side: the JSON API, health, the built page, and the WebSocket upgrade.
//!
//! One file per endpoint or group of related endpoints. Messages never go over HTTP.

mod avatars;
mod body;
mod extract;
mod failure;
mod groups;
mod health;
mod idempotency;
mod login;
mod logins;
mod metrics;
mod page;
mod password;
mod presence;
mod profile;
mod register;
mod request_id;
mod site;
mod socket;
mod users;

pub use failure::Failure;

use self::idempotency::IDEMPOTENCY_KEY;
use self::request_id::request_id;
use crate::app::AppState;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler as _;
use axum::http::{HeaderValue, Method, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{delete, get, post, put};
use std::time::Duration;
use tidings_shared::limits;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::timeout::TimeoutLayer;
use url::Url;

/// The largest request body in bytes, except for groups and pictures.
const BODY_BYTES: usize = 16 * 1024;
/// How long a browser may cache a CORS preflight.
const PREFLIGHT_LASTS: Duration = Duration::from_hours(1);
/// How long a request may take in total. Upgraded connections are not requests any more.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);

/// The operators' routes, for a listener of their own.
pub fn operators(app: AppState) -> Router {
    health(Router::new())
        .route("/metrics", get(metrics::metrics))
        .fallback(async || Failure::NotFound)
        .layer(TimeoutLayer::with_status_code(
            axum::http::StatusCode::SERVICE_UNAVAILABLE,
            REQUEST_LIMIT,
        ))
        .layer(CatchPanicLayer::new())
        .with_state(app)
}

fn health(router: Router<AppState>) -> Router<AppState> {
    router
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
}

/// All routes; `/metrics` only if operators have no listener of their own.
pub fn router(app: AppState) -> Router {
    let api = Router::new()
        .route("/server", get(register::server))
        .route("/register", post(register::register))
        .route("/login", post(login::login))
        .route("/logout", post(login::logout))
        .route("/me", get(users::me).patch(profile::rename))
        .route("/me/password", put(password::change))
        .route("/me/logins", get(logins::logins).delete(logins::end_others))
        .route("/me/logins/{id}", delete(logins::end))
        .route("/users", get(users::users))
        .route("/presence", get(presence::presence))
        .layer(DefaultBodyLimit::max(BODY_BYTES));
    let groups = Router::new()
        .route("/groups", post(groups::create))
        .route("/groups/{id}", get(groups::group))
        .route(
            "/groups/{id}/members",
            get(groups::members).post(groups::add_members),
        )
        .layer(DefaultBodyLimit::max(groups::BODY_BYTES));
    let avatars = Router::new()
        .route("/me/avatar", put(avatars::put).delete(avatars::delete))
        .route("/avatars/{hash}", get(avatars::get))
        .layer(DefaultBodyLimit::max(limits::AVATAR_BYTES));
    let api = api
        .merge(groups)
        .merge(avatars)
        .fallback(async || Failure::NotFound)
        .method_not_allowed_fallback(async || Failure::NotFound)
        .layer(from_fn(no_store_by_default))
        .layer(cors(&app.config.allowed_origins));
    let mut routes = health(Router::new())
        .nest("/api", api)
        .route("/ws", get(socket::upgrade));
    if app.config.metrics_listen.is_none() {
        routes = routes.route("/metrics", get(metrics::metrics));
    }
    let page = page::service(app.config.client_dir.as_deref());
    routes
        .fallback_service(page.layer(from_fn_with_state(app.clone(), page_or_socket)))
        .layer(from_fn_with_state(app.clone(), site::checked))
        .layer(from_fn(security_headers))
        .layer(TimeoutLayer::with_status_code(
            axum::http::StatusCode::SERVICE_UNAVAILABLE,
            REQUEST_LIMIT,
        ))
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(app.clone(), request_id))
        .with_state(app)
}

/// `/` is the page, and accepts upgrades like `/ws`, where legacy (v0) clients connect.
async fn page_or_socket(State(app): State<AppState>, request: Request, next: Next) -> Response {
    if request.uri().path() == "/" && site::asks_for_socket(request.method(), request.headers()) {
        return socket::upgrade.call(request, app).await;
    }
    next.run(request).await
}

/// CORS for the pages of other sites that the operator allowed: they may send requests, with the
/// cookie where the browser sends it.
fn cors(allowed: &[Url]) -> CorsLayer {
    let origins = allowed
        .iter()
        .filter_map(|url| HeaderValue::from_str(url.as_str().trim_end_matches('/')).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([header::CONTENT_TYPE, header::AUTHORIZATION, IDEMPOTENCY_KEY])
        .expose_headers([header::RETRY_AFTER])
        .max_age(PREFLIGHT_LASTS)
}

/// Sets `no-store`, unless the answer sets its own.
async fn no_store_by_default(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Sets the security headers of every answer.
async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}
