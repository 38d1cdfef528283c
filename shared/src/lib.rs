//! The Tidings protocol, shared by the server and the client.
//!
//! Frames, ids, limits, error and close codes, and the state machines of the server ([`session`],
//! [`delivery`]) and of the client ([`link`], [`timeline`], [`outbox`], [`acks`]). Everything here is a value: no
//! I/O, no clock, no randomness, no logging. Time comes in as a [`Moment`], seeds come in as
//! arguments, and actions go out as effects that a driver runs.
//!
//! # State machines
//!
//! All of them have the form of `quinn-proto`'s, and their drivers the same loop:
//!
//! - `handle_*(now, …)` passes in what happened. It may be called at any time and in any order; what
//!   does not fit the state is ignored. `now` never goes back, and is left out where time does not
//!   matter. `handle_timeout(now)` is one of them; too early, it does nothing.
//! - `poll_*()` returns the next output: an effect, or frames to send; it is given the time where that
//!   matters. After every `handle_*` the driver polls until it gets `None` (or nothing), and runs
//!   each output before it polls for the next. What comes of an output is passed in by another
//!   `handle_*`, at once or later.
//! - `poll_timeout()` returns when to call `handle_timeout` (or, where there is none, to poll) next;
//!   `None`: not before another `handle_*`. It is asked after polling, as any call may move it.
//! - Other methods are what the user does (`Outbox::write`) or look at the state, without side effects.

pub mod acks;
pub mod api;
pub mod close;
pub mod delivery;
mod error;
pub mod frame;
pub mod heartbeat;
mod id;
pub mod jitter;
pub mod limits;
pub mod link;
mod message;
mod moment;
pub mod outbox;
pub mod session;
pub mod timeline;
pub mod visible;

pub use error::{ErrorBody, ErrorCode};
pub use id::{ClientMsgId, ConversationId, GroupId, Mid, Peer, Seq, Tid, UserId};
pub use message::{Body, Conversation, Direction, GroupEvent, Message, MsgType, Preview};
pub use moment::Moment;
