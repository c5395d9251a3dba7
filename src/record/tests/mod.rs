//! Recording and reading back, in every format; the directory; damaged runs.

mod documented;
mod many_rows;
mod row_builder;
mod trips;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use polars_core::prelude::{AnyValue, DataFrame};
use tempfile::TempDir;

use super::{
    BookSnapshotConfig, BookSummary, Format, Manifest, Names, OpenError, Output, RecordConfig, Recorder,
    RunDir, RunLabel, StoredRun, Table, TableSet, TableSummary,
};
use bearpit_core::market::{
    AccountMark, AccountOpening, AuctionEnd, AuctionEvent, AuctionLot, CancelReason, Cell, Consideration,
    CorporateAction, ExpiryReason, Fact, Finite, Funding, Instrument, Listing, MarkCause, OrderKind,
    OrderTerms, Phase, Quote, QuoteLevel, Reference, Refusal, RejectReason, Side, Stamped, TapeSink, Trade,
    TrailingDistance, Transfer,
};
use bearpit_core::units::{
    ActorId, AuctionId, InstrumentId, ListingId, Money, NetQuantity, OrderId, Price, ProposalId, Quantity,
    Seed, SimDuration, SimTime, TradeId, VenueId,
};

const LISTING: ListingId = ListingId::new(0);
/// When orders left their owners: 70 microseconds before the run begins.
const SENT: SimTime = SimTime::from_nanos(START.nanos() - 70_000);
const ANNE: ActorId = ActorId::new(0);
const BEN: ActorId = ActorId::new(1);

fn names() -> Names {
    let instrument = Instrument::new("ACME", "0.01".parse().unwrap(), "0.1".parse().unwrap()).unwrap();
    let listing = Listing {
        instrument: InstrumentId::new(0),
        venue: VenueId::new(0),
        exchange: ActorId::new(9),
        reference: None,
        replay: None,
    };
    Names {
        actors: vec!["anne".into(), "ben, \"the\" second".into()],
        instruments: vec![instrument],
        venues: vec!["PIT".into()],
        listings: vec![listing],
        tracked: vec![BEN],
        openings: vec![(BEN, InstrumentId::new(0), NetQuantity::new(25))],
    }
}

fn terms(side: Side, lots: u64, ticks: i64) -> OrderTerms {
    OrderTerms::limit(side, Quantity::new(lots), Price::new(ticks))
}

fn trailing(lots: u64, distance: TrailingDistance) -> OrderTerms {
    let kind = OrderKind::TrailingStop { distance, protection: None };
    OrderTerms::new(Side::Buy, Quantity::new(lots), kind)
}

pub(super) fn accepted(order: u64, owner: ActorId, terms: OrderTerms) -> Fact {
    Fact::OrderAccepted { order: OrderId::new(order), owner, listing: LISTING, terms, sent_at: Some(SENT) }
}

pub(super) fn trade(id: u64, maker: u64, taker: u64, lots: u64, ticks: i64) -> Fact {
    Fact::Traded(Trade {
        id: TradeId::new(id),
        listing: LISTING,
        price: Price::new(ticks),
        quantity: Quantity::new(lots),
        aggressor: Side::Sell,
        phase: Phase::Continuous,
        maker_queue_ahead: Quantity::new(7),
        maker_order: OrderId::new(maker),
        maker: ANNE,
        maker_fee: Money::from_units(-1),
        taker_order: OrderId::new(taker),
        taker: BEN,
        taker_fee: Money::from_units(12_345_678_901_234_567_890),
        clamped: 0,
    })
}

fn plotted(series: &str, value: f64) -> Fact {
    Fact::Plotted { actor: BEN, series: series.into(), value: Finite::new(value) }
}

