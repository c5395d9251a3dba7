//! The reference: rules T1 to T10 of `docs/backtesting.md` as a plain loop over rows and arrivals. It shares
//! no type with the engine.

mod fills;
mod flaw;
mod market;
mod orders;

pub(crate) use flaw::Flaw;

use super::history::*;
use market::{Market, Row, merged};
use orders::{Open, Waits};

/// What happens at an instant that lets orders fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Quote,
    Trade,
    Arrival,
}

struct Reference<'a> {
    history: &'a History,
    flaw: Option<Flaw>,
    rows: Vec<Row>,
    /// The number of the next row.
    next: usize,
    market: Market,
    orders: Vec<Open>,
    now: i64,
    arrivals: usize,
}

/// Says what becomes of a history by the rules; with a flaw, by wrong ones.
pub(crate) fn fates(history: &History, flaw: Option<Flaw>) -> Vec<Fate> {
    let rows = merged(history, flaw);
    let mut reference = Reference {
        history,
        flaw,
        next: rows.partition_point(|row| row.at() < history.start),
        rows,
        market: Market::default(),
        orders: Vec::new(),
        now: history.start,
        arrivals: 0,
    };
    for row in &reference.rows[..reference.next] {
        reference.market.set(row, history.rules.sized);
    }
    reference.run();
    let fate = |order: Open| Fate {
        number: order.number,
        part: order.part,
        fills: order.fills,
        end: order.end.unwrap_or(End::Refused),
    };
    let mut fates: Vec<Fate> = reference.orders.into_iter().map(fate).collect();
    fates.sort_by_key(|fate| (fate.number, fate.part));
    fates
}

