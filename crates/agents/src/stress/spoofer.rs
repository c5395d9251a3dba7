//! A spoofer: large orders that are not meant to trade, to make others trade with a small one.

use std::sync::Arc;

use actix::{Actor, Handler};

use crate::kind::{AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, ListingChoice, Shared};
use crate::population::Wakeups;
use crate::trading::{is_continuous, opposite, place};
use bearpit_core::account::Credit;
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{ExecutionReport, Side};
use bearpit_core::params::{Choice, DurationRange, ParamDefault, ParamErrors, ParamSpec, ParamType, Values};
use bearpit_core::participant::{AnyTrader, CancelScope, Context, MarketData};
use bearpit_core::units::{ListingId, Price, Quantity, SimDuration};

/// The kind `spoofer`.
pub(crate) static KIND: AgentKind = AgentKind {
    name: "spoofer",
    doc: "Shows a large order behind its side's best price, offers a small one at the other side's, and cancels both after a \
          while: a spoofing strategy as described by Wang and Wellman (2017). It is here to test how other agents and \
          surveillance respond; on real markets it is prohibited.",
    params: &PARAMS,
    retired: &[],
    account: AccountDefaults { credit: Credit::Covered, is_tracked: true },
    listing: ListingChoice::Only,
    is_exclusive: false,
    configure,
};

const PARAMS: [ParamSpec; 6] = [
    ParamSpec::new(
        "side",
        ParamType::Choice(&[
            Choice { name: "buy", doc: "it wants to buy, and shows large offers" },
            Choice { name: "sell", doc: "it wants to sell, and shows large bids" },
        ]),
        ParamDefault::Choice("sell"),
        "what it wants to trade",
    ),
    ParamSpec::required("quantity", ParamType::Quantity, "quantity that it wants to trade each time"),
    ParamSpec::required("spoof_quantity", ParamType::Quantity, "quantity of the large order"),
    ParamSpec::new(
        "distance",
        ParamType::Integer { min: 1, max: 1_000_000 },
        ParamDefault::Integer(1),
        "how far the large order stands behind the best price",
    )
    .in_unit("ticks"),
    ParamSpec::new(
        "interval",
        ParamType::Duration(DurationRange::Positive),
        ParamDefault::Duration(SimDuration::from_secs(60)),
        "mean time between the end of one attempt and the next, exponentially distributed",
    ),
    ParamSpec::new(
        "hold",
        ParamType::Duration(DurationRange::Positive),
        ParamDefault::Duration(SimDuration::from_secs(5)),
        "how long an attempt lasts",
    ),
];

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    Ok(Arc::new(SpooferConfig {
        listing: site.listing,
        side: if values.get::<String>("side")? == "buy" { Side::Buy } else { Side::Sell },
        quantity: values.get("quantity")?,
        spoof_quantity: values.get("spoof_quantity")?,
        distance: values.get("distance")?,
        interval: values.get("interval")?,
        hold: values.get("hold")?,
    }))
}

/// A spoofer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpooferConfig {
    /// Where it trades.
    pub listing: ListingId,
    /// What it wants to trade; its large orders are on the other side.
    pub side: Side,
    /// How much it wants to trade each time.
    pub quantity: Quantity,
    /// The quantity of the large order.
    pub spoof_quantity: Quantity,
    /// How far that stands behind the best price, in ticks.
    pub distance: i64,
    /// Mean time between attempts, exponentially distributed; above zero.
    pub interval: SimDuration,
    /// How long an attempt lasts.
    pub hold: SimDuration,
}

impl ConfiguredAgent for SpooferConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(Spoofer { config: self.clone() }))
    }
}

/// Shows large orders that are not meant to trade.
#[derive(Debug)]
pub struct Spoofer {
    config: SpooferConfig,
}

/// The wake-up at which an attempt ends.
const END: u64 = 1;

impl Spoofer {
    fn attempt(&self, ctx: &mut Context) {
        let SpooferConfig { listing, side, quantity, spoof_quantity, distance, .. } = self.config;
        if !is_continuous(ctx, listing) {
            return;
        }
        let quote = ctx.market(listing).quote;
        let shown = side.opposite();
        // The best price of the side on which it shows is what an order of its wanted side would take.
        let Some(best) = opposite(&quote, side) else { return };
        let large = Price::new_checked(best.ticks() - shown.sign() * distance);
        place(ctx, listing, shown, large, spoof_quantity);
        place(ctx, listing, side, opposite(&quote, shown), quantity);
    }
}

impl Actor for Spoofer {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        Wakeups::every(self.config.interval).wait(ctx);
    }
}

impl Handler<Wakeup> for Spoofer {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        if wakeup.tag == END {
            ctx.cancel_all(CancelScope::All, Some(self.config.listing));
            Wakeups::every(self.config.interval).wait(ctx);
        } else {
            self.attempt(ctx);
            ctx.wake_after(self.config.hold, END);
        }
    }
}

bearpit_core::ignore_messages!(Spoofer: ExecutionReport, MarketData);
