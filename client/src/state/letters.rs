//! What is a letter. The standard library's tables know each of 140,000; here blocks of signs are
//! taken out of all that is not ASCII, which is enough to choose one to show.

/// Whether this is a letter, a digit or an ideograph.
pub const fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    !matches!(c,
        // Controls and Latin signs.
        '\u{80}'..='\u{a9}' | '\u{ab}'..='\u{b1}' | '\u{b4}' | '\u{b6}'..='\u{b8}' | '\u{bb}'
        | '\u{bf}' | '\u{d7}' | '\u{f7}' | '\u{300}'..='\u{36f}'
        // Punctuation, arrows, mathematics, boxes, old emoji.
        | '\u{2000}'..='\u{206f}' | '\u{20a0}'..='\u{20ff}' | '\u{2190}'..='\u{245f}'
        | '\u{2500}'..='\u{2bff}' | '\u{2e00}'..='\u{2e7f}' | '\u{2ff0}'..='\u{3004}'
        | '\u{3008}'..='\u{3020}' | '\u{3030}'
        // What is for private use, variations, and signs as wide as ideographs.
        | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe6f}' | '\u{fefe}'..='\u{ff0f}'
        | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}'
        | '\u{ffe0}'..='\u{ffff}'
        // Emoji, tags and all after them.
        | '\u{1f000}'..='\u{1faff}' | '\u{e0000}'..)
}

#[cfg(test)]
mod tests {
    use super::is_letter;

    #[test]
    fn letters_digits_and_ideographs_of_any_script_are() {
        for c in "aZ09éßЖяλאعहกあンㄅ가张三々〇㐀𠀀ⅣＡ９º①".chars() {
            assert!(is_letter(c) && c.is_alphanumeric(), "{c}");
        }
    }

    #[test]
    fn spaces_punctuation_and_emoji_are_not() {
        let signs = " \u{a0}-_.…—“”«»¿·×《》，。！？、　（）～￥→√■★❤️🦀👍🏽\u{200d}\u{fe0f}\u{e000}";
        for c in signs.chars() {
            assert!(!is_letter(c) && !c.is_alphanumeric(), "{c}");
        }
    }

    #[test]
    fn where_they_part_from_the_standard_library_is_where_few_look() {
        let parted = (0..0x2000)
            .filter_map(char::from_u32)
            .filter(|c| c.is_alphanumeric() && !is_letter(*c));
        // Marks that stand above a letter, never before one.
        assert!(
            parted
                .into_iter()
                .all(|c| matches!(c, '\u{300}'..='\u{36f}'))
        );
    }
}
