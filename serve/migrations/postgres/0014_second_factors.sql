-- Second factors: codes that change with time (RFC 6238), and codes for whoever has lost what shows them.
CREATE TABLE second_factors (
    user_id UUID NOT NULL CONSTRAINT "second_factors.user_id" PRIMARY KEY REFERENCES users (id),
    -- What codes are made with: it must be known as it is.
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    -- Absent until a code has shown that the person has the secret; it asks nothing of a login before.
    confirmed_at BIGINT,
    -- Codes of this half minute since 1970, and of those before, are used.
    last_step BIGINT NOT NULL,
    -- Codes that were tried since the last that was right.
    tries BIGINT NOT NULL,
    -- Until when no code is looked at.
    locked_until BIGINT
);

CREATE TABLE recovery_codes (
    hash BYTEA NOT NULL CONSTRAINT "recovery_codes.hash" PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    used_at BIGINT
);
CREATE INDEX recovery_codes_of_user ON recovery_codes (user_id);
