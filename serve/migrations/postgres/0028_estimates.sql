-- Estimates that people have asked for, which workers take, and the workers.
CREATE TABLE estimates (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL,
    -- What it is of, in words.
    title TEXT NOT NULL,
    model TEXT NOT NULL CHECK (model IN ('process', 'world')),
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'canceled')),
    -- The job, in JSON: all that a worker needs.
    content TEXT NOT NULL,
    paths BIGINT NOT NULL,
    -- How many paths are done.
    progress BIGINT NOT NULL,
    -- How often it was begun: who writes says which time, so that a worker that was given up writes nothing.
    attempts BIGINT NOT NULL,
    -- Not before then.
    run_at BIGINT NOT NULL,
    -- Who works at it, and until when nobody else does.
    worker UUID,
    lease_until BIGINT,
    -- The outcome, in JSON.
    result TEXT,
    failure TEXT,
    -- The id that its person gave it, and a digest of what was asked for under it.
    client_id TEXT,
    request_digest BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT
);
CREATE INDEX estimates_of_user ON estimates (user_id, id);
CREATE UNIQUE INDEX estimates_of_client ON estimates (user_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX estimates_queued ON estimates (run_at, id) WHERE state = 'queued';
CREATE INDEX estimates_leased ON estimates (lease_until) WHERE state = 'running';
CREATE INDEX estimates_ended ON estimates (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE estimate_workers (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    since BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    -- How many it works at, and how many it has brought to an end.
    running BIGINT NOT NULL,
    ended BIGINT NOT NULL
);
