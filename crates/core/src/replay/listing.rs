//! [`ReplayListing`]: one listing of a replay, and where its price is.

use super::actions::Actions;
use super::bar::{ReplayBar, ReplayConfig};
use super::host::ReplayEvent;
use super::orders::{WaitingOrder, WaitingOrders};
use super::rules::{FillRules, Priced, Taken, Touch};
use super::tick::TickConfig;
use super::tick_feed::{Supply, TickFeed};
use crate::market::{Leg, OrderKind, Phase, Point, Quote, QuoteLevel, Side};
use crate::process::waypoint_time;
use crate::units::{ActorId, ListingId, OrderId, Price, Quantity, SimDuration, SimTime};

/// One listing of a replay.
#[derive(Debug)]
pub(super) struct ReplayListing {
    pub(super) id: ListingId,
    pub(super) config: ReplayConfig,
    pub(super) actions: Actions,
    pub(super) orders: WaitingOrders,
    pub(super) stage: Stage,
    /// The first bar that is replayed.
    pub(super) first: usize,
    /// The current bar, or the next one.
    pub(super) bar: usize,
    /// What has traded in the current bar.
    used: Quantity,
    used_by: Vec<(ActorId, Quantity)>,
    /// The points of the current bar's path.
    points: Vec<Point>,
    /// When the price last went from one finer bar to the open of the next, without a price between.
    jumped: Option<SimTime>,
    /// The last price that there was.
    pub(super) last: Option<Price>,
    /// When something is due here, as the engine's agenda has it.
    pub(super) scheduled: Option<SimTime>,
    /// The trades and quotes, where these are replayed and not bars; `bar` then counts rows.
    pub(super) ticks: Option<Box<TickFeed>>,
}

/// Where a listing is in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Before the open of a bar: there is no price.
    Between,
    /// On the way from one point of the bar's path to the next, whose number it is.
    Leg { to: usize, leg: Leg },
    /// At the close of a bar that is over, as long as orders of that instant may come.
    Closing { at: SimTime, hops: u8 },
    /// From the first trade or quote on.
    Ticking,
    /// After the last row.
    Over,
}

/// What kind of instant it is for a listing (rules 12 and 16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// A bar opens.
    Open,
    /// A bar closes.
    Close,
    /// Any other instant of a bar.
    Within,
}

impl Moment {
    pub(super) const fn is_auction(self) -> bool {
        matches!(self, Self::Open | Self::Close)
    }

    /// Returns the phase of the trades of that instant.
    pub(super) const fn phase(self) -> Phase {
        match self {
            Self::Open => Phase::OpeningAuction,
            Self::Close => Phase::ClosingAuction,
            Self::Within => Phase::Continuous,
        }
    }
}

const NANOSECOND: SimDuration = SimDuration::from_nanos(1);

impl ReplayListing {
    /// Begins before the first bar that begins at `start` or later.
    pub(super) fn new(id: ListingId, config: ReplayConfig, start: SimTime) -> Self {
        let bar = config.bars.partition_point(|bar| bar.start < start);
        let stage = if bar < config.bars.len() { Stage::Between } else { Stage::Over };
        let last = bar.checked_sub(1).map(|earlier| config.bars[earlier].close);
        let (used, used_by) = (Quantity::ZERO, Vec::new());
        let mut listing = Self {
            id,
            config,
            actions: Actions::default(),
            first: bar,
            orders: WaitingOrders::default(),
            stage,
            bar,
            used,
            used_by,
            points: Vec::new(),
            jumped: None,
            last,
            scheduled: None,
            ticks: None,
        };
        listing.skip_actions();
        listing
    }

