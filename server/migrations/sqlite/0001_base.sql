-- Ids are BIGINT (INTEGER in SQLite), times are milliseconds since 1970. No column is NULL unless
-- its absence means something.

CREATE TABLE users (
    uid           INTEGER PRIMARY KEY,
    email         TEXT    NOT NULL UNIQUE,   -- lower case
    username      TEXT    NOT NULL,
    avatar        TEXT    NOT NULL,          -- URL; empty: none
    password_hash TEXT    NOT NULL,          -- PHC string
    created_at    INTEGER NOT NULL
);

CREATE TABLE sessions (
    token_hash BLOB    PRIMARY KEY,          -- SHA-256 of the token; the token itself is not kept
    uid        INTEGER NOT NULL REFERENCES users (uid),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- A conversation is an append-only log; `last_seq` is the place of its last message.
CREATE TABLE conversations (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    low_uid  INTEGER NOT NULL REFERENCES users (uid),   -- of a direct one: its two users
    high_uid INTEGER NOT NULL REFERENCES users (uid),
    last_seq INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    UNIQUE (low_uid, high_uid),
    CHECK (low_uid < high_uid)
);

CREATE TABLE members (
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    uid             INTEGER NOT NULL REFERENCES users (uid),
    read_seq        INTEGER NOT NULL,
    delivered_seq   INTEGER NOT NULL,
    PRIMARY KEY (uid, conversation_id)
) WITHOUT ROWID;

CREATE TABLE messages (
    mid             INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    sender_uid      INTEGER NOT NULL,
    client_msg_id   TEXT,                               -- NULL: the sender gave none
    content         TEXT    NOT NULL,
    msg_type        INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    UNIQUE (conversation_id, seq),                      -- dense and in order (promise 1)
    UNIQUE (sender_uid, client_msg_id)                  -- the idempotent send
);
