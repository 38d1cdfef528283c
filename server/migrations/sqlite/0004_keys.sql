-- The index of the senders' keys begins with the key. Keys in the order of time, as UUIDs of version 7
-- are (RFC 9562 §5.7), all go to its last page; before, each sender's had a page of its own, and a
-- commit logs each page that it changes. SQLite cannot drop a UNIQUE from a table, so this one is built
-- anew, and its indexes last, for what is sorted first goes in quickly.

CREATE TABLE messages_new (
    mid             INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    sender_uid      INTEGER NOT NULL,
    client_msg_id   TEXT,                               -- NULL: the sender gave none
    content         TEXT    NOT NULL,
    msg_type        INTEGER NOT NULL,
    created_at      INTEGER NOT NULL
);

INSERT INTO messages_new
SELECT mid, conversation_id, seq, sender_uid, client_msg_id, content, msg_type, created_at
  FROM messages;

-- An id is never given twice, not even one whose message is gone.
DELETE FROM sqlite_sequence WHERE name = 'messages_new';
INSERT INTO sqlite_sequence (name, seq)
SELECT 'messages_new', seq FROM sqlite_sequence WHERE name = 'messages';

DROP TABLE messages;
ALTER TABLE messages_new RENAME TO messages;
CREATE UNIQUE INDEX messages_by_place ON messages (conversation_id, seq);     -- dense, in order (promise 1)
CREATE UNIQUE INDEX messages_by_key ON messages (client_msg_id, sender_uid);  -- the idempotent send
