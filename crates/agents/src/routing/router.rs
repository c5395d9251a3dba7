//! [`SmartOrderRouter`]: works one order over several venues, and accounts for each part of it.

use actix::{Actor, Handler};

use super::heard::HeardBook;
use super::plan::{RouteLevel, RouteOffer, VenueRoute, net_price, plan_routes};
use crate::execution::{ParentOrder, Traded, number, record, slippage};
use crate::trading::{coverable, float, is_continuous, lots, reference_ticks, tick_size};
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{Cell, ExecutionReport, Liquidity, OrderTerms, ReportKind, Side, TimeInForce};
use bearpit_core::participant::{Context, Feed, MarketData, Update};
use bearpit_core::units::{ListingId, Money, OrderId, Price, Quantity, SimDuration, SimTime};

/// An order that is worked over several venues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterConfig {
    /// The listings, all of one instrument; at least one.
    pub listings: Vec<ListingId>,
    /// Whether it buys or sells.
    pub side: Side,
    /// The whole order.
    pub quantity: Quantity,
    /// The worst price that it trades at; any price if absent.
    pub limit: Option<Price>,
    /// How long after the start it begins.
    pub start_after: SimDuration,
    /// Over which time it trades.
    pub duration: SimDuration,
    /// Into how many parts the order and the time are divided; above zero.
    pub slices: u32,
    /// How many levels of each book it follows.
    pub levels: usize,
    /// Whether orders to venues that are reached sooner wait, so that all arrive together.
    pub sync: bool,
    /// Whether what no venue displays rests at one of them.
    pub rest: bool,
}

/// A part of the order that was sent to a venue.
#[derive(Debug)]
struct Child {
    order: OrderId,
    listing: ListingId,
    quantity: Quantity,
    leaves: Quantity,
    limit: Price,
    rests: bool,
    traded: Traded,
    fees: Money,
}

/// Works one order over several venues.
#[derive(Debug)]
pub struct SmartOrderRouter {
    config: RouterConfig,
    order: ParentOrder,
    /// One for each listing of the configuration.
    venues: Vec<HeardBook>,
    /// What is to be sent later, and when.
    waiting: Vec<(SimTime, VenueRoute)>,
    children: Vec<Child>,
    filled: Quantity,
    fees: Money,
    sent: u32,
    /// The slice that begins with the next wake-up.
    slice: u32,
    /// Whether the account has refused an order, or a venue a resting one, in this slice.
    is_barred: bool,
    /// Whether the time is over.
    is_over: bool,
}

const SLICE: u64 = 0;
/// The wake-up at which its time is over.
const END: u64 = 1;
/// The wake-up at which orders that waited are sent.
const SEND: u64 = 2;

impl SmartOrderRouter {
    /// Makes a router.
    #[must_use]
    pub fn new(config: RouterConfig) -> Self {
        Self {
            order: ParentOrder::new(config.side, config.quantity),
            venues: Vec::new(),
            waiting: Vec::new(),
            children: Vec::new(),
            filled: Quantity::ZERO,
            fees: Money::ZERO,
            sent: 0,
            slice: 0,
            is_barred: false,
            is_over: false,
            config,
        }
    }

    fn begin(&mut self, ctx: &mut Context) {
        let first = self.config.listings.first().copied();
        let instrument = first.and_then(|first| ctx.listing(first)).map(|listing| listing.instrument);
        let mid = instrument.and_then(|it| ctx.consolidated(it).quote().mid_ticks());
        self.order.arrival = mid.or_else(|| reference_ticks(ctx, first?));
        self.order.market = Traded::default();
        let end = ctx.now().saturating_add(self.config.duration);
        ctx.wake_at(end, END);
    }

