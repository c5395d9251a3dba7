-- The table `orders` also holds the orders that the gate of their account refused. Their ids are below zero:
-- -(number of the request + 1). Ids are therefore not in the order of entry, so pages of orders are sorted by entered_at.
CREATE INDEX orders_by_entry ON orders (account_id, entered_at, order_id);
DROP INDEX orders_of_account;
