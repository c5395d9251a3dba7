//! Auctions as they are shown: with all but whose they are.

use std::sync::Arc;

use bearpit_core::units::SimTime;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{AccountId, MarketTime, Number};
use crate::publication::{
    AuctionChange, AuctionNews, AuctionOutcome, AuctionState, AuctionsState, NamedConsideration,
    ProposalState,
};
use crate::services::market_data::MarketData;
use crate::store::projection::{AuctionProposalRow, AuctionRow};

/// An auction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuctionView {
    /// Its id.
    #[schema(example = "7")]
    pub auction_id: String,
    /// What is offered.
    #[schema(example = "ALFA")]
    pub symbol: String,
    /// How much.
    pub quantity: Number,
    /// Where it stands: `open`, `accepted`, `withdrawn` by its owner, `expired`, `closed` with the market,
    /// `split` with the shares, `restricted` or `blocked` with its owner.
    #[schema(example = "open")]
    pub status: String,
    /// When it was offered.
    pub offered_at: MarketTime,
    /// When it expires, or would have.
    pub deadline: MarketTime,
    /// When it ended, if it has.
    pub ended_at: Option<MarketTime>,
    /// The proposal that was accepted.
    pub accepted_id: Option<String>,
    /// What each side of the swap was taken to be worth.
    pub value: Option<Number>,
    /// Whether it is one's own; absent where nobody is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yours: Option<bool>,
    /// What is proposed, the oldest first.
    pub proposals: Vec<ProposalView>,
}

/// What somebody proposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProposalView {
    /// Its id.
    #[schema(example = "9")]
    pub proposal_id: String,
    /// The cash, if it is cash.
    pub cash: Option<Number>,
    /// The symbol of the shares, if it is shares.
    pub symbol: Option<String>,
    /// How many of them.
    pub quantity: Option<Number>,
    /// Where it stands: `open`, `accepted`, `rejected`, `withdrawn`, `outbid` by another, `auction_ended`,
    /// `split`, `restricted` or `blocked`.
    #[schema(example = "open")]
    pub status: String,
    /// When it was proposed.
    pub proposed_at: MarketTime,
    /// When it ended, if it has.
    pub ended_at: Option<MarketTime>,
    /// Whether it is one's own; absent where nobody is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yours: Option<bool>,
}

/// A page of auctions, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuctionsPage {
    /// The auctions.
    pub auctions: Vec<AuctionView>,
    /// What to send as `cursor` for the next page; absent on the last.
    pub next: Option<String>,
}

/// The auctions that are open, the oldest first, each with what is proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenAuctionsView {
    /// The auctions.
    pub auctions: Vec<AuctionView>,
}

/// Something that happened in an auction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuctionEventView {
    /// What happened: `offered`, `proposed`, `accepted`, `proposal_ended`, `ended`; or `day`, which began.
    #[serde(skip)]
    pub kind: &'static str,
    /// The auction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auction_id: Option<String>,
    /// The proposal, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal_id: Option<String>,
    /// What is offered; of a proposal of shares, what is proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// How much of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Number>,
    /// The cash that is proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cash: Option<Number>,
    /// When the auction expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<MarketTime>,
    /// What each side of a swap is taken to be worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Number>,
    /// Why it ended, as a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// When, in the market's time.
    pub at: MarketTime,
}

/// Who looks: their seat, if anybody is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looking<'a> {
    pub(super) data: &'a MarketData,
    pub(super) account: Option<AccountId>,
}

