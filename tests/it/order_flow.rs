//! Order flow from files in LOBSTER's format, replayed into a market: alone, and with other agents.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::rc::Rc;

use bearpit::account::{AccountConfig, Credit};
use bearpit::agents::{
    Desk, FlowReplayer, MakerReference, MarketMaker, MarketMakerConfig, NoiseConfig, NoiseTrader,
    OrderFlowConfig, Wakeups,
};
use bearpit::analysis::RunData;
use bearpit::exchange::MarketBuilder;
use bearpit::market::{
    BookRow, Fact, Fees, Instrument, MessageKind, OrderMessage, OrderTerms, Quote, QuoteLevel, Side,
    SinkError, Stamped, TapeSink, Trade, lobster_ticks,
};
use bearpit::participant::{Instruction, Latencies, ParticipantConfig};
use bearpit::record::{Manifest, StoredRun, Table};
use bearpit::run::{OutputConfig, Run};
use bearpit::scenario::{OrderFlow, Scenario};
use bearpit::units::{InstrumentId, ListingId, Price, Quantity, Seed, SimDuration, SimTime};
use tempfile::TempDir;

use crate::auditor::{Auditor, Sizes};
use crate::cli::{bearpit, run};
use crate::flow::{Generated, generate};
use crate::market::account;

const LISTING: ListingId = ListingId::new(0);
const ACME: InstrumentId = InstrumentId::new(0);

fn midnight() -> SimTime {
    "2025-03-03".parse().unwrap()
}

fn at(second: i64) -> SimTime {
    midnight() + SimDuration::from_secs(34_200 + second)
}

fn acme() -> Instrument {
    Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap()
}

#[derive(Debug, Default)]
struct Seen {
    quotes: Vec<(SimTime, Quote)>,
    trades: Vec<Trade>,
    log: Vec<String>,
}

#[derive(Debug)]
struct Watcher(Rc<RefCell<Seen>>);

impl TapeSink for Watcher {
    fn take(&mut self, stamped: Stamped<'_>) -> Result<(), SinkError> {
        let mut seen = self.0.borrow_mut();
        match stamped.fact {
            Fact::TouchChanged { quote, .. } => seen.quotes.push((stamped.at, *quote)),
            Fact::Traded(trade) => seen.trades.push(*trade),
            Fact::Logged { text, .. } => seen.log.push(text.to_string()),
            _ => {}
        }
        Ok(())
    }
}

impl Seen {
    /// Returns the touch once all of an instant has happened.
    fn touch(&self, time: SimTime) -> Quote {
        let until = self.quotes.partition_point(|(since, _)| *since <= time);
        until.checked_sub(1).map(|last| self.quotes[last].1).unwrap_or_default()
    }
}

/// One day's file: its messages, the book after each, and the book before the first.
struct Day {
    messages: Vec<OrderMessage>,
    rows: Vec<BookRow>,
    initial: BookRow,
}

impl Day {
    fn of(generated: &Generated) -> Self {
        let directory = TempDir::new().unwrap();
        let [messages, book] = ["messages.csv", "book.csv"].map(|name| directory.path().join(name));
        fs::write(&messages, generated.messages.join("\n") + "\n").unwrap();
        fs::write(&book, generated.rows.join("\n") + "\n").unwrap();
        let flow = OrderFlow::load(&messages, &book, None).unwrap();
        let rows: Vec<BookRow> = flow.rows().collect();
        let initial = rows[0].clone().before(&flow.messages()[0]);
        Self { messages: flow.messages().to_vec(), rows, initial }
    }

    /// A day seen through a window that nothing leaves.
    fn wide(seed: u64) -> Self {
        let day = Self::of(&generate(seed, 250, 2_500));
        let has_room = |row: &BookRow| Side::BOTH.iter().all(|side| row.horizon(*side).is_none());
        assert!(day.rows.iter().all(has_room), "nothing is behind the window");
        day
    }

    fn replayer(&self) -> FlowReplayer {
        FlowReplayer::new(OrderFlowConfig {
            listing: LISTING,
            messages: self.messages.clone().into(),
            midnight: midnight(),
            initial: self.initial.clone(),
        })
    }

