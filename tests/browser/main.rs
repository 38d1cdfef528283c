//! The built page in real browsers, against a real server.
//!
//! `cargo xtask test` builds the page first and says where it is; alone, set `TIDINGS_CLIENT_DIR`.

mod access;
mod announcer;
mod attention;
mod chat;
mod faults;
mod glide;
mod groups;
mod history;
mod input_method;
mod installed;
mod keyboard;
mod keys;
mod left;
mod loading;
mod login;
mod long_conversation;
mod past;
mod person;
mod pictures;
mod presence;
mod profile;
mod receipts;
mod settings;
mod speed;
mod writing;
