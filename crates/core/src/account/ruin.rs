//! Ruin: what becomes of an account whose equity is gone, or of a margin account whose equity is below its
//! maintenance margin.
//!
//! Both are one mechanism: orders are canceled, positions closed by orders of the account at the market. A
//! margin account that is called and has been closed out with something left trades on; one whose equity is
//! gone is ruined, for good. What it owes then stays in it as negative cash: nobody else's cash changes.

use super::ledger::Account;
use super::orders::OpenOrder;
use crate::market::{CancelReason, Link, OrderTerms, Refusal, RejectReason};
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

/// What accounts are worth: cash and holdings, and holdings without their signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Valuation {
    /// Cash, and holdings at their marks.
    pub equity: Money,
    /// Holdings at their marks, without their signs.
    pub exposure: Money,
}

/// What a margin call says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarginCall {
    /// The account's equity.
    pub equity: Money,
    /// The maintenance margin that it does not reach.
    pub maintenance: Money,
}

/// Why an account is liquidated, or may not enlarge what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restriction {
    /// Its equity is gone.
    Ruined,
    /// Its equity was below the maintenance margin.
    Called,
}

impl Restriction {
    /// Returns why its orders are canceled.
    #[must_use]
    pub const fn cancel_reason(self) -> CancelReason {
        match self {
            Self::Ruined => CancelReason::Ruined,
            Self::Called => CancelReason::MarginCall,
        }
    }

    /// Returns why its orders that arrive are rejected.
    #[must_use]
    pub const fn reject_reason(self) -> RejectReason {
        match self {
            Self::Ruined => RejectReason::Ruined,
            Self::Called => RejectReason::MarginCall,
        }
    }

    const fn refusal(self) -> Refusal {
        match self {
            Self::Ruined => Refusal::Ruined,
            Self::Called => Refusal::MarginCall,
        }
    }
}

/// An owner who is to be liquidated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruined {
    /// The owner.
    pub owner: ActorId,
    /// The replayed listings whose prices its equity depends on.
    pub held: Vec<ListingId>,
}

/// What becomes of the orders and positions of an owner who is liquidated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Liquidation {
    /// Why orders are canceled.
    pub reason: CancelReason,
    /// The orders that it may not have; those on their way have yet to be refused when they arrive.
    pub cancels: Vec<(ListingId, OrderId)>,
    /// The orders that close its positions.
    pub closes: Vec<Closing>,
}

impl Liquidation {
    /// Nothing is to be done.
    pub const NONE: Self = Self { reason: CancelReason::Ruined, cancels: Vec::new(), closes: Vec::new() };
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

    /// Returns whether the account is being liquidated by a margin call.
    #[must_use]
    pub const fn is_called(&self) -> bool {
        self.is_called
    }

    /// Returns why the account is liquidated, or may not enlarge what it holds, if that is so.
    #[must_use]
    pub const fn restriction(&self) -> Option<Restriction> {
        if self.is_ruined {
            Some(Restriction::Ruined)
        } else if self.is_called {
            Some(Restriction::Called)
        } else {
            None
        }
    }

    /// Notes what the account is worth at a mark, and returns what restricts it from now on and did not
    /// before.
    pub(crate) fn note_valuation(&mut self, worth: Valuation) -> Option<Restriction> {
        if self.note_equity(worth.equity) {
            self.is_called = false;
            return Some(Restriction::Ruined);
        }
        let is_new = self.would_be_called(worth);
        self.is_called |= is_new;
        is_new.then_some(Restriction::Called)
    }

    /// Returns whether what the account is worth would restrict it more than it is.
    pub(crate) fn would_restrict(&self, worth: Valuation) -> bool {
        self.would_ruin(worth.equity) || self.would_be_called(worth)
    }

    fn would_be_called(&self, worth: Valuation) -> bool {
        self.restriction().is_none() && self.margin_call(worth).is_some()
    }

    /// Returns the margin call for what the account is worth, if it is a margin account and that is too
    /// little.
    pub(crate) fn margin_call(&self, worth: Valuation) -> Option<MarginCall> {
        let Valuation { equity, exposure } = worth;
        let maintenance = self.margin_terms()?.maintenance().of(exposure);
        (equity < maintenance).then_some(MarginCall { equity, maintenance })
    }

    /// Lifts a margin call once there is neither a position nor an order; returns whether it did so.
    pub(crate) fn end_call(&mut self) -> bool {
        let is_over = self.is_closed_out();
        self.is_called &= !is_over;
        is_over
    }

    /// Returns whether the account is called, and has neither a position nor an order any more.
    pub(crate) fn is_closed_out(&self) -> bool {
        self.is_called && self.orders.is_empty() && self.held().next().is_none()
    }

    /// Returns what is held, in the order of instruments.
    pub(crate) fn held(&self) -> impl Iterator<Item = (InstrumentId, NetQuantity)> {
        let lines = (0..).map(InstrumentId::new).zip(self.lines.iter());
        lines.map(|(id, line)| (id, line.position.holding())).filter(|(_, holding)| holding.lots() != 0)
    }

    /// Returns why a restricted account may not have an order, if that is so.
    #[must_use]
    pub(crate) fn restriction_of(&self, id: OrderId) -> Option<Restriction> {
        let restriction = self.restriction()?;
        let is_refused = self.order(id).is_some_and(|order| !order.is_forced && !self.may_stay(&order));
        is_refused.then_some(restriction)
    }

    /// Returns whether a restricted account may have an order: one that reduces what it keeps.
    fn may_stay(&self, order: &OpenOrder) -> bool {
        let reduces = || !self.position_against(order.side, order.instrument).is_zero();
        self.on_ruin == Some(OnRuin::Keep) && reduces()
    }

    /// Checks that the account is not being liquidated.
    pub(super) fn check_liquidation(&self) -> Result<(), Refusal> {
        let restriction = self.restriction().filter(|_| self.on_ruin == Some(OnRuin::Liquidate));
        restriction.map_or(Ok(()), |restriction| Err(restriction.refusal()))
    }

    /// Checks a new order of an account that may be restricted; one that passes then is reduce-only.
    pub(super) fn check_ruin(
        &self,
        terms: &mut OrderTerms,
        instrument: InstrumentId,
        except: Option<OrderId>,
    ) -> Result<(), Refusal> {
        match self.on_ruin.filter(|_| self.restriction().is_some()) {
            None => Ok(()),
            Some(OnRuin::Liquidate) => self.check_liquidation(),
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

    /// Returns the open orders that a restricted account may not have, and whose cancel has not been sent.
    #[must_use]
    pub fn disallowed_orders(&self) -> Vec<OrderId> {
        let live =
            self.orders.iter().filter(|it| !it.cancel_sent && !it.is_forced && it.awaits_entry.is_none());
        live.filter(|it| !self.may_stay(it)).map(|it| it.id).collect()
    }

    /// Returns the instruments whose position is to be closed, and that no order on its way closes.
    #[must_use]
    pub fn positions_to_close(&self) -> Vec<InstrumentId> {
        if self.on_ruin != Some(OnRuin::Liquidate) {
            return Vec::new();
        }
        let is_closing = |id| self.orders.iter().any(|order| order.is_forced && order.instrument == id);
        let lines = (0..).map(InstrumentId::new).zip(self.lines.iter());
        let open = lines.filter(|(id, line)| line.position.holding().lots() != 0 && !is_closing(*id));
        open.map(|(id, _)| id).collect()
    }
}
