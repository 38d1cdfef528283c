-- A group asked for again with its maker's key is the group made then, as a message is by its key.

SET LOCAL lock_timeout = '2s';

ALTER TABLE groups
    ADD COLUMN request_key  TEXT COLLATE "C",           -- NULL: its maker gave none
    ADD COLUMN request_hash BYTEA;                      -- SHA-256 of what was asked for with it
CREATE UNIQUE INDEX groups_by_key ON groups (owner_uid, request_key);
