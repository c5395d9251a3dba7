-- Groups that send orders over channels, and what channels could not tell.
CREATE TABLE trading_groups (
    name TEXT NOT NULL CONSTRAINT "trading_groups.name" PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    -- The account that its orders are of: the person's own, or one in a contest.
    account_id UUID NOT NULL,
    -- What requests are signed with: it must be known as it is.
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    -- When the secret was last replaced.
    rotated_at BIGINT
);
CREATE INDEX trading_groups_of_user ON trading_groups (user_id);

CREATE TABLE channel_dead_letters (
    id UUID NOT NULL CONSTRAINT "channel_dead_letters.id" PRIMARY KEY,
    channel TEXT NOT NULL,
    -- Absent where no message was made.
    topic TEXT,
    message_key TEXT,
    reason TEXT NOT NULL,
    -- The stretch of the tape that is missing, if one is: its segment, the first number, and the one behind the last.
    segment BIGINT,
    from_number BIGINT,
    to_number BIGINT,
    -- The first bytes of the message.
    payload BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
