-- Auctions between participants that are over. They follow from the journal as the other tables of the projection do.
CREATE TABLE auctions (
    auction_id BIGINT NOT NULL CONSTRAINT "auctions.auction_id" PRIMARY KEY,
    segment BIGINT NOT NULL,
    day BIGINT NOT NULL,
    -- The account of its owner; absent of a scenario's own participants.
    account_id UUID,
    symbol TEXT NOT NULL,
    quantity NUMERIC(38, 0) NOT NULL,
    -- Nanoseconds since 1970 in virtual time.
    offered_at BIGINT NOT NULL,
    deadline BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    -- How it ended, as a word.
    outcome TEXT NOT NULL,
    -- The proposal that was accepted, and what each side of the swap was taken to be worth.
    accepted_id BIGINT,
    swap_value NUMERIC(38, 0)
);
CREATE INDEX auctions_ended ON auctions (ended_at, auction_id);
CREATE INDEX auctions_of_account ON auctions (account_id, ended_at, auction_id);
CREATE INDEX auctions_of_segment ON auctions (segment);

CREATE TABLE auction_proposals (
    proposal_id BIGINT NOT NULL CONSTRAINT "auction_proposals.proposal_id" PRIMARY KEY,
    auction_id BIGINT NOT NULL,
    segment BIGINT NOT NULL,
    account_id UUID,
    -- Cash, or a quantity of a symbol.
    cash NUMERIC(38, 0),
    symbol TEXT,
    quantity NUMERIC(38, 0),
    proposed_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    outcome TEXT NOT NULL
);
CREATE INDEX auction_proposals_of_auction ON auction_proposals (auction_id, proposal_id);
CREATE INDEX auction_proposals_of_account ON auction_proposals (account_id, auction_id);
CREATE INDEX auction_proposals_of_segment ON auction_proposals (segment);
