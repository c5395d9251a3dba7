//! The driver: lays out the market of a history, runs it, and says what became of it in the words of the
//! reference.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use actix::{Actor, Handler};
use bearpit_core::account::{Account, AccountConfig, OnRuin as MarketOnRuin};
use bearpit_core::exchange::{ListingConfig, Market, MarketBuilder};
use bearpit_core::kernel::{LatencyModel, Wakeup};
use bearpit_core::market::{
    Bar as MarketBar, CorporateAction, ExecutionReport, Fact, Fees, Instrument, Link as MarketLink,
    OrderKind, OrderTerms, Peg, Refusal, RejectReason, Replacement, Side as MarketSide, SinkError,
    SplitRatio, Stamped, StopLoss, TapeSink, TimeInForce, TrailingDistance,
};
use bearpit_core::participant::{Context, Latencies, MarketData, ParticipantConfig};
use bearpit_core::replay::{
    AtEnd, FillRules, PathRule, ReplayAction, ReplayBar, ReplayConfig, ShortCash, Slippage as MarketSlippage,
    Touch,
};
use bearpit_core::units::{
    FeeRate, InstrumentId, ListingId, Money, OrderId, Price, Quantity, Seed, SimDuration, SimTime,
};

use super::history::*;

/// The midnight before the first bar.
fn midnight() -> SimTime {
    "2025-03-03T00:00:00".parse().unwrap()
}

fn time(at: i64) -> SimTime {
    midnight() + SimDuration::from_nanos(at)
}

/// All facts of a run, in order.
pub(crate) type Facts = Rc<RefCell<Vec<(i64, Fact)>>>;

struct Recorder(Facts);

impl TapeSink for Recorder {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        self.0.borrow_mut().push(((stamped.at - midnight()).nanos(), stamped.fact.clone()));
        Ok(())
    }
}

/// What the gate answered to each number.
type Answers = Rc<RefCell<BTreeMap<usize, Result<OrderId, &'static str>>>>;

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
        let id_of = |other: usize| self.answers.borrow().get(&other).copied().and_then(Result::ok);
        match sent.act {
            Act::Submit(order) => {
                let listing = ListingId::new(u32::try_from(order.instrument).unwrap());
                let answer = match order.link {
                    // Its partner was refused: there is nothing to name.
                    Link::Pair(other) if id_of(other).is_none() => Err("link_unfit"),
                    _ => ctx.submit(listing, terms(&order, id_of)).map_err(|refusal| refusal.name()),
                };
                self.answers.borrow_mut().insert(number, answer);
            }
            Act::Replace { number, price, quantity } => {
                if let Some(id) = id_of(number)
                    && let Err(refusal) = ctx.replace(id, Price::new(price), Quantity::new(quantity))
                {
                    assert_eq!(refusal, Refusal::UnknownOrder(id), "it is over");
                }
            }
            Act::Change { number, change } => {
                if let Some(id) = id_of(number)
                    && let Err(refusal) = ctx.replace_terms(id, replacement(change))
                {
                    // It is over, or its owner knows that it was elected, and has no trigger any more.
                    let unfit = Refusal::Unfit(RejectReason::NotReplaceable);
                    assert!([Refusal::UnknownOrder(id), unfit].contains(&refusal), "{refusal:?}");
                }
            }
            Act::Cancel(other) => {
                if let Some(id) = id_of(other)
                    && let Err(refusal) = ctx.cancel(id)
                {
                    assert_eq!(refusal, Refusal::UnknownOrder(id), "it is over");
                }
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
        Kind::TrailingBps(bps) => {
            let distance = TrailingDistance::BasisPoints(u32::try_from(bps).unwrap());
            OrderKind::TrailingStop { distance, protection }
        }
        Kind::Pegged(limit) => {
            OrderKind::Pegged { to: Peg::Touch, offset: 0, limit: Some(Price::new(limit)) }
        }
    };
    let link = match order.link {
        Link::None => MarketLink::None,
        Link::Pair(other) => MarketLink::OneCancelsOther(id_of(other).unwrap()),
        Link::Bracket { profit, loss } => MarketLink::Bracket {
            take_profit: profit.map(Price::new),
            stop_loss: loss.map(|loss| match (Price::new(loss.trigger), loss.limit.map(Price::new)) {
                (trigger, Some(limit)) => StopLoss::Limit { trigger, limit },
                (trigger, None) => StopLoss::Market { trigger, protection },
            }),
        },
    };
    let tif = time_in_force(order.tif);
    let side = match order.side {
        Side::Buy => MarketSide::Buy,
        Side::Sell => MarketSide::Sell,
    };
    OrderTerms { link, ..OrderTerms::new(side, Quantity::new(order.quantity), kind).with(tif) }
}

