//! The outbox, drafts and refusals.

use super::*;

#[test]
fn message_shows_at_once_and_keeps_its_key_once_sent() {
    let mut tab = Tab::bound(vec![]);
    tab.open();
    tab.answer([]);
    tab.sent();
    assert!(tab.write("u-1", "hello\n"));
    let pending = tab.bubbles().remove(0);
    assert_eq!(pending.state, BubbleState::Pending);
    assert_eq!(pending.text.as_ref(), "hello");
    assert!(matches!(tab.sent()[..], [ClientFrame::Send(_)]));
    tab.frame(ServerFrame::Sent(Box::new(sent(1, "u-1"))));
    let bubbles = tab.bubbles();
    assert_eq!(bubbles.len(), 1);
    assert_eq!(
        (bubbles[0].state, &bubbles[0].key),
        (BubbleState::Sent, &pending.key)
    );
}

#[test]
fn message_written_offline_is_sent_after_the_bind() {
    let mut tab = Tab::new();
    tab.open();
    assert!(tab.write("u-1", "hello"));
    assert_eq!(tab.sent(), []);
    tab.bind(vec![]);
    assert!(
        tab.sent()
            .iter()
            .any(|frame| matches!(frame, ClientFrame::Send(_)))
    );
}

#[test]
fn push_with_own_client_msg_id_settles_the_outbox() {
    let mut tab = Tab::bound(vec![]);
    tab.open();
    tab.write("u-1", "a");
    tab.push(1, sent(1, "u-1"));
    assert!(tab.chat.outbox().is_empty());
}

#[test]
fn blank_and_too_long_texts_are_refused() {
    let mut tab = Tab::bound(vec![]);
    tab.open();
    assert!(!tab.write("u-0", "\u{200b}"));
    assert!(!tab.write("u-1", " \n\t"));
    assert!(!tab.write("u-2", &"é".repeat(5000)));
    assert!(tab.write("u-3", &"é".repeat(4096)));
}

#[test]
fn refused_message_shows_failed_until_retried_or_deleted() {
    let mut tab = Tab::bound(vec![]);
    tab.open();
    tab.write("u-1", "a");
    let mut error = ErrorBody::new(ErrorCode::UnknownRecipient).re(3);
    error.client_msg_id = Some(ClientMsgId("u-1".into()));
    tab.frame(ServerFrame::Error(error));
    assert_eq!(
        tab.bubbles()[0].state,
        BubbleState::Failed(ErrorCode::UnknownRecipient)
    );
    tab.sent();
    let id = ClientMsgId("u-1".into());
    tab.chat.retry(tab.now, &id);
    assert_eq!(tab.sent().len(), 1);
    tab.chat.delete(tab.now, &id);
    assert_eq!(tab.bubbles(), []);
}

#[test]
fn error_without_a_reference_becomes_a_notice() {
    let mut tab = Tab::bound(vec![]);
    tab.frame(ServerFrame::Error(ErrorBody::new(ErrorCode::Busy)));
    assert_eq!(tab.chat.notices().len(), 1);
    let mut error = ErrorBody::new(ErrorCode::Busy).re(2);
    error.reference = Some(99);
    tab.frame(ServerFrame::Error(error));
    assert_eq!(tab.chat.notices().len(), 1);
}

#[test]
fn draft_is_saved_and_listed_for_a_closed_conversation() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    tab.open();
    tab.chat.set_draft("half a");
    assert!(
        tab.effects()
            .contains(&Effect::SaveDraft(THEM, "half a".into()))
    );
    assert_eq!(tab.chat.list_rows()[0].text.as_ref(), "message 3");
    tab.chat.close();
    assert_eq!(tab.chat.list_rows()[0].text.as_ref(), "half a");
}

#[test]
fn log_out_discards_drafts_and_unsent_messages() {
    let mut tab = Tab::bound(vec![conversation(3, 0)]);
    tab.open();
    tab.write("u-1", "hello");
    tab.chat.set_draft("half a");
    tab.effects();
    tab.chat.discard_unsent();
    assert!(tab.effects().contains(&Effect::Forget));
    assert!(tab.chat.drafts().is_empty() && tab.chat.outbox().is_empty());
}

#[test]
fn unsaved_outbox_marks_each_message() {
    let mut tab = Tab::bound(vec![]);
    tab.open();
    tab.write("u-1", "a");
    tab.chat.outbox_saved(false);
    assert_eq!(tab.bubbles()[0].state, BubbleState::Unsaved);
    assert_eq!(tab.chat.notices()[0].kind, NoticeKind::NotSaved);
    tab.chat.outbox_saved(true);
    assert_eq!(tab.bubbles()[0].state, BubbleState::Pending);
}

#[test]
fn unsaved_draft_is_reported_once() {
    let mut tab = Tab::bound(vec![]);
    tab.chat.draft_not_saved();
    let id = tab.chat.notices()[0].id;
    tab.chat.dismiss(id);
    tab.chat.draft_not_saved();
    assert_eq!(tab.chat.notices(), []);
}

#[test]
fn message_of_a_closed_tab_is_sent() {
    let mut theirs = Tab::new();
    theirs.open();
    theirs.write("u-1", "a");
    let stored = theirs.chat.outbox().clone();
    let mut tab = Tab::bound(vec![]);
    tab.sent();
    tab.chat.follow_outbox(tab.now, stored);
    assert_eq!(tab.sent(), [], "the other one may be there");
    assert!(tab.chat.poll_timeout().is_some());
    tab.later(5000);
    assert!(matches!(&tab.sent()[..], [ClientFrame::Send(send)] if send.body.content() == "a"));
    tab.push(1, sent(1, "u-1"));
    let saved = tab.effects().into_iter().find_map(|effect| match effect {
        Effect::SaveOutbox(text) => Some(text.merged_with(theirs.chat.outbox().clone())),
        _ => None,
    });
    assert_eq!(saved, Some(None), "nothing is left of it");
}
