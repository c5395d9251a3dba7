//! The gate: what may leave, what it holds, and what reports do to the account.

use super::ledger::{Account, Credit};
use super::orders::{OpenOrder, PendingReplace, cash_to_buy};
use crate::market::{ExecutionReport, Fees, Instrument, OrderKind, OrderTerms, Refusal, ReportKind, Side};
use crate::units::{InstrumentId, ListingId, Money, NetQuantity, OrderId, Price, Quantity, SimTime};

/// Something that has passed the gate; only the gate makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approved<T>(T);

impl<T> Approved<T> {
    /// Puts what was approved into another form.
    pub(crate) fn map<U>(self, form: impl FnOnce(T) -> U) -> Approved<U> {
        Approved(form(self.0))
    }

    /// Returns what was approved.
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// Where and when a request is made.
#[derive(Debug, Clone, Copy)]
pub struct OrderContext<'a> {
    /// The book.
    pub listing: ListingId,
    /// What is traded there.
    pub instrument_id: InstrumentId,
    /// Its sizes.
    pub instrument: &'a Instrument,
    /// What a fill costs there.
    pub fees: Fees,
    /// When.
    pub now: SimTime,
}

/// How far above the price it saw a market order to buy may reach, in percent: cash is held for it.
const COLLAR_PERCENT: i64 = 5;

impl Account {
    /// Admits a new order, or says why not; what it can cost is held from now on.
    ///
    /// `reference` is the price that a market order to buy is expected to pay: the ask its owner saw.
    /// From it follows the order's protection, five percent above, or less where cash ends earlier.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing has changed but the count of refusals.
    pub fn admit(
        &mut self,
        id: OrderId,
        terms: OrderTerms,
        at: &OrderContext<'_>,
        reference: Option<Price>,
    ) -> Result<Approved<OrderTerms>, Refusal> {
        let admitted = self.cover(terms, at, reference);
        let terms = self.count(admitted)?;
        let order = OpenOrder {
            id,
            listing: at.listing,
            instrument: at.instrument_id,
            side: terms.side,
            price: terms.kind.worst_price(),
            quantity: terms.quantity,
            leaves: terms.quantity,
            sent_at: at.now,
            cancel_sent: false,
            pending: None,
        };
        self.hold(&order, at, 1);
        self.orders.push(order);
        Ok(Approved(terms))
    }

    /// Admits a cancel, or says why not.
    ///
    /// # Errors
    /// [`Refusal::UnknownOrder`] if the order is not open.
    pub fn admit_cancel(&mut self, id: OrderId) -> Result<Approved<OrderId>, Refusal> {
        let index = self.order_index(id).ok_or(Refusal::UnknownOrder(id));
        let index = self.count(index)?;
        self.orders[index].cancel_sent = true;
        Ok(Approved(id))
    }

    /// Admits a replace to `new`, or says why not; until it is answered, the larger of the two needs
    /// is held.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing has changed but the count of refusals.
    pub fn admit_replace(
        &mut self,
        id: OrderId,
        new: PendingReplace,
        at: &OrderContext<'_>,
    ) -> Result<Approved<PendingReplace>, Refusal> {
        let covered = self.cover_replace(id, new, at);
        let (index, replaced) = self.count(covered)?;
        let order = self.orders[index];
        self.hold(&order, at, -1);
        self.hold(&replaced, at, 1);
        self.orders[index] = replaced;
        Ok(Approved(new))
    }

