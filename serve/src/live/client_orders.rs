//! [`ClientOrders`]: what came of each request that its sender gave an id.

use std::collections::BTreeMap;

use bearpit_core::account::FundingRefusal;
use bearpit_core::exchange::Market;
use bearpit_core::kernel::RequestTag;
use bearpit_core::market::{AuctionRefusal, Refusal};
use bearpit_core::participant::{Answer, Outcome, RequestKind, RequestRefusal};
use bearpit_core::units::{ActorId, OrderId, SimTime};
use serde::{Deserialize, Serialize};

use super::state::REMEMBERED_FOR;
use crate::domain::ClientOrderId;

/// A request with an id that is taken: what it asked for, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Known {
    /// A digest of what was asked for.
    content: Content,
    /// Its tag.
    pub(super) tag: RequestTag,
    /// Its answer, once it has been given.
    pub(super) answer: Option<Answer>,
}

/// A digest of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Content([u8; 16]);

impl Content {
    /// Digests a request, but for whose it is: participants have other numbers on another day.
    pub(super) fn of(kind: &RequestKind) -> Self {
        let bytes = match kind {
            RequestKind::Instruct { instruction, .. } => postcard::to_stdvec(&(0, instruction)),
            RequestKind::Fund { funding, .. } => postcard::to_stdvec(&(1, funding)),
            other => postcard::to_stdvec(&(2, other)),
        };
        // Fails for sequences of unknown length only, which no request has.
        let bytes = bytes.unwrap_or_default();
        let mut digest = [0; 16];
        digest.copy_from_slice(&blake3::hash(&bytes).as_bytes()[..16]);
        Self(digest)
    }
}

/// A request that one market remembers for the next; also one that was refused, which whoever asks again is
/// told again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// The name of its participant.
    owner: String,
    id: ClientOrderId,
    content: Content,
    tag: RequestTag,
    at: SimTime,
    facts: u64,
    outcome: Result<Outcome, RememberedRefusal>,
}

/// Why a request with an id was refused.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum RememberedRefusal {
    Instruction(Refusal),
    Funding(FundingRefusal),
    Auction(AuctionRefusal),
}

impl RememberedRefusal {
    /// Returns it; of requests that have no ids there is none.
    const fn of(refusal: &RequestRefusal) -> Option<Self> {
        match refusal {
            RequestRefusal::Instruction(refusal) => Some(Self::Instruction(*refusal)),
            RequestRefusal::Funding(refusal) => Some(Self::Funding(*refusal)),
            RequestRefusal::Auction(refusal) => Some(Self::Auction(*refusal)),
            RequestRefusal::Operator(_) | RequestRefusal::Join(_) | RequestRefusal::Quote(_) => None,
        }
    }
}

impl From<RememberedRefusal> for RequestRefusal {
    fn from(refusal: RememberedRefusal) -> Self {
        match refusal {
            RememberedRefusal::Instruction(refusal) => Self::Instruction(refusal),
            RememberedRefusal::Funding(refusal) => Self::Funding(refusal),
            RememberedRefusal::Auction(refusal) => Self::Auction(refusal),
        }
    }
}

/// The requests with ids, by participant and id.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ClientOrders {
    known: BTreeMap<(ActorId, ClientOrderId), Known>,
    /// The ids of orders, by what the market calls them.
    by_order: BTreeMap<OrderId, ClientOrderId>,
    /// Those that have no answer yet.
    unanswered: BTreeMap<RequestTag, (ActorId, ClientOrderId)>,
}

/// What is known of an id.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Lookup<'a> {
    /// Nothing: it is free.
    Free,
    /// The same request was made under it.
    Same(&'a Known),
    /// Another request was made under it.
    Other,
}

