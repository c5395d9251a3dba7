-- An order for an amount of money is in the journal as it was asked for, and the account's gate counts its lots: what
-- it was as a quantity needs no table of its own.
DROP TABLE notional_orders;
