//! The two pages: logging in, and everything after it.

mod chat;
mod login;

pub use chat::ChatPage;
pub use login::LoginPage;