fn recorded(table: &str, row: &[(&str, Cell)]) -> Fact {
    let row = row.iter().map(|(column, cell)| ((*column).into(), cell.clone())).collect();
    Fact::Recorded { actor: BEN, table: table.into(), row }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

fn float(value: f64) -> Cell {
    Cell::Float(Finite::new(value))
}

/// What Anne holds after a fill.
fn mark() -> AccountMark {
    AccountMark {
        owner: ANNE,
        instrument: InstrumentId::new(0),
        position: NetQuantity::new(-15),
        mark_half_ticks: Some(20_003),
        cost: Money::from_whole(-150),
        realized: Money::from_units(-12_345),
        unrealized: Money::from_units(7),
        fees: Money::ZERO,
        cash: Money::from_whole(1_000_000_000_000),
        equity: Money::from_units(1),
        total_realized: Money::from_units(-12_345),
        total_unrealized: Money::from_units(7),
        cause: MarkCause::Fill,
    }
}

/// The life of several orders, and one of every other fact of the market that has a row.
fn market_facts() -> Vec<Fact> {
    let (order, listing) = (OrderId::new, LISTING);
    let level = |ticks, lots| Some(QuoteLevel { price: Price::new(ticks), size: Quantity::new(lots) });
    vec![
        accepted(1, ANNE, terms(Side::Buy, 30, 10_001)),
        Fact::TouchChanged { listing, quote: Quote { bid: level(10_001, 30), ask: None } },
        accepted(2, BEN, terms(Side::Sell, 10, 10_000)),
        trade(0, 1, 2, 10, 10_001),
        Fact::OrderReplaced {
            order: order(1),
            listing,
            price: Price::new(10_003),
            leaves: Quantity::new(20),
            kept_priority: false,
        },
        accepted(3, BEN, terms(Side::Sell, 5, 10_003)),
        trade(1, 1, 3, 5, 10_003),
        Fact::OrderCanceled {
            order: order(1),
            listing,
            quantity: Quantity::new(15),
            reason: CancelReason::Requested,
        },
        Fact::OrderRejected {
            order: order(4),
            owner: BEN,
            listing,
            terms: trailing(7, TrailingDistance::BasisPoints(250)),
            sent_at: SENT,
            reason: RejectReason::NoLiquidity,
        },
        Fact::OrderRefused {
            owner: BEN,
            listing,
            terms: trailing(8, TrailingDistance::Ticks(50)),
            reason: Refusal::NoReferencePrice,
        },
        // An exit, which nobody sent.
        Fact::OrderAccepted {
            order: order(5),
            owner: ANNE,
            listing,
            terms: terms(Side::Buy, 1, 9_000),
            sent_at: None,
        },
        Fact::OrderExpired {
            order: order(5),
            listing,
            quantity: Quantity::new(1),
            reason: ExpiryReason::VenueClosed,
        },
        Fact::CommandRejected { order: order(5), owner: ANNE, listing, reason: RejectReason::UnknownOrder },
        Fact::AuctionUncrossed { listing, price: Price::new(10_001), volume: Quantity::new(10) },
        Fact::PhaseChanged { listing, phase: Phase::Halt },
        Fact::PhaseChanged { listing, phase: Phase::Continuous },
        Fact::AccountFinanced { owner: ANNE, interest: Money::from_units(5), borrow: Money::from_units(2) },
        Fact::AccountMarked(mark()),
        Fact::AccountMarked(AccountMark { cause: MarkCause::Sample, ..mark() }),
        Fact::AccountRuined { owner: BEN, equity: Money::from_units(-3) },
        Fact::MarginCalled { owner: ANNE, equity: Money::from_units(4), maintenance: Money::from_units(9) },
        Fact::MarginCallEnded { owner: ANNE, equity: Money::from_units(2) },
        // Ben is flat, of what he held at the start.
        trade(2, 8, 9, 10, 10_000),
        Fact::CorporateAction { listing, action: CorporateAction::Dividend(Money::from_units(1)) },
        Fact::Logged { actor: ANNE, text: "a, \"quoted\"\nline".into() },
    ]
}

/// An auction in which nobody is accepted.
fn auction_facts() -> Vec<Fact> {
    vec![
        Fact::Auction(AuctionEvent::Offered {
            auction: AuctionId::new(1),
            owner: BEN,
            lot: AuctionLot { instrument: InstrumentId::new(0), quantity: Quantity::new(4) },
            deadline: START.saturating_add(SimDuration::from_secs(3_000)),
        }),
        Fact::Auction(AuctionEvent::Proposed {
            auction: AuctionId::new(1),
            proposal: ProposalId::new(1),
            owner: BEN,
            proposer: ANNE,
            consideration: Consideration::Cash(Money::from_units(7)),
        }),
        Fact::Auction(AuctionEvent::Ended {
            auction: AuctionId::new(1),
            owner: BEN,
            why: AuctionEnd::Expired,
        }),
    ]
}

/// What a strategy plots and records.
fn strategy_output() -> Vec<Fact> {
    vec![
        plotted("ema", 100.25),
        plotted("ema", f64::NAN),
        recorded("entries", &[("why", text("cross, \"up\"")), ("bars", Cell::Int(i64::MAX))]),
        recorded("entries", &[]),
        recorded("exits", &[("won", Cell::Bool(true)), ("lost", Cell::Bool(false))]),
        recorded("entries", &[("edge", float(-0.5)), ("none", float(f64::INFINITY)), ("why", text(""))]),
    ]
}

fn facts() -> Vec<Fact> {
    [market_facts(), strategy_output(), auction_facts()].concat()
}

const START: SimTime = SimTime::from_nanos(1_740_994_200_000_000_000);

fn label() -> RunLabel {
    let end = START.saturating_add(SimDuration::from_secs(3_600));
    RunLabel { scenario: "a quiet, long day".into(), seed: Seed::new(u64::MAX), start: START, end }
}

fn plan(format: Format) -> RecordConfig {
    let books = BookSnapshotConfig { interval: SimDuration::from_secs(3), levels: 2 };
    RecordConfig { format, tables: TableSet::all(), books, ..RecordConfig::default() }
}

/// Records facts, one each second and a half.
fn record(directory: &Path, plan: &RecordConfig, facts: &[Fact]) -> Vec<TableSummary> {
    let (mut recorder, recording) =
        Recorder::start(Output::Directory(directory), plan, label(), names(), ()).unwrap();
    for (sequence, fact) in (0..).zip(facts) {
        let at = SimTime::from_nanos(START.nanos() + i64::try_from(sequence).unwrap() * 1_500_000_001);
        recorder.take(Stamped { at, sequence, fact }).unwrap();
    }
    drop(recorder);
    let recorded = recording.finish().unwrap();
    assert_eq!(recorded.open_orders, 0);
    recorded.tables
}

fn manifest(format: Format, tables: Vec<TableSummary>) -> Manifest {
    Manifest {
        layout: Manifest::VERSION,
        bearpit: "0".into(),
        scenario: "test".into(),
        seed: 1,
        start: "2025-03-03T09:30:00".parse().unwrap(),
        end: "2025-03-03T10:30:00".parse().unwrap(),
        digest: String::new(),
        inputs: String::new(),
        changes: Vec::new(),
        events: 0,
        facts: 0,
        trades: 0,
        bar_interval: SimDuration::from_secs(60).into(),
        sample_interval: SimDuration::from_secs(60),
        periods_per_year: None,
        benchmark: None,
        format,
        floats: false,
        tables,
        not_recorded: Vec::new(),
        order_replays: Vec::new(),
        replayed_orders: false,
        bars: vec![SimDuration::from_secs(60).into()],
        books: Some(BookSummary { interval: SimDuration::from_secs(3), levels: 2 }),
        instruments: Vec::new(),
        venues: vec!["PIT".into()],
        replays: Vec::new(),
        charges: Vec::new(),
        accounts: Vec::new(),
    }
}

fn stored(format: Format) -> (TempDir, StoredRun) {
    let directory = TempDir::new().unwrap();
    let tables = record(directory.path(), &plan(format), &facts());
    let run = StoredRun::assemble(directory.path(), manifest(format, tables));
    (directory, run)
}

/// Returns a row as text, a null as nothing; without the labels.
fn row(frame: &DataFrame, row: usize) -> String {
    let cell = |value: AnyValue<'_>| match value {
        AnyValue::Null => String::new(),
        AnyValue::Datetime(nanos, ..) | AnyValue::DatetimeOwned(nanos, ..) => {
            SimTime::from_nanos(nanos).to_string()
        }
        AnyValue::Decimal(units, ..) => Money::from_units(units).to_string(),
        AnyValue::Float64(value) => format!("{value:?}"),
        other => other.str_value().to_string(),
    };
    let own = frame.width() - 2;
    let cells = frame.columns().iter().take(own).map(|column| cell(column.get(row).unwrap()));
    let cells: Vec<String> = cells.collect();
    cells.join("|")
}

