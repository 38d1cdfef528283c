//! Finding the links in a text, and how much of an address may be shown as it stands. What they look
//! like is the bubble's business.

use std::borrow::Cow;
use tidings_shared::visible::is_format;

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Words.
    Text(&'a str),
    /// A web address.
    Link(&'a str),
}

/// What an address begins with; in the last case "http://" is left out.
const BEGINNINGS: [&str; 3] = ["http://", "https://", "www."];

/// A text cut into words and links, in order and complete.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut done, mut from) = (0, 0);
    while let Some(start) = next_beginning(text, from) {
        let before = text[..start].chars().next_back();
        let end = start + link_length(&text[start..], before);
        let address = &text[start..end];
        from = end.max(start + 1);
        // Within a word it begins nothing; "www." not within an address of another kind either.
        let glued = |c: char| c.is_ascii_alphanumeric() || is_www(address) && "@/.-_".contains(c);
        if before.is_some_and(glued) || !names_a_host(address) {
            continue;
        }
        if done < start {
            pieces.push(Piece::Text(&text[done..start]));
        }
        pieces.push(Piece::Link(address));
        done = end;
    }
    if done < text.len() {
        pieces.push(Piece::Text(&text[done..]));
    }
    pieces
}

/// Where a link leads.
pub fn href(address: &str) -> Cow<'_, str> {
    if is_www(address) {
        format!("http://{address}").into()
    } else {
        address.into()
    }
}

/// A link as it is shown: with its host in Punycode (`ascii_host`, as the browser reads it) where the
/// host may look like another one. Other alphabets have letters that cannot be told from Latin ones,
/// so only ASCII and whole labels of Chinese, Japanese or Korean stand as they were written (stricter
/// than Unicode Technical Standard 39, §5.2, which takes tables).
pub fn shown<'a>(address: &'a str, ascii_host: &str) -> Cow<'a, str> {
    let start = authority_start(address);
    let authority = authority(address);
    let host = authority.split(':').next().unwrap_or_default();
    if host.split('.').all(is_plain_label) {
        return address.into();
    }
    let (before, after) = (&address[..start], &address[start + host.len()..]);
    [before, ascii_host, after].concat().into()
}

fn is_plain_label(label: &str) -> bool {
    let is_cjk = |c: char| {
        matches!(
            c,
            '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{3400}'..='\u{4dbf}'
                | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{20000}'..='\u{3ffff}'
        )
    };
    let is_neutral = |c: char| c.is_ascii_digit() || c == '-';
    label.is_ascii() || label.chars().all(|c| is_cjk(c) || is_neutral(c))
}

fn is_www(address: &str) -> bool {
    let www = BEGINNINGS[2].as_bytes();
    address
        .as_bytes()
        .get(..www.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(www))
}

fn next_beginning(text: &str, from: usize) -> Option<usize> {
    let rest = &text.as_bytes()[from..];
    let found = |beginning: &str| {
        rest.windows(beginning.len())
            .position(|window| window.eq_ignore_ascii_case(beginning.as_bytes()))
    };
    let first = BEGINNINGS.into_iter().filter_map(found).min();
    first.map(|at| from + at)
}

fn authority_start(address: &str) -> usize {
    if is_www(address) {
        return 0;
    }
    address.find("//").map_or(address.len(), |at| at + 2)
}

/// The host and its port.
fn authority(address: &str) -> &str {
    let rest = &address[authority_start(address)..];
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    &rest[..end]
}

/// Whether an address leads somewhere, and says so: what stands before an `@` only looks like a host.
fn names_a_host(address: &str) -> bool {
    let authority = authority(address);
    let begins = |c: char| c.is_alphanumeric() || c == '[';
    authority.starts_with(begins)
        && !authority.contains('@')
        && (!is_www(address)
            || authority
                .split('.')
                .filter(|label| !label.is_empty())
                .count()
                > 2)
}

/// An address goes on to the first space, quote, angle bracket or CJK punctuation, or character that
/// only arranges others: what is shown is what it leads to. What then ends a sentence is not part of
/// it, nor is a bracket that was opened before the address, or a mark of emphasis that stands
/// `before` it too.
fn link_length(text: &str, before: Option<char>) -> usize {
    let end = text
        .find(|c: char| {
            c.is_whitespace()
                || c.is_control()
                || is_format(c)
                || "<>\"“”‘’「」『』《》，。！？；：、（）".contains(c)
        })
        .unwrap_or(text.len());
    let mut link = &text[..end];
    while let Some(last) = link.chars().next_back() {
        let unopened = |open: char, close: char| {
            last == close && link.matches(open).count() < link.matches(close).count()
        };
        let emphasis = "*_~".contains(last) && before == Some(last);
        if ".,!?;:'".contains(last) || emphasis || unopened('(', ')') || unopened('[', ']') {
            link = &link[..link.len() - last.len_utf8()];
        } else {
            break;
        }
    }
    link.len()
}

#[cfg(test)]
#[path = "links_tests.rs"]
mod tests;