    /// Returns the visible executions from `start` on, as price, lots and the taker's side.
    fn executions(&self, start: SimTime) -> Vec<(Price, Quantity, Side)> {
        let due = |message: &&OrderMessage| midnight() + message.since_midnight >= start;
        let visible = self.messages.iter().filter(|message| message.kind == MessageKind::Execute);
        let print = |message: &OrderMessage| {
            (lobster_ticks(message.tick_price(), &acme()).unwrap(), message.size, message.side.opposite())
        };
        visible.filter(due).map(print).collect()
    }

    /// Returns each instant with the touch after its last message, from `start` on.
    fn touches(&self, start: SimTime) -> Vec<(SimTime, Quote)> {
        let level =
            |it: &QuoteLevel| QuoteLevel { price: lobster_ticks(it.price, &acme()).unwrap(), size: it.size };
        let first = |side: &[QuoteLevel]| side.first().map(level);
        let mut found: Vec<(SimTime, Quote)> = Vec::new();
        for (message, row) in self.messages.iter().zip(&self.rows) {
            let time = midnight() + message.since_midnight;
            if found.last().is_some_and(|(last, _)| *last == time) {
                found.pop();
            }
            found.push((time, Quote { bid: first(&row.bids), ask: first(&row.asks) }));
        }
        found.retain(|(time, _)| *time >= start);
        found
    }
}

/// A market over ten minutes with a replayer in it.
fn market(start: SimTime, replayer: FlowReplayer) -> (MarketBuilder, Rc<RefCell<Seen>>) {
    let mut builder = MarketBuilder::new(Seed::new(1), start, at(600)).unwrap();
    let acme = builder.instrument(acme(), None);
    builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    let seen = Rc::new(RefCell::new(Seen::default()));
    builder.sink(Box::new(Watcher(Rc::clone(&seen))));
    let terms = AccountConfig { credit: Credit::Unlimited, ..AccountConfig::default() };
    builder.agent("flow", ParticipantConfig::new("order_flow").with_account(terms), replayer).unwrap();
    (builder, seen)
}

fn run_alone(day: &Day, start: SimTime) -> Rc<RefCell<Seen>> {
    let (builder, seen) = market(start, day.replayer());
    builder.open().unwrap().run().unwrap();
    seen
}

fn assert_as_in_file(day: &Day, start: SimTime, seed: u64) {
    let seen = run_alone(day, start);
    let seen = seen.borrow();
    let touches = day.touches(start);
    assert!(touches.len() > 300, "seed {seed}: {}", touches.len());
    for (time, touch) in touches {
        assert_eq!(seen.touch(time), touch, "seed {seed} at {time}");
    }
    let printed: Vec<_> = seen.trades.iter().map(|it| (it.price, it.quantity, it.aggressor)).collect();
    let executions = day.executions(start);
    assert!(executions.len() > 100, "seed {seed}: {}", executions.len());
    assert!(printed == executions, "seed {seed}: {} of {}", printed.len(), executions.len());
    assert!(
        seen.log[0].contains("0 to more than was known, 0 to orders that were over; 0"),
        "{:?}",
        seen.log
    );
}

#[test]
fn alone_the_market_shows_the_files_touch_and_prints_its_executions() {
    for seed in 0..8 {
        assert_as_in_file(&Day::wide(seed), at(0), seed);
    }
}

#[test]
fn a_market_that_opens_later_has_the_book_of_that_time() {
    for seed in 0..4 {
        let day = Day::wide(seed);
        assert_as_in_file(&day, at(20), seed);
        let before = day.messages.partition_point(|it| midnight() + it.since_midnight < at(20));
        assert!(before > 300, "seed {seed}: {before} messages come before the opening");
        assert!(day.messages[..before].iter().any(|it| it.kind == MessageKind::Execute));
    }
}

