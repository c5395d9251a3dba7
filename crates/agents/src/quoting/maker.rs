//! A market maker that quotes by a closed form.

use std::sync::Arc;

use actix::{Actor, Handler};

use super::formulas::{AvellanedaStoikov, Glft, QuoteFormula};
use crate::kind::{AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, Shared};
use crate::population::Wakeups;
use crate::trading::{
    StandingQuote, coverable, float, holding, is_allowed, is_continuous, lots, price_for, reference_ticks,
    tick_size, value_ticks,
};
use bearpit_core::account::Credit;
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{ExecutionReport, ReportKind, Side};
use bearpit_core::params::{
    Choice, DurationRange, NumberRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use bearpit_core::participant::{AnyTrader, CancelScope, Context, MarketData};
use bearpit_core::units::{ListingId, NetQuantity, OrderId, Quantity, SimDuration, SimTime};

const ACCOUNT: AccountDefaults = AccountDefaults { credit: Credit::Covered, is_tracked: true };

/// The kind `avellaneda_stoikov`.
pub(crate) static AVELLANEDA_STOIKOV: AgentKind = AgentKind::at_one_listing(
    ACCOUNT,
    "avellaneda_stoikov",
    "Quotes around a reservation price, s - q gamma sigma^2 (T - t), with the spread gamma sigma^2 (T - t) + (2 / gamma) \
     ln(1 + gamma / k) (Avellaneda and Stoikov 2008); q is its inventory in units of `quantity`, T the scenario's end. With \
     `symmetric = true` it quotes the same spread around the mid, whatever it holds: what the paper compares with.",
    &[
        GAMMA,
        SIGMA,
        K,
        QUANTITY,
        MAX_INVENTORY,
        REFERENCE,
        INTERVAL,
        HORIZON,
        ParamSpec::new(
            "symmetric",
            ParamType::Flag,
            ParamDefault::Flag(false),
            "whether it quotes the same distance on both sides, whatever it holds",
        ),
    ],
    |values, site| {
        let maker = AvellanedaStoikov {
            gamma: values.get("gamma")?,
            sigma: values.get("sigma")?,
            k: values.get("k")?,
        };
        let formula = if values.get("symmetric")? {
            QuoteFormula::Symmetric(maker)
        } else {
            QuoteFormula::AvellanedaStoikov(maker)
        };
        configure(values, site, formula)
    },
);

/// The kind `glft`.
pub(crate) static GLFT: AgentKind = AgentKind::at_one_listing(
    ACCOUNT,
    "glft",
    "Quotes at the distances (1 / gamma) ln(1 + gamma / k) + ((1 +- 2 q) / 2) sqrt(sigma^2 gamma / (2 k A) (1 + gamma / \
     k)^(1 + k / gamma)) from the mid, + for the bid: the asymptotic closed form of Gueant, Lehalle and Fernandez-Tapia \
     (2013), which has no horizon; q is its inventory in units of `quantity`.",
    &[
        GAMMA,
        SIGMA,
        K,
        ParamSpec::required("a", POSITIVE, "rate A of fills at the mid, a second"),
        QUANTITY,
        MAX_INVENTORY,
        REFERENCE,
        INTERVAL,
    ],
    |values, site| {
        let formula = QuoteFormula::Glft(Glft {
            gamma: values.get("gamma")?,
            sigma: values.get("sigma")?,
            k: values.get("k")?,
            a: values.get("a")?,
        });
        configure(values, site, formula)
    },
);

const POSITIVE: ParamType = ParamType::Number(NumberRange::above(0.0));

const GAMMA: ParamSpec = ParamSpec::required("gamma", POSITIVE, "risk aversion, for each unit of currency");
const SIGMA: ParamSpec =
    ParamSpec::required("sigma", POSITIVE, "standard deviation of the mid after a second, in currency");
const K: ParamSpec = ParamSpec::required(
    "k",
    POSITIVE,
    "how fast fills become rarer with the distance from the mid, for each unit of currency",
);
const QUANTITY: ParamSpec =
    ParamSpec::required("quantity", ParamType::Quantity, "quantity on each side, and unit of its inventory");
const MAX_INVENTORY: ParamSpec = ParamSpec::required(
    "max_inventory",
    ParamType::Quantity,
    "inventory beyond its opening at which it quotes one side only",
);
const REFERENCE: ParamSpec = ParamSpec::new(
    "reference",
    ParamType::Choice(&[
        Choice { name: "value", doc: "the instrument's value; needs a process" },
        Choice { name: "mid", doc: "the mid, or the last trade if a side is empty" },
    ]),
    ParamDefault::Derived("`\"value\"` if there is a process, else `\"mid\"`"),
    "what it takes for the mid",
);
const INTERVAL: ParamSpec = ParamSpec::new(
    "interval",
    ParamType::Duration(DurationRange::Positive),
    ParamDefault::Duration(SimDuration::from_secs(1)),
    "mean time between two updates of its quotes, exponentially distributed; a fill brings one too",
);
const HORIZON: ParamSpec = ParamSpec::new(
    "horizon",
    ParamType::Duration(DurationRange::Positive),
    ParamDefault::Derived("the scenario's end"),
    "how long after the start T is; later it quotes as at T",
);

fn configure(
    values: &Values,
    site: &AgentSite<'_>,
    formula: QuoteFormula,
) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let reference: Option<String> = values.given("reference")?;
    if reference.as_deref() == Some("value") && !site.has_value {
        let message =
            "`reference` is `value`, but the instrument has no process; give it one, or choose `mid`";
        return Err(ParamError::invalid("reference", message).into());
    }
    let span = site.span;
    let horizon: Option<SimDuration> =
        if matches!(formula, QuoteFormula::Glft(_)) { None } else { values.given("horizon")? };
    let end = horizon.zip(span).map(|(horizon, span)| span.start.saturating_add(horizon));
    Ok(Arc::new(OptimalMakerConfig {
        listing: site.listing,
        formula,
        quantity: values.get("quantity")?,
        max_inventory: values.get("max_inventory")?,
        by_value: site.has_value && reference.as_deref() != Some("mid"),
        interval: values.get("interval")?,
        end: end.or_else(|| span.map(|span| span.end)),
    }))
}