    /// Books a report that has arrived.
    ///
    /// # Errors
    /// A sentence, if the report does not fit the account: a fault of the venue or of this code, since
    /// reports of one venue arrive in order.
    pub fn book(&mut self, report: &ExecutionReport, at: &OrderContext<'_>) -> Result<(), String> {
        let Some(index) = self.order_index(report.order) else {
            return match report.kind {
                // The order ended before a command about it arrived: no news.
                ReportKind::CommandRejected(_) => Ok(()),
                kind => Err(format!("a report {kind:?} came for order {}, which is not open", report.order)),
            };
        };
        let before = self.orders[index];
        let mut order = before;
        match report.kind {
            ReportKind::Accepted
            | ReportKind::Rejected(_)
            | ReportKind::Canceled(_)
            | ReportKind::Expired(_)
            | ReportKind::Triggered { .. } => {}
            ReportKind::CommandRejected(_) => order.pending = None,
            ReportKind::Replaced { price, leaves } => {
                order.quantity = order.filled() + leaves;
                order.price = Some(price);
                order.leaves = leaves;
                order.pending = None;
            }
            ReportKind::Repriced { price } => order.price = price.or(order.price),
            ReportKind::Reduced { leaves, .. } => {
                order.quantity = order.filled() + leaves;
                order.leaves = leaves;
            }
            ReportKind::Filled { price, quantity, leaves, fee, .. } => {
                order.leaves = leaves;
                self.settle(&order, at.instrument.notional(price, quantity), quantity, fee);
            }
        }
        self.hold(&before, at, -1);
        if report.kind.is_terminal() {
            self.orders.remove(index);
        } else {
            self.hold(&order, at, 1);
            self.orders[index] = order;
        }
        Ok(())
    }

    /// Forgets orders that never reached a venue, and what they held: for the end of a run.
    pub fn release_unsent(&mut self) {
        self.orders.clear();
        self.held_cash = Money::ZERO;
        for line in &mut self.lines {
            line.held = Quantity::ZERO;
        }
    }

    fn count<T>(&mut self, result: Result<T, Refusal>) -> Result<T, Refusal> {
        self.refused += u64::from(result.is_err());
        result
    }

    /// Checks a new order, and gives a market order to buy its protection.
    fn cover(
        &self,
        terms: OrderTerms,
        at: &OrderContext<'_>,
        reference: Option<Price>,
    ) -> Result<OrderTerms, Refusal> {
        check_quantity(terms.quantity)?;
        for price in terms.prices().into_iter().flatten() {
            check_price(Some(price), terms.quantity, at.instrument)?;
        }
        if let Some(reason) = terms.objection() {
            return Err(Refusal::Unfit(reason));
        }
        if self.credit == Credit::Unlimited {
            return Ok(terms);
        }
        if terms.side == Side::Sell {
            return self.cover_sale(terms.quantity, at.instrument_id).map(|()| terms);
        }
        match terms.kind {
            OrderKind::Limit(price)
            | OrderKind::StopLimit { limit: price, .. }
            | OrderKind::Pegged { limit: Some(price), .. } => {
                let needed = cash_to_buy(at.instrument, &at.fees, price, terms.quantity);
                self.cover_cash(needed, Money::ZERO).map(|()| terms)
            }
            OrderKind::Pegged { limit: None, .. } => Err(Refusal::NeedsLimit),
            OrderKind::Market { .. } | OrderKind::MarketToLimit { .. } => self.protect(terms, at, reference),
            OrderKind::Stop { trigger, .. } => self.protect(terms, at, Some(trigger)),
            OrderKind::TrailingStop { distance, .. } => {
                self.protect(terms, at, reference.map(|price| price + distance))
            }
        }
    }

    /// Gives a buy that has no limit the worst price that the account covers.
    fn protect(
        &self,
        terms: OrderTerms,
        at: &OrderContext<'_>,
        reference: Option<Price>,
    ) -> Result<OrderTerms, Refusal> {
        let price = self.protection(terms.quantity, at, reference)?;
        let price = terms.kind.worst_price().map_or(price, |wanted| wanted.min(price));
        Ok(OrderTerms { kind: terms.kind.protected_at(price), ..terms })
    }

    fn cover_sale(&self, quantity: Quantity, instrument: InstrumentId) -> Result<(), Refusal> {
        let available = self.sellable(instrument);
        if quantity.net() > available {
            return Err(Refusal::InsufficientShares { asked: quantity, available });
        }
        Ok(())
    }

    /// Checks that free cash, plus what is `released` with it, covers `needed`.
    fn cover_cash(&self, needed: Money, released: Money) -> Result<(), Refusal> {
        let free = self.free_cash() + released;
        if needed > free {
            return Err(Refusal::InsufficientCash { needed, free });
        }
        Ok(())
    }

