-- Which history this database tells: another value after a backup was put back, for what clients know
-- of the time in between is not true any more.

CREATE TABLE epoch (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    value TEXT    NOT NULL                              -- 128 random bits in hexadecimal
);
INSERT INTO epoch (id, value) VALUES (1, lower(hex(randomblob(16))));