impl Looking<'_> {
    fn time(&self, nanos: i64) -> MarketTime {
        self.data.time(SimTime::from_nanos(nanos))
    }

    pub(super) fn is_own(&self, seat: &str) -> bool {
        self.account.is_some_and(|account| seat.parse() == Ok(account))
    }

    /// Shows an auction; all of its proposals, or those that are open.
    pub(super) fn auction(&self, auction: &AuctionState, all: bool) -> AuctionView {
        let (ended_at, accepted, value) = match auction.end {
            Some((at, AuctionOutcome::Swapped(proposal, value))) => (Some(at), Some(proposal), Some(value)),
            Some((at, AuctionOutcome::Unsold(_))) => (Some(at), None, None),
            None => (None, None, None),
        };
        let proposals = auction.proposals.iter().filter(|proposal| all || proposal.end.is_none());
        AuctionView {
            auction_id: auction.id.to_string(),
            symbol: auction.lot.symbol.to_string(),
            quantity: auction.lot.quantity,
            status: auction.end.map_or("open", |(_, outcome)| outcome.name()).to_owned(),
            offered_at: self.data.time(auction.offered_at),
            deadline: self.data.time(auction.deadline),
            ended_at: ended_at.map(|at| self.data.time(at)),
            accepted_id: accepted.map(|proposal| proposal.to_string()),
            value: value.map(Number::of_money),
            yours: self.account.map(|_| self.is_own(&auction.owner)),
            proposals: proposals.map(|proposal| self.proposal(proposal)).collect(),
        }
    }

    fn proposal(&self, proposal: &ProposalState) -> ProposalView {
        let (cash, shares) = parts(&proposal.consideration);
        ProposalView {
            proposal_id: proposal.id.to_string(),
            cash,
            symbol: shares.map(|(symbol, _)| symbol.to_string()),
            quantity: shares.map(|(_, quantity)| quantity),
            status: proposal.end.map_or("open", |(_, outcome)| outcome.name()).to_owned(),
            proposed_at: self.data.time(proposal.proposed_at),
            ended_at: proposal.end.map(|(at, _)| self.data.time(at)),
            yours: self.account.map(|_| self.is_own(&proposal.proposer)),
        }
    }

    /// Shows an auction that is over.
    pub(super) fn row(&self, row: &AuctionRow) -> AuctionView {
        AuctionView {
            auction_id: row.auction.to_string(),
            symbol: row.symbol.clone(),
            quantity: Number(row.quantity.decimal()),
            status: row.outcome.clone(),
            offered_at: self.time(row.offered_at),
            deadline: self.time(row.deadline),
            ended_at: Some(self.time(row.ended_at)),
            accepted_id: row.accepted.map(|proposal| proposal.to_string()),
            value: row.value.map(|value| Number(value.decimal())),
            yours: self.account.map(|account| row.account == Some(account)),
            proposals: row.proposals.iter().map(|proposal| self.proposal_row(proposal)).collect(),
        }
    }

    fn proposal_row(&self, row: &AuctionProposalRow) -> ProposalView {
        ProposalView {
            proposal_id: row.proposal.to_string(),
            cash: row.cash.map(|cash| Number(cash.decimal())),
            symbol: row.symbol.clone(),
            quantity: row.quantity.map(|quantity| Number(quantity.decimal())),
            status: row.outcome.clone(),
            proposed_at: self.time(row.proposed_at),
            ended_at: Some(self.time(row.ended_at)),
            yours: self.account.map(|account| row.account == Some(account)),
        }
    }
}

/// Returns the cash of what is proposed, or symbol and quantity of its shares.
fn parts(consideration: &NamedConsideration) -> (Option<Number>, Option<(&Arc<str>, Number)>) {
    match consideration {
        NamedConsideration::Cash(cash) => (Some(*cash), None),
        NamedConsideration::Shares(shares) => (None, Some((&shares.symbol, shares.quantity))),
    }
}

impl OpenAuctionsView {
    /// Shows what is open to everybody.
    #[must_use]
    pub fn of(data: &MarketData, state: &AuctionsState) -> Self {
        let looking = Looking { data, account: None };
        Self { auctions: state.open.values().map(|auction| looking.auction(auction, false)).collect() }
    }
}

impl AuctionEventView {
    /// Shows something that happened.
    #[must_use]
    pub fn of(data: &MarketData, news: &AuctionNews) -> Self {
        let mut view = Self {
            kind: "day",
            auction_id: None,
            proposal_id: None,
            symbol: None,
            quantity: None,
            cash: None,
            deadline: None,
            value: None,
            reason: None,
            at: data.time(news.at),
        };
        match &news.change {
            AuctionChange::DayBegan => {}
            AuctionChange::Offered { auction, lot, deadline, .. } => {
                (view.kind, view.auction_id) = ("offered", Some(auction.to_string()));
                (view.symbol, view.quantity) = (Some(lot.symbol.to_string()), Some(lot.quantity));
                view.deadline = Some(data.time(*deadline));
            }
            AuctionChange::Proposed { auction, proposal, consideration, .. } => {
                view.tell("proposed", auction.to_string(), Some(proposal.to_string()));
                let (cash, shares) = parts(consideration);
                (view.cash, view.symbol) = (cash, shares.map(|(symbol, _)| symbol.to_string()));
                view.quantity = shares.map(|(_, quantity)| quantity);
            }
            AuctionChange::Accepted { auction, proposal, value } => {
                view.tell("accepted", auction.to_string(), Some(proposal.to_string()));
                view.value = Some(Number::of_money(*value));
            }
            AuctionChange::ProposalEnded { auction, proposal, why } => {
                view.tell("proposal_ended", auction.to_string(), Some(proposal.to_string()));
                view.reason = Some(why.name());
            }
            AuctionChange::Ended { auction, why } => {
                view.tell("ended", auction.to_string(), None);
                view.reason = Some(why.name());
            }
        }
        view
    }

    fn tell(&mut self, kind: &'static str, auction: String, proposal: Option<String>) {
        (self.kind, self.auction_id, self.proposal_id) = (kind, Some(auction), proposal);
    }
}
