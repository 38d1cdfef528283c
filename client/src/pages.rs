//! The pages: logging in, everything after it, and over that one's own account.

mod chat;
mod login;
mod profile;

pub use chat::ChatPage;
pub use login::LoginPage;
use profile::Profile;
