//! Who is asking: passwords, sessions, origins.
//!
//! An identity comes from a session token, in a cookie or a bearer header, and from nowhere else.
//! The store has only the token's hash.

mod fields;
mod login;
mod password;
mod throttle;
mod token;

pub use fields::{
    UserError, check_chosen_password, check_draft, checked_username, is_email, normal_email,
};
pub use login::{LoggedIn, OLD_COOKIE, in_cookie, logged_in, session_cookie};
pub use password::{PasswordError, Passwords};
pub use throttle::{Attempt, Deed, Throttle};
pub use token::Token;
