//! What subscribers receive, when, and that no other actor is affected.

use std::cell::RefCell;
use std::rc::Rc;

use actix::{Actor, Handler};
use bearpit::exchange::{ListingConfig, Market, MarketBuilder};
use bearpit::kernel::{LatencyModel, Wakeup};
use bearpit::market::{
    Bar, BarInterval, Cell, ExecutionReport, Fact, Finite, Ladders, OrderTerms, Phase, Side, SinkError,
    Stamped, TapeSink, VisibleBook,
};
use bearpit::participant::{
    Context, Feed, FeedError, Instruction, Latencies, MarketData, ParticipantConfig, Update,
};
use bearpit::units::{ListingId, Price, Quantity, SimDuration, SimTime};

use crate::market::{account, crowd, desks, open};

const LISTING: ListingId = ListingId::new(0);
/// What the feed of every listener takes.
const LAG: SimDuration = SimDuration::from_millis(3);

/// When something arrived, and what.
type Heard = Rc<RefCell<Vec<(SimTime, MarketData)>>>;

/// Subscribes after a while, and records the market data it receives.
struct Listener {
    feeds: Vec<Feed>,
    after: SimDuration,
    heard: Heard,
}

impl Actor for Listener {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        if self.after.is_zero() {
            self.subscribe(ctx);
        } else {
            ctx.wake_after(self.after, 0);
        }
    }
}

impl Listener {
    fn subscribe(&self, ctx: &mut Context) {
        for feed in &self.feeds {
            ctx.subscribe(LISTING, *feed).unwrap();
            assert_eq!(ctx.subscribe(ListingId::new(9), *feed), Err(FeedError::UnknownListing));
        }
    }
}

impl Handler<Wakeup> for Listener {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.subscribe(ctx);
    }
}

impl Handler<MarketData> for Listener {
    type Result = ();

    fn handle(&mut self, data: MarketData, ctx: &mut Context) {
        self.heard.borrow_mut().push((ctx.now(), data));
    }
}

bearpit::ignore_messages!(Listener: ExecutionReport);

fn listen(builder: &mut MarketBuilder, name: &str, feeds: &[Feed], after: SimDuration) -> Heard {
    let heard = Heard::default();
    let listener = Listener { feeds: feeds.to_vec(), after, heard: Rc::clone(&heard) };
    let latencies = Latencies { feed: LatencyModel::Constant(LAG), ..Latencies::NONE };
    builder
        .agent(
            name,
            ParticipantConfig::new("listener").with_account(account(0, &[])).with_latencies(latencies),
            listener,
        )
        .unwrap();
    heard
}

fn bars(heard: &Heard) -> Vec<(SimTime, Bar)> {
    let heard = heard.borrow();
    let bar = |(at, data): &(SimTime, MarketData)| match data.update {
        Update::Bar(bar) => Some((*at, bar)),
        _ => None,
    };
    heard.iter().filter_map(bar).collect()
}

fn books(heard: &Heard) -> Vec<(SimTime, Ladders)> {
    let heard = heard.borrow();
    let book = |(_, data): &(SimTime, MarketData)| match &data.update {
        Update::Book(ladders) => Some((data.at, Ladders::clone(ladders))),
        _ => None,
    };
    heard.iter().filter_map(book).collect()
}

type Facts = Rc<RefCell<Vec<(SimTime, Fact)>>>;

/// Notes all facts.
struct Witness(Facts);

impl TapeSink for Witness {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        self.0.borrow_mut().push((stamped.at, stamped.fact.clone()));
        Ok(())
    }
}

fn witness(builder: &mut MarketBuilder) -> Facts {
    let facts = Facts::default();
    builder.sink(Box::new(Witness(Rc::clone(&facts))));
    facts
}

fn finished(builder: MarketBuilder) -> Market {
    let mut market = builder.open().unwrap();
    market.run().unwrap();
    market
}

const ALL: [Feed; 8] = [
    Feed::Quotes,
    Feed::Trades,
    Feed::Phases,
    Feed::Indicative,
    Feed::Bars(BarInterval::of(SimDuration::from_secs(60))),
    Feed::Bars(BarInterval::of(SimDuration::from_millis(100))),
    Feed::Bars(BarInterval::of(SimDuration::from_secs(7))),
    Feed::Book(5),
];

#[test]
fn who_only_listens_changes_no_fact() {
    let mut market = crowd(3, 90);
    listen(&mut market, "ear", &ALL, SimDuration::ZERO);
    listen(&mut market, "late ear", &ALL, SimDuration::from_secs(30));
    assert_eq!(finished(market).digest(), {
        let mut deaf = crowd(3, 90);
        listen(&mut deaf, "ear", &[], SimDuration::ZERO);
        listen(&mut deaf, "late ear", &[], SimDuration::from_secs(30));
        finished(deaf).digest()
    });
}

