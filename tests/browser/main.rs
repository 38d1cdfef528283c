//! The built page in real browsers, against a real server.
//!
//! `cargo xtask test` builds the page first and says where it is; alone, set `TIDINGS_CLIENT_DIR`.

mod access;
mod attention;
mod chat;
mod faults;
mod groups;
mod loading;
mod login;
mod person;
mod pictures;
mod receipts;
mod settings;
