//! Normalization and validation of display names of users and groups.

use tidings_shared::visible::{is_blank, is_unruly};
use unicode_normalization::UnicodeNormalization as _;

/// Normalizes a name: trimmed and in Unicode NFKC, like the nicknames of RFC 8266 §2.1, so that
/// equivalent names are equal. `None`: it is empty, longer than `max_chars` or invisible, or
/// contains a control character, a line break or an override of the writing direction.
pub(crate) fn checked(name: &str, max_chars: usize) -> Option<String> {
    // A far too long name is not processed; NFKC may also shorten.
    if name.len() > 64 * max_chars {
        return None;
    }
    let name: String = name.trim().nfkc().collect();
    let name = name.trim();
    let is_fine = name.chars().count() <= max_chars && !name.contains(is_unruly) && !is_blank(name);
    is_fine.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 32;

    #[test]
    fn name_must_be_visible_and_free_of_control_characters() {
        let family = "👨\u{200d}👩\u{200d}👧";
        for name in ["王五", family, "می\u{200c}خواهم", &"名".repeat(MAX)] {
            let kept = checked(&format!("  {name}\t"), MAX);
            assert_eq!(kept.as_deref(), Some(name));
        }
        for name in [
            "",
            " \t ",
            "two\nlines",
            "\u{200b}",
            "\u{3164} \u{200d}",
            "admin\u{202e}nimda",
            "\u{202e}”…“",
            "\u{2066}a",
            "a\u{2028}b",
            "a\0",
            &"名".repeat(MAX + 1),
            &"a".repeat(1_000_000),
        ] {
            assert_eq!(checked(name, MAX), None, "{name:?}");
        }
    }

    #[test]
    fn equivalent_names_are_normalized_alike() {
        for name in ["caf\u{e9}", "cafe\u{301}"] {
            assert_eq!(checked(name, MAX).as_deref(), Some("caf\u{e9}"));
        }
        assert_eq!(checked("Ａｎｎ　１", MAX).as_deref(), Some("Ann 1"));
        let composed = "é".repeat(MAX);
        let decomposed = "e\u{301}".repeat(MAX);
        assert_eq!(checked(&decomposed, MAX), Some(composed), "counted as kept");
    }
}
