-- What an account calls an instrument that it trades: by its symbol, or as a pair with the currency, as
-- `ALFA/USD`. Not of the journal.
CREATE TABLE traded_names (
    account_id BLOB NOT NULL,
    symbol TEXT NOT NULL,
    is_pair INTEGER NOT NULL,
    PRIMARY KEY (account_id, symbol)
) STRICT;
