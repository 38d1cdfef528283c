//! Every limit of the protocol in one place. Limits that an operator may set are flags of
//! `tidings serve` instead.

use std::time::Duration;

/// The longest frame either end accepts, in bytes of JSON text.
pub const FRAME_BYTES: usize = 64 * 1024;

/// The most the WebSocket layer buffers for one message, in bytes. A frame between [`FRAME_BYTES`]
/// and this is answered with a typed error and the connection goes on; beyond it the connection is
/// closed, because the rest of the frame cannot be skipped without reading it.
pub const SOCKET_MESSAGE_BYTES: usize = 2 * FRAME_BYTES;

/// How deep objects and arrays may nest in a frame; those of the protocol use two levels.
pub const FRAME_DEPTH: usize = 16;

/// The longest text of a message, in bytes of UTF-8. JSON may write a byte as six (`\u0001`), and
/// even then the message fits in one frame.
pub const CONTENT_BYTES: usize = 8 * 1024;

/// The longest [`ClientMsgId`](crate::ClientMsgId), in bytes; a UUID takes 36.
pub const CLIENT_MSG_ID_BYTES: usize = 64;

/// Messages in an answer to a query when the query names no limit.
pub const PAGE_DEFAULT: u32 = 50;

/// The most messages one query may ask for. An answer also ends before [`FRAME_BYTES`]; since
/// `seq` is dense the asker sees that there is more.
pub const PAGE_MAX: u32 = 200;

/// The most conversations in one list frame.
pub const LIST_MAX: u32 = 50;

/// The highest count of unread messages of one conversation; more are reported as this many.
/// Otherwise counting would take longer the longer a user stays away, at every return.
pub const UNREAD_MAX: u32 = 1000;

/// How much of a conversation's last message its list entry shows, in characters.
pub const PREVIEW_CHARS: usize = 80;

/// Pushes a connection may leave unacknowledged, by count.
pub const WINDOW_PUSHES: usize = 64;

/// Pushes a connection may leave unacknowledged, in bytes of JSON text. One push always fits.
pub const WINDOW_BYTES: usize = 256 * 1024;

/// Sends of one connection that may wait for the store at once; the next frame is read when one of
/// them is answered.
pub const SENDS_IN_FLIGHT: usize = 64;

/// Malformed frames after which a connection is closed with 4501.
pub const STRIKES: u32 = 16;

/// The deadline for the bind, from when the WebSocket opened.
pub const BIND_DEADLINE: Duration = Duration::from_secs(10);

/// The heartbeat interval a connection starts with. The legacy (v0) page used 120 s; common NAT and
/// proxy idle limits start at 60 s (RFC 5382 asks for two hours of TCP, few give it).
pub const HEARTBEAT_START: Duration = Duration::from_secs(45);

/// The most members of a group.
pub const GROUP_MEMBERS: usize = 10_000;

/// The longest name of a group, in characters.
pub const GROUP_NAME_CHARS: usize = 64;

/// The longest name of a user, in characters. List pages rely on it: see [`LIST_MAX`].
pub const USERNAME_CHARS: usize = 64;

/// The shortest password a user may choose, in characters (NIST SP 800-63B §5.1.1.1). Operators who
/// add users may give them shorter ones.
pub const PASSWORD_CHARS: usize = 8;

/// The longest password, in bytes; longer ones only cost time to hash.
pub const PASSWORD_BYTES: usize = 1024;

/// The largest picture of a user, in bytes.
pub const AVATAR_BYTES: usize = 256 * 1024;

/// The longest side of a picture of a user.
pub const AVATAR_PIXELS: usize = 1024;

/// The most names of added members in the group's message about them.
pub const NAMES_LISTED: usize = 10;

/// The most users a connection may watch, and that one request for presence may name.
pub const WATCHED_MAX: usize = 200;