    /// Returns the worst price a market order to buy may pay: the collar, or where cash ends.
    fn protection(
        &self,
        quantity: Quantity,
        at: &OrderContext<'_>,
        reference: Option<Price>,
    ) -> Result<Price, Refusal> {
        let reference = reference.ok_or(Refusal::NoReferencePrice)?;
        let needed = |price| cash_to_buy(at.instrument, &at.fees, price, quantity);
        check_price(Some(reference), quantity, at.instrument)?;
        self.cover_cash(needed(reference), Money::ZERO)?;
        let collar = Price::new(reference.ticks() + reference.ticks() * COLLAR_PERCENT / 100 + 1);
        if check_price(Some(collar), quantity, at.instrument).is_ok() && needed(collar) <= self.free_cash() {
            return Ok(collar);
        }
        // Between the reference, which is covered, and the collar, which is not: bisect.
        let (mut covered, mut beyond) = (reference.ticks(), collar.ticks());
        while beyond - covered > 1 {
            let middle = covered + (beyond - covered) / 2;
            if needed(Price::new(middle)) <= self.free_cash() {
                covered = middle;
            } else {
                beyond = middle;
            }
        }
        Ok(Price::new(covered))
    }

    fn cover_replace(
        &self,
        id: OrderId,
        new: PendingReplace,
        at: &OrderContext<'_>,
    ) -> Result<(usize, OpenOrder), Refusal> {
        let index = self.order_index(id).ok_or(Refusal::UnknownOrder(id))?;
        let order = self.orders[index];
        if order.pending.is_some() {
            return Err(Refusal::ReplacePending(id));
        }
        check_quantity(new.quantity)?;
        check_price(Some(new.price), new.quantity, at.instrument)?;
        let replaced = OpenOrder { pending: Some(new), ..order };
        if self.credit == Credit::Covered {
            match order.side {
                Side::Buy => {
                    let held = order.cash_needed(at.instrument, &at.fees);
                    self.cover_cash(replaced.cash_needed(at.instrument, &at.fees), held)?;
                }
                Side::Sell => {
                    let more = replaced.most_leaves().saturating_sub(order.most_leaves());
                    self.cover_sale(more, order.instrument)?;
                }
            }
        }
        Ok((index, replaced))
    }

    /// Adds (`sign` +1) or takes away (-1) what an order holds.
    fn hold(&mut self, order: &OpenOrder, at: &OrderContext<'_>, sign: i128) {
        self.held_cash += order.cash_needed(at.instrument, &at.fees) * sign;
        if order.side == Side::Sell {
            let held = &mut self.lines[order.instrument.index()].held;
            *held = if sign > 0 { *held + order.most_leaves() } else { *held - order.most_leaves() };
        }
    }

    /// Moves cash and shares for a fill.
    fn settle(&mut self, order: &OpenOrder, notional: Money, quantity: Quantity, fee: Money) {
        let sign = order.side.sign();
        self.cash -= notional * i128::from(sign) + fee;
        self.fees += fee;
        self.fills += 1;
        let change = NetQuantity::new(quantity.net().lots() * sign);
        self.lines[order.instrument.index()].position.fill(change, notional);
    }
}

const fn check_quantity(quantity: Quantity) -> Result<(), Refusal> {
    if quantity.is_zero() || quantity.lots() > Quantity::MAX_LOTS {
        return Err(Refusal::QuantityOutOfRange(quantity));
    }
    Ok(())
}

/// The largest notional of one order: 10^20 of the currency; far from where sums would overflow.
const MAX_NOTIONAL: Money = Money::from_units(Money::UNITS * 10_i128.pow(20));

fn check_price(price: Option<Price>, quantity: Quantity, instrument: &Instrument) -> Result<(), Refusal> {
    let fits = |price: Price| {
        price.ticks() > 0
            && price.ticks() <= Price::MAX_TICKS
            && instrument.notional(price, quantity) <= MAX_NOTIONAL
    };
    if price.is_none_or(fits) { Ok(()) } else { Err(Refusal::PriceOutOfRange) }
}
