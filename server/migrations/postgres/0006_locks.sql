-- Who is kept out, and what one user may take. As in 0002, nobody waits for long.
SET LOCAL lock_timeout = '2s';

ALTER TABLE users ADD COLUMN locked_at BIGINT;          -- NULL: may log in

-- Logins that were ended, for an hour: nodes look here for what nobody told them, as of a command.
CREATE TABLE ended_sessions (
    token_hash BYTEA  PRIMARY KEY,
    uid        BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL
);
CREATE INDEX ended_sessions_by_time ON ended_sessions (ended_at);

-- In how many groups each user is who is in any. A node of the version before does not count: the limit
-- is that much higher then.
CREATE TABLE group_counts (
    uid           BIGINT PRIMARY KEY REFERENCES users (uid),
    groups_joined BIGINT NOT NULL
);
INSERT INTO group_counts (uid, groups_joined)
SELECT m.uid, count(*) FROM groups g JOIN members m ON m.conversation_id = g.conversation_id GROUP BY m.uid;
