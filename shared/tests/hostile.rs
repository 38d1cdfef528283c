//! Any input parses as a frame or gives a typed error, never a panic.

use proptest::prelude::*;
use tidings_shared::frame::{ClientFrame, FrameError, ServerFrame};
use tidings_shared::{Body, ErrorBody, ErrorCode, limits};

const GOOD: [&str; 9] = [
    r#"{"type":0,"data":{"uid":1000,"timeout":120000}}"#,
    r#"{"type":1,"data":{"uid":1000,"conversations":true}}"#,
    r#"{"type":2,"data":{"ownerUid":1000,"otherUid":1001,"beforeSeq":5,"limit":2}}"#,
    r#"{"type":3,"data":{"senderUid":1000,"recipientUid":1001,"content":"a\u4f60\"","msgType":1,"clientMsgId":"x"}}"#,
    r#"{"type":5,"data":{"uid":1000}}"#,
    r#"{"type":"2","data":{"ownerUid":"1000","groupId":"7","afterSeq":"0"}}"#,
    r#"{"type":6,"data":{"tid":7,"cumulative":true}}"#,
    r#"{"type":8,"data":{"after":"1-2"}}"#,
    r#"{"type":9,"data":{"groupId":7,"seq":3}}"#,
];

fn code(text: &str) -> ErrorCode {
    ErrorBody::from(ClientFrame::parse(text).expect_err("not a frame")).code
}

#[test]
fn each_kind_of_invalid_frame_has_its_own_code() {
    assert_eq!(code(""), ErrorCode::Malformed);
    assert_eq!(code("[]"), ErrorCode::Malformed);
    assert_eq!(code("{}"), ErrorCode::Malformed);
    // An array of the fields in order: serde accepts it as a struct, the protocol does not.
    assert_eq!(code(r#"[5,{"uid":1000}]"#), ErrorCode::Malformed);
    assert_eq!(code(r#"{"type":5,"data":[1000]}"#), ErrorCode::Malformed);
    assert_eq!(code(r#"{"type":-1}"#), ErrorCode::Malformed);
    assert_eq!(code(r#"{"type":4,"data":{}}"#), ErrorCode::UnknownType);
    assert_eq!(code(r#"{"type":4711}"#), ErrorCode::UnknownType);
    assert_eq!(code(r#"{"type":1}"#), ErrorCode::Malformed);
    assert_eq!(
        code(r#"{"type":1,"data":{"uid":1e400}}"#),
        ErrorCode::Malformed
    );
    assert_eq!(
        code(&"x".repeat(limits::FRAME_BYTES + 1)),
        ErrorCode::TooLarge
    );
    let deep = limits::FRAME_BYTES / 2 - 20;
    let nested = format!(
        r#"{{"type":1,"data":{}{}}}"#,
        "[".repeat(deep),
        "]".repeat(deep)
    );
    assert_eq!(code(&nested), ErrorCode::TooDeep);
    let ignored = format!(
        r#"{{"type":1,"data":{{"uid":1}},"x":{}{}}}"#,
        "[".repeat(deep),
        "]".repeat(deep)
    );
    assert_eq!(code(&ignored), ErrorCode::TooDeep);
}

#[test]
fn an_error_names_the_frame_and_the_field() {
    let error = ClientFrame::parse(r#"{"type":3,"data":{"senderUid":1000,"content":"x"}}"#);
    let Err(FrameError::BadData { kind: 3, reason }) = error else {
        panic!("{error:?}")
    };
    assert!(reason.contains("recipientUid"), "{reason}");
    let error = ClientFrame::parse(
        r#"{"type":2,"data":{"ownerUid":1,"otherUid":2,"beforeSeq":1,"afterSeq":1}}"#,
    );
    let Err(FrameError::BadData { kind: 2, reason }) = error else {
        panic!("{error:?}")
    };
    assert!(reason.contains("not both"), "{reason}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = ClientFrame::parse(&text);
        let _ = ServerFrame::parse(&text);
    }

    #[test]
    fn mutated_frames_never_panic_and_parsed_ones_round_trip(
        which in 0..GOOD.len(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 0..6),
    ) {
        let mut bytes = GOOD[which].as_bytes().to_vec();
        for (index, byte, action) in edits {
            let at = index.index(bytes.len().max(1));
            match action {
                _ if bytes.is_empty() => bytes.push(byte),
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                _ => bytes.insert(at, byte),
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        let _ = ServerFrame::parse(&text);
        if let Ok(frame) = ClientFrame::parse(&text) {
            prop_assert_eq!(ClientFrame::parse(&frame.to_json()), Ok(frame));
        }
    }

    #[test]
    fn any_text_round_trips_in_a_send(content in any::<String>()) {
        let frame = ClientFrame::parse(GOOD[3]).expect("good");
        let ClientFrame::Send(mut send) = frame else { panic!("a send") };
        send.body = Body::Text(content);
        let frame = ClientFrame::Send(send);
        prop_assert_eq!(ClientFrame::parse(&frame.to_json()), Ok(frame));
    }
}
