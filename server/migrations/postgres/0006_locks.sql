-- Who is kept out. As in 0002, nobody waits for long.
SET LOCAL lock_timeout = '2s';

ALTER TABLE users ADD COLUMN locked_at BIGINT;          -- NULL: may log in

-- Logins that were ended, for an hour: nodes look here for what nobody told them, as of a command.
CREATE TABLE ended_sessions (
    token_hash BYTEA  PRIMARY KEY,
    uid        BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL
);
