//! Checking what a user is made from.

use crate::store::UserDraft;
use tidings_shared::UserId;
use tidings_shared::limits::{PASSWORD_BYTES, PASSWORD_CHARS, USERNAME_CHARS};

/// The longest email address (RFC 5321 §4.5.3.1: 254 with the angle brackets off).
const EMAIL_MAX: usize = 254;
/// The longest picture URL, in bytes.
const AVATAR_MAX: usize = 256;

/// What is wrong with a user to be added.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// Not an address.
    #[error("{0:?} is not an email address")]
    Email(String),
    /// Empty, too long, or with characters that do something to the text around it.
    #[error(
        "a name has 1 to {USERNAME_CHARS} characters that can be seen, none of them a control character, a line's end or an override of the writing direction"
    )]
    Name,
    /// Neither empty nor a URL a page may show.
    #[error(
        "an avatar is empty, a path on this server (/…) or an https:// URL, at most {AVATAR_MAX} bytes of printable ASCII"
    )]
    Avatar,
    /// Empty or too long.
    #[error("a password has 1 to {PASSWORD_BYTES} bytes")]
    Password,
    /// Chosen too short or too long.
    #[error(
        "a password has at least {PASSWORD_CHARS} characters and at most {PASSWORD_BYTES} bytes"
    )]
    ChosenPassword,
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
    checked_username(&draft.username)?;
    let avatar = &draft.avatar;
    let shown = avatar.is_empty() || avatar.starts_with('/') || avatar.starts_with("https://");
    if !shown || avatar.len() > AVATAR_MAX || !avatar.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(UserError::Avatar);
    }
    if draft.password.len() > PASSWORD_BYTES {
        return Err(UserError::Password);
    }
    if draft.uid.is_some_and(|uid| uid < UserId(1)) {
        return Err(UserError::Uid);
    }
    Ok(())
}

/// A name as it is kept: without white space around it.
///
/// # Errors
/// [`UserError::Name`]
pub fn checked_username(name: &str) -> Result<&str, UserError> {
    let name = name.trim();
    let fits = name.chars().count() <= USERNAME_CHARS;
    if !fits || name.contains(is_unruly) || name.chars().all(is_invisible) {
        return Err(UserError::Name);
    }
    Ok(name)
}

/// Checks a password that a person chose.
///
/// # Errors
/// [`UserError::ChosenPassword`]
pub fn check_chosen_password(password: &str) -> Result<(), UserError> {
    if password.chars().count() < PASSWORD_CHARS || password.len() > PASSWORD_BYTES {
        return Err(UserError::ChosenPassword);
    }
    Ok(())
}

/// Whether a character reaches beyond the name it is in: it ends the line, or turns the direction
/// of what comes after it (Unicode Standard Annex 9, §2), so that a name could rewrite the sentence
/// it is shown in.
fn is_unruly(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether nothing is drawn for a character (`Default_Ignorable_Code_Point`, and blanks that are no
/// white space). Among others they are kept: the joiner U+200D makes one emoji of many.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}'
                | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
                | '\u{e0000}'..='\u{e0fff}'
        )
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
        for username in ["", " ", "a\nb", &"名".repeat(USERNAME_CHARS + 1)] {
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
            password: "p".repeat(PASSWORD_BYTES + 1),
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
    #[test]
    fn a_name_can_be_seen_and_leaves_the_text_around_it_alone() {
        let family = "👨\u{200d}👩\u{200d}👧";
        for name in [
            "王五",
            family,
            "می\u{200c}خواهم",
            &"名".repeat(USERNAME_CHARS),
        ] {
            assert_eq!(checked_username(&format!("  {name}\t")), Ok(name));
        }
        for name in [
            "\u{200b}",
            "\u{3164} \u{200d}",
            "admin\u{202e}nimda",
            "\u{2066}a",
            "a\u{2028}b",
            "a\0",
        ] {
            assert_eq!(checked_username(name), Err(UserError::Name), "{name:?}");
        }
    }

    #[test]
    fn a_password_that_a_person_chooses_is_bounded_on_both_sides() {
        assert_eq!(check_chosen_password("八个字的密码够了"), Ok(()));
        assert_eq!(check_chosen_password(&"p".repeat(PASSWORD_BYTES)), Ok(()));
        for password in ["", "seven77", &"p".repeat(PASSWORD_BYTES + 1)] {
            let wrong = check_chosen_password(password);
            assert_eq!(wrong, Err(UserError::ChosenPassword));
        }
    }
}
