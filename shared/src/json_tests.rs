use super::{Unreadable, field, read};
use crate::Peer;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Colour {
    DarkRed,
    Mixed(u32),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Everything {
    whole: i64,
    natural: u64,
    small: u8,
    is_so: bool,
    text: String,
    nothing: (),
    maybe: Option<String>,
    #[serde(default)]
    absent: bool,
    colour: Colour,
    more: Vec<Everything>,
}

fn colour() -> impl Strategy<Value = Colour> {
    prop_oneof![Just(Colour::DarkRed), any::<u32>().prop_map(Colour::Mixed)]
}

fn everything() -> impl Strategy<Value = Everything> {
    let numbers = (any::<i64>(), any::<u64>(), any::<u8>());
    let rest = (any::<(bool, String, Option<String>)>(), colour());
    let leaf = (numbers, rest).prop_map(|((whole, natural, small), (rest, colour))| Everything {
        whole,
        natural,
        small,
        is_so: rest.0,
        text: rest.1,
        nothing: (),
        maybe: rest.2,
        absent: rest.0,
        colour,
        more: Vec::new(),
    });
    leaf.prop_recursive(3, 12, 3, |inner| {
        (inner.clone(), proptest::collection::vec(inner, 0..3))
            .prop_map(|(outer, more)| Everything { more, ..outer })
    })
}

/// What `serde_json` reads from a text.
fn theirs<'de, T: Deserialize<'de>>(text: &'de str) -> Option<T> {
    serde_json::from_str(text).ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_serde_json_writes_is_read(value in everything(), is_pretty: bool) {
        let text = if is_pretty {
            serde_json::to_string_pretty(&value)
        } else {
            serde_json::to_string(&value)
        };
        prop_assert_eq!(read(&text.expect("strings as keys")), Ok(value));
    }

    #[test]
    fn what_serde_json_reads_is_read_the_same(
        value in everything(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), "[\\x00-\\x7f]"), 1..3),
    ) {
        let mut text = serde_json::to_string(&value).expect("strings as keys");
        for (index, with) in edits {
            let at = index.index(text.len());
            if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
                text.replace_range(at..=at, &with);
            }
        }
        if let Some(value) = theirs::<Everything>(&text) {
            prop_assert_eq!(read(&text), Ok(value));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text: String) {
        let _ = read::<Everything>(&text);
        let _ = field(&text, "data");
    }
}

#[test]
fn strings_are_unescaped_and_only_whole_characters_are_taken() {
    for text in [
        r#""plain""#,
        r#""\"\\\/\b\f\n\r\t\u00e9\u4F60\ud83e\udd80 and so on""#,
        r#""\ud83e""#,
        r#""\ud83ex""#,
        r#""\ud83e\u0041""#,
        r#""\udd80""#,
        r#""\x""#,
        r#""\u12""#,
        r#""\u+123""#,
        "\"a\nb\"",
        r#""no end"#,
        r#""no end\"#,
    ] {
        assert_eq!(read::<String>(text).ok(), theirs(text), "{text}");
    }
}

#[test]
fn a_string_without_escapes_is_a_part_of_the_text() {
    assert_eq!(read::<&str>(r#" "here" "#), Ok("here"));
    assert_eq!(read::<&str>(r#""he\u0072e""#), Err(Unreadable));
}

#[test]
fn objects_and_arrays_end_where_they_should() {
    for text in [
        "[]",
        " [ 1 , 2 ] ",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1",
        "1]",
        "[1]]",
        "[1.5]",
        "[1e3]",
        "[a]",
        "[99999999999999999999]",
        "null",
        "",
    ] {
        assert_eq!(read::<Vec<i64>>(text).ok(), theirs(text), "{text}");
    }
    for text in [
        r#"{"otherUid":5}"#,
        r#"{"groupId":5}"#,
        r#"{"groupId":5,"otherUid":5}"#,
        r#"{"groupId":5,}"#,
        r#"{"groupId"}"#,
        r#""groupId""#,
        r#"{"else":5}"#,
    ] {
        assert_eq!(read::<Peer>(text).ok(), theirs(text), "{text}");
    }
}

#[test]
fn what_is_not_known_is_passed_over() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct One {
        known: u8,
    }
    for unknown in [
        "{}",
        "[[],{\"a\":[1.5e3,\"]\"]}]",
        "\"}\\\"\"",
        "null",
        "-0.1",
    ] {
        let text = format!(r#"{{"x":{unknown},"known":1,"y":{unknown}}}"#);
        assert_eq!(read(&text), Ok(One { known: 1 }), "{text}");
    }
    let deep = [
        "{\"x\":",
        &"[".repeat(100_000),
        &"]".repeat(100_000),
        ",\"known\":1}",
    ]
    .concat();
    assert_eq!(read(&deep), Ok(One { known: 1 }));
    assert_eq!(read::<One>(r#"{"x":]1,"known":1}"#), Err(Unreadable));
}

#[test]
fn a_field_is_found_as_it_stands() {
    let text = r#" {"a": {"data":1}, "data": [ "]", 2 ] ,"b":3}"#;
    assert_eq!(field(text, "data"), Ok(Some(r#"[ "]", 2 ]"#)));
    assert_eq!(field(text, "b"), Ok(Some("3")));
    assert_eq!(field(text, "c"), Ok(None));
    assert_eq!(field("[]", "c"), Err(Unreadable));
    assert_eq!(field(r#"{"a":}"#, "c"), Err(Unreadable));
}
