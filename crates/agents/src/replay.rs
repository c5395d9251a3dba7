//! A provider of liquidity around historical bars.

use std::sync::Arc;

use actix::{Actor, Handler};

use crate::kind::{
    AccountDefaults, AgentKind, AgentSite, BarSessions, ConfiguredAgent, ListingChoice, Shared,
};
use bearpit_core::account::Credit;
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{ExecutionReport, Instrument, OrderTerms, Side, TimeInForce};
use bearpit_core::params::{
    DurationRange, ParamDefault, ParamError, ParamErrors, ParamSpec, ParamType, Values,
};
use bearpit_core::participant::{AnyTrader, Context, Latencies, MarketData};
use bearpit_core::process::{BAR_DATA, BAR_LENGTH, BAR_OPEN, HistoricalBar, waypoint_time};
use bearpit_core::units::{ListingId, OrderId, Price, Quantity, SimDuration, SimTime};

/// The kind `replay`.
pub(crate) static KIND: AgentKind = AgentKind {
    name: "replay",
    doc: "Replays historical bars. Each begins with an auction at its historical open, in which the replay is deep on \
          both sides: what was decided on one bar trades at exactly the next one's open. Then it prints the extremes \
          and the close, with the bar's volume, and quotes around them; at the end of a bar it withdraws, and orders \
          are collected until the next. Of high and low, the one nearer to the open comes first. Its credit is \
          unlimited: it stands for the rest of the world. Its listing's sessions are the bars, so the venue must not \
          have any, and neither the venue nor the replay may have a latency.",
    params: &PARAMS,
    retired: &[],
    account: AccountDefaults { credit: Credit::Unlimited, is_tracked: false },
    listing: ListingChoice::Only,
    is_exclusive: true,
    configure,
};

const PARAMS: [ParamSpec; 6] = [
    BAR_DATA,
    BAR_OPEN,
    BAR_LENGTH.meaning("how long a bar lasts; not longer than the time between two rows"),
    ParamSpec::new(
        "auction",
        ParamType::Duration(DurationRange::Positive),
        ParamDefault::Duration(SimDuration::from_secs(1)),
        "how long the auction lasts with which a bar begins; less than a third of `bar_length`, and longer than the \
         latencies of those who are to trade in it",
    ),
    ParamSpec::required("half_spread", ParamType::TickDistance, "distance of its quotes from the price"),
    ParamSpec::required(
        "depth",
        ParamType::Quantity,
        "quantity on each side; the auction prints a quarter of the bar's volume, but at least this",
    ),
];

fn configure(values: &Values, site: &AgentSite<'_>) -> Result<Arc<dyn ConfiguredAgent>, ParamErrors> {
    let config = ReplayConfig {
        listing: site.listing,
        bars: values.content("data")?,
        offset: values.get("bar_open")?,
        length: values.get("bar_length")?,
        call: values.get("auction")?,
        half_spread_ticks: values.get("half_spread")?,
        depth: values.get("depth")?,
    };
    let mut errors = site_errors(site);
    errors.extend(config.time_error());
    ParamErrors::check(errors)?;
    Ok(Arc::new(config))
}

/// Says why a replay cannot keep time at a place: its bars are the venue's sessions, and its orders must
/// arrive at once.
fn site_errors(site: &AgentSite<'_>) -> Vec<ParamError> {
    let mut errors = Vec::new();
    let name = site.venue.name;
    if site.venue.has_sessions {
        let message = format!("bars are replayed in sessions of their own, but `{name}` has sessions");
        errors.push(ParamError::invalid("kind", message).with_help("leave out the venue's [sessions]"));
    }
    if site.venue.latencies != Latencies::NONE || site.latencies != Latencies::NONE {
        let message = format!("a replay must have no latency, and neither its venue `{name}`");
        let help = "give the latency to the agents that trade";
        errors.push(ParamError::invalid("kind", message).with_help(help));
    }
    errors
}

impl ConfiguredAgent for ReplayConfig {
    fn actor(&self, _shared: &mut Shared) -> AnyTrader {
        AnyTrader::new(ReplayProvider::new(self.clone()))
    }

