//! Tables of many pieces and row groups, whichever thread writes them.

use super::*;
use crate::record::WriterThread;

/// Quotes, trades and marks of which some columns never change, some repeat, and some have other values in
/// each row; with gaps. More rows than a row group has.
fn many() -> Vec<Fact> {
    let mut facts = Vec::new();
    for number in 0..40_000_u64 {
        let listing = LISTING;
        let ticks = 10_000 + i64::try_from(number * number % 97).unwrap();
        let level = |ticks, lots| Some(QuoteLevel { price: Price::new(ticks), size: Quantity::new(lots) });
        // One side is absent for a piece and a half, then now and then.
        let bid = level(ticks, number % 5_000 + 1).filter(|_| number > 6_000 && number % 7 != 0);
        facts.push(Fact::TouchChanged { listing, quote: Quote { bid, ask: level(ticks + 1, 3) } });
        if number % 3 == 0 {
            let (maker, taker) = (2 * number, 2 * number + 1);
            facts.push(accepted(maker, ANNE, terms(Side::Buy, 1 + number % 4, ticks)));
            facts.push(accepted(taker, BEN, terms(Side::Sell, 1 + number % 4, ticks)));
            facts.push(trade(number, maker, taker, 1 + number % 4, ticks));
        }
        if number % 4 == 0 {
            // Cash repeats at first, so that its pages are numbered before they are not.
            let cash =
                Money::from_units(i128::from(if number < 12_000 { number % 8 } else { number }) - 20_000);
            let mark = AccountMark { cash, equity: Money::from_units(-i128::from(number) * 7), ..mark() };
            facts.push(Fact::AccountMarked(mark));
        }
    }
    facts
}

fn plan_of(format: Format, thread: WriterThread) -> RecordConfig {
    let tables = [Table::Orders, Table::Fills, Table::Trades, Table::Quotes, Table::Pnl];
    RecordConfig { tables: tables.into_iter().collect(), thread, ..plan(format) }
}

fn stored_many(format: Format, thread: WriterThread, facts: &[Fact]) -> (TempDir, StoredRun) {
    let directory = TempDir::new().unwrap();
    let tables = record(directory.path(), &plan_of(format, thread), facts);
    let run = StoredRun::assemble(directory.path(), manifest(format, tables));
    (directory, run)
}

/// The rows as they are in memory: nothing is encoded there.
fn in_memory(facts: &[Fact]) -> Vec<(Table, DataFrame)> {
    let plan = plan_of(Format::Parquet, WriterThread::Market);
    let (mut recorder, recording) = Recorder::start(Output::Frames, &plan, label(), names(), ()).unwrap();
    for (sequence, fact) in (0..).zip(facts) {
        let at = SimTime::from_nanos(START.nanos() + i64::try_from(sequence).unwrap() * 1_500_000_001);
        recorder.take(Stamped { at, sequence, fact }).unwrap();
    }
    drop(recorder);
    recording.finish().unwrap().frames
}

#[test]
fn many_rows_read_back_as_they_were_from_each_format_and_thread() {
    let facts = many();
    let expected = in_memory(&facts);
    assert!(expected.iter().any(|(_, frame)| frame.height() == 40_000), "more than a row group");
    for (format, thread) in [
        (Format::Parquet, WriterThread::Own),
        (Format::Parquet, WriterThread::Market),
        (Format::Csv, WriterThread::Market),
        (Format::Ipc, WriterThread::Own),
    ] {
        let (_keep, run) = stored_many(format, thread, &facts);
        for (table, expected) in &expected {
            let found = run.table(*table).unwrap();
            assert!(found.equals_missing(expected), "{format} {}", table.name());
            let columns: Vec<&str> = expected.get_column_names().iter().map(|name| name.as_str()).collect();
            let mut pieces = run.pieces(*table, &columns).unwrap();
            let (mut rows, mut count) = (DataFrame::empty_with_schema(expected.schema()), 0);
            while let Some(piece) = pieces.read_next().unwrap() {
                rows.vstack_mut(&piece).unwrap();
                count += 1;
            }
            let is_cut = count > 1 || expected.height() < 16_384;
            assert!(rows.equals_missing(expected) && is_cut, "{format} {} by {count}", table.name());
        }
    }
}

#[test]
fn files_are_the_same_whichever_thread_writes_them() {
    let facts = many();
    let (own, _run) = stored_many(Format::Parquet, WriterThread::Own, &facts);
    let (market, _run) = stored_many(Format::Parquet, WriterThread::Market, &facts);
    for table in ["orders", "fills", "trades", "quotes", "pnl"] {
        let bytes =
            |directory: &TempDir| fs::read(directory.path().join(format!("{table}.parquet"))).unwrap();
        assert!(bytes(&own) == bytes(&market), "{table}");
    }
}

#[test]
fn what_cannot_be_written_is_an_error_on_the_thread_of_the_market_too() {
    let missing = Path::new("/nowhere/at/all");
    let plan = plan_of(Format::Parquet, WriterThread::Market);
    let output = Output::Directory(missing);
    let (mut recorder, recording) = Recorder::start(output, &plan, label(), names(), ()).unwrap();
    let facts = many();
    let taken = (0..)
        .zip(&facts)
        .try_for_each(|(sequence, fact)| recorder.take(Stamped { at: START, sequence, fact }));
    assert!(taken.unwrap_err().to_string().contains("cannot be written"));
    assert!(recorder.flush().is_err());
    drop(recorder);
    assert!(recording.finish().unwrap_err().to_string().contains("/nowhere/at/all"));
}