    /// Begins a slice: more is to be traded, and what rested is routed again.
    fn begin_slice(&mut self, ctx: &mut Context) {
        if self.slice == 0 {
            self.begin(ctx);
        }
        self.slice += 1;
        self.is_barred = false;
        self.cancel_resting(ctx);
        self.route(ctx);
        if self.slice < self.config.slices {
            let seconds = self.config.duration.secs_f64() / f64::from(self.config.slices);
            ctx.wake_after(SimDuration::from_secs_f64(seconds), SLICE);
        }
    }

    /// Returns how much is to be sent: what the slices so far call for, less what has traded, is on its way
    /// or waits.
    fn missing(&self) -> Quantity {
        let total = u128::from(self.config.quantity.lots());
        let due = total * u128::from(self.slice) / u128::from(self.config.slices.max(1));
        let due = Quantity::new(u64::try_from(due).unwrap_or(0)).min(self.config.quantity);
        let waiting = self.waiting.iter().map(|(_, route)| route.quantity);
        let sent = self.children.iter().map(|child| child.leaves);
        waiting.chain(sent).fold(due.saturating_sub(self.filled), Quantity::saturating_sub)
    }

    /// Sends what is missing to where it is displayed, and has the rest rest.
    fn route(&mut self, ctx: &mut Context) {
        if self.slice == 0 || self.is_over || self.is_barred {
            return;
        }
        let Some(first) = self.config.listings.first() else { return };
        let missing = coverable(ctx, *first, self.config.side, self.missing());
        if missing.is_zero() {
            return;
        }
        let routes = plan_routes(self.config.side, missing, &self.offers(ctx));
        if routes.is_empty() {
            if self.config.rest && self.children.is_empty() && self.waiting.is_empty() {
                self.rest(ctx, missing);
            }
            return;
        }
        let slowest = routes.iter().map(|route| route.latency).max().unwrap_or(SimDuration::ZERO);
        for route in routes {
            let delay = if self.config.sync { between(route.latency, slowest) } else { SimDuration::ZERO };
            if delay.is_zero() {
                self.send(ctx, route);
            } else {
                self.waiting.push((ctx.now().saturating_add(delay), route));
                ctx.wake_after(delay, SEND);
            }
        }
    }

    /// Returns what the venues display that trade continuously, less what is on its way there.
    fn offers(&self, ctx: &mut Context) -> Vec<RouteOffer> {
        let RouterConfig { side, limit, .. } = self.config;
        let mut offers = Vec::new();
        for venue in &self.venues {
            if !is_continuous(ctx, venue.listing) {
                continue;
            }
            let (Some(fees), Some(instrument)) =
                (ctx.venue_fees(venue.listing), ctx.instrument(venue.listing))
            else {
                continue;
            };
            let levels = venue.open_to(side, limit, self.in_flight(venue.listing));
            let level = |level: &bearpit_core::market::QuoteLevel| RouteLevel {
                price: level.price,
                size: level.size,
                net: net_price(fees, instrument, side, level.price, Liquidity::Taker),
            };
            let levels = levels.iter().map(level).collect();
            offers.push(RouteOffer { listing: venue.listing, latency: venue.latency, levels });
        }
        offers
    }

    /// Returns how much is on its way to a venue, or waits to be sent there.
    fn in_flight(&self, listing: ListingId) -> Quantity {
        let taking = self.children.iter().filter(|child| child.listing == listing && !child.rests);
        let waiting = self.waiting.iter().filter(|(_, route)| route.listing == listing);
        let lots = taking.map(|it| it.leaves.lots()).chain(waiting.map(|(_, it)| it.quantity.lots())).sum();
        Quantity::new(lots)
    }

    /// Sends an order that takes what is there and is canceled for the rest.
    fn send(&mut self, ctx: &mut Context, route: VenueRoute) {
        let VenueRoute { listing, quantity, limit, .. } = route;
        let terms = OrderTerms::limit(self.config.side, quantity, limit).with(TimeInForce::Ioc);
        self.submit(ctx, listing, terms, limit);
    }

