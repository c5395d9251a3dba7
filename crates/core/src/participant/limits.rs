//! [`AccountLimits`]: what an operator lets a participant trade, hold and send, and until when.
//!
//! They are checked before the account's gate, for whoever acts in the participant's name: its own actor, and
//! requests from outside. Cancels are never limited, nor are orders that can only bring a position nearer to
//! zero limited in quantity.

use std::collections::BTreeMap;

use super::state::MarketState;
use crate::account::{Account, OpenOrder};
use crate::market::{Link, OrderTerms, Refusal, Replacement};
use crate::units::{ActorId, InstrumentId, ListingId, OrderId, Quantity, SimDuration, SimTime};

/// What an operator lets a participant do; nothing is limited that is not said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AccountLimits {
    /// What it may trade, by symbol, each with the most lots that it may come to hold or owe if all its open
    /// orders trade, if there is such a bound; everything if absent.
    pub instruments: Option<BTreeMap<String, Option<Quantity>>>,
    /// How many orders and replaces it may send.
    pub rate: Option<OrderRate>,
    /// From when on it enters and replaces no orders.
    pub until: Option<SimTime>,
    /// Whether neither cash nor shares enter or leave its account but by trading.
    pub is_sealed: bool,
}

/// How many orders and replaces a participant may send in each span of virtual time; spans are counted from
/// 1970, and begin anew where a market opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OrderRate {
    /// The most.
    pub count: u32,
    /// The span.
    pub per: SimDuration,
}

impl OrderRate {
    /// Returns the number of the span in which an instant lies.
    const fn span_at(self, now: SimTime) -> i64 {
        let per = self.per.nanos();
        now.nanos().div_euclid(if per > 0 { per } else { 1 })
    }
}

/// A participant's limits, and how much of its rate is used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Limited {
    limits: AccountLimits,
    span: i64,
    sent: u32,
}

impl Limited {
    /// Returns why nothing may be sent now, if that is so.
    fn pace_refusal(&self, now: SimTime) -> Option<Refusal> {
        if self.limits.until.is_some_and(|until| now >= until) {
            return Some(Refusal::Ended);
        }
        let rate = self.limits.rate?;
        let sent = if rate.span_at(now) == self.span { self.sent } else { 0 };
        (sent >= rate.count).then_some(Refusal::OrderRate { count: rate.count, per: rate.per })
    }

    /// Returns why an instrument may not be traded; else the most lots of it that may be held or owed.
    fn bound_of(&self, symbol: &str) -> Result<Option<Quantity>, Refusal> {
        match &self.limits.instruments {
            None => Ok(None),
            Some(instruments) => instruments.get(symbol).copied().ok_or(Refusal::InstrumentNotAllowed),
        }
    }

    fn count(&mut self, now: SimTime) {
        if let Some(rate) = self.limits.rate {
            let span = rate.span_at(now);
            if span != self.span {
                (self.span, self.sent) = (span, 0);
            }
            self.sent += 1;
        }
    }
}

impl MarketState {
    /// Returns what an operator lets a participant do, if there are limits.
    #[must_use]
    pub fn limits(&self, owner: ActorId) -> Option<&AccountLimits> {
        self.limited.get(&owner).map(|limited| &limited.limits)
    }

    /// Limits a participant from now on; what it has sent so far does not count.
    pub(crate) fn limit(&mut self, owner: ActorId, limits: AccountLimits) {
        if limits == AccountLimits::default() {
            self.limited.remove(&owner);
        } else {
            self.limited.insert(owner, Limited { limits, span: i64::MIN, sent: 0 });
        }
    }

    /// Returns whether neither cash nor shares enter or leave an account but by trading.
    pub(super) fn is_sealed(&self, owner: ActorId) -> bool {
        self.limited.get(&owner).is_some_and(|limited| limited.limits.is_sealed)
    }

    /// Returns why an order is refused whatever its account covers: the market takes none, or an operator has
    /// blocked or limited its owner.
    #[inline]
    pub(super) fn refusal_before(
        &self,
        owner: ActorId,
        listing: ListingId,
        terms: &OrderTerms,
        now: SimTime,
    ) -> Option<Refusal> {
        if self.closed {
            Some(Refusal::Closed)
        } else if self.warms_up {
            Some(Refusal::WarmingUp)
        } else if self.is_blocked(owner) {
            Some(Refusal::Blocked)
        } else if self.has_negative_prices && self.is_negative_on_margin(owner, listing) {
            Some(Refusal::InstrumentNotAllowed)
        } else if self.limited.is_empty() {
            None
        } else {
            self.limit_refusal(owner, listing, terms, now)
        }
    }

    /// Returns whether a margin account would trade an instrument whose prices may be negative.
    fn is_negative_on_margin(&self, owner: ActorId, listing: ListingId) -> bool {
        let is_on_margin = self.account(owner).is_some_and(|account| account.margin_terms().is_some());
        let instrument = self.listings.get(listing.index()).map(|state| state.listing.instrument);
        is_on_margin && instrument.is_some_and(|id| self.may_be_negative(id))
    }

    /// Returns whether the prices of an instrument may be negative.
    pub(super) fn may_be_negative(&self, id: InstrumentId) -> bool {
        self.instruments.get(id.index()).is_some_and(|state| state.instrument.may_be_negative())
    }

