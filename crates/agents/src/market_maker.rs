//! A market maker: a symmetric spread around a reference, shifted against its inventory.

use std::sync::Arc;

use actix::{Actor, Handler};
use rand::RngExt;

use crate::kind::{
    AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, ListingChoice, RetiredParam, Shared,
};
use crate::trading::{StandingQuote, float, is_allowed, price_for};
use bearpit_core::account::Credit;
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{ExecutionReport, ReportKind, Side};
use bearpit_core::params::{
    Choice, DurationRange, NumberRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use bearpit_core::participant::{AnyTrader, CancelScope, Context, MarketData};
use bearpit_core::units::{InstrumentId, ListingId, NetQuantity, OrderId, Price, Quantity, SimDuration};

/// The kind `market_maker`.
pub(crate) static KIND: AgentKind = AgentKind {
    name: "market_maker",
    doc: "Quotes both sides of a reference price, shifted against its inventory: the linear rule that Avellaneda and \
          Stoikov (2008) derive for a fixed horizon, with the slope given.",
    params: &PARAMS,
    retired: &[RetiredParam {
        name: "model",
        help: "there is one model, so the key selected nothing: leave it out",
        is_error: true,
    }],
    account: AccountDefaults { credit: Credit::Covered, is_tracked: true },
    listing: ListingChoice::Only,
    is_exclusive: false,
    configure,
};

const PARAMS: [ParamSpec; 6] = [
    ParamSpec::required("half_spread", ParamType::TickDistance, "distance of each quote from the center"),
    ParamSpec::required("quantity", ParamType::Quantity, "quantity on each side"),
    ParamSpec::required("max_inventory", ParamType::Quantity, "inventory at which it quotes one side only"),
    ParamSpec::new(
        "reference",
        ParamType::Choice(&[
            Choice { name: "value", doc: "the instrument's value; needs a process" },
            Choice { name: "mid", doc: "the mid, or the last trade if a side is empty" },
        ]),
        ParamDefault::Derived("`\"value\"` if there is a process, else `\"mid\"`"),
        "what it quotes around",
    ),
    ParamSpec::new(
        "skew",
        ParamType::Number(NumberRange::between(0.0, 10.0)),
        ParamDefault::Number(1.0),
        "how far the center moves at full inventory",
    )
    .in_unit("half-spreads"),
    ParamSpec::new(
        "interval",
        ParamType::Duration(DurationRange::Positive),
        ParamDefault::Duration(SimDuration::from_secs(1)),
        "mean time between two updates of its quotes",
    ),
];

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let reference: Option<String> = values.given("reference")?;
    let reference = match reference.as_deref() {
        Some("value") if !site.has_value => {
            let message =
                "`reference` is `value`, but the instrument has no process; give it one, or choose `mid`";
            return Err(ParamError::invalid("reference", message).into());
        }
        Some("value") => MakerReference::Value,
        None if site.has_value => MakerReference::Value,
        _ => MakerReference::Mid,
    };
    Ok(Arc::new(MarketMakerConfig {
        listing: site.listing,
        reference,
        half_spread_ticks: values.get("half_spread")?,
        quantity: values.get("quantity")?,
        max_inventory: values.get("max_inventory")?,
        skew: values.get("skew")?,
        interval: values.get("interval")?,
    }))
}

impl ConfiguredAgent for MarketMakerConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(MarketMaker::new(self.clone())))
    }
}

/// What a market maker centers its quotes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MakerReference {
    /// The instrument's value process: an informed maker.
    Value,
    /// The mid of its feed, or the last trade if a side is empty.
    Mid,
}

/// A market maker: both sides around a reference, shifted against its inventory.
#[derive(Debug, Clone, PartialEq)]
pub struct MarketMakerConfig {
    /// Where it makes a market.
    pub listing: ListingId,
    /// What it quotes around.
    pub reference: MakerReference,
    /// Distance of each quote from the centre, in ticks, at least 1.
    pub half_spread_ticks: i64,
    /// Quantity on each side.
    pub quantity: Quantity,
    /// Inventory at which it quotes one side only.
    pub max_inventory: Quantity,
    /// How far the centre moves at full inventory, in half-spreads; 0 to 10.
    pub skew: f64,
    /// Mean time between two updates of its quotes; uniform within 50 % of it; above zero.
    pub interval: SimDuration,
}

