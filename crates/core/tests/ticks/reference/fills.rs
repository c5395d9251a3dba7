//! When orders fill, with what, and at which price (rules T3 to T7).

use super::super::history::*;
use super::market::Source;
use super::orders::{Open, Waits};
use super::{Flaw, Moment, Reference, Row};

/// The side of the quote that a side takes.
fn far(side: Side) -> Source {
    match side {
        Side::Buy => Source::Ask,
        Side::Sell => Source::Bid,
    }
}

/// Whether a price is as good as a limit.
fn is_good(side: Side, limit: i64, price: i64) -> bool {
    side.sign() * (limit - price) >= 0
}

impl Reference<'_> {
    /// The price that elects stops of a side.
    pub(super) fn electing_price(&self, side: Side) -> Option<i64> {
        let source = if self.has_trades() { Source::Trade } else { far(side) };
        self.market.level(source).map(|(price, _)| price)
    }

    fn row_of_market(&self) -> Moment {
        if self.has_quotes() { Moment::Quote } else { Moment::Trade }
    }

    /// Whether there is another row of the kind that market orders trade with on the day of the last one.
    fn is_alone_on_its_day<'b>(&self, mut rows: impl Iterator<Item = &'b Row>) -> bool {
        let is_of_market = |row: &&Row| matches!(row, Row::Quote(_)) == self.has_quotes();
        rows.find(is_of_market).is_none_or(|row| row.at() / DAY != self.now / DAY)
    }

    fn is_due(&self, order: &Open, moment: Moment) -> bool {
        if !order.is_open() || order.had_turn {
            return false;
        }
        let is_row = moment == self.row_of_market();
        match order.waits {
            Waits::Now => true,
            Waits::Row => is_row,
            Waits::DayOpen => is_row && self.is_alone_on_its_day(self.rows[..self.next - 1].iter().rev()),
            Waits::DayClose => is_row && self.is_alone_on_its_day(self.rows[self.next..].iter()),
            Waits::Price if order.is_stop() => {
                let by_quote = self.flaw == Some(Flaw::StopByQuote) && moment != Moment::Trade;
                let price = if by_quote {
                    self.market.level(far(order.side)).map(|(price, _)| price)
                } else {
                    self.electing_price(order.side)
                };
                let elects = by_quote || moment == Moment::Trade || !self.has_trades();
                let reaches = |(trigger, price)| order.side.sign() * (price - trigger) >= 0;
                elects && order.trigger().zip(price).is_some_and(reaches)
            }
            Waits::Price => {
                let source = self.source_of_limit(order, moment);
                source.is_some_and(|source| self.available(source, order.owner) > 0)
            }
        }
    }

    fn available(&self, source: Source, owner: usize) -> u64 {
        self.market.available(source, owner, self.history, self.flaw)
    }

    /// With what a limit order could trade: the trade at hand, or the quote's other side.
    fn source_of_limit(&self, order: &Open, moment: Moment) -> Option<Source> {
        let Kind::Limit(limit) = order.kind else { return None };
        let must_go_through = self.history.rules.through && self.flaw != Some(Flaw::TouchIsEnough);
        let beyond = if must_go_through { order.side.sign() } else { 0 };
        let by_trade = moment == Moment::Trade && (self.has_waited(order) || !self.has_quotes());
        let trade =
            self.market.trade.filter(|(price, _)| by_trade && is_good(order.side, limit - beyond, *price));
        let other =
            self.market.level(far(order.side)).filter(|(price, _)| is_good(order.side, limit, *price));
        let sources = [trade.map(|_| Source::Trade), other.map(|_| far(order.side))];
        let good: Vec<Source> = sources.into_iter().flatten().collect();
        let with_some = good.iter().find(|source| self.available(**source, order.owner) > 0);
        with_some.or(good.first()).copied()
    }

    fn has_waited(&self, order: &Open) -> bool {
        order.waits == Waits::Price && order.since < self.now
    }

    /// Fills what is due, and what that brings about.
    pub(super) fn settle(&mut self, moment: Moment) {
        loop {
            let mut due: Vec<usize> =
                (0..self.orders.len()).filter(|index| self.is_due(&self.orders[*index], moment)).collect();
            if due.is_empty() {
                return;
            }
            let buys_first = self.flaw == Some(Flaw::PurchaseFirst);
            due.sort_by_key(|index| {
                let (buys, class, price, arrival) = self.orders[*index].place();
                (buys != buys_first, class, price, arrival)
            });
            for index in due {
                if self.orders[index].is_open() {
                    self.take_turn(index, moment);
                }
            }
        }
    }

    fn take_turn(&mut self, index: usize, moment: Moment) {
        let order = &self.orders[index];
        let (side, trigger) = (order.side, order.trigger().filter(|_| order.is_stop()));
        let is_maker = self.has_waited(order) && matches!(order.kind, Kind::Limit(_));
        if trigger.is_some() {
            let order = &mut self.orders[index];
            order.waits = Waits::Now;
            order.kind = match order.kind {
                Kind::StopLimit { limit, .. } => Kind::Limit(limit),
                _ => Kind::Market,
            };
            // A bracket's stop ends the rest of its entry before it trades.
            if let Some(entry) = order.entry {
                self.end(entry, End::Canceled("linked"));
            }
        }
        let order = &self.orders[index];
        let source = match order.kind {
            Kind::Limit(_) => self.source_of_limit(order, moment),
            _ if !self.has_quotes() => Some(Source::Trade),
            _ if self.flaw == Some(Flaw::NearSide) => {
                Some(far(if side == Side::Buy { Side::Sell } else { Side::Buy }))
            }
            _ => Some(far(side)),
        };
        let offer = source.and_then(|source| self.market.level(source).map(|(price, _)| (source, price)));
        match offer {
            Some((source, price)) => {
                let price = match trigger.filter(|_| self.flaw == Some(Flaw::StopAtTrigger)) {
                    Some(trigger) => trigger,
                    None => self.ahead(index, source, price),
                };
                self.trade(index, (source, price), is_maker);
            }
            None => self.without_price(index),
        }
    }

    /// What a look ahead would make of a price.
    fn ahead(&self, index: usize, source: Source, price: i64) -> i64 {
        let is_market = !matches!(self.orders[index].kind, Kind::Limit(_));
        let rows: Vec<&Row> = match self.flaw {
            Some(Flaw::LookAhead) if is_market => self.rows[self.next..].iter().collect(),
            Some(Flaw::LookBack) if is_market => self.rows[..self.next - 1].iter().rev().collect(),
            _ => return price,
        };
        let price_of = |row: &Row| match (row, source) {
            (Row::Trade(trade), Source::Trade) => Some(trade.price),
            (Row::Quote(quote), Source::Ask) => quote.ask.map(|(price, _)| price),
            (Row::Quote(quote), Source::Bid) => quote.bid.map(|(price, _)| price),
            _ => None,
        };
        rows.into_iter().find_map(price_of).unwrap_or(price)
    }

    fn without_price(&mut self, index: usize) {
        let order = &mut self.orders[index];
        let is_limit = matches!(order.kind, Kind::Limit(_));
        match order.tif {
            Tif::Ioc if is_limit => self.end(index, End::Canceled("ioc_remainder")),
            Tif::Ioc => self.end(index, End::Canceled("volume_exhausted")),
            Tif::Fok => self.end(index, End::Canceled("fok_unfillable")),
            Tif::AtOpen | Tif::AtClose => self.end(index, End::Expired),
            _ if is_limit => order.waits = Waits::Price,
            _ => (order.waits, order.is_carried, order.had_turn) = (Waits::Row, true, true),
        }
    }

    /// The price of a market order or stop with its costs (rule T7).
    fn with_costs(&self, side: Side, price: i64) -> i64 {
        let rules = &self.history.rules;
        let is_charged = !self.has_quotes() || self.flaw == Some(Flaw::SpreadTwice);
        let half_spread = if is_charged { rules.half_spread } else { 0 };
        (price + side.sign() * (half_spread + rules.slippage)).max(1)
    }

    fn trade(&mut self, index: usize, offer: (Source, i64), is_maker: bool) {
        let (source, price) = offer;
        let order = &self.orders[index];
        let available = self.available(source, order.owner).min(order.left);
        let price = match order.kind {
            // A resting order trades at its own price; a trade alone is like an open.
            Kind::Limit(limit)
                if is_maker && (self.has_quotes() != (self.flaw == Some(Flaw::BetterThanLimit))) =>
            {
                limit
            }
            Kind::Limit(_) => price,
            _ => self.with_costs(order.side, price),
        };
        if order.tif == Tif::Fok && available < order.left {
            return self.end(index, End::Canceled("fok_unfillable"));
        }
        if available > 0 {
            self.market.take(source, self.orders[index].owner, available);
            self.fill(index, Fill { at: self.now, price, quantity: available, is_maker });
        }
        let flaw = self.flaw;
        let order = &mut self.orders[index];
        if !order.is_open() {
            return;
        }
        order.had_turn = true;
        match (order.tif, order.kind) {
            (Tif::Ioc, _) => self.end(index, End::Canceled("volume_exhausted")),
            (Tif::Fok, _) => self.end(index, End::Canceled("fok_unfillable")),
            (Tif::AtOpen | Tif::AtClose, _) => self.end(index, End::Expired),
            (_, Kind::Limit(_)) => order.waits = Waits::Price,
            (_, Kind::MarketToLimit) => (order.kind, order.waits) = (Kind::Limit(price), Waits::Price),
            _ if flaw == Some(Flaw::LostRemainder) => self.end(index, End::Canceled("volume_exhausted")),
            _ => (order.waits, order.is_carried) = (Waits::Row, true),
        }
    }

    /// Books a fill, and lets linked orders follow (rule 18).
    fn fill(&mut self, index: usize, fill: Fill) {
        let order = &mut self.orders[index];
        order.left -= fill.quantity;
        order.filled += fill.quantity;
        order.fills.push(fill);
        if let Link::Bracket { profit, loss } = order.link {
            match order.exits {
                None => self.enter_exits(index, [Kind::Limit(profit), Kind::Stop(loss)]),
                Some(exits) => {
                    for exit in
                        exits.into_iter().filter(|exit| self.orders[*exit].is_open()).collect::<Vec<_>>()
                    {
                        self.orders[exit].left += fill.quantity;
                        self.orders[exit].had_turn = false;
                    }
                }
            }
        }
        let order = &self.orders[index];
        let (partner, entry) = (order.partner, order.entry);
        if order.left == 0 {
            self.orders[index].end = Some(End::Filled);
            if let Some(partner) = partner {
                self.end(partner, End::Canceled("linked"));
            }
            if let Some(entry) = entry {
                self.end(entry, End::Canceled("linked"));
            }
        } else if let Some(partner) = partner.filter(|partner| self.orders[*partner].is_open()) {
            self.orders[partner].left -= fill.quantity;
        }
    }

    fn enter_exits(&mut self, entry: usize, kinds: [Kind; 2]) {
        let first = self.orders.len();
        for (step, kind) in kinds.into_iter().enumerate() {
            self.arrivals += 1;
            let parent = &self.orders[entry];
            let side = if parent.side == Side::Buy { Side::Sell } else { Side::Buy };
            let exit = Open {
                part: [Part::Profit, Part::Loss][step],
                side,
                kind,
                tif: Tif::Gtc,
                left: parent.filled,
                filled: 0,
                total: parent.filled,
                since: self.now,
                arrival: self.arrivals,
                best: None,
                waits: Waits::Price,
                is_carried: false,
                had_turn: false,
                partner: Some(first + 1 - step),
                entry: Some(entry),
                link: Link::None,
                exits: None,
                fills: Vec::new(),
                end: None,
                ..parent.clone()
            };
            self.orders.push(exit);
        }
        self.orders[entry].exits = Some([first, first + 1]);
    }
}