fn time_in_force(tif: Tif) -> TimeInForce {
    match tif {
        Tif::Gtc => TimeInForce::Gtc,
        Tif::Day => TimeInForce::Day,
        Tif::Ioc => TimeInForce::Ioc,
        Tif::Fok => TimeInForce::Fok,
        Tif::Gtd(date) => TimeInForce::Gtd(time(date)),
        Tif::AtOpen => TimeInForce::AtOpen,
        Tif::AtClose => TimeInForce::AtClose,
    }
}

fn replacement(change: Change) -> Replacement {
    match change {
        Change::Trigger(trigger) => {
            Replacement { trigger: Some(Price::new(trigger)), ..Replacement::default() }
        }
        Change::Distance(ticks) => {
            let distance = Some(TrailingDistance::Ticks(ticks));
            Replacement { distance, ..Replacement::default() }
        }
        Change::Tif(tif) => Replacement { time_in_force: Some(time_in_force(tif)), ..Replacement::default() },
    }
}

/// A market that has run.
pub(crate) struct Run {
    pub(crate) outcome: Outcome,
    pub(crate) facts: Vec<(i64, Fact)>,
}

/// Says what becomes of a history in the market.
pub(crate) fn outcome(history: &History) -> Outcome {
    run(history).outcome
}

/// A split of the first instrument before one of its bars; a history's short limits are those after it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Split {
    pub(crate) bar: usize,
    pub(crate) ratio: SplitRatio,
}

/// Runs a history's market.
pub(crate) fn run(history: &History) -> Run {
    run_split(history, &[])
}

/// Runs a history's market with splits.
pub(crate) fn run_split(history: &History, splits: &[Split]) -> Run {
    let facts = Facts::default();
    let answers = Answers::default();
    let mut market = lay_out(history, splits, &facts, &answers).open().unwrap();
    market.run().unwrap();
    let accounts: Vec<_> = (0..history.owners.len()).map(|owner| account(&market, owner)).collect();
    let positions = |account: &&Account| {
        let instruments =
            (0..history.files.len()).map(|number| InstrumentId::new(u32::try_from(number).unwrap()));
        instruments.map(|id| account.holding(id).lots()).collect()
    };
    let outcome = Outcome {
        fates: Fates::of(history, &answers.borrow()).read(&facts.borrow()),
        cash: accounts.iter().map(|account| account.cash().units()).collect(),
        positions: accounts.iter().map(positions).collect(),
        ruined: (0..history.owners.len()).map(|owner| ruin(&market, owner, &facts.borrow())).collect(),
    };
    Run { outcome, facts: facts.take() }
}

/// Returns when an owner was found to be ruined, if it was.
fn ruin(market: &Market, owner: usize, facts: &[(i64, Fact)]) -> Option<i64> {
    let id = market.participant(&format!("owner-{owner}")).unwrap().id;
    let is_ruin = |fact: &Fact| matches!(fact, Fact::AccountRuined { owner, .. } if *owner == id);
    facts.iter().find(|(_, fact)| is_ruin(fact)).map(|(at, _)| *at)
}

fn account(market: &Market, owner: usize) -> &Account {
    let id = market.participant(&format!("owner-{owner}")).unwrap().id;
    market.world().domain().account(id).unwrap()
}

