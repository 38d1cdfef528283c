//! Normalization and validation of a user's fields.

use crate::name;
use crate::store::UserDraft;
use tidings_shared::UserId;
use tidings_shared::limits::{PASSWORD_BYTES, PASSWORD_CHARS, USERNAME_CHARS};
use unicode_normalization::UnicodeNormalization as _;
use zxcvbn::{Score, zxcvbn};

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
    /// Empty, too long, or with characters that affect surrounding text.
    #[error(
        "a name has 1 to {USERNAME_CHARS} characters that can be seen, none of them a control character, a line's end or an override of the writing direction"
    )]
    Name,
    /// Neither empty nor a displayable URL.
    #[error(
        "an avatar is empty, a path on this server (/…) or an https:// URL, at most {AVATAR_MAX} bytes of printable ASCII"
    )]
    Avatar,
    /// Empty or too long.
    #[error("a password has 1 to {PASSWORD_BYTES} bytes")]
    Password,
    /// A chosen password that is too short or too long.
    #[error(
        "a password has at least {PASSWORD_CHARS} characters and at most {PASSWORD_BYTES} bytes"
    )]
    ChosenPassword,
    /// A chosen password that is common.
    #[error(
        "that password is guessed in no time: many have it, or one much like it; choose another"
    )]
    CommonPassword,
    /// Not positive, or beyond the exact integers of JSON.
    #[error("a uid is 1 to {}", UserId::MAX)]
    Uid,
}

/// The normalized form in which emails are stored and compared: NFKC, trimmed, lower case.
pub fn normal_email(email: &str) -> String {
    // One character more than allowed, because NFKC may expand one to eighteen.
    let start = email.trim().chars().take(EMAIL_MAX + 1);
    start.nfkc().collect::<String>().to_lowercase()
}

/// Whether text in the form of [`normal_email`] may be an email. Invalid text is not passed to the
/// store, which has limits of its own.
pub fn is_email(email: &str) -> bool {
    let parts = email.split_once('@');
    let looks_right = parts.is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    looks_right
        && email.len() <= EMAIL_MAX
        && !email.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Validates every field. An empty password is allowed: such a user cannot log in with one.
///
/// # Errors
/// [`UserError`] for the first invalid field.
pub fn check_draft(draft: &UserDraft) -> Result<(), UserError> {
    if !is_email(&normal_email(&draft.email)) {
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
    if draft
        .uid
        .is_some_and(|uid| !(UserId(1)..=UserId::MAX).contains(&uid))
    {
        return Err(UserError::Uid);
    }
    Ok(())
}

/// Normalizes a name.
///
/// # Errors
/// [`UserError::Name`]
pub fn checked_username(name: &str) -> Result<String, UserError> {
    name::checked(name, USERNAME_CHARS).ok_or(UserError::Name)
}

/// Validates a chosen password, also against what is known `about` the user. Takes some
/// milliseconds.
///
/// # Errors
/// [`UserError::ChosenPassword`], or [`UserError::CommonPassword`] when fewer than a million guesses
/// find it, by an estimate that knows the commonest ones (Wheeler, "zxcvbn", USENIX Security 2016; NIST
/// SP 800-63B §5.1.1.2 asks for such a list).
pub fn check_chosen_password(password: &str, about: &[&str]) -> Result<(), UserError> {
    // Counted in the form in which it is hashed.
    if password.len() > PASSWORD_BYTES || password.nfkc().count() < PASSWORD_CHARS {
        return Err(UserError::ChosenPassword);
    }
    if zxcvbn(password, about).score() < Score::Two {
        return Err(UserError::CommonPassword);
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
            "a\0@b.c",
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
        for (uid, expected) in [
            (i64::MIN, Err(UserError::Uid)),
            (0, Err(UserError::Uid)),
            (1, Ok(())),
            (UserId::MAX.0, Ok(())),
            (UserId::MAX.0 + 1, Err(UserError::Uid)),
            (i64::MAX, Err(UserError::Uid)),
        ] {
            let with_uid = UserDraft {
                uid: Some(UserId(uid)),
                ..draft()
            };
            assert_eq!(check_draft(&with_uid), expected, "{uid}");
        }
        assert_eq!(normal_email(" A@Example.ORG "), "a@example.org");
        for written in ["Ca\u{301}@x.org", "c\u{e1}@x.org", "ｃá＠ｘ．ｏｒｇ"] {
            assert_eq!(normal_email(written), "c\u{e1}@x.org", "{written}");
        }
    }

    #[test]
    fn chosen_password_is_bounded_on_both_sides() {
        let longest = "p3 Xq".repeat(PASSWORD_BYTES / 5);
        for password in ["八个字的密码够了", &longest] {
            assert_eq!(check_chosen_password(password, &[]), Ok(()));
        }
        for password in [
            "",
            "seven77",
            &"e\u{301}".repeat(7),
            &"p".repeat(PASSWORD_BYTES + 1),
        ] {
            let wrong = check_chosen_password(password, &[]);
            assert_eq!(wrong, Err(UserError::ChosenPassword));
        }
    }

    #[test]
    fn common_password_is_refused() {
        for password in [
            "password",
            "12345678",
            "Passw0rd1",
            "qwertyuiop",
            "iloveyou1",
        ] {
            let common = check_chosen_password(password, &[]);
            assert_eq!(common, Err(UserError::CommonPassword), "{password}");
        }
        let own = check_chosen_password(
            "zhangsan1000",
            &["zhangsan1000@example.org", "zhangsan1000"],
        );
        assert_eq!(own, Err(UserError::CommonPassword));
        assert_eq!(check_chosen_password("caf\u{e9}-Wache1", &[]), Ok(()));
    }
}
