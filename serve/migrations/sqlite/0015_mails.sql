-- One-time codes that show that a mail address is somebody's, and the mails that wait to be sent.
CREATE TABLE mail_codes (
    -- A person, or what stands for a name that nobody has: so an answer takes as long.
    subject BLOB NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('mail', 'password')),
    -- Keyed, since six digits can be guessed.
    hash BLOB NOT NULL,
    -- The address to which it was sent.
    mail TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- How often it was looked at.
    tries INTEGER NOT NULL,
    used_at INTEGER,
    -- Since when codes are counted, and how many there were.
    counted_since INTEGER NOT NULL,
    codes INTEGER NOT NULL,
    PRIMARY KEY (subject, purpose)
) STRICT;

CREATE TABLE mails (
    id BLOB NOT NULL PRIMARY KEY,
    -- Absent: to nobody, written so that an answer takes as long.
    recipient TEXT,
    subject TEXT NOT NULL,
    -- Absent once it is sent or given up: it may have a code.
    body TEXT,
    created_at INTEGER NOT NULL,
    -- It is not sent later.
    expires_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    -- When it is tried next; absent once it is sent or given up.
    due_at INTEGER,
    sent_at INTEGER,
    -- Why the last attempt failed.
    failure TEXT
) STRICT;
CREATE INDEX mails_due ON mails (due_at) WHERE due_at IS NOT NULL;