#[test]
fn through_a_narrow_window_the_market_stays_near_the_file() {
    for seed in 0..8 {
        let day = Day::of(&generate(seed, 5, 2_500));
        let seen = run_alone(&day, at(0));
        let seen = seen.borrow();
        let printed: u64 = seen.trades.iter().map(|trade| trade.quantity.lots()).sum();
        let executions: u64 = day.executions(at(0)).iter().map(|(_, size, _)| size.lots()).sum();
        let touches = day.touches(at(0));
        let equal = touches.iter().filter(|(time, touch)| seen.touch(*time) == *touch).count();
        // The file does not show what happens behind its five levels, and sweeps of tens of levels bring
        // that to the front; so not all can be equal, but nothing may run away either.
        let what = format!(
            "seed {seed}: {printed} of {executions} printed, {equal} of {} touches, {:?}",
            touches.len(),
            seen.log
        );
        println!("{what}");
        assert!(printed <= executions && printed * 100 >= executions * 97, "{what}");
        assert!(equal * 100 >= touches.len() * 70, "{what}");
    }
}

/// A market with the replayer, a maker, a crowd and an auditor; returns the digest.
fn in_company(seed: u64) -> String {
    let day = Day::wide(seed);
    let (mut builder, seen) = market(at(0), day.replayer());
    let (auditor, ledger, sizes) = Auditor::new();
    builder.sink(Box::new(auditor));
    let maker = MarketMakerConfig {
        listing: LISTING,
        reference: MakerReference::Mid,
        half_spread_ticks: 1,
        quantity: Quantity::new(200),
        max_inventory: Quantity::new(5_000),
        skew: 0.5,
        interval: SimDuration::from_millis(200),
    };
    let terms = || account(10_000_000, &[(ACME, 10_000)]);
    builder
        .agent("maker", ParticipantConfig::new("market_maker").with_account(terms()), MarketMaker::new(maker))
        .unwrap();
    for name in ["one", "two", "three"] {
        let noise = NoiseConfig {
            listing: LISTING,
            wakeups: Wakeups::every(SimDuration::from_millis(300)),
            market_share: 0.5,
            max_quantity: Quantity::new(100),
            depth_ticks: 2.0,
            patience: SimDuration::from_secs(5),
        };
        builder
            .agent(name, ParticipantConfig::new("noise").with_account(terms()), NoiseTrader::new(noise))
            .unwrap();
    }
    let mut market = builder.open().unwrap();
    let listings = market.world().domain().listings().copied().collect();
    *sizes.borrow_mut() = Sizes { units: vec![100_000_000], listings };
    market.run().unwrap();
    let ledger = ledger.borrow();
    ledger.check_orders().unwrap();
    assert_eq!(ledger.cash.values().sum::<i128>() + ledger.fees, 0);
    assert_eq!(ledger.lots.values().sum::<i64>(), 0);
    let flow = market.participant("flow").unwrap().id;
    let seen = seen.borrow();
    let mixed = seen.trades.iter().filter(|trade| (trade.maker == flow) != (trade.taker == flow)).count();
    assert!(mixed > 50, "seed {seed}: {mixed} trades between the file and others");
    let count = day.messages.len();
    assert!(seen.log[0].starts_with(&format!("{count} of {count} messages replayed")), "{:?}", seen.log);
    market.digest().to_string()
}

#[test]
fn among_others_nothing_is_lost_and_the_run_repeats() {
    for seed in 1..5 {
        assert_eq!(in_company(seed), in_company(seed));
    }
}

fn message(second: i64, kind: MessageKind, order: u64, size: u64, price: i64) -> OrderMessage {
    let since_midnight = SimDuration::from_secs(34_200 + second);
    OrderMessage { since_midnight, order, size: Quantity::new(size), price, side: Side::Sell, kind }
}

