//! The driver: lays out the market of a history, runs it, and says what became of it in the words of the
//! reference.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use actix::{Actor, Handler};
use bearpit_core::account::AccountConfig;
use bearpit_core::exchange::{ListingConfig, MarketBuilder};
use bearpit_core::kernel::Wakeup;
use bearpit_core::market::{
    ExecutionReport, Fact, Fees, Instrument, Link as MarketLink, OrderKind, OrderTerms, Quote as MarketQuote,
    QuoteLevel, Side as MarketSide, SinkError, Stamped, StopLoss, TapeSink, TimeInForce, TrailingDistance,
};
use bearpit_core::participant::{Context, Latencies, MarketData, ParticipantConfig};
use bearpit_core::replay::{FillRules, KnownSizes, QuoteTick, Slippage, TickConfig, Touch, TradeTick};
use bearpit_core::units::{
    InstrumentId, ListingId, Money, OrderId, Price, Quantity, Seed, SimDuration, SimTime,
};

use super::history::*;

const LISTING: ListingId = ListingId::new(0);
/// More than any history can spend or sell.
const PLENTY: u64 = 1_000_000;

fn midnight() -> SimTime {
    "2025-03-03T00:00:00".parse().unwrap()
}

pub(crate) fn time(at: i64) -> SimTime {
    midnight() + SimDuration::from_nanos(at)
}

/// All facts of a run, in order.
pub(crate) type Facts = Vec<(i64, Fact)>;

struct Recorder(Rc<RefCell<Facts>>);

impl TapeSink for Recorder {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        self.0.borrow_mut().push(((stamped.at - midnight()).nanos(), stamped.fact.clone()));
        Ok(())
    }
}

/// The order that each number became; `None` if the gate refused it.
type Answers = Rc<RefCell<BTreeMap<usize, Option<OrderId>>>>;

/// Sends its part of a history.
struct Sender {
    sent: Vec<(usize, Sent)>,
    answers: Answers,
}

impl Actor for Sender {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        for (index, (_, sent)) in (0..).zip(&self.sent) {
            ctx.wake_at(time(sent.at), index);
        }
    }
}

impl Handler<Wakeup> for Sender {
    type Result = ();

    fn handle(&mut self, wakeup: Wakeup, ctx: &mut Context) {
        let (number, sent) = self.sent[usize::try_from(wakeup.tag).unwrap()];
        let id_of = |other: usize| self.answers.borrow().get(&other).copied().flatten();
        match sent.act {
            Act::Submit(order) => {
                let answer = match order.link {
                    // Its partner was refused: there is nothing to name.
                    Link::Pair(other) if id_of(other).is_none() => None,
                    _ => ctx.submit(LISTING, terms(&order, id_of)).ok(),
                };
                self.answers.borrow_mut().insert(number, answer);
            }
            // An order that is over is unknown: nothing happens then.
            Act::Replace { number, price, quantity } => {
                id_of(number).map(|id| ctx.replace(id, Price::new(price), Quantity::new(quantity)).ok());
            }
            Act::Cancel(other) => {
                id_of(other).map(|id| ctx.cancel(id).ok());
            }
        }
    }
}

bearpit_core::ignore_messages!(Sender: ExecutionReport, MarketData);

