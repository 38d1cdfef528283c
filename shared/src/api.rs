//! The JSON bodies of the HTTP API.

use crate::{GroupId, UserId};
use serde::{Deserialize, Serialize};

/// `POST /api/login`, the question.
#[derive(Clone, Serialize, Deserialize)]
pub struct Login {
    /// As registered; upper and lower case do not matter.
    pub email: String,
    /// In the clear: serve over TLS.
    pub password: String,
}

/// `POST /api/login`, the answer.
#[derive(Clone, Serialize, Deserialize)]
pub struct LoggedIn {
    /// Who.
    #[serde(flatten)]
    pub user: User,
    /// The session's bearer token, for programs; browsers have it as a cookie they cannot read.
    pub token: String,
}

/// `GET /api/server`: what somebody may know before they log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Whether anybody may register.
    pub registration: bool,
}

/// `POST /api/register`, the question; the answer is that of a login.
#[derive(Clone, Serialize, Deserialize)]
pub struct Register {
    /// Nobody else's; upper and lower case do not matter.
    pub email: String,
    /// 1 to [`USERNAME_CHARS`](crate::limits::USERNAME_CHARS) characters.
    pub username: String,
    /// [`PASSWORD_CHARS`](crate::limits::PASSWORD_CHARS) characters or more.
    pub password: String,
}

/// A user as everyone may see them; also the answer to `GET /api/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The id.
    pub uid: UserId,
    /// The name shown.
    pub username: String,
    /// URL of a picture; empty: none.
    pub avatar: String,
}

/// `PATCH /api/me`, the question; the answer is the [`User`] as they are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewName {
    /// 1 to [`USERNAME_CHARS`](crate::limits::USERNAME_CHARS) characters.
    pub username: String,
}

/// `PUT /api/me/password`, the question. Every other login of the user ends.
#[derive(Clone, Serialize, Deserialize)]
pub struct NewPassword {
    /// The one that holds until now.
    pub old: String,
    /// [`PASSWORD_CHARS`](crate::limits::PASSWORD_CHARS) characters or more.
    pub new: String,
}

/// `GET /api/me/logins`: those used last first, at most 100.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logins {
    /// The logins that have not ended.
    pub logins: Vec<Device>,
}

/// A login as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// What to call it by when it is to end: it lets nobody in.
    pub id: String,
    /// The `User-Agent` it was made with; empty: not known, as of one made with
    /// `tidings token issue`.
    pub agent: String,
    /// When it was made, in ms since 1970.
    pub created_at: i64,
    /// When it was last in use, in ms since 1970, to some minutes; absent: not yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<i64>,
    /// Whether the question came with this one.
    pub current: bool,
}

/// `GET /api/users?after=UID&limit=N`: by uid, upwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Users {
    /// A page of them.
    pub users: Vec<User>,
    /// Give this as `after` for the next page; absent: this was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<UserId>,
}

/// `POST /api/groups`, the question: who asks becomes the owner and a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewGroup {
    /// 1 to [`GROUP_NAME_CHARS`](crate::limits::GROUP_NAME_CHARS) characters.
    pub name: String,
    /// The others; with the owner at most [`GROUP_MEMBERS`](crate::limits::GROUP_MEMBERS).
    #[serde(default)]
    pub members: Vec<UserId>,
}

/// `POST /api/groups/ID/members`, the question; only the owner may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewMembers {
    /// Who is added; those who are members already stay so.
    pub uids: Vec<UserId>,
}

/// A group as its members see it: the answer to every request about one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The id.
    pub group_id: GroupId,
    /// The name shown.
    pub name: String,
    /// URL of a picture; empty: none.
    pub avatar: String,
    /// Who made it.
    pub owner: UserId,
    /// How many members it has, the owner among them.
    pub members: u64,
}

/// The body of every answer that is not 2xx.
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
    /// 400: a password that many people have, or that is guessed in no time.
    CommonPassword,
    /// 403: the password that holds until now is another.
    WrongPassword,
    /// 403: the request comes from a page of another origin.
    ForeignOrigin,
    /// 403: only the group's owner may do that.
    Forbidden,
    /// 404: no such address, or no such group of the asker's.
    NotFound,
    /// 409: a group has as many members as it may have.
    LimitReached,
    /// 422: an `Idempotency-Key` that came with another request before.
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

/// How a user stands; a hint that may be some seconds late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Presence {
    /// Who.
    pub uid: UserId,
    /// Whether any device of theirs is connected.
    pub online: bool,
    /// When the last one left, in ms since 1970; absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<i64>,
}

/// `GET /api/presence?uids=UID,UID…`, at most 200.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceList {
    /// In the order they were asked for.
    pub presence: Vec<Presence>,
}
