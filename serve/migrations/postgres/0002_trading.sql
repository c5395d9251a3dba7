-- What follows from the journal, to be looked up: people's orders and fills, their accounts over time, closed
-- candles. All of it can be rebuilt. Times are nanoseconds since 1970 in virtual time; amounts are units of 10^-10.

-- Up to where the tape is in these tables; written in the transaction that writes the rows.
CREATE TABLE projection (
    id BIGINT NOT NULL CONSTRAINT "projection.id" PRIMARY KEY CHECK (id = 1),
    segment BIGINT NOT NULL,
    -- How many requests of the segment are void: with another number it is another tape.
    voids BIGINT NOT NULL,
    -- The number of the next fact.
    sequence BIGINT NOT NULL,
    is_ended BOOLEAN NOT NULL
);
INSERT INTO projection (id, segment, voids, sequence, is_ended) VALUES (1, 0, 0, 0, TRUE);

CREATE TABLE orders (
    order_id BIGINT NOT NULL CONSTRAINT "orders.order_id" PRIMARY KEY,
    account_id UUID NOT NULL,
    -- The segment and the day that it was entered in.
    segment BIGINT NOT NULL,
    day BIGINT NOT NULL,
    symbol TEXT NOT NULL,
    venue TEXT NOT NULL,
    client_id TEXT,
    side TEXT NOT NULL,
    kind TEXT NOT NULL,
    time_in_force TEXT NOT NULL,
    expires_at BIGINT,
    price NUMERIC(38, 0),
    trigger_price NUMERIC(38, 0),
    displayed NUMERIC(38, 0),
    minimum NUMERIC(38, 0),
    post_only TEXT NOT NULL,
    self_trade TEXT NOT NULL,
    reduce_only BOOLEAN NOT NULL,
    -- Rare terms as JSON: trailing distances, pegs, protection, links.
    details TEXT NOT NULL,
    status TEXT NOT NULL,
    is_triggered BOOLEAN NOT NULL,
    quantity NUMERIC(38, 0) NOT NULL,
    leaves NUMERIC(38, 0) NOT NULL,
    filled NUMERIC(38, 0) NOT NULL,
    -- The sum of price times quantity of its fills.
    traded_value NUMERIC(38, 0) NOT NULL,
    fees NUMERIC(38, 0) NOT NULL,
    reason TEXT,
    sent_at BIGINT,
    accepted_at BIGINT,
    ended_at BIGINT,
    -- When it was sent, or else accepted.
    entered_at BIGINT NOT NULL,
    -- The segment that changed it last.
    changed_in BIGINT NOT NULL
);
CREATE INDEX orders_of_account ON orders (account_id, order_id);
CREATE INDEX orders_of_client ON orders (account_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX orders_open ON orders (account_id, order_id) WHERE status = 'open';
CREATE INDEX orders_by_segment ON orders (changed_in);

CREATE TABLE fills (
    trade_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    account_id UUID NOT NULL,
    segment BIGINT NOT NULL,
    day BIGINT NOT NULL,
    symbol TEXT NOT NULL,
    venue TEXT NOT NULL,
    side TEXT NOT NULL,
    price NUMERIC(38, 0) NOT NULL,
    quantity NUMERIC(38, 0) NOT NULL,
    traded_value NUMERIC(38, 0) NOT NULL,
    liquidity TEXT NOT NULL,
    fee NUMERIC(38, 0) NOT NULL,
    queue_ahead NUMERIC(38, 0),
    filled_at BIGINT NOT NULL,
    CONSTRAINT "fills.trade_id, fills.order_id" PRIMARY KEY (trade_id, order_id)
);
CREATE INDEX fills_of_account ON fills (account_id, trade_id, order_id);
CREATE INDEX fills_of_order ON fills (order_id, trade_id);
CREATE INDEX fills_by_segment ON fills (segment);

CREATE TABLE account_marks (
    account_id UUID NOT NULL,
    marked_at BIGINT NOT NULL,
    segment BIGINT NOT NULL,
    equity NUMERIC(38, 0) NOT NULL,
    cash NUMERIC(38, 0) NOT NULL,
    fees NUMERIC(38, 0) NOT NULL,
    CONSTRAINT "account_marks.account_id, account_marks.marked_at" PRIMARY KEY (account_id, marked_at)
);
CREATE INDEX account_marks_by_segment ON account_marks (segment);

-- The part of a candle that is of one segment of the journal.
CREATE TABLE candles (
    symbol TEXT NOT NULL,
    venue TEXT NOT NULL,
    span TEXT NOT NULL,
    begins_at BIGINT NOT NULL,
    segment BIGINT NOT NULL,
    first_price NUMERIC(38, 0) NOT NULL,
    high_price NUMERIC(38, 0) NOT NULL,
    low_price NUMERIC(38, 0) NOT NULL,
    last_price NUMERIC(38, 0) NOT NULL,
    volume NUMERIC(38, 0) NOT NULL,
    traded_value NUMERIC(38, 0) NOT NULL,
    trades BIGINT NOT NULL,
    PRIMARY KEY (symbol, venue, span, begins_at, segment)
);
CREATE INDEX candles_by_segment ON candles (segment);
CREATE INDEX candles_by_age ON candles (span, begins_at);

-- Lists of symbols that people watch; not of the journal.
CREATE TABLE watchlists (
    id UUID NOT NULL CONSTRAINT "watchlists.id" PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    -- As JSON, in the order in which they are shown.
    symbols TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT "watchlists.user_id, watchlists.name" UNIQUE (user_id, name)
);