fn terms(order: &Order, id_of: impl Fn(usize) -> Option<OrderId>) -> OrderTerms {
    let protection = None;
    let kind = match order.kind {
        Kind::Market => OrderKind::Market { protection },
        Kind::MarketToLimit => OrderKind::MarketToLimit { protection },
        Kind::Limit(price) => OrderKind::Limit(Price::new(price)),
        Kind::Stop(trigger) => OrderKind::Stop { trigger: Price::new(trigger), protection },
        Kind::StopLimit { trigger, limit } => {
            OrderKind::StopLimit { trigger: Price::new(trigger), limit: Price::new(limit) }
        }
        Kind::Trailing(ticks) => {
            OrderKind::TrailingStop { distance: TrailingDistance::Ticks(ticks), protection }
        }
    };
    let link = match order.link {
        Link::None => MarketLink::None,
        Link::Pair(other) => MarketLink::OneCancelsOther(id_of(other).unwrap()),
        Link::Bracket { profit, loss } => MarketLink::Bracket {
            take_profit: Some(Price::new(profit)),
            stop_loss: Some(StopLoss::Market { trigger: Price::new(loss), protection }),
        },
    };
    let tif = match order.tif {
        Tif::Gtc => TimeInForce::Gtc,
        Tif::Day => TimeInForce::Day,
        Tif::Ioc => TimeInForce::Ioc,
        Tif::Fok => TimeInForce::Fok,
        Tif::Gtd(date) => TimeInForce::Gtd(time(date)),
        Tif::AtOpen => TimeInForce::AtOpen,
        Tif::AtClose => TimeInForce::AtClose,
    };
    let side = match order.side {
        Side::Buy => MarketSide::Buy,
        Side::Sell => MarketSide::Sell,
    };
    OrderTerms { link, ..OrderTerms::new(side, Quantity::new(order.quantity), kind).with(tif) }
}

/// A market that has run.
pub(crate) struct Run {
    pub(crate) fates: Vec<Fate>,
    pub(crate) facts: Facts,
}

/// Runs a history's market; it must conserve cash and shares.
pub(crate) fn run(history: &History) -> Run {
    let facts = Rc::new(RefCell::new(Facts::new()));
    let answers = Answers::default();
    let mut market = lay_out(history, &facts, &answers).open().unwrap();
    market.run().unwrap();
    let facts = facts.take();
    let fates = Fates::of(history, &answers.borrow()).read(&facts);
    Run { fates, facts }
}

