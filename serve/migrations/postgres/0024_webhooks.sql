-- Endpoints that people want to be called, browsers that take messages for them, and what is sent to either.
CREATE TABLE webhooks (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    url TEXT NOT NULL,
    -- `*`, or the kinds of notices with a comma before and behind each.
    kinds TEXT NOT NULL,
    description TEXT NOT NULL,
    -- What is signed with: it must be known as it is.
    secret BYTEA NOT NULL,
    -- The one before, which signs as well until then.
    old_secret BYTEA,
    old_secret_until BIGINT,
    is_active BOOLEAN NOT NULL,
    -- Why it was turned off, if its person did not.
    off_reason TEXT CHECK (off_reason IN ('gone', 'failing')),
    -- Since when nothing has arrived that was sent.
    failing_since BIGINT,
    -- How many notices found no room among those that wait.
    dropped BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX webhooks_of_user ON webhooks (user_id, id);

CREATE TABLE push_subscriptions (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    -- Whoever knows it can send to the browser: a browser is somebody's only.
    endpoint TEXT NOT NULL UNIQUE,
    p256dh BYTEA NOT NULL,
    auth BYTEA NOT NULL,
    -- As those of endpoints.
    kinds TEXT NOT NULL,
    expires_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX push_subscriptions_of_user ON push_subscriptions (user_id, id);

CREATE TABLE deliveries (
    -- A digest of notice and target, so that a notice is sent to each once.
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL,
    -- The endpoint or the browser.
    target_id UUID NOT NULL,
    is_push BOOLEAN NOT NULL,
    -- The notice, or the id of a ping: their order is that in which they are sent.
    event_id UUID NOT NULL,
    kind TEXT NOT NULL,
    -- Absent once it has arrived.
    body TEXT,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempts BIGINT NOT NULL,
    -- What the last attempt was answered.
    status BIGINT,
    failure TEXT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    -- When it is tried next; absent once it has arrived or is given up.
    due_at BIGINT
);
CREATE INDEX deliveries_due ON deliveries (due_at, target_id) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_waiting ON deliveries (target_id, event_id) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_of_target ON deliveries (target_id, event_id);
CREATE INDEX deliveries_of_user ON deliveries (user_id);
CREATE INDEX deliveries_ended ON deliveries (changed_at) WHERE due_at IS NULL;

-- Which process sends to a target, and until when nobody else does.
CREATE TABLE delivery_leases (
    target_id UUID NOT NULL PRIMARY KEY,
    owner UUID NOT NULL,
    leased_until BIGINT NOT NULL
);