    /// Begins before the first trade or quote at `start` or later; an earlier quote is in force.
    pub(super) fn of_ticks(id: ListingId, config: TickConfig, start: SimTime) -> Self {
        let mut rules = config.rules;
        let feed = TickFeed::new(config, start);
        if feed.has_quotes() {
            // Limits wait for the quote to reach them, which is certain then.
            rules.touch = Touch::Fill;
        }
        let none = ReplayConfig { rules, ..ReplayConfig::new(Vec::new(), SimDuration::ZERO) };
        let stage = match feed.next_time() {
            None => Stage::Over,
            Some(_) if feed.quote() == Quote::default() => Stage::Between,
            Some(_) => Stage::Ticking,
        };
        Self { stage, ticks: Some(Box::new(feed)), ..Self::new(id, none, start) }
    }

    pub(super) const fn rules(&self) -> &FillRules {
        &self.config.rules
    }

    /// Returns the current bar, or the next one.
    pub(super) fn current(&self) -> Option<&ReplayBar> {
        self.config.bars.get(self.bar)
    }

    /// Lays out the path of a bar: its four points, or those of the finer bars within it (rule 2).
    fn lay_out(&mut self, bar: &ReplayBar) {
        let rule = self.rules().path;
        let close = Point { time: bar.end - NANOSECOND, price: bar.close };
        self.points.clear();
        self.points.push(Point { time: bar.start + self.config.call, price: bar.open });
        let finer = &self.config.finer;
        let first = finer.partition_point(|it| it.start < bar.start);
        let within = finer[first..].iter().take_while(|it| it.start < bar.end);
        if within.clone().next().is_none() {
            let [_, first, second, _] = bar.path(rule);
            for (number, price) in [(1, first), (2, second)] {
                let time = waypoint_time(bar.start, bar.end - bar.start, number);
                self.points.push(Point { time, price });
            }
        }
        for finer in within {
            let length = finer.end - finer.start;
            let times = [
                finer.start,
                waypoint_time(finer.start, length, 1),
                waypoint_time(finer.start, length, 2),
                finer.end - NANOSECOND,
            ];
            for (time, price) in times.into_iter().zip(finer.path(rule)) {
                // What is before the open is dealt is over then; the close is the bar's own.
                if self.points.last().is_some_and(|last| last.time < time) && time < close.time {
                    self.points.push(Point { time, price: price.clamp(bar.low, bar.high) });
                }
            }
        }
        self.points.push(close);
    }

    /// Returns when the next bar opens, if there is one to come.
    pub(super) fn next_open(&self) -> Option<SimTime> {
        let bar = match self.stage {
            Stage::Between => self.bar,
            Stage::Leg { .. } | Stage::Closing { .. } => self.bar + 1,
            Stage::Ticking | Stage::Over => return None,
        };
        self.config.bars.get(bar).map(|bar| bar.start + self.config.call)
    }

    /// Returns when the current bar ends, if there is a price.
    pub(super) fn close_time(&self) -> Option<SimTime> {
        let bar = self.current().filter(|_| matches!(self.stage, Stage::Leg { .. }))?;
        Some(bar.end - NANOSECOND)
    }

    /// Returns the phase, and when it changes next, and to which.
    pub(super) fn phase(&self) -> (Phase, Option<(SimTime, Phase)>) {
        let opens = self.next_open().map(|at| (at, Phase::Continuous));
        match self.stage {
            Stage::Between => (Phase::PreOpen, opens),
            Stage::Leg { .. } => (Phase::Continuous, self.close_time().map(|at| (at, Phase::PreOpen))),
            Stage::Closing { at, .. } => (Phase::Continuous, Some((at, Phase::PreOpen))),
            Stage::Ticking => (Phase::Continuous, None),
            Stage::Over => (Phase::Closed, None),
        }
    }

    /// Returns the event that tells the phase.
    pub(super) fn phase_event(&self) -> ReplayEvent {
        let (phase, next) = self.phase();
        ReplayEvent::Phase { phase, next, opens_day: self.is_first_of_day() }
    }

    /// Returns the price at `now`, if there is one.
    pub(super) fn price_at(&self, now: SimTime) -> Option<Price> {
        match self.stage {
            Stage::Leg { leg, .. } => Some(leg.price_at(now)),
            Stage::Closing { .. } => self.last,
            Stage::Between | Stage::Ticking | Stage::Over => None,
        }
    }