    fn sessions(&self) -> Option<BarSessions> {
        let openings = self.openings().collect();
        Some(BarSessions { openings, length: self.length, call: self.call })
    }
}

/// A provider of liquidity around historical bars.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayConfig {
    /// Where it provides.
    pub listing: ListingId,
    /// The bars, in order of time.
    pub bars: Arc<[HistoricalBar]>,
    /// When a bar begins, after its row's time.
    pub offset: SimDuration,
    /// How long a bar lasts; above zero.
    pub length: SimDuration,
    /// How long the auction lasts with which a bar begins; less than a third of `length`.
    pub call: SimDuration,
    /// Distance of its quotes from the historical price, in ticks, at least 1.
    pub half_spread_ticks: i64,
    /// Quantity it shows on each side.
    pub depth: Quantity,
}

impl ReplayConfig {
    /// Returns when the bars begin.
    pub fn openings(&self) -> impl Iterator<Item = SimTime> + '_ {
        self.bars.iter().map(|bar| bar.time + self.offset)
    }

    /// Says why the bars do not fit into their time, if so.
    fn time_error(&self) -> Option<ParamError> {
        let Self { bars, length, call, .. } = self;
        if call.nanos() >= length.nanos() / 3 {
            let message =
                format!("`auction` is {call}, but must be less than a third of `bar_length`, {length}");
            return Some(ParamError::invalid("auction", message));
        }
        let overlap = bars.windows(2).find(|pair| pair[1].time - pair[0].time < *length)?;
        let message = format!(
            "`bar_length` is {length}, longer than the time between the bars of {} and {}",
            overlap[0].time, overlap[1].time
        );
        Some(ParamError::invalid("bar_length", message))
    }
}

/// Trades at each bar's four prices (open, extremes, close) in the place of the rest of the market.
///
/// A bar begins with an auction: the provider bids and offers at the historical open, deep enough for the
/// auction to clear there, so that everybody whose order is in it trades at exactly the open. At the other
/// prices it prints a quarter of the bar's volume (the close: what is left of it) by meeting an order of its
/// own, so that the tape's bars have the historical prices, and resting orders of others are hit where
/// history traded through them. In between it quotes its depth on both sides, half a spread away. The close
/// is printed in the last nanosecond of the bar; then it cancels its quotes, because no historical price
/// holds between bars.
///
/// Every price is printed, with one lot at least. Prices are rounded to the nearest tick. The listing
/// must have the sessions of the bars ([`ConfiguredAgent::sessions`]); the provider's account should have
/// unlimited credit, and its connection no latency.
#[derive(Debug)]
pub struct ReplayProvider {
    config: ReplayConfig,
    /// The current bar.
    bar: usize,
    /// The next step of it.
    step: Step,
    /// The order whose end completes a print, and the price of it.
    printing: Option<(OrderId, Price)>,
}

/// The steps of a bar, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Enter both sides of the auction, in its last nanosecond.
    Auction,
    /// Quote around the open.
    Open,
    /// Print and quote the first extreme.
    First,
    /// Print and quote the second.
    Second,
    /// Print the close, and withdraw.
    Close,
}

const NANOSECOND: SimDuration = SimDuration::from_nanos(1);

impl ReplayProvider {
    /// Makes a provider.
    #[must_use]
    pub const fn new(config: ReplayConfig) -> Self {
        Self { config, bar: 0, step: Step::Auction, printing: None }
    }

    fn wait(&self, ctx: &mut Context) {
        let ReplayConfig { bars, offset, length, call, .. } = &self.config;
        let Some(bar) = bars.get(self.bar) else { return };
        let open = bar.time + *offset;
        let waypoint = |index| waypoint_time(open, *length, index);
        let time: SimTime = match self.step {
            Step::Auction => open + *call - NANOSECOND,
            Step::Open => open + *call,
            Step::First => waypoint(1),
            Step::Second => waypoint(2),
            Step::Close => waypoint(3) - NANOSECOND,
        };
        ctx.wake_at(time, 0);
    }

