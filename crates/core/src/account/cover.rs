//! The gate's checks before an order is sent: ranges, links, and that the account covers the worst case.

use super::holds::Need;
use super::ledger::{Account, Credit};
use super::order_context::{OrderContext, Pricing};
use super::orders::{OpenOrder, WorstPart, exits, paired_stop};
use crate::market::{
    Instrument, Link, OrderKind, OrderTerms, Refusal, RejectReason, Replacement, Side, StopLoss,
    TrailingDistance,
};
use crate::units::{InstrumentId, Money, OrderId, Price, Quantity};

/// How far beyond the price it saw a market order to buy may reach, in percent: cash is held for it. Where
/// prices may be negative, a sale too, and it is a percentage of the distance from the lowest price.
const COLLAR_PERCENT: i64 = 5;

/// The largest notional of one order: 10^20 of the currency; far from where sums would overflow.
const MAX_NOTIONAL: Money = Money::from_units(Money::UNITS * 10_i128.pow(20));

/// The id of an order that is only asked about.
const UNSENT: OrderId = OrderId::new(u64::MAX);

/// What an order without limit is to trade; `released` is the cash that a linked order holds already.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    side: Side,
    quantity: Quantity,
    released: Money,
    /// The open order that it is linked with: of the two one trades.
    linked: Option<OpenOrder>,
    /// The trigger that it waits for.
    trigger: Option<Price>,
    /// Whether it closes what another order opens.
    is_exit: bool,
}

impl Account {
    /// Checks a new order, and sets the protection of purchases without a limit (its own, or its exits').
    pub(super) fn cover(
        &self,
        id: OrderId,
        terms: OrderTerms,
        at: &OrderContext<'_>,
        reference: Option<Price>,
    ) -> Result<OrderTerms, Refusal> {
        let mut terms = terms;
        check_terms(&terms, at.instrument)?;
        self.check_contract(at.instrument)?;
        let partner = self.find_partner(&terms, at)?;
        self.check_ruin(&mut terms, at.instrument_id, partner.map(|partner| partner.id))?;
        if terms.reduce_only {
            let except = partner.map(|partner| partner.id);
            self.check_reduces(terms.side, terms.quantity, at.instrument_id, except)?;
        }
        if self.credit == Credit::Unlimited {
            return Ok(terms);
        }
        let released = partner.map_or(Need::default(), |partner| self.own_need(&partner, Quantity::ZERO, at));
        if !at.is_asked_at_fill() {
            self.protect(&mut terms, at, reference, (released.cash, partner))?;
        }
        let stop = paired_stop(id, &terms, at).map(|stop| self.own_need(&stop, Quantity::ZERO, at));
        let own = self.own_need(&OpenOrder::leaving(id, &terms, at), Quantity::ZERO, at).or(released);
        let own = own.or(stop.unwrap_or_default());
        let exits = exits(id, &terms, at).into_iter().flatten().map(|exit| match exit.side {
            Side::Buy => self.own_need(&exit, terms.quantity, at),
            // They will sell what the entry has bought.
            Side::Sell => Need { lots: Quantity::ZERO, ..self.own_need(&exit, terms.quantity, at) },
        });
        let needed = own.and(exits.fold(Need::default(), Need::or));
        if let Credit::Margin(margin) = self.credit {
            // Of a margin account orders hold the fees alone.
            let fees = needed.cash - released.cash;
            self.cover_margin(margin, &linked_orders(id, &terms, partner, at), fees, at)?;
            return Ok(terms);
        }
        let expected = match at.pricing {
            Pricing::AskedAtFill { proceeds, .. } => proceeds,
            Pricing::Protected => Money::ZERO,
        };
        self.cover_need(needed, released, expected, at.instrument_id)?;
        Ok(terms)
    }

