//! Participants that join while a market runs: their rows, their analysis, their line in the manifest.

use std::path::Path;

use bearpit::account::AccountConfig;
use bearpit::agents::Desk;
use bearpit::analysis::{AccountData, RunAnalysis, RunData};
use bearpit::exchange::Market;
use bearpit::kernel::{ActorFactory, ActorSpec, FactoryError, SimActor};
use bearpit::market::{Funding, OrderTerms, Reference, Side, TimeInForce, Transfer};
use bearpit::participant::{Instruction, MarketState, ParticipantConfig, Request, RequestKind, Trader};
use bearpit::record::{Format, Manifest, Names, Output, Recorder, RunLabel, StoredRun, Table, TableSet};
use bearpit::run::describe;
use bearpit::scenario::Scenario;
use bearpit::units::{InstrumentId, ListingId, Money, NetQuantity, Price, Quantity, SimTime};
use tempfile::TempDir;

const ACME: InstrumentId = InstrumentId::new(0);

/// Builds desks only.
struct Desks;

impl ActorFactory<MarketState> for Desks {
    fn build(&mut self, _: &str, _: &ActorSpec) -> Result<Box<dyn SimActor<MarketState>>, FactoryError> {
        Ok(Box::new(Trader(Desk)))
    }
}

fn time(text: &str) -> SimTime {
    format!("2025-03-03T{text}").parse().unwrap()
}

fn request(market: &mut Market, at: &str, kind: RequestKind) {
    market.request(time(at), Request { tag: None, kind }).unwrap();
    market.step(time(at), u64::MAX).unwrap();
}

fn join(market: &mut Market, at: &str, name: &str, shares: u64, tracked: bool) {
    let account = AccountConfig {
        cash: Money::from_whole(100_000),
        holdings: (shares > 0).then_some((ACME, Quantity::new(shares))).into_iter().collect(),
        tracked,
        ..AccountConfig::default()
    };
    let config = ParticipantConfig::new("desk").with_account(account);
    request(market, at, RequestKind::Join { name: name.to_owned(), spec: ActorSpec::new("desk"), config });
}

/// Trades at once with the book, at any price.
fn trade(market: &mut Market, at: &str, name: &str, side: Side, lots: u64) {
    let participant = market.participant(name).unwrap().id;
    let limit = Price::new(if side == Side::Buy { 10_500 } else { 9_500 });
    let terms = OrderTerms::limit(side, Quantity::new(lots), limit).with(TimeInForce::Ioc);
    let instruction = Instruction::Submit { listing: ListingId::new(0), terms };
    request(market, at, RequestKind::Instruct { participant, instruction });
}

fn fund(market: &mut Market, at: &str, name: &str, transfer: Transfer) {
    let participant = market.participant(name).unwrap().id;
    let funding = Funding { transfer, reference: Reference::new("wire 1").unwrap() };
    request(market, at, RequestKind::Fund { participant, funding });
}

/// A quarter of an hour of quickstart, which three desks join.
struct Late {
    _keep: TempDir,
    manifest: Manifest,
    running: RunData,
    stored: StoredRun,
}

fn run(act: impl FnOnce(&mut Market)) -> Late {
    let end = "scenario.end=2025-03-03T09:45:00".parse().unwrap();
    let mut scenario = Scenario::load(Path::new("scenarios/quickstart.toml"), &[end]).unwrap();
    scenario.record.tables = TableSet::all();
    scenario.record.format = Format::Csv;
    let mut builder = scenario.lay_out().unwrap();
    builder.factory(Desks);
    let mut market = builder.open().unwrap();
    let names = Names::of(market.world());
    let Scenario { ref name, seed, start, end, .. } = scenario;
    let label = RunLabel { scenario: name.clone(), seed, start, end };
    let analysis = RunAnalysis::new(&names, &label, &scenario.record);
    let out = TempDir::new().unwrap();
    let output = Output::Directory(out.path());
    let (recorder, recording) = Recorder::start(output, &scenario.record, label, names, analysis).unwrap();
    market.add_sink(Box::new(recorder));
    market.start();
    act(&mut market);
    market.step(market.close(), u64::MAX).unwrap();
    market.settle().unwrap();
    drop(market.take_sinks());
    let recorded = recording.finish().unwrap();
    let mut manifest = describe(&scenario, &market, &scenario.record, recorded.tables);
    manifest.format = Format::Csv;
    let running = recorded.sink.finish(manifest.clone()).unwrap();
    let stored = StoredRun::assemble(out.path(), manifest.clone());
    Late { _keep: out, manifest, running, stored }
}

/// Nora joins with cash, sells nothing that she has not bought; olga joins with shares that count what they
/// are worth then; pia is not tracked.
fn three_join(market: &mut Market) {
    market.step(time("09:33:10"), u64::MAX).unwrap();
    join(market, "09:33:10", "nora", 0, true);
    trade(market, "09:33:20", "nora", Side::Buy, 100);
    join(market, "09:35:00", "olga", 300, true);
    join(market, "09:35:00", "pia", 50, false);
    trade(market, "09:36:00", "nora", Side::Buy, 50);
    trade(market, "09:36:00", "olga", Side::Sell, 120);
    trade(market, "09:37:00", "pia", Side::Sell, 10);
    trade(market, "09:40:30", "olga", Side::Sell, 180);
    trade(market, "09:41:00", "nora", Side::Sell, 150);
}

