//! How subscriptions wait, fall behind and end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bearpit_core::market::{AccountOpening, Fact, OrderTerms, Phase, Side, Stamped};
use bearpit_core::units::{
    ActorId, ListingId, Money, OrderId, Price, Quantity, SimDuration, SimTime, TradeId,
};

use super::reader::Reader;
use super::recorded::{Recorded, publisher, record, take};
use crate::publication::{
    Channel, CloseReason, Closed, Content, OwnChange, Position, PublicationConfig, Publisher, SubscribeError,
};

const LISTING: ListingId = ListingId::new(1);
/// No wait of a test takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A publisher that is handed facts by hand.
struct Hand {
    publisher: Publisher,
    sequence: u64,
    now: SimTime,
}

impl Hand {
    fn new(events_max: u64) -> Self {
        let config = PublicationConfig { events_max, ..PublicationConfig::default() };
        let mut publisher = Publisher::new(config).unwrap();
        let day = record(0, 50, &[]).day;
        publisher.begin_day(&day);
        Self { publisher, sequence: 0, now: day.open }
    }

    fn take(&mut self, fact: &Fact) {
        self.publisher.take(Stamped { at: self.now, sequence: self.sequence, fact });
        self.sequence += 1;
    }

    fn publish(&mut self) {
        self.publisher.publish(self.now);
    }

    fn accept(&mut self, order: u64, owner: ActorId, ticks: i64) {
        let terms = OrderTerms::limit(Side::Buy, Quantity::new(5), Price::new(ticks));
        let order = OrderId::new(order);
        self.take(&Fact::OrderAccepted { order, owner, listing: LISTING, terms, sent_at: None });
    }

    fn trade(&mut self, number: u64) {
        self.take(&Fact::Traded(bearpit_core::market::Trade {
            id: TradeId::new(number),
            listing: LISTING,
            price: Price::new(9_000),
            quantity: Quantity::new(1),
            aggressor: Side::Sell,
            phase: Phase::Continuous,
            maker_order: OrderId::new(1),
            maker: ActorId::new(70),
            maker_fee: Money::ZERO,
            maker_queue_ahead: Quantity::ZERO,
            taker_order: OrderId::new(2),
            taker: ActorId::new(71),
            taker_fee: Money::ZERO,
            clamped: 0,
        }));
    }

    fn join(&mut self, name: &str) -> ActorId {
        let owner = ActorId::new(500);
        let opening = AccountOpening {
            owner,
            name: name.into(),
            kind: "desk".into(),
            cash: Money::ZERO,
            holdings: Arc::new([]),
        };
        self.take(&Fact::AccountOpened(opening));
        owner
    }
}

#[test]
fn whoever_falls_behind_is_told_where_and_books_go_on() {
    let mut hand = Hand::new(300);
    let anne = hand.join("late");
    hand.publish();
    let publication = hand.publisher.publication().clone();
    let mut trades = Reader::new(&publication, &Channel::Trades(LISTING));
    let mut own = Reader::new(&publication, &Channel::Own("late".into()));
    let mut book = Reader::new(&publication, &Channel::Book(LISTING));
    let mut phases = Reader::new(&publication, &Channel::Phases(LISTING));
    for reader in [&mut trades, &mut own, &mut book, &mut phases] {
        assert_eq!(reader.read_all(), None);
    }
    for number in 0..1_000 {
        hand.trade(number);
        hand.accept(10 + number, anne, 8_000 - i64::try_from(number % 7).unwrap());
        let phase = if number % 2 == 0 { Phase::Halt } else { Phase::Continuous };
        hand.take(&Fact::PhaseChanged { listing: LISTING, phase });
        if number == 9 {
            hand.publish();
            assert_eq!(trades.read_all(), None);
            assert_eq!(trades.learnt.trades.len(), 10);
            assert_eq!(own.read_all(), None);
        }
        if number % 100 == 99 {
            hand.publish();
        }
    }
    let behind = |number| Some(Closed { number, reason: CloseReason::FellBehind });
    assert_eq!(trades.read_all(), behind(10));
    assert_eq!(trades.read_all(), behind(10), "a subscription that is closed stays so");
    // Its first event was that it joined.
    assert_eq!(own.read_all(), behind(11));
    assert_eq!(behind(10).unwrap().to_string(), "closed before update 10: the reader has fallen behind");
    assert_eq!((book.read_all(), phases.read_all()), (None, None));
    assert_eq!(book.learnt.book, publication.snapshot(LISTING).unwrap().book);
    assert_eq!(book.learnt.book.bids.len(), 7);
    assert_eq!(phases.learnt.phase.unwrap().phase, Phase::Continuous);
    // Resumed from there it is refused; started over, it goes on.
    let position = trades.subscription.position();
    let refused = publication.subscribe(&Channel::Trades(LISTING), position).unwrap_err();
    assert_eq!(refused, SubscribeError::StartOver { next: 1_000 });
    let mut own = Reader::new(&publication, &Channel::Own("late".into()));
    assert_eq!(own.read_all(), None);
    assert_eq!(own.learnt.own.orders.len(), 1_000);
}

