//! A person who uses the page. The targets `browser`, `soak` and `measure` share it.

pub(crate) mod away;
pub(crate) mod group;
pub(crate) mod keys;
pub(crate) mod long_conversation;
pub(crate) mod past;
pub(crate) mod person;
pub(crate) mod pictures;
pub(crate) mod switching;
pub(crate) mod weight;
