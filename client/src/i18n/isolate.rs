//! Names of people and groups within sentences.

use tidings_shared::visible::is_unruly;

/// First-strong isolate and pop directional isolate (Unicode Standard Annex 9, §2.4).
const FSI: char = '\u{2068}';
const PDI: char = '\u{2069}';

/// A name as a sentence may hold it: what is written from right to left is isolated, so that it does
/// not rearrange the words around it, and what would reach beyond the isolate is left out (the
/// server refuses such names; it may have old ones). A name of neither kind stays as it is.
pub fn isolated(name: &str) -> String {
    let mut clean: String = name.chars().filter(|c| !is_unruly(*c)).collect();
    if clean.len() != name.len() || clean.contains(is_right_to_left) {
        clean.insert(0, FSI);
        clean.push(PDI);
    }
    clean
}

/// The blocks of the scripts that are written so (`DerivedBidiClass.txt`, the defaults).
fn is_right_to_left(c: char) -> bool {
    matches!(
        c,
        '\u{590}'..='\u{8ff}' | '\u{200f}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}'
    )
}

#[cfg(test)]
mod tests {
    use super::super::{en, zh_cn};
    use super::isolated;
    use crate::state::Event;

    #[test]
    fn only_names_that_may_turn_a_sentence_are_isolated() {
        assert_eq!(isolated("张三"), "张三");
        assert_eq!(isolated("דני 1"), "\u{2068}דני 1\u{2069}");
        assert_eq!(isolated("\u{202e}”…“"), "\u{2068}”…“\u{2069}");
        assert_eq!(isolated("\u{2066}a\u{2069}\n"), "\u{2068}a\u{2069}");
    }

    #[test]
    fn no_name_reaches_beyond_itself_in_any_sentence() {
        let (name, kept) = ("\u{2069}\u{202e}x", "\u{2068}x\u{2069}");
        for texts in [&en::TEXTS, &zh_cn::TEXTS] {
            for sentence in [
                (texts.nothing_found)(name),
                (texts.empty_thread_hint)(name),
                (texts.messages_with)(name),
                (texts.said)(name, "text"),
                (texts.write.copied)(name, "now", "text"),
                (texts.group.remove)(name),
                (texts.group.messages_in)(name),
                (texts.group.event)(Event::Created, Some(name), "g"),
                (texts.group.event)(Event::Created, None, name),
                (texts.group.event)(Event::Added, Some("a"), name),
            ] {
                assert!(sentence.contains(kept), "{sentence:?}");
                assert!(!sentence.contains('\u{202e}'), "{sentence:?}");
            }
        }
    }
}
