//! The reference: the rules of `docs/backtesting.md` as a plain loop over instants.
//!
//! Written from that page alone. It goes through every nanosecond at which a price moves a tick, something
//! arrives or a date is reached, and looks at every order each time. Nothing is computed ahead, nothing kept
//! sorted, and no type is shared with the engine.

mod cash;
mod entry;
mod fills;
mod flaw;
mod path;
mod ruin;

use std::collections::BTreeSet;

pub(crate) use flaw::Flaw;
use path::{Move, Step};

use super::history::{Act, Change, End, Fate, Fill, History, Kind, Loss, Outcome, Part, Rules, Side, Tif};

/// What an instrument's price does at this instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Still,
    Open,
    Path,
    Close,
}

#[derive(Debug)]
struct Market {
    steps: Vec<Step>,
    /// How many of the steps are over.
    done: usize,
    moment: Moment,
    /// Whether there was no price on the way to this one.
    has_jumped: bool,
    /// The current bar.
    bar: usize,
    /// Absent between bars.
    price: Option<i64>,
    last_close: Option<i64>,
    /// What all have traded in this bar, and each owner.
    traded: u64,
    traded_by: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Sent,
    /// At the venue, since its arrival of that number.
    Live(u64),
    Over(End),
}

#[derive(Debug, Clone)]
struct Order {
    number: usize,
    part: Part,
    owner: usize,
    instrument: usize,
    side: Side,
    /// What it is now: an elected stop is a market order.
    kind: Kind,
    tif: Tif,
    leaves: u64,
    state: State,
    /// Whether it is what a market order or stop could not trade at its moment.
    is_left_over: bool,
    /// The best price since its arrival, of a trailing stop.
    best: Option<i64>,
    /// The bar at whose open or close it trades, or at whose end it expires, by its time in force.
    bar: Option<usize>,
    /// The bar in which it is passed over (rule 19).
    passed_over: Option<usize>,
    /// The price for which it holds cash.
    known_price: i64,
    /// The order that it is to be linked with, which the venue does not know before its arrival.
    names: Option<usize>,
    partner: Option<usize>,
    /// Take profit and stop loss, of an entry.
    bracket: Option<(Option<i64>, Option<Loss>)>,
    /// Those that have entered.
    exits: Option<Vec<usize>>,
    entry: Option<usize>,
    fills: Vec<Fill>,
}

impl Order {
    fn is_open(&self) -> bool {
        !matches!(self.state, State::Over(_))
    }

    fn arrival(&self) -> Option<u64> {
        if let State::Live(arrival) = self.state { Some(arrival) } else { None }
    }
}

#[derive(Debug)]
struct Account {
    cash: i128,
    positions: Vec<i64>,
    has_traded: bool,
    /// Since when it is ruined.
    ruined: Option<i64>,
}

/// The state of the loop.
#[derive(Debug)]
pub(crate) struct Reference<'a> {
    history: &'a History,
    flaw: Option<Flaw>,
    now: i64,
    markets: Vec<Market>,
    accounts: Vec<Account>,
    orders: Vec<Order>,
    arrivals: u64,
    /// Exits that enter once what is due has filled.
    entering: Vec<usize>,
}

/// Says what becomes of a history; with a flaw, wrongly.
pub(crate) fn outcome(history: &History, flaw: Option<Flaw>) -> Outcome {
    let market = |instrument: usize| Market {
        steps: path::steps(instrument, history),
        done: 0,
        moment: Moment::Still,
        has_jumped: false,
        bar: 0,
        price: None,
        last_close: None,
        traded: 0,
        traded_by: vec![0; history.owners.len()],
    };
    let accounts = history.owners.iter().map(|owner| Account {
        cash: owner.cash,
        positions: owner.shares.iter().map(|lots| i64::try_from(*lots).unwrap()).collect(),
        has_traded: false,
        ruined: None,
    });
    let reference = Reference {
        history,
        flaw,
        now: 0,
        markets: (0..history.files.len()).map(market).collect(),
        accounts: accounts.collect(),
        orders: Vec::new(),
        arrivals: 0,
        entering: Vec::new(),
    };
    reference.run()
}

impl<'a> Reference<'a> {
    fn rules(&self) -> &'a Rules {
        &self.history.rules
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn run(mut self) -> Outcome {
        let steps = self.markets.iter().flat_map(|market| market.steps.iter().map(|step| step.at));
        let mut instants: BTreeSet<i64> = steps.collect();
        for sent in &self.history.sent {
            instants.insert(sent.at);
            instants.insert(sent.at + self.history.owners[sent.owner].entry);
            if let Act::Submit(order) = &sent.act
                && let Tif::Gtd(date) = order.tif
            {
                instants.insert(date);
            }
            if let Act::Change { change: Change::Tif(Tif::Gtd(date)), .. } = sent.act {
                instants.insert(date);
            }
        }
        for now in instants {
            self.now = now;
            self.instant();
        }
        self.finish()
    }

