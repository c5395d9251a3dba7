//! [`Sending`]: orders from outside, from the request until its answer.

use std::collections::BTreeMap;

use bearpit_core::kernel::RequestTag;
use bearpit_core::market::Fact;
use bearpit_core::participant::{Answer, Outcome, RequestKind, RequestRefusal};
use bearpit_core::units::{ActorId, ListingId};

use crate::domain::{ClientOrderId, RefusalId, RefusedOrder, SentOrder};

/// The orders that were asked for and have no answer yet.
#[derive(Debug, Default)]
pub(super) struct Sending(BTreeMap<RequestTag, Asked>);

/// An order that is asked for.
#[derive(Debug)]
pub(super) struct Asked {
    owner: ActorId,
    listing: ListingId,
    client: Option<ClientOrderId>,
}

impl Asked {
    /// Returns what a request asks for, if that is an order.
    pub(super) fn of(kind: &RequestKind, client: Option<&ClientOrderId>) -> Option<Self> {
        let RequestKind::Instruct { participant, instruction } = *kind else { return None };
        let listing = instruction.entry()?;
        Some(Self { owner: participant, listing, client: client.cloned() })
    }
}

impl Sending {
    /// Takes note of a request that was taken.
    pub(super) fn took(&mut self, tag: RequestTag, asked: Asked) {
        self.0.insert(tag, asked);
    }

    /// Takes note of an answer: returns the order that it says is on its way.
    pub(super) fn answered(&mut self, answer: &Answer) -> Option<SentOrder> {
        let Asked { owner, listing, client } = self.0.remove(&answer.tag)?;
        match answer.outcome {
            Ok(Outcome::Submitted { order, exits, terms }) => {
                Some(SentOrder { order, owner, listing, terms, exits, client, at: answer.at })
            }
            _ => None,
        }
    }

    /// Returns the order that a fact says was refused, if that is the one of which `next`, the answer behind
    /// the fact, says so too. Orders of agents are refused by facts alone.
    pub(super) fn refused(
        &mut self,
        (sequence, fact): (u64, &Fact),
        next: Option<&Answer>,
    ) -> Option<RefusedOrder> {
        let Fact::OrderRefused { owner, listing, terms, reason } = *fact else { return None };
        let Answer { tag, at, facts, outcome: Err(RequestRefusal::Instruction(why)) } = *next? else {
            return None;
        };
        let is_its = |asked: &Asked| (asked.owner, asked.listing, why) == (owner, listing, reason);
        if facts != sequence + 1 || !self.0.get(&tag).is_some_and(is_its) {
            return None;
        }
        let Asked { client, .. } = self.0.remove(&tag)?;
        Some(RefusedOrder { id: RefusalId::of(tag), owner, listing, terms, reason, client, at })
    }
}
