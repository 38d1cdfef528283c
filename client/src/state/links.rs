//! Finding the links in a text. What they look like is the bubble's business.

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Words.
    Text(&'a str),
    /// An `http` or `https` address, to be shown and followed as it stands.
    Link(&'a str),
}

/// A text cut into words and links, in order and complete.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut done, mut from) = (0, 0);
    while let Some(start) = next_scheme(text, from) {
        let end = start + link_length(&text[start..]);
        let host = text[start..end]
            .split_once("//")
            .map_or("", |(_, rest)| rest);
        let before = text.as_bytes()[..start].last();
        let glued = before.is_some_and(u8::is_ascii_alphanumeric);
        from = end.max(start + "http".len());
        if glued || !host.starts_with(char::is_alphanumeric) {
            continue;
        }
        if done < start {
            pieces.push(Piece::Text(&text[done..start]));
        }
        pieces.push(Piece::Link(&text[start..end]));
        done = end;
    }
    if done < text.len() {
        pieces.push(Piece::Text(&text[done..]));
    }
    pieces
}

fn next_scheme(text: &str, from: usize) -> Option<usize> {
    let rest = &text.as_bytes()[from..];
    let found = |scheme: &str| {
        rest.windows(scheme.len())
            .position(|window| window.eq_ignore_ascii_case(scheme.as_bytes()))
    };
    [found("http://"), found("https://")]
        .into_iter()
        .flatten()
        .min()
        .map(|at| from + at)
}

/// An address goes on to the first space, quote, angle bracket or CJK punctuation; what then ends
/// a sentence, and a bracket that was opened before the address, is not part of it.
fn link_length(text: &str) -> usize {
    let end = text
        .find(|c: char| {
            c.is_whitespace()
                || c.is_control()
                || "<>\"“”‘’「」『』《》，。！？；：、（）".contains(c)
        })
        .unwrap_or(text.len());
    let mut link = &text[..end];
    while let Some(last) = link.chars().next_back() {
        let unopened = |open: char, close: char| {
            last == close && link.matches(open).count() < link.matches(close).count()
        };
        if ".,!?;:'*_~".contains(last) || unopened('(', ')') || unopened('[', ']') {
            link = &link[..link.len() - last.len_utf8()];
        } else {
            break;
        }
    }
    link.len()
}

#[cfg(test)]
mod tests {
    use super::Piece::{Link, Text};
    use super::pieces;

    #[test]
    fn a_link_ends_before_the_punctuation_of_its_sentence() {
        assert_eq!(
            pieces("See https://example.org/a?b=1#c, or (http://x.org/y)."),
            [
                Text("See "),
                Link("https://example.org/a?b=1#c"),
                Text(", or ("),
                Link("http://x.org/y"),
                Text(")."),
            ]
        );
    }

    #[test]
    fn chinese_text_needs_no_spaces_around_a_link() {
        assert_eq!(
            pieces("请看https://example.org/路径，谢谢"),
            [
                Text("请看"),
                Link("https://example.org/路径"),
                Text("，谢谢"),
            ]
        );
    }

    #[test]
    fn brackets_that_belong_to_an_address_stay() {
        assert_eq!(
            pieces("https://en.example.org/Rust_(language)"),
            [Link("https://en.example.org/Rust_(language)")]
        );
    }

    #[test]
    fn only_http_and_https_are_links() {
        for text in [
            "javascript:alert(1)",
            "http://",
            "https:///x",
            "",
            "www.example.org",
        ] {
            assert!(
                pieces(text).iter().all(|piece| matches!(piece, Text(_))),
                "{text}"
            );
        }
        assert_eq!(pieces("HTTPS://A.ORG"), [Link("HTTPS://A.ORG")]);
    }

    #[test]
    fn nothing_is_lost() {
        for text in [
            "a http://b.c d https://e.f",
            "http://a http:// b",
            "xhttp://a.b",
            "，http://a。",
        ] {
            let joined: String = pieces(text)
                .into_iter()
                .map(|piece| match piece {
                    Text(text) | Link(text) => text,
                })
                .collect();
            assert_eq!(joined, text);
        }
    }
}
