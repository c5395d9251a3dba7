//! Accounts and feeds of replayed listings: fills are booked at once, bars come from the file.

use super::context::Context;
use super::feeds::Feed;
use super::marks::PathMarks;
use super::message::{MarketData, Update};
use super::publish::{BarAlarms, BarPrice};
use super::state::MarketState;
use crate::account::{Account, Affordable, OpenOrder, OrderContext, Pricing, Purchase, Restriction};
use crate::market::{
    Bar, BarAdded, ExecutionReport, Fact, Leg, Listing, OrderTerms, Phase, Quote, ReportKind, Side,
};
use crate::units::{ActorId, ListingId, Money, NetQuantity, OrderId, Price, Quantity, SimTime};

/// The replayed market's side of a fill.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counterparty {
    pub(crate) side: Side,
    pub(crate) price: Price,
    pub(crate) quantity: Quantity,
}

impl Context {
    /// Returns how much of an order's purchase its owner's account can pay for; nothing if there is no such
    /// account.
    pub(crate) fn affordable(
        &self,
        listing: ListingId,
        order: OrderId,
        owner: ActorId,
        purchase: Purchase,
    ) -> Affordable {
        let (now, market) = (self.now(), self.domain());
        // At the prices of the paths: what is held is worth that when it fills.
        let marks = PathMarks { market, now };
        let found = market.account(owner).zip(market.context_at(owner, listing, now));
        found.map_or(
            Affordable { quantity: Quantity::ZERO, needed: Money::ZERO, free: Money::ZERO },
            |(account, at)| account.affordable(order, purchase, &OrderContext { marks: Some(&marks), ..at }),
        )
    }

    /// Returns whether what an owner buys is covered by margin in the place of cash.
    pub(crate) fn is_on_margin(&self, owner: ActorId) -> bool {
        self.domain().account(owner).is_some_and(|account| account.margin_terms().is_some())
    }

    /// Books the replayed market's side of a fill into the account of the venue.
    pub(crate) fn book_counterparty(&mut self, listing: ListingId, with: Counterparty) {
        let venue = self.id();
        let market = self.domain_mut();
        let Some(id) = market.listings.get(listing.index()).map(|state| state.listing.instrument) else {
            return;
        };
        let instrument = &market.instruments[id.index()].instrument;
        let change = NetQuantity::new(with.quantity.net().lots() * with.side.sign());
        if let Some(account) = market.accounts.get_mut(venue.index()) {
            account.book_counterparty(id, instrument, change, with.price);
        }
    }

    /// Shows participants a quote that is no fact: the path of a replay is made up.
    pub(crate) fn show_quote(&mut self, listing: ListingId, quote: Quote) {
        let at = self.now();
        let market = self.domain_mut();
        let horizon = market.horizon;
        let Some(state) = market.listings.get_mut(listing.index()) else { return };
        if state.history.latest().quote == quote {
            return;
        }
        state.history.change(at, horizon, |view| view.quote = quote);
        let data = MarketData { listing, at, update: Update::Quote(quote) };
        self.push(Feed::Quotes, 0..usize::MAX, &data);
    }

    /// Adds a price without a trade to the bars of a listing, as [`Context::publish_trade`] adds a trade:
    /// bars of quotes are made of mids.
    pub(crate) fn add_price_to_bars(&mut self, listing: ListingId, price: Price, alarms: BarAlarms) {
        self.close_recorded_bar(listing);
        self.close_other_bars(listing);
        self.add_to_bars(listing, BarPrice { price, quantity: None }, alarms);
    }

    /// Refuses all orders while `action` handles a bar from before the start.
    pub(super) fn while_warming_up(&mut self, action: impl FnOnce(&mut Self)) {
        self.domain_mut().warms_up = true;
        action(self);
        self.domain_mut().warms_up = false;
    }

    /// Shows the subscribers of a listing's bars those from before the start: those of longer intervals
    /// summed up, of which the last goes on.
    pub(crate) fn warm_up(&mut self, listing: ListingId, bars: &[Bar], alarms: BarAlarms) {
        let now = self.now();
        let mut index = 0;
        while let Some(feed) = self.bar_feed(listing, index) {
            let open = &mut feed.open;
            let interval = open.interval();
            let mut ended = Vec::new();
            for bar in bars {
                ended.extend(open.take_ended(bar.start));
                if let BarAdded::Own(own) = open.add_bar(bar) {
                    ended.push(own);
                }
            }
            ended.extend(open.take_ended(now));
            if let Some(end) = open.end() {
                self.wake_at(end, if index == 0 { alarms.recorded } else { alarms.others });
            }
            for bar in ended {
                let data = MarketData { listing, at: now, update: Update::Warmup(bar) };
                self.push(Feed::Bars(interval), 0..usize::MAX, &data);
            }
            index += 1;
        }
    }

    /// Returns who holds how much of a listing's instrument, in the order of their ids; not the market
    /// itself.
    pub(crate) fn positions_at(&self, listing: ListingId) -> Vec<(ActorId, NetQuantity)> {
        let Some(instrument) = self.listing(listing).map(|listing| listing.instrument) else {
            return Vec::new();
        };
        let owners = (0..).map(ActorId::new).zip(self.domain().accounts());
        let holdings = owners.map(|(owner, account)| (owner, account.holding(instrument)));
        holdings.filter(|(owner, holding)| *owner != self.id() && holding.lots() != 0).collect()
    }

