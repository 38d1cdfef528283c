-- Who is kept out.

ALTER TABLE users ADD COLUMN locked_at INTEGER;         -- NULL: may log in

-- Logins that were ended, for an hour: nodes look here for what nobody told them, as of a command.
CREATE TABLE ended_sessions (
    token_hash BLOB    PRIMARY KEY,
    uid        INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL
) WITHOUT ROWID;
