-- What follows from the journal, to be looked up: people's orders and fills, their accounts over time, closed
-- candles. All of it can be rebuilt. Times are nanoseconds since 1970 in virtual time; amounts are decimal texts of units of 10^-10.

-- Up to where the tape is in these tables; written in the transaction that writes the rows.
CREATE TABLE projection (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    segment INTEGER NOT NULL,
    -- How many requests of the segment are void: with another number it is another tape.
    voids INTEGER NOT NULL,
    -- The number of the next fact.
    sequence INTEGER NOT NULL,
    is_ended INTEGER NOT NULL
) STRICT;
INSERT INTO projection (id, segment, voids, sequence, is_ended) VALUES (1, 0, 0, 0, 1);

CREATE TABLE orders (
    order_id INTEGER NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL,
    -- The segment and the day that it was entered in.
    segment INTEGER NOT NULL,
    day INTEGER NOT NULL,
    symbol TEXT NOT NULL,
    venue TEXT NOT NULL,
    client_id TEXT,
    side TEXT NOT NULL,
    kind TEXT NOT NULL,
    time_in_force TEXT NOT NULL,
    expires_at INTEGER,
    price TEXT,
    trigger_price TEXT,
    displayed TEXT,
    minimum TEXT,
    post_only TEXT NOT NULL,
    self_trade TEXT NOT NULL,
    reduce_only INTEGER NOT NULL,
    -- Rare terms as JSON: trailing distances, pegs, protection, links.
    details TEXT NOT NULL,
    status TEXT NOT NULL,
    is_triggered INTEGER NOT NULL,
    quantity TEXT NOT NULL,
    leaves TEXT NOT NULL,
    filled TEXT NOT NULL,
    -- The sum of price times quantity of its fills.
    traded_value TEXT NOT NULL,
    fees TEXT NOT NULL,
    reason TEXT,
    sent_at INTEGER,
    accepted_at INTEGER,
    ended_at INTEGER,
    -- When it was sent, or else accepted.
    entered_at INTEGER NOT NULL,
    -- The segment that changed it last.
    changed_in INTEGER NOT NULL
) STRICT;
CREATE INDEX orders_of_account ON orders (account_id, order_id);
CREATE INDEX orders_of_client ON orders (account_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX orders_open ON orders (account_id, order_id) WHERE status = 'open';
CREATE INDEX orders_by_segment ON orders (changed_in);

CREATE TABLE fills (
    trade_id INTEGER NOT NULL,
    order_id INTEGER NOT NULL,
    account_id BLOB NOT NULL,
    segment INTEGER NOT NULL,
    day INTEGER NOT NULL,
    symbol TEXT NOT NULL,
    venue TEXT NOT NULL,
    side TEXT NOT NULL,
    price TEXT NOT NULL,
    quantity TEXT NOT NULL,
    traded_value TEXT NOT NULL,
    liquidity TEXT NOT NULL,
    fee TEXT NOT NULL,
    queue_ahead TEXT,
    filled_at INTEGER NOT NULL,
    PRIMARY KEY (trade_id, order_id)
) STRICT;
CREATE INDEX fills_of_account ON fills (account_id, trade_id, order_id);
CREATE INDEX fills_of_order ON fills (order_id, trade_id);
CREATE INDEX fills_by_segment ON fills (segment);

CREATE TABLE account_marks (
    account_id BLOB NOT NULL,
    marked_at INTEGER NOT NULL,
    segment INTEGER NOT NULL,
    equity TEXT NOT NULL,
    cash TEXT NOT NULL,
    fees TEXT NOT NULL,
    PRIMARY KEY (account_id, marked_at)
) STRICT;
CREATE INDEX account_marks_by_segment ON account_marks (segment);

-- The part of a candle that is of one segment of the journal.
CREATE TABLE candles (
    symbol TEXT NOT NULL,
    venue TEXT NOT NULL,
    span TEXT NOT NULL,
    begins_at INTEGER NOT NULL,
    segment INTEGER NOT NULL,
    first_price TEXT NOT NULL,
    high_price TEXT NOT NULL,
    low_price TEXT NOT NULL,
    last_price TEXT NOT NULL,
    volume TEXT NOT NULL,
    traded_value TEXT NOT NULL,
    trades INTEGER NOT NULL,
    PRIMARY KEY (symbol, venue, span, begins_at, segment)
) STRICT;
CREATE INDEX candles_by_segment ON candles (segment);
CREATE INDEX candles_by_age ON candles (span, begins_at);

-- Lists of symbols that people watch; not of the journal.
CREATE TABLE watchlists (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    -- As JSON, in the order in which they are shown.
    symbols TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (user_id, name)
) STRICT;