    fn limit_refusal(
        &self,
        owner: ActorId,
        listing: ListingId,
        terms: &OrderTerms,
        now: SimTime,
    ) -> Option<Refusal> {
        let limited = self.limited.get(&owner)?;
        let instrument = self.listings.get(listing.index())?.listing.instrument;
        let bound = match limited.bound_of(self.instruments[instrument.index()].instrument.symbol()) {
            Err(refusal) => return Some(refusal),
            Ok(bound) => bound,
        };
        if let Some(refusal) = limited.pace_refusal(now) {
            return Some(refusal);
        }
        let account = self.accounts.get(owner.index())?;
        // Of two linked orders one trades: it counts already, unless it only reduces.
        let is_counted = match terms.link {
            Link::OneCancelsOther(partner) => account.order(partner).is_some_and(|it| !it.reduce_only),
            _ => false,
        };
        if terms.reduce_only || is_counted {
            return None;
        }
        beyond(bound?, reach(account, terms.side.sign(), instrument, None), terms.quantity)
    }

    /// Returns why a participant may not take part in a swap now, by an operator's limits, if that is so.
    pub(super) fn swap_limit_refusal(
        &self,
        owner: ActorId,
        instrument: InstrumentId,
        now: SimTime,
    ) -> Option<Refusal> {
        let limited = self.limited.get(&owner)?;
        let bound = limited.bound_of(self.instruments[instrument.index()].instrument.symbol());
        bound.err().or_else(|| limited.pace_refusal(now))
    }

    /// Returns why a participant may not come to hold so much more, if an operator's limits say so.
    pub(super) fn holding_limit_refusal(
        &self,
        owner: ActorId,
        instrument: InstrumentId,
        more: Quantity,
    ) -> Option<Refusal> {
        let limited = self.limited.get(&owner)?;
        let bound = limited.bound_of(self.instruments[instrument.index()].instrument.symbol()).ok()??;
        beyond(bound, reach(self.accounts.get(owner.index())?, 1, instrument, None), more)
    }

    /// Returns why a participant may not replace an order now, if an operator's limits say so.
    pub(super) fn replace_limit_refusal(
        &self,
        owner: ActorId,
        order: OrderId,
        new: &Replacement,
        now: SimTime,
    ) -> Option<Refusal> {
        let limited = self.limited.get(&owner)?;
        if let Some(refusal) = limited.pace_refusal(now) {
            return Some(refusal);
        }
        let account = self.accounts.get(owner.index())?;
        let open = account.order(order).filter(|open| !open.reduce_only)?;
        let asked = new.quantity?.saturating_sub(open.filled());
        if asked <= open.most_leaves() {
            return None;
        }
        let symbol = self.instruments[open.instrument.index()].instrument.symbol();
        let bound = match limited.bound_of(symbol) {
            Err(refusal) => return Some(refusal),
            Ok(bound) => bound?,
        };
        beyond(bound, reach(account, open.side.sign(), open.instrument, Some(order)), asked)
    }

    /// Counts an order or replace that a participant has sent.
    #[inline]
    pub(super) fn count_sent(&mut self, owner: ActorId, now: SimTime) {
        if !self.limited.is_empty()
            && let Some(limited) = self.limited.get_mut(&owner)
        {
            limited.count(now);
        }
    }
}

/// Returns how many lots an account would hold, or for sales owe, if all its open orders of a side but one
/// traded; linked ones count once, and those that are only to reduce a position not at all. Exits of a
/// bracket count: once their entry has traded, nothing but their own quantity binds them.
fn reach(account: &Account, sign: i64, instrument: InstrumentId, except: Option<OrderId>) -> i64 {
    let counts = |order: &OpenOrder| {
        order.side.sign() == sign
            && order.instrument == instrument
            && Some(order.id) != except
            && !order.reduce_only
            && order.partner.is_none_or(|partner| {
                partner > order.id || account.order(partner).is_none_or(|it| it.reduce_only)
            })
    };
    let open: Quantity = account.open_orders().iter().filter(counts).map(|order| order.most_leaves()).sum();
    account.holding(instrument).lots().saturating_mul(sign).saturating_add(open.net().lots())
}

fn beyond(limit: Quantity, reached: i64, asked: Quantity) -> Option<Refusal> {
    let reached = reached.saturating_add(asked.net().lots());
    (reached > limit.net().lots())
        .then(|| Refusal::PositionLimit { reached: Quantity::new(reached.unsigned_abs()), limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_begins_anew_with_each_span() {
        let rate = OrderRate { count: 2, per: SimDuration::from_secs(10) };
        let limits = AccountLimits { rate: Some(rate), ..AccountLimits::default() };
        let mut limited = Limited { limits, span: i64::MIN, sent: 0 };
        let at = |seconds: i64| SimTime::from_nanos(seconds * 1_000_000_000);
        for (second, may) in
            [(8, true), (9, true), (9, false), (10, true), (19, true), (19, false), (20, true)]
        {
            let refusal = limited.pace_refusal(at(second));
            assert_eq!(refusal.is_none(), may, "at {second}");
            if may {
                limited.count(at(second));
            }
        }
    }
}
