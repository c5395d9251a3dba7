-- Strategies of people in the live market. The journal has what they do; a strategy's account is its own.
CREATE TABLE strategies (
    account_id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    -- As JSON: its text, what it imports, its market and parameters.
    script TEXT NOT NULL,
    cash TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('starting', 'running', 'stopped', 'deleted')),
    created_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
CREATE INDEX strategies_of_user ON strategies (user_id, created_at);
