//! Session tokens.

use crate::domain::SessionHash;
use sha2::{Digest, Sha256};
use std::fmt;

/// Random bytes of a token.
const BYTES: usize = 32;

/// A session's secret: 256 random bits in hexadecimal. Never logged: `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Generates a token.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        let mut text = String::with_capacity(2 * BYTES);
        for digit in bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
            text.extend(char::from_digit(u32::from(digit), 16));
        }
        Ok(Self(text))
    }

    /// Parses a token of a request; `None` if malformed.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = text.len() == 2 * BYTES && text.bytes().all(|b| b.is_ascii_hexdigit());
        valid.then(|| Self(text.to_owned()))
    }

    /// The hash for the store. A fast hash suffices, because 256 random bits cannot be guessed.
    pub fn hash(&self) -> SessionHash {
        SessionHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The secret, for the answer to a login.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_parse_back_and_hide_in_debug() {
        let (first, second) = (
            Token::generate().expect("random"),
            Token::generate().expect("random"),
        );
        assert_ne!(first, second);
        assert_eq!(Token::parse(first.expose()), Some(first.clone()));
        assert_eq!(Token::parse("short"), None);
        assert_eq!(Token::parse(&"g".repeat(64)), None);
        assert!(!format!("{first:?}").contains(first.expose()));
    }
}