    /// All that happens at one instant: dates, then the path, then what is sent, then what arrives.
    fn instant(&mut self) {
        self.expire(|reference, order| matches!(order.tif, Tif::Gtd(date) if date <= reference.now));
        self.move_prices();
        let closing = self.liquidate();
        if self.markets.iter().any(|market| market.moment != Moment::Still) || !closing.is_empty() {
            self.fill_what_is_due(&closing);
            self.settle_ruin();
            self.end_moments();
            self.settle_ruin();
        }
        let history = self.history;
        for (number, sent) in history.sent.iter().enumerate() {
            if sent.at == self.now
                && let Act::Submit(order) = &sent.act
            {
                self.send(number, sent.owner, order);
            }
        }
        for (number, sent) in history.sent.iter().enumerate() {
            if sent.at + history.owners[sent.owner].entry == self.now {
                match sent.act {
                    Act::Submit(order) => self.arrive(number, &order),
                    Act::Cancel(other) => self.cancel(other, sent.owner),
                    Act::Replace { number, price, quantity } => self.replace(number, price, quantity),
                    Act::Change { number, change } => self.change(number, change),
                }
                self.settle_ruin();
            }
        }
    }

    fn move_prices(&mut self) {
        let now = self.now;
        for market in &mut self.markets {
            while let Some(step) = market.steps.get(market.done).filter(|step| step.at == now) {
                market.done += 1;
                match step.what {
                    Move::Open(bar) => {
                        market.bar = bar;
                        market.price = Some(self.history.files[step.instrument][bar].open);
                        market.moment = Moment::Open;
                        market.traded = 0;
                        market.traded_by.fill(0);
                    }
                    Move::Tick(price) => {
                        market.price = Some(price);
                        market.moment = Moment::Path;
                    }
                    Move::Jump(price) => {
                        market.price = Some(price);
                        market.moment = Moment::Path;
                        market.has_jumped = true;
                    }
                    Move::Close(_) => market.moment = Moment::Close,
                }
            }
        }
    }

    /// Trailing stops follow; after a close, the day's orders end, and there is no price.
    fn end_moments(&mut self) {
        self.follow();
        for instrument in 0..self.markets.len() {
            let (moment, bar) = (self.markets[instrument].moment, self.markets[instrument].bar);
            if moment == Moment::Close {
                self.expire(|_, order| {
                    order.instrument == instrument && order.tif == Tif::Day && order.bar == Some(bar)
                });
                self.markets[instrument].last_close = self.markets[instrument].price.take();
                if bar + 1 == self.history.files[instrument].len() {
                    self.expire(|_, order| order.instrument == instrument);
                    self.close_positions(instrument);
                }
            }
            self.markets[instrument].moment = Moment::Still;
            self.markets[instrument].has_jumped = false;
        }
    }

    /// Trailing stops follow the price.
    fn follow(&mut self) {
        for order in self.orders.iter_mut().filter(|order| order.arrival().is_some()) {
            if let (Kind::Trailing(_) | Kind::TrailingBps(_), Some(price)) =
                (order.kind, self.markets[order.instrument].price)
            {
                let best = order.best.unwrap_or(price);
                order.best = Some(match order.side {
                    Side::Sell => best.max(price),
                    Side::Buy => best.min(price),
                });
            }
        }
    }

    /// Expires the live orders that satisfy `which`.
    fn expire(&mut self, which: impl Fn(&Self, &Order) -> bool) {
        let live = |index: &usize| self.orders[*index].arrival().is_some();
        let due: Vec<usize> = (0..self.orders.len()).filter(live).collect();
        for index in due {
            if self.orders[index].is_open() && which(self, &self.orders[index]) {
                self.end(index, End::Expired);
            }
        }
    }

    /// Ends an order, and with it the one that it is linked with; an exit ends its entry too, unless its
    /// owner has canceled it (rule 18). At the end of a file each order expires by itself.
    fn end(&mut self, index: usize, end: End) {
        if !self.orders[index].is_open() {
            return;
        }
        self.orders[index].state = State::Over(end);
        if self.has(Flaw::DoubleExit) && end == End::Filled {
            return;
        }
        if let Some(partner) = self.orders[index].partner {
            self.end(partner, End::Canceled("linked"));
        }
        if !matches!(end, End::Canceled("requested") | End::Expired) {
            self.end_entry(index);
        }
    }

    /// Cancels what is left of the entry of an exit that has fired or ended.
    fn end_entry(&mut self, exit: usize) {
        if let Some(entry) = self.orders[exit].entry {
            self.end(entry, End::Canceled("linked"));
        }
    }

    fn finish(self) -> Outcome {
        let fate = |order: Order| Fate {
            number: order.number,
            part: order.part,
            fills: order.fills,
            end: if let State::Over(end) = order.state { end } else { End::Open },
        };
        let sent = self.orders.into_iter().filter(|order| order.number != ruin::CLOSING);
        let mut fates: Vec<Fate> = sent.map(fate).collect();
        fates.sort_by_key(|fate| (fate.number, fate.part));
        let cash = self.accounts.iter().map(|account| account.cash).collect();
        let ruined = self.accounts.iter().map(|account| account.ruined).collect();
        let positions = self.accounts.into_iter().map(|account| account.positions).collect();
        Outcome { fates, cash, positions, ruined }
    }
}
