-- Second factors: codes that change with time (RFC 6238), and codes for whoever has lost what shows them.
CREATE TABLE second_factors (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    -- What codes are made with: it must be known as it is.
    secret BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    -- Absent until a code has shown that the person has the secret; it asks nothing of a login before.
    confirmed_at INTEGER,
    -- Codes of this half minute since 1970, and of those before, are used.
    last_step INTEGER NOT NULL,
    -- Codes that were tried since the last that was right.
    tries INTEGER NOT NULL,
    -- Until when no code is looked at.
    locked_until INTEGER
) STRICT;

CREATE TABLE recovery_codes (
    hash BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    used_at INTEGER
) STRICT;
CREATE INDEX recovery_codes_of_user ON recovery_codes (user_id);
