-- Auctions between participants that are over. They follow from the journal as the other tables of the projection do.
CREATE TABLE auctions (
    auction_id INTEGER NOT NULL PRIMARY KEY,
    segment INTEGER NOT NULL,
    day INTEGER NOT NULL,
    -- The account of its owner; absent of a scenario's own participants.
    account_id BLOB,
    symbol TEXT NOT NULL,
    quantity TEXT NOT NULL,
    -- Nanoseconds since 1970 in virtual time.
    offered_at INTEGER NOT NULL,
    deadline INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    -- How it ended, as a word.
    outcome TEXT NOT NULL,
    -- The proposal that was accepted, and what each side of the swap was taken to be worth.
    accepted_id INTEGER,
    swap_value TEXT
) STRICT;
CREATE INDEX auctions_ended ON auctions (ended_at, auction_id);
CREATE INDEX auctions_of_account ON auctions (account_id, ended_at, auction_id);
CREATE INDEX auctions_of_segment ON auctions (segment);

CREATE TABLE auction_proposals (
    proposal_id INTEGER NOT NULL PRIMARY KEY,
    auction_id INTEGER NOT NULL,
    segment INTEGER NOT NULL,
    account_id BLOB,
    -- Cash, or a quantity of a symbol.
    cash TEXT,
    symbol TEXT,
    quantity TEXT,
    proposed_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    outcome TEXT NOT NULL
) STRICT;
CREATE INDEX auction_proposals_of_auction ON auction_proposals (auction_id, proposal_id);
CREATE INDEX auction_proposals_of_account ON auction_proposals (account_id, auction_id);
CREATE INDEX auction_proposals_of_segment ON auction_proposals (segment);
