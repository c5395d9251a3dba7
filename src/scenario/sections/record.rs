//! Reading `[record]`: what is recorded of a run, and how.

use crate::record::{BookSnapshotConfig, Format, RecordConfig, Table, TableSet, WriterThread};
use crate::scenario::document::readers::{Read, ValueError};
use crate::scenario::document::{Node, Section, Value, readers};
use bearpit_core::market::BarInterval;
use bearpit_core::units::{Decimal, SimDuration};

/// The largest number of snapshots of a book in a run.
const SNAPSHOTS_MAX: i64 = 10_000_000;

/// The values of `[scenario]` from which the defaults of `[record]` follow.
#[derive(Debug, Clone, Copy)]
pub(in crate::scenario) struct RecordDefaults {
    /// How long the scenario lasts.
    pub(in crate::scenario) length: SimDuration,
    pub(in crate::scenario) bar_interval: BarInterval,
    pub(in crate::scenario) sample_interval: SimDuration,
    pub(in crate::scenario) periods_per_year: Option<Decimal>,
}

impl Default for RecordDefaults {
    /// Values for a `[scenario]` with errors, so that the errors of `[record]` are reported too.
    fn default() -> Self {
        let minute = SimDuration::from_secs(60);
        Self { length: minute, bar_interval: minute.into(), sample_interval: minute, periods_per_year: None }
    }
}

/// Reads `[record]`, which may be missing.
pub(in crate::scenario) fn record(root: &Section<'_>, defaults: RecordDefaults) -> Option<RecordConfig> {
    let default = RecordConfig {
        bars: vec![defaults.bar_interval],
        bar_interval: defaults.bar_interval,
        sample_interval: defaults.sample_interval,
        periods_per_year: defaults.periods_per_year,
        ..RecordConfig::default()
    };
    let Some(section) = root.table("record", "[record]") else { return Some(default) };
    let formats = [Format::Parquet, Format::Csv, Format::Ipc].map(|format| (format.extension(), format));
    let format = section.or("format", default.format, readers::one_of(&formats));
    let bars = section.or("bars", default.bars, list(readers::bar_interval, "intervals such as [\"1m\"]"));
    let books = books(&section, defaults.length);
    let tables = tables(&section);
    let replayed_orders = section.or("replayed_orders", false, readers::flag);
    section.finish();
    let anchor = defaults.bar_interval.anchor();
    let bars = bars?.into_iter().map(|interval| interval.anchored(anchor));
    Some(RecordConfig {
        format: format?,
        floats: false,
        bars: bars.collect(),
        bar_interval: default.bar_interval,
        books: books?,
        tables: tables?,
        sample_interval: default.sample_interval,
        periods_per_year: default.periods_per_year,
        benchmark: None,
        order_replays: Vec::new(),
        replayed_orders: replayed_orders?,
        thread: WriterThread::default(),
    })
}

fn tables(section: &Section<'_>) -> Option<TableSet> {
    let names = Table::ALL.map(|table| (table.name(), table));
    let mut default = TableSet::usual();
    if section.has("books") {
        default.insert(Table::Books);
    }
    let chosen = list(readers::one_of(&names), "tables such as [\"fills\", \"pnl\"]");
    let tables =
        section.or("tables", default, |node| chosen(node).map(|tables| tables.into_iter().collect()))?;
    for (key, table) in [("books", Table::Books), ("bars", Table::Bars)] {
        if section.has(key) && !tables.contains(table) {
            let message =
                format!("`{key}` says how the table `{key}` is made, but `tables` does not list it");
            section.report(key, message, Some(format!("add \"{key}\" to `tables`, or leave `{key}` out")));
            return None;
        }
    }
    Some(tables)
}

fn books(section: &Section<'_>, length: SimDuration) -> Option<BookSnapshotConfig> {
    let default = BookSnapshotConfig::default();
    let Some(table) = section.table("books", "the books of [record]") else {
        return Some(BookSnapshotConfig { interval: sparse(default.interval, length), ..default });
    };
    let interval = table.or("interval", sparse(default.interval, length), readers::step);
    let levels = table.or("levels", 10, readers::integer(1, 1_000));
    let snapshots = interval.map(|interval| length.nanos() / interval.nanos());
    if let Some(too_many) = snapshots.filter(|snapshots| *snapshots > SNAPSHOTS_MAX) {
        let least = sparse(SimDuration::from_millis(1), length);
        let message =
            format!("`interval` makes {too_many} snapshots of each book, more than {SNAPSHOTS_MAX}");
        table.report("interval", message, Some(format!("take at least {least}")));
    }
    table.finish();
    Some(BookSnapshotConfig { interval: interval?, levels: usize::try_from(levels?).ok()? })
}

/// Returns the least multiple of an interval at which there are not too many snapshots.
fn sparse(interval: SimDuration, length: SimDuration) -> SimDuration {
    let snapshots = length.nanos() / interval.nanos().max(1);
    SimDuration::from_nanos(interval.nanos().saturating_mul(snapshots / SNAPSHOTS_MAX + 1))
}

