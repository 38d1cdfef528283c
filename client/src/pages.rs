//! The pages: login, the chat page of a login, and the profile dialog over it.

mod chat;
mod login;
mod profile;

pub use chat::ChatPage;
pub use login::LoginPage;
use profile::Profile;