    /// Returns whether orders of a side that arrive at `now` can fill at once, and at which price, if there
    /// is one: within a bar, or while quotes are known.
    pub(super) fn dealing_price(&self, side: Side, now: SimTime) -> Option<Option<Price>> {
        match &self.ticks {
            None => self.price_at(now).map(Some),
            Some(feed) => (self.stage == Stage::Ticking && feed.has_quotes()).then(|| feed.far_price(side)),
        }
    }

    /// Returns the price from which a trailing stop of a side starts, if one is known.
    pub(super) fn trailing_start(&self, side: Side, now: SimTime) -> Option<Price> {
        match &self.ticks {
            None => self.price_at(now).or(self.last),
            Some(feed) => feed.electing_price(side),
        }
    }

    /// Returns whether the price has come to where it is by a gap between two finer bars.
    pub(super) fn has_jumped(&self, now: SimTime) -> bool {
        self.jumped == Some(now)
    }

    /// Returns when something is due here next: a point of the path, an order's level, an order's date.
    pub(super) fn next_due(&self, now: SimTime) -> Option<SimTime> {
        let row = self.ticks.as_ref().and_then(|feed| feed.next_time());
        let stage = match self.stage {
            Stage::Ticking => row,
            Stage::Between => row.or(self.action_time()).or(self.next_open()),
            Stage::Leg { leg, .. } => Some(self.next_level(&leg, now).unwrap_or(leg.to.time)),
            Stage::Closing { at, .. } => Some(at),
            Stage::Over => None,
        };
        stage.into_iter().chain(self.orders.next_date()).min()
    }

    /// Returns when the leg reaches the next level at which an order waits, if it does.
    fn next_level(&self, leg: &Leg, now: SimTime) -> Option<SimTime> {
        if self.orders.is_empty() {
            return None;
        }
        let price = leg.price_at(now);
        let level = if leg.rises() {
            self.orders.next_above(price).filter(|level| *level <= leg.to.price)
        } else {
            self.orders.next_below(price).filter(|level| *level >= leg.to.price)
        };
        level.map(|level| leg.reaches(level))
    }

    /// Goes to the point of the path that is due at `now`, if one is; returns what kind of instant it is.
    pub(super) fn reach(&mut self, now: SimTime) -> Option<Moment> {
        let bar = *self.current()?;
        let (number, point) = match self.stage {
            Stage::Between if self.next_open()? <= now => {
                self.lay_out(&bar);
                (0, *self.points.first()?)
            }
            Stage::Leg { to, leg } if leg.to.time <= now => {
                self.jumped = leg.is_gap().then_some(leg.to.time);
                (to, leg.to)
            }
            _ => return None,
        };
        self.last = Some(point.price);
        let to = number + 1;
        let Some(next) = self.points.get(to).copied() else {
            self.stage = Stage::Closing { at: now, hops: 0 };
            return Some(Moment::Close);
        };
        self.stage = Stage::Leg { to, leg: Leg { from: point, to: next } };
        Some(if number == 0 { Moment::Open } else { Moment::Within })
    }

    /// Goes to the next bar; returns whether there is one.
    pub(super) fn next_bar(&mut self) -> bool {
        self.bar += 1;
        self.used = Quantity::ZERO;
        self.used_by.clear();
        let goes_on = self.bar < self.config.bars.len();
        self.stage = if goes_on { Stage::Between } else { Stage::Over };
        goes_on
    }

    /// Returns whether the current bar, or the next one, is the first of its day.
    pub(super) fn is_first_of_day(&self) -> bool {
        self.config.bars.is_empty() || self.config.days.is_first(self.bar)
    }

    /// Returns whether the current bar is the last of its day.
    pub(super) fn is_last_of_day(&self) -> bool {
        self.config.days.is_last(self.bar)
    }

