-- Endpoints that people want to be called, browsers that take messages for them, and what is sent to either.
CREATE TABLE webhooks (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    url TEXT NOT NULL,
    -- `*`, or the kinds of notices with a comma before and behind each.
    kinds TEXT NOT NULL,
    description TEXT NOT NULL,
    -- What is signed with: it must be known as it is.
    secret BLOB NOT NULL,
    -- The one before, which signs as well until then.
    old_secret BLOB,
    old_secret_until INTEGER,
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    -- Why it was turned off, if its person did not.
    off_reason TEXT CHECK (off_reason IN ('gone', 'failing')),
    -- Since when nothing has arrived that was sent.
    failing_since INTEGER,
    -- How many notices found no room among those that wait.
    dropped INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX webhooks_of_user ON webhooks (user_id, id);

CREATE TABLE push_subscriptions (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    -- Whoever knows it can send to the browser: a browser is somebody's only.
    endpoint TEXT NOT NULL UNIQUE,
    p256dh BLOB NOT NULL,
    auth BLOB NOT NULL,
    -- As those of endpoints.
    kinds TEXT NOT NULL,
    expires_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX push_subscriptions_of_user ON push_subscriptions (user_id, id);

CREATE TABLE deliveries (
    -- A digest of notice and target, so that a notice is sent to each once.
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL,
    -- The endpoint or the browser.
    target_id BLOB NOT NULL,
    is_push INTEGER NOT NULL CHECK (is_push IN (0, 1)),
    -- The notice, or the id of a ping: their order is that in which they are sent.
    event_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    -- Absent once it has arrived.
    body TEXT,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempts INTEGER NOT NULL,
    -- What the last attempt was answered.
    status INTEGER,
    failure TEXT,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    -- When it is tried next; absent once it has arrived or is given up.
    due_at INTEGER
) STRICT;
CREATE INDEX deliveries_due ON deliveries (due_at, target_id) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_waiting ON deliveries (target_id, event_id) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_of_target ON deliveries (target_id, event_id);
CREATE INDEX deliveries_of_user ON deliveries (user_id);
CREATE INDEX deliveries_ended ON deliveries (changed_at) WHERE due_at IS NULL;

-- Which process sends to a target, and until when nobody else does.
CREATE TABLE delivery_leases (
    target_id BLOB NOT NULL PRIMARY KEY,
    owner BLOB NOT NULL,
    leased_until INTEGER NOT NULL
) STRICT;