impl ClientOrders {
    /// Looks an id up for a request.
    pub(super) fn look_up(&self, owner: ActorId, id: &ClientOrderId, kind: &RequestKind) -> Lookup<'_> {
        match self.get(owner, id) {
            None => Lookup::Free,
            Some(known) if known.content == Content::of(kind) => Lookup::Same(known),
            Some(_) => Lookup::Other,
        }
    }

    /// Returns what was asked for under an id.
    pub(super) fn get(&self, owner: ActorId, id: &ClientOrderId) -> Option<&Known> {
        self.known.get(&(owner, id.clone()))
    }

    /// Takes note of a request that was taken.
    pub(super) fn took(&mut self, owner: ActorId, id: ClientOrderId, kind: &RequestKind, tag: RequestTag) {
        self.unanswered.insert(tag, (owner, id.clone()));
        self.known.insert((owner, id), Known { content: Content::of(kind), tag, answer: None });
    }

    /// Returns those that the next market is to know: of seven days, and those whose orders are open.
    pub(super) fn remembered(&self, market: &Market) -> Vec<Remembered> {
        let now = market.world().now();
        let remembered = self.known.iter().filter_map(|((owner, id), known)| {
            let answer = known.answer.as_ref()?;
            let outcome = match &answer.outcome {
                Ok(outcome) => Ok(*outcome),
                Err(refusal) => Err(RememberedRefusal::of(refusal)?),
            };
            let is_open = || match outcome {
                Ok(Outcome::Submitted { order, .. }) => {
                    market.world().domain().account(*owner).is_some_and(|it| it.order(order).is_some())
                }
                _ => false,
            };
            (now - answer.at <= REMEMBERED_FOR || is_open()).then(|| Remembered {
                owner: market.world().name_of(*owner).unwrap_or_default().to_owned(),
                id: id.clone(),
                content: known.content,
                tag: known.tag,
                at: answer.at,
                facts: answer.facts,
                outcome,
            })
        });
        remembered.collect()
    }

    /// Knows what the last market remembered, by the participants of this one.
    pub(super) fn recall(&mut self, remembered: Vec<Remembered>, market: &Market) {
        let seats: BTreeMap<_, _> =
            market.participants().iter().map(|it| (it.name.as_str(), it.id)).collect();
        for Remembered { owner, id, content, tag, at, facts, outcome } in remembered {
            if let Some(owner) = seats.get(owner.as_str()) {
                if let Ok(outcome) = outcome {
                    self.name(&id, outcome);
                }
                let outcome = outcome.map_err(RequestRefusal::from);
                let answer = Some(Answer { tag, at, facts, outcome });
                self.known.insert((*owner, id), Known { content, tag, answer });
            }
        }
    }

    /// Takes note of an answer.
    pub(super) fn answered(&mut self, answer: &Answer) {
        if let Some(key) = self.unanswered.remove(&answer.tag)
            && let Some(known) = self.known.get_mut(&key)
        {
            known.answer = Some(answer.clone());
            if let Ok(outcome) = answer.outcome {
                self.name(&key.1, outcome);
            }
        }
    }

    /// Returns the orders that are open in their accounts, and what their owners call them.
    pub(super) fn open_orders(&self, market: &Market) -> Vec<(ActorId, OrderId, ClientOrderId)> {
        let open = self.known.iter().filter_map(|((owner, id), known)| {
            let Outcome::Submitted { order, .. } = known.answer.as_ref()?.outcome.as_ref().ok()? else {
                return None;
            };
            let account = market.world().domain().account(*owner)?;
            account.order(*order).map(|_| (*owner, *order, id.clone()))
        });
        open.collect()
    }

    /// Returns the id that an order's owner gave it.
    pub(super) fn of_order(&self, order: OrderId) -> Option<&ClientOrderId> {
        self.by_order.get(&order)
    }

    fn name(&mut self, id: &ClientOrderId, outcome: Outcome) {
        if let Outcome::Submitted { order, .. } = outcome {
            self.by_order.insert(order, id.clone());
        }
    }
}

/// Returns in whose name a request is made: ids are unique among those of one participant.
pub(super) const fn owner_of(kind: &RequestKind) -> Option<ActorId> {
    match kind {
        RequestKind::Instruct { participant, .. } | RequestKind::Fund { participant, .. } => {
            Some(*participant)
        }
        RequestKind::Transfer { from, .. } => Some(*from),
        // Those of an operator, of a feed, and of somebody who is not there yet.
        RequestKind::Join { .. }
        | RequestKind::Halt { .. }
        | RequestKind::Reopen { .. }
        | RequestKind::Block { .. }
        | RequestKind::Unblock { .. }
        | RequestKind::Reseat { .. }
        | RequestKind::Limit { .. }
        | RequestKind::Identify { .. }
        | RequestKind::Quote { .. } => None,
    }
}
