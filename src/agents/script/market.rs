//! [`MarketHandle`]: one listing, as a script trades it.

use std::cell::RefCell;
use std::rc::Rc;

use rhai::Dynamic;

use super::host::{Host, Outcome};
use super::types::{OrderView, Place, QuoteView, optional};
use crate::market::{OrderTerms, Refusal, Side, TimeInForce};
use crate::units::{ListingId, OrderId, Price, Quantity};

/// One listing; without a listing of its own, the script's home.
#[derive(Clone)]
pub(super) struct MarketHandle {
    host: Rc<RefCell<Host>>,
    listing: Option<ListingId>,
}

/// How a number in a script became a quantity or price.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    /// The function, for messages.
    pub(super) function: &'a str,
    pub(super) side: Side,
    pub(super) time_in_force: TimeInForce,
}

impl MarketHandle {
    pub(super) const fn home(host: Rc<RefCell<Host>>) -> Self {
        Self { host, listing: None }
    }

    pub(super) const fn at(host: Rc<RefCell<Host>>, listing: ListingId) -> Self {
        Self { host, listing: Some(listing) }
    }

    pub(super) fn host(&self) -> std::cell::RefMut<'_, Host> {
        self.host.borrow_mut()
    }

    pub(super) fn listing(&self, host: &Host) -> ListingId {
        self.listing.unwrap_or(host.home)
    }

    /// Submits a market order.
    pub(super) fn market_order(&self, ask: Ask<'_>, quantity: &Dynamic) -> Outcome<Dynamic> {
        let mut host = self.host();
        let quantity = self.quantity(&host, ask.function, quantity)?;
        let terms = OrderTerms::market(ask.side, quantity);
        self.submit(&mut host, terms)
    }

    /// Submits a limit order; the price is rounded to the tick that is no worse for the script.
    pub(super) fn limit_order(&self, ask: Ask<'_>, quantity: &Dynamic, price: &Dynamic) -> Outcome<Dynamic> {
        let mut host = self.host();
        let quantity = self.quantity(&host, ask.function, quantity)?;
        let price = self.price(&host, ask, price)?;
        let terms = OrderTerms::limit(ask.side, quantity, price).with(ask.time_in_force);
        self.submit(&mut host, terms)
    }

    fn submit(&self, host: &mut Host, terms: OrderTerms) -> Outcome<Dynamic> {
        host.count_order()?;
        let listing = self.listing(host);
        let submitted = host.ctx.submit(listing, terms);
        Ok(optional(settle(host, submitted).map(|order| order.get().cast_signed())))
    }

    /// Replaces an order's total quantity and price; tells whether the request could be sent.
    pub(super) fn replace(&self, order: i64, quantity: &Dynamic, price: &Dynamic) -> Outcome<bool> {
        let mut host = self.host();
        host.count_order()?;
        let id = OrderId::new(order.cast_unsigned());
        let found = host.ctx.account().and_then(|account| account.order(id)).copied();
        let Some(open) = found else {
            return Ok(settle(&mut host, Err::<(), _>(Refusal::UnknownOrder(id))).is_some());
        };
        // The order's own listing counts, whichever market the function was called on.
        let own = Self { host: Rc::clone(&self.host), listing: Some(open.listing) };
        let ask = Ask { function: "replace", side: open.side, time_in_force: TimeInForce::Gtc };
        let quantity = own.quantity(&host, ask.function, quantity)?;
        let price = own.price(&host, ask, price)?;
        let replaced = host.ctx.replace(id, price, quantity);
        Ok(settle(&mut host, replaced).is_some())
    }

    /// Cancels an order; tells whether the request could be sent.
    pub(super) fn cancel(&self, order: i64) -> Outcome<bool> {
        let mut host = self.host();
        host.count_order()?;
        let canceled = host.ctx.cancel(OrderId::new(order.cast_unsigned()));
        Ok(settle(&mut host, canceled).is_some())
    }

    /// Returns the touch as the feed shows it.
    pub(super) fn quote(&self) -> Outcome<QuoteView> {
        let mut host = self.host();
        let listing = self.listing(&host);
        let quote = host.ctx.market(listing).quote;
        let place = Place::of(&host, listing);
        let instrument = host.ctx.instrument(listing).ok_or("the script has no market")?;
        Ok(QuoteView::new(place, &quote, instrument))
    }

    /// Returns the price of the last trade, if there was one.
    pub(super) fn last_price(&self) -> Option<f64> {
        let mut host = self.host();
        let listing = self.listing(&host);
        let (price, _) = host.ctx.market(listing).last_trade?;
        host.ctx.instrument(listing).map(|instrument| instrument.price_f64(price))
    }

    /// Returns the signed holding of the instrument, over all venues.
    pub(super) fn position(&self) -> f64 {
        let host = self.host();
        let listing = self.listing(&host);
        let found = host.ctx.listing(listing).zip(host.ctx.account()).zip(host.ctx.instrument(listing));
        found.map_or(0.0, |((place, account), instrument)| {
            instrument.holding_f64(account.holding(place.instrument))
        })
    }

    /// Returns the open orders at this listing, oldest first.
    pub(super) fn open_orders(&self) -> rhai::Array {
        let host = self.host();
        let only = self.listing;
        let Some(account) = host.ctx.account() else { return rhai::Array::new() };
        let mine =
            account.open_orders().iter().filter(|order| only.is_none_or(|listing| order.listing == listing));
        mine.filter_map(|order| {
            let instrument = host.ctx.instrument(order.listing)?;
            Some(Dynamic::from(OrderView::new(Place::of(&host, order.listing), order, instrument)))
        })
        .collect()
    }

    /// Asks for this market's bars and quotes.
    pub(super) fn subscribe(&self) {
        let mut host = self.host();
        let listing = self.listing(&host);
        if !host.subscriptions.contains(&listing) {
            host.subscriptions.push(listing);
        }
    }

    fn quantity(&self, host: &Host, function: &str, value: &Dynamic) -> Outcome<Quantity> {
        let instrument = host.ctx.instrument(self.listing(host)).ok_or("the script has no market")?;
        let number = number(function, "quantity", value)?;
        let quantity = instrument.exact_quantity(number).filter(|quantity| !quantity.is_zero());
        quantity.ok_or_else(|| {
            let lot = instrument.lot_size();
            format!(
                "{function}: a quantity of {number} is not allowed; it must be a multiple of {lot}, above 0"
            )
            .into()
        })
    }

    fn price(&self, host: &Host, ask: Ask<'_>, value: &Dynamic) -> Outcome<Price> {
        let instrument = host.ctx.instrument(self.listing(host)).ok_or("the script has no market")?;
        let number = number(ask.function, "price", value)?;
        let price = match ask.side {
            Side::Buy => instrument.price_at_or_below(number),
            Side::Sell => instrument.price_at_or_above(number),
        };
        price.filter(|price| price.ticks() > 0).ok_or_else(|| {
            let tick = instrument.tick_size();
            format!(
                "{}: a price of {number} is not allowed; it must be at least one tick of {tick}",
                ask.function
            )
            .into()
        })
    }
}

/// Returns a result's value, or keeps its refusal for `last_refusal()`.
fn settle<T>(host: &mut Host, result: Result<T, Refusal>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(refusal) => {
            host.last_refusal = Some(refusal.to_string());
            None
        }
    }
}

/// Returns a whole or broken number.
pub(super) fn number(function: &str, what: &str, value: &Dynamic) -> Outcome<f64> {
    #[expect(clippy::cast_precision_loss, reason = "quantities and prices beyond 2^53 are refused anyway")]
    let whole = value.as_int().ok().map(|value| value as f64);
    whole.or_else(|| value.as_float().ok()).ok_or_else(|| {
        format!("{function}: the {what} must be a number, but is {} ({value})", value.type_name()).into()
    })
}
