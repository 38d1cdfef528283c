//! Appending messages: sequence numbers, keys, refusals, races.

use crate::cases::{ALL, Case, append, keyed, message, seqs};
use crate::{A, B, C, Result};
use std::sync::Arc;
use tidings_server::store::{NewMessage, Refused};
use tidings_shared::{ClientMsgId, GroupId, Peer, UserId};

on_each_store![
    seqs_are_dense_per_conversation_across_batches,
    appended_message_names_both_sides,
    client_msg_id_stores_one_message_across_batches,
    unknown_recipient_is_refused_without_a_seq_hole,
    hostile_texts_are_stored_unchanged,
    concurrent_batches_get_distinct_seqs,
    appended_message_survives_reopening,
];

async fn seqs_are_dense_per_conversation_across_batches(Case { store, .. }: Case) -> Result {
    let first = append(
        store.as_ref(),
        &[
            message(A, B, "1"),
            message(C, A, "x"),
            message(B, A, "2"),
            message(A, B, "3"),
        ],
    )
    .await?;
    assert_eq!(seqs(&first), [1, 1, 2, 3]);
    assert_eq!(first[0].conversation, first[2].conversation);
    assert_ne!(first[0].conversation, first[1].conversation);
    let second = append(store.as_ref(), &[message(B, A, "4"), message(A, C, "y")]).await?;
    assert_eq!(seqs(&second), [4, 2]);
    let stored = store.page(first[0].conversation, ALL).await?;
    let contents: Vec<_> = stored
        .iter()
        .map(|record| record.body.content().as_str())
        .collect();
    assert_eq!(contents, ["1", "2", "3", "4"]);
    assert!(stored.windows(2).all(|pair| pair[0].mid < pair[1].mid));
    assert_eq!(stored[0].mid, first[0].record.mid);
    Ok(())
}

async fn appended_message_names_both_sides(Case { store, .. }: Case) -> Result {
    let appended = append(store.as_ref(), &[keyed(B, A, "hi", "k")])
        .await?
        .remove(0);
    let message = appended.message(true);
    assert_eq!((message.owner_uid, message.peer), (B, Peer::User(A)));
    assert_eq!((&*message.owner_name, &*message.other_name), ("B", "A"));
    assert_eq!(
        (&*message.owner_uid_avatar, &*message.other_uid_avatar),
        ("/b.png", "/a.png")
    );
    assert_eq!(message.create_time, 1_000);
    assert_eq!(message.client_msg_id, Some(ClientMsgId("k".into())));
    assert_eq!(appended.message(false).client_msg_id, None);
    Ok(())
}

async fn client_msg_id_stores_one_message_across_batches(Case { store, .. }: Case) -> Result {
    let batch = [
        keyed(A, B, "1", "k"),
        keyed(A, B, "2", "k"),
        keyed(B, A, "3", "k"),
    ];
    let first = append(store.as_ref(), &batch).await?;
    assert_eq!(seqs(&first), [1, 1, 2]);
    assert_eq!(
        first.iter().map(|a| a.fresh).collect::<Vec<_>>(),
        [true, false, true]
    );
    let batch = [
        message(A, B, "4"),
        keyed(A, C, "elsewhere", "k"),
        keyed(A, B, "5", "l"),
    ];
    let second = append(store.as_ref(), &batch).await?;
    assert_eq!(second[1].record, first[0].record);
    assert_eq!(second[1].recipient, first[0].recipient);
    assert!(!second[1].fresh);
    assert_eq!(seqs(&second), [3, 1, 4]);
    let only = append(store.as_ref(), &[keyed(A, B, "again", "l")]).await?;
    assert_eq!(only[0].record, second[2].record);
    let nowhere = append(store.as_ref(), &[keyed(A, UserId(99), "x", "l")]).await?;
    assert_eq!(nowhere[0].record, second[2].record);
    Ok(())
}

async fn unknown_recipient_is_refused_without_a_seq_hole(Case { store, .. }: Case) -> Result {
    let group = NewMessage {
        peer: Peer::Group(GroupId(1)),
        ..message(A, B, "x")
    };
    let batch = [
        message(A, B, "1"),
        message(A, UserId(99), "x"),
        group,
        message(A, B, "2"),
    ];
    let results = store.append(&batch).await?;
    let seqs: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map(|appended| appended.record.seq.0))
        .collect();
    let refused = Err(&Refused::UnknownRecipient);
    assert_eq!(seqs, [Ok(1), refused, refused, Ok(2)]);
    Ok(())
}

async fn hostile_texts_are_stored_unchanged(Case { store, .. }: Case) -> Result {
    let texts = [
        "'; DROP TABLE users; --",
        "\\u0041 \" \u{1} \u{10ffff}",
        "[1,{}]",
        "null",
        "12",
    ];
    let batch: Vec<_> = texts.iter().map(|text| keyed(A, B, text, text)).collect();
    let appended = append(store.as_ref(), &batch).await?;
    let stored = store.page(appended[0].conversation, ALL).await?;
    for (record, text) in stored.iter().zip(texts) {
        assert_eq!(*record.body.content(), text);
        assert_eq!(record.client_msg_id, Some(ClientMsgId(text.into())));
    }
    let again = append(store.as_ref(), &batch).await?;
    assert!(again.iter().all(|appended| !appended.fresh));
    Ok(())
}

async fn concurrent_batches_get_distinct_seqs(Case { store, .. }: Case) -> Result {
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let batch: Vec<_> = (0..25)
                    .map(|n| {
                        keyed(
                            if task % 2 == 0 { A } else { B },
                            if task % 2 == 0 { B } else { A },
                            "x",
                            &format!("{task}-{n}"),
                        )
                    })
                    .collect();
                store.append(&batch).await
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        let results = task.await.expect("no panic")?;
        all.extend(
            results
                .into_iter()
                .map(|result| result.expect("known").record.seq.0),
        );
    }
    all.sort_unstable();
    assert_eq!(all, (1..=200).collect::<Vec<_>>());
    Ok(())
}

async fn appended_message_survives_reopening(Case { store, url, .. }: Case) -> Result {
    let id = append(store.as_ref(), &[keyed(A, B, "kept", "k")]).await?[0].conversation;
    store.close().await;
    let reopened = tidings_server::store::open(&url, tidings_server::store::READERS).await?;
    reopened.migrate().await?;
    assert_eq!(reopened.page(id, ALL).await?[0].body.content(), "kept");
    let again = append(reopened.as_ref(), &[keyed(A, B, "kept", "k")]).await?;
    assert!(!again[0].fresh);
    assert_eq!(
        seqs(&append(reopened.as_ref(), &[message(B, A, "2")]).await?),
        [2]
    );
    Ok(())
}