    /// As [`Self::cover`], for an order without links whose price is known before it is sent; returns what it
    /// is to hold.
    pub(super) fn cover_alone(
        &self,
        terms: &mut OrderTerms,
        at: &OrderContext<'_>,
        reference: Option<Price>,
    ) -> Result<Need, Refusal> {
        check_terms(terms, at.instrument)?;
        self.check_contract(at.instrument)?;
        self.check_ruin(terms, at.instrument_id, None)?;
        if terms.reduce_only {
            self.check_reduces(terms.side, terms.quantity, at.instrument_id, None)?;
        }
        if self.credit != Credit::Unlimited {
            self.protect(terms, at, reference, (Money::ZERO, None))?;
        }
        let part = WorstPart { price: terms.kind.worst_price(), quantity: terms.quantity };
        let needed = self.need_alone(None, terms.side, part, at);
        match self.credit {
            Credit::Covered => self.cover_need(needed, Need::default(), Money::ZERO, at.instrument_id)?,
            Credit::Margin(margin) => {
                self.cover_margin(margin, &[OpenOrder::leaving(UNSENT, terms, at)], needed.cash, at)?;
            }
            Credit::Unlimited => {}
        }
        Ok(needed)
    }

    /// Checks that an account that pays for what it buys trades no future, of which it would pay nothing.
    fn check_contract(&self, instrument: &Instrument) -> Result<(), Refusal> {
        let is_covered = self.credit == Credit::Covered;
        if instrument.is_future() && is_covered { Err(Refusal::NeedsMargin) } else { Ok(()) }
    }

    /// Finds the open order that a one-cancels-other order names.
    fn find_partner(&self, terms: &OrderTerms, at: &OrderContext<'_>) -> Result<Option<OpenOrder>, Refusal> {
        let Link::OneCancelsOther(id) = terms.link else { return Ok(None) };
        let index = self.order_index(id).ok_or(Refusal::LinkUnfit(id))?;
        let other = self.orders.at(index);
        let fits = other.listing == at.listing
            && other.side == terms.side
            && other.leaves == terms.quantity
            && other.partner.is_none()
            && !other.is_exit
            && !self.has_growing_exits(index);
        if !fits {
            return Err(Refusal::LinkUnfit(id));
        }
        // Which open quantity the venue would compare is not known before the answer.
        if other.pending.is_some() { Err(Refusal::ReplacePending(id)) } else { Ok(Some(other)) }
    }

    /// Sets the worst price of orders that have none, and that could cost cash without, to the worst that the
    /// account covers; `released` is the cash that a linked order holds already, and that covers both, and
    /// that order.
    pub(super) fn protect(
        &self,
        terms: &mut OrderTerms,
        at: &OrderContext<'_>,
        reference: Option<Price>,
        (released, linked): (Money, Option<OpenOrder>),
    ) -> Result<(), Refusal> {
        let takes_cash = |side| side == Side::Buy || at.instrument.may_be_negative();
        let quantity = terms.quantity;
        let is_bracket = matches!(terms.link, Link::Bracket { .. });
        let trade = |side| Wanted { side, quantity, released, linked, trigger: None, is_exit: false };
        let stop = match &mut terms.link {
            Link::Bracket { stop_loss: Some(stop), .. } => Some((stop, terms.side.opposite())),
            Link::Pair(stop) => Some((stop, terms.side)),
            _ => None,
        };
        if let Some((StopLoss::Market { trigger, protection }, side)) = stop
            && takes_cash(side)
        {
            let wanted = Wanted { is_exit: is_bracket, trigger: Some(*trigger), ..trade(side) };
            *protection = Some(self.protection(wanted, at, Some(*trigger), *protection)?);
        }
        if !takes_cash(terms.side) {
            // A peg's offset could take it below zero, where a sale costs money.
            if matches!(terms.kind, OrderKind::Pegged { limit: None, .. }) {
                terms.kind = terms.kind.protected_at(at.instrument.min_price());
            }
            return Ok(());
        }
        let reference = match terms.kind {
            OrderKind::Limit(_) | OrderKind::StopLimit { .. } | OrderKind::Pegged { limit: Some(_), .. } => {
                return Ok(());
            }
            OrderKind::Pegged { limit: None, .. } => return Err(Refusal::NeedsLimit),
            OrderKind::Market { .. } | OrderKind::MarketToLimit { .. } => reference,
            OrderKind::Stop { trigger, .. } => Some(trigger),
            OrderKind::TrailingStop { distance, .. } => {
                reference.map(|price| distance.trigger(terms.side, price))
            }
        };
        let wanted = Wanted { trigger: terms.kind.trigger(), ..trade(terms.side) };
        let price = self.protection(wanted, at, reference, terms.kind.worst_price())?;
        terms.kind = terms.kind.protected_at(price);
        Ok(())
    }

