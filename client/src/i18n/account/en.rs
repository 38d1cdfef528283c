//! English.

use super::AccountTexts;

pub(in crate::i18n) const TEXTS: AccountTexts = AccountTexts {
    create_one: "Create an account",
    have_one: "I have an account",
    create: "Create account",
    creating: "Creating the account…",
    name: "Name",
    password_rule: "8 characters or more",
    fill_in_all: "Enter your email, a name and a password.",
    no_address: "This is not an email address.",
    short_password: "The password needs 8 characters or more.",
    email_taken: "There is an account with this email. Log in, or use another one.",
};
