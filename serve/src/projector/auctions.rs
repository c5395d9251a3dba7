//! [`AuctionMaker`]: auctions that are over as rows, and what people are told of theirs.

use std::sync::Arc;

use bearpit_core::market::{AuctionEnd, Fact, ProposalEnd};
use bearpit_core::units::{AuctionId, ProposalId, SimTime};

use crate::domain::{AccountId, AuctionNotice, AuctionStep, NoticeContent, Number};
use crate::publication::{
    AuctionChange, AuctionFollower, AuctionNews, AuctionOutcome, AuctionState, AuctionsState, Day,
    NamedConsideration, ProposalOutcome, ProposalState,
};
use crate::store::database::Amount;
use crate::store::projection::{AuctionProposalRow, AuctionRow, Change, NoticedRow};

/// Follows the auctions of a segment, none of which outlasts it.
#[derive(Debug)]
pub(super) struct AuctionMaker {
    day: u32,
    follower: AuctionFollower,
    state: AuctionsState,
}

impl AuctionMaker {
    /// Makes one for a segment that begins, of the day with a number.
    pub(super) fn begin(day: &Day, number: u32) -> Self {
        let mut follower = AuctionFollower::default();
        follower.begin_day(day);
        Self { day: number, follower, state: AuctionsState::default() }
    }

    /// Returns what a fact changes: the auction that it ends, and what people are told of it.
    pub(super) fn follow(&mut self, at: SimTime, fact: &Fact) -> Vec<Change> {
        let Some(news) = self.follower.follow(at, fact) else { return Vec::new() };
        self.state.follow(&news);
        let ended = match news.change {
            AuctionChange::Accepted { auction, .. } | AuctionChange::Ended { auction, .. } => {
                self.state.auction(auction)
            }
            _ => None,
        };
        let row = ended.and_then(|auction| row_of(auction, self.day));
        let row = row.map(|row| Change::Auction(Box::new(row)));
        row.into_iter().chain(self.noticed(&news)).collect()
    }

    /// Returns what somebody is told: of what others did, or the clock.
    fn noticed(&self, news: &AuctionNews) -> Option<Change> {
        let (auction, proposal, step, is_for_owner, reason) = match news.change {
            AuctionChange::Proposed { auction, proposal, .. } => {
                (auction, Some(proposal), AuctionStep::Proposed, true, None)
            }
            AuctionChange::Accepted { auction, proposal, .. } => {
                (auction, Some(proposal), AuctionStep::Accepted, false, None)
            }
            AuctionChange::ProposalEnded { auction, proposal, why } => {
                let (step, reason) = match why {
                    ProposalEnd::Withdrawn => return None,
                    ProposalEnd::Rejected => (AuctionStep::Rejected, None),
                    ProposalEnd::Outbid => (AuctionStep::Outbid, None),
                    other => (AuctionStep::Ended, Some(other.name())),
                };
                (auction, Some(proposal), step, false, reason)
            }
            AuctionChange::Ended { auction, why } if why != AuctionEnd::Withdrawn => {
                (auction, None, AuctionStep::Ended, true, Some(why.name()))
            }
            AuctionChange::DayBegan | AuctionChange::Offered { .. } | AuctionChange::Ended { .. } => {
                return None;
            }
        };
        let auction = self.state.auction(auction)?;
        let proposal = proposal.and_then(|id| auction.proposal(id));
        let told = if is_for_owner { &auction.owner } else { &proposal?.proposer };
        let content = notice_of(auction, proposal, (step, reason), news.at);
        let id = proposal.map_or(0, |proposal| proposal.id.get());
        let source = format!("auction:{}:{id}:{}", auction.id, step.name());
        Some(Change::Noticed(Box::new(NoticedRow::new(account_of(told)?, source, &content))))
    }
}

fn notice_of(
    auction: &AuctionState,
    proposal: Option<&ProposalState>,
    (step, reason): (AuctionStep, Option<&'static str>),
    at: SimTime,
) -> NoticeContent {
    let (cash, shares) = match proposal.map(|proposal| &proposal.consideration) {
        Some(NamedConsideration::Cash(cash)) => (Some(*cash), None),
        Some(NamedConsideration::Shares(shares)) => (None, Some(shares)),
        None => (None, None),
    };
    NoticeContent::Auction(AuctionNotice {
        auction_id: auction.id.to_string(),
        proposal_id: proposal.map(|proposal| proposal.id.to_string()),
        step,
        symbol: auction.lot.symbol.to_string(),
        quantity: auction.lot.quantity,
        cash,
        for_symbol: shares.map(|shares| shares.symbol.to_string()),
        for_quantity: shares.map(|shares| shares.quantity),
        reason: reason.map(str::to_owned),
        market_at: format!("{at}Z"),
    })
}

/// Returns whose a seat is; people's are named by the ids of their accounts.
fn account_of(name: &Arc<str>) -> Option<AccountId> {
    name.parse().ok()
}

fn row_of(auction: &AuctionState, day: u32) -> Option<AuctionRow> {
    let (ended_at, outcome) = auction.end?;
    let (accepted, value) = match outcome {
        AuctionOutcome::Swapped(proposal, value) => (Some(proposal), Some(value.into())),
        AuctionOutcome::Unsold(_) => (None, None),
    };
    Some(AuctionRow {
        auction: id_of_auction(auction.id),
        account: account_of(&auction.owner),
        day,
        symbol: auction.lot.symbol.to_string(),
        quantity: amount(auction.lot.quantity),
        offered_at: auction.offered_at.nanos(),
        deadline: auction.deadline.nanos(),
        ended_at: ended_at.nanos(),
        outcome: outcome.name().to_owned(),
        accepted: accepted.map(id_of_proposal),
        value,
        proposals: auction.proposals.iter().filter_map(proposal_row).collect(),
    })
}

fn proposal_row(proposal: &ProposalState) -> Option<AuctionProposalRow> {
    let (ended_at, outcome): (SimTime, ProposalOutcome) = proposal.end?;
    let (cash, shares) = match &proposal.consideration {
        NamedConsideration::Cash(cash) => (Some(amount(*cash)), None),
        NamedConsideration::Shares(shares) => (None, Some(shares)),
    };
    Some(AuctionProposalRow {
        proposal: id_of_proposal(proposal.id),
        account: account_of(&proposal.proposer),
        cash,
        symbol: shares.map(|shares| shares.symbol.to_string()),
        quantity: shares.map(|shares| amount(shares.quantity)),
        proposed_at: proposal.proposed_at.nanos(),
        ended_at: ended_at.nanos(),
        outcome: outcome.name().to_owned(),
    })
}

/// Returns a number for the database: none that the market has is beyond what that keeps.
fn amount(number: Number) -> Amount {
    Amount::of(number.0).unwrap_or_default()
}

fn id_of_auction(id: AuctionId) -> i64 {
    i64::try_from(id.get()).unwrap_or(i64::MAX)
}

fn id_of_proposal(id: ProposalId) -> i64 {
    i64::try_from(id.get()).unwrap_or(i64::MAX)
}