#[test]
fn every_format_gives_back_the_same_tables() {
    let (_keep, parquet) = stored(Format::Parquet);
    for format in [Format::Csv, Format::Ipc] {
        let (_keep, other) = stored(format);
        for table in Table::ALL {
            let (expected, found) = (parquet.table(table).unwrap(), other.table(table).unwrap());
            assert!(found.equals_missing(&expected), "{format} {}: {found} not {expected}", table.name());
        }
    }
}

#[test]
fn money_is_exact_and_absence_is_null() {
    let (_keep, run) = stored(Format::Parquet);
    let fills = run.table(Table::Fills).unwrap();
    assert_eq!(
        row(&fills, 0),
        "2025-03-03T09:30:04.500000003|0|1|2|anne|PIT|ACME|buy|maker|continuous|100.01|1.0|0.7|-0.0000000001||2025-03-03T09:30:00"
    );
    assert_eq!(
        row(&fills, 1),
        "2025-03-03T09:30:04.500000003|0|2|1|ben, \"the\" second|PIT|ACME|sell|taker|continuous|100.01|1.0||1234567890.123456789||2025-03-03T09:30:03.000000002"
    );
    let quotes = run.table(Table::Quotes).unwrap();
    assert_eq!(row(&quotes, 0), "2025-03-03T09:30:01.500000001|PIT|ACME|100.01|3.0||");
    let pnl = run.table(Table::Pnl).unwrap();
    let expected = "anne|ACME|-1.5|100.015|100.0|-0.0000012345|0.0000000007|0.00|0.0000000003|1000000000000.00|0.0000000001|fill";
    assert!(row(&pnl, 0).ends_with(expected), "{}", row(&pnl, 0));
}