#[test]
fn a_minute_can_be_resumed_and_the_future_cannot() {
    let mut hand = Hand::new(10_000);
    for number in 0..1_000 {
        hand.now += SimDuration::from_millis(100);
        hand.trade(number);
        hand.publish();
    }
    let publication = hand.publisher.publication().clone();
    let resume = |next| {
        let position = Position { epoch: publication.epoch(), next };
        publication.subscribe(&Channel::Trades(LISTING), Some(position))
    };
    for next in [400, 999, 1_000] {
        let mut subscription = resume(next).unwrap();
        let update = subscription.try_next();
        assert_eq!(update.map(|update| update.unwrap().numbers.start), (next < 1_000).then_some(next));
    }
    for next in [0, 100, 1_001, u64::MAX] {
        assert_eq!(resume(next).unwrap_err(), SubscribeError::StartOver { next: 1_000 });
    }
}

#[test]
fn what_is_taken_is_seen_once_it_is_published() {
    let mut hand = Hand::new(100);
    let publication = hand.publisher.publication().clone();
    let mut subscription = publication.subscribe(&Channel::Trades(LISTING), None).unwrap();
    hand.trade(0);
    assert_eq!(subscription.try_next(), None);
    assert!(publication.snapshot(LISTING).unwrap().trades.is_empty());
    hand.publish();
    assert!(matches!(subscription.try_next(), Some(Ok(update)) if update.numbers == (0..1)));
    assert_eq!(publication.snapshot(LISTING).unwrap().trades.len(), 1);
}

#[test]
fn own_fills_name_nobody_else() {
    let mut hand = Hand::new(100);
    let owner = hand.join("late");
    hand.accept(1, owner, 9_000);
    hand.trade(0);
    hand.publish();
    let publication = hand.publisher.publication().clone();
    let state = publication.own("late").unwrap().state;
    assert_eq!(state.orders[&OrderId::new(1)].leaves, Quantity::new(4));
    let position = Position { epoch: publication.epoch(), next: 2 };
    let mut subscription = publication.subscribe(&Channel::Own("late".into()), Some(position)).unwrap();
    let Content::Own(event) = subscription.try_next().unwrap().unwrap().content else { panic!("no event") };
    let OwnChange::Filled(fill) = event.change else { panic!("{event:?}") };
    assert_eq!((fill.order, fill.side, fill.leaves), (OrderId::new(1), Side::Buy, Quantity::new(4)));
    assert_eq!(subscription.try_next(), None, "the taker's fill is the taker's");
}

#[test]
fn a_blocked_reader_is_woken_by_news_and_by_the_end() {
    let mut hand = Hand::new(100);
    let publication = hand.publisher.publication().clone();
    let mut subscription = publication.subscribe(&Channel::Trades(LISTING), None).unwrap();
    assert_eq!(subscription.next_timeout(Duration::from_millis(5)), None);
    let waits = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&waits);
    let reader = std::thread::spawn(move || {
        seen.store(true, Ordering::SeqCst);
        let mut got = Vec::new();
        loop {
            match subscription.next_timeout(PATIENCE) {
                Some(Ok(update)) => got.push(update.numbers.start),
                Some(Err(closed)) => return (got, closed.reason),
                None => {}
            }
        }
    });
    while !waits.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
    for number in 0..50 {
        hand.trade(number);
        hand.publish();
    }
    drop(hand);
    let (got, reason) = reader.join().unwrap();
    assert_eq!((got, reason), ((0..50).collect(), CloseReason::Ended));
}