/// Sums up trades in a way of its own.
fn summed(facts: &[(SimTime, Fact)], span: SimDuration) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    for (at, fact) in facts {
        let Fact::Traded(trade) = fact else { continue };
        if trade.listing != LISTING {
            continue;
        }
        let midnight = at.floor_to(SimDuration::from_secs(86_400));
        let start =
            midnight + SimDuration::from_nanos((*at - midnight).nanos() / span.nanos() * span.nanos());
        let (price, volume) = (trade.price, trade.quantity);
        match bars.last_mut().filter(|bar| bar.start == start) {
            Some(bar) => {
                bar.high = bar.high.max(price);
                bar.low = bar.low.min(price);
                bar.close = price;
                bar.volume = bar.volume.map(|so_far| so_far + volume);
            }
            None => bars.push(Bar {
                interval: span.into(),
                start,
                end: start + span,
                open: price,
                high: price,
                low: price,
                close: price,
                volume: Some(volume),
            }),
        }
    }
    bars
}

#[test]
fn bars_of_any_interval_come_at_its_end_and_are_whole() {
    let mut builder = crowd(5, 120);
    let recorded = SimDuration::from_secs(10);
    builder.bar_interval(recorded);
    let facts = witness(&mut builder);
    let spans = [SimDuration::from_millis(250), SimDuration::from_secs(7), recorded];
    let feeds = spans.map(|span| Feed::Bars(span.into()));
    let heard = listen(&mut builder, "ear", &feeds, SimDuration::ZERO);
    let late = listen(&mut builder, "late ear", &feeds, SimDuration::from_millis(50_100));
    let close = finished(builder).close();
    let facts = facts.borrow();
    for span in spans {
        let of_span = |heard: &Heard| -> Vec<(SimTime, Bar)> {
            bars(heard).into_iter().filter(|(_, bar)| bar.interval == span.into()).collect()
        };
        let received = of_span(&heard);
        // The venue's leg of the feed takes 100us.
        let travel = LAG + SimDuration::from_micros(100);
        assert!(received.iter().all(|(at, bar)| *at == bar.end + travel), "{span}");
        let mut expected = summed(&facts, span);
        expected.retain(|bar| bar.end + travel <= close);
        assert!(expected.len() > 10, "{} bars of {span}", expected.len());
        assert_eq!(received.iter().map(|(_, bar)| *bar).collect::<Vec<_>>(), expected);
        // A late subscriber gets the same, except the bar in progress; a recorded interval has that too.
        let asked = open() + SimDuration::from_millis(50_100);
        expected.retain(|bar| if span == recorded { bar.end > asked } else { bar.start > asked });
        assert_eq!(of_span(&late).iter().map(|(_, bar)| *bar).collect::<Vec<_>>(), expected, "{span}");
    }
    let published = facts.iter().filter_map(|(_, fact)| match fact {
        Fact::BarClosed { listing, bar } if *listing == LISTING => Some(*bar),
        _ => None,
    });
    assert!(published.eq(summed(&facts, recorded).into_iter().filter(|bar| bar.end <= close)));
}

#[test]
fn a_book_is_sent_as_the_tape_has_it_and_only_when_it_changed() {
    let mut builder = crowd(8, 60);
    let facts = witness(&mut builder);
    let heard = listen(&mut builder, "ear", &[Feed::Book(4)], SimDuration::ZERO);
    let late = listen(&mut builder, "late ear", &[Feed::Book(4)], SimDuration::from_secs(20));
    finished(builder);
    let received = books(&heard);
    assert!(received.len() > 100, "{} books", received.len());
    assert!(received.windows(2).all(|pair| pair[0].1 != pair[1].1), "each is another");
    assert!(received.iter().all(|(_, book)| book.bids.len() <= 4 && book.asks.len() <= 4));
    // What the tape shows at the end of each instant is what was sent last.
    let mut shown = VisibleBook::new(LISTING);
    let facts = facts.borrow();
    for (index, (at, fact)) in facts.iter().enumerate() {
        shown.follow(fact);
        if facts.get(index + 1).is_none_or(|(next, _)| next > at) {
            let known = received.partition_point(|(then, _)| then <= at);
            let last = known.checked_sub(1).map(|last| received[last].1.clone()).unwrap_or_default();
            // What was sent just before the end is still on its way.
            if received.last().is_some_and(|(then, _)| at <= then) {
                assert_eq!(shown.ladders(4), last, "at {at}");
            }
        }
    }
    // A late subscriber knows the same from the first command on.
    let late = books(&late);
    let joined = received.len() - late.len();
    assert_eq!(late[1..], received[joined + 1..]);
    assert_eq!(late[0].1, received[joined].1);
    assert!(late[0].0 >= received[joined].0);
}

