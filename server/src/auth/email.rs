//! Checking what a user is made from.

use crate::store::UserDraft;
use tidings_shared::UserId;

/// The longest email address (RFC 5321 §4.5.3.1: 254 with the angle brackets off).
const EMAIL_MAX: usize = 254;
/// The longest name, in characters. List pages rely on it: see `limits::LIST_MAX`.
const NAME_MAX: usize = 64;
/// The longest picture URL, in bytes.
const AVATAR_MAX: usize = 256;
/// The longest password, in bytes; longer ones only cost time to hash.
const PASSWORD_MAX: usize = 1024;

/// What is wrong with a user to be added.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// Not an address.
    #[error("{0:?} is not an email address")]
    Email(String),
    /// Empty, too long, or with control characters.
    #[error("a name has 1 to {NAME_MAX} characters, none of them control characters")]
    Name,
    /// Neither empty nor a URL a page may show.
    #[error(
        "an avatar is empty, a path on this server (/…) or an https:// URL, at most {AVATAR_MAX} bytes of printable ASCII"
    )]
    Avatar,
    /// Empty or too long.
    #[error("a password has 1 to {PASSWORD_MAX} bytes")]
    Password,
    /// Not a positive number.
    #[error("a uid is 1 or greater")]
    Uid,
}

/// The form in which emails are stored and compared.
pub fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Checks every field. A password may be empty: such a user has none and cannot log in with one.
///
/// # Errors
/// [`UserError`] names the first that is wrong.
pub fn check_draft(draft: &UserDraft) -> Result<(), UserError> {
    let email = normal_email(&draft.email);
    let parts = email.split_once('@');
    let looks_right = parts.is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    if !looks_right
        || email.len() > EMAIL_MAX
        || email.contains(|c: char| c.is_whitespace() || c.is_control())
    {
        return Err(UserError::Email(draft.email.clone()));
    }
    let name = draft.username.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.contains(char::is_control) {
        return Err(UserError::Name);
    }
    let avatar = &draft.avatar;
    let shown = avatar.is_empty() || avatar.starts_with('/') || avatar.starts_with("https://");
    if !shown || avatar.len() > AVATAR_MAX || !avatar.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(UserError::Avatar);
    }
    if draft.password.len() > PASSWORD_MAX {
        return Err(UserError::Password);
    }
    if draft.uid.is_some_and(|uid| uid < UserId(1)) {
        return Err(UserError::Uid);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> UserDraft {
        UserDraft {
            email: "A@example.org".into(),
            username: "王五".into(),
            password: "1234".into(),
            avatar: String::new(),
            uid: None,
        }
    }

    #[test]
    fn each_field_is_checked() {
        assert_eq!(check_draft(&draft()), Ok(()));
        for email in [
            "",
            "a",
            "@b",
            "a@",
            "a@b@c",
            "a b@c",
            &format!("{}@c", "a".repeat(EMAIL_MAX)),
        ] {
            let wrong = UserDraft {
                email: email.into(),
                ..draft()
            };
            assert_eq!(check_draft(&wrong), Err(UserError::Email(email.into())));
        }
        for username in ["", " ", "a\nb", &"名".repeat(NAME_MAX + 1)] {
            let wrong = UserDraft {
                username: username.into(),
                ..draft()
            };
            assert_eq!(check_draft(&wrong), Err(UserError::Name));
        }
        let wrong = UserDraft {
            avatar: "javascript:alert(1)".into(),
            ..draft()
        };
        assert_eq!(check_draft(&wrong), Err(UserError::Avatar));
        let wrong = UserDraft {
            password: "p".repeat(PASSWORD_MAX + 1),
            ..draft()
        };
        assert_eq!(check_draft(&wrong), Err(UserError::Password));
        let wrong = UserDraft {
            uid: Some(UserId(0)),
            ..draft()
        };
        assert_eq!(check_draft(&wrong), Err(UserError::Uid));
        assert_eq!(normal_email(" A@Example.ORG "), "a@example.org");
    }
}
