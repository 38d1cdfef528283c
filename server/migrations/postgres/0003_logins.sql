-- The logins of a user are found by the user. By itself, because while this is made logins can be
-- looked up, and while the table is changed they cannot.

SET LOCAL lock_timeout = '2s';

CREATE INDEX sessions_by_user ON sessions (uid);