impl Reference<'_> {
    fn run(&mut self) {
        for (number, sent) in self.history.sent.iter().enumerate() {
            self.play_until(sent.at);
            self.now = sent.at;
            match sent.act {
                Act::Submit(order) => self.enter(number, sent, &order),
                Act::Cancel(other) => self.cancel_of(sent.owner, other),
                Act::Replace { number, price, quantity } => {
                    self.replace(sent.owner, number, (price, quantity));
                }
            }
        }
        self.play_until(i64::MAX);
    }

    /// Plays rows and dates up to a time, which is included.
    fn play_until(&mut self, until: i64) {
        loop {
            let row = self.rows.get(self.next).map(Row::at);
            let date = |order: &Open| match order.tif {
                Tif::Gtd(date) if order.is_open() => Some(date),
                _ => None,
            };
            let date = self.orders.iter().filter_map(date).min();
            let Some(at) = row.into_iter().chain(date).min().filter(|at| *at <= until) else { return };
            self.now = at;
            if date == Some(at) {
                let due: Vec<usize> = self.find(|order| date.is_some() && order.tif == Tif::Gtd(at));
                due.into_iter().for_each(|index| self.end(index, End::Expired));
            } else {
                self.play_row();
            }
        }
    }

    fn play_row(&mut self) {
        let row = self.rows[self.next];
        self.next += 1;
        self.market.set(&row, self.history.rules.sized);
        self.orders.iter_mut().for_each(|order| order.had_turn = false);
        let moment = if matches!(row, Row::Quote(_)) { Moment::Quote } else { Moment::Trade };
        self.settle(moment);
        for index in 0..self.orders.len() {
            if let Some(price) = self.electing_price(self.orders[index].side) {
                self.orders[index].follow(price);
            }
        }
        if self.rows.get(self.next).is_none_or(|next| next.at() / DAY != self.now / DAY) {
            for index in self.find(|order| order.tif == Tif::Day) {
                self.end(index, End::Expired);
            }
        }
        if self.next == self.rows.len() {
            let mut open = self.find(|_| true);
            open.sort_by_key(|index| self.orders[*index].arrival);
            open.into_iter().for_each(|index| self.end(index, End::Expired));
        }
    }

    /// The orders that are open, and of which something holds.
    fn find(&self, holds: impl Fn(&Open) -> bool) -> Vec<usize> {
        let mut found: Vec<usize> = (0..self.orders.len())
            .filter(|index| self.orders[*index].is_open() && holds(&self.orders[*index]))
            .collect();
        found.sort_by_key(|index| (self.orders[*index].number, self.orders[*index].part));
        found
    }

    fn has_quotes(&self) -> bool {
        !self.history.quotes.is_empty()
    }

    fn has_trades(&self) -> bool {
        !self.history.trades.is_empty()
    }

    /// Whether orders that arrive now are dealt with at once (rule T2).
    fn is_dealing(&self) -> bool {
        let has_begun = self.next > 0 && self.rows[self.next - 1].at() >= self.history.start;
        self.has_quotes() && (has_begun || self.market.bid.is_some() || self.market.ask.is_some())
    }

    fn enter(&mut self, number: usize, sent: &Sent, order: &Order) {
        let Order { side, quantity, kind, tif, link } = *order;
        let mut open = Open {
            number,
            part: Part::Entry,
            owner: sent.owner,
            side,
            kind,
            tif,
            left: quantity,
            filled: 0,
            total: quantity,
            since: self.now,
            arrival: 0,
            best: None,
            waits: Waits::Now,
            is_carried: false,
            had_turn: false,
            partner: None,
            entry: None,
            link,
            exits: None,
            fills: Vec::new(),
            end: None,
        };
        open.end = self.rejection(&open);
        if open.end.is_some() {
            return self.orders.push(open);
        }
        open.waits = open.waits_for(self.is_dealing());
        if let Some(price) = self.electing_price(side) {
            open.follow(price);
        }
        self.arrivals += 1;
        open.arrival = self.arrivals;
        let index = self.orders.len();
        if let Link::Pair(other) = link {
            let other = self.entry_of(other);
            open.partner = other;
            if let Some(other) = other {
                self.orders[other].partner = Some(index);
            }
        }
        self.orders.push(open);
        self.after_arrival();
    }

    fn after_arrival(&mut self) {
        if self.is_dealing() {
            self.settle(Moment::Arrival);
        }
    }

    fn rejection(&self, open: &Open) -> Option<End> {
        if let Link::Pair(other) = open.link {
            let other = self.entry_of(other).map(|index| &self.orders[index]);
            let fits = other.is_some_and(|other| {
                other.is_open()
                    && other.owner == open.owner
                    && other.side == open.side
                    && other.left == open.left
                    && other.link == Link::None
                    && other.partner.is_none()
            });
            if !fits {
                return Some(End::Rejected("link_unfit"));
            }
        }
        if self.next == self.rows.len() {
            return Some(End::Rejected("no_more_data"));
        }
        matches!(open.tif, Tif::Gtd(date) if date <= self.now).then_some(End::Rejected("expiry_passed"))
    }

    fn entry_of(&self, number: usize) -> Option<usize> {
        self.orders.iter().position(|order| order.number == number && order.part == Part::Entry)
    }

    fn cancel_of(&mut self, owner: usize, number: usize) {
        if let Some(index) = self.entry_of(number).filter(|index| self.orders[*index].owner == owner) {
            self.end(index, End::Canceled("requested"));
        }
    }

    fn replace(&mut self, owner: usize, number: usize, new: (i64, u64)) {
        let (price, total) = new;
        let Some(index) = self.entry_of(number) else { return };
        let is_dealing = self.is_dealing();
        let order = &mut self.orders[index];
        let kind = match order.kind {
            Kind::Limit(_) => Kind::Limit(price),
            Kind::Stop(_) => Kind::Stop(price),
            Kind::StopLimit { trigger, .. } => Kind::StopLimit { trigger, limit: price },
            Kind::Market | Kind::MarketToLimit | Kind::Trailing(_) => return,
        };
        if order.owner != owner || !order.is_open() {
            return;
        }
        if total <= order.filled {
            return self.end(index, End::Canceled("replaced_to_filled"));
        }
        let left = total - order.filled;
        let keeps_place = kind == order.kind && left <= order.left;
        (order.kind, order.left, order.total, order.had_turn) = (kind, left, total, false);
        // It has a price of its own now: it goes ahead of nobody for what an earlier row left.
        order.is_carried = false;
        order.waits = order.waits_for(is_dealing);
        if !keeps_place {
            self.arrivals += 1;
            (order.arrival, order.since) = (self.arrivals, self.now);
        }
        self.after_arrival();
    }

    /// Ends an order, and the one that is linked with it.
    fn end(&mut self, index: usize, end: End) {
        if !self.orders[index].is_open() {
            return;
        }
        self.orders[index].end = Some(end);
        if let Some(partner) = self.orders[index].partner {
            self.end(partner, End::Canceled("linked"));
        }
    }
}
