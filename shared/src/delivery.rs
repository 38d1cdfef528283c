//! The server's half of delivery: one [`Feed`] per connection.
//!
//! A feed decides what is pushed to its connection and when: live messages while the [`Window`] has
//! capacity, otherwise pages read from the store. It holds only the messages in the window, so a
//! slow reader costs the bytes of its window and no more. The driver runs the [`FeedEffect`]s;
//! sockets, stores and clocks belong to the driver, never to this module.

mod feed;
mod window;

pub use feed::{DeliveryCursor, Feed, FeedEffect, FeedItem, ReadRequest};
pub use window::{Due, Timing, Window};