fn submit(market: &mut Market, second: i64, desk: &str, terms: OrderTerms) {
    let id = market.participant(desk).unwrap().id;
    let at = open() + SimDuration::from_secs(second);
    market.instruct(at, id, Instruction::Submit { listing: LISTING, terms }).unwrap();
}

#[test]
fn phases_indicative_prices_and_trades_with_their_phase_are_sent() {
    let mut builder = desks(60);
    let second = |second| open() + SimDuration::from_secs(second);
    let schedule = vec![(second(0), Phase::OpeningAuction), (second(10), Phase::Continuous)];
    builder.listing_config(LISTING, ListingConfig { schedule, ..ListingConfig::default() });
    let feeds = [Feed::Phases, Feed::Indicative, Feed::Trades, Feed::Book(1)];
    let heard = listen(&mut builder, "ear", &feeds, SimDuration::ZERO);
    let mut market = builder.open().unwrap();
    market.start();
    let limit = |side, lots, ticks| OrderTerms::limit(side, Quantity::new(lots), Price::new(ticks));
    submit(&mut market, 1, "a", limit(Side::Buy, 5, 10_000));
    submit(&mut market, 2, "b", limit(Side::Sell, 3, 10_000));
    submit(&mut market, 20, "b", limit(Side::Sell, 1, 10_000));
    while market.step(market.close(), u64::MAX).unwrap() == bearpit::kernel::StepEnd::Budget {}
    let heard = heard.borrow();
    let received: Vec<String> = heard
        .iter()
        .map(|(at, data)| {
            assert_eq!(*at, data.at + LAG);
            let update = match &data.update {
                Update::Phase(phase) => format!("phase {phase}"),
                Update::Indicative(indicative) => match indicative {
                    Some((price, volume)) => format!("indicative {volume} at {price}"),
                    None => "indicative none".to_owned(),
                },
                Update::Trade { price, quantity, aggressor, phase } => {
                    format!("{aggressor} {quantity} at {price} in {phase}")
                }
                Update::Book(ladders) => format!("bid {:?}", ladders.bids.first().map(|it| it.size.lots())),
                other => format!("{other:?}"),
            };
            format!("{}s {update}", (data.at - open()).nanos() / 1_000_000_000)
        })
        .collect();
    assert_eq!(
        received,
        [
            "2s indicative 3 at 10000",
            "10s sell 3 at 10000 in opening_auction",
            "10s phase continuous",
            "10s bid Some(2)",
            "10s indicative none",
            "20s sell 1 at 10000 in continuous",
            "20s bid Some(1)",
        ]
    );
}

/// Reads the timetable every five seconds, and records it in a series, a table and a log.
struct ClockWatcher;

impl Actor for ClockWatcher {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        ctx.wake_after(SimDuration::ZERO, 0);
    }
}

impl Handler<Wakeup> for ClockWatcher {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        let next = ctx.next_phase(LISTING);
        let left = next.map_or(f64::NAN, |(at, _)| (at - ctx.now()).secs_f64());
        ctx.plot("left", left);
        let phase = next.map_or_else(|| "none".into(), |(_, phase)| phase.name().into());
        ctx.record(
            "next",
            vec![("phase".into(), Cell::Text(phase)), ("any".into(), Cell::Bool(next.is_some()))],
        );
        ctx.wake_after(SimDuration::from_secs(5), 0);
    }
}

bearpit::ignore_messages!(ClockWatcher: ExecutionReport, MarketData);

#[test]
fn the_timetable_is_known_and_what_a_strategy_gives_is_on_the_tape() {
    let mut builder = desks(20);
    let second = |second| open() + SimDuration::from_secs(second);
    let schedule =
        vec![(second(0), Phase::PreOpen), (second(8), Phase::Continuous), (second(15), Phase::Closed)];
    builder.listing_config(LISTING, ListingConfig { schedule, ..ListingConfig::default() });
    let facts = witness(&mut builder);
    builder
        .agent("watcher", ParticipantConfig::new("watcher").with_account(account(0, &[])), ClockWatcher)
        .unwrap();
    finished(builder);
    let facts = facts.borrow();
    let left = facts.iter().filter_map(|(_, fact)| match fact {
        Fact::Plotted { value, series, .. } if **series == *"left" => Some(value.map(Finite::get)),
        _ => None,
    });
    // At second 15 the venue has closed the book before the watcher, who asked later, looks.
    assert_eq!(left.collect::<Vec<_>>(), [Some(8.0), Some(3.0), Some(5.0), None, None]);
    let phases = facts.iter().filter_map(|(_, fact)| match fact {
        Fact::Recorded { table, row, .. } if **table == *"next" => Some(row[0].1.clone()),
        _ => None,
    });
    let named = ["continuous", "continuous", "closed", "none", "none"].map(|name| Cell::Text(name.into()));
    assert_eq!(phases.collect::<Vec<_>>(), named);
}