/// Replays messages about offers while a desk has an order in the market; returns the desk's holding, and
/// what was seen.
fn with_a_desk(messages: &[OrderMessage], order: OrderTerms) -> (i64, Rc<RefCell<Seen>>) {
    let config = OrderFlowConfig {
        listing: LISTING,
        messages: messages.into(),
        midnight: midnight(),
        initial: BookRow::default(),
    };
    let (mut builder, seen) = market(at(0), FlowReplayer::new(config));
    builder
        .agent(
            "desk",
            ParticipantConfig::new("desk").with_account(account(1_000_000, &[(ACME, 1_000)])),
            Desk,
        )
        .unwrap();
    let mut market = builder.open().unwrap();
    market.start();
    let desk = market.participant("desk").unwrap().id;
    market.instruct(at(5), desk, Instruction::Submit { listing: LISTING, terms: order }).unwrap();
    market.step(market.close(), u64::MAX).unwrap();
    market.settle().unwrap();
    let holding = market.world().domain().account(desk).unwrap().holding(ACME).lots();
    (holding, seen)
}

#[test]
fn an_execution_hits_whoever_is_first_and_the_displaced_order_goes() {
    let messages = [
        message(1, MessageKind::Add, 7, 100, 1_000_000),
        message(9, MessageKind::Execute, 7, 60, 1_000_000),
        message(10, MessageKind::Execute, 7, 40, 1_000_000),
    ];
    let better = OrderTerms::limit(Side::Sell, Quantity::new(50), Price::new(9_990));
    let (holding, seen) = with_a_desk(&messages, better);
    let seen = seen.borrow();
    assert_eq!(holding, 950, "the better offer is hit first");
    let prints: Vec<_> = seen.trades.iter().map(|it| (it.price.ticks(), it.quantity.lots())).collect();
    assert_eq!(prints, [(9_990, 50), (10_000, 10), (10_000, 40)]);
    let ask = |second| seen.touch(at(second)).ask.map(|level| (level.price.ticks(), level.size.lots()));
    assert_eq!([ask(8), ask(9), ask(10)], [Some((9_990, 50)), Some((10_000, 40)), None]);
}

#[test]
fn messages_about_an_order_that_others_have_taken_are_passed_over() {
    let messages = [
        message(1, MessageKind::Add, 7, 100, 1_000_000),
        message(9, MessageKind::Reduce, 7, 60, 1_000_000),
        message(10, MessageKind::Delete, 7, 40, 1_000_000),
        message(11, MessageKind::Delete, 8, 40, 1_000_000),
        message(12, MessageKind::Add, 9, 5, 1_000_000),
    ];
    let (holding, seen) =
        with_a_desk(&messages, OrderTerms::limit(Side::Buy, Quantity::new(100), Price::new(10_000)));
    assert_eq!(holding, 1_100);
    let seen = seen.borrow();
    assert_eq!(seen.touch(at(13)).ask.map(|level| level.size.lots()), Some(5));
    assert!(
        seen.log[0].contains(
            "1 to orders older than the file, 1 to more than was known, 2 to orders that were over"
        ),
        "{:?}",
        seen.log
    );
}

#[test]
fn an_order_others_took_from_keeps_no_more_than_the_file_says() {
    let messages = [
        message(1, MessageKind::Add, 7, 100, 1_000_000),
        message(9, MessageKind::Reduce, 7, 20, 1_000_000),
        message(10, MessageKind::Reduce, 7, 50, 1_000_000),
        // Two of one instant: the second waits for the answer to the first.
        message(11, MessageKind::Reduce, 7, 10, 1_000_000),
        message(11, MessageKind::Reduce, 7, 10, 1_000_000),
    ];
    let (_, seen) =
        with_a_desk(&messages, OrderTerms::limit(Side::Buy, Quantity::new(30), Price::new(10_000)));
    let seen = seen.borrow();
    let ask = |second| seen.touch(at(second)).ask.map(|level| level.size.lots());
    assert_eq!([ask(8), ask(9), ask(10), ask(11)], [Some(70), Some(70), Some(30), Some(10)]);
}

/// A scenario of one replayed file, beside the file.
struct Checked(TempDir);

const SCENARIO: &str = "[scenario]\nname = \"flow\"\nstart = 2025-03-03T09:30:00\nend = 2025-03-03T09:40:00\n\
    [[instruments]]\nsymbol = \"ACME\"\ntick_size = 0.01\n[[venues]]\nname = \"PIT\"\ninstruments = [\"ACME\"]\n\
    [[agents]]\nkind = \"order_flow\"\nmessages = \"m.csv\"\n";

