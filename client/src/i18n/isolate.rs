//! Names of people and groups within sentences.

use tidings_shared::visible::is_unruly;

/// First-strong isolate and pop directional isolate (Unicode Standard Annex 9, §2.4).
const FSI: char = '\u{2068}';
const PDI: char = '\u{2069}';

/// A name made safe for a sentence: right-to-left text is isolated, so that it does not reorder the
/// words around it, and characters that reach beyond the isolate are removed (the server refuses
/// such names, but may have old ones). Other names stay as they are.
pub fn isolated(name: &str) -> String {
    let mut clean: String = name.chars().filter(|c| !is_unruly(*c)).collect();
    if clean.len() != name.len() || clean.contains(is_right_to_left) {
        clean.insert(0, FSI);
        clean.push(PDI);
    }
    clean
}

/// Whether a character is in a block of a right-to-left script (`DerivedBidiClass.txt`, the
/// defaults).
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
    use tidings_client_state::GroupEvent;

    #[test]
    fn only_right_to_left_or_unruly_names_are_isolated() {
        assert_eq!(isolated("张三"), "张三");
        assert_eq!(isolated("דני 1"), "\u{2068}דני 1\u{2069}");
        assert_eq!(isolated("\u{202e}”…“"), "\u{2068}”…“\u{2069}");
        assert_eq!(isolated("\u{2066}a\u{2069}\n"), "\u{2068}a\u{2069}");
    }

    #[test]
    fn names_are_isolated_in_every_sentence() {
        let (name, expected) = ("\u{2069}\u{202e}x", "\u{2068}x\u{2069}");
        for texts in [&en::TEXTS, &zh_cn::TEXTS] {
            for sentence in [
                (texts.nothing_found)(name),
                (texts.empty_thread_hint)(name),
                (texts.messages_with)(name),
                (texts.name_and_text)(name, "text"),
                (texts.write.copied)(name, "now", "text"),
                (texts.group.remove)(name),
                (texts.group.messages_in)(name),
                (texts.group.event)(GroupEvent::Created, Some(name), "g"),
                (texts.group.event)(GroupEvent::Created, None, name),
                (texts.group.event)(GroupEvent::Added, Some("a"), name),
            ] {
                assert!(sentence.contains(expected), "{sentence:?}");
                assert!(!sentence.contains('\u{202e}'), "{sentence:?}");
            }
        }
    }
}
