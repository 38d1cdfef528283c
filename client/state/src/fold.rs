//! Long texts: how many lines they take, and what of them is shown at first.

/// Bytes of text in a line, estimated.
const LINE_BYTES: usize = 80;

/// A text of more lines than this is folded.
const MAX_LINES: usize = 30;

/// Lines shown of a folded text: clearly fewer, or unfolding would hardly show more.
const FOLDED_LINES: usize = 20;

/// How many lines a text takes before it is unfolded, by an estimate.
pub(super) fn lines_shown(text: &str) -> usize {
    lines(folded(text).unwrap_or(text))
}

/// The beginning of a text that is too long to be shown at once.
pub fn folded(text: &str) -> Option<&str> {
    if lines(text) <= MAX_LINES {
        return None;
    }
    let (mut left, mut end) = (FOLDED_LINES, 0);
    for line in text.split_inclusive('\n') {
        end += line.floor_char_boundary(left * LINE_BYTES);
        left = left.saturating_sub(lines(line.trim_end_matches('\n')));
        if left == 0 {
            break;
        }
    }
    Some(text[..end].trim_end_matches('\n'))
}

fn lines(text: &str) -> usize {
    let lines = text.split('\n');
    lines.map(|line| line.len() / LINE_BYTES + 1).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_texts_are_folded() {
        for text in [
            "",
            "short",
            &"x\n".repeat(MAX_LINES - 1),
            &"x".repeat(LINE_BYTES * 29),
        ] {
            assert_eq!(folded(text), None);
            assert_eq!(lines_shown(text), lines(text));
        }
    }

    #[test]
    fn folded_text_is_a_prefix_cut_between_characters() {
        let numbered: Vec<String> = (0..4000).map(|n| n.to_string()).collect();
        let numbered = numbered.join("\n");
        let shown = folded(&numbered).expect("long");
        assert!(numbered.starts_with(shown) && shown.ends_with("\n19"));
        let ends = "\n".repeat(4000);
        for text in [&ends, &"字".repeat(2700), &format!("{ends}x")] {
            let shown = folded(text).expect("long");
            assert!(text.starts_with(shown) && lines_shown(text) <= FOLDED_LINES + 1);
        }
    }
}