    /// Enters an order in an owner's name that its gate is not asked for, such as one that closes a position;
    /// returns its id.
    pub(crate) fn enter_for(
        &mut self,
        owner: ActorId,
        listing: ListingId,
        terms: OrderTerms,
    ) -> Option<OrderId> {
        let now = self.now();
        let order = self.next_order_id();
        let (account, at) = self.domain_mut().gate(owner, listing, now)?;
        account.enter_without_cover(order, &terms, &at);
        self.publish(Fact::OrderAccepted { order, owner, listing, terms, sent_at: None });
        let kind = ReportKind::Accepted;
        self.report(owner, ExecutionReport { order, listing, side: terms.side, at: now, kind });
        Some(order)
    }

    /// Notes the piece of its path on which a replayed listing's price is from now on.
    pub(crate) fn follow_path(&mut self, listing: ListingId, leg: Option<Leg>) {
        if let Some(state) = self.domain_mut().listings.get_mut(listing.index()) {
            state.leg = leg;
        }
    }

    /// Returns when the paths of replayed listings ruin an account next, as far as is known.
    pub(crate) fn next_ruin(&self) -> Option<SimTime> {
        let market = self.domain();
        if market.at_risk.is_empty() { None } else { market.next_ruin(self.now()) }
    }

    /// Returns why an order's owner may not have it, who is ruined or called, if that is so.
    pub(crate) fn restriction_of(&self, owner: ActorId, order: OrderId) -> Option<Restriction> {
        self.domain().account(owner)?.restriction_of(order)
    }

    /// Notes whether the next open of a replayed listing is the first of its day.
    pub(crate) fn announce_opens_day(&mut self, listing: ListingId, opens_day: bool) {
        if let Some(state) = self.domain_mut().listings.get_mut(listing.index()) {
            state.opens_day = opens_day;
        }
    }

    /// Takes an id for an order of the venue's own.
    pub(crate) const fn next_order_id(&mut self) -> OrderId {
        let market = self.domain_mut();
        let id = OrderId::new(market.next_order);
        market.next_order += 1;
        id
    }

    /// Publishes a bar of a file: as a fact, to the subscribers of its interval and of shorter ones, and as a
    /// part of longer ones, at whose end the venue is woken.
    pub(crate) fn publish_replayed_bar(&mut self, listing: ListingId, bar: Bar, alarms: BarAlarms) {
        let at = self.now();
        self.close_recorded_bar(listing);
        self.close_other_bars(listing);
        self.publish(Fact::BarReplayed { listing, bar });
        let mut index = 0;
        while let Some(feed) = self.bar_feed(listing, index) {
            let interval = feed.open.interval();
            match feed.open.add_bar(&bar) {
                BarAdded::Own(own) => {
                    let data = MarketData { listing, at, update: Update::Bar(own) };
                    self.push(Feed::Bars(interval), 0..usize::MAX, &data);
                }
                BarAdded::Began(end) => {
                    self.wake_at(end, if index == 0 { alarms.recorded } else { alarms.others });
                }
                BarAdded::Continued => {}
            }
            index += 1;
        }
    }
}

impl MarketState {
    /// Returns how it is known what an order at a listing will cost.
    pub(super) fn pricing(&self, owner: ActorId, listing: ListingId, reference: Option<Price>) -> Pricing {
        if !self.has_replays || !self.listing(listing).is_some_and(Listing::is_replayed) {
            return Pricing::Protected;
        }
        let opens = self.opens_at(listing);
        let expected = |order: OpenOrder| {
            let open = opens.filter(|_| self.opens_at(order.listing) == opens)?;
            Some(order.expected_proceeds(open, self.opens_day(order.listing)))
        };
        let own = self.account(owner).into_iter().flat_map(Account::open_orders);
        Pricing::AskedAtFill { reference, proceeds: own.filter_map(expected).sum() }
    }

    /// Returns what an account's gate needs to know of a listing; participants' marks are not among that.
    fn context_at(&self, owner: ActorId, listing: ListingId, now: SimTime) -> Option<OrderContext<'_>> {
        let pricing = self.pricing(owner, listing, None);
        let Listing { instrument: instrument_id, venue, .. } = self.listings.get(listing.index())?.listing;
        let fees = &self.venues.get(venue.index())?.fees;
        let instrument = &self.instruments[instrument_id.index()].instrument;
        Some(OrderContext { listing, instrument_id, instrument, fees, now, pricing, marks: None })
    }

    /// Returns whether the next open of a listing is the first of its day.
    fn opens_day(&self, listing: ListingId) -> bool {
        self.listings.get(listing.index()).is_some_and(|state| state.opens_day)
    }

    /// Returns when a listing opens, if it is before an open.
    pub(super) fn opens_at(&self, listing: ListingId) -> Option<SimTime> {
        match self.listings.get(listing.index())?.next_phase {
            Some((at, Phase::Continuous)) => Some(at),
            _ => None,
        }
    }
}