    fn go_on(&mut self, ctx: &mut Context) {
        self.step = match self.step {
            Step::Auction => Step::Open,
            Step::Open => Step::First,
            Step::First => Step::Second,
            Step::Second => Step::Close,
            Step::Close => {
                self.bar += 1;
                Step::Auction
            }
        };
        self.wait(ctx);
    }

    fn act(&mut self, ctx: &mut Context) {
        ctx.cancel_all();
        let listing = self.config.listing;
        let bar = self.config.bars.get(self.bar);
        let ready = bar.zip(ctx.instrument(listing)).and_then(|(bar, instrument)| self.plan(bar, instrument));
        let Some((price, volume)) = ready else {
            // A price that rounds to no tick cannot be traded at; it is skipped.
            return self.go_on(ctx);
        };
        match self.step {
            Step::Auction => {
                for side in Side::BOTH {
                    // With unlimited credit nothing is refused.
                    ctx.submit(listing, OrderTerms::limit(side, volume, price)).ok();
                }
                self.go_on(ctx);
            }
            Step::Open => self.quote(ctx, price),
            Step::First | Step::Second | Step::Close => self.print(ctx, price, volume),
        }
    }

    /// Returns the price of the step, if it is on the grid, and how much to trade there.
    fn plan(&self, bar: &HistoricalBar, instrument: &Instrument) -> Option<(Price, Quantity)> {
        let whole = instrument.whole_lots_within(bar.volume.unwrap_or(0.0));
        let quarter = Quantity::new((whole.lots() / 4).max(1));
        let opening = quarter.max(self.config.depth);
        let [open, first, second, close] = bar.path();
        let (value, volume) = match self.step {
            Step::Auction | Step::Open => (open, opening),
            Step::First => (first, quarter),
            Step::Second => (second, quarter),
            Step::Close => {
                let printed = opening + quarter + quarter;
                (close, whole.saturating_sub(printed).max(Quantity::new(1)))
            }
        };
        let price = instrument.nearest_price(value).filter(|price| price.ticks() > 0)?;
        Some((price, volume.min(Quantity::new(Quantity::MAX_LOTS))))
    }

    /// Prints a price: an offer, and a bid that meets it.
    fn print(&mut self, ctx: &mut Context, price: Price, volume: Quantity) {
        let listing = self.config.listing;
        let offer = ctx.submit(listing, OrderTerms::limit(Side::Sell, volume, price));
        let bid = ctx.submit(listing, OrderTerms::limit(Side::Buy, volume, price).with(TimeInForce::Ioc));
        match offer.and(bid) {
            Ok(bid) => self.printing = Some((bid, price)),
            Err(_) => self.printed(ctx, price),
        }
    }

    fn printed(&mut self, ctx: &mut Context, price: Price) {
        // Whatever of the print found other partners is taken out first.
        ctx.cancel_all();
        if self.step == Step::Close { self.go_on(ctx) } else { self.quote(ctx, price) }
    }

    /// Shows depth around `price`.
    fn quote(&mut self, ctx: &mut Context, price: Price) {
        for side in Side::BOTH {
            let at = Price::new(price.ticks() - side.sign() * self.config.half_spread_ticks);
            if at.ticks() > 0 {
                // With unlimited credit nothing is refused.
                ctx.submit(self.config.listing, OrderTerms::limit(side, self.config.depth, at)).ok();
            }
        }
        self.go_on(ctx);
    }
}

impl Actor for ReplayProvider {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        // Bars that began before the start are not replayed.
        let now = ctx.now();
        self.bar = self.config.openings().take_while(|open| *open < now).count();
        self.wait(ctx);
    }
}

impl Handler<Wakeup> for ReplayProvider {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.act(ctx);
    }
}

impl Handler<ExecutionReport> for ReplayProvider {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, ctx: &mut Context) {
        if let Some((bid, price)) = self.printing
            && bid == report.order
            && report.kind.is_terminal()
        {
            self.printing = None;
            self.printed(ctx, price);
        }
    }
}

bearpit_core::ignore_messages!(ReplayProvider: MarketData);