#[test]
fn an_order_has_one_row_at_its_end() {
    let (_keep, run) = stored(Format::Parquet);
    let orders = run.table(Table::Orders).unwrap();
    let endings: Vec<String> = (0..orders.height())
        .map(|index| {
            let cells: Vec<String> = row(&orders, index).split('|').map(str::to_owned).collect();
            [0, 7, 9, 10, 11, 14, 16, 17, 18, 19, 20].map(|cell| cells[cell].as_str()).join(" ")
        })
        .collect();
    assert_eq!(
        endings,
        [
            "2 100.0   1.0 3000070002 1.0 100.01 0 filled ",
            "3 100.03   0.5 7500070005 0.5 100.03 0 filled ",
            "1 100.03   3.0 70000 1.5 100.01666666666667 1 canceled requested",
            "4   2.5 0.7 12000070008 0.0  0 rejected no_liquidity",
            "  0.5  0.8  0.0  0 refused no_reference_price",
            "5 90.0   0.1  0.0  0 expired venue_closed",
        ]
    );
}

#[test]
fn what_strategies_give_is_recorded_as_it_is_and_what_is_no_number_is_null() {
    let (_keep, run) = stored(Format::Parquet);
    let without_time = |table| {
        let frame = run.table(table).unwrap();
        let cells = |index| row(&frame, index).split_once('|').unwrap().1.to_owned();
        (0..frame.height()).map(cells).collect::<Vec<_>>()
    };
    let ben = |rows: &[&str]| -> Vec<String> {
        rows.iter().map(|row| format!("ben, \"the\" second|{row}")).collect()
    };
    assert_eq!(without_time(Table::Series), ben(&["ema|100.25", "ema|"]));
    assert_eq!(
        without_time(Table::Records),
        ben(&[
            "entries|0|why|text||cross, \"up\"",
            "entries|0|bars|int|9.223372036854776e18|9223372036854775807",
            "exits|0|won|bool|1.0|",
            "exits|0|lost|bool|0.0|",
            "entries|2|edge|float|-0.5|",
            "entries|2|none|float||",
            "entries|2|why|text||",
        ])
    );
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    for format in [Format::Parquet, Format::Csv, Format::Ipc] {
        let ((one, _), (two, _)) = (stored(format), stored(format));
        for table in Table::ALL {
            let name = format!("{}.{}", table.name(), format.extension());
            // A table without rows has no file.
            let read = |directory: &TempDir| fs::read(directory.path().join(&name)).ok();
            assert!(read(&one) == read(&two), "{name}");
        }
    }
}

/// How many rows a table has of a run without facts: what accounts begin with.
fn opening(table: Table) -> usize {
    usize::from(table == Table::Positions)
}

#[test]
fn tables_without_rows_have_their_columns() {
    for format in [Format::Parquet, Format::Csv, Format::Ipc] {
        let directory = TempDir::new().unwrap();
        let tables = record(directory.path(), &plan(format), &[]);
        let run = StoredRun::assemble(directory.path(), manifest(format, tables));
        for table in Table::ALL {
            assert_eq!(run.table(table).unwrap().height(), opening(table), "{format} {}", table.name());
            let file = directory.path().join(format!("{}.{}", table.name(), format.extension()));
            assert_eq!(file.exists(), opening(table) > 0, "{format} {}", table.name());
        }
    }
}

