//! Rows of what happened in auctions between participants.

use super::RowGroups;
use crate::record::error::RecordError;
use crate::record::table::Table;
use bearpit_core::market::{AuctionEvent, AuctionLot, Consideration};
use bearpit_core::units::{AuctionId, Money, ProposalId, SimTime};

/// What an event says beside whom it concerns.
#[derive(Debug, Default)]
struct Cells {
    proposal: Option<ProposalId>,
    lot: Option<AuctionLot>,
    proposed: Option<Consideration>,
    value: Option<Money>,
    open_for_ns: Option<u64>,
    reason: Option<&'static str>,
}

impl Cells {
    fn of(at: SimTime, event: &AuctionEvent) -> Self {
        let none = Self::default();
        match *event {
            AuctionEvent::Offered { lot, deadline, .. } => {
                let open_for_ns = Some((deadline - at).nanos().unsigned_abs());
                Self { lot: Some(lot), open_for_ns, ..none }
            }
            AuctionEvent::Proposed { proposal, consideration, .. } => {
                Self { proposal: Some(proposal), proposed: Some(consideration), ..none }
            }
            AuctionEvent::Accepted { proposal, lot, consideration, value, .. } => Self {
                proposal: Some(proposal),
                lot: Some(lot),
                proposed: Some(consideration),
                value: Some(value),
                ..none
            },
            AuctionEvent::ProposalEnded { proposal, why, .. } => {
                Self { proposal: Some(proposal), reason: Some(why.name()), ..none }
            }
            AuctionEvent::Ended { why, .. } => Self { reason: Some(why.name()), ..none },
        }
    }
}

impl RowGroups {
    /// Adds what happened in an auction.
    pub(super) fn auction(&mut self, at: SimTime, event: &AuctionEvent) -> Result<(), RecordError> {
        let Cells { proposal, lot, proposed, value, open_for_ns, reason } = Cells::of(at, event);
        let (owner, proposer) = event.concerned();
        let cash = match proposed {
            Some(Consideration::Cash(amount)) => amount,
            _ => Money::ZERO,
        };
        let shares = match proposed {
            Some(Consideration::Shares { instrument, quantity }) => Some(AuctionLot { instrument, quantity }),
            _ => None,
        };
        self.add(Table::Auctions, |group, names, interner| {
            let quantity = |lot: Option<AuctionLot>| {
                let lot = lot?;
                Some(names.instruments.get(lot.instrument.index())?.quantity_f64(lot.quantity))
            };
            group.time(at).say(interner, event.name()).count(Some(AuctionId::get(event.auction())));
            group.count(proposal.map(ProposalId::get)).word(interner.actor(owner));
            group.word(proposer.and_then(|proposer| interner.actor(proposer)));
            group.word(lot.and_then(|lot| interner.symbol(lot.instrument))).number(quantity(lot));
            group.money(cash).word(shares.and_then(|lot| interner.symbol(lot.instrument)));
            group.number(quantity(shares)).money(value.unwrap_or(Money::ZERO)).count(open_for_ns);
            let reason = reason.map(|reason| interner.fixed(reason));
            group.word(reason);
        })
    }
}
