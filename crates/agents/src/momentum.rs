//! A momentum trader: buys while the short moving average of the mid is above the long one.

use std::collections::VecDeque;
use std::sync::Arc;

use actix::{Actor, Handler};

use crate::kind::{AccountDefaults, AgentKind, AgentSite, ConfiguredAgent, ListingChoice, Shared};
use crate::population::{ACTIVITY, Wakeups};
use crate::trading::{INTERVAL, MAX_QUANTITY, OrderSizes, SIZES, is_continuous, opposite, place};
use bearpit_core::account::Credit;
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{ExecutionReport, Side};
use bearpit_core::params::{ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values};
use bearpit_core::participant::{AnyTrader, Context, MarketData};
use bearpit_core::units::ListingId;

/// The kind `momentum`.
pub(crate) static KIND: AgentKind = AgentKind {
    name: "momentum",
    doc: "Looks at the mid each time it acts, and buys at the best offer if the mean of its last 20 mids is at or above \
          that of its last 50, else sells at the best bid: the momentum agent of ABIDES (Byrd, Hybinette and Balch \
          2020), a crossing of moving averages (Brock, Lakonishok and LeBaron 1992).",
    params: &PARAMS,
    retired: &[],
    account: AccountDefaults { credit: Credit::Covered, is_tracked: false },
    listing: ListingChoice::Only,
    is_exclusive: false,
    configure,
};

const WINDOW: ParamType = ParamType::Integer { min: 1, max: 100_000 };

const PARAMS: [ParamSpec; 6] = [
    MAX_QUANTITY,
    SIZES,
    INTERVAL,
    ACTIVITY,
    ParamSpec::new("short_window", WINDOW, ParamDefault::Integer(20), "observations in the short average"),
    ParamSpec::new("long_window", WINDOW, ParamDefault::Integer(50), "observations in the long average"),
];

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let window = |name| values.get::<i64>(name).map(|it| usize::try_from(it).unwrap_or(1));
    let (short, long) = (window("short_window")?, window("long_window")?);
    if short >= long {
        let message = format!("`short_window` is {short}, but must be below `long_window`, {long}");
        return Err(ParamError::invalid("short_window", message).into());
    }
    Ok(Arc::new(MomentumConfig {
        listing: site.listing,
        sizes: OrderSizes::read(values)?,
        wakeups: Wakeups::read(values, site)?,
        windows: [short, long],
    }))
}

/// A momentum trader.
#[derive(Debug, Clone, PartialEq)]
pub struct MomentumConfig {
    /// Where it trades.
    pub listing: ListingId,
    /// The quantities of its orders.
    pub sizes: OrderSizes,
    /// When it acts.
    pub wakeups: Wakeups,
    /// How many observations are in the short and in the long average.
    pub windows: [usize; 2],
}

impl ConfiguredAgent for MomentumConfig {
    fn actor(&self, _shared: &mut Shared) -> Option<AnyTrader> {
        Some(AnyTrader::new(MomentumTrader::new(self.clone())))
    }
}

/// Follows the crossing of two moving averages of the mid.
#[derive(Debug)]
pub struct MomentumTrader {
    config: MomentumConfig,
    /// The last mids in ticks, the newest first.
    mids: VecDeque<f64>,
}

impl MomentumTrader {
    /// Makes a momentum trader.
    #[must_use]
    pub const fn new(config: MomentumConfig) -> Self {
        Self { config, mids: VecDeque::new() }
    }

    fn act(&mut self, ctx: &mut Context) {
        let listing = self.config.listing;
        if !is_continuous(ctx, listing) {
            return;
        }
        let quote = ctx.market(listing).quote;
        let Some(mid) = quote.mid_ticks() else { return };
        self.mids.push_front(mid);
        self.mids.truncate(self.config.windows[1]);
        let Some(side) = direction(&self.mids, self.config.windows) else { return };
        let quantity = self.config.sizes.draw(ctx);
        place(ctx, listing, side, opposite(&quote, side), quantity);
    }
}

/// Returns where two averages of mids point, the newest first; `None` while there are too few.
fn direction(mids: &VecDeque<f64>, windows: [usize; 2]) -> Option<Side> {
    if mids.len() < windows[1] {
        return None;
    }
    let [short, long] = windows.map(|window| {
        let count = u32::try_from(window).unwrap_or(u32::MAX);
        mids.iter().take(window).sum::<f64>() / f64::from(count)
    });
    Some(if short >= long { Side::Buy } else { Side::Sell })
}

impl Actor for MomentumTrader {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.config.wakeups.wait(ctx);
    }
}

impl Handler<Wakeup> for MomentumTrader {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.act(ctx);
        self.config.wakeups.wait(ctx);
    }
}

bearpit_core::ignore_messages!(MomentumTrader: ExecutionReport, MarketData);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_buys_while_the_short_average_is_not_below_the_long_one() {
        let towards = |newest_first: &[f64]| direction(&newest_first.iter().copied().collect(), [2, 4]);
        assert_eq!(towards(&[3.0, 2.0, 1.0]), None, "too few");
        assert_eq!(towards(&[4.0, 3.0, 2.0, 1.0]), Some(Side::Buy), "3.5 above 2.5");
        assert_eq!(towards(&[1.0, 2.0, 3.0, 4.0]), Some(Side::Sell), "1.5 below 2.5");
        assert_eq!(towards(&[2.0, 2.0, 2.0, 2.0]), Some(Side::Buy), "equal");
        assert_eq!(towards(&[2.0, 2.0, 2.0, 2.0, 9.0]), Some(Side::Buy), "what is older does not count");
    }
}
