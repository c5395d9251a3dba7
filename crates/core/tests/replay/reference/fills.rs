//! What is due, in which order, at which price and how much of it (rules 5 to 8, 12 to 14, 16 to 19).

use super::super::history::{End, Fill, Kind, Path, Side, Slippage, Tif};
use super::path::Move;
use super::{Flaw, Moment, Order, Reference};

/// An order that can trade now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    index: usize,
    /// Before costs.
    price: i64,
    role: Role,
    /// Whether its limit allows the price; if not, its one moment passes without a trade.
    is_met: bool,
    key: Key,
}

/// Rule 16: side, class, listing, price, arrival.
type Key = (bool, u8, usize, i64, u64);

/// What a fill is, for its costs and its fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A limit order that waited.
    Maker,
    Taker,
    /// At an open or close.
    Auction,
}

/// Whether a limit allows a price.
fn allows(side: Side, limit: i64, price: i64) -> bool {
    side.sign() * price <= side.sign() * limit
}

/// Whether a price has reached a stop's trigger.
fn reaches(side: Side, trigger: i64, price: i64) -> bool {
    side.sign() * price >= side.sign() * trigger
}

/// Returns the trigger of a trailing stop: a share of the price is rounded down, but is at least a tick.
pub(super) fn trailing(kind: Kind, side: Side, best: i64) -> i64 {
    let distance = match kind {
        Kind::Trailing(ticks) => ticks,
        Kind::TrailingBps(bps) => (best * bps / 10_000).max(1),
        _ => 0,
    };
    best + side.sign() * distance
}