/// A market maker that quotes by a closed form.
#[derive(Debug, Clone, PartialEq)]
pub struct OptimalMakerConfig {
    /// Where it makes a market.
    pub listing: ListingId,
    /// How it derives its quotes.
    pub formula: QuoteFormula,
    /// The quantity on each side, and the unit of its inventory.
    pub quantity: Quantity,
    /// The inventory beyond its opening at which it quotes one side only.
    pub max_inventory: Quantity,
    /// Whether it takes the value for the mid.
    pub by_value: bool,
    /// Mean time between two updates, exponentially distributed; above zero.
    pub interval: SimDuration,
    /// The horizon; now if absent.
    pub end: Option<SimTime>,
}

impl ConfiguredAgent for OptimalMakerConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(OptimalMaker::new(self.clone())))
    }
}

/// Quotes by a closed form.
#[derive(Debug)]
pub struct OptimalMaker {
    config: OptimalMakerConfig,
    opening: NetQuantity,
    quotes: [Option<OrderId>; 2],
}

impl OptimalMaker {
    /// Makes a market maker.
    #[must_use]
    pub const fn new(config: OptimalMakerConfig) -> Self {
        Self { config, opening: NetQuantity::ZERO, quotes: [None; 2] }
    }

    fn requote(&mut self, ctx: &mut Context) {
        let listing = self.config.listing;
        if !is_continuous(ctx, listing) {
            return;
        }
        let seen =
            if self.config.by_value { value_ticks(ctx, listing) } else { reference_ticks(ctx, listing) };
        let Some(mid) = seen else { return };
        let inventory = float((holding(ctx, listing) - self.opening).lots());
        let unit = lots(self.config.quantity).max(1.0);
        let left = self.config.end.map_or(0.0, |end| (end - ctx.now()).secs_f64().max(0.0));
        let tick = tick_size(ctx, listing);
        let distances = self.config.formula.distances(inventory / unit, left).map(|distance| distance / tick);
        let limit = lots(self.config.max_inventory);
        for side in [Side::Buy, Side::Sell] {
            let sign = float(side.sign());
            let wanted = price_for(side, mid - sign * distances[side.index()]);
            let wanted = wanted.filter(|price| is_allowed(ctx, listing, *price) && sign * inventory < limit);
            let quote = StandingQuote { listing, side, quantity: self.config.quantity };
            let first = coverable(ctx, listing, side, quote.quantity);
            self.quotes[side.index()] = quote.bring(ctx, self.quotes[side.index()], wanted, first);
        }
    }
}

impl Actor for OptimalMaker {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.opening = holding(ctx, self.config.listing);
        // Quotes that were left when the market was stopped are nobody's: it has forgotten them.
        ctx.cancel_all(CancelScope::All, Some(self.config.listing));
        self.requote(ctx);
        Wakeups::every(self.config.interval).wait(ctx);
    }
}

impl Handler<Wakeup> for OptimalMaker {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.requote(ctx);
        Wakeups::every(self.config.interval).wait(ctx);
    }
}

impl Handler<ExecutionReport> for OptimalMaker {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, ctx: &mut Context) {
        if matches!(report.kind, ReportKind::Filled { .. }) {
            self.requote(ctx);
        }
    }
}

bearpit_core::ignore_messages!(OptimalMaker: MarketData);
