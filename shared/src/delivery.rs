//! The server's half of delivery, one [`Feed`] a connection.
//!
//! A feed decides what is pushed to its connection and when: live messages while there is room in
//! the [`Window`], otherwise pages read on from the store. It never holds a message that is not
//! in the window, so a slow reader costs the bytes of its window and no more. The driver carries
//! out [`Effect`]s; sockets, stores and clocks are its business, never this module's.

mod feed;
mod window;

pub use feed::{Effect, Feed, Item, Position, ReadRequest};
pub use window::{Due, Timing, Window};
