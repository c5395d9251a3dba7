//! The gate: which orders may be sent, and what is held for them from then on.

use super::holds::Need;
use super::ledger::{Account, Credit};
use super::order_context::OrderContext;
use super::orders::{OpenOrder, exits, paired_stop};
use super::plain_order::PlainOrder;
use crate::market::{Link, OrderTerms, Refusal, Replacement, Side};
use crate::units::{ListingId, Money, OrderId, Price, Quantity};

/// Something that has passed the gate; only the gate can construct it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approved<T>(T);

impl<T> Approved<T> {
    /// Converts what was approved.
    pub(crate) fn map<U>(self, form: impl FnOnce(T) -> U) -> Approved<U> {
        Approved(form(self.0))
    }

    /// Returns what was approved.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl Account {
    /// Admits or refuses a new order; what it can cost is held from now on.
    ///
    /// `reference` is the price that a market order to buy is expected to pay: the ask its owner saw.
    /// From it follows the order's protection, five percent above, or less where cash ends earlier; a
    /// stop's, and that of the stop a bracket or pair enters, follows from the trigger. The two ids after
    /// `id` belong to the exits of a bracket, the next one to the stop of a pair; these are open orders of
    /// the account from now on, though they have yet to enter.
    ///
    /// ```
    /// use bearpit_core::account::{Account, AccountConfig, OrderContext, Pricing};
    /// use bearpit_core::market::{FeeSchedule, Instrument, OrderKind, OrderTerms, Refusal, Side};
    /// use bearpit_core::units::{InstrumentId, ListingId, Money, OrderId, Price, Quantity, SimTime};
    ///
    /// let config = AccountConfig { cash: Money::from_whole(1_000), ..AccountConfig::default() };
    /// let mut account = Account::open(&config, 1);
    /// let instrument = Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?;
    /// let at = OrderContext {
    ///     listing: ListingId::new(0),
    ///     instrument_id: InstrumentId::new(0),
    ///     instrument: &instrument,
    ///     fees: &FeeSchedule::FREE,
    ///     now: SimTime::from_nanos(0),
    ///     pricing: Pricing::Protected,
    ///     marks: None,
    /// };
    /// // A market order to buy where the ask is 9.50: it is protected, so that its cost is known.
    /// let market = OrderTerms::new(Side::Buy, Quantity::new(100), OrderKind::Market { protection: None });
    /// let sent = account.admit(OrderId::new(0), market, &at, Some(Price::new(950)))?.into_inner();
    /// assert_eq!(sent.kind.worst_price(), Some(Price::new(998)), "five percent, and a tick");
    /// assert_eq!(account.free_cash(), Money::from_whole(2));
    /// let more = account.admit(OrderId::new(1), market, &at, Some(Price::new(950)));
    /// assert!(matches!(more, Err(Refusal::InsufficientCash { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
        if matches!(terms.link, Link::None) && !at.is_asked_at_fill() {
            let mut terms = terms;
            return self.admit_alone(id, &mut terms, at, reference).map(|()| Approved(terms));
        }
        let covered = self.cover(id, terms, at, reference);
        let terms = self.count(covered)?;
        let mut order = OpenOrder::leaving(id, &terms, at);
        order.proceeds = self.proceeds(&order, at);
        if matches!(terms.link, Link::None) {
            order.held = self.own_need(&order, Quantity::ZERO, at);
            self.change_held(Need::default(), order.held, at.instrument_id);
            self.orders.push(order);
            return Ok(Approved(terms));
        }
        let mut entered = exits(id, &terms, at);
        if let Some(stop) = paired_stop(id, &terms, at) {
            order.partner = Some(stop.id);
            entered[0] = Some(stop);
        }
        let [first, second] = entered.map(|order| order.map(|order| order.id));
        let mut family = [Some(id), first, second];
        if let Link::OneCancelsOther(other) = terms.link {
            order.partner = Some(other);
            family[1] = Some(other);
        }
        self.rehold(family, at, |account| {
            if let Some(index) = order.partner.and_then(|other| account.order_index(other)) {
                account.orders.change(index, |other| other.partner = Some(id));
            }
            account.orders.push(order);
            entered.into_iter().flatten().for_each(|exit| account.orders.push(exit));
        });
        Ok(Approved(terms))
    }

    /// As [`Self::admit`], for an order without links whose price is known before it is sent: as nearly all
    /// are.
    fn admit_alone(
        &mut self,
        id: OrderId,
        terms: &mut OrderTerms,
        at: &OrderContext<'_>,
        reference: Option<Price>,
    ) -> Result<(), Refusal> {
        let held = self.cover_alone(terms, at, reference);
        let held = self.count(held)?;
        self.change_held(Need::default(), held, at.instrument_id);
        match PlainOrder::leaving(terms, held, at) {
            Some(order) => self.orders.push_plain(id, order),
            None => self.orders.push(OpenOrder { held, ..OpenOrder::leaving(id, terms, at) }),
        }
        Ok(())
    }

    /// Admits an order that closes a position whatever that costs.
    pub(crate) fn force(
        &mut self,
        id: OrderId,
        terms: OrderTerms,
        at: &OrderContext<'_>,
    ) -> Approved<OrderTerms> {
        self.enter_without_cover(id, &terms, at);
        Approved(terms)
    }

    /// Admits or refuses a cancel.
    ///
    /// # Errors
    /// [`Refusal::UnknownOrder`] if the order is not open, [`Refusal::NotEntered`] if it is an exit that is
    /// not known to have entered.
    pub fn admit_cancel(&mut self, id: OrderId) -> Result<Approved<OrderId>, Refusal> {
        self.admit_cancel_at(id).map(|_| Approved(id))
    }

    /// As [`Self::admit_cancel`], and returns where the order is listed.
    pub(crate) fn admit_cancel_at(&mut self, id: OrderId) -> Result<Approved<ListingId>, Refusal> {
        let index = self.order_index(id).ok_or(Refusal::UnknownOrder(id));
        let index = self.count(index)?;
        if let Some(order) = self.orders.plain_mut(index) {
            order.cancel_sent = true;
            return Ok(Approved(order.listing));
        }
        if self.orders.at(index).awaits_entry.is_some() {
            return self.count(Err(Refusal::NotEntered(id)));
        }
        Ok(Approved(self.orders.change(index, |order| {
            order.cancel_sent = true;
            order.listing
        })))
    }

    /// Admits the cancel of all orders at a listing, or those of one side.
    ///
    /// With both sides it is a kill switch: it leaves no working order. A bracket's exits that are not known
    /// to have entered are marked as canceled, too: either they enter before the command arrives, which then
    /// takes them out, or it takes out the entry, and they never enter. With the exits' side alone those that
    /// have yet to enter are not marked, since they enter with a later fill of their entry.
    pub fn admit_mass_cancel(&mut self, listing: ListingId, side: Option<Side>) -> Approved<Option<Side>> {
        self.orders.change_each(|order| {
            let is_meant = order.listing == listing && side.is_none_or(|side| order.side == side);
            order.cancel_sent |= is_meant && (side.is_none() || order.awaits_entry.is_none());
        });
        Approved(side)
    }

    /// Admits or refuses a replace; until the venue responds, the account holds the most that the old and the
    /// new terms can cost together.
    ///
    /// Of a stop without limit, the new price is the trigger; its protection stays what it was at entry,
    /// and with it the worst case, and so it is with a trailing stop and its distance. A trigger beyond the
    /// protection is refused: the order could be elected, but not trade.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing has changed but the count of refusals.
    pub fn admit_replace(
        &mut self,
        id: OrderId,
        new: Replacement,
        at: &OrderContext<'_>,
    ) -> Result<Approved<Replacement>, Refusal> {
        let index = self.order_index(id).ok_or(Refusal::UnknownOrder(id));
        let checked = index.and_then(|index| self.check_replace(index, &new, at.instrument).map(|()| index));
        let index = self.count(checked)?;
        let family = self.family(index);
        let released = self.held_by(family);
        let pending = Some(self.orders.at(index).replaced(&new));
        self.orders.change(index, |order| order.pending = pending);
        let needed = self.need_of_family(family, at);
        self.orders.change(index, |order| order.pending = None);
        let covered = match self.credit {
            Credit::Covered => self.cover_need(needed, released, Money::ZERO, at.instrument_id),
            Credit::Margin(margin) => {
                let order = OpenOrder { pending, ..self.orders.at(index) };
                self.cover_margin(margin, &[order], needed.cash - released.cash, at)
            }
            Credit::Unlimited => Ok(()),
        };
        self.count(covered)?;
        self.rehold(family, at, |account| account.orders.change(index, |order| order.pending = pending));
        Ok(Approved(new))
    }

    /// Drops orders that never reached a venue, and their holds: for the end of a run.
    pub fn release_unsent(&mut self) {
        self.orders.clear();
        self.order_fees.clear();
        self.held_cash = Money::ZERO;
        for line in self.lines.iter_mut() {
            line.held = Quantity::ZERO;
        }
    }

    /// Counts a refusal that something before the gate came to.
    pub(crate) const fn refuse(&mut self, refusal: Refusal) -> Refusal {
        self.refused += 1;
        refusal
    }

    pub(super) fn count<T>(&mut self, result: Result<T, Refusal>) -> Result<T, Refusal> {
        self.refused += u64::from(result.is_err());
        result
    }
}