#[test]
fn pieces_add_up_to_the_whole() {
    let directory = TempDir::new().unwrap();
    let many: Vec<Fact> = (0..200_000).map(|number| trade(number, 1, 2, 1, 10_000)).collect();
    let tables = record(directory.path(), &plan(Format::Parquet), &many);
    let run = StoredRun::assemble(directory.path(), manifest(Format::Parquet, tables));
    let mut seen = Vec::new();
    run.visit(Table::Trades, &["trade_id"], |frame| {
        seen.extend(frame.column("trade_id")?.u64()?.iter().flatten());
        Ok(())
    })
    .unwrap();
    assert!(seen.into_iter().eq(0..200_000));
}

#[test]
fn a_result_is_there_when_it_is_whole_and_not_before() {
    let out = TempDir::new().unwrap();
    let seed = Seed::new(1);
    let mut directory = RunDir::create(out.path(), "test", seed, false).unwrap();
    assert!(directory.path().ends_with("test/1.partial"));
    let tables = record(directory.path(), &plan(Format::Parquet), &facts());
    let target = directory.publish(&manifest(Format::Parquet, tables)).unwrap();
    assert!(target.ends_with("test/1"));
    assert!(StoredRun::open(&target).unwrap().table(Table::Fills).is_ok());

    let refused = RunDir::create(out.path(), "test", seed, false).unwrap_err().to_string();
    assert!(refused.contains("test/1: a result already exists"), "{refused}");

    let second = RunDir::create(out.path(), "test", seed, true).unwrap();
    drop(second);
    assert!(StoredRun::open(&target).is_ok(), "a run that came to nothing leaves the old result");
    assert!(!out.path().join("test/1.partial").exists());

    let mut third = RunDir::create(out.path(), "test", seed, true).unwrap();
    third.write("mark", b"new").unwrap();
    let tables = record(third.path(), &plan(Format::Parquet), &[]);
    third.publish(&manifest(Format::Parquet, tables)).unwrap();
    assert!(target.join("mark").exists() && !out.path().join("test/1.replaced").exists());
}

#[test]
fn what_is_no_finished_run_is_said_to_be_none() {
    let out = TempDir::new().unwrap();
    let open = |path: &Path| StoredRun::open(path).unwrap_err();
    assert!(matches!(open(&out.path().join("none")), OpenError::NoDirectory(_)));
    assert!(matches!(open(out.path()), OpenError::NoManifest(_)));
    for (text, expected) in [
        ("{", "cannot be read"),
        ("{}", "it has no `layout`"),
        ("{\"layout\": 99}", "layout 99, but this bearpit reads layout 6"),
        ("{\"layout\": 5}", "layout 5, but this bearpit reads layout 6"),
        ("{\"layout\": 6}", "it has no `bearpit`"),
    ] {
        fs::write(out.path().join("manifest.json"), text).unwrap();
        let error = open(out.path()).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn a_damaged_table_is_an_error_that_names_its_file() {
    for format in [Format::Parquet, Format::Csv, Format::Ipc] {
        let (directory, run) = stored(format);
        let path = directory.path().join(format!("orders.{}", format.extension()));
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let error = run.table(Table::Orders).unwrap_err().to_string();
        assert!(error.contains("orders.") && error.contains("run the scenario again"), "{error}");
        fs::remove_file(&path).unwrap();
        assert!(run.table(Table::Orders).is_err());
        assert!(run.visit(Table::Orders, &["order_id"], |_| Ok(())).is_err());
    }
}

#[test]
fn a_directory_that_cannot_be_written_is_an_error() {
    let nowhere = Output::Directory(Path::new("/nowhere"));
    let (mut recorder, recording) =
        Recorder::start(nowhere, &plan(Format::Parquet), label(), names(), ()).unwrap();
    // Its file is made with its first row.
    let fact = trade(0, 1, 2, 1, 10_000);
    recorder.take(Stamped { at: START, sequence: 0, fact: &fact }).unwrap();
    drop(recorder);
    let error = recording.finish().unwrap_err().to_string();
    assert!(error.contains("/nowhere/") && error.contains(".parquet: cannot be written"), "{error}");
}
