use super::Piece::{Link, Text};
use super::{display_address, href, pieces};

#[test]
fn link_ends_before_the_punctuation_of_its_sentence() {
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
    for link in ["https://example.org/路径", "www.example.org/路径"] {
        assert_eq!(
            pieces(&format!("请看{link}，谢谢")),
            [Text("请看"), Link(link), Text("，谢谢")]
        );
    }
}

#[test]
fn valid_address_characters_stay_in_the_link() {
    for address in [
        "https://en.example.org/Rust_(language)",
        "https://x.org/a_",
        "https://x.org/A*",
        "https://x.org/~",
        "http://[2001:db8::1]:8080/",
        "http://[2001:db8::1]",
        "www.example.org",
        "WWW.Example.org//a",
        "HTTPS://A.ORG",
    ] {
        assert_eq!(pieces(address), [Link(address)]);
    }
}

#[test]
fn emphasis_around_an_address_is_not_part_of_the_link() {
    assert_eq!(
        pieces("*https://x.org/a_*"),
        [Text("*"), Link("https://x.org/a_"), Text("*")]
    );
}

#[test]
fn link_ends_before_format_characters() {
    for c in [
        '\u{202e}',
        '\u{2066}',
        '\u{200b}',
        '\u{ad}',
        '\u{feff}',
        '\u{e0041}',
    ] {
        let rest = format!("{c}gpj.exe");
        assert_eq!(
            pieces(&format!("https://x.org/a{rest}")),
            [Link("https://x.org/a"), Text(&rest)]
        );
    }
}

#[test]
fn only_web_addresses_with_a_host_are_links() {
    for text in [
        "javascript:alert(1)",
        "http://",
        "https:///x",
        "",
        "www.",
        "www.example",
        "www..org",
        "a@www.example.org",
        "awww.example.org",
        "https://apple.com@evil.org/",
    ] {
        assert!(
            pieces(text).iter().all(|piece| matches!(piece, Text(_))),
            "{text}"
        );
    }
}

#[test]
fn address_without_a_scheme_gets_http() {
    assert_eq!(href("www.example.org"), "http://www.example.org");
    assert_eq!(href("HTTPS://www.example.org"), "HTTPS://www.example.org");
}

#[test]
fn confusable_host_is_shown_in_punycode() {
    for (address, host, expected) in [
        (
            "http://аррӏе.com:80/а",
            "xn--80ak6aa92e.com",
            "http://xn--80ak6aa92e.com:80/а",
        ),
        (
            "www.аpple.com",
            "www.xn--pple-43d.com",
            "www.xn--pple-43d.com",
        ),
        ("https://中国bank.cn", "xn--bank-y", "https://xn--bank-y"),
    ] {
        assert_eq!(display_address(address, host), expected);
    }
    for address in [
        "https://例子.中国/路径",
        "https://한국.com",
        "https://x.org/аррӏе",
        "http://[::1]:80/",
    ] {
        assert_eq!(display_address(address, "unused"), address);
    }
}

#[test]
fn pieces_add_up_to_the_text() {
    for text in [
        "a http://b.c d https://e.f",
        "http://a http:// b",
        "xhttp://a.b",
        "，http://a。",
        "www.www.a.b www.",
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