/// A list of distinct values, each read by `item`.
fn list<T: PartialEq>(
    item: impl Fn(&Node) -> Read<T>,
    wanted: &'static str,
) -> impl Fn(&Node) -> Read<Vec<T>> {
    move |node| {
        let Value::List(items) = &node.value else {
            return Err(ValueError::new(format!("is {}, but must be a list of {wanted}", node.kind())));
        };
        let mut found = Vec::new();
        for node in items {
            let value = item(node).map_err(|error| ValueError::new(format!("has an item that {error}")))?;
            if found.contains(&value) {
                return Err(ValueError::new(format!("has {} twice", node.shown())));
            }
            found.push(value);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::scenario::Scenario;

    const MARKET: &str = "[scenario]\nname = \"t\"\nstart = 2025-03-03\nend = 2025-03-04\nbars = \"5m\"\n\
                          [[instruments]]\nsymbol = \"ACME\"\ntick_size = \"0.01\"\n\
                          [[venues]]\nname = \"PIT\"\ninstruments = [\"ACME\"]\n";

    fn load(record: &str) -> Result<RecordConfig, Vec<String>> {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("t.toml");
        fs::write(&path, format!("{MARKET}{record}")).unwrap();
        let scenario = Scenario::load(&path, &[]);
        scenario.map(|scenario| scenario.record).map_err(|found| vec![found.render(false)])
    }

    #[test]
    fn defaults_apply_to_what_is_not_given() {
        let plan = load("").unwrap();
        let five_minutes: BarInterval = SimDuration::from_secs(300).into();
        assert_eq!(
            plan,
            RecordConfig { bars: vec![five_minutes], bar_interval: five_minutes, ..RecordConfig::default() }
        );
        assert_eq!(load("[record]\n").unwrap(), plan);
    }

    #[test]
    fn each_key_says_what_it_says() {
        let plan = load(
            "[record]\ntables = [\"fills\", \"bars\", \"books\"]\nbars = [\"1s\", \"1d\"]\nformat = \"ipc\"\n\
             books = { interval = \"250ms\", levels = 3 }\n",
        );
        let plan = plan.unwrap();
        assert_eq!(plan.tables, [Table::Fills, Table::Bars, Table::Books].into_iter().collect());
        assert_eq!(plan.bars, [1, 86_400].map(|secs| SimDuration::from_secs(secs).into()));
        assert_eq!((plan.format, plan.books.levels), (Format::Ipc, 3));
        assert_eq!(plan.books.interval, SimDuration::from_millis(250));
        assert!(!plan.replayed_orders && load("[record]\nreplayed_orders = true").unwrap().replayed_orders);
        let books = load("[record]\nbooks = {}\n").unwrap();
        assert!(books.tables.contains(Table::Books) && books.tables.contains(Table::Fills));
    }

    #[test]
    fn bars_are_counted_from_the_anchor_of_the_scenario() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("t.toml");
        let market = MARKET.replace("bars = \"5m\"", "bars = \"1mo\"\nanchor = \"9h30m\"");
        fs::write(&path, format!("{market}[record]\nbars = [\"1h\", \"1q\"]\n")).unwrap();
        let scenario = Scenario::load(&path, &[]).unwrap();
        let anchor = SimDuration::from_secs(34_200);
        let interval = |text: &str| text.parse::<BarInterval>().unwrap().anchored(anchor);
        assert_eq!(scenario.bar_interval, interval("1mo"));
        assert_eq!(scenario.record.bars, [interval("1h"), interval("1q")]);
        for (faulty, expected) in [
            ("anchor = \"24h\"", "`anchor` is `24h`, but must be below 24h"),
            ("bars = \"1mon\"", "`1mon` is not an interval such as"),
        ] {
            let market = market.replace("anchor = \"9h30m\"", "").replace("bars = \"1mo\"", faulty);
            fs::write(&path, market).unwrap();
            let found = Scenario::load(&path, &[]).unwrap_err().render(false);
            assert!(found.contains(expected), "{found}");
        }
    }

    #[test]
    fn each_fault_says_what_is_allowed() {
        for (record, expected) in [
            (
                "tables = [\"fils\"]",
                "`tables` has an item that is `fils`, which does not exist; did you mean `fills`?",
            ),
            ("tables = [\"fills\", \"fills\"]", "`tables` has `fills` twice"),
            ("tables = \"fills\"", "must be a list of tables such as [\"fills\", \"pnl\"]"),
            ("tables = [\"fills\"]\nbooks = {}", "`tables` does not list it"),
            ("tables = [\"fills\"]\nbars = [\"1m\"]", "add \"bars\" to `tables`, or leave `bars` out"),
            ("bars = [\"0s\"]", "`bars` has an item that is `0s`, but must be above 0"),
            ("bars = [1]", "lacks a unit"),
            ("format = \"parket\"", "did you mean `parquet`?"),
            ("books = { levels = 0 }", "`levels` is 0, but must be a whole number from 1 to 1000"),
            ("books = { interval = \"1us\" }", "must be at least 1ms"),
            (
                "books = { interval = \"5ms\" }",
                "`interval` makes 17280000 snapshots of each book, more than 10000000",
            ),
            ("books = { depth = 5 }", "the books of [record] has no key `depth`"),
            ("replayed_orders = 1", "`replayed_orders` is a whole number (`1`), but must be true or false"),
            ("every = 5", "[record] has no key `every`"),
        ] {
            let found = load(&format!("[record]\n{record}\n")).unwrap_err().join("\n");
            assert!(found.contains(expected), "{record}: {found}");
        }
    }

    #[test]
    fn the_default_snapshots_are_never_too_many() {
        let second = SimDuration::from_secs(1);
        assert_eq!(sparse(second, SimDuration::from_secs(86_400)), second);
        let decade = SimDuration::from_secs(3_650 * 86_400);
        let interval = sparse(second, decade);
        assert!(decade.nanos() / interval.nanos() <= SNAPSHOTS_MAX, "{interval}");
    }
}