#[test]
fn a_task_is_woken_by_its_own_channel_alone() {
    struct Count(std::sync::atomic::AtomicUsize, std::thread::Thread);
    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
            self.1.unpark();
        }
    }

    let mut hand = Hand::new(100);
    let publication = hand.publisher.publication().clone();
    let wakes = [Channel::Trades(LISTING), Channel::Trades(ListingId::new(0))].map(|channel| {
        let count = Arc::new(Count(0.into(), std::thread::current()));
        let mut subscription = publication.subscribe(&channel, None).unwrap();
        let waker = Waker::from(Arc::clone(&count));
        assert_eq!(subscription.poll_next(&mut Context::from_waker(&waker)), Poll::Pending);
        (count, subscription)
    });
    hand.trade(0);
    hand.publish();
    while wakes[0].0.0.load(Ordering::SeqCst) == 0 {
        std::thread::park_timeout(PATIENCE);
    }
    hand.trade(1);
    hand.publish();
    drop(hand.publisher);
    // Both are woken by the end, the first once more only if it waited again.
    let [(first, _), (second, _)] = wakes;
    assert_eq!((first.0.load(Ordering::SeqCst), second.0.load(Ordering::SeqCst)), (1, 1));
}

#[test]
fn an_async_reader_gets_all_of_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let recorded = record(0, 4, &[]);
    let mut publisher = publisher();
    publisher.begin_day(&recorded.day);
    let publication = publisher.publication().clone();
    let readers: Vec<_> =
        (0..20).map(|_| publication.subscribe(&Channel::Trades(LISTING), None).unwrap()).collect();
    let market = std::thread::spawn(move || {
        for step in &recorded.steps {
            take(&mut publisher, step);
            publisher.publish(step.now);
        }
    });
    let count = |mut reader: crate::publication::Subscription| async move {
        let mut next = 0;
        while let Ok(update) = reader.next().await {
            assert_eq!(update.numbers, next..next + 1);
            next += 1;
        }
        next
    };
    let counts = runtime.block_on(async {
        let local = tokio::task::LocalSet::new();
        let tasks: Vec<_> = readers.into_iter().map(|reader| local.spawn_local(count(reader))).collect();
        let all = async {
            let mut counts = Vec::new();
            for task in tasks {
                counts.push(task.await.unwrap());
            }
            counts
        };
        tokio::time::timeout(PATIENCE, local.run_until(all)).await.unwrap()
    });
    market.join().unwrap();
    assert!(counts[0] > 10 && counts.iter().all(|count| *count == counts[0]), "{counts:?}");
}

#[test]
fn readers_in_many_threads_see_whole_states_in_order() {
    let recorded: Recorded = record(0, 1, &[]);
    let mut publisher = publisher();
    publisher.begin_day(&recorded.day);
    let publication = publisher.publication().clone();
    let is_over = Arc::new(AtomicBool::new(false));
    let reader = |_| {
        let (publication, is_over) = (publication.clone(), Arc::clone(&is_over));
        std::thread::spawn(move || {
            let mut reader = Reader::new(&publication, &Channel::Book(LISTING));
            let mut last = 0;
            while !is_over.load(Ordering::SeqCst) {
                let snapshot = publication.snapshot(LISTING).unwrap();
                assert!(snapshot.book_number.unwrap() >= last);
                last = snapshot.book_number.unwrap();
                let is_crossed =
                    snapshot.bid().zip(snapshot.ask()).is_some_and(|(bid, ask)| bid.price >= ask.price);
                assert!(!is_crossed, "a crossed book was seen");
                assert!(publication.book(LISTING).unwrap().next > last);
                assert_eq!(reader.read_all(), None);
            }
            assert_eq!(reader.read_all(), None);
            reader.learnt.book
        })
    };
    let readers: Vec<_> = (0..4).map(reader).collect();
    for _ in 0..3 {
        publisher.begin_day(&recorded.day);
        for step in &recorded.steps {
            take(&mut publisher, step);
            publisher.publish(step.now);
        }
    }
    is_over.store(true, Ordering::SeqCst);
    let expected = publication.snapshot(LISTING).unwrap().book.clone();
    for reader in readers {
        assert_eq!(reader.join().unwrap(), expected);
    }
}
