//! What of a text people see, as both ends judge it: whether there is anything at all, and which
//! characters do something to the text around them.

/// Whether nothing of a text can be seen: such a message says nothing, such a name names nobody.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_invisible)
}

/// Whether a character reaches beyond the text it is in: it ends the line, or turns the direction
/// of what comes after it (Unicode Standard Annex 9, §2), so that a name could rewrite the sentence
/// it is shown in.
pub fn is_unruly(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether nothing is drawn for a character. Amid others such characters have their use: the joiner
/// U+200D makes one emoji of many.
pub fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || is_format(c)
        // The rest of `Default_Ignorable_Code_Point`, and blanks that are no white space.
        || matches!(
            c,
            '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
        )
}

/// Whether a character only says how others are to be written: the general category `Cf` without the
/// few of it that are drawn.
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
    fn what_nobody_can_see_is_blank() {
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
