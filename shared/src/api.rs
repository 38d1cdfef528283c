//! The JSON bodies of the HTTP API.

use crate::{GroupId, UserId};
use serde::{Deserialize, Serialize};

/// `POST /api/login`, request.
#[derive(Clone, Serialize, Deserialize)]
pub struct Login {
    /// As registered; upper and lower case do not matter.
    pub email: String,
    /// In plain text: serve over TLS.
    pub password: String,
}

/// `POST /api/login`, response.
#[derive(Clone, Serialize, Deserialize)]
pub struct LoggedIn {
    /// The user logged in.
    #[serde(flatten)]
    pub user: User,
    /// The session's bearer token, for programs; browsers get it as a cookie that scripts cannot
    /// read.
    pub token: String,
}

/// `GET /api/server`: what a client may know before a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Whether anybody may register.
    pub registration: bool,
}

/// `POST /api/register`, request; the response is that of a login.
#[derive(Clone, Serialize, Deserialize)]
pub struct Register {
    /// Unique; upper and lower case do not matter.
    pub email: String,
    /// 1 to [`USERNAME_CHARS`](crate::limits::USERNAME_CHARS) characters.
    pub username: String,
    /// [`PASSWORD_CHARS`](crate::limits::PASSWORD_CHARS) characters or more.
    pub password: String,
}

/// The public profile of a user; also the response to `GET /api/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The id.
    pub uid: UserId,
    /// The name shown.
    pub username: String,
    /// URL of a picture; empty: none.
    pub avatar: String,
}

/// `PATCH /api/me`, request; the response is the changed [`User`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewName {
    /// 1 to [`USERNAME_CHARS`](crate::limits::USERNAME_CHARS) characters.
    pub username: String,
}

/// `PUT /api/me/password`, request. Every other login of the user ends.
#[derive(Clone, Serialize, Deserialize)]
pub struct NewPassword {
    /// The current password.
    pub old: String,
    /// [`PASSWORD_CHARS`](crate::limits::PASSWORD_CHARS) characters or more.
    pub new: String,
}

/// `GET /api/me/logins`: the last used first, at most 100.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logins {
    /// The logins that have not ended.
    pub logins: Vec<Device>,
}

/// A login as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// The id for ending it; grants no access.
    pub id: String,
    /// The `User-Agent` of the login; empty: not known, as for one by `tidings token issue`.
    pub agent: String,
    /// When it was created, in ms since 1970.
    pub created_at: i64,
    /// When it was last used, in ms since 1970, to within some minutes; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<i64>,
    /// Whether the request used this login.
    pub current: bool,
}

/// `GET /api/users?after=UID&limit=N`: by uid, upwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Users {
    /// The users of the page.
    pub users: Vec<User>,
    /// The `after` of the next page; absent: this is the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<UserId>,
}

/// `POST /api/groups`, request. The user who asks becomes the owner and a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewGroup {
    /// 1 to [`GROUP_NAME_CHARS`](crate::limits::GROUP_NAME_CHARS) characters.
    pub name: String,
    /// The other members; with the owner at most [`GROUP_MEMBERS`](crate::limits::GROUP_MEMBERS).
    #[serde(default)]
    pub members: Vec<UserId>,
}

/// `POST /api/groups/ID/members`, request; only for the owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewMembers {
    /// The users to add; those who are members already stay members.
    pub uids: Vec<UserId>,
}

/// A group as its members see it: the response to every request about one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The id.
    pub group_id: GroupId,
    /// The name shown.
    pub name: String,
    /// URL of a picture; empty: none.
    pub avatar: String,
    /// The user who created it.
    pub owner: UserId,
    /// The number of members, with the owner.
    pub members: u64,
}

/// The body of every response that is not 2xx.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// For programs.
    pub code: ProblemCode,
    /// For people.
    pub message: String,
}

/// What went wrong with an HTTP request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// 400: the body or the query is not as documented.
    BadRequest,
    /// 401: no user has this email and password.
    BadCredentials,
    /// 401: no valid login.
    NotLoggedIn,
    /// 403: the operator locked this account.
    Locked,
    /// 400: a password that is common or quickly guessed.
    CommonPassword,
    /// 403: the current password is wrong.
    WrongPassword,
    /// 403: the request comes from a page of another origin.
    ForeignOrigin,
    /// 403: only the group's owner may do that.
    Forbidden,
    /// 404: no such path, or no such group of the user.
    NotFound,
    /// 409: a limit on groups or members is reached.
    LimitReached,
    /// 422: the `Idempotency-Key` was used with another request before.
    KeyReused,
    /// 409: another user has this email.
    EmailTaken,
    /// 429: too many attempts; `Retry-After` says when.
    TooManyAttempts,
    /// 503: the server or its store cannot answer now; try again later.
    Unavailable,
    /// A code this version does not know.
    #[serde(other)]
    Unknown,
}

/// The presence of a user; best effort, may be some seconds late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Presence {
    /// The user.
    pub uid: UserId,
    /// Whether any device of theirs is connected.
    pub online: bool,
    /// When the last device disconnected, in ms since 1970; absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<i64>,
}

/// `GET /api/presence?uids=UID,UID…`, at most 200.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceList {
    /// In the order of the request.
    pub presence: Vec<Presence>,
}
