//! Frames 0 to 7, as far as the load generator needs them.

use crate::stamp::Stamp;
use serde::Deserialize;
use std::borrow::Cow;
use std::fmt::Write as _;

/// The recipient of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipient {
    /// A user.
    User(i64),
    /// A group.
    Group(i64),
}

/// A frame from the server. Other fields are skipped.
#[derive(Debug, Deserialize)]
pub struct Frame<'a> {
    /// The frame type.
    #[serde(rename = "type")]
    pub kind: u32,
    /// The id of a push.
    #[serde(default)]
    pub tid: u64,
    /// In the answer to a heartbeat: the interval, in ms.
    pub timeout: Option<u64>,
    /// In the answer to a bind.
    #[serde(borrow)]
    pub status: Option<Cow<'a, str>>,
    /// The data.
    #[serde(borrow, default)]
    pub data: Data<'a>,
}

/// The fields of `data` in any of the frames.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Data<'a> {
    /// A message's sequence number.
    #[serde(default)]
    pub seq: u64,
    /// A message's text.
    #[serde(borrow)]
    pub content: Option<Cow<'a, str>>,
    /// In an answer to a send and in an error.
    #[serde(borrow)]
    pub client_msg_id: Option<Cow<'a, str>>,
    /// In the answer to a bind: the heartbeat interval, in ms.
    pub timeout: Option<u64>,
    /// The code of an error.
    #[serde(borrow)]
    pub code: Option<Cow<'a, str>>,
    /// In an error: the time before a retry, in ms.
    pub retry_ms: Option<u64>,
}

impl<'a> Frame<'a> {
    /// Parses a frame.
    ///
    /// # Errors
    /// When the text is not a frame.
    pub fn parse(text: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }
}

/// Type 0.
pub fn heartbeat(uid: i64, interval_ms: u128) -> String {
    format!(r#"{{"type":0,"data":{{"uid":{uid},"timeout":{interval_ms}}}}}"#)
}

/// Type 1; servers of the legacy (v0) protocol ignore `all` and push everything.
pub fn bind(uid: i64) -> String {
    format!(r#"{{"type":1,"data":{{"uid":{uid},"all":true}}}}"#)
}

/// Type 3.
pub fn send(from: i64, to: Recipient, stamp: &Stamp, size: usize) -> String {
    let mut text = String::with_capacity(size.max(64) + 160);
    let (field, id) = match to {
        Recipient::User(uid) => ("recipientUid", uid),
        Recipient::Group(group) => ("groupId", group),
    };
    // Writing to a string cannot fail; a stamp needs no escapes.
    let _ = write!(
        text,
        r#"{{"type":3,"data":{{"senderUid":{from},"{field}":{id},"msgType":1,"clientMsgId":""#
    );
    stamp.write_id(&mut text);
    text.push_str(r#"","content":""#);
    stamp.write(size, &mut text);
    text.push_str(r#""}}"#);
    text
}

/// Type 6, cumulative up to this push.
pub fn ack(tid: u64) -> String {
    format!(r#"{{"type":6,"data":{{"tid":{tid},"cumulative":true}}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tidings_shared::frame::ClientFrame;

    #[test]
    fn written_frames_parse_as_client_frames() {
        let stamp = Stamp {
            run: 1,
            sender: 2,
            counter: 3,
            intended: Duration::from_micros(4),
        };
        let frames = [
            heartbeat(1000, 45_000),
            bind(1000),
            send(1000, Recipient::User(1001), &stamp, 100),
            send(1000, Recipient::Group(7), &stamp, 100),
            ack(5),
        ];
        for frame in frames {
            assert!(ClientFrame::parse(&frame).is_ok(), "{frame}");
        }
    }

    #[test]
    fn server_frames_are_parsed() {
        let push = r#"{"type":4,"tid":7,"dup":true,"data":{"mid":9,"seq":8,"content":"a\"b","msgType":1,"ownerName":"张三"}}"#;
        let frame = Frame::parse(push).expect("a frame");
        assert_eq!((frame.kind, frame.tid, frame.data.seq), (4, 7, 8));
        assert_eq!(frame.data.content.as_deref(), Some("a\"b"));
        let error = r#"{"type":7,"data":{"code":"busy","message":"…","re":3,"clientMsgId":"x"}}"#;
        let frame = Frame::parse(error).expect("a frame");
        assert_eq!(frame.data.code.as_deref(), Some("busy"));
        assert_eq!(frame.data.client_msg_id.as_deref(), Some("x"));
        let answer = Frame::parse(r#"{"type":0,"timeout":45000}"#).expect("a frame");
        assert_eq!(answer.timeout, Some(45_000));
    }
}
