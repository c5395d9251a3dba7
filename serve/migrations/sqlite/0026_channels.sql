-- Groups that send orders over channels, and what channels could not tell.
CREATE TABLE trading_groups (
    name TEXT NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    -- The account that its orders are of: the person's own, or one in a contest.
    account_id BLOB NOT NULL,
    -- What requests are signed with: it must be known as it is.
    secret BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    -- When the secret was last replaced.
    rotated_at INTEGER
) STRICT;
CREATE INDEX trading_groups_of_user ON trading_groups (user_id);

CREATE TABLE channel_dead_letters (
    id BLOB NOT NULL PRIMARY KEY,
    channel TEXT NOT NULL,
    -- Absent where no message was made.
    topic TEXT,
    message_key TEXT,
    reason TEXT NOT NULL,
    -- The stretch of the tape that is missing, if one is: its segment, the first number, and the one behind the last.
    segment INTEGER,
    from_number INTEGER,
    to_number INTEGER,
    -- The first bytes of the message.
    payload BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
