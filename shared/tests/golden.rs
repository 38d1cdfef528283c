//! Every frame, byte for byte. A change here changes the protocol: change `docs/protocol.md` first.

use std::time::Duration;
use tidings_shared::api::{Presence, PresenceList, User};
use tidings_shared::frame::{
    Ack, Bind, Bound, ClientFrame, ConversationList, Heartbeat, ListConversations, Page, Push,
    Query, Read, ReadMark, Receipt, Secret, Send, ServerFrame, Unread, UnreadTotal, Watch,
    write_page, write_push, write_sent,
};
use tidings_shared::{
    Body, ClientMsgId, Conversation, Direction, ErrorBody, ErrorCode, GroupId, Message, Mid, Peer,
    Preview, Seq, Tid, UserId,
};

const ME: UserId = UserId(1000);
const OTHER: Peer = Peer::User(UserId(1001));

fn message() -> Message {
    Message {
        mid: Mid(9),
        seq: Seq(3),
        body: Body::Text("你好 <b>\"".into()),
        owner_uid: ME,
        peer: OTHER,
        direction: Direction::Sent,
        create_time: 1_700_000_000_123,
        owner_uid_avatar: String::new(),
        other_uid_avatar: "/a.png".into(),
        owner_name: "张三".into(),
        other_name: "李四".into(),
        client_msg_id: None,
    }
}

const MESSAGE: &str = r#"{"mid":9,"seq":3,"content":"你好 <b>\"","msgType":1,"ownerUid":1000,"otherUid":1001,"type":0,"createTime":1700000000123,"ownerUidAvatar":"","otherUidAvatar":"/a.png","ownerName":"张三","otherName":"李四"}"#;

fn client(frame: &ClientFrame, json: &str) {
    assert_eq!(frame.to_json(), json);
    assert_eq!(ClientFrame::parse(json).as_ref(), Ok(frame));
}

fn server(frame: &ServerFrame, json: &str) {
    assert_eq!(frame.to_json(), json);
    assert_eq!(ServerFrame::parse(json).as_ref(), Ok(frame));
}

fn query(
    before: Option<i64>,
    after: Option<i64>,
    limit: Option<u32>,
    reference: Option<u64>,
) -> Query {
    Query {
        owner_uid: ME,
        peer: OTHER,
        before_seq: before.map(Seq),
        after_seq: after.map(Seq),
        limit,
        reference,
    }
}

#[test]
fn heartbeats_carry_the_interval_in_milliseconds() {
    client(
        &ClientFrame::Heartbeat(Heartbeat {
            uid: ME,
            timeout: 120_000,
        }),
        r#"{"type":0,"data":{"uid":1000,"timeout":120000}}"#,
    );
    server(
        &ServerFrame::Heartbeat(Duration::from_secs(45)),
        r#"{"type":0,"timeout":45000}"#,
    );
}

#[test]
fn a_bind_has_a_legacy_form_and_may_ask_for_the_list() {
    client(
        &ClientFrame::Bind(Bind {
            uid: ME,
            conversations: false,
            all: false,
            missed: None,
            token: None,
        }),
        r#"{"type":1,"data":{"uid":1000}}"#,
    );
    client(
        &ClientFrame::Bind(Bind {
            uid: ME,
            conversations: false,
            all: true,
            missed: None,
            token: None,
        }),
        r#"{"type":1,"data":{"uid":1000,"all":true}}"#,
    );
    client(
        &ClientFrame::Bind(Bind {
            uid: ME,
            conversations: true,
            all: false,
            missed: Some(90_000),
            token: None,
        }),
        r#"{"type":1,"data":{"uid":1000,"conversations":true,"missed":90000}}"#,
    );
    let from_another_site = ClientFrame::Bind(Bind {
        uid: ME,
        conversations: false,
        all: false,
        missed: None,
        token: Some(Secret("5ec2e7".into())),
    });
    client(
        &from_another_site,
        r#"{"type":1,"data":{"uid":1000,"token":"5ec2e7"}}"#,
    );
    assert!(!format!("{from_another_site:?}").contains("5ec2e7"));
    let mut bound = Bound {
        uid: ME,
        username: "张三".into(),
        timeout: 45_000,
        unread: 3,
        list: None,
        epoch: None,
    };
    server(
        &ServerFrame::Bound(Box::new(bound.clone())),
        r#"{"type":1,"status":"success","data":{"uid":1000,"username":"张三","timeout":45000,"unread":3}}"#,
    );
    bound.epoch = Some("5f1e".into());
    server(
        &ServerFrame::Bound(Box::new(bound.clone())),
        r#"{"type":1,"status":"success","data":{"uid":1000,"username":"张三","timeout":45000,"unread":3,"epoch":"5f1e"}}"#,
    );
    bound.list = Some(ConversationList {
        conversations: vec![],
        next: Some("5-6".into()),
        epoch: None,
    });
    server(
        &ServerFrame::Bound(Box::new(bound)),
        r#"{"type":1,"status":"success","data":{"uid":1000,"username":"张三","timeout":45000,"unread":3,"epoch":"5f1e","conversations":[],"next":"5-6"}}"#,
    );
    server(
        &ServerFrame::BindRefused(ErrorBody::new(ErrorCode::UidMismatch).re(1)),
        r#"{"type":1,"status":"failure","data":{"code":"uid_mismatch","message":"this uid is not the one logged in","re":1}}"#,
    );
}

