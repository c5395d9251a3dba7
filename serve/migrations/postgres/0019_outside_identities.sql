-- Who people are elsewhere: an issuer and whom it names. A person may have several, each is one person's.
CREATE TABLE outside_identities (
    -- A digest of issuer and subject, so that there is one for both.
    id UUID NOT NULL CONSTRAINT "outside_identities.id" PRIMARY KEY,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id UUID NOT NULL REFERENCES users (id),
    linked_at BIGINT NOT NULL,
    -- Give or take a minute.
    last_used_at BIGINT NOT NULL
);
CREATE INDEX outside_identities_of_user ON outside_identities (user_id);

-- Identities that were taken from their people: a token from before makes no new person.
CREATE TABLE former_identities (
    id UUID NOT NULL CONSTRAINT "former_identities.id" PRIMARY KEY,
    ended_at BIGINT NOT NULL
);