impl Reference<'_> {
    /// Fills what is due at this instant, then what that brings about, until nothing is.
    ///
    /// Orders that have just been entered to close positions are due with the rest.
    pub(super) fn fill_what_is_due(&mut self, closing: &[usize]) {
        let mut due: Vec<Due> = (0..self.orders.len()).filter_map(|index| self.due_on_path(index)).collect();
        let others = closing.iter().filter(|index| due.iter().all(|due| due.index != **index));
        let others: Vec<Due> = others.filter_map(|index| self.due_on_arrival(*index)).collect();
        due.extend(others);
        self.fill_in_order(due);
        self.fill_what_entered();
    }

    pub(super) fn fill_what_entered(&mut self) {
        while !self.entering.is_empty() {
            let entering = std::mem::take(&mut self.entering);
            self.enter_within_bar(entering);
        }
    }

    pub(super) fn fill_in_order(&mut self, mut due: Vec<Due>) {
        due.sort_by_key(|due| due.key);
        if self.has(Flaw::PurchaseFirst) {
            due.sort_by_key(|due| !due.key.0);
        }
        for due in due {
            // What came before it may have ended it.
            if self.orders[due.index].is_open() {
                self.execute(&due);
            }
        }
    }

    /// The limit that a path must reach: one tick beyond, where `touch` says so.
    fn is_good(&self, side: Side, limit: i64, price: i64) -> bool {
        let beyond = if self.rules().through { side.sign() } else { 0 };
        allows(side, limit - beyond, price)
    }

    fn trigger(order: &Order) -> Option<i64> {
        match order.kind {
            Kind::Stop(trigger) | Kind::StopLimit { trigger, .. } => Some(trigger),
            Kind::Trailing(_) | Kind::TrailingBps(_) => {
                order.best.map(|best| trailing(order.kind, order.side, best))
            }
            _ => None,
        }
    }

    /// Returns what an order that waits can do at this instant of the path.
    fn due_on_path(&mut self, index: usize) -> Option<Due> {
        let order = &self.orders[index];
        let (arrival, market) = (order.arrival()?, &self.markets[order.instrument]);
        let (price, moment) = (market.price?, market.moment);
        let is_slot = order.bar == Some(market.bar);
        let is_dealt_here = match (order.tif, moment) {
            (_, Moment::Still) => return None,
            (Tif::AtOpen, _) => moment == Moment::Open && is_slot,
            (Tif::AtClose, _) => moment == Moment::Close && is_slot,
            (_, Moment::Open) => true,
            (_, Moment::Path | Moment::Close) => false,
        };
        let is_bound = matches!(order.tif, Tif::AtOpen | Tif::AtClose);
        let mut is_met = true;
        let base = match order.kind {
            _ if is_bound && !is_dealt_here => return None,
            Kind::Market | Kind::MarketToLimit => is_dealt_here.then_some(price)?,
            Kind::Limit(limit) if !self.is_good(order.side, limit, price) => {
                is_met = false;
                // Its one moment has come all the same.
                let has_one = matches!(order.tif, Tif::Ioc | Tif::Fok | Tif::AtOpen | Tif::AtClose);
                (is_dealt_here && has_one).then_some(price)?
            }
            Kind::Limit(_) if is_dealt_here => price,
            // Over a gap there is no price on the way.
            Kind::Limit(_) if market.has_jumped => price,
            Kind::Limit(limit) => limit,
            Kind::Pegged(_) => return None,
            Kind::Stop(_) | Kind::StopLimit { .. } | Kind::Trailing(_) | Kind::TrailingBps(_) => {
                reaches(order.side, Self::trigger(order)?, price).then_some(price)?
            }
        };
        let is_on_path = matches!(order.kind, Kind::Limit(_)) && !is_dealt_here;
        if is_on_path && self.passes_over(index) {
            return None;
        }
        let role = match moment {
            Moment::Path if is_on_path => Role::Maker,
            Moment::Path | Moment::Still => Role::Taker,
            Moment::Open | Moment::Close => Role::Auction,
        };
        Some(Due { index, price: base, role, is_met, key: Self::key(&self.orders[index], arrival) })
    }

    /// Returns what an order can do as it arrives within a bar.
    pub(super) fn due_on_arrival(&self, index: usize) -> Option<Due> {
        let order = &self.orders[index];
        let (arrival, market) = (order.arrival()?, &self.markets[order.instrument]);
        let price = market.price?;
        if matches!(order.tif, Tif::AtOpen | Tif::AtClose) {
            return None;
        }
        let base = match order.kind {
            Kind::Market | Kind::MarketToLimit => price,
            Kind::Limit(limit) if self.is_good(order.side, limit, price) => price,
            Kind::Limit(limit) if self.looks_back(index) => limit,
            Kind::Limit(_) | Kind::Trailing(_) | Kind::TrailingBps(_) | Kind::Pegged(_) => return None,
            Kind::Stop(_) | Kind::StopLimit { .. } => {
                reaches(order.side, Self::trigger(order)?, price).then_some(price)?
            }
        };
        let role = if market.moment == Moment::Open || market.moment == Moment::Close {
            Role::Auction
        } else {
            Role::Taker
        };
        Some(Due { index, price: base, role, is_met: true, key: Self::key(order, arrival) })
    }

    fn key(order: &Order, arrival: u64) -> Key {
        let up = order.side.sign();
        let (class, price) = match order.kind {
            _ if order.is_left_over => (0, 0),
            Kind::Market | Kind::MarketToLimit | Kind::Pegged(_) => (1, 0),
            Kind::Limit(limit) => (2, -up * limit),
            // Sales from the highest trigger, purchases from the lowest.
            Kind::Stop(_) | Kind::StopLimit { .. } | Kind::Trailing(_) | Kind::TrailingBps(_) => {
                (3, up * Self::trigger(order).unwrap_or(0))
            }
        };
        // Prices compare within a listing; what has none goes by arrival over all of them.
        let listing = if class < 2 { 0 } else { order.instrument };
        (order.side == Side::Buy, class, listing, price, arrival)
    }

    /// Rule 19: whether a limit is passed over, because the rest of the bar elects the stop that it is linked
    /// with.
    fn passes_over(&mut self, index: usize) -> bool {
        let (order, rules) = (&self.orders[index], self.rules());
        let market = &self.markets[order.instrument];
        if order.passed_over == Some(market.bar) {
            return true;
        }
        let Some(mut stop) = order.partner.map(|partner| self.orders[partner].clone()) else { return false };
        if rules.path != Path::Worst || stop.arrival().is_none() || Self::trigger(&stop).is_none() {
            return false;
        }
        // At the turn of the path, a trailing stop goes by the price of the turn, which it follows once the
        // instant is over.
        let side = stop.side;
        let better =
            |best: i64, price: i64| if side == Side::Sell { best.max(price) } else { best.min(price) };
        stop.best = stop.best.zip(market.price).map(|(best, price)| better(best, price));
        for step in &market.steps[market.done..] {
            let (Move::Tick(price) | Move::Jump(price)) = step.what else { break };
            if Self::trigger(&stop).is_some_and(|trigger| reaches(stop.side, trigger, price)) {
                self.orders[index].passed_over = Some(market.bar);
                return true;
            }
            stop.best = stop.best.map(|best| better(best, price));
        }
        false
    }

    /// Trades an order that is due, and what it turns into.
    fn execute(&mut self, due: &Due) {
        let (index, mut price) = (due.index, due.price);
        if !due.is_met {
            return match self.orders[index].tif {
                Tif::AtOpen | Tif::AtClose => self.end(index, End::Expired),
                _ => self.cancel_unmet(index),
            };
        }
        let order = &self.orders[index];
        match order.kind {
            Kind::Market => {
                if self.is_collared(order, price) {
                    return self.end(index, End::Canceled("no_liquidity"));
                }
                self.trade(index, price, due.role);
            }
            Kind::MarketToLimit => {
                let paid = self.trade(index, price, due.role);
                self.orders[index].kind = Kind::Limit(paid);
                self.orders[index].known_price = paid;
                self.orders[index].is_left_over = false;
            }
            Kind::Limit(_) | Kind::Pegged(_) => {
                self.trade(index, price, due.role);
            }
            Kind::Stop(_) | Kind::Trailing(_) | Kind::TrailingBps(_) => {
                let bar = &self.history.files[order.instrument][self.markets[order.instrument].bar];
                if self.has(Flaw::StopAtExtreme) && due.role == Role::Taker {
                    price = if order.side == Side::Buy { bar.high } else { bar.low };
                }
                self.orders[index].kind = Kind::Market;
                self.end_entry(index);
                self.trade(index, price, due.role);
            }
            Kind::StopLimit { limit, .. } => {
                let is_good = self.is_good(order.side, limit, price);
                let tif = order.tif;
                self.orders[index].kind = Kind::Limit(limit);
                self.end_entry(index);
                match tif {
                    _ if is_good => {
                        self.trade(index, price, due.role);
                    }
                    Tif::Ioc => self.end(index, End::Canceled("ioc_remainder")),
                    Tif::Fok => self.end(index, End::Canceled("fok_unfillable")),
                    _ => {}
                }
            }
        }
    }

    fn is_collared(&self, order: &Order, price: i64) -> bool {
        let market = &self.markets[order.instrument];
        let is_gap = market.last_close.is_some_and(|close| price > close + close * 5 / 100 + 1);
        self.has(Flaw::Collar) && market.moment == Moment::Open && order.side == Side::Buy && is_gap
    }

    /// Returns how much an owner may still trade in the current bar of an instrument, if that is bounded.
    fn room(&self, order: &Order) -> Option<u64> {
        let file = &self.history.files[order.instrument];
        let market = &self.markets[order.instrument];
        // A file with 0 throughout has no volumes.
        if file.iter().all(|bar| bar.volume.unwrap_or(0) == 0) {
            return None;
        }
        let volume = file[market.bar].volume.unwrap_or(0);
        let all = volume.saturating_sub(market.traded);
        let own = volume * self.rules().participation / 8 - market.traded_by[order.owner];
        Some(if self.has(Flaw::VolumeOverrun) { own } else { own.min(all) })
    }

    /// Returns the price after costs, before it is kept within the bar.
    fn with_costs(&self, order: &Order, price: i64, quantity: u64, role: Role) -> i64 {
        let bar = &self.history.files[order.instrument][self.markets[order.instrument].bar];
        let volume = bar.volume.filter(|_| self.room(order).is_some());
        let spread = if role == Role::Auction { 0 } else { self.rules().half_spread };
        price + order.side.sign() * (spread + self.slippage(price, quantity, volume))
    }

    fn slippage(&self, price: i64, quantity: u64, volume: Option<u64>) -> i64 {
        match (self.rules().slippage, volume) {
            (Slippage::Ticks(ticks), _) => ticks,
            (Slippage::Bps(bps), _) => (price * bps + 9_999) / 10_000,
            (Slippage::Impact(_), None | Some(0)) => 0,
            (Slippage::Impact(eighths), Some(volume)) => {
                // The least number of ticks at or above eighths / 8 * price * sqrt(quantity / volume).
                let wanted = i128::from(eighths * price).pow(2) * i128::from(quantity);
                (0..).find(|ticks| i128::from(8 * ticks).pow(2) * i128::from(volume) >= wanted).unwrap()
            }
        }
    }

    /// Trades what it can of an order at a price before costs, and settles what becomes of the rest; returns
    /// the price after costs.
    fn trade(&mut self, index: usize, price: i64, role: Role) -> i64 {
        let order = self.orders[index].clone();
        let is_market = matches!(order.kind, Kind::Market | Kind::MarketToLimit);
        let room = self.room(&order).unwrap_or(u64::MAX);
        if order.tif == Tif::Fok && room < order.leaves {
            self.end(index, End::Canceled("fok_unfillable"));
            return price;
        }
        let wanted = order.leaves.min(room);
        let asked = if is_market { self.with_costs(&order, price, wanted, role) } else { price };
        let bar = &self.history.files[order.instrument][self.markets[order.instrument].bar];
        let paid = if self.has(Flaw::OutOfRange) { asked } else { asked.clamp(bar.low, bar.high) };
        let covered = self.covered(index, paid, wanted, role);
        if covered > 0 {
            let clamped = (asked - paid).abs();
            self.fill(index, Fill { at: self.now, price: paid, quantity: covered, clamped }, role);
        }
        if covered < wanted {
            self.end(index, End::Canceled("insufficient_cash"));
        } else if self.orders[index].is_open() {
            self.settle_rest(index, is_market);
        }
        paid
    }

    fn settle_rest(&mut self, index: usize, is_market: bool) {
        match self.orders[index].tif {
            Tif::Ioc => self.end(index, End::Canceled("volume_exhausted")),
            Tif::Fok => self.end(index, End::Canceled("fok_unfillable")),
            Tif::AtOpen | Tif::AtClose => self.end(index, End::Expired),
            Tif::Gtc | Tif::Gtd(_) | Tif::Day if !is_market => {}
            _ if self.has(Flaw::LostRemainder) => self.end(index, End::Canceled("lost")),
            Tif::Gtc | Tif::Gtd(_) | Tif::Day => self.orders[index].is_left_over = true,
        }
    }

    fn fill(&mut self, index: usize, fill: Fill, role: Role) {
        let quantity = fill.quantity;
        let order = &mut self.orders[index];
        order.leaves -= quantity;
        order.fills.push(fill);
        let (owner, instrument, is_over) = (order.owner, order.instrument, order.leaves == 0);
        self.markets[instrument].traded += quantity;
        self.markets[instrument].traded_by[owner] += quantity;
        self.book(index, fill.price, quantity, role);
        // What one of two linked orders trades the other loses.
        if let Some(partner) = self.orders[index].partner
            && !self.has(Flaw::DoubleExit)
        {
            let left = self.orders[partner].leaves.saturating_sub(quantity);
            self.orders[partner].leaves = left;
        }
        self.grow_exits(index, quantity);
        if is_over {
            self.end(index, End::Filled);
        }
    }
}
