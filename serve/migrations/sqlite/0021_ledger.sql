-- The ledger: each row moves an amount of one asset between an account and one of the house. It follows from the journal
-- as the other tables of the projection do. Amounts are decimal texts of units of 10^-10.
CREATE TABLE ledger (
    -- The place on the tape: segment, number of the fact, number of the row within it.
    segment INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    line INTEGER NOT NULL,
    day INTEGER NOT NULL,
    account_id BLOB NOT NULL,
    -- The account of the house that has the other side.
    counter TEXT NOT NULL,
    -- A symbol; empty for cash.
    asset TEXT NOT NULL,
    -- What the account receives; below zero if it gives.
    amount TEXT NOT NULL,
    -- What the account has of the asset from then on.
    balance TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- What it is about, also where cash is moved.
    symbol TEXT,
    order_id INTEGER,
    trade_id INTEGER,
    reference TEXT,
    -- Nanoseconds since 1970 in virtual time.
    posted_at INTEGER NOT NULL,
    PRIMARY KEY (segment, sequence, line)
) STRICT;
CREATE INDEX ledger_of_account ON ledger (account_id, segment, sequence, line);
CREATE INDEX ledger_of_asset ON ledger (account_id, asset, segment, sequence, line);

-- The first segment of which the ledger has all; 0 before one has begun. Tables from before the ledger have segments that
-- it does not have.
ALTER TABLE projection ADD COLUMN ledger_from INTEGER NOT NULL DEFAULT 0;

-- What people move between accounts of their own, each once by its key.
CREATE TABLE transfers (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    idempotency_key TEXT NOT NULL,
    from_account BLOB NOT NULL,
    to_account BLOB NOT NULL,
    amount TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- What came of it, once that is known, and why it was refused.
    outcome TEXT CHECK (outcome IN ('done', 'refused')),
    message TEXT,
    UNIQUE (user_id, idempotency_key)
) STRICT;
CREATE INDEX transfers_of_user ON transfers (user_id, created_at, id);
CREATE INDEX transfers_open ON transfers (created_at) WHERE outcome IS NULL;
