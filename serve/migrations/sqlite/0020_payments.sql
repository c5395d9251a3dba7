-- Money that came in through a provider of payments, and what of it went back. Accounts are named by their id
-- alone; what a provider has answered is never deleted.
CREATE TABLE payments (
    id BLOB NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL,
    idempotency_key TEXT NOT NULL,
    -- What the provider calls it, from us.
    buy_order TEXT NOT NULL UNIQUE,
    session_id TEXT NOT NULL,
    -- What the provider calls it, from them; absent until they have answered.
    token TEXT UNIQUE,
    url TEXT,
    state TEXT NOT NULL CHECK (state IN ('created', 'redirected', 'committing', 'authorized', 'funding',
        'settled', 'refused', 'aborted', 'expired', 'held')),
    -- In the market's currency, and in Chilean pesos at the rate of that moment.
    amount TEXT NOT NULL,
    currency TEXT NOT NULL,
    clp INTEGER NOT NULL,
    rate TEXT NOT NULL,
    authorization_code TEXT,
    -- The last digits.
    card TEXT,
    response_code INTEGER,
    -- Why it stands as it stands.
    note TEXT,
    -- The virtual time at which the market was first asked: it remembers that for seven days.
    market_at INTEGER,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    -- When it is looked at next; absent once nothing is left to do.
    due_at INTEGER,
    UNIQUE (account_id, idempotency_key)
) STRICT;
CREATE INDEX payments_of_account ON payments (account_id, id);
CREATE INDEX payments_due ON payments (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE withdrawals (
    id BLOB NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL,
    idempotency_key TEXT NOT NULL,
    amount TEXT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('waiting', 'approved', 'rejected')),
    created_at INTEGER NOT NULL,
    decided_at INTEGER,
    UNIQUE (account_id, idempotency_key)
) STRICT;
CREATE INDEX withdrawals_of_account ON withdrawals (account_id, id);
CREATE INDEX withdrawals_waiting ON withdrawals (id) WHERE status = 'waiting';

-- The parts of a withdrawal, each of one payment.
CREATE TABLE refunds (
    id BLOB NOT NULL PRIMARY KEY,
    withdrawal_id BLOB NOT NULL REFERENCES withdrawals (id),
    payment_id BLOB NOT NULL REFERENCES payments (id),
    account_id BLOB NOT NULL,
    amount TEXT NOT NULL,
    clp INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('requested', 'debiting', 'debited', 'sending', 'done', 'refused',
        'refusing', 'returned', 'held')),
    -- What was left of the payment at the provider before this was sent.
    clp_before INTEGER,
    sent_at INTEGER,
    authorization_code TEXT,
    note TEXT,
    market_at INTEGER,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    due_at INTEGER
) STRICT;
CREATE INDEX refunds_of_withdrawal ON refunds (withdrawal_id, id);
CREATE INDEX refunds_of_payment ON refunds (payment_id);
CREATE INDEX refunds_due ON refunds (due_at) WHERE due_at IS NOT NULL;

-- What the sandbox knows, which plays a provider: it reads nothing of the tables above.
CREATE TABLE sandbox_transactions (
    token TEXT NOT NULL PRIMARY KEY,
    buy_order TEXT NOT NULL,
    session_id TEXT NOT NULL,
    clp INTEGER NOT NULL,
    return_url TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('initialized', 'paid', 'declined', 'aborted', 'timed_out',
        'authorized', 'failed')),
    authorization_code TEXT,
    created_at INTEGER NOT NULL,
    committed_at INTEGER
) STRICT;

CREATE TABLE sandbox_refunds (
    id BLOB NOT NULL PRIMARY KEY,
    token TEXT NOT NULL REFERENCES sandbox_transactions (token),
    clp INTEGER NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sandbox_refunds_of_token ON sandbox_refunds (token);
