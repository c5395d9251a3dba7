-- People, and what they show to be let in. Times are nanoseconds since 1970 (UTC). A constraint has the name by which
-- SQLite reports it.
CREATE TABLE users (
    id UUID NOT NULL CONSTRAINT "users.id" PRIMARY KEY,
    username TEXT NOT NULL,
    -- The name without differences of case: what must be unique.
    username_key TEXT NOT NULL CONSTRAINT "users.username_key" UNIQUE,
    -- Absent of people whom an operator made, and of those who are gone.
    mail TEXT,
    mail_key TEXT CONSTRAINT "users.mail_key" UNIQUE,
    is_verified BOOLEAN NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('user', 'admin')),
    -- Absent: nobody can log in with a password.
    password_hash TEXT,
    account_id UUID NOT NULL CONSTRAINT "users.account_id" UNIQUE,
    created_at BIGINT NOT NULL,
    blocked_at BIGINT,
    password_changed_at BIGINT NOT NULL
);

-- Many may claim an address; mail_key has it once it was verified.
CREATE INDEX users_of_mail ON users (mail, created_at);

CREATE TABLE sessions (
    id UUID NOT NULL CONSTRAINT "sessions.id" PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    ended_at BIGINT,
    user_agent TEXT,
    address TEXT
);
CREATE INDEX sessions_of_user ON sessions (user_id, created_at);

-- Each token that a session ever had, so that one that is used twice is noticed.
CREATE TABLE refresh_tokens (
    hash BYTEA NOT NULL CONSTRAINT "refresh_tokens.hash" PRIMARY KEY,
    session_id UUID NOT NULL REFERENCES sessions (id),
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_end ON refresh_tokens (expires_at);

CREATE TABLE api_keys (
    id UUID NOT NULL CONSTRAINT "api_keys.id" PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    ended_at BIGINT
);
CREATE INDEX api_keys_of_user ON api_keys (user_id, created_at);

-- One-time links to choose a new password.
CREATE TABLE resets (
    hash BYTEA NOT NULL CONSTRAINT "resets.hash" PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX resets_of_user ON resets (user_id);
