//! What is sent and arrives: the gate, the venue's rejections, the first look at an order (rules 4 to 11).

use super::super::history::{Change, End, Kind, Link, Loss, Order as Terms, Part, Side, Tif};
use super::{Flaw, Moment, Order, Reference, State, path};

impl Reference<'_> {
    /// Sends an order, if its owner's account lets it.
    pub(super) fn send(&mut self, number: usize, owner: usize, terms: &Terms) {
        let partner = match terms.link {
            Link::Pair(other) => self.find(other),
            Link::None | Link::Bracket { .. } => None,
        };
        let mut order = Order {
            number,
            part: Part::Entry,
            owner,
            instrument: terms.instrument,
            side: terms.side,
            kind: terms.kind,
            tif: terms.tif,
            leaves: terms.quantity,
            state: State::Sent,
            is_left_over: false,
            best: None,
            bar: None,
            passed_over: None,
            known_price: self.known_price(terms).unwrap_or(0),
            names: partner,
            partner: None,
            bracket: match terms.link {
                Link::Bracket { profit, loss } => Some((profit, loss)),
                Link::None | Link::Pair(_) => None,
            },
            exits: None,
            entry: None,
            fills: Vec::new(),
        };
        let is_unfit = matches!(terms.link, Link::Pair(_)) && !self.fits(partner, owner, terms);
        let refusal = match (is_unfit, self.accounts[owner].ruined) {
            (true, _) => Some("link_unfit"),
            (false, Some(_)) => Some("ruined"),
            (false, None) => self.uncovered(&order, partner),
        };
        if let Some(reason) = refusal {
            order.state = State::Over(End::Refused(reason));
        }
        self.orders.push(order);
    }

    /// Finds an order that was sent, by its number.
    fn find(&self, number: usize) -> Option<usize> {
        self.orders.iter().position(|order| order.number == number && order.part == Part::Entry)
    }

    /// Returns whether an order may be linked with a new one.
    fn fits(&self, partner: Option<usize>, owner: usize, terms: &Terms) -> bool {
        partner.map(|index| &self.orders[index]).is_some_and(|other| {
            other.is_open()
                && other.owner == owner
                && other.instrument == terms.instrument
                && other.side == terms.side
                && other.leaves == terms.quantity
                && other.bracket.is_none()
        }) && partner.and_then(|index| self.linked(index)).is_none()
    }

    /// The order of that number arrives at the venue.
    pub(super) fn arrive(&mut self, number: usize, terms: &Terms) {
        let Some(index) = self.find(number).filter(|index| self.orders[*index].state == State::Sent) else {
            return;
        };
        let ruined = self.accounts[self.orders[index].owner].ruined.map(|_| "ruined");
        if let Some(reason) = self.rejection(index, terms).or(ruined) {
            return self.end(index, End::Rejected(reason));
        }
        self.go_live(index);
        if let Some(named) = self.orders[index].names {
            self.orders[index].partner = Some(named);
            self.orders[named].partner = Some(index);
        }
        self.orders[index].best = match terms.kind {
            Kind::Trailing(_) | Kind::TrailingBps(_) => {
                self.markets[terms.instrument].price.or(self.markets[terms.instrument].last_close)
            }
            _ => None,
        };
        self.enter_within_bar(vec![index]);
        self.fill_what_entered();
    }

    pub(super) fn go_live(&mut self, index: usize) {
        self.arrivals += 1;
        self.orders[index].state = State::Live(self.arrivals);
    }

    /// Returns why the venue rejects an order; sets the bar that its time in force means.
    fn rejection(&mut self, index: usize, terms: &Terms) -> Option<&'static str> {
        let file = &self.history.files[terms.instrument];
        if file.last().is_none_or(|last| path::close_at(last) <= self.now) {
            return Some("no_more_data");
        }
        if matches!(terms.kind, Kind::Pegged(_)) {
            return Some("no_quotes");
        }
        let bar = match terms.tif {
            Tif::Gtd(date) if date <= self.now => return Some("expiry_passed"),
            Tif::Gtc | Tif::Ioc | Tif::Fok | Tif::Gtd(_) => None,
            Tif::Day | Tif::AtClose => path::day_end(file, self.now),
            Tif::AtOpen => path::day_open(file, self.now, self.rules()),
        };
        if let Some(named) = self.orders[index].names {
            let other = &self.orders[named];
            if !other.is_open() || other.partner.is_some() || other.leaves != terms.quantity {
                return Some("link_unfit");
            }
        }
        // Without one it waits for an open that does not come.
        self.orders[index].bar = bar;
        None
    }

    /// Orders that arrive while there is a price: what can trade does, at once; the moment of IOC and FOK
    /// orders is over then.
    pub(super) fn enter_within_bar(&mut self, entering: Vec<usize>) {
        let has_price = |index: &usize| self.markets[self.orders[*index].instrument].price.is_some();
        let entering: Vec<usize> = entering.into_iter().filter(has_price).collect();
        let due = entering.iter().filter_map(|index| self.due_on_arrival(*index)).collect();
        self.fill_in_order(due);
        for index in entering {
            self.cancel_unmet(index);
        }
    }

    /// Cancels what had its one moment and could not trade.
    pub(super) fn cancel_unmet(&mut self, index: usize) {
        let order = &self.orders[index];
        if matches!(
            order.kind,
            Kind::Stop(_) | Kind::StopLimit { .. } | Kind::Trailing(_) | Kind::TrailingBps(_)
        ) {
            return;
        }
        match order.tif {
            Tif::Ioc => self.end(index, End::Canceled("ioc_remainder")),
            Tif::Fok => self.end(index, End::Canceled("fok_unfillable")),
            _ => {}
        }
    }

    pub(super) fn cancel(&mut self, number: usize, owner: usize) {
        if let Some(index) = self.find(number).filter(|index| self.orders[*index].owner == owner)
            && self.orders[index].arrival().is_some()
        {
            self.end(index, End::Canceled("requested"));
        }
    }

    /// Changes a limit order's limit, or a stop's trigger, and its total: a new arrival, unless it only
    /// becomes smaller.
    pub(super) fn replace(&mut self, number: usize, price: i64, total: u64) {
        let Some(index) = self.find(number).filter(|index| self.orders[*index].arrival().is_some()) else {
            return;
        };
        let order = &mut self.orders[index];
        let filled: u64 = order.fills.iter().map(|fill| fill.quantity).sum();
        let kind = match order.kind {
            Kind::Limit(_) => Kind::Limit(price),
            Kind::Stop(_) => Kind::Stop(price),
            Kind::StopLimit { trigger, .. } => Kind::StopLimit { trigger, limit: price },
            Kind::Market
            | Kind::MarketToLimit
            | Kind::Trailing(_)
            | Kind::TrailingBps(_)
            | Kind::Pegged(_) => return,
        };
        if total <= filled {
            return self.end(index, End::Canceled("replaced_to_filled"));
        }
        let is_smaller = kind == order.kind && total <= filled + order.leaves;
        order.kind = kind;
        order.known_price = price;
        order.leaves = total - filled;
        if !is_smaller {
            self.go_live(index);
            self.enter_within_bar(vec![index]);
            self.fill_what_entered();
        }
    }

    /// Changes the trigger of a stop, the distance of a trailing stop or the time in force: a new arrival,
    /// unless only the time in force changes and the order stays before and after, or is a stop.
    pub(super) fn change(&mut self, number: usize, change: Change) {
        let Some(index) = self.find(number).filter(|index| self.orders[*index].arrival().is_some()) else {
            return;
        };
        let order = &self.orders[index];
        let (kind, mut tif) = (order.kind, order.tif);
        let new = match (change, kind) {
            (Change::Trigger(trigger), Kind::Stop(_)) => Kind::Stop(trigger),
            (Change::Trigger(trigger), Kind::StopLimit { limit, .. }) => Kind::StopLimit { trigger, limit },
            (Change::Distance(ticks), Kind::Trailing(_) | Kind::TrailingBps(_)) => Kind::Trailing(ticks),
            (Change::Tif(Tif::Gtd(date)), _) if date <= self.now => return,
            (Change::Tif(_), Kind::Market | Kind::MarketToLimit | Kind::Pegged(_)) => return,
            (Change::Tif(new), _) => {
                tif = new;
                kind
            }
            _ => return,
        };
        let rests = |tif| matches!(tif, Tif::Gtc | Tif::Day | Tif::Gtd(_));
        let keeps = new == kind && (!matches!(kind, Kind::Limit(_)) || rests(order.tif) && rests(tif));
        let file = &self.history.files[order.instrument];
        let bar = if tif == Tif::Day { path::day_end(file, self.now) } else { None };
        let is_other_time = tif != order.tif;
        let order = &mut self.orders[index];
        (order.kind, order.tif) = (new, tif);
        if is_other_time {
            order.bar = bar;
        }
        if let Kind::Stop(trigger) = new {
            order.known_price = trigger;
        }
        if !keeps {
            self.go_live(index);
            self.enter_within_bar(vec![index]);
            self.fill_what_entered();
        }
    }

    /// Exits of a bracket enter with the entry's first fill, and grow with each further one.
    pub(super) fn grow_exits(&mut self, entry: usize, quantity: u64) {
        let Some((profit, loss)) = self.orders[entry].bracket else { return };
        if let Some(exits) = self.orders[entry].exits.clone() {
            for exit in exits.into_iter().filter(|exit| self.orders[*exit].is_open()).collect::<Vec<_>>() {
                self.orders[exit].leaves += quantity;
            }
            return;
        }
        let first = self.orders.len();
        let is_pair = profit.is_some() && loss.is_some();
        let profit = profit.map(|limit| (Part::Profit, Kind::Limit(limit), limit));
        let loss = loss.map(|loss| match loss {
            Loss { trigger, limit: Some(limit) } => (Part::Loss, Kind::StopLimit { trigger, limit }, limit),
            Loss { trigger, limit: None } => (Part::Loss, Kind::Stop(trigger), trigger),
        });
        let mut exits = Vec::new();
        for (part, kind, known_price) in profit.into_iter().chain(loss) {
            let index = self.orders.len();
            self.orders.push(Order {
                part,
                side: self.orders[entry].side.opposite(),
                kind,
                tif: Tif::Gtc,
                leaves: quantity,
                is_left_over: false,
                best: None,
                bar: None,
                passed_over: None,
                known_price,
                names: None,
                partner: is_pair.then_some(if index == first { first + 1 } else { first }),
                bracket: None,
                exits: None,
                entry: Some(entry),
                fills: Vec::new(),
                ..self.orders[entry].clone()
            });
            self.go_live(index);
            self.entering.push(index);
            exits.push(index);
        }
        self.orders[entry].exits = Some(exits);
    }

    /// Returns what a limit order would look back at, which nothing may.
    pub(super) fn looks_back(&self, index: usize) -> bool {
        let order = &self.orders[index];
        let bar = &self.history.files[order.instrument][self.markets[order.instrument].bar];
        let is_within = self.markets[order.instrument].moment == Moment::Still;
        match (order.kind, order.side) {
            (Kind::Limit(limit), Side::Buy) => self.has(Flaw::LookAhead) && is_within && bar.low <= limit,
            (Kind::Limit(limit), Side::Sell) => self.has(Flaw::LookAhead) && is_within && bar.high >= limit,
            _ => false,
        }
    }
}
