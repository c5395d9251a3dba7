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

#[cfg(test)]
mod tests {
    use bearpit_core::market::{AuctionEvent, AuctionLot, Consideration, Instrument};
    use bearpit_core::units::{ActorId, InstrumentId, Money, Quantity};

    use super::*;
    use crate::publication::DayParticipant;

    const ANNE: ActorId = ActorId::new(1);
    const BEN: ActorId = ActorId::new(2);
    const CROWD: ActorId = ActorId::new(3);
    const AUCTION: AuctionId = AuctionId::new(7);

    fn at(second: i64) -> SimTime {
        SimTime::from_nanos(second * 1_000_000_000)
    }

    /// Follows events, one each second; returns what they change, with whose notices are.
    fn follow(events: &[AuctionEvent]) -> ([AccountId; 2], Vec<Change>) {
        let [anne, ben] = [AccountId::draw(), AccountId::draw()];
        let participant = |id, name: String| DayParticipant { id, name: name.into(), has_channel: true };
        let day = Day {
            open: at(0),
            instruments: vec![
                Instrument::new("ACME", "0.01".parse().unwrap(), "0.1".parse().unwrap()).unwrap(),
            ],
            listings: Vec::new(),
            participants: vec![
                participant(ANNE, anne.to_string()),
                participant(BEN, ben.to_string()),
                participant(CROWD, "crowd".to_owned()),
            ],
        };
        let mut maker = AuctionMaker::begin(&day, 3);
        let facts = (1..).zip(events);
        let changes = facts.flat_map(|(second, event)| maker.follow(at(second), &Fact::Auction(*event)));
        ([anne, ben], changes.collect())
    }

    fn offered() -> AuctionEvent {
        let lot = AuctionLot { instrument: InstrumentId::new(0), quantity: Quantity::new(50) };
        AuctionEvent::Offered { auction: AUCTION, owner: ANNE, lot, deadline: at(99) }
    }

    fn proposed(id: u64, proposer: ActorId) -> AuctionEvent {
        let (proposal, consideration) =
            (ProposalId::new(id), Consideration::Cash(Money::from_units(70_000_000_000)));
        AuctionEvent::Proposed { auction: AUCTION, proposal, owner: ANNE, proposer, consideration }
    }

    fn ended(id: u64, proposer: ActorId, why: ProposalEnd) -> AuctionEvent {
        AuctionEvent::ProposalEnded {
            auction: AUCTION,
            proposal: ProposalId::new(id),
            owner: ANNE,
            proposer,
            why,
        }
    }

    fn told(changes: &[Change]) -> Vec<(AccountId, &'static str)> {
        let noticed = changes.iter().filter_map(|change| match change {
            Change::Noticed(row) => Some(row),
            _ => None,
        });
        let told = noticed.map(|row| match serde_json::from_str(&row.content) {
            Ok(NoticeContent::Auction(notice)) => (row.account, notice.step.name()),
            other => panic!("{other:?}"),
        });
        told.collect()
    }

    #[test]
    fn a_swap_is_one_row_with_all_that_was_proposed_and_those_are_told_who_did_not_do_it() {
        let accepted = AuctionEvent::Accepted {
            auction: AUCTION,
            proposal: ProposalId::new(2),
            owner: ANNE,
            proposer: BEN,
            lot: AuctionLot { instrument: InstrumentId::new(0), quantity: Quantity::new(50) },
            consideration: Consideration::Cash(Money::from_units(70_000_000_000)),
            value: Money::from_units(70_000_000_000),
        };
        let events =
            [offered(), proposed(1, CROWD), proposed(2, BEN), accepted, ended(1, CROWD, ProposalEnd::Outbid)];
        let ([anne, ben], changes) = follow(&events);
        let expected = [(anne, "proposed"), (anne, "proposed"), (ben, "accepted")];
        assert_eq!(told(&changes), expected, "a scenario's own participants are told nothing");
        let rows = changes.iter().filter_map(|change| match change {
            Change::Auction(row) => Some(row),
            _ => None,
        });
        let rows: Vec<_> = rows.collect();
        let [row] = rows[..] else { panic!("{rows:?}") };
        assert_eq!((row.auction, row.account, row.day, row.accepted), (7, Some(anne), 3, Some(2)));
        assert_eq!(row.quantity.decimal().to_string(), "5");
        let proposals: Vec<_> = row.proposals.iter().map(|it| (it.account, it.outcome.as_str())).collect();
        assert_eq!(proposals, [(None, "outbid"), (Some(ben), "accepted")]);
    }

    #[test]
    fn what_its_owner_or_proposer_takes_back_is_told_to_the_other_only() {
        let expired = AuctionEvent::Ended { auction: AUCTION, owner: ANNE, why: AuctionEnd::Expired };
        let events = [
            offered(),
            proposed(1, BEN),
            ended(1, BEN, ProposalEnd::Withdrawn),
            proposed(2, BEN),
            ended(2, BEN, ProposalEnd::Rejected),
            proposed(3, BEN),
            ended(3, BEN, ProposalEnd::AuctionEnded),
            expired,
        ];
        let ([anne, ben], changes) = follow(&events);
        assert_eq!(
            told(&changes),
            [
                (anne, "proposed"),
                (anne, "proposed"),
                (ben, "rejected"),
                (anne, "proposed"),
                (ben, "ended"),
                (anne, "ended"),
            ]
        );
        let withdrawn = AuctionEvent::Ended { auction: AUCTION, owner: ANNE, why: AuctionEnd::Withdrawn };
        assert_eq!(told(&follow(&[offered(), withdrawn]).1), []);
    }
}
