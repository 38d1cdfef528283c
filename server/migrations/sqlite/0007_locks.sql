-- Who is kept out, and what one user may take.

ALTER TABLE users ADD COLUMN locked_at INTEGER;         -- NULL: may log in

-- Logins that were ended, for an hour: nodes look here for what nobody told them, as of a command.
CREATE TABLE ended_sessions (
    token_hash BLOB    PRIMARY KEY,
    uid        INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX ended_sessions_by_time ON ended_sessions (ended_at);

-- In how many groups each user is who is in any.
CREATE TABLE group_counts (
    uid           INTEGER PRIMARY KEY REFERENCES users (uid),
    groups_joined INTEGER NOT NULL
);
INSERT INTO group_counts (uid, groups_joined)
SELECT m.uid, count(*) FROM groups g JOIN members m ON m.conversation_id = g.conversation_id GROUP BY m.uid;
