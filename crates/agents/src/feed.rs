//! A maker that quotes what a market outside does.

use std::sync::Arc;

use actix::{Actor, Handler};

use crate::kind::{AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, Shared};
use crate::trading::{StandingQuote, float, holding, is_allowed, price_for, tick_size};
use bearpit_core::account::Credit;
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{ExecutionReport, ReportKind, Side, ValueQuote};
use bearpit_core::params::{
    Choice, DurationRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use bearpit_core::participant::{AnyTrader, CancelScope, Context, LastQuote, MarketData};
use bearpit_core::units::{ListingId, NetQuantity, OrderId, Price, Quantity, SimDuration};

/// The kind `feed`.
pub(crate) static KIND: AgentKind = AgentKind::at_one_listing(
    AccountDefaults { credit: Credit::Covered, is_tracked: true },
    "feed",
    "Quotes what a market outside does: both sides of the last quote of an instrument whose process is a `feed`, or the \
     bid and ask of that. While there is no quote, or the last one is old, it has no orders: a feed that is dead gives no \
     money away.",
    &PARAMS,
    configure,
);

const PARAMS: [ParamSpec; 8] = [
    ParamSpec::required("half_spread", ParamType::TickDistance, "distance of its best quotes from the value"),
    ParamSpec::required("quantity", ParamType::Quantity, "quantity at each level"),
    ParamSpec::required("max_inventory", ParamType::Quantity, "inventory at which it quotes one side only"),
    ParamSpec::new(
        "spread",
        ParamType::Choice(&[
            Choice { name: "own", doc: "`half_spread` on both sides of the value" },
            Choice { name: "feed", doc: "the bid and ask of the feed where it has both, else as `own`" },
        ]),
        ParamDefault::Choice("feed"),
        "where its best quotes are",
    ),
    ParamSpec::new(
        "levels",
        ParamType::Integer { min: 1, max: LEVELS_MAX },
        ParamDefault::Integer(1),
        "number of levels on each side",
    ),
    ParamSpec::new(
        "level_distance",
        ParamType::TickDistance,
        ParamDefault::Derived("`half_spread`"),
        "distance between two levels",
    ),
    ParamSpec::new(
        "stale_after",
        ParamType::Duration(DurationRange::Positive),
        ParamDefault::Duration(SimDuration::from_secs(60)),
        "how old the last quote of the feed can be before it cancels its own",
    ),
    ParamSpec::new(
        "interval",
        ParamType::Duration(DurationRange::AtLeast(SimDuration::from_millis(1))),
        ParamDefault::Duration(SimDuration::from_millis(250)),
        "time between two looks at the feed",
    ),
];

const LEVELS_MAX: i64 = 50;

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    if !site.has_value {
        let message = "a `feed` agent follows the instrument's value, but it has no process";
        return Err(ParamError::invalid("kind", message).with_help("give it one of the kind `feed`").into());
    }
    let half_spread_ticks = values.get("half_spread")?;
    Ok(Arc::new(FeedMakerConfig {
        listing: site.listing,
        half_spread_ticks,
        quantity: values.get("quantity")?,
        max_inventory: values.get("max_inventory")?,
        follows_touch: values.get::<String>("spread")? == "feed",
        levels: values.get("levels")?,
        level_ticks: values.given("level_distance")?.unwrap_or(half_spread_ticks),
        stale_after: values.get("stale_after")?,
        interval: values.get("interval")?,
    }))
}

impl ConfiguredAgent for FeedMakerConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(FeedMaker::new(self.clone())))
    }
}

/// A maker that quotes what a market outside does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedMakerConfig {
    /// Where it makes a market.
    pub listing: ListingId,
    /// Distance of its best quotes from the value, in ticks, at least 1.
    pub half_spread_ticks: i64,
    /// Quantity at each level.
    pub quantity: Quantity,
    /// Inventory at which it quotes one side only.
    pub max_inventory: Quantity,
    /// Whether its best quotes are the bid and ask of the feed, where it has both.
    pub follows_touch: bool,
    /// How many levels it has on each side; 1 to 50.
    pub levels: i64,
    /// Distance between two levels, in ticks, at least 1.
    pub level_ticks: i64,
    /// How old the last quote of the feed can be before it cancels its own.
    pub stale_after: SimDuration,
    /// Time between two looks at the feed.
    pub interval: SimDuration,
}

/// Quotes around the last quote of a feed, and cancels what it has while that is silent.
///
/// It says in its log when the feed has become silent, and when it is heard again. An order is replaced only
/// when its price or its open quantity has changed.
#[derive(Debug)]
pub struct FeedMaker {
    config: FeedMakerConfig,
    bids: Vec<Option<OrderId>>,
    asks: Vec<Option<OrderId>>,
    /// What it held at the start.
    opening: NetQuantity,
    last_centre: Option<f64>,
    /// Whether the feed was heard at the last look; `None` before the first.
    is_heard: Option<bool>,
}

