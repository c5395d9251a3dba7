-- What administrators and operators did. Both tables are append-only; what was begun and has no outcome was
-- interrupted, or is under way.
CREATE TABLE audit_log (
    id BLOB NOT NULL PRIMARY KEY,
    begun_at INTEGER NOT NULL,
    -- How whoever did it had shown who they are; an operator of the machine needs no account.
    source TEXT NOT NULL CHECK (source IN ('session', 'key', 'operator', 'service')),
    user_id BLOB REFERENCES users (id),
    -- The session or key; of a service its name.
    credential TEXT,
    action TEXT NOT NULL,
    -- What it was done to, as `user` and its id.
    target_kind TEXT,
    target TEXT,
    reason TEXT,
    -- What else was asked for, as JSON.
    details TEXT NOT NULL
) STRICT;
CREATE INDEX audit_log_of_user ON audit_log (user_id, id);
CREATE INDEX audit_log_of_target ON audit_log (target, id);

CREATE TABLE audit_outcomes (
    entry_id BLOB NOT NULL PRIMARY KEY REFERENCES audit_log (id),
    ended_at INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused', 'failed')),
    -- The word and the sentence of the problem, if it was not done.
    code TEXT,
    message TEXT
) STRICT;

CREATE TRIGGER audit_log_keeps BEFORE UPDATE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_log_stays BEFORE DELETE ON audit_log
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_outcomes_keep BEFORE UPDATE ON audit_outcomes
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_outcomes_stay BEFORE DELETE ON audit_outcomes
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- Funds that administrators gave or took, by the key under which each is done once.
CREATE TABLE fundings (
    idempotency_key TEXT NOT NULL PRIMARY KEY,
    account_id BLOB NOT NULL,
    amount TEXT NOT NULL,
    reference TEXT NOT NULL,
    -- The name of the request in the journal, which does it once too.
    request TEXT NOT NULL,
    -- Where it stands in the audit log.
    entry_id BLOB NOT NULL REFERENCES audit_log (id),
    created_at INTEGER NOT NULL,
    -- Absent until the market has answered.
    outcome TEXT CHECK (outcome IN ('done', 'refused')),
    -- Why it was refused.
    message TEXT
) STRICT;
CREATE INDEX fundings_open ON fundings (created_at) WHERE outcome IS NULL;

-- What everybody is told.
CREATE TABLE announcements (
    id BLOB NOT NULL PRIMARY KEY,
    text TEXT NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('info', 'warning')),
    created_at INTEGER NOT NULL,
    -- From when on it is not shown any more, by itself.
    expires_at INTEGER,
    -- When somebody ended it.
    ended_at INTEGER
) STRICT;
CREATE INDEX announcements_shown ON announcements (id) WHERE ended_at IS NULL;