#[test]
fn a_query_has_a_legacy_form_and_a_paged_form() {
    client(
        &ClientFrame::Query(query(None, None, None, None)),
        r#"{"type":2,"data":{"ownerUid":1000,"otherUid":1001}}"#,
    );
    client(
        &ClientFrame::Query(query(Some(51), None, Some(50), Some(7))),
        r#"{"type":2,"data":{"ownerUid":1000,"otherUid":1001,"beforeSeq":51,"limit":50,"ref":7}}"#,
    );
    client(
        &ClientFrame::Query(Query {
            peer: Peer::Group(GroupId(7)),
            ..query(None, Some(3), None, None)
        }),
        r#"{"type":2,"data":{"ownerUid":1000,"groupId":7,"afterSeq":3}}"#,
    );
    server(
        &ServerFrame::Page(Page {
            messages: vec![message()],
            reference: None,
        }),
        &format!(r#"{{"type":2,"data":[{MESSAGE}]}}"#),
    );
    server(
        &ServerFrame::Page(Page {
            messages: vec![],
            reference: Some(7),
        }),
        r#"{"type":2,"ref":7,"data":[]}"#,
    );
}

#[test]
fn a_page_of_json_texts_equals_a_page_of_messages() {
    for (reference, count) in [(None, 0), (Some(7), 1), (None, 3)] {
        let page = Page {
            messages: vec![message(); count],
            reference,
        };
        let texts = vec![MESSAGE.to_owned(); count];
        assert_eq!(
            write_page(reference, &texts),
            ServerFrame::Page(page).to_json()
        );
    }
}

#[test]
fn a_send_may_omit_msg_type_and_client_msg_id() {
    let send = Send {
        sender_uid: ME,
        peer: OTHER,
        body: Body::Text("hi".into()),
        client_msg_id: Some(ClientMsgId("u-1".into())),
    };
    client(
        &ClientFrame::Send(send.clone()),
        r#"{"type":3,"data":{"senderUid":1000,"recipientUid":1001,"content":"hi","msgType":1,"clientMsgId":"u-1"}}"#,
    );
    assert_eq!(
        ClientFrame::parse(
            r#"{"data":{"content":"hi","recipientUid":1001,"senderUid":1000,"x":[{}]},"type":3,"y":1}"#
        ),
        Ok(ClientFrame::Send(Send {
            client_msg_id: None,
            ..send
        }))
    );
    server(
        &ServerFrame::Sent(Box::new(message())),
        &format!(r#"{{"type":3,"data":{MESSAGE}}}"#),
    );
    assert_eq!(
        write_sent(MESSAGE),
        format!(r#"{{"type":3,"data":{MESSAGE}}}"#)
    );
    let from_self = Message {
        client_msg_id: Some(ClientMsgId("u-1".into())),
        ..message()
    };
    let json = MESSAGE.replace("\"李四\"}", "\"李四\",\"clientMsgId\":\"u-1\"}");
    server(
        &ServerFrame::Sent(Box::new(from_self)),
        &format!(r#"{{"type":3,"data":{json}}}"#),
    );
}

#[test]
fn digits_in_strings_are_numbers_in_frames_0_to_6() {
    for (numbers, strings) in [
        (
            r#"{"type":0,"data":{"uid":1000,"timeout":120000}}"#,
            r#"{"type":"0","data":{"uid":"1000","timeout":"120000"}}"#,
        ),
        (
            r#"{"type":1,"data":{"uid":1000,"missed":90000}}"#,
            r#"{"type":"1","data":{"uid":"1000","missed":"90000"}}"#,
        ),
        (
            r#"{"type":2,"data":{"ownerUid":1000,"otherUid":1001,"beforeSeq":51,"limit":50,"ref":7}}"#,
            r#"{"type":"2","data":{"ownerUid":"1000","otherUid":"1001","beforeSeq":"51","limit":"50","ref":"7"}}"#,
        ),
        (
            r#"{"type":2,"data":{"ownerUid":1000,"groupId":7,"afterSeq":0}}"#,
            r#"{"type":2,"data":{"ownerUid":"1000","groupId":"7","afterSeq":"0"}}"#,
        ),
        (
            r#"{"type":3,"data":{"senderUid":1000,"recipientUid":1001,"content":"12","msgType":1,"clientMsgId":"34"}}"#,
            r#"{"type":"3","data":{"senderUid":"1000","recipientUid":"1001","content":"12","msgType":"1","clientMsgId":"34"}}"#,
        ),
        (
            r#"{"type":5,"data":{"uid":1000}}"#,
            r#"{"type":5,"data":{"uid":"1000"}}"#,
        ),
        (
            r#"{"type":6,"data":{"tid":18446744073709551615}}"#,
            r#"{"type":6,"data":{"tid":"18446744073709551615"}}"#,
        ),
    ] {
        let frame = ClientFrame::parse(strings).expect(strings);
        assert_eq!(frame.to_json(), numbers);
    }
}

#[test]
fn other_strings_and_other_fields_are_not_read_as_numbers() {
    for text in [
        r#"{"type":5,"data":{"uid":""}}"#,
        r#"{"type":5,"data":{"uid":"-1000"}}"#,
        r#"{"type":5,"data":{"uid":"+1000"}}"#,
        r#"{"type":5,"data":{"uid":" 1000"}}"#,
        r#"{"type":5,"data":{"uid":"1e3"}}"#,
        r#"{"type":5,"data":{"uid":"١٠٠٠"}}"#,
        r#"{"type":5,"data":{"uid":1000.0}}"#,
        r#"{"type":5,"data":{"uid":["1000"]}}"#,
        r#"{"type":5,"data":{"uid":null}}"#,
        // One beyond the bounds of the number, in either form.
        r#"{"type":5,"data":{"uid":9223372036854775808}}"#,
        r#"{"type":5,"data":{"uid":"9223372036854775808"}}"#,
        r#"{"type":6,"data":{"tid":"18446744073709551616"}}"#,
        r#"{"type":2,"data":{"ownerUid":1,"otherUid":2,"limit":"4294967296"}}"#,
        r#"{"type":1,"data":{"uid":1000,"all":"1"}}"#,
        r#"{"type":"8","data":{}}"#,
        r#"{"type":9,"data":{"otherUid":"1001","seq":3}}"#,
        r#"{"type":9,"data":{"otherUid":1001,"seq":"3"}}"#,
        r#"{"type":11,"data":{"uids":["1000"]}}"#,
    ] {
        assert!(ClientFrame::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_message_type_of_zero_is_text() {
    let zero = r#"{"type":3,"data":{"senderUid":1,"recipientUid":2,"content":"a","msgType":0}}"#;
    let frame = ClientFrame::parse(zero).expect(zero);
    assert_eq!(frame.to_json(), zero.replace(":0}", ":1}"));
}

#[test]
fn a_push_keeps_its_tid_and_marks_a_repeat() {
    let push = |dup| Push {
        tid: Tid(7),
        dup,
        message: message(),
    };
    let first = format!(r#"{{"type":4,"tid":7,"data":{MESSAGE}}}"#);
    let again = format!(r#"{{"type":4,"tid":7,"dup":true,"data":{MESSAGE}}}"#);
    server(&ServerFrame::Push(Box::new(push(false))), &first);
    server(&ServerFrame::Push(Box::new(push(true))), &again);
    assert_eq!(write_push(Tid(7), false, MESSAGE), first);
    assert_eq!(write_push(Tid(7), true, MESSAGE), again);
    client(
        &ClientFrame::Ack(Ack {
            tid: Tid(7),
            cumulative: false,
        }),
        r#"{"type":6,"data":{"tid":7}}"#,
    );
    client(
        &ClientFrame::Ack(Ack {
            tid: Tid(7),
            cumulative: true,
        }),
        r#"{"type":6,"data":{"tid":7,"cumulative":true}}"#,
    );
}

#[test]
fn unread_totals_and_errors_are_flat_objects() {
    client(
        &ClientFrame::Unread(Unread { uid: ME }),
        r#"{"type":5,"data":{"uid":1000}}"#,
    );
    server(
        &ServerFrame::Unread(UnreadTotal { unread: 3 }),
        r#"{"type":5,"data":{"unread":3}}"#,
    );
    let mut body = ErrorBody::new(ErrorCode::TooLong).re(3);
    body.client_msg_id = Some(ClientMsgId("u-1".into()));
    server(
        &ServerFrame::Error(body),
        r#"{"type":7,"data":{"code":"too_long","message":"a text is at most 8192 bytes","re":3,"clientMsgId":"u-1"}}"#,
    );
    server(
        &ServerFrame::BindRefused(
            ErrorBody::new(ErrorCode::Busy)
                .re(1)
                .retry_after(Duration::from_millis(4200)),
        ),
        r#"{"type":1,"status":"failure","data":{"code":"busy","message":"the server is busy; send it again in a moment","re":1,"retryMs":4200}}"#,
    );
    let newer = r#"{"type":7,"data":{"code":"from_the_future","message":"m"}}"#;
    assert!(matches!(
        ServerFrame::parse(newer),
        Ok(ServerFrame::Error(ErrorBody {
            code: ErrorCode::Unknown,
            ..
        }))
    ));
}

#[test]
fn the_list_and_the_read_mark_name_the_peer() {
    client(
        &ClientFrame::ListConversations(ListConversations { after: None }),
        r#"{"type":8,"data":{}}"#,
    );
    client(
        &ClientFrame::ListConversations(ListConversations {
            after: Some("5-6".into()),
        }),
        r#"{"type":8,"data":{"after":"5-6"}}"#,
    );
    let conversation = Conversation {
        peer: OTHER,
        name: "李四".into(),
        avatar: String::new(),
        last_seq: Seq(3),
        read_seq: Seq(1),
        unread: 2,
        delivered: Seq(3),
        peer_read: Seq(2),
        last: Preview {
            mid: Mid(9),
            body: Body::Text("hi".into()),
            direction: Direction::Received,
            create_time: 5,
            sender_name: None,
        },
    };
    server(
        &ServerFrame::Conversations(ConversationList {
            conversations: vec![conversation],
            next: None,
            epoch: None,
        }),
        r#"{"type":8,"data":{"conversations":[{"otherUid":1001,"name":"李四","avatar":"","lastSeq":3,"readSeq":1,"unread":2,"delivered":3,"peerRead":2,"last":{"mid":9,"content":"hi","msgType":1,"type":1,"createTime":5}}]}}"#,
    );
    let in_group = Conversation {
        peer: Peer::Group(GroupId(7)),
        name: "三人行".into(),
        avatar: String::new(),
        last_seq: Seq(3),
        read_seq: Seq(1),
        unread: 2,
        delivered: Seq(0),
        peer_read: Seq(0),
        last: Preview {
            mid: Mid(9),
            body: Body::Text("hi".into()),
            direction: Direction::Received,
            create_time: 5,
            sender_name: Some("李四".into()),
        },
    };
    server(
        &ServerFrame::Conversations(ConversationList {
            conversations: vec![in_group],
            next: None,
            epoch: None,
        }),
        r#"{"type":8,"data":{"conversations":[{"groupId":7,"name":"三人行","avatar":"","lastSeq":3,"readSeq":1,"unread":2,"last":{"mid":9,"content":"hi","msgType":1,"type":1,"createTime":5,"senderName":"李四"}}]}}"#,
    );
    client(
        &ClientFrame::Read(Read {
            peer: OTHER,
            seq: Seq(3),
        }),
        r#"{"type":9,"data":{"otherUid":1001,"seq":3}}"#,
    );
    server(
        &ServerFrame::Read(ReadMark {
            peer: Peer::Group(GroupId(7)),
            seq: Seq(3),
            unread: 0,
            total: 4,
        }),
        r#"{"type":9,"data":{"groupId":7,"seq":3,"unread":0,"total":4}}"#,
    );
}

#[test]
fn a_receipt_names_only_what_is_new() {
    let receipt = Receipt {
        other_uid: UserId(1001),
        delivered: Seq(17),
        read: Seq(15),
    };
    server(
        &ServerFrame::Receipt(receipt),
        r#"{"type":10,"data":{"otherUid":1001,"delivered":17,"read":15}}"#,
    );
    server(
        &ServerFrame::Receipt(Receipt {
            read: Seq(0),
            ..receipt
        }),
        r#"{"type":10,"data":{"otherUid":1001,"delivered":17}}"#,
    );
}

#[test]
fn watch_and_presence_frames_are_lists() {
    client(
        &ClientFrame::Watch(Watch {
            uids: vec![ME, UserId(1001)],
        }),
        r#"{"type":11,"data":{"uids":[1000,1001]}}"#,
    );
    let online = Presence {
        uid: ME,
        online: true,
        last_seen: None,
    };
    let gone = Presence {
        uid: UserId(1001),
        online: false,
        last_seen: Some(5),
    };
    server(
        &ServerFrame::Presence(PresenceList {
            presence: vec![online, gone],
        }),
        r#"{"type":11,"data":{"presence":[{"uid":1000,"online":true},{"uid":1001,"online":false,"lastSeen":5}]}}"#,
    );
}

#[test]
fn a_profile_is_the_user_as_everyone_may_see_them() {
    server(
        &ServerFrame::Profile(User {
            uid: ME,
            username: "张三".into(),
            avatar: "/api/avatars/ab".into(),
        }),
        r#"{"type":12,"data":{"uid":1000,"username":"张三","avatar":"/api/avatars/ab"}}"#,
    );
}
