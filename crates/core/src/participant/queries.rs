//! What actors can read: the market through their feeds, the listings, their own account.

use super::context::Context;
use super::feeds::{Feed, FeedError};
use super::value_quotes::LastQuote;
use super::view::MarketView;
use crate::account::{Account, MarginStanding};
use crate::market::{BarInterval, ConsolidatedTouch, FeeSchedule, Instrument, Listing, Phase};
use crate::units::{InstrumentId, ListingId, Money, SimDuration, SimTime};

impl Context {
    /// Returns the market data of a listing as the actor's feed has it now: as of the feed latency ago, and
    /// never older than in an earlier call.
    ///
    /// ```
    /// use actix::{Actor, Handler};
    /// use bearpit_core::kernel::Wakeup;
    /// use bearpit_core::market::ExecutionReport;
    /// use bearpit_core::participant::{Context, MarketData};
    /// use bearpit_core::units::SimDuration;
    ///
    /// struct Watcher;
    ///
    /// impl Actor for Watcher {
    ///     type Context = Context;
    ///
    ///     fn started(&mut self, ctx: &mut Context) {
    ///         let acme = ctx.find_listing("ACME", None).unwrap();
    ///         let view = ctx.market(acme);
    ///         assert_eq!(view.quote.mid_ticks(), None, "nobody has quoted yet");
    ///         ctx.log(format!("{:?}, last trade {:?}", view.phase, view.last_trade));
    ///     }
    /// }
    ///
    /// bearpit_core::ignore_messages!(Watcher: Wakeup, ExecutionReport, MarketData);
    /// # use bearpit_core::account::AccountConfig;
    /// # use bearpit_core::exchange::MarketBuilder;
    /// # use bearpit_core::market::{Fees, Instrument};
    /// # use bearpit_core::participant::{Latencies, ParticipantConfig};
    /// # use bearpit_core::units::{Money, Seed, SimTime};
    /// # let open: SimTime = "2025-03-03T09:30:00".parse()?;
    /// # let mut builder = MarketBuilder::new(Seed::new(1), open, open + SimDuration::from_secs(60))?;
    /// # let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, None);
    /// # builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    /// # let account = AccountConfig { cash: Money::from_whole(10_000), ..AccountConfig::default() };
    /// # builder.agent("agent", ParticipantConfig::new("agent").with_account(account), Watcher)?;
    /// # let mut market = builder.open()?;
    /// # market.run()?;
    /// # assert!(market.world().domain().tape().facts() > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn market(&mut self, listing: ListingId) -> MarketView {
        let (owner, now) = (self.id(), self.now());
        let market = self.domain_mut();
        let Some(state) = market.listings.get(listing.index()) else { return MarketView::default() };
        let Some(link) = market.links.get(owner, state.listing.venue) else { return MarketView::default() };
        link.seen = link.seen.max(now - link.feed.delay());
        state.history.at(link.seen)
    }

    /// Returns best bid and best ask of an instrument over all venues that trade it continuously, as the
    /// actor's feeds have them now.
    ///
    /// Each venue's quote is what [`Context::market`] returns: as old as that venue's feed latency. So it may
    /// be locked or crossed where the venues themselves never were. A venue in an auction, halted or closed
    /// is left out, since its prices can be traded with by nobody.
    ///
    /// ```
    /// use actix::{Actor, Handler};
    /// use bearpit_core::kernel::Wakeup;
    /// use bearpit_core::market::ExecutionReport;
    /// use bearpit_core::participant::{Context, MarketData};
    /// use bearpit_core::units::InstrumentId;
    ///
    /// struct Watcher;
    ///
    /// impl Actor for Watcher {
    ///     type Context = Context;
    /// }
    ///
    /// impl Handler<Wakeup> for Watcher {
    ///     type Result = ();
    ///
    ///     fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
    ///         let touch = ctx.consolidated(InstrumentId::new(0));
    ///         if let Some(ask) = touch.ask {
    ///             ctx.log(format!("{} for sale at {} venues", ask.size, ask.listings.len()));
    ///         }
    ///     }
    /// }
    ///
    /// bearpit_core::ignore_messages!(Watcher: ExecutionReport, MarketData);
    /// ```
    pub fn consolidated(&mut self, instrument: InstrumentId) -> ConsolidatedTouch {
        let all = (0..).map(ListingId::new).zip(self.domain().listings());
        let listings: Vec<ListingId> =
            all.filter(|(_, listing)| listing.instrument == instrument).map(|(id, _)| id).collect();
        let views: Vec<_> = listings.into_iter().map(|id| (id, self.market(id))).collect();
        let trading = views.into_iter().filter(|(_, view)| view.phase == Phase::Continuous);
        ConsolidatedTouch::of(trading.map(|(id, view)| (id, view.quote)))
    }

    /// Returns what the venue of a listing charges.
    #[must_use]
    pub fn venue_fees(&self, listing: ListingId) -> Option<&FeeSchedule> {
        let market = self.domain();
        market.venue(market.listing(listing)?.venue).map(|venue| &venue.fees)
    }

    /// Returns how long an order of this actor usually takes to the venue of a listing, by
    /// [`LatencyModel::typical`](crate::kernel::LatencyModel::typical) of both ends.
    pub fn typical_entry_latency(&mut self, listing: ListingId) -> Option<SimDuration> {
        let owner = self.id();
        let market = self.domain_mut();
        let venue = market.listing(listing)?.venue;
        market.links.get(owner, venue).map(|link| link.entry.typical())
    }

    /// Subscribes to a feed, whose items arrive as messages from now on; a second time changes nothing.
    ///
    /// Each item arrives after the feed latency, with the venue's state at the time of sending.
    ///
    /// ```
    /// use actix::{Actor, Handler};
    /// use bearpit_core::kernel::Wakeup;
    /// use bearpit_core::market::{ExecutionReport, OrderTerms, Side};
    /// use bearpit_core::participant::{Context, Feed, FeedError, MarketData, Update};
    /// use bearpit_core::units::{Price, Quantity, SimDuration};
    ///
    /// struct Listener;
    ///
    /// impl Actor for Listener {
    ///     type Context = Context;
    ///
    ///     fn started(&mut self, ctx: &mut Context) {
    ///         let acme = ctx.find_listing("ACME", None).unwrap();
    ///         ctx.subscribe(acme, Feed::Book(5)).unwrap();
    ///         ctx.subscribe(acme, Feed::Bars(SimDuration::from_secs(1).into())).unwrap();
    ///         assert_eq!(ctx.subscribe(acme, Feed::Book(0)), Err(FeedError::LevelsOutOfRange(0)));
    ///         ctx.submit(acme, OrderTerms::limit(Side::Buy, Quantity::new(10), Price::new(9_990))).unwrap();
    ///     }
    /// }
    ///
    /// impl Handler<MarketData> for Listener {
    ///     type Result = ();
    ///
    ///     fn handle(&mut self, data: MarketData, ctx: &mut Context) {
    ///         if let Update::Book(ladders) = data.update {
    ///             ctx.log(format!("{} bids, {} asks", ladders.bids.len(), ladders.asks.len()));
    ///         }
    ///     }
    /// }
    ///
    /// bearpit_core::ignore_messages!(Listener: Wakeup, ExecutionReport);
    /// # use bearpit_core::account::AccountConfig;
    /// # use bearpit_core::exchange::MarketBuilder;
    /// # use bearpit_core::market::{Fees, Instrument};
    /// # use bearpit_core::participant::{Latencies, ParticipantConfig};
    /// # use bearpit_core::units::{Money, Seed, SimTime};
    /// # let open: SimTime = "2025-03-03T09:30:00".parse()?;
    /// # let mut builder = MarketBuilder::new(Seed::new(1), open, open + SimDuration::from_secs(60))?;
    /// # let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, None);
    /// # builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    /// # let account = AccountConfig { cash: Money::from_whole(10_000), ..AccountConfig::default() };
    /// # builder.agent("agent", ParticipantConfig::new("agent").with_account(account), Listener)?;
    /// # let mut market = builder.open()?;
    /// # market.run()?;
    /// # assert!(market.world().domain().tape().facts() > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`FeedError`] if there is no such listing, or no such feed of it.
    pub fn subscribe(&mut self, listing: ListingId, feed: Feed) -> Result<(), FeedError> {
        let (owner, now) = (self.id(), self.now());
        let state = self.domain_mut().listings.get_mut(listing.index()).ok_or(FeedError::UnknownListing)?;
        let missed = state.history.latest().last_trade.map(|_| now);
        state.feeds.subscribe(owner, feed, missed)
    }

    /// Returns the interval of the bars that the run records.
    #[must_use]
    pub const fn bar_interval(&self) -> BarInterval {
        self.domain().bar_interval
    }

    /// Returns how long market data takes to reach this actor at most, from any venue.
    #[must_use]
    pub fn feed_latency_bound(&self) -> SimDuration {
        self.domain().links.feed_bound(self.id())
    }

    /// Returns when a listing's phase changes next by its venue's schedule, and to which.
    ///
    /// `None` if the listing has no schedule, or no further change before the market closes for good. Halts
    /// are in no schedule.
    #[must_use]
    pub fn next_phase(&self, listing: ListingId) -> Option<(SimTime, Phase)> {
        self.domain().listings.get(listing.index())?.next_phase
    }

    /// Returns the current value of an instrument, if it has a process: for informed traders.
    pub fn value(&mut self, instrument: InstrumentId) -> Option<f64> {
        let now = self.now();
        let state = self.domain_mut().instruments.get_mut(instrument.index())?;
        state.value.as_mut().map(|value| value.at(now))
    }

    /// Returns the last quote of an instrument's value, if that follows a market outside and was quoted
    /// today.
    #[must_use]
    pub fn value_quote(&self, instrument: InstrumentId) -> Option<LastQuote> {
        self.domain().value_quote(instrument)
    }

    /// Returns the actor's account.
    #[must_use]
    pub fn account(&self) -> Option<&Account> {
        self.domain().account(self.id())
    }

    /// Returns a listing.
    #[must_use]
    pub fn listing(&self, id: ListingId) -> Option<&Listing> {
        self.domain().listing(id)
    }

    /// Returns the instrument of a listing.
    #[must_use]
    pub fn instrument(&self, id: ListingId) -> Option<&Instrument> {
        self.domain().instrument(self.listing(id)?.instrument)
    }

    /// Finds a listing by symbol and, where several venues list it, by venue; without a venue, the first.
    #[must_use]
    pub fn find_listing(&self, symbol: &str, venue: Option<&str>) -> Option<ListingId> {
        let market = self.domain();
        let found = market.listings().position(|listing| {
            let symbol_fits = market.instrument(listing.instrument).is_some_and(|it| it.symbol() == symbol);
            let venue_fits =
                venue.is_none_or(|name| market.venue(listing.venue).is_some_and(|it| it.name == name));
            symbol_fits && venue_fits
        });
        found.and_then(|index| u32::try_from(index).ok()).map(ListingId::new)
    }

    /// Returns the names of all listings, as (symbol, venue), in the order of their ids.
    #[must_use]
    pub fn listing_names(&self) -> Vec<(String, String)> {
        let market = self.domain();
        let name = |listing: &Listing| {
            let symbol = market.instrument(listing.instrument).map_or("", Instrument::symbol);
            let venue = market.venue(listing.venue).map_or("", |venue| &venue.name);
            (symbol.to_owned(), venue.to_owned())
        };
        market.listings().map(name).collect()
    }

    /// Returns the value of the actor's holding of an instrument at its mark, if it has one.
    #[must_use]
    pub fn worth(&self, instrument: InstrumentId) -> Option<Money> {
        self.domain().shown_worth(self.id(), instrument)
    }

    /// Returns the actor's equity: cash and holdings at the instruments' marks.
    #[must_use]
    pub fn equity(&self) -> Option<Money> {
        self.domain().shown_equity(self.id())
    }

    /// Returns how the actor's margin account stands; nothing for other accounts.
    #[must_use]
    pub fn margin(&self) -> Option<MarginStanding> {
        self.domain().margin(self.id())
    }

    /// Returns what more the actor can buy, before fees: on margin what its equity covers, else what is free
    /// of its cash and of its debit limit.
    #[must_use]
    pub fn buying_power(&self) -> Money {
        let cash = || self.account().map_or(Money::ZERO, Account::spendable).max(Money::ZERO);
        self.margin().map_or_else(cash, |margin| margin.buying_power())
    }
}