    /// Returns how much an order can still have of a supply (rules 13 and T6); `None` without bound.
    pub(super) fn available(&self, order: &WaitingOrder, supply: Supply) -> Option<Quantity> {
        match &self.ticks {
            None => self.available_of_bar(order.owner),
            Some(feed) => feed.available(supply, order.side(), order.owner),
        }
    }

    /// Returns the price of a market order or stop with its costs (rules 12 and T7).
    pub(super) fn with_costs(&self, taken: &Taken, supply: Supply) -> Option<Priced> {
        match &self.ticks {
            None => self.current().map(|bar| self.rules().with_costs(taken, bar)),
            Some(feed) => Some(feed.with_costs(taken, supply)),
        }
    }

    fn available_of_bar(&self, owner: ActorId) -> Option<Quantity> {
        let volume = self.current()?.volume?;
        let share = self.rules().share_of(Some(volume))?;
        Some(volume.saturating_sub(self.used).min(share.saturating_sub(self.used_by(owner))))
    }

    fn used_by(&self, owner: ActorId) -> Quantity {
        let found = self.used_by.iter().find(|(other, _)| *other == owner);
        found.map_or(Quantity::ZERO, |(_, quantity)| *quantity)
    }

    /// Counts what an order has traded with a supply.
    pub(super) fn count(&mut self, order: &WaitingOrder, supply: Supply, quantity: Quantity) {
        let owner = order.owner;
        if let Some(feed) = &mut self.ticks {
            return feed.count(supply, order.side(), owner, quantity);
        }
        self.used += quantity;
        match self.used_by.iter_mut().find(|(other, _)| *other == owner) {
            Some((_, used)) => *used += quantity,
            None => self.used_by.push((owner, quantity)),
        }
    }

    /// Returns the event that tells the price.
    pub(super) fn move_event(&self, price: Price, is_auction: bool) -> ReplayEvent {
        let FillRules { half_spread, intrabar_feed, .. } = *self.rules();
        let size = self.left().unwrap_or(Quantity::new(Quantity::MAX_LOTS));
        let level = |side: Side| QuoteLevel { price: price - side.sign() * half_spread, size };
        let quote =
            intrabar_feed.then(|| Quote { bid: Some(level(Side::Buy)), ask: Some(level(Side::Sell)) });
        let leg = match self.stage {
            Stage::Leg { leg, .. } => Some(leg),
            _ => None,
        };
        ReplayEvent::Moved { price, shown: is_auction || intrabar_feed, quote, leg }
    }

    /// Returns what nobody has taken of the bar's volume, if the file knows it.
    pub(super) fn left(&self) -> Option<Quantity> {
        self.current()?.volume.map(|volume| volume.saturating_sub(self.used))
    }

    /// Returns whether what is left of the bar's path at `now` would elect a stop (rule 19).
    pub(super) fn path_elects(&self, id: OrderId, now: SimTime) -> bool {
        let Some(order) = self.orders.get(id) else { return false };
        let Stage::Leg { to, leg } = self.stage else { return false };
        let mut order = *order;
        // It has followed the path no further than to the last instant at which something was due.
        order.follow(leg.price_at(now));
        for Point { price, .. } in self.points[to..].iter().copied() {
            if is_elected_at(&order, price) {
                return true;
            }
            order.follow(price);
        }
        false
    }
}

fn is_elected_at(order: &WaitingOrder, price: Price) -> bool {
    let Some(trigger) = order.trigger() else { return false };
    match order.side() {
        Side::Buy => price >= trigger,
        Side::Sell => price <= trigger,
    }
}

impl WaitingOrder {
    /// Lets a trailing stop follow the price; returns whether its trigger has moved.
    pub(super) fn follow(&mut self, price: Price) -> bool {
        if !matches!(self.terms.kind, OrderKind::TrailingStop { .. }) {
            return false;
        }
        let better = match self.side() {
            Side::Sell => self.best.map_or(price, |best| best.max(price)),
            Side::Buy => self.best.map_or(price, |best| best.min(price)),
        };
        self.best.replace(better) != Some(better)
    }
}
