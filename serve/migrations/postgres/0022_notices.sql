-- What people are told, and what of it goes out by mail and by other ways.
CREATE TABLE notices (
    -- Later ones sort behind.
    id UUID NOT NULL CONSTRAINT "notices.id" PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    -- The account that it is about.
    account_id UUID,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- As JSON: its kind, and the facts of it.
    body TEXT NOT NULL,
    -- What it is told of: told once, however often it is tried.
    source TEXT,
    -- Whether it is in the person's list; one that is not is there for a mail.
    is_shown BOOLEAN NOT NULL,
    read_at BIGINT,
    -- When the mails and deliveries that it asks for were written.
    fanned_at BIGINT,
    -- Whether the next mail that lists several is to have it.
    is_gathered BOOLEAN NOT NULL DEFAULT FALSE,
    CONSTRAINT "notices.user_id, notices.source" UNIQUE (user_id, source)
);
CREATE INDEX notices_of_user ON notices (user_id, id);
CREATE INDEX notices_to_fan ON notices (id) WHERE fanned_at IS NULL;
CREATE INDEX notices_fanned ON notices (fanned_at) WHERE fanned_at IS NOT NULL;
CREATE INDEX notices_gathered ON notices (user_id) WHERE is_gathered;

-- When people were sent a mail last that lists several notices.
CREATE TABLE notice_letters (
    user_id UUID NOT NULL CONSTRAINT "notice_letters.user_id" PRIMARY KEY REFERENCES users (id),
    sent_at BIGINT NOT NULL
);

-- Whose an account is, of whatever kind.
CREATE VIEW account_owners (account_id, user_id) AS
    SELECT account_id, id FROM users
    UNION ALL SELECT account_id, user_id FROM strategies
    UNION ALL SELECT account_id, user_id FROM contest_entries;

-- Up to where people were told what the tape has: it never goes back, so that a tape that is read again tells
-- nothing again. Nothing is told of what was there before.
ALTER TABLE projection ADD COLUMN told_segment BIGINT NOT NULL DEFAULT 0;
ALTER TABLE projection ADD COLUMN told_voids BIGINT NOT NULL DEFAULT 0;
ALTER TABLE projection ADD COLUMN told_sequence BIGINT NOT NULL DEFAULT 0;
UPDATE projection SET told_segment = segment, told_voids = voids, told_sequence = sequence;

-- A mail as a page, beside its text.
ALTER TABLE mails ADD COLUMN html TEXT;