impl Checked {
    fn new(tail: &str, messages: &str, book: &str) -> Self {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join("flow.toml"), format!("{SCENARIO}{tail}")).unwrap();
        fs::write(directory.path().join("m.csv"), messages).unwrap();
        fs::write(directory.path().join("b.csv"), book).unwrap();
        Self(directory)
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        run(bearpit().current_dir(self.0.path()).args(arguments))
    }

    /// Returns what `bearpit check` finds wrong, as `file:line:column: message`.
    fn faults(&self) -> Vec<String> {
        let (code, stdout, stderr) = self.run(&["check", "flow.toml", "--json"]);
        let outcome: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        let errors = outcome[0]["errors"].as_array().cloned().unwrap_or_default();
        assert_eq!(code, if errors.is_empty() { 0 } else { 2 }, "{stdout}{stderr}");
        let text = |it: &serde_json::Value| {
            format!(
                "{}:{}:{}: {}",
                it["file"].as_str().unwrap(),
                it["line"],
                it["column"],
                it["message"].as_str().unwrap()
            )
        };
        errors.iter().map(text).collect()
    }
}

const MESSAGES: &str = "34200.5,1,7,100,1000000,1\n34200.5,5,0,10,1000050,-1\n34201,3,7,100,1000000,1\n";
const ROWS: &str = "1001000,50,1000000,100\nnever looked at\n";

