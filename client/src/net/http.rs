//! The HTTP API, with the browser's `fetch`. The login is a cookie that no script sees.

use crate::dom;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::rc::Rc;
use tidings_shared::api::{
    Device, Group, Login, Logins, NewGroup, NewMembers, NewName, NewPassword, Problem, ProblemCode,
    Register, Server, User, Users,
};
use tidings_shared::{GroupId, UserId};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestInit, Response};

/// A request that takes longer has failed.
const TIMEOUT_MS: u32 = 15_000;

const JSON: &str = "application/json";

/// The number of contacts or members in a page.
const USERS_PER_PAGE: u32 = 100;

/// Why a request failed, as far as a person can act on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpError {
    /// No answer came.
    Network,
    /// No user has this email and password.
    BadCredentials,
    /// There is no valid login.
    NotLoggedIn,
    /// Too many attempts; the next is allowed after so many seconds, if the server gave a number.
    TooManyAttempts(Option<u64>),
    /// The server refuses the request: its code, and its message for people.
    Refused(ProblemCode, Rc<str>),
    /// The server gave an unexpected answer.
    Server,
}

/// The HTML of the page that the server has now.
///
/// # Errors
/// [`HttpError::Network`] and [`HttpError::Server`].
pub async fn page() -> Result<String, HttpError> {
    get("/").await
}

/// Who is logged in.
///
/// # Errors
/// [`HttpError::NotLoggedIn`] without a valid login.
pub async fn me() -> Result<User, HttpError> {
    read(&get("/api/me").await?)
}

/// Logs in.
///
/// # Errors
/// [`HttpError::BadCredentials`] and [`HttpError::TooManyAttempts`], which a person can act on.
pub async fn login(email: String, password: String) -> Result<User, HttpError> {
    // The token beside the user is for programs; browsers use the cookie.
    let body = json(&Login { email, password });
    read(&post("/api/login", &body).await?)
}

/// The server's public settings; no login is needed.
///
/// # Errors
/// [`HttpError::Network`] when it does not answer.
pub async fn server() -> Result<Server, HttpError> {
    read(&get("/api/server").await?)
}

/// Creates an account and logs in with it.
///
/// # Errors
/// [`HttpError::Refused`] for invalid input, [`HttpError::TooManyAttempts`].
pub async fn register(
    email: String,
    username: String,
    password: String,
) -> Result<User, HttpError> {
    let body = Register {
        email,
        username,
        password,
    };
    read(&post("/api/register", &json(&body)).await?)
}

