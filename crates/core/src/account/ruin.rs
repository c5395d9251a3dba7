//! Ruin: what becomes of an account whose equity is gone.

use super::ledger::Account;
use super::orders::OpenOrder;
use crate::market::{Link, OrderTerms, Refusal};
use crate::units::{ActorId, InstrumentId, ListingId, Money, NetQuantity, OrderId};

/// What happens to an account whose equity is found to be zero or below: where bars are replayed at that
/// instant of their path, else when it is marked.
///
/// Either way this is for good: it takes no new risk, even if what it holds recovers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum OnRuin {
    /// Its orders are canceled and its positions closed at the market, whatever that costs; it takes no more
    /// orders.
    Liquidate,
    /// It keeps its positions, and takes only orders that bring them nearer to zero; others are canceled.
    Keep,
}

/// An owner whose equity is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruined {
    /// The owner.
    pub owner: ActorId,
    /// The replayed listings whose prices its equity depends on.
    pub held: Vec<ListingId>,
}

/// What becomes of the orders and positions of an owner who is ruined.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Liquidation {
    /// The orders that it may not have; those on their way have yet to be refused when they arrive.
    pub cancels: Vec<(ListingId, OrderId)>,
    /// The orders that close its positions.
    pub closes: Vec<Closing>,
}

/// An order that closes a position at the market; its owner's account has it already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// Where.
    pub listing: ListingId,
    /// The order.
    pub order: OrderId,
    /// Its terms.
    pub terms: OrderTerms,
}

impl Account {
    /// Returns what happens when the equity is gone; nothing if absent.
    #[must_use]
    pub const fn on_ruin(&self) -> Option<OnRuin> {
        self.on_ruin
    }

    /// Returns whether the equity was found to be zero or below.
    #[must_use]
    pub const fn is_ruined(&self) -> bool {
        self.is_ruined
    }

    /// Notes the equity at a mark, and returns whether the account is ruined from now on and was not before.
    ///
    /// One that never traded and owes nothing is not ruined: it may have begun with nothing.
    pub(crate) fn note_equity(&mut self, equity: Money) -> bool {
        let is_new = self.would_ruin(equity);
        self.is_ruined |= is_new;
        is_new
    }

    /// Returns whether that equity would ruin the account, which is not ruined yet.
    pub(crate) fn would_ruin(&self, equity: Money) -> bool {
        let is_gone = equity < Money::ZERO || (equity == Money::ZERO && self.fills > 0);
        is_gone && self.on_ruin.is_some() && !self.is_ruined
    }

    /// Returns what is held, in the order of instruments.
    pub(crate) fn held(&self) -> impl Iterator<Item = (InstrumentId, NetQuantity)> {
        let lines = (0..).map(InstrumentId::new).zip(self.lines.iter());
        lines.map(|(id, line)| (id, line.position.holding())).filter(|(_, holding)| holding.lots() != 0)
    }

    /// Returns whether a ruined account may not have an order.
    #[must_use]
    pub(crate) fn is_beyond_ruin(&self, id: OrderId) -> bool {
        self.is_ruined && self.order(id).is_some_and(|order| !order.is_forced && !self.may_stay(&order))
    }

    /// Returns whether a ruined account may have an order: one that reduces what it keeps.
    fn may_stay(&self, order: &OpenOrder) -> bool {
        let reduces = || !self.position_against(order.side, order.instrument).is_zero();
        self.on_ruin == Some(OnRuin::Keep) && reduces()
    }

    /// Checks a new order of an account that may be ruined; one that passes then is reduce-only.
    pub(super) fn check_ruin(
        &self,
        terms: &mut OrderTerms,
        instrument: InstrumentId,
        except: Option<OrderId>,
    ) -> Result<(), Refusal> {
        match self.on_ruin.filter(|_| self.is_ruined) {
            None => Ok(()),
            Some(OnRuin::Liquidate) => Err(Refusal::Ruined),
            Some(OnRuin::Keep) => {
                let is_bracket = matches!(terms.link, Link::Bracket { .. });
                let reduces = self.check_reduces(terms.side, terms.quantity, instrument, except);
                if is_bracket || reduces.is_err() {
                    return Err(Refusal::Ruined);
                }
                terms.reduce_only = true;
                Ok(())
            }
        }
    }

    /// Returns the open orders that a ruined account may not have, and whose cancel has not been sent.
    #[must_use]
    pub fn orders_beyond_ruin(&self) -> Vec<OrderId> {
        let live =
            self.orders.iter().filter(|it| !it.cancel_sent && !it.is_forced && it.awaits_entry.is_none());
        live.filter(|it| !self.may_stay(it)).map(|it| it.id).collect()
    }

    /// Returns the instruments whose position is to be closed, and that no order on its way closes.
    #[must_use]
    pub fn positions_beyond_ruin(&self) -> Vec<InstrumentId> {
        if self.on_ruin != Some(OnRuin::Liquidate) {
            return Vec::new();
        }
        let is_closing = |id| self.orders.iter().any(|order| order.is_forced && order.instrument == id);
        let lines = (0..).map(InstrumentId::new).zip(self.lines.iter());
        let open = lines.filter(|(id, line)| line.position.holding().lots() != 0 && !is_closing(*id));
        open.map(|(id, _)| id).collect()
    }
}
