-- Estimates that people have asked for, which workers take, and the workers.
CREATE TABLE estimates (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL,
    -- What it is of, in words.
    title TEXT NOT NULL,
    model TEXT NOT NULL CHECK (model IN ('process', 'world')),
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'canceled')),
    -- The job, in JSON: all that a worker needs.
    content TEXT NOT NULL,
    paths INTEGER NOT NULL,
    -- How many paths are done.
    progress INTEGER NOT NULL,
    -- How often it was begun: who writes says which time, so that a worker that was given up writes nothing.
    attempts INTEGER NOT NULL,
    -- Not before then.
    run_at INTEGER NOT NULL,
    -- Who works at it, and until when nobody else does.
    worker BLOB,
    lease_until INTEGER,
    -- The outcome, in JSON.
    result TEXT,
    failure TEXT,
    -- The id that its person gave it, and a digest of what was asked for under it.
    client_id TEXT,
    request_digest BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER
) STRICT;
CREATE INDEX estimates_of_user ON estimates (user_id, id);
CREATE UNIQUE INDEX estimates_of_client ON estimates (user_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX estimates_queued ON estimates (run_at, id) WHERE state = 'queued';
CREATE INDEX estimates_leased ON estimates (lease_until) WHERE state = 'running';
CREATE INDEX estimates_ended ON estimates (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE estimate_workers (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    since INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    -- How many it works at, and how many it has brought to an end.
    running INTEGER NOT NULL,
    ended INTEGER NOT NULL
) STRICT;
