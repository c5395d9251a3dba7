//! Random histories with all kinds of orders, split at a random instant into two markets: an auditor that
//! knows nothing but the facts finds that nothing is lost or made.

mod auditor;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{TestCaseResult, TestRunner};

use self::auditor::{Auditor, Balance};
use super::*;
use bearpit_core::book::BookPlace;
use bearpit_core::exchange::{ClosingState, MarketEnd};
use bearpit_core::market::{
    Funding, Link, OrderKind, Peg, PostOnly, Reference, RejectReason, Replacement, SelfTrade, StopLoss,
    TimeInForce, TrailingDistance, Transfer,
};
use bearpit_core::units::OrderId;

use std::collections::{BTreeMap, BTreeSet};

/// Two agents of the scenario, then two from outside.
const NAMES: [&str; 4] = ["a", "b", "anne", "ben"];

/// What somebody does after some milliseconds.
#[derive(Debug, Clone, Copy)]
struct Step {
    pause: i64,
    who: usize,
    act: Act,
}

#[derive(Debug, Clone, Copy)]
enum Act {
    /// Terms, the order to link with among those sent before, and for how long.
    Submit(OrderTerms, Option<usize>, Stay),
    Cancel(usize),
    Replace(usize, Change),
    MassCancel(Option<Side>),
    Fund(i64),
    Give(usize, i64),
    Halt,
    Reopen(i64),
    Block,
    Unblock,
}

/// What a replace asks for; a date is so many milliseconds later.
#[derive(Debug, Clone, Copy)]
struct Change {
    new: Replacement,
    stay: Option<Stay>,
}

/// A time in force.
#[derive(Debug, Clone, Copy)]
enum Stay {
    Of(TimeInForce),
    /// Until so many milliseconds later.
    For(i64),
}

