//! Authentication: passwords, session tokens, throttling.
//!
//! A user is identified only by a session token, in a cookie or a bearer header. The store has only
//! the token's hash.

mod fields;
mod password;
mod throttle;
mod token;

pub use fields::{
    UserError, check_chosen_password, check_draft, checked_username, is_email, normal_email,
};
pub use password::{PasswordError, Passwords};
pub use throttle::{Action, Attempt, Throttle};
pub use token::Token;
