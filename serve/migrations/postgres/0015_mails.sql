-- One-time codes that show that a mail address is somebody's, and the mails that wait to be sent.
CREATE TABLE mail_codes (
    -- A person, or what stands for a name that nobody has: so an answer takes as long.
    subject UUID NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('mail', 'password')),
    -- Keyed, since six digits can be guessed.
    hash BYTEA NOT NULL,
    -- The address to which it was sent.
    mail TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- How often it was looked at.
    tries BIGINT NOT NULL,
    used_at BIGINT,
    -- Since when codes are counted, and how many there were.
    counted_since BIGINT NOT NULL,
    codes BIGINT NOT NULL,
    CONSTRAINT "mail_codes.subject, mail_codes.purpose" PRIMARY KEY (subject, purpose)
);

CREATE TABLE mails (
    id UUID NOT NULL CONSTRAINT "mails.id" PRIMARY KEY,
    -- Absent: to nobody, written so that an answer takes as long.
    recipient TEXT,
    subject TEXT NOT NULL,
    -- Absent once it is sent or given up: it may have a code.
    body TEXT,
    created_at BIGINT NOT NULL,
    -- It is not sent later.
    expires_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    -- When it is tried next; absent once it is sent or given up.
    due_at BIGINT,
    sent_at BIGINT,
    -- Why the last attempt failed.
    failure TEXT
);
CREATE INDEX mails_due ON mails (due_at) WHERE due_at IS NOT NULL;
