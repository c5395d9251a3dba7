//! [`Market`]: one listing, as a script looks at it.

use std::cell::RefMut;
use std::rc::Rc;

use rhai::Array;
use rhai::Dynamic;

use crate::script::host::{Host, Shared};
use crate::script::value::arguments::Outcome;
use crate::script::value::listing::Place;
use crate::script::value::order_handle::Order;
use crate::script::value::views::{Holding, QuoteView};
use bearpit_core::participant::MarketView;
use bearpit_core::units::ListingId;

/// One listing; without a listing of its own, the script's home.
#[derive(Debug, Clone)]
pub(crate) struct Market {
    host: Shared,
    listing: Option<ListingId>,
}

impl Market {
    pub(crate) const fn home(host: Shared) -> Self {
        Self { host, listing: None }
    }

    pub(crate) const fn at(host: Shared, listing: ListingId) -> Self {
        Self { host, listing: Some(listing) }
    }

    /// Returns whether the script named this market.
    pub(crate) const fn is_named(&self) -> bool {
        self.listing.is_some()
    }

    pub(crate) const fn shared(&self) -> &Shared {
        &self.host
    }

    pub(crate) fn host(&self) -> RefMut<'_, Host> {
        self.host.borrow_mut()
    }

    /// Returns the host, and the listing in it.
    pub(crate) fn open(&self, function: &str) -> Outcome<(RefMut<'_, Host>, Rc<Place>)> {
        let host = self.host();
        let place = host.place(function, self.listing.unwrap_or(host.home))?;
        Ok((host, place))
    }

    pub(crate) fn view(&self, function: &str) -> Outcome<(MarketView, Rc<Place>)> {
        let (mut host, place) = self.open(function)?;
        Ok((host.ctx.market(place.listing), place))
    }

    /// Returns the touch as the feed shows it.
    pub(crate) fn quote(&self, function: &str) -> Outcome<QuoteView> {
        let (view, place) = self.view(function)?;
        Ok(QuoteView { place, quote: view.quote })
    }

    pub(crate) fn last_price(&self) -> Outcome<Option<f64>> {
        let (view, place) = self.view("last_price")?;
        Ok(view.last_trade.map(|(price, _)| place.price(price)))
    }

    /// Returns the mid, or the last trade's price where a side is empty.
    pub(crate) fn mark(&self, function: &str) -> Outcome<Option<f64>> {
        let (view, place) = self.view(function)?;
        let mid = view.mid_or_last_ticks();
        Ok(mid.map(|ticks| ticks * place.instrument.tick_size().to_f64()))
    }

    /// Returns the signed holding of the instrument, over all venues.
    pub(crate) fn position(&self, function: &str) -> Outcome<f64> {
        let (host, place) = self.open(function)?;
        let account = host.ctx.account();
        Ok(account.map_or(0.0, |it| place.instrument.holding_f64(it.holding(place.instrument_id))))
    }

    pub(crate) fn holding(&self) -> Outcome<Holding> {
        let (host, place) = self.open("holding")?;
        Ok(host.holding(&place))
    }

    /// Returns the open orders, oldest first: those at this market if it was named, else all.
    pub(crate) fn orders(&self) -> Array {
        let host = self.host();
        let at_market = |order: &&Order| self.listing.is_none_or(|listing| order.place().listing == listing);
        host.orders.values().filter(at_market).cloned().map(Dynamic::from).collect()
    }
}
