-- Strategies of people in the live market. The journal has what they do; a strategy's account is its own.
CREATE TABLE strategies (
    account_id UUID NOT NULL CONSTRAINT "strategies.account_id" PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    -- As JSON: its text, what it imports, its market and parameters.
    script TEXT NOT NULL,
    cash NUMERIC(38, 0) NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('starting', 'running', 'stopped', 'deleted')),
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX strategies_of_user ON strategies (user_id, created_at);
