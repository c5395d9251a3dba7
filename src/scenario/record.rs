//! Reading `[record]`: what is recorded of a run, and how.

use super::read::{self, Read};
use super::section::Section;
use super::tree::{Node, Value};
use crate::record::{BookPlan, Format, RecordPlan, Table, TableSet};
use crate::units::SimDuration;

/// More snapshots of a book than this are not taken in a run.
const SNAPSHOTS_MAX: i64 = 10_000_000;

/// What `[record]` goes by where it says nothing of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings {
    /// How long the scenario lasts.
    pub(super) length: SimDuration,
    pub(super) bar_interval: SimDuration,
    pub(super) sample_interval: SimDuration,
}

impl Default for Surroundings {
    /// What will do where `[scenario]` is wrong, so that the faults of `[record]` are found too.
    fn default() -> Self {
        let minute = SimDuration::from_secs(60);
        Self { length: minute, bar_interval: minute, sample_interval: minute }
    }
}

/// Reads `[record]`, which may be missing.
pub(super) fn record(root: &Section<'_>, around: Surroundings) -> Option<RecordPlan> {
    let usual = RecordPlan {
        bars: vec![around.bar_interval],
        sample_interval: around.sample_interval,
        ..RecordPlan::default()
    };
    let Some(section) = root.table("record", "[record]") else { return Some(usual) };
    let formats = [Format::Parquet, Format::Csv, Format::Ipc].map(|format| (format.extension(), format));
    let format = section.or("format", usual.format, read::one_of(&formats));
    let bars = section.or("bars", usual.bars, list(read::positive_duration, "intervals such as [\"1m\"]"));
    let books = books(&section, around.length);
    let tables = tables(&section);
    section.finish();
    let (bars, tables) = (bars?, tables?);
    Some(RecordPlan { format: format?, bars, books: books?, tables, sample_interval: usual.sample_interval })
}

fn tables(section: &Section<'_>) -> Option<TableSet> {
    let names = Table::ALL.map(|table| (table.name(), table));
    let mut usual = TableSet::usual();
    if section.has("books") {
        usual.insert(Table::Books);
    }
    let chosen = list(read::one_of(&names), "tables such as [\"fills\", \"pnl\"]");
    let tables =
        section.or("tables", usual, |node| chosen(node).map(|tables| tables.into_iter().collect()))?;
    for (key, table) in [("books", Table::Books), ("bars", Table::Bars)] {
        if section.has(key) && !tables.contains(table) {
            let message =
                format!("`{key}` says how the table `{key}` is made, but `tables` does not list it");
            section.complain(key, message, Some(format!("add \"{key}\" to `tables`, or leave `{key}` out")));
            return None;
        }
    }
    Some(tables)
}

fn books(section: &Section<'_>, length: SimDuration) -> Option<BookPlan> {
    let usual = BookPlan::default();
    let Some(table) = section.table("books", "the books of [record]") else {
        return Some(BookPlan { interval: sparse(usual.interval, length), ..usual });
    };
    let interval = table.or("interval", sparse(usual.interval, length), read::step);
    let levels = table.or("levels", 10, read::integer(1, 1_000));
    let snapshots = interval.map(|interval| length.nanos() / interval.nanos());
    if let Some(too_many) = snapshots.filter(|snapshots| *snapshots > SNAPSHOTS_MAX) {
        let least = sparse(SimDuration::from_millis(1), length);
        let message =
            format!("`interval` makes {too_many} snapshots of each book, more than {SNAPSHOTS_MAX}");
        table.complain("interval", message, Some(format!("take at least {least}")));
    }
    table.finish();
    Some(BookPlan { interval: interval?, levels: usize::try_from(levels?).ok()? })
}

/// Returns the least multiple of an interval at which there are not too many snapshots.
fn sparse(interval: SimDuration, length: SimDuration) -> SimDuration {
    let snapshots = length.nanos() / interval.nanos().max(1);
    SimDuration::from_nanos(interval.nanos().saturating_mul(snapshots / SNAPSHOTS_MAX + 1))
}

/// A list of what `item` reads, without what was there already.
fn list<T: PartialEq>(
    item: impl Fn(&Node) -> Read<T>,
    wanted: &'static str,
) -> impl Fn(&Node) -> Read<Vec<T>> {
    move |node| {
        let Value::List(items) = &node.value else {
            return Err(format!("is {}, but must be a list of {wanted}", node.kind()));
        };
        let mut found = Vec::new();
        for node in items {
            let value = item(node).map_err(|why| format!("has an item that {why}"))?;
            if found.contains(&value) {
                return Err(format!("has {} twice", node.shown()));
            }
            found.push(value);
        }
        Ok(found)
    }
}
