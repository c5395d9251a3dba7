-- Prices that people wait for. Of each the trade that reaches it is told once.
CREATE TABLE price_alerts (
    id UUID NOT NULL CONSTRAINT "price_alerts.id" PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    symbol TEXT NOT NULL,
    venue TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('above', 'below', 'percent_move')),
    -- The price or the percentage, as it was given.
    value NUMERIC(38, 0) NOT NULL,
    -- The price that a percentage counts from.
    reference NUMERIC(38, 0),
    -- The prices that a trade must reach, from below and from above.
    upper NUMERIC(38, 0),
    lower NUMERIC(38, 0),
    state TEXT NOT NULL CHECK (state IN ('active', 'fired', 'lapsed')),
    created_at BIGINT NOT NULL,
    -- After this it is not told any more.
    lapses_at BIGINT,
    fired_at BIGINT,
    fired_price NUMERIC(38, 0)
);
CREATE INDEX price_alerts_of_user ON price_alerts (user_id, id);
CREATE INDEX price_alerts_active ON price_alerts (symbol, venue) WHERE state = 'active';

-- The programs and networks that people have logged in from, as digests.
CREATE TABLE seen_devices (
    user_id UUID NOT NULL REFERENCES users (id),
    digest BYTEA NOT NULL,
    seen_at BIGINT NOT NULL,
    CONSTRAINT "seen_devices.user_id, seen_devices.digest" PRIMARY KEY (user_id, digest)
);
CREATE INDEX seen_devices_by_time ON seen_devices (seen_at);
