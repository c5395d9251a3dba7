-- What an amount of money was as a quantity when an order was first entered under an id of its sender's: the same
-- order sent again is the same quantity. Not of the journal; forgotten when the market forgets the id.
CREATE TABLE notional_orders (
    account_id UUID NOT NULL,
    client_id TEXT NOT NULL,
    notional NUMERIC(38, 0) NOT NULL,
    quantity NUMERIC(38, 0) NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, client_id)
);
CREATE INDEX notional_orders_by_age ON notional_orders (made_at);
