-- What people see of their own account: their logins, and a picture they chose.

ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';      -- User-Agent; empty: not known
ALTER TABLE sessions ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;  -- 0: not yet
CREATE INDEX sessions_by_user ON sessions (uid);

CREATE TABLE avatars (
    uid        INTEGER PRIMARY KEY REFERENCES users (uid),
    hash       BLOB    NOT NULL,             -- SHA-256 of the bytes, which is its address
    media_type TEXT    NOT NULL,
    bytes      BLOB    NOT NULL
);
CREATE INDEX avatars_by_hash ON avatars (hash);
