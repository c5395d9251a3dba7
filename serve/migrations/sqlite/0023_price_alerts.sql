-- Prices that people wait for. Of each the trade that reaches it is told once.
CREATE TABLE price_alerts (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    symbol TEXT NOT NULL,
    venue TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('above', 'below', 'percent_move')),
    -- The price or the percentage, as it was given.
    value TEXT NOT NULL,
    -- The price that a percentage counts from.
    reference TEXT,
    -- The prices that a trade must reach, from below and from above.
    upper TEXT,
    lower TEXT,
    state TEXT NOT NULL CHECK (state IN ('active', 'fired', 'lapsed')),
    created_at INTEGER NOT NULL,
    -- After this it is not told any more.
    lapses_at INTEGER,
    fired_at INTEGER,
    fired_price TEXT
) STRICT;
CREATE INDEX price_alerts_of_user ON price_alerts (user_id, id);
CREATE INDEX price_alerts_active ON price_alerts (symbol, venue) WHERE state = 'active';

-- The programs and networks that people have logged in from, as digests.
CREATE TABLE seen_devices (
    user_id BLOB NOT NULL REFERENCES users (id),
    digest BLOB NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, digest)
) STRICT;
CREATE INDEX seen_devices_by_time ON seen_devices (seen_at);
