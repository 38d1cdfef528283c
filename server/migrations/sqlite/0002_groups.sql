-- Conversations of many. A direct conversation has its two users, a group has a row in `groups`.
-- SQLite cannot drop NOT NULL from a column, so two tables are built anew: the new ones refer to
-- each other before the old ones go, so that no row is without what it refers to.

CREATE TABLE conversations_new (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    low_uid  INTEGER REFERENCES users (uid),            -- of a direct one: its two users;
    high_uid INTEGER REFERENCES users (uid),            -- NULL: it is a group
    last_seq INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    UNIQUE (low_uid, high_uid),
    CHECK ((low_uid IS NULL) = (high_uid IS NULL) AND (low_uid IS NULL OR low_uid < high_uid))
);

CREATE TABLE members_new (
    conversation_id INTEGER NOT NULL REFERENCES conversations_new (id),
    uid             INTEGER NOT NULL REFERENCES users (uid),
    joined_seq      INTEGER NOT NULL,                   -- its last place before this member
    read_seq        INTEGER NOT NULL,
    delivered_seq   INTEGER NOT NULL,
    PRIMARY KEY (uid, conversation_id)
) WITHOUT ROWID;

INSERT INTO conversations_new (id, low_uid, high_uid, last_seq, last_at)
SELECT id, low_uid, high_uid, last_seq, last_at FROM conversations;
INSERT INTO members_new (conversation_id, uid, joined_seq, read_seq, delivered_seq)
SELECT conversation_id, uid, 0, read_seq, delivered_seq FROM members;

-- An id is never given twice, not even one whose conversation is gone.
DELETE FROM sqlite_sequence WHERE name = 'conversations_new';
INSERT INTO sqlite_sequence (name, seq)
SELECT 'conversations_new', seq FROM sqlite_sequence WHERE name = 'conversations';

DROP TABLE members;
DROP TABLE conversations;
ALTER TABLE conversations_new RENAME TO conversations;
ALTER TABLE members_new RENAME TO members;

CREATE INDEX members_by_conversation ON members (conversation_id, uid);

CREATE TABLE groups (
    conversation_id INTEGER PRIMARY KEY REFERENCES conversations (id),
    name            TEXT    NOT NULL,
    avatar          TEXT    NOT NULL,                   -- URL; empty: none
    owner_uid       INTEGER NOT NULL REFERENCES users (uid),
    created_at      INTEGER NOT NULL
);
