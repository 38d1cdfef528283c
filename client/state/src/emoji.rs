//! Texts of nothing but emoji, which are shown large.

/// A text of more emoji than this is shown as any other.
const MAX_EMOJI: usize = 3;

/// Whether a character modifies the emoji before it: variation selector, skin tone, tags of flags,
/// the keycap frame.
const fn completes(c: char) -> bool {
    matches!(c, '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}' | '\u{20e3}')
}

const fn is_flag_letter(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

/// Whether a character is drawn as a picture, by itself or with U+FE0F.
const fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{231a}'..='\u{23ff}'
        | '\u{2b05}'..='\u{2b55}' | '\u{203c}' | '\u{2049}' | '\u{2934}' | '\u{2935}')
}

/// Whether a text is one to three emoji and nothing else.
pub fn is_emoji_alone(text: &str) -> bool {
    let (mut count, mut joined, mut half_flag) = (0, false, false);
    for c in text.trim().chars() {
        if c == '\u{200d}' || completes(c) {
            if count == 0 {
                return false;
            }
            joined = c == '\u{200d}';
        } else if !is_emoji(c) {
            return false;
        } else {
            let goes_on = joined || half_flag && is_flag_letter(c);
            half_flag = is_flag_letter(c) && !half_flag;
            joined = false;
            count += usize::from(!goes_on);
        }
    }
    (1..=MAX_EMOJI).contains(&count)
}

#[cfg(test)]
mod tests {
    use super::is_emoji_alone;

    #[test]
    fn one_to_three_emoji_are_large_whatever_their_length() {
        for text in ["🎉", " 👍🏽 ", "❤️", "👨‍👩‍👧‍👦", "🇨🇳🇬🇧", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "😀😀😀"]
        {
            assert!(is_emoji_alone(text), "{text}");
        }
    }

    #[test]
    fn other_texts_and_longer_rows_are_not_large() {
        for text in [
            "",
            " ",
            "ok 👍",
            "12",
            "你好",
            "😀😀😀😀",
            "\u{fe0f}",
            "\u{200d}",
        ] {
            assert!(!is_emoji_alone(text), "{text}");
        }
    }
}