/// Quotes both sides, and moves both quotes down when it holds more than it began with, up when less.
///
/// The centre is the reference less `skew` half-spreads times inventory over its maximum: the linear rule
/// that Avellaneda and Stoikov (2008) arrive at for a fixed horizon, with the slope given rather than
/// derived. A quote is replaced only when its price or its open quantity has changed, so that it keeps its
/// place in the queue of a quiet market.
#[derive(Debug)]
pub struct MarketMaker {
    config: MarketMakerConfig,
    /// What it trades; `None` before the start.
    traded: Option<Traded>,
    bid: Option<OrderId>,
    ask: Option<OrderId>,
    last_centre: Option<f64>,
}

/// What a market maker learns at its start about what it trades.
#[derive(Debug, Clone, Copy)]
struct Traded {
    instrument: InstrumentId,
    /// Currency per tick.
    tick: f64,
    /// What it held at the start.
    opening: NetQuantity,
}

impl Traded {
    /// Returns the instrument of a listing as the actor finds it now; `None` where there is no such listing.
    fn find(listing: ListingId, ctx: &Context) -> Option<Self> {
        let instrument = ctx.listing(listing)?.instrument;
        let tick = ctx.instrument(listing)?.price_f64(Price::new(1));
        Some(Self { instrument, tick, opening: holding(instrument, ctx) })
    }

    /// Returns what the actor holds beyond its opening.
    fn inventory(&self, ctx: &Context) -> NetQuantity {
        holding(self.instrument, ctx) - self.opening
    }
}

fn holding(instrument: InstrumentId, ctx: &Context) -> NetQuantity {
    ctx.account().map_or(NetQuantity::ZERO, |account| account.holding(instrument))
}

impl MarketMaker {
    /// Makes a market maker.
    #[must_use]
    pub const fn new(config: MarketMakerConfig) -> Self {
        Self { config, traded: None, bid: None, ask: None, last_centre: None }
    }

    /// Returns the center of the quotes, in ticks, if there is a reference.
    fn centre(&self, traded: Traded, ctx: &mut Context) -> Option<f64> {
        let reference = match self.config.reference {
            MakerReference::Value => ctx.value(traded.instrument).map(|value| value / traded.tick),
            MakerReference::Mid => ctx.market(self.config.listing).mid_or_last_ticks(),
        }?;
        let lean = lean(traded.inventory(ctx), self.config.max_inventory.net());
        Some(reference - self.config.skew * float(self.config.half_spread_ticks) * lean)
    }

    fn requote(&mut self, ctx: &mut Context) {
        let MarketMakerConfig { listing, quantity, .. } = self.config;
        if !ctx.market(listing).phase.takes_orders() {
            return;
        }
        let Some(traded) = self.traded else { return };
        let Some(centre) = self.centre(traded, ctx) else { return };
        let inventory = traded.inventory(ctx);
        let limit = self.config.max_inventory.net();
        let half_spread = float(self.config.half_spread_ticks);
        let [bid, ask] = [
            price_for(Side::Buy, centre - half_spread).filter(|_| inventory < limit),
            price_for(Side::Sell, centre + half_spread).filter(|_| inventory > -limit),
        ]
        .map(|price| price.filter(|price| is_allowed(ctx, listing, *price)));
        // The quote that makes room moves first, or the other would run into it.
        let rises = self.last_centre.is_none_or(|last| centre >= last);
        let sides = if rises { [Side::Sell, Side::Buy] } else { [Side::Buy, Side::Sell] };
        self.last_centre = Some(centre);
        for side in sides {
            let quote = StandingQuote { listing, side, quantity };
            match side {
                Side::Buy => self.bid = quote.bring(ctx, self.bid, bid, quantity),
                Side::Sell => self.ask = quote.bring(ctx, self.ask, ask, quantity),
            }
        }
    }

    fn wait(&self, ctx: &mut Context) {
        let share = 0.5 + ctx.rng().random::<f64>();
        ctx.wake_after(SimDuration::from_secs_f64(self.config.interval.secs_f64() * share), 0);
    }
}

/// Returns inventory over its maximum, within -1 and 1.
fn lean(inventory: NetQuantity, limit: NetQuantity) -> f64 {
    (float(inventory.lots()) / float(limit.lots().max(1))).clamp(-1.0, 1.0)
}

impl Actor for MarketMaker {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.traded = Traded::find(self.config.listing, ctx);
        // Quotes that were left when the market was stopped are nobody's: it has forgotten them.
        ctx.cancel_all(CancelScope::All, Some(self.config.listing));
        self.requote(ctx);
        self.wait(ctx);
    }
}

impl Handler<Wakeup> for MarketMaker {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.requote(ctx);
        self.wait(ctx);
    }
}

impl Handler<ExecutionReport> for MarketMaker {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, ctx: &mut Context) {
        if matches!(report.kind, ReportKind::Filled { .. }) {
            self.requote(ctx);
        }
    }
}

bearpit_core::ignore_messages!(MarketMaker: MarketData);