impl Late {
    /// Returns the rows of one owner, without scenario and seed.
    fn rows(&self, table: Table, owner: &str) -> Vec<Vec<String>> {
        let frame = self.stored.table(table).unwrap();
        let owners = frame.column("owner").unwrap().str().unwrap();
        let places = owners.iter().enumerate().filter(|(_, it)| *it == Some(owner)).map(|(place, _)| place);
        let cell = |name: &str, place: usize| frame.column(name).unwrap().get(place).unwrap().to_string();
        places.map(|place| table.columns().map(|name| cell(name, place)).collect()).collect()
    }

    /// Returns a column of the rows of one owner.
    fn column(&self, table: Table, owner: &str, name: &str) -> Vec<String> {
        let place = table.columns().position(|it| it == name).unwrap();
        self.rows(table, owner).into_iter().map(|row| row[place].clone()).collect()
    }

    fn summary(&self, owner: &str) -> &bearpit::record::AccountSummary {
        self.manifest.accounts.iter().find(|it| it.owner == owner).unwrap()
    }
}

fn account<'a>(data: &'a RunData, owner: &str) -> &'a AccountData {
    data.accounts.iter().find(|it| it.summary.owner == owner).unwrap()
}

#[test]
fn rows_of_a_late_participant_carry_its_name() {
    let run = run(three_join);
    for (owner, fills) in [("nora", 3), ("olga", 2), ("pia", 1)] {
        assert_eq!(run.rows(Table::Orders, owner).len(), fills, "{owner}");
        assert!(run.rows(Table::Fills, owner).len() >= fills, "{owner}");
        let trades = run.stored.table(Table::Trades).unwrap();
        let takers = trades.column("taker").unwrap().str().unwrap();
        assert!(takers.iter().filter(|it| *it == Some(owner)).count() >= fills, "{owner}");
    }
    let trades = run.stored.table(Table::Trades).unwrap();
    for side in ["maker", "taker"] {
        assert_eq!(trades.column(side).unwrap().null_count(), 0, "everyone who trades has a name");
    }
}

#[test]
fn holdings_follow_the_opening_of_a_late_account() {
    let run = run(three_join);
    assert_eq!(run.column(Table::Positions, "nora", "position"), ["100.0", "150.0", "0.0"]);
    assert_eq!(run.column(Table::Positions, "olga", "position"), ["300.0", "180.0", "0.0"]);
    assert_eq!(run.column(Table::Positions, "pia", "position"), ["50.0", "40.0"]);
    let marks = run.column(Table::Pnl, "olga", "position");
    assert_eq!(marks.first().map(String::as_str), Some("300.0"), "marked from its opening on");
    assert!(run.rows(Table::Pnl, "pia").is_empty(), "not tracked");
}

#[test]
fn the_manifest_lists_late_accounts_with_what_they_brought() {
    let run = run(three_join);
    let owners: Vec<&str> = run.manifest.accounts.iter().map(|it| it.owner.as_str()).collect();
    assert!(owners.ends_with(&["nora", "olga"]), "{owners:?}");
    let olga = run.summary("olga");
    assert_eq!(olga.initial_holdings.len(), 1);
    // Its shares count what they were worth when it joined, and not at the first mark of the run.
    assert_eq!(olga.initial_equity, olga.initial_cash + olga.initial_holdings[0].cost);
    let last = run.column(Table::Pnl, "olga", "realized").pop().unwrap();
    assert_eq!(account(&run.running, "olga").trips_total, 1);
    let realized = account(&run.running, "olga").metrics.get("realized_average_cost").unwrap();
    assert!(
        (realized - last.parse::<f64>().unwrap()).abs() < 1e-6,
        "{realized}, but the account says {last}"
    );
}

#[test]
fn the_running_analysis_of_late_accounts_is_that_of_the_files() {
    let run = run(three_join);
    let stored = RunData::read(&run.stored).unwrap();
    assert_eq!(account(&run.running, "nora").fills_total, account(&stored, "nora").fills_total);
    assert_eq!(format!("{:#?}", run.running), format!("{stored:#?}"));
}

#[test]
fn funding_moves_holdings_and_is_no_profit() {
    let run = run(|market| {
        market.step(time("09:33:00"), u64::MAX).unwrap();
        join(market, "09:33:00", "nora", 0, true);
        fund(market, "09:34:00", "nora", Transfer::Cash(Money::from_whole(5_000)));
        let shares = Transfer::Shares { instrument: ACME, quantity: NetQuantity::new(40) };
        fund(market, "09:35:30", "nora", shares);
        fund(market, "09:38:00", "nora", Transfer::Cash(Money::from_whole(-1_000)));
        trade(market, "09:40:00", "nora", Side::Sell, 40);
    });
    assert_eq!(run.column(Table::Positions, "nora", "position"), ["40.0", "0.0"]);
    let nora = run.summary("nora");
    let gained = nora.final_equity - nora.initial_equity;
    assert!(gained > Money::from_whole(7_000), "4,000 in cash and 40 shares came in: {gained}");
    let last = run.column(Table::Pnl, "nora", "realized").pop().unwrap();
    let realized: f64 = last.parse().unwrap();
    assert!((nora.profit.to_f64() - (realized - nora.fees.to_f64())).abs() < 1e-6, "{} {last}", nora.profit);
    assert_eq!(format!("{:?}", run.running), format!("{:?}", RunData::read(&run.stored).unwrap()));
}