    /// Checks that what is free, plus what is `released` with it, covers what is `needed`; cash that is
    /// `expected` counts as free.
    pub(super) fn cover_need(
        &self,
        needed: Need,
        released: Need,
        expected: Money,
        instrument: InstrumentId,
    ) -> Result<(), Refusal> {
        self.cover_cash(needed.cash, released.cash, expected)?;
        let asked = needed.lots.saturating_sub(released.lots);
        let available = self.sellable(instrument);
        if !asked.is_zero() && asked.net() > available {
            return Err(Refusal::InsufficientShares { asked, available });
        }
        Ok(())
    }

    fn cover_cash(&self, needed: Money, released: Money, expected: Money) -> Result<(), Refusal> {
        let free = self.spendable() + released + expected;
        if needed > released && needed > free {
            return Err(Refusal::InsufficientCash { needed, free });
        }
        Ok(())
    }

    /// Returns the worst price that an order without limit may trade at: the collar, or where cash ends, or
    /// what its owner `asked` for if that is better.
    fn protection(
        &self,
        wanted: Wanted,
        at: &OrderContext<'_>,
        reference: Option<Price>,
        asked: Option<Price>,
    ) -> Result<Price, Refusal> {
        let covered = self.covered_price(wanted, at, reference)?;
        Ok(asked.map_or(covered, |asked| if wanted.side.accepts(covered, asked) { asked } else { covered }))
    }

    /// Returns the worst price, up to the collar, at which an order is covered.
    fn covered_price(
        &self,
        wanted: Wanted,
        at: &OrderContext<'_>,
        reference: Option<Price>,
    ) -> Result<Price, Refusal> {
        let Wanted { side, quantity, released, .. } = wanted;
        let reference = reference.ok_or(Refusal::NoReferencePrice)?;
        let part = |price| [WorstPart { price: Some(price), quantity }];
        let needed = |price| self.worst_cost(None, side, &part(price), at);
        check_price(reference, quantity, at.instrument)?;
        self.covers_at(wanted, reference, at)?;
        let free = self.spendable() + released;
        let is_covered = |price| match self.credit {
            Credit::Margin(_) => self.covers_at(wanted, price, at).is_ok(),
            Credit::Covered | Credit::Unlimited => needed(price) <= free,
        };
        let distance = (reference - at.instrument.zero_point()) * COLLAR_PERCENT / 100 + 1;
        let collar = match side {
            Side::Buy => reference + distance,
            Side::Sell => (reference - distance).max(at.instrument.min_price()),
        };
        if check_price(collar, quantity, at.instrument).is_ok() && is_covered(collar) {
            return Ok(collar);
        }
        // Between the reference, which is covered, and the collar, which is not: bisect.
        let (mut covered, mut beyond) = (reference.ticks(), collar.ticks());
        while (beyond - covered).abs() > 1 {
            let middle = covered + (beyond - covered) / 2;
            if is_covered(Price::new(middle)) {
                covered = middle;
            } else {
                beyond = middle;
            }
        }
        Ok(Price::new(covered))
    }

    /// Checks that an order without limit is covered at a price.
    fn covers_at(&self, wanted: Wanted, price: Price, at: &OrderContext<'_>) -> Result<(), Refusal> {
        let Wanted { side, quantity, released, linked, trigger, is_exit } = wanted;
        let part = [WorstPart { price: Some(price), quantity }];
        match self.credit {
            Credit::Margin(_) if is_exit => Ok(()),
            Credit::Margin(margin) => {
                let limit = OrderKind::Limit(price);
                let kind = trigger.map_or(limit, |trigger| OrderKind::StopLimit { trigger, limit: price });
                let orders = linked_orders(UNSENT, &OrderTerms::new(side, quantity, kind), linked, at);
                let fees = self.worst_fees(None, side, &part, at).max(released) - released;
                self.cover_margin(margin, &orders, fees, at)
            }
            Credit::Covered | Credit::Unlimited => {
                self.cover_cash(self.worst_cost(None, side, &part, at), released, Money::ZERO)
            }
        }
    }