    /// Rests a quantity where a maker pays least net of fees: at the limit, or else at the best price of its
    /// own side.
    fn rest(&mut self, ctx: &mut Context, quantity: Quantity) {
        let side = self.config.side;
        let open: Vec<&HeardBook> =
            self.venues.iter().filter(|venue| is_continuous(ctx, venue.listing)).collect();
        let bests = open.iter().filter_map(|venue| venue.own_best(side));
        let best = match side {
            Side::Buy => bests.max(),
            Side::Sell => bests.min(),
        };
        let Some(price) = self.config.limit.or(best) else { return };
        let net = |venue: &&HeardBook| {
            let (fees, instrument) = (ctx.venue_fees(venue.listing)?, ctx.instrument(venue.listing)?);
            let net = net_price(fees, instrument, side, price, Liquidity::Maker);
            Some((if side == Side::Buy { net } else { -net }, venue.latency, venue.listing))
        };
        if let Some((_, _, listing)) = open.iter().filter_map(net).min() {
            self.submit(ctx, listing, OrderTerms::limit(side, quantity, price), price);
        }
    }

    fn submit(&mut self, ctx: &mut Context, listing: ListingId, terms: OrderTerms, limit: Price) {
        let Ok(order) = ctx.submit(listing, terms) else {
            // The gate refuses for cash or shares, which another venue does not change.
            self.is_barred = true;
            return;
        };
        self.sent += 1;
        self.children.push(Child {
            order,
            listing,
            quantity: terms.quantity,
            leaves: terms.quantity,
            limit,
            rests: terms.time_in_force != TimeInForce::Ioc,
            traded: Traded::default(),
            fees: Money::ZERO,
        });
    }

    fn cancel_resting(&self, ctx: &mut Context) {
        for child in self.children.iter().filter(|child| child.rests) {
            // One that is canceled already is over with its report.
            ctx.cancel(child.order).unwrap_or_default();
        }
    }

    /// Sends the orders that are due.
    fn send_due(&mut self, ctx: &mut Context) {
        let now = ctx.now();
        let (due, later) = self.waiting.drain(..).partition(|(at, _)| *at <= now);
        self.waiting = later;
        let due: Vec<(SimTime, VenueRoute)> = due;
        for (_, route) in due {
            self.send(ctx, route);
        }
    }

    /// Ends it: nothing more is sent, and it reports once all that was sent is over.
    fn end(&mut self, ctx: &mut Context) {
        self.is_over = true;
        self.waiting.clear();
        self.cancel_resting(ctx);
        if self.children.is_empty() {
            self.report(ctx);
        }
    }

    fn follow(&mut self, ctx: &mut Context, report: &ExecutionReport) {
        let Some(place) = self.children.iter().position(|child| child.order == report.order) else { return };
        let child = &mut self.children[place];
        let venue = self.venues.iter_mut().find(|venue| venue.listing == report.listing);
        let side = self.config.side;
        match report.kind {
            ReportKind::Filled { price, quantity, leaves, fee, .. } => {
                child.leaves = leaves;
                child.traded.add(price.ticks(), quantity);
                child.fees += fee;
                self.order.own.add(price.ticks(), quantity);
                self.filled += quantity;
                self.fees += fee;
                if let Some(venue) = venue.filter(|_| !child.rests) {
                    venue.take(side, price, quantity, report.at);
                }
            }
            ReportKind::Reduced { leaves, .. } => child.leaves = leaves,
            ReportKind::Rejected(_) => {
                self.is_barred |= child.rests;
                venue.into_iter().for_each(|venue| venue.drop_up_to(side, None, report.at));
            }
            ReportKind::Canceled(_) | ReportKind::Expired(_) if !child.rests => {
                let limit = Some(child.limit);
                venue.into_iter().for_each(|venue| venue.drop_up_to(side, limit, report.at));
            }
            _ => {}
        }
        if report.kind.is_terminal() {
            let child = self.children.remove(place);
            record_child(ctx, side, &child, &report.kind);
            if self.is_over && self.children.is_empty() {
                self.report(ctx);
            }
            self.route(ctx);
        }
    }

