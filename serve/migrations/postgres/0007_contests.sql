-- Contests. What entrants trade is in the journal; a contest has an account of its own for each.
CREATE TABLE contests (
    id UUID NOT NULL CONSTRAINT "contests.id" PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    ranking TEXT NOT NULL CHECK (ranking IN ('return', 'sharpe', 'max_drawdown')),
    cash NUMERIC(38, 0) NOT NULL,
    -- Nanoseconds since 1970 in virtual time.
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    entry_until BIGINT NOT NULL,
    -- As JSON: symbols, each with the most that may be held or owed.
    instruments TEXT NOT NULL,
    -- How many orders may be sent in so many nanoseconds, if that is limited.
    orders_max BIGINT,
    orders_per BIGINT,
    status TEXT NOT NULL CHECK (status IN ('announced', 'running', 'ended', 'settled', 'canceled')),
    -- Why it was canceled.
    reason TEXT,
    created_by UUID NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    -- The digest of the settled journal that the final ranking is of.
    digest TEXT,
    settled_at BIGINT
);
CREATE INDEX contests_by_start ON contests (starts_at);

CREATE TABLE contest_entries (
    contest_id UUID NOT NULL REFERENCES contests (id),
    user_id UUID NOT NULL REFERENCES users (id),
    account_id UUID NOT NULL,
    number BIGINT NOT NULL,
    -- What others see, and the same in small letters; absent for whoever stays a number.
    name TEXT,
    name_key TEXT,
    -- Whether its account is open, and trades or not any more. One that was withdrawn stays, so that its account is
    -- never taken for another kind.
    status TEXT NOT NULL CHECK (status IN ('entered', 'playing', 'closed', 'withdrawn')),
    -- Why it was disqualified.
    disqualified TEXT,
    entered_at BIGINT NOT NULL,
    CONSTRAINT "contest_entries.contest_id, contest_entries.user_id" PRIMARY KEY (contest_id, user_id),
    CONSTRAINT "contest_entries.account_id" UNIQUE (account_id),
    CONSTRAINT "contest_entries.contest_id, contest_entries.number" UNIQUE (contest_id, number),
    CONSTRAINT "contest_entries.contest_id, contest_entries.name_key" UNIQUE (contest_id, name_key)
);
CREATE INDEX contest_entries_of_user ON contest_entries (user_id);

-- Two people whose trades with each other are to be reported.
CREATE TABLE contest_pairs (
    contest_id UUID NOT NULL REFERENCES contests (id),
    first_user UUID NOT NULL,
    second_user UUID NOT NULL,
    reason TEXT NOT NULL,
    flagged_at BIGINT NOT NULL,
    PRIMARY KEY (contest_id, first_user, second_user)
);

-- The settled segments of the journal that were replayed for a contest, and what its accounts were worth by them.
CREATE TABLE contest_segments (
    contest_id UUID NOT NULL REFERENCES contests (id),
    segment BIGINT NOT NULL,
    digest TEXT NOT NULL,
    CONSTRAINT "contest_segments.contest_id, contest_segments.segment" PRIMARY KEY (contest_id, segment)
);
CREATE TABLE contest_marks (
    contest_id UUID NOT NULL REFERENCES contests (id),
    account_id UUID NOT NULL,
    marked_at BIGINT NOT NULL,
    equity NUMERIC(38, 0) NOT NULL,
    cash NUMERIC(38, 0) NOT NULL,
    fees NUMERIC(38, 0) NOT NULL,
    funded NUMERIC(38, 0) NOT NULL,
    PRIMARY KEY (contest_id, account_id, marked_at)
);

-- The final ranking, as JSON; written once.
CREATE TABLE contest_results (
    contest_id UUID NOT NULL CONSTRAINT "contest_results.contest_id" PRIMARY KEY REFERENCES contests (id),
    ranking TEXT NOT NULL
);

-- The account that a key trades in, if it is not its person's own.
ALTER TABLE api_keys ADD COLUMN account_id UUID;
