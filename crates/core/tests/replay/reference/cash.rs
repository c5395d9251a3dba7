//! Cash and shares: what orders hold, what the gate refuses, what a purchase is cut to (rules 20 to 23).

use super::super::history::{Act, Kind, Order as Terms, Part, Short, Side, TICK_LOT, Tif};
use super::fills::{Role, trailing};
use super::ruin::CLOSING;
use super::{Order, Reference, State, path};

/// Returns a fee of so many billionths, rounded half away from zero.
fn fee(billionths: i64, notional: i128) -> i128 {
    let product = notional * i128::from(billionths);
    (product + 500_000_000 * product.signum()) / 1_000_000_000
}

pub(super) fn notional(price: i64, quantity: u64) -> i128 {
    i128::from(price) * i128::from(quantity) * TICK_LOT
}

impl Reference<'_> {
    /// Returns the price at which an order holds cash (rule 20), if there is one yet.
    pub(super) fn known_price(&self, terms: &Terms) -> Option<i64> {
        let market = &self.markets[terms.instrument];
        // Within a bar its open is what everybody has seen.
        let open = market.price.map(|_| self.history.files[terms.instrument][market.bar].open);
        let seen = open.or(market.last_close);
        match terms.kind {
            Kind::Limit(price)
            | Kind::Stop(price)
            | Kind::Pegged(price)
            | Kind::StopLimit { limit: price, .. } => Some(price),
            Kind::Market | Kind::MarketToLimit => seen,
            Kind::Trailing(_) | Kind::TrailingBps(_) => {
                seen.map(|price| trailing(terms.kind, terms.side, price))
            }
        }
    }

    fn worst_fee(&self, notional: i128) -> i128 {
        self.rules().fees.iter().map(|rate| fee(*rate, notional)).max().unwrap_or(0).max(0)
    }

    fn cost_at(&self, price: i64, quantity: u64) -> i128 {
        let notional = notional(price, quantity);
        notional + self.worst_fee(notional)
    }

    /// Returns the cash that an order holds by itself; the exits that a sale's bracket may enter hold theirs
    /// from its admission.
    fn need(&self, order: &Order) -> i128 {
        if !order.is_open() {
            return 0;
        }
        if order.side == Side::Buy {
            let still_to_come = order.entry.map(|entry| &self.orders[entry]).filter(|entry| entry.is_open());
            let lots = self.may_trade(order) + still_to_come.map_or(0, |entry| entry.leaves);
            return self.cost_at(order.known_price, lots);
        }
        match order.bracket {
            Some((profit, loss)) if order.exits.is_none() => {
                let loss = loss.map(|loss| loss.limit.unwrap_or(loss.trigger));
                profit.max(loss).map_or(0, |dearer| self.cost_at(dearer, order.leaves))
            }
            _ => 0,
        }
    }

    /// Returns how many lots an order may still trade. One that is under way to an order which has traded or
    /// ended meanwhile will be rejected.
    fn may_trade(&self, order: &Order) -> u64 {
        let Some(named) = order.names.filter(|_| order.state == State::Sent) else { return order.leaves };
        let named = &self.orders[named];
        if named.is_open() { order.leaves.min(named.leaves) } else { 0 }
    }

    /// Returns the order that one is linked with, or will be once the newer of the two has arrived.
    pub(super) fn linked(&self, index: usize) -> Option<usize> {
        let naming = || {
            (0..self.orders.len())
                .find(|other| self.orders[*other].names == Some(index) && self.orders[*other].is_open())
        };
        let order = &self.orders[index];
        order.partner.or(order.names).or_else(naming)
    }

    /// Returns the cash that an owner's orders hold; of two linked ones the more expensive. `but` and the
    /// order it is linked with are not counted.
    fn held(&self, owner: usize, but: Option<usize>) -> i128 {
        let linked = but.and_then(|index| self.linked(index));
        let counts = |index: &usize| {
            let is_newer_of_two = self.linked(*index).is_some_and(|other| other < *index);
            self.orders[*index].owner == owner
                && Some(*index) != but
                && Some(*index) != linked
                && !is_newer_of_two
        };
        let need = |index: usize| {
            let other = self.linked(index).map_or(0, |other| self.need(&self.orders[other]));
            self.need(&self.orders[index]).max(other)
        };
        (0..self.orders.len()).filter(counts).map(need).sum()
    }

    /// Returns how many lots of an instrument an owner's orders to sell may take.
    fn lots_held(&self, owner: usize, instrument: usize) -> i64 {
        let counts = |index: &usize| {
            let order = &self.orders[*index];
            let is_counted =
                self.linked(*index).is_some_and(|other| other < *index && self.orders[other].is_open());
            let is_sale = order.side == Side::Sell && order.is_open() && order.instrument == instrument;
            order.owner == owner && is_sale && !is_counted
        };
        (0..self.orders.len())
            .filter(counts)
            .map(|index| self.may_trade(&self.orders[index]).cast_signed())
            .sum()
    }

    /// Returns why the gate refuses an order (rule 21).
    pub(super) fn uncovered(&self, order: &Order, partner: Option<usize>) -> Option<&'static str> {
        let account = &self.accounts[order.owner];
        let released = partner.map_or(0, |partner| self.need(&self.orders[partner]));
        let free = account.cash - self.held(order.owner, None) + self.proceeds(order);
        let more = self.need(order) - released;
        if more > 0 && more > free {
            return Some("insufficient_cash");
        }
        let short = self.history.owners[order.owner].max_short.cast_signed();
        let held = self.lots_held(order.owner, order.instrument);
        let sellable = account.positions[order.instrument] + short - held;
        let is_more = order.side == Side::Sell && partner.is_none();
        (is_more && order.leaves.cast_signed() > sellable).then_some("insufficient_shares")
    }

    /// Returns what an owner's market orders to sell are expected to bring that wait for the same open as
    /// `order`.
    fn proceeds(&self, order: &Order) -> i128 {
        let Some(open) = self.next_open(order.instrument) else { return 0 };
        let waits = |sale: &&Order| {
            let Act::Submit(sent) = self.history.sent[sale.number].act else { return false };
            // What an elected stop left over is no market order.
            let is_market = sale.part == Part::Entry
                && sent.kind == sale.kind
                && matches!(sale.kind, Kind::Market | Kind::MarketToLimit);
            let is_in_force = match sale.tif {
                Tif::Gtd(date) => date > open,
                Tif::AtClose => false,
                Tif::AtOpen => path::day_open(&self.history.files[sale.instrument], self.now, self.rules())
                    .is_some_and(|bar| {
                        path::open_at(&self.history.files[sale.instrument][bar], self.rules()) == open
                    }),
                Tif::Gtc | Tif::Day | Tif::Ioc | Tif::Fok => true,
            };
            is_market && is_in_force && self.next_open(sale.instrument) == Some(open)
        };
        let counts = |sale: &&Order| {
            sale.owner == order.owner && sale.side == Side::Sell && sale.is_open() && waits(sale)
        };
        let sales = self.orders.iter().filter(counts);
        let brings = |sale: &Order| {
            let notional = notional(sale.known_price, sale.leaves);
            notional - self.worst_fee(notional)
        };
        sales.map(brings).sum()
    }

    /// Returns the time of the next open of an instrument; absent within a bar.
    fn next_open(&self, instrument: usize) -> Option<i64> {
        let market = &self.markets[instrument];
        let steps = market.steps[market.done..].iter().find(|step| matches!(step.what, path::Move::Open(_)));
        steps.filter(|_| market.price.is_none()).map(|step| step.at)
    }

    fn rate(&self, role: Role) -> i64 {
        let [maker, taker, auction] = self.rules().fees;
        match role {
            Role::Maker => maker,
            Role::Taker => taker,
            Role::Auction => auction,
        }
    }

    /// Returns how much of `wanted` the account pays for (rule 22).
    pub(super) fn covered(&self, index: usize, price: i64, wanted: u64, role: Role) -> u64 {
        let order = &self.orders[index];
        // What closes a position is paid for, whatever it costs.
        if order.side == Side::Sell || order.number == CLOSING {
            return wanted;
        }
        let available = self.accounts[order.owner].cash - self.held(order.owner, Some(index));
        let costs = |lots: u64| {
            let notional = notional(price, lots);
            notional + fee(self.rate(role), notional)
        };
        if costs(wanted) <= available {
            return wanted;
        }
        let is_whole = order.tif == Tif::Fok || self.rules().on_short_cash == Short::Cancel;
        if is_whole { 0 } else { (0..wanted).rev().find(|lots| costs(*lots) <= available).unwrap_or(0) }
    }

    /// Books a fill at its instant (rule 23).
    pub(super) fn book(&mut self, index: usize, price: i64, quantity: u64, role: Role) {
        let order = &self.orders[index];
        let notional = notional(price, quantity);
        let fee = fee(self.rate(role), notional);
        let account = &mut self.accounts[order.owner];
        account.has_traded = true;
        account.cash -= notional * i128::from(order.side.sign()) + fee;
        account.positions[order.instrument] += order.side.sign() * quantity.cast_signed();
    }

    /// After the last row: positions are closed at the last close, if the rules say so (rule 4).
    pub(super) fn close_positions(&mut self, instrument: usize) {
        let rules = self.rules();
        let Some(close) = self.markets[instrument].last_close.filter(|_| rules.close_at_end) else { return };
        for account in &mut self.accounts {
            let position = std::mem::take(&mut account.positions[instrument]);
            account.has_traded |= position != 0;
            let traded = notional(close, position.unsigned_abs());
            account.cash += traded * i128::from(position.signum()) - fee(rules.fees[2], traded);
        }
    }
}