impl Stay {
    fn from(self, now: i64) -> TimeInForce {
        match self {
            Self::Of(time) => time,
            Self::For(millis) => TimeInForce::Gtd(after(now + millis)),
        }
    }
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn kind() -> impl Strategy<Value = OrderKind> {
    let price = || (9_990..10_010_i64).prop_map(Price::new);
    let protection = || prop::option::of((9_980..10_020_i64).prop_map(Price::new));
    let distance = prop_oneof![
        (1..8_i64).prop_map(TrailingDistance::Ticks),
        (1..10_u32).prop_map(TrailingDistance::BasisPoints),
    ];
    let peg = prop_oneof![Just(Peg::Mid), Just(Peg::Touch)];
    prop_oneof![
        10 => price().prop_map(OrderKind::Limit),
        2 => protection().prop_map(|protection| OrderKind::Market { protection }),
        1 => protection().prop_map(|protection| OrderKind::MarketToLimit { protection }),
        2 => (price(), protection()).prop_map(|(trigger, protection)| OrderKind::Stop { trigger, protection }),
        2 => (price(), price()).prop_map(|(trigger, limit)| OrderKind::StopLimit { trigger, limit }),
        2 => (distance, protection())
            .prop_map(|(distance, protection)| OrderKind::TrailingStop { distance, protection }),
        2 => (peg, -1..3_i32, price())
            .prop_map(|(to, offset, limit)| OrderKind::Pegged { to, offset, limit: Some(limit) }),
    ]
}

fn terms() -> impl Strategy<Value = OrderTerms> {
    let display = prop_oneof![3 => Just(None), 1 => (1..4_u64).prop_map(|lots| Some(Quantity::new(lots)))];
    let post_only =
        prop_oneof![8 => Just(PostOnly::No), 1 => Just(PostOnly::Reject), 1 => Just(PostOnly::Slide)];
    let self_trade = prop_oneof![
        4 => Just(SelfTrade::Allow),
        1 => Just(SelfTrade::CancelNewest),
        1 => Just(SelfTrade::CancelOldest),
        1 => Just(SelfTrade::Decrement),
    ];
    let bracket = (1..8_i64, 1..8_i64, 0..5_u32);
    let bracket = prop_oneof![4 => Just(None), 1 => bracket.prop_map(Some)];
    (side(), 1..15_u64, kind(), display, post_only, self_trade, bracket).prop_map(
        |(side, lots, kind, display, post_only, self_trade, bracket)| {
            let terms = OrderTerms::new(side, Quantity::new(lots), kind);
            let link = match bracket {
                Some((gain, loss, form)) => exits(side, kind, (gain, loss), form),
                None => Link::None,
            };
            // Others than limit orders are sent without conditions that they cannot have.
            if !matches!(kind, OrderKind::Limit(_)) {
                return OrderTerms { self_trade, ..terms };
            }
            OrderTerms { display, post_only, self_trade, link, ..terms }
        },
    )
}

/// A bracket with both exits or one, the stop with a limit or without, or a pair.
fn exits(side: Side, kind: OrderKind, (gain, loss): (i64, i64), form: u32) -> Link {
    let from = kind.worst_price().unwrap_or(Price::new(10_000));
    let (profit, trigger) = (from + side.sign() * gain, from + -side.sign() * loss);
    let limited = StopLoss::Limit { trigger, limit: trigger + -side.sign() * gain };
    match form {
        0 => Link::Bracket { take_profit: Some(profit), stop_loss: None },
        1 => Link::Bracket { take_profit: None, stop_loss: Some(StopLoss::at(trigger)) },
        2 => Link::Bracket { take_profit: Some(profit), stop_loss: Some(limited) },
        // Of a pair the order itself takes the profit.
        3 => Link::Pair(StopLoss::at(from + side.sign() * loss)),
        _ => Link::Bracket { take_profit: Some(profit), stop_loss: Some(StopLoss::at(trigger)) },
    }
}

fn change() -> impl Strategy<Value = Change> {
    let price = || prop::option::of((9_990..10_010_i64).prop_map(Price::new));
    let stay = prop_oneof![
        Just(None),
        Just(Some(Stay::Of(TimeInForce::Gtc))),
        Just(Some(Stay::Of(TimeInForce::Day))),
        (10..400_i64).prop_map(|millis| Some(Stay::For(millis))),
    ];
    let distance = (1..8_i64).prop_map(|ticks| Some(TrailingDistance::Ticks(ticks)));
    let at = (9_990..10_010_i64, 1..20_u64)
        .prop_map(|(price, lots)| Replacement::at(Price::new(price), Quantity::new(lots)));
    let rare = (price(), price()).prop_map(|(price, trigger)| Replacement {
        price,
        trigger: trigger.filter(|_| price.is_none()),
        ..Replacement::default()
    });
    prop_oneof![
        6 => at.prop_map(|new| Change { new, stay: None }),
        2 => (rare, stay).prop_map(|(new, stay)| Change { new, stay }),
        1 => distance.prop_map(|distance| Change {
            new: Replacement { distance, ..Replacement::default() },
            stay: None,
        }),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let stay = prop_oneof![
        6 => Just(Stay::Of(TimeInForce::Gtc)),
        3 => Just(Stay::Of(TimeInForce::Day)),
        1 => Just(Stay::Of(TimeInForce::Ioc)),
        1 => Just(Stay::Of(TimeInForce::AtClose)),
        2 => prop_oneof![10..400_i64, Just(100_000)].prop_map(Stay::For),
    ];
    let other = prop_oneof![3 => Just(None), 1 => any::<usize>().prop_map(Some)];
    prop_oneof![
        60 => (terms(), other, stay).prop_map(|(terms, other, stay)| Act::Submit(terms, other, stay)),
        12 => any::<usize>().prop_map(Act::Cancel),
        14 => (any::<usize>(), change()).prop_map(|(which, change)| Act::Replace(which, change)),
        2 => prop::option::of(side()).prop_map(Act::MassCancel),
        3 => (-500..500_i64).prop_map(Act::Fund),
        3 => (0..4_usize, -50..500_i64).prop_map(|(to, amount)| Act::Give(to, amount)),
        2 => Just(Act::Halt),
        4 => (0..60_i64).prop_map(Act::Reopen),
        1 => Just(Act::Block),
        3 => Just(Act::Unblock),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..12_i64, 0..4_usize, act()).prop_map(|(pause, who, act)| Step { pause, who, act });
    prop::collection::vec(step, 20..140)
}

/// One market of the two, with what was sent there.
struct World {
    live: Live,
    facts: Facts,
    now: i64,
    sent: Vec<OrderId>,
    /// The ids of exits, some of which never enter.
    exits: Vec<OrderId>,
    answers: usize,
}

/// Latencies in which commands and reports are under way for a while.
fn slow() -> Latencies {
    let model = LatencyModel::Uniform { min: SimDuration::ZERO, max: SimDuration::from_millis(15) };
    Latencies { feed: LatencyModel::NONE, ..Latencies::all(model) }
}

fn config() -> ParticipantConfig {
    let mut account = account(1_000_000, 1_000);
    account.max_short = vec![(ACME, Quantity::new(100))];
    ParticipantConfig::new("desk").with_account(account).with_latencies(slow())
}

fn market(seed: u64, from: i64) -> (MarketBuilder, Facts) {
    let facts = Facts::default();
    let mut builder = MarketBuilder::new(Seed::new(seed), after(from), after(from + 60_000)).unwrap();
    let acme = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let acme = builder.instrument(acme, None);
    let venue = builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    // Commands wait in a line, too.
    builder.processing(venue, SimDuration::from_millis(3));
    for name in &NAMES[..2] {
        builder.agent(name, config(), Desk).unwrap();
    }
    builder.factory(Factory);
    builder.goes_on();
    builder.sink(Box::new(facts.clone()));
    (builder, facts)
}

impl World {
    fn first() -> Self {
        let (builder, facts) = market(1, 0);
        let mut live = Live::start(builder);
        for name in &NAMES[2..] {
            let spec = ActorSpec::new("desk");
            live.ask(0, RequestKind::Join { name: (*name).to_owned(), spec, config: config() })
                .outcome
                .unwrap();
        }
        Self { live, facts, now: 0, sent: Vec::new(), exits: Vec::new(), answers: 0 }
    }

    fn next(state: ClosingState, from: i64, sent: Vec<OrderId>) -> Self {
        let (mut builder, facts) = market(2, from);
        builder.opening(state);
        Self { live: Live::start(builder), facts, now: from, sent, exits: Vec::new(), answers: 0 }
    }

    fn act(&mut self, step: &Step) {
        self.now += step.pause;
        let participant = self.live.id(NAMES[step.who]);
        let known = || self.sent.iter().chain(&self.exits);
        let chosen = |which: usize| known().nth(which.checked_rem(known().count())?).copied();
        let instruct = |instruction| Some(RequestKind::Instruct { participant, instruction });
        let funding = |amount| Funding {
            transfer: Transfer::Cash(Money::from_whole(amount)),
            reference: Reference::new("test").unwrap(),
        };
        let kind = match step.act {
            Act::Submit(terms, other, stay) => {
                let time_in_force = stay.from(self.now);
                let terms = OrderTerms { time_in_force, ..terms };
                let terms = other.and_then(|which| self.linked(participant, which, terms)).unwrap_or(terms);
                instruct(Instruction::Submit { listing: LISTING, terms })
            }
            Act::Cancel(which) => chosen(which).and_then(|order| instruct(Instruction::Cancel(order))),
            Act::Replace(which, Change { new, stay }) => chosen(which).and_then(|order| {
                let time_in_force = stay.map(|stay| stay.from(self.now));
                instruct(Instruction::Replace { order, new: Replacement { time_in_force, ..new } })
            }),
            Act::MassCancel(side) => instruct(Instruction::MassCancel { listing: LISTING, side }),
            Act::Fund(amount) => Some(RequestKind::Fund { participant, funding: funding(amount) }),
            Act::Give(to, amount) => {
                let to = self.live.id(NAMES[to]);
                Some(RequestKind::Transfer { from: participant, to, funding: funding(amount) })
            }
            Act::Halt => Some(RequestKind::Halt { listing: None }),
            Act::Reopen(millis) => {
                Some(RequestKind::Reopen { listing: None, auction: SimDuration::from_millis(millis) })
            }
            Act::Block => Some(RequestKind::Block { participant, reason: Reference::new("test").unwrap() }),
            Act::Unblock => Some(RequestKind::Unblock { participant }),
        };
        if let Some(kind) = kind {
            self.answers += 1;
            let tag = Some(RequestTag::new(self.answers as u64));
            self.live.market.request(after(self.now), Request { tag, kind }).unwrap();
        }
        self.live.market.step(after(self.now), u64::MAX).unwrap();
        self.take_answers();
    }

    /// Returns terms that link an order with one of those that its owner has open.
    fn linked(&self, owner: ActorId, which: usize, terms: OrderTerms) -> Option<OrderTerms> {
        let open = self.live.market.world().domain().account(owner)?.open_orders();
        let other = open.iter().nth(which.checked_rem(open.len())?)?;
        let link = Link::OneCancelsOther(other.id);
        Some(OrderTerms { side: other.side, quantity: other.leaves, display: None, link, ..terms })
    }

    fn take_answers(&mut self) {
        for answer in self.live.market.take_answers() {
            self.answers -= 1;
            if let Ok(Outcome::Submitted { order, exits, .. }) = answer.outcome {
                self.sent.push(order);
                self.exits.extend(exits.iter());
            }
        }
    }

    /// Stops where it is, or at the end of the day.
    fn stop(&mut self, end: MarketEnd) -> ClosingState {
        if end == MarketEnd::DayOver {
            self.live.market.step(self.live.market.close(), u64::MAX).unwrap();
        }
        self.live.market.settle().unwrap();
        self.take_answers();
        self.live.market.closing_state().unwrap().clone()
    }

    /// Returns what an auditor makes of the tape so far, who knows what the agents of the scenario begin
    /// with.
    fn audited(&self) -> Auditor {
        let mut auditor = Auditor::default();
        for name in &NAMES[..2] {
            let balance = Balance { cash: Money::from_whole(1_000_000), lots: 1_000 };
            auditor.balances.insert(self.live.id(name), balance);
        }
        auditor.follow_all(self.facts.0.borrow().iter().map(|(_, fact)| fact));
        auditor
    }

    /// Compares all accounts with what the tape says.
    fn check_balances(&self, auditor: &Auditor) -> TestCaseResult {
        for name in NAMES {
            let owner = self.live.id(name);
            let account = self.live.market.world().domain().account(owner).unwrap();
            let found = Balance { cash: account.cash(), lots: account.holding(ACME).lots() };
            prop_assert_eq!(auditor.balances.get(&owner).copied().unwrap_or_default(), found, "{}", name);
        }
        Ok(())
    }

    /// Compares what all accounts hold for their orders with what the tape says of those.
    fn check_holds(&self, auditor: &Auditor) -> TestCaseResult {
        for name in NAMES {
            let owner = self.live.id(name);
            let account = self.live.market.world().domain().account(owner).unwrap();
            let hold = auditor.hold(owner);
            prop_assert_eq!(account.cash() - account.free_cash(), hold.cash, "{} holds cash", name);
            let held = account.holding(ACME).lots() + 100 - account.sellable(ACME).lots();
            prop_assert_eq!(u64::try_from(held).unwrap(), hold.lots, "{} holds lots", name);
        }
        Ok(())
    }
}

/// Compares the orders that are left with what the tape says.
fn check_book(state: &ClosingState, auditor: &Auditor) -> TestCaseResult {
    let book = state.listings[0].book.as_ref().unwrap();
    let left: BTreeMap<OrderId, (ActorId, Quantity)> =
        book.orders.iter().map(|order| (order.id, (order.owner, order.leaves()))).collect();
    let known: BTreeMap<OrderId, (ActorId, Quantity)> =
        auditor.orders.iter().map(|(id, known)| (*id, (known.owner, known.leaves))).collect();
    prop_assert_eq!(left, known);
    let mut queues: BTreeMap<(Side, Price), Vec<OrderId>> = BTreeMap::new();
    for order in &book.orders {
        if let BookPlace::Queue(price) = order.place {
            queues.entry((order.terms.side, price)).or_default().push(order.id);
        }
    }
    prop_assert_eq!(queues, auditor.queues());
    Ok(())
}

fn total(auditor: &Auditor) -> (Money, i64) {
    let balances = auditor.balances.values();
    (balances.clone().map(|it| it.cash).sum(), balances.map(|it| it.lots).sum())
}

/// Plays a history whose first part is of one market and whose rest is of the next.
fn play(steps: &[Step], split: usize, end: MarketEnd) -> TestCaseResult {
    let mut first = World::first();
    steps[..split].iter().for_each(|step| first.act(step));
    let state = first.stop(end);
    let before = first.audited();
    prop_assert_eq!(&before.faults, &Vec::<String>::new());
    prop_assert_eq!(first.answers, 0, "each request has been answered");
    let untold: Vec<_> = first.sent.iter().filter(|order| !before.told.contains(order)).collect();
    prop_assert!(untold.is_empty(), "what was sent has been accepted or rejected: {:?}", untold);
    first.check_balances(&before)?;
    check_book(&state, &before)?;
    prop_assert_eq!(state.end, end);

    let from = if end == MarketEnd::DayOver { 80_000 } else { first.now };
    let mut second = World::next(state.clone(), from, first.sent.clone());
    let opened = second.audited();
    prop_assert_eq!(&opened.faults, &Vec::<String>::new());
    second.check_balances(&opened)?;
    check_opening(&state, &before, &opened)?;
    if end == MarketEnd::Stopped {
        second.check_holds(&before)?;
        let (mut builder, _) = market(3, from);
        builder.opening(state.clone());
        let mut idle = builder.open().unwrap();
        idle.start();
        idle.settle().unwrap();
        prop_assert_eq!(idle.closing_state(), Some(&state), "without trading, the same is left again");
    }

    steps[split..].iter().for_each(|step| second.act(step));
    let last = second.stop(MarketEnd::DayOver);
    let after = second.audited();
    prop_assert_eq!(&after.faults, &Vec::<String>::new());
    prop_assert_eq!(second.answers, 0);
    second.check_balances(&after)?;
    check_book(&last, &after)?;
    prop_assert!(before.accepted.is_disjoint(&after.accepted), "no order id comes twice");
    prop_assert!(before.trades.is_disjoint(&after.trades), "no trade id comes twice");
    let ids =
        after.accepted.iter().all(|order| order.get() >= state.next_order && order.get() < last.next_order);
    prop_assert!(ids, "ids go on");
    let (cash, lots) = total(&opened);
    let came = |one: Money, other: Money| one - other;
    prop_assert_eq!(total(&after).0 - came(after.funded.cash, opened.funded.cash), cash);
    prop_assert_eq!(total(&after).1 - (after.funded.lots - opened.funded.lots), lots);
    Ok(())
}

/// Compares what the second market says that it begins with, with what the first one left by its own tape.
fn check_opening(state: &ClosingState, before: &Auditor, opened: &Auditor) -> TestCaseResult {
    let open: BTreeSet<OrderId> = before.orders.keys().copied().collect();
    prop_assert_eq!(&open, &opened.orders.keys().copied().collect::<BTreeSet<_>>());
    for (id, known) in &before.orders {
        let carried = &opened.orders[id];
        prop_assert_eq!((carried.owner, carried.leaves), (known.owner, known.leaves));
    }
    // Where a date has come or a book trades again, its first facts follow at once.
    if state.end == MarketEnd::Stopped {
        prop_assert_eq!(before.queues(), opened.queues());
    }
    // Agents of the scenario are brought back after a day; what that takes is funded, and counted.
    let (cash, lots) = total(before);
    prop_assert_eq!(total(opened), (cash + opened.funded.cash, lots + opened.funded.lots));
    if state.end == MarketEnd::Stopped {
        prop_assert_eq!(opened.funded, Balance::default());
        prop_assert_eq!(&before.balances, &opened.balances);
    }
    Ok(())
}

/// Returns what a state carries that another could be without.
fn carried(state: &ClosingState) -> BTreeSet<&'static str> {
    let mut carried = BTreeSet::new();
    let listing = &state.listings[0];
    let book = listing.book.as_ref().unwrap();
    for order in &book.orders {
        let terms = order.terms;
        carried.insert(terms.kind.name());
        carried.insert(terms.time_in_force.name());
        let names = [
            (order.filled > Quantity::ZERO, "partly filled"),
            (order.hidden > Quantity::ZERO, "hidden"),
            (
                terms.display.is_some_and(|part| order.displayed < part && order.hidden > Quantity::ZERO),
                "part of a part",
            ),
            (matches!(terms.link, Link::Bracket { .. }) && order.filled == Quantity::ZERO, "entry"),
            (matches!(terms.link, Link::Bracket { .. }) && order.filled > Quantity::ZERO, "entry with exits"),
            (matches!(terms.link, Link::ExitOf(_)), "only exit"),
            (matches!(order.place, BookPlace::Trails(Some(_))), "trails"),
            (matches!(order.place, BookPlace::Peg), "parked"),
            (matches!(order.place, BookPlace::Unpriced), "unpriced"),
            (matches!(order.place, BookPlace::ClosingAuction), "for the close"),
        ];
        carried.extend(names.into_iter().filter(|(is_so, _)| *is_so).map(|(_, name)| name));
    }
    let orders = || state.participants.iter().flat_map(|participant| &participant.account.orders);
    let names = [
        (orders().any(|order| order.awaits_entry.is_some()), "waiting exit"),
        (orders().any(|order| order.is_exit && order.awaits_entry.is_none()), "exit"),
        (orders().any(|order| order.partner.is_some() && !order.is_exit), "linked"),
        (listing.halt.is_some_and(|halt| halt.goes_on.is_none()), "halted"),
        (listing.halt.is_some_and(|halt| halt.goes_on.is_some()), "reopening"),
        (state.participants.iter().any(|participant| participant.blocked.is_some()), "blocked"),
    ];
    carried.extend(names.into_iter().filter(|(is_so, _)| *is_so).map(|(_, name)| name));
    carried
}

/// The histories above would prove little if they left nothing.
#[test]
fn histories_leave_everything_that_can_be_left() {
    let mut runner = TestRunner::deterministic();
    let (mut seen, mut trades, mut under_way) = (BTreeSet::new(), 0, 0);
    for _ in 0..150 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let mut world = World::first();
        steps.iter().for_each(|step| world.act(step));
        let state = world.stop(MarketEnd::Stopped);
        seen.extend(carried(&state));
        let carried: BTreeSet<OrderId> =
            state.listings[0].book.iter().flat_map(|book| &book.orders).map(|order| order.id).collect();
        let stopped =
            |fact: &Fact| matches!(fact, Fact::OrderRejected { reason: RejectReason::MarketStopped, .. });
        under_way += world.facts.0.borrow().iter().filter(|(_, fact)| stopped(fact)).count();
        let mut next = World::next(state, world.now, world.sent.clone());
        steps.iter().for_each(|step| next.act(step));
        let of_carried =
            |fact: &Fact| matches!(fact, Fact::Traded(trade) if carried.contains(&trade.maker_order));
        trades += next.facts.0.borrow().iter().filter(|(_, fact)| of_carried(fact)).count();
    }
    let all = [
        "limit",
        "market",
        "market_to_limit",
        "stop",
        "stop_limit",
        "trailing_stop",
        "pegged",
        "GTC",
        "DAY",
        "GTD",
        "at-close",
        "partly filled",
        "hidden",
        "part of a part",
        "entry",
        "entry with exits",
        "only exit",
        "trails",
        "parked",
        "for the close",
        "waiting exit",
        "exit",
        "linked",
        "halted",
        "reopening",
        "blocked",
    ];
    let missing: Vec<_> = all.into_iter().filter(|name| !seen.contains(name)).collect();
    assert!(missing.is_empty(), "nothing was left of {missing:?}, only of {seen:?}");
    assert!(trades > 50, "carried orders trade: {trades}");
    assert!(under_way > 20, "orders were under way: {under_way}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 120 } else { 5_000 }))]

    #[test]
    fn prop_nothing_is_lost_or_made_by_a_stop_within_a_day(steps in steps(), split in any::<prop::sample::Index>()) {
        play(&steps, split.index(steps.len()), MarketEnd::Stopped)?;
    }

    #[test]
    fn prop_nothing_is_lost_or_made_by_the_turn_of_a_day(steps in steps(), split in any::<prop::sample::Index>()) {
        play(&steps, split.index(steps.len()), MarketEnd::DayOver)?;
    }
}
