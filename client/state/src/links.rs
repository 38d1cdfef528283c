//! Finds the links in a text, and decides how an address is displayed. Their look is the bubble's
//! business.

use std::borrow::Cow;
use tidings_shared::visible::is_format;

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text without a link.
    Text(&'a str),
    /// A web address.
    Link(&'a str),
}

/// The prefixes of an address; with the last one "http://" is left out.
const PREFIXES: [&str; 3] = ["http://", "https://", "www."];

/// A text split into plain text and links, in order and complete.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut done, mut from) = (0, 0);
    while let Some(start) = next_prefix(text, from) {
        let before = text[..start].chars().next_back();
        let end = start + link_length(&text[start..], before);
        let address = &text[start..end];
        from = end.max(start + 1);
        // A prefix within a word starts no link, nor does "www." within an address of another kind.
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

/// The URL of a link.
pub fn href(address: &str) -> Cow<'_, str> {
    if is_www(address) {
        format!("http://{address}").into()
    } else {
        address.into()
    }
}

/// The displayed form of a link: its host is in Punycode (`ascii_host`, as the browser parses it)
/// where it may be confused with another. Other alphabets have letters that look like Latin ones,
/// so only ASCII labels and labels wholly of Chinese, Japanese or Korean stay as written (stricter
/// than Unicode Technical Standard 39, §5.2, which takes tables).
pub fn display_address<'a>(address: &'a str, ascii_host: &str) -> Cow<'a, str> {
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
    let www = PREFIXES[2].as_bytes();
    address
        .as_bytes()
        .get(..www.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(www))
}

fn next_prefix(text: &str, from: usize) -> Option<usize> {
    let rest = &text.as_bytes()[from..];
    let found = |prefix: &str| {
        rest.windows(prefix.len())
            .position(|window| window.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    let first = PREFIXES.into_iter().filter_map(found).min();
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

/// Whether an address has a plain host: one with user info before an `@` is no link, because that
/// may look like the host.
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

/// The length of the link at the start of `text`: up to the first space, quote, angle bracket, CJK
/// punctuation or format character, so that what is displayed is the target. Trailing punctuation
/// of the sentence is not part of it, nor is a closing bracket opened before the address, or an
/// emphasis mark that also stands `before` it.
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
