-- Orders that the gate of their account refused are rows of `orders` too, with ids below zero: minus the number of their
-- request, plus one. So pages of orders go by when they were entered.
CREATE INDEX orders_by_entry ON orders (account_id, entered_at, order_id);
DROP INDEX orders_of_account;
