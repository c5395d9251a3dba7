-- What an amount of money was as a quantity when an order was first entered under an id of its sender's: the same
-- order sent again is the same quantity. Not of the journal; forgotten when the market forgets the id.
CREATE TABLE notional_orders (
    account_id BLOB NOT NULL,
    client_id TEXT NOT NULL,
    notional TEXT NOT NULL,
    quantity TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, client_id)
) STRICT;
CREATE INDEX notional_orders_by_age ON notional_orders (made_at);