fn lay_out(history: &History, splits: &[Split], facts: &Facts, answers: &Answers) -> MarketBuilder {
    let ends = history
        .files
        .iter()
        .flatten()
        .map(|bar| bar.end)
        .chain(history.sent.iter().map(|sent| sent.at + history.owners[sent.owner].entry));
    let close = time(ends.max().unwrap() + 60 * SECOND);
    let mut builder = MarketBuilder::new(Seed::new(1), midnight(), close).unwrap();
    builder.sink(Box::new(Recorder(Rc::clone(facts))));
    let instruments: Vec<InstrumentId> = (0..history.files.len())
        .map(|number| {
            let symbol = format!("S{number}");
            let instrument = Instrument::new(&symbol, "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
            builder.instrument(instrument, None)
        })
        .collect();
    let [maker, taker, auction] = history.rules.fees.map(rate);
    builder.venue("FILE", Fees { maker, taker, auction }, Latencies::NONE, &instruments);
    for (listing, file) in builder.listings().into_iter().zip(&history.files) {
        let finer = &history.finer[usize::try_from(listing.get()).unwrap()];
        let own = if listing == ListingId::new(0) { splits } else { &[] };
        let action =
            |split: &Split| ReplayAction { bar: split.bar, action: CorporateAction::Split(split.ratio) };
        let actions = own.iter().map(action).collect();
        let replay = Some(ReplayConfig { actions, ..config(file, finer, &history.rules) }.into());
        builder.listing_config(listing, ListingConfig { replay, ..ListingConfig::default() });
    }
    for (owner, config) in history.owners.iter().enumerate() {
        let sent = history.sent.iter().copied().enumerate().filter(|(_, sent)| sent.owner == owner).collect();
        let actor = Sender { sent, answers: Rc::clone(answers) };
        let mut participant = participant(config, &instruments);
        for Split { ratio, .. } in splits {
            let limit = &mut participant.account.max_short[0].1;
            *limit = Quantity::new(limit.lots() * u64::from(ratio.old()) / u64::from(ratio.new_shares()));
        }
        builder.agent(&format!("owner-{owner}"), participant, actor).unwrap();
    }
    builder
}

/// A rate of so many billionths.
fn rate(billionths: i64) -> FeeRate {
    let (sign, size) = (if billionths < 0 { "-" } else { "" }, billionths.abs());
    FeeRate::from_bps(format!("{sign}{}.{:05}", size / 100_000, size % 100_000).parse().unwrap()).unwrap()
}

/// Returns a file as it is read: one that has 0 throughout does not know volumes (rule 15).
pub(crate) fn as_read(file: &[Bar]) -> Vec<Bar> {
    let has_volumes = file.iter().any(|bar| bar.volume.is_some_and(|lots| lots > 0));
    file.iter().map(|bar| Bar { volume: bar.volume.filter(|_| has_volumes), ..*bar }).collect()
}

/// Returns a bar of the market as a row of a history's file.
pub(crate) fn bar(bar: &MarketBar) -> Bar {
    let nanos = |at: SimTime| (at - midnight()).nanos();
    Bar {
        start: nanos(bar.start),
        end: nanos(bar.end),
        open: bar.open.ticks(),
        high: bar.high.ticks(),
        low: bar.low.ticks(),
        close: bar.close.ticks(),
        volume: bar.volume.map(Quantity::lots),
    }
}

fn config(file: &[Bar], finer: &[Bar], rules: &Rules) -> ReplayConfig {
    let bar = |bar: &Bar| ReplayBar {
        start: time(bar.start),
        end: time(bar.end),
        open: Price::new(bar.open),
        high: Price::new(bar.high),
        low: Price::new(bar.low),
        close: Price::new(bar.close),
        volume: bar.volume.map(Quantity::new),
    };
    let slippage = match rules.slippage {
        Slippage::Ticks(ticks) => MarketSlippage::Ticks(ticks),
        Slippage::Bps(bps) => MarketSlippage::Rate(rate(bps * 100_000)),
        Slippage::Impact(eighths) => MarketSlippage::Impact(f64::from(i32::try_from(eighths).unwrap()) / 8.0),
    };
    let call = SimDuration::from_nanos(rules.auction);
    let rules = FillRules {
        half_spread: rules.half_spread,
        slippage,
        participation: u32::try_from(rules.participation * 125_000).unwrap(),
        touch: if rules.through { Touch::Through } else { Touch::Fill },
        path: match rules.path {
            Path::Nearer => PathRule::Nearer,
            Path::Farther => PathRule::Farther,
            Path::Worst => PathRule::Worst,
        },
        short_cash: match rules.on_short_cash {
            Short::Cut => ShortCash::Cut,
            Short::Cancel => ShortCash::Cancel,
        },
        at_end: if rules.close_at_end { AtEnd::Close } else { AtEnd::Keep },
        ..FillRules::default()
    };
    let finer = std::sync::Arc::new(finer.iter().map(bar).collect());
    ReplayConfig { finer, rules, ..ReplayConfig::new(as_read(file).iter().map(bar).collect(), call) }
}

fn participant(owner: &Owner, instruments: &[InstrumentId]) -> ParticipantConfig {
    let constant = |nanos| LatencyModel::Constant(SimDuration::from_nanos(nanos));
    let (entry, report) = (constant(owner.entry), constant(owner.report));
    let holdings = instruments.iter().zip(&owner.shares).map(|(id, lots)| (*id, Quantity::new(*lots)));
    let account = AccountConfig {
        cash: Money::from_units(owner.cash),
        holdings: holdings.collect(),
        max_short: instruments.iter().map(|id| (*id, Quantity::new(owner.max_short))).collect(),
        on_ruin: match owner.on_ruin {
            OnRuin::Nothing => None,
            OnRuin::Liquidate => Some(MarketOnRuin::Liquidate),
            OnRuin::Keep => Some(MarketOnRuin::Keep),
        },
        ..AccountConfig::default()
    };
    let latencies = Latencies { entry, report, ..Latencies::NONE };
    ParticipantConfig::new("sender").with_account(account).with_latencies(latencies)
}

/// Which order of the market is which of the history.
struct Fates {
    orders: BTreeMap<OrderId, Fate>,
    /// What is open of each.
    leaves: BTreeMap<OrderId, u64>,
    refused: Vec<Fate>,
}

impl Fates {
    fn of(history: &History, answers: &BTreeMap<usize, Result<OrderId, &'static str>>) -> Self {
        let mut fates = Self { orders: BTreeMap::new(), leaves: BTreeMap::new(), refused: Vec::new() };
        for (number, answer) in answers {
            let fate = |part, end| Fate { number: *number, part, fills: Vec::new(), end };
            match answer {
                Err(reason) => fates.refused.push(fate(Part::Entry, End::Refused(reason))),
                Ok(id) => {
                    fates.orders.insert(*id, fate(Part::Entry, End::Open));
                    if let Act::Submit(Order { link: Link::Bracket { .. }, .. }) = history.sent[*number].act {
                        for (step, part) in [(1, Part::Profit), (2, Part::Loss)] {
                            fates.orders.insert(OrderId::new(id.get() + step), fate(part, End::Open));
                        }
                    }
                }
            }
        }
        fates
    }

    /// Follows the facts; exits that never entered have no fate.
    fn read(mut self, facts: &[(i64, Fact)]) -> Vec<Fate> {
        for (at, fact) in facts {
            match fact {
                Fact::OrderAccepted { order, terms, .. } => {
                    self.leaves.insert(*order, terms.quantity.lots());
                }
                Fact::OrderGrown { order, leaves, .. }
                | Fact::OrderReduced { order, leaves, .. }
                | Fact::OrderRestated { order, leaves, .. }
                | Fact::OrderReplaced { order, leaves, .. }
                | Fact::OrderTermsReplaced { order, leaves, .. } => {
                    self.leaves.insert(*order, leaves.lots());
                }
                Fact::OrderRejected { order, reason, .. } => self.end(*order, End::Rejected(reason.name())),
                Fact::OrderCanceled { order, reason, .. } => self.end(*order, End::Canceled(reason.name())),
                Fact::OrderExpired { order, .. } => self.end(*order, End::Expired),
                Fact::Traded(trade) => {
                    let fill = Fill {
                        at: *at,
                        price: trade.price.ticks(),
                        quantity: trade.quantity.lots(),
                        clamped: trade.clamped,
                    };
                    for id in [trade.maker_order, trade.taker_order] {
                        self.fill(id, fill);
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

    /// One side of each trade is the replayed market's.
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