    /// Records what the order cost, with fees.
    fn report(&self, ctx: &mut Context) {
        let Some(listing) = self.config.listings.first().copied() else { return };
        let mut cost = self.order.cost(ctx, listing);
        let per_lot =
            ctx.instrument(listing).map_or(1.0, |it| it.notional(Price::new(1), Quantity::new(1)).to_f64());
        let fees = self.fees.to_f64() / per_lot / self.order.own.lots;
        let net = self.order.own.mean().map(|mean| mean + float(self.config.side.sign()) * fees);
        let to_arrival =
            net.zip(self.order.arrival).and_then(|(net, at)| slippage(self.config.side, net, at));
        cost.push(("fees", number(Some(self.fees.to_f64()))));
        cost.push(("slippage_net_bps", number(to_arrival)));
        cost.push(("children", number(Some(f64::from(self.sent)))));
        record(ctx, "execution", cost);
    }
}

/// Returns by how much a latency is above another.
const fn between(latency: SimDuration, slowest: SimDuration) -> SimDuration {
    SimDuration::from_nanos(slowest.nanos() - latency.nanos())
}

/// Records how a part of the order ended.
fn record_child(ctx: &mut Context, side: Side, child: &Child, end: &ReportKind) {
    let (tick, place) = (tick_size(ctx, child.listing), child.listing.index());
    let venue = ctx.listing_names().get(place).map_or_else(String::new, |(_, venue)| venue.clone());
    let lot = ctx.instrument(child.listing).map_or(1.0, |it| it.quantity_f64(Quantity::new(1)));
    let outcome = match end {
        ReportKind::Filled { .. } => "filled",
        ReportKind::Rejected(_) => "rejected",
        ReportKind::Expired(_) => "expired",
        _ => "canceled",
    };
    let cells = vec![
        ("venue", Cell::Text(venue.as_str().into())),
        ("side", Cell::Text(side.name().into())),
        ("kind", Cell::Text(if child.rests { "rest" } else { "take" }.into())),
        ("quantity", number(Some(lots(child.quantity) * lot))),
        ("limit", number(Some(float(child.limit.ticks()) * tick))),
        ("filled", number(Some(child.traded.lots * lot))),
        ("average_price", number(child.traded.mean().map(|ticks| ticks * tick))),
        ("fee", number(Some(child.fees.to_f64()))),
        ("outcome", Cell::Text(outcome.into())),
    ];
    record(ctx, "routes", cells);
}

impl Actor for SmartOrderRouter {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        for listing in self.config.listings.clone() {
            let latency = ctx.typical_entry_latency(listing).unwrap_or(SimDuration::ZERO);
            self.venues.push(HeardBook::new(listing, latency));
            for feed in [Feed::Book(self.config.levels), Feed::Trades] {
                if let Err(error) = ctx.subscribe(listing, feed) {
                    ctx.log(format!("it cannot see the market: {error}"));
                }
            }
        }
        ctx.wake_after(self.config.start_after, SLICE);
    }
}

impl Handler<Wakeup> for SmartOrderRouter {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        match wakeup.tag {
            END => self.end(ctx),
            SEND => self.send_due(ctx),
            _ if !self.is_over => self.begin_slice(ctx),
            _ => {}
        }
    }
}

impl Handler<ExecutionReport> for SmartOrderRouter {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, ctx: &mut Context) {
        self.follow(ctx, &report);
    }
}

impl Handler<MarketData> for SmartOrderRouter {
    type Result = ();

    fn handle(&mut self, data: MarketData, ctx: &mut Context) {
        match data.update {
            Update::Trade { price, quantity, .. } => self.order.market.add(price.ticks(), quantity),
            Update::Book(ladders) => {
                let venue = self.venues.iter_mut().find(|venue| venue.listing == data.listing);
                venue.into_iter().for_each(|venue| venue.hear(data.at, &ladders));
                self.route(ctx);
            }
            _ => {}
        }
    }
}
