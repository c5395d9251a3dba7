-- People, and what they show to be let in. Times are nanoseconds since 1970 (UTC).
CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    -- The name without differences of case: what must be unique.
    username_key TEXT NOT NULL UNIQUE,
    -- Absent of people whom an operator made, and of those who are gone.
    mail TEXT,
    mail_key TEXT UNIQUE,
    is_verified INTEGER NOT NULL CHECK (is_verified IN (0, 1)),
    role TEXT NOT NULL CHECK (role IN ('user', 'admin')),
    -- Absent: nobody can log in with a password.
    password_hash TEXT,
    account_id BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    blocked_at INTEGER,
    password_changed_at INTEGER NOT NULL
) STRICT;

-- Many may claim an address; mail_key has it once it was verified.
CREATE INDEX users_of_mail ON users (mail, created_at);

CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    ended_at INTEGER,
    user_agent TEXT,
    address TEXT
) STRICT;
CREATE INDEX sessions_of_user ON sessions (user_id, created_at);

-- Each token that a session ever had, so that one that is used twice is noticed.
CREATE TABLE refresh_tokens (
    hash BLOB NOT NULL PRIMARY KEY,
    session_id BLOB NOT NULL REFERENCES sessions (id),
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_end ON refresh_tokens (expires_at);

CREATE TABLE api_keys (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    ended_at INTEGER
) STRICT;
CREATE INDEX api_keys_of_user ON api_keys (user_id, created_at);

-- One-time links to choose a new password.
CREATE TABLE resets (
    hash BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE INDEX resets_of_user ON resets (user_id);