fn lay_out(history: &History, facts: &Rc<RefCell<Facts>>, answers: &Answers) -> MarketBuilder {
    let rows = history.trades.iter().map(|row| row.at).chain(history.quotes.iter().map(|row| row.at));
    let last = rows.chain(history.sent.iter().map(|sent| sent.at)).max().unwrap();
    let mut builder =
        MarketBuilder::new(Seed::new(1), time(history.start), time(last + 60 * SECOND)).unwrap();
    builder.sink(Box::new(Recorder(Rc::clone(facts))));
    let instrument = Instrument::new("X", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let instrument = builder.instrument(instrument, None);
    builder.venue("FILE", Fees::default(), Latencies::NONE, &[instrument]);
    let replay = Some(config(history).into());
    builder.listing_config(LISTING, ListingConfig { replay, ..ListingConfig::default() });
    for owner in 0..=history.sent.iter().map(|sent| sent.owner).max().unwrap_or(0) {
        let sent = history.sent.iter().copied().enumerate().filter(|(_, sent)| sent.owner == owner).collect();
        let actor = Sender { sent, answers: Rc::clone(answers) };
        builder.agent(&format!("owner-{owner}"), participant(instrument), actor).unwrap();
    }
    builder
}

/// What a history's listing replays.
pub(crate) fn config(history: &History) -> TickConfig {
    let rules = history.rules;
    let size = |size: u64| Quantity::new(if rules.sized { size } else { Quantity::MAX_LOTS });
    let level = |level: Option<Level>| {
        let level = level.map(|(price, lots)| QuoteLevel { price: Price::new(price), size: size(lots) });
        level.filter(|level| !level.size.is_zero())
    };
    let quote =
        |row: &Quote| QuoteTick::new(time(row.at), &MarketQuote { bid: level(row.bid), ask: level(row.ask) });
    let trade = |row: &Trade| TradeTick {
        time: time(row.at),
        price: Price::new(row.price),
        quantity: Quantity::new(if rules.sized { row.quantity } else { 0 }),
    };
    let known = KnownSizes { trades: rules.sized, bids: rules.sized, asks: rules.sized };
    let fill_rules = FillRules {
        half_spread: rules.half_spread,
        slippage: Slippage::Ticks(rules.slippage),
        participation: u32::try_from(rules.participation * 125_000).unwrap(),
        touch: if rules.through { Touch::Through } else { Touch::Fill },
        ..FillRules::default()
    };
    TickConfig {
        trades: history.trades.iter().map(trade).collect(),
        quotes: history.quotes.iter().map(quote).collect(),
        known,
        min_price: Price::new(1),
        day_begins: SimDuration::ZERO,
        rules: fill_rules,
    }
}

fn participant(instrument: InstrumentId) -> ParticipantConfig {
    let plenty = vec![(instrument, Quantity::new(PLENTY))];
    let account = AccountConfig {
        cash: Money::from_whole(i64::try_from(PLENTY).unwrap() * 1_000),
        holdings: plenty.clone(),
        max_short: plenty,
        ..AccountConfig::default()
    };
    ParticipantConfig::new("sender").with_account(account)
}

/// Which order of the market is which of the history.
struct Fates {
    orders: BTreeMap<OrderId, Fate>,
    /// What is open of each that has entered.
    leaves: BTreeMap<OrderId, u64>,
    refused: Vec<Fate>,
}

impl Fates {
    fn of(history: &History, answers: &BTreeMap<usize, Option<OrderId>>) -> Self {
        let mut fates = Self { orders: BTreeMap::new(), leaves: BTreeMap::new(), refused: Vec::new() };
        for (number, answer) in answers {
            let fate = |part| Fate { number: *number, part, fills: Vec::new(), end: End::Refused };
            let Some(id) = answer else {
                fates.refused.push(fate(Part::Entry));
                continue;
            };
            fates.orders.insert(*id, fate(Part::Entry));
            if let Act::Submit(Order { link: Link::Bracket { .. }, .. }) = history.sent[*number].act {
                for (step, part) in [(1, Part::Profit), (2, Part::Loss)] {
                    fates.orders.insert(OrderId::new(id.get() + step), fate(part));
                }
            }
        }
        fates
    }

    /// Follows the facts; exits that never entered have no fate.
    fn read(mut self, facts: &Facts) -> Vec<Fate> {
        for (at, fact) in facts {
            match fact {
                Fact::OrderAccepted { order, terms, .. } => {
                    self.leaves.insert(*order, terms.quantity.lots());
                }
                Fact::OrderGrown { order, leaves, .. }
                | Fact::OrderReduced { order, leaves, .. }
                | Fact::OrderReplaced { order, leaves, .. } => {
                    self.leaves.insert(*order, leaves.lots());
                }
                Fact::OrderRejected { order, reason, .. } => self.end(*order, End::Rejected(reason.name())),
                Fact::OrderCanceled { order, reason, .. } => self.end(*order, End::Canceled(reason.name())),
                Fact::OrderExpired { order, .. } => self.end(*order, End::Expired),
                Fact::Traded(trade) => {
                    for (id, is_maker) in [(trade.maker_order, true), (trade.taker_order, false)] {
                        let (price, quantity) = (trade.price.ticks(), trade.quantity.lots());
                        self.fill(id, Fill { at: *at, price, quantity, is_maker });
                    }
                }
                _ => {}
            }
        }
        let has_entered =
            |(id, fate): &(OrderId, Fate)| fate.part == Part::Entry || self.leaves.contains_key(id);
        let orders = self.orders.into_iter().filter(has_entered).map(|(_, fate)| fate);
        let mut fates: Vec<Fate> = orders.chain(self.refused).collect();
        fates.sort_by_key(|fate| (fate.number, fate.part));
        fates
    }

    /// One side of each trade is the replayed market's, which has no fate.
    fn fill(&mut self, order: OrderId, fill: Fill) {
        if let Some(fate) = self.orders.get_mut(&order) {
            fate.fills.push(fill);
            let leaves = self.leaves.get_mut(&order).unwrap();
            *leaves -= fill.quantity;
            if *leaves == 0 {
                fate.end = End::Filled;
            }
        }
    }

    fn end(&mut self, order: OrderId, end: End) {
        if let Some(fate) = self.orders.get_mut(&order) {
            fate.end = end;
        }
    }
}
