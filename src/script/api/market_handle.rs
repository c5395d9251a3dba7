//! The functions that read the market and the position, and those that find other markets.

use std::cell::RefMut;
use std::rc::Rc;

use rhai::Array;
use rhai::Dynamic;

use crate::script::host::{Host, SharedHost};
use crate::script::value::arguments::ScriptResult;
use crate::script::value::listing::ListingInfo;
use crate::script::value::order_handle::OrderHandle;
use crate::script::value::views::{ConsolidatedQuoteView, HoldingView, QuoteView};
use bearpit_core::market::{ConsolidatedLevel, Fees};
use bearpit_core::participant::MarketView;
use bearpit_core::units::ListingId;

/// A script's handle to one listing; without a listing, to the script's default one.
#[derive(Debug, Clone)]
pub(crate) struct MarketHandle {
    host: SharedHost,
    listing: Option<ListingId>,
}

impl MarketHandle {
    pub(crate) const fn home(host: SharedHost) -> Self {
        Self { host, listing: None }
    }

    pub(crate) const fn at(host: SharedHost, listing: ListingId) -> Self {
        Self { host, listing: Some(listing) }
    }

    /// Returns whether the script named this market.
    pub(crate) const fn is_named(&self) -> bool {
        self.listing.is_some()
    }

    pub(crate) const fn shared(&self) -> &SharedHost {
        &self.host
    }

    pub(crate) fn host(&self) -> RefMut<'_, Host> {
        self.host.borrow_mut()
    }

    /// Returns the host, and the listing in it.
    pub(crate) fn open(&self, function: &str) -> ScriptResult<(RefMut<'_, Host>, Rc<ListingInfo>)> {
        let host = self.host();
        let listing = host.listing(function, self.listing.or(host.home))?;
        Ok((host, listing))
    }

    pub(crate) fn view(&self, function: &str) -> ScriptResult<(MarketView, Rc<ListingInfo>)> {
        let (mut host, listing) = self.open(function)?;
        Ok((host.ctx.market(listing.id), listing))
    }

    /// Returns the touch in the strategy's feed.
    pub(crate) fn quote(&self, function: &str) -> ScriptResult<QuoteView> {
        let (mut host, listing) = self.open(function)?;
        let (quote, at) = (host.ctx.market(listing.id).quote, host.ctx.now());
        Ok(QuoteView { listing, quote, at })
    }

    /// Returns the touch of the instrument over all its venues, in the strategy's feeds.
    pub(crate) fn consolidated(&self, function: &str) -> ScriptResult<ConsolidatedQuoteView> {
        let (mut host, listing) = self.open(function)?;
        let touch = host.ctx.consolidated(listing.instrument_id);
        let names = |level: &Option<ConsolidatedLevel>| {
            let shown = level.iter().flat_map(|level| &level.listings);
            shown.filter_map(|id| host.listings.get(id.index()).map(|it| it.venue.clone())).collect()
        };
        Ok(ConsolidatedQuoteView {
            quote: touch.quote(),
            bid_venues: names(&touch.bid),
            ask_venues: names(&touch.ask),
            is_locked: touch.is_locked(),
            is_crossed: touch.is_crossed(),
            at: host.ctx.now(),
            listing,
        })
    }

    /// Returns the rates of the venue's fees, if it charges shares of notional and nothing else.
    pub(crate) fn fees(&self) -> Option<Fees> {
        let (host, listing) = self.open("market").ok()?;
        host.ctx.venue_fees(listing.id)?.plain().copied()
    }

    pub(crate) fn last_price(&self) -> ScriptResult<Option<f64>> {
        let (view, listing) = self.view("last_price")?;
        Ok(view.last_trade.map(|(price, _)| listing.price(price)))
    }

    /// Returns the mid, or the last trade's price where a side is empty.
    pub(crate) fn mark(&self, function: &str) -> ScriptResult<Option<f64>> {
        let (view, listing) = self.view(function)?;
        let mid = view.mid_or_last_ticks();
        Ok(mid.map(|ticks| ticks * listing.instrument.tick_size().to_f64()))
    }

    /// Returns the signed holding of the instrument, over all venues.
    pub(crate) fn position(&self, function: &str) -> ScriptResult<f64> {
        let (host, listing) = self.open(function)?;
        let account = host.ctx.account();
        Ok(account.map_or(0.0, |it| listing.instrument.holding_f64(it.holding(listing.instrument_id))))
    }

    pub(crate) fn holding(&self) -> ScriptResult<HoldingView> {
        let (host, listing) = self.open("holding")?;
        Ok(host.holding(&listing))
    }

    /// Returns the open orders, oldest first: those at this market if it was named, else all.
    pub(crate) fn orders(&self) -> Array {
        let host = self.host();
        let at_market =
            |order: &&OrderHandle| self.listing.is_none_or(|listing| order.listing().id == listing);
        host.orders.values().filter(at_market).cloned().map(Dynamic::from).collect()
    }
}
