-- Contests. What entrants trade is in the journal; a contest has an account of its own for each.
CREATE TABLE contests (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    ranking TEXT NOT NULL CHECK (ranking IN ('return', 'sharpe', 'max_drawdown')),
    cash TEXT NOT NULL,
    -- Nanoseconds since 1970 in virtual time.
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    entry_until INTEGER NOT NULL,
    -- As JSON: symbols, each with the most that may be held or owed.
    instruments TEXT NOT NULL,
    -- How many orders may be sent in so many nanoseconds, if that is limited.
    orders_max INTEGER,
    orders_per INTEGER,
    status TEXT NOT NULL CHECK (status IN ('announced', 'running', 'ended', 'settled', 'canceled')),
    -- Why it was canceled.
    reason TEXT,
    created_by BLOB NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    -- The digest of the settled journal that the final ranking is of.
    digest TEXT,
    settled_at INTEGER
) STRICT;
CREATE INDEX contests_by_start ON contests (starts_at);

CREATE TABLE contest_entries (
    contest_id BLOB NOT NULL REFERENCES contests (id),
    user_id BLOB NOT NULL REFERENCES users (id),
    account_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    -- What others see, and the same in small letters; absent for whoever stays a number.
    name TEXT,
    name_key TEXT,
    -- Whether its account is open, and trades or not any more. One that was withdrawn stays, so that its account is
    -- never taken for another kind.
    status TEXT NOT NULL CHECK (status IN ('entered', 'playing', 'closed', 'withdrawn')),
    -- Why it was disqualified.
    disqualified TEXT,
    entered_at INTEGER NOT NULL,
    PRIMARY KEY (contest_id, user_id),
    UNIQUE (account_id),
    UNIQUE (contest_id, number),
    UNIQUE (contest_id, name_key)
) STRICT;
CREATE INDEX contest_entries_of_user ON contest_entries (user_id);

-- Two people whose trades with each other are to be reported.
CREATE TABLE contest_pairs (
    contest_id BLOB NOT NULL REFERENCES contests (id),
    first_user BLOB NOT NULL,
    second_user BLOB NOT NULL,
    reason TEXT NOT NULL,
    flagged_at INTEGER NOT NULL,
    PRIMARY KEY (contest_id, first_user, second_user)
) STRICT;

-- The settled segments of the journal that were replayed for a contest, and what its accounts were worth by them.
CREATE TABLE contest_segments (
    contest_id BLOB NOT NULL REFERENCES contests (id),
    segment INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (contest_id, segment)
) STRICT;
CREATE TABLE contest_marks (
    contest_id BLOB NOT NULL REFERENCES contests (id),
    account_id BLOB NOT NULL,
    marked_at INTEGER NOT NULL,
    equity TEXT NOT NULL,
    cash TEXT NOT NULL,
    fees TEXT NOT NULL,
    funded TEXT NOT NULL,
    PRIMARY KEY (contest_id, account_id, marked_at)
) STRICT;

-- The final ranking, as JSON; written once.
CREATE TABLE contest_results (
    contest_id BLOB NOT NULL PRIMARY KEY REFERENCES contests (id),
    ranking TEXT NOT NULL
) STRICT;

-- The account that a key trades in, if it is not its person's own.
ALTER TABLE api_keys ADD COLUMN account_id BLOB;
