//! Version numbers as programs print them.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result};

/// `major.minor.patch`; whatever follows is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) major: u32,
    pub(crate) minor: u32,
    pub(crate) patch: u32,
}

impl Version {
    /// The first version in what a program prints, such as `trunk 0.21.14` or
    /// `Chromium 156.0.8078.79 built on Debian`.
    pub(crate) fn in_output(text: &str) -> Option<Self> {
        text.split_whitespace().find_map(|word| word.parse().ok())
    }
}

impl FromStr for Version {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut numbers = text.split(['.', '-', '+']);
        let mut next = || -> Option<u32> { numbers.next()?.parse().ok() };
        let mut read = || {
            Some(Self {
                major: next()?,
                minor: next()?,
                patch: next()?,
            })
        };
        read().with_context(|| format!("{text:?} is not a version like 1.2.3"))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(major: u32, minor: u32, patch: u32) -> Version {
        Version {
            major,
            minor,
            patch,
        }
    }

    #[test]
    fn versions_are_found_in_what_programs_print() {
        let found = |text| Version::in_output(text);
        assert_eq!(found("trunk 0.21.14\n"), Some(version(0, 21, 14)));
        assert_eq!(
            found("wasm-bindgen 0.2.130 (abc)"),
            Some(version(0, 2, 130))
        );
        assert_eq!(
            found("Chromium 156.0.8078.79 built on X 12"),
            Some(version(156, 0, 8078))
        );
        assert_eq!(
            found("ChromeDriver 156.0.8078.79 (a21ce95)"),
            Some(version(156, 0, 8078))
        );
        assert_eq!(found("1.2.3-beta.1"), Some(version(1, 2, 3)));
    }

    #[test]
    fn what_is_not_a_version_is_refused() {
        assert_eq!(Version::in_output("no version at all"), None);
        assert_eq!(Version::in_output("v1.2 and 3"), None);
        assert!("1.2".parse::<Version>().is_err());
    }
}