/// Logs out. Being logged out already is a success.
///
/// # Errors
/// [`HttpError::Network`] when the server could not be reached.
pub async fn logout() -> Result<(), HttpError> {
    match request("POST", "/api/logout", None).await {
        Ok(_) | Err(HttpError::NotLoggedIn) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Changes the name that others see.
///
/// # Errors
/// [`HttpError::Refused`] for an invalid name.
pub async fn rename(username: String) -> Result<User, HttpError> {
    let body = json(&NewName { username });
    read(&request("PATCH", "/api/me", Some(&body)).await?)
}

/// Changes the picture that others see: a `Blob` with a picture, or `None` to have none.
///
/// # Errors
/// [`HttpError::Refused`] for a file that is no picture, or too large.
pub async fn set_avatar(picture: Option<&JsValue>) -> Result<User, HttpError> {
    let method = if picture.is_some() { "PUT" } else { "DELETE" };
    read(&send(method, "/api/me/avatar", picture, &[]).await?)
}

/// Changes the password; every other login ends.
///
/// # Errors
/// [`HttpError::Refused`] if `old` is not the password, [`HttpError::TooManyAttempts`].
pub async fn change_password(old: String, new: String) -> Result<(), HttpError> {
    let body = json(&NewPassword { old, new });
    request("PUT", "/api/me/password", Some(&body))
        .await
        .map(drop)
}

/// The logins of this account.
///
/// # Errors
/// [`HttpError::NotLoggedIn`] without a valid login.
pub async fn logins() -> Result<Vec<Device>, HttpError> {
    let answer: Logins = read(&get("/api/me/logins").await?)?;
    Ok(answer.logins)
}

/// Ends a login, or with `None` all others; one that has ended already is a success.
///
/// # Errors
/// [`HttpError::Network`] when the server could not be reached.
pub async fn end_login(id: Option<&str>) -> Result<(), HttpError> {
    let path = id.map_or_else(
        || "/api/me/logins".into(),
        |id| format!("/api/me/logins/{id}"),
    );
    match request("DELETE", &path, None).await {
        Ok(_) | Err(HttpError::Refused(ProblemCode::NotFound, _)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A page of all users of this server.
///
/// # Errors
/// [`HttpError::NotLoggedIn`] without a valid login.
pub async fn users(after: Option<UserId>) -> Result<Users, HttpError> {
    people("/api/users", after).await
}

/// Creates a group of oneself and others. Without an answer it may have been created all the same:
/// a retry with the same `key` gives the same group.
///
/// # Errors
/// [`HttpError::Refused`] for an invalid name or invalid members.
pub async fn create_group(
    name: String,
    members: Vec<UserId>,
    key: &str,
) -> Result<Group, HttpError> {
    let body = JsValue::from_str(&json(&NewGroup { name, members }));
    let key = format!("\"{key}\"");
    let headers = [("content-type", JSON), ("idempotency-key", &key)];
    read(&send("POST", "/api/groups", Some(&body), &headers).await?)
}

/// A group this user is a member of.
///
/// # Errors
/// [`HttpError::Refused`] for a group this user is not in.
pub async fn group(id: GroupId) -> Result<Group, HttpError> {
    read(&get(&format!("/api/groups/{id}")).await?)
}

/// A page of a group's members.
///
/// # Errors
/// [`HttpError::Refused`] for a group this user is not in.
pub async fn members(id: GroupId, after: Option<UserId>) -> Result<Users, HttpError> {
    people(&format!("/api/groups/{id}/members"), after).await
}

/// Adds members to a group this user owns; those who are members already stay so.
///
/// # Errors
/// [`HttpError::Refused`] for a group of another owner, and for invalid members.
pub async fn add_members(id: GroupId, uids: Vec<UserId>) -> Result<Group, HttpError> {
    let body = json(&NewMembers { uids });
    read(&post(&format!("/api/groups/{id}/members"), &body).await?)
}

async fn people(path: &str, after: Option<UserId>) -> Result<Users, HttpError> {
    let from = after.map_or_else(String::new, |uid| format!("&after={uid}"));
    read(&get(&format!("{path}?limit={USERS_PER_PAGE}{from}")).await?)
}

fn json(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("plain structs with string keys always serialize")
}

fn read<T: DeserializeOwned>(answer: &str) -> Result<T, HttpError> {
    serde_json::from_str(answer).map_err(|_| HttpError::Server)
}

async fn get(path: &str) -> Result<String, HttpError> {
    request("GET", path, None).await
}

async fn post(path: &str, json: &str) -> Result<String, HttpError> {
    request("POST", path, Some(json)).await
}

/// Sends a request with JSON or without a body.
async fn request(method: &str, path: &str, json: Option<&str>) -> Result<String, HttpError> {
    let body = json.map(JsValue::from_str);
    let headers: &[_] = if json.is_some() {
        &[("content-type", JSON)]
    } else {
        &[]
    };
    send(method, path, body.as_ref(), headers).await
}

/// Sends a request and returns the text of the answer; one that is not 2xx is an error.
async fn send(
    method: &str,
    path: &str,
    body: Option<&JsValue>,
    fields: &[(&str, &str)],
) -> Result<String, HttpError> {
    let init = RequestInit::new();
    init.set_method(method);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(TIMEOUT_MS)));
    let headers = Headers::new().map_err(|_| HttpError::Server)?;
    for (name, value) in fields {
        headers.set(name, value).map_err(|_| HttpError::Server)?;
    }
    init.set_headers(&headers);
    if let Some(body) = body {
        init.set_body(body);
    }
    let answer = JsFuture::from(dom::window().fetch_with_str_and_init(path, &init)).await;
    let response: Response = answer
        .map_err(|_| HttpError::Network)?
        .dyn_into()
        .map_err(|_| HttpError::Server)?;
    let text = response.text().map_err(|_| HttpError::Server)?;
    let text = JsFuture::from(text).await.map_err(|_| HttpError::Network)?;
    let text = text.as_string().ok_or(HttpError::Server)?;
    if response.ok() {
        Ok(text)
    } else {
        Err(problem(&response, &text))
    }
}

fn problem(response: &Response, answer: &str) -> HttpError {
    match response.status() {
        401 => match read::<Problem>(answer) {
            Ok(Problem {
                code: ProblemCode::BadCredentials,
                ..
            }) => HttpError::BadCredentials,
            _ => HttpError::NotLoggedIn,
        },
        429 => {
            let after = response.headers().get("retry-after").ok().flatten();
            HttpError::TooManyAttempts(after.and_then(|seconds| seconds.trim().parse().ok()))
        }
        400..=499 => match read::<Problem>(answer) {
            Ok(problem) => HttpError::Refused(problem.code, problem.message.into()),
            Err(error) => error,
        },
        _ => HttpError::Server,
    }
}
