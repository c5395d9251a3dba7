//! Ruin: what becomes of an account whose equity is gone.

use super::ledger::Account;
use crate::market::{Link, OrderTerms, Refusal};
use crate::units::{InstrumentId, Money, OrderId};

/// What happens to an account whose equity is found to be zero or below when it is marked.
///
/// Either way this is for good: it takes no new risk, even if what it holds recovers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnRuin {
    /// Its orders are canceled and its positions closed at the market, whatever that costs; it takes no more
    /// orders.
    Liquidate,
    /// It keeps its positions, and takes only orders that bring them nearer to zero; others are canceled.
    Keep,
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
        let is_gone = equity < Money::ZERO || (equity == Money::ZERO && self.fills > 0);
        let is_new = is_gone && self.on_ruin.is_some() && !self.is_ruined;
        self.is_ruined |= is_new;
        is_new
    }

    /// Checks a new order of an account that may be ruined; one that passes then is reduce-only.
    pub(super) fn check_ruin(
        &self,
        terms: OrderTerms,
        instrument: InstrumentId,
        except: Option<OrderId>,
    ) -> Result<OrderTerms, Refusal> {
        match self.on_ruin.filter(|_| self.is_ruined) {
            None => Ok(terms),
            Some(OnRuin::Liquidate) => Err(Refusal::Ruined),
            Some(OnRuin::Keep) => {
                let is_bracket = matches!(terms.link, Link::Bracket { .. });
                let reduces = self.check_reduces(terms.side, terms.quantity, instrument, except);
                if is_bracket || reduces.is_err() {
                    return Err(Refusal::Ruined);
                }
                Ok(OrderTerms { reduce_only: true, ..terms })
            }
        }
    }

    /// Returns the open orders that a ruined account may not have, and whose cancel has not been sent.
    #[must_use]
    pub fn orders_beyond_ruin(&self) -> Vec<OrderId> {
        let may_stay = |side, instrument| {
            self.on_ruin == Some(OnRuin::Keep) && !self.position_against(side, instrument).is_zero()
        };
        let live =
            self.orders.iter().filter(|it| !it.cancel_sent && !it.is_forced && it.awaits_entry.is_none());
        live.filter(|it| !may_stay(it.side, it.instrument)).map(|it| it.id).collect()
    }

    /// Returns the instruments whose position is to be closed, and that no order on its way closes.
    #[must_use]
    pub fn positions_beyond_ruin(&self) -> Vec<InstrumentId> {
        if self.on_ruin != Some(OnRuin::Liquidate) {
            return Vec::new();
        }
        let is_closing = |id| self.orders.iter().any(|order| order.is_forced && order.instrument == id);
        let lines = (0..).map(InstrumentId::new).zip(&self.lines);
        let open = lines.filter(|(id, line)| line.position.holding().lots() != 0 && !is_closing(*id));
        open.map(|(id, _)| id).collect()
    }
}