#[test]
fn a_scenario_replays_a_file_from_check_to_summary() {
    let generated = generate(2, 50, 800);
    let files = Checked::new(
        "initial = \"b.csv\"\ndate = 2025-03-03\n",
        &generated.messages.join("\n"),
        &generated.rows.join("\n"),
    );
    assert_eq!(files.faults(), Vec::<String>::new());
    let (code, _, stderr) = files.run(&["simulate", "flow.toml", "--out", "out", "--json"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(files.0.path().join("out/flow/0/manifest.json").exists());
}

/// A maker that quotes around what the file shows, and is filled by it.
const MAKER: &str = "initial = \"b.csv\"\n[[agents]]\nkind = \"market_maker\"\ncash = 1_000_000\n\
    max_short = { ACME = 1000 }\nhalf_spread = \"0.01\"\nquantity = 100\nmax_inventory = 500\n\
    interval = \"5s\"\nlatency = { entry = \"1ms\" }\n[record]\n";

#[test]
fn orders_of_the_file_have_rows_only_where_asked_for_and_no_figure_depends_on_that() {
    let generated = generate(2, 50, 800);
    let (messages, rows) = (generated.messages.join("\n"), generated.rows.join("\n"));
    let tail = |recorded: bool| format!("{MAKER}replayed_orders = {recorded}\n");
    let files = Checked::new(&tail(false), &messages, &rows);
    let mut runs = Vec::new();
    for recorded in [false, true] {
        fs::write(files.0.path().join("flow.toml"), format!("{SCENARIO}{}", tail(recorded))).unwrap();
        let scenario = Scenario::load(&files.0.path().join("flow.toml"), &[]).unwrap();
        let out = files.0.path().join(if recorded { "with" } else { "without" });
        let finished = Run::of(&scenario).output(OutputConfig::new(&out)).run().unwrap();
        let run = StoredRun::open(&finished.directory.unwrap()).unwrap();
        let mut both = [finished.data, RunData::read(&run).unwrap()];
        let owners = |table: Table| -> BTreeSet<String> {
            let frame = run.table(table).unwrap();
            frame.column("owner").unwrap().str().unwrap().iter().flatten().map(str::to_owned).collect()
        };
        let expected = if recorded { &["market-maker", "order-flow"][..] } else { &["market-maker"] };
        let expected: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!((owners(Table::Orders), owners(Table::Fills)), (expected.clone(), expected));
        assert_eq!(run.manifest().left_out().is_empty(), recorded);
        let page = fs::read_to_string(run.directory().join("report.html")).unwrap();
        assert_eq!(page.contains("are not in the tables"), !recorded);
        // But for what says so, all that was analyzed is the same.
        let empty = Manifest { tables: Vec::new(), replayed_orders: true, ..run.manifest().clone() };
        for data in &mut both {
            assert!(data.accounts[0].fills_total > 10 && data.listings[0].latencies.longest > 0.0);
            data.manifest = Manifest { inputs: String::new(), ..empty.clone() };
        }
        runs.extend(both.map(|data| format!("{data:#?}")));
    }
    assert!(runs.iter().all(|data| *data == runs[0]));
    let (code, stdout, stderr) = files.run(&["compare", "without/flow/0", "with/flow/0"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(stdout.contains("what was replayed by order-flow") && stdout.contains("left out"), "{stdout}");
}

#[test]
fn every_fault_of_a_replayed_file_is_reported_with_its_cell() {
    let files = Checked::new("initial = \"b.csv\"\n", MESSAGES, ROWS);
    assert_eq!(files.faults(), Vec::<String>::new(), "hidden executions may be off tick");
    let bad = "34200.5,1,7,100,1000050,1\n34200.6,1,8,100,1000000,2\n";
    let files = Checked::new("initial = \"b.csv\"\ninitail = 3\n", bad, "1001050,50,1000000,x\n");
    let direction = "m.csv:2:25: direction: `2` must be 1 (the resting order buys) or -1 (it sells)";
    let size = "b.csv:1:20: bid size 1: `x` must be a whole number from 1 to 1099511627776";
    let faults = files.faults();
    assert_eq!(faults[..2], [direction, size]);
    assert!(faults[2].contains("agent 1 has no key `initail`"), "{faults:?}");
    let bad = "34200.5,1,7,100,1000050,1\n34200.6,1,8,100,1000000,1\n34200.7,4,8,50,1000099,1\n";
    let files = Checked::new("initial = \"b.csv\"\n", bad, "1001050,50,1000000,7\n");
    let tick = "which is off tick: it must be a multiple of the tick size 0.01";
    assert_eq!(
        files.faults(),
        [
            format!("m.csv:1:17: price: `1000050` is 100.005, {tick}"),
            format!("m.csv:3:16: price: `1000099` is 100.0099, {tick}"),
            format!("b.csv:1:1: ask price 1: `1001050` is 100.105, {tick}"),
        ]
    );
}

#[test]
fn lots_days_and_missing_files_are_checked() {
    let lots = SCENARIO.replace("tick_size = 0.01", "tick_size = 0.01\nlot_size = 100");
    let files = Checked::new("initial = \"b.csv\"\n", &MESSAGES.replace("1,7,100", "1,7,150"), ROWS);
    fs::write(files.0.path().join("flow.toml"), format!("{lots}initial = \"b.csv\"\n")).unwrap();
    assert_eq!(
        files.faults(),
        [
            "m.csv:1:13: size: `150` must be a multiple of the lot size 100",
            "b.csv:1:9: ask size 1: `50` must be a multiple of the lot size 100",
        ]
    );
    let files = Checked::new("date = 2012-06-21\n", MESSAGES, ROWS);
    let span = "the messages run from 2012-06-21T09:30:00.5 to 2012-06-21T09:30:01, none of them within the \
                scenario's 2025-03-03T09:30:00 to 2025-03-03T09:40:00";
    assert_eq!(files.faults(), [format!("flow.toml:13:12: {span}")]);
    let files = Checked::new("date = 2025-03-03T10:00:00\ninitial = \"none.csv\"\n", MESSAGES, ROWS);
    let faults = files.faults();
    assert!(faults[0].contains("`initial` names `none.csv`, which cannot be read"), "{faults:?}");
    let date = "`date` is 2025-03-03T10:00:00, but must be a date without a time of day, such as 2025-03-03";
    assert!(faults[1].ends_with(date), "{faults:?}");
    fs::write(files.0.path().join("flow.toml"), SCENARIO.replace("messages = \"m.csv\"\n", "")).unwrap();
    assert!(
        files.faults()[0].ends_with("agent 1 has no `messages`, which is required"),
        "{:?}",
        files.faults()
    );
}
