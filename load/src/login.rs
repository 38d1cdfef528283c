//! The users that connect.

use anyhow::{Context, Result, ensure};
use std::path::Path;

/// A user and a bearer token.
#[derive(Clone)]
pub struct Login {
    /// The user.
    pub uid: i64,
    /// The bearer token, for the `Authorization` header.
    pub token: String,
}

/// Reads lines of uid, tab and token, as `tidings token issue --uid A-B` prints them.
///
/// # Errors
/// When the file cannot be read, or with the line that is not of that form.
pub fn read(path: &Path) -> Result<Vec<Login>> {
    let name = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
    parse(&text).with_context(|| format!("{name} is not a list of uid, tab and token"))
}

/// Parses the lines of such a file.
///
/// # Errors
/// With the line that is not of that form.
pub fn parse(text: &str) -> Result<Vec<Login>> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty());
    lines
        .map(|(index, line)| {
            let (uid, token) = line
                .split_once('\t')
                .with_context(|| format!("line {}: no tab", index + 1))?;
            let uid = uid
                .parse()
                .with_context(|| format!("line {}: {uid:?} is no uid", index + 1))?;
            Ok(Login {
                uid,
                token: token.trim().to_owned(),
            })
        })
        .collect()
}

/// The first `wanted` users.
///
/// # Errors
/// When there are fewer.
pub fn first(logins: &[Login], wanted: usize) -> Result<&[Login]> {
    ensure!(
        logins.len() >= wanted,
        "{wanted} users are needed and the file has {}: issue more with `tidings token issue --uid A-B`",
        logins.len()
    );
    Ok(&logins[..wanted])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_lines_are_parsed_and_a_wrong_one_is_named() {
        let logins = parse("1000\tabc\n1001\tdef\n\n").expect("valid");
        assert_eq!((logins[1].uid, logins[1].token.as_str()), (1001, "def"));
        assert!(first(&logins, 2).is_ok());
        assert!(first(&logins, 3).is_err());
        for wrong in ["1000 abc", "x\tabc"] {
            let text = format!("1\tok\n{wrong}");
            let error = parse(&text).err().expect("wrong");
            assert!(error.to_string().contains("line 2"), "{error}");
        }
    }
}