impl FeedMaker {
    /// Makes a maker.
    #[must_use]
    pub fn new(config: FeedMakerConfig) -> Self {
        let levels = usize::try_from(config.levels.clamp(1, LEVELS_MAX)).unwrap_or(1);
        Self {
            config,
            bids: vec![None; levels],
            asks: vec![None; levels],
            opening: NetQuantity::ZERO,
            last_centre: None,
            is_heard: None,
        }
    }

    /// Returns the last quote of the feed, unless it is too old.
    fn heard(&mut self, ctx: &mut Context) -> Option<ValueQuote> {
        let instrument = ctx.listing(self.config.listing)?.instrument;
        let last: Option<LastQuote> = ctx.value_quote(instrument);
        let fresh = last.filter(|last| ctx.now() - last.at <= self.config.stale_after);
        if self.is_heard != Some(fresh.is_some()) {
            self.is_heard = Some(fresh.is_some());
            ctx.log(match (fresh, last) {
                (Some(_), _) => "the feed is heard: quoting".to_owned(),
                (None, Some(last)) => format!("the feed is silent since {}: orders canceled", last.at),
                (None, None) => "the feed has not been heard yet: no orders".to_owned(),
            });
        }
        fresh.map(|last| last.quote)
    }

    /// Returns the best bid and ask that it would show, in ticks.
    fn touch(&self, quote: &ValueQuote, tick: f64) -> (f64, f64) {
        let half_spread = float(self.config.half_spread_ticks);
        let value = quote.value.to_f64() / tick;
        let own = (value - half_spread, value + half_spread);
        let of_feed = quote.touch().filter(|_| self.config.follows_touch);
        of_feed.map_or(own, |(bid, ask)| (bid.to_f64() / tick, ask.to_f64() / tick))
    }

    fn requote(&mut self, ctx: &mut Context) {
        let listing = self.config.listing;
        if !ctx.market(listing).phase.takes_orders() {
            return;
        }
        let tick = tick_size(ctx, listing);
        let touch = self.heard(ctx).map(|quote| self.touch(&quote, tick));
        let centre = touch.map(|(bid, ask)| (bid + ask) / 2.0);
        // The side that makes room moves first, or the other would run into it.
        let rises = self.last_centre.zip(centre).is_none_or(|(last, centre)| centre >= last);
        self.last_centre = centre.or(self.last_centre);
        for side in if rises { [Side::Sell, Side::Buy] } else { [Side::Buy, Side::Sell] } {
            self.bring(ctx, side, touch);
        }
    }

    /// Brings the orders of a side to where they should be; cancels them if they should be nowhere.
    fn bring(&mut self, ctx: &mut Context, side: Side, touch: Option<(f64, f64)>) {
        let FeedMakerConfig { listing, quantity, max_inventory, level_ticks, .. } = self.config;
        let inventory = holding(ctx, listing) - self.opening;
        let (orders, best, has_room) = match side {
            Side::Buy => (&mut self.bids, touch.map(|(bid, _)| bid), inventory < max_inventory.net()),
            Side::Sell => (&mut self.asks, touch.map(|(_, ask)| ask), inventory > -max_inventory.net()),
        };
        let best = best.and_then(|ticks| price_for(side, on_grid(ticks))).filter(|_| has_room);
        let away = if side == Side::Buy { -level_ticks } else { level_ticks };
        for (level, order) in (0..).zip(orders) {
            let price = best.and_then(|best| Price::new_checked(best.ticks().checked_add(level * away)?));
            let price = price.filter(|price| is_allowed(ctx, listing, *price));
            *order = StandingQuote { listing, side, quantity }.bring(ctx, *order, price, quantity);
        }
    }
}

/// Returns a number of ticks, whole if it is within a millionth of that: a quotient of two decimals is.
fn on_grid(ticks: f64) -> f64 {
    let whole = libm::round(ticks);
    if (ticks - whole).abs() < 1e-6 { whole } else { ticks }
}

impl Actor for FeedMaker {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.opening = holding(ctx, self.config.listing);
        // Quotes that were left when the market was stopped are nobody's: it has forgotten them.
        ctx.cancel_all(CancelScope::All, Some(self.config.listing));
        self.requote(ctx);
        ctx.wake_after(self.config.interval, 0);
    }
}

impl Handler<Wakeup> for FeedMaker {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.requote(ctx);
        ctx.wake_after(self.config.interval, 0);
    }
}

impl Handler<ExecutionReport> for FeedMaker {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, ctx: &mut Context) {
        if matches!(report.kind, ReportKind::Filled { .. }) {
            self.requote(ctx);
        }
    }
}

bearpit_core::ignore_messages!(FeedMaker: MarketData);
