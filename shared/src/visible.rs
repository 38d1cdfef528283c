//! The visibility of text, by the same rules on both ends: whether a text is blank, and which
//! characters affect the text around them.

/// Whether a text has no visible characters. Such messages and names are refused.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_invisible)
}

/// Whether a character affects the text after it: it ends the line, or changes the writing
/// direction (Unicode Standard Annex 9, §2), so that a name could alter the sentence it is shown
/// in.
pub fn is_unruly(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character is not drawn. Among others such characters are useful: the joiner U+200D
/// combines several emoji into one.
pub fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || is_format(c)
        // The rest of `Default_Ignorable_Code_Point`, and blanks that are not white space.
        || matches!(
            c,
            '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
        )
}

/// Whether a character only formats others: the general category `Cf` without the few characters of
/// it that are drawn.
pub fn is_format(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_text_is_blank() {
        for text in [
            "",
            " \n\t",
            "\u{200b}",
            "\u{3164}\u{feff}\u{202e} \u{2066}\0",
        ] {
            assert!(is_blank(text), "{text:?}");
        }
        for text in ["a", " 。", "👨\u{200d}👩", "\u{301}", "\u{202e}a"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }
}