    /// Checks a replace of the order at `index` by all but what it costs.
    pub(super) fn check_replace(
        &self,
        index: usize,
        new: &Replacement,
        instrument: &Instrument,
    ) -> Result<(), Refusal> {
        let order = self.orders.at(index);
        if order.awaits_entry.is_some() {
            return Err(Refusal::NotEntered(order.id));
        }
        if order.pending.is_some() {
            return Err(Refusal::ReplacePending(order.id));
        }
        let replaced = order.replaced(new);
        check_quantity(replaced.quantity)?;
        for price in [new.price, new.trigger, replaced.kind.worst_price()].into_iter().flatten() {
            check_price(price, replaced.quantity, instrument)?;
        }
        if !new.distance.is_none_or(TrailingDistance::is_legal) {
            return Err(Refusal::PriceOutOfRange);
        }
        let is_linked = order.partner.is_some() || order.is_exit;
        if !may_replace(&order, new) || (is_linked && replaced.quantity != order.quantity) {
            return Err(Refusal::Unfit(RejectReason::NotReplaceable));
        }
        if !new.fits_time(order.kind, is_linked) {
            return Err(Refusal::Unfit(RejectReason::ContradictoryTerms));
        }
        if let OrderKind::Stop { trigger, protection: Some(protection) } = replaced.kind
            && !order.side.accepts(protection, trigger)
        {
            return Err(Refusal::BeyondProtection(protection));
        }
        let asked = OpenOrder { pending: Some(replaced), ..order }.most_leaves();
        self.check_liquidation()?;
        if (order.reduce_only || self.is_ruined) && asked > order.most_leaves() {
            self.check_reduces(order.side, asked, order.instrument, Some(order.id))?;
        }
        Ok(())
    }
}

/// Returns a new order and the one that it is linked with, as they are once it is sent; a bracket's exits are
/// none of them, since they only close what it opens.
fn linked_orders(
    id: OrderId,
    terms: &OrderTerms,
    partner: Option<OpenOrder>,
    at: &OrderContext<'_>,
) -> Vec<OpenOrder> {
    let partner = partner.map(|other| OpenOrder { partner: Some(id), ..other });
    let linked = paired_stop(id, terms, at).or(partner);
    let own = OpenOrder { partner: linked.map(|other| other.id), ..OpenOrder::leaving(id, terms, at) };
    [Some(own), linked].into_iter().flatten().collect()
}

/// Returns whether a replace asks for what an order has, as far as is known: at the venue a market order may
/// be a limit order by now, and a stop too.
const fn may_replace(order: &OpenOrder, new: &Replacement) -> bool {
    let Replacement { price, trigger, distance, .. } = *new;
    match order.kind {
        OrderKind::Pegged { .. } => false,
        OrderKind::TrailingStop { .. } => price.is_none() && trigger.is_none(),
        OrderKind::StopLimit { .. } => distance.is_none(),
        OrderKind::Stop { .. } => distance.is_none() && (price.is_none() || trigger.is_none()),
        OrderKind::Limit(_) | OrderKind::Market { .. } | OrderKind::MarketToLimit { .. } => {
            distance.is_none() && trigger.is_none()
        }
    }
}

/// Checks a new order's terms by themselves.
pub(super) fn check_terms(terms: &OrderTerms, instrument: &Instrument) -> Result<(), Refusal> {
    check_quantity(terms.quantity)?;
    if !terms.all_prices(|price| check_price(price, terms.quantity, instrument).is_ok()) {
        return Err(Refusal::PriceOutOfRange);
    }
    terms.reject_reason().map_or(Ok(()), |reason| Err(Refusal::Unfit(reason)))
}

const fn check_quantity(quantity: Quantity) -> Result<(), Refusal> {
    if quantity.is_zero() || quantity.lots() > Quantity::MAX_LOTS {
        return Err(Refusal::QuantityOutOfRange(quantity));
    }
    Ok(())
}

fn check_price(price: Price, quantity: Quantity, instrument: &Instrument) -> Result<(), Refusal> {
    let fits = instrument.allows(price) && instrument.notional(price, quantity).abs() <= MAX_NOTIONAL;
    if fits { Ok(()) } else { Err(Refusal::PriceOutOfRange) }
}
