-- What people see of their own account: their logins, and a picture they chose.

-- Whoever looks up a login waits for the change of this table; it must not wait for long itself,
-- behind a dump for instance. It fails then, and can be started again.
SET LOCAL lock_timeout = '2s';

ALTER TABLE sessions
    ADD COLUMN agent   TEXT   NOT NULL DEFAULT '',      -- User-Agent; empty: not known
    ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;       -- 0: not yet

CREATE TABLE avatars (
    uid        BIGINT PRIMARY KEY REFERENCES users (uid),
    hash       BYTEA  NOT NULL,                         -- SHA-256 of the bytes, which is its address
    media_type TEXT   NOT NULL,
    bytes      BYTEA  NOT NULL
);
CREATE INDEX avatars_by_hash ON avatars (hash);
