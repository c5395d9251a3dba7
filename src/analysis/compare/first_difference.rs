//! The tables of two runs, side by side: the first row of each that differs.

use polars_core::prelude::{AnyValue, ChunkCompareEq, Column, DataFrame, PolarsResult};
use thiserror::Error;

use crate::record::{Manifest, OpenError, Pieces, StoredRun, Table};
use bearpit_core::units::{Money, SimTime};

/// A table of two runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableComparison {
    /// Which.
    pub table: Table,
    /// What came of comparing it.
    pub verdict: TableVerdict,
}

/// What came of comparing a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableVerdict {
    /// All rows are the same, so many.
    Same(u64),
    /// A row differs.
    Differs(Box<FirstDifference>),
    /// It was recorded differently, so that a difference of rows would not mean that different things
    /// happened.
    Incomparable(RecordedDifferently),
}

/// How the recordings of a table differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RecordedDifferently {
    /// One of the runs does not have it.
    #[error("it was not recorded in {}", if *.is_first { "A" } else { "B" })]
    Missing {
        /// Whether that is the first run, A.
        is_first: bool,
    },
    /// One of the runs has money as doubles.
    #[error("only one of the runs has money as doubles")]
    Floats,
    /// Its rows were taken at other times.
    #[error("it was recorded at other intervals")]
    Intervals,
    /// Only one of the runs has the orders of an agent that replays order flow.
    #[error("only one of the runs has the orders of a replay")]
    ReplayedOrders,
}

impl TableVerdict {
    pub(super) fn first_difference(&self) -> Option<&FirstDifference> {
        match self {
            Self::Differs(difference) => Some(difference),
            Self::Same(_) | Self::Incomparable(_) => None,
        }
    }
}

/// The first row of a table that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstDifference {
    /// Its number, from 1.
    pub row: u64,
    /// Its time; the earlier one where the times differ.
    pub at: SimTime,
    /// What each column is called.
    pub columns: Vec<&'static str>,
    /// The row in either run, as text by column; none where the table has ended. What is empty has no value.
    pub rows: [Option<Vec<String>>; 2],
}

/// The order in which tables are compared: those that have one row for one fact first.
const ORDER: [Table; 19] = [
    Table::Trades,
    Table::Quotes,
    Table::Phases,
    Table::Fills,
    Table::Rejects,
    Table::Auctions,
    Table::Orders,
    Table::Trips,
    Table::Ruins,
    Table::MarginCalls,
    Table::Actions,
    Table::Pnl,
    Table::Equity,
    Table::Log,
    Table::Series,
    Table::Records,
    Table::Books,
    Table::Positions,
    Table::Bars,
];

/// Compares all tables that at least one run has.
///
/// # Errors
/// [`OpenError`] if a table is missing or damaged, up to the first row that differs.
pub(super) fn compare(a: &StoredRun, b: &StoredRun) -> Result<Vec<TableComparison>, OpenError> {
    let tables = ORDER.into_iter().filter(|table| a.has(*table) || b.has(*table));
    let compared = tables.map(|table| {
        let verdict = match recorded_alike(table, a.manifest(), b.manifest()) {
            Err(why) => TableVerdict::Incomparable(why),
            Ok(()) => rows(table, a, b)?,
        };
        Ok(TableComparison { table, verdict })
    });
    compared.collect()
}

/// Checks that both runs recorded a table in the same way.
fn recorded_alike(table: Table, a: &Manifest, b: &Manifest) -> Result<(), RecordedDifferently> {
    for (manifest, is_first) in [(a, true), (b, false)] {
        if !manifest.has(table) {
            return Err(RecordedDifferently::Missing { is_first });
        }
    }
    let has_money = matches!(
        table,
        Table::Fills
            | Table::Pnl
            | Table::Equity
            | Table::Ruins
            | Table::MarginCalls
            | Table::Auctions
            | Table::Trips
            | Table::Positions
    );
    if a.floats != b.floats && has_money {
        return Err(RecordedDifferently::Floats);
    }
    let has_orders = matches!(table, Table::Orders | Table::Fills | Table::Rejects);
    if has_orders && a.left_out() != b.left_out() {
        return Err(RecordedDifferently::ReplayedOrders);
    }
    let differs = match table {
        Table::Bars => a.bars != b.bars,
        // Trips count the bars that they last, and look at marks on their way.
        Table::Trips => a.bar_interval != b.bar_interval || a.sample_interval != b.sample_interval,
        Table::Books => a.books != b.books,
        Table::Pnl | Table::Equity | Table::Positions => a.sample_interval != b.sample_interval,
        _ => false,
    };
    if differs { Err(RecordedDifferently::Intervals) } else { Ok(()) }
}

fn rows(table: Table, a: &StoredRun, b: &StoredRun) -> Result<TableVerdict, OpenError> {
    let columns: Vec<&'static str> = table.columns().collect();
    let mut sides = [Side::open(table, a, &columns)?, Side::open(table, b, &columns)?];
    let mut row = 0;
    loop {
        let [left, right] = &mut sides;
        let shared = left.fill()?.min(right.fill()?);
        if shared == 0 {
            break;
        }
        let (first, second) = (left.take(shared), right.take(shared));
        let place = first_difference(&columns, &first, &second);
        if let Some(place) = place.map_err(|error| left.pieces.bad(error.to_string()))? {
            let rows = [&first, &second].map(|frame| Some(RowOf { frame, place }));
            let difference = describe(table, columns, row + place as u64, rows);
            return difference.ok_or_else(|| left.pieces.bad(NO_TIME.to_owned()));
        }
        row += shared as u64;
    }
    let [left, right] = &sides;
    if left.rest.height() == 0 && right.rest.height() == 0 {
        return Ok(TableVerdict::Same(row));
    }
    let rows =
        [left, right].map(|side| (side.rest.height() > 0).then_some(RowOf { frame: &side.rest, place: 0 }));
    let longer = if rows[0].is_some() { left } else { right };
    describe(table, columns, row, rows).ok_or_else(|| longer.pieces.bad(NO_TIME.to_owned()))
}

const NO_TIME: &str = "a row has no time";

/// A row of a frame.
#[derive(Debug, Clone, Copy)]
struct RowOf<'a> {
    frame: &'a DataFrame,
    place: usize,
}

/// One of the two tables under reading.
struct Side<'a> {
    pieces: Pieces<'a>,
    rest: DataFrame,
}

impl<'a> Side<'a> {
    fn open(table: Table, run: &'a StoredRun, columns: &[&str]) -> Result<Self, OpenError> {
        Ok(Self { pieces: run.pieces(table, columns)?, rest: DataFrame::empty() })
    }

    /// Reads until there are rows, and returns how many; none at the end.
    fn fill(&mut self) -> Result<usize, OpenError> {
        while self.rest.height() == 0
            && let Some(piece) = self.pieces.read_next()?
        {
            self.rest = piece;
        }
        Ok(self.rest.height())
    }

    fn take(&mut self, count: usize) -> DataFrame {
        let end = i64::try_from(count).unwrap_or(i64::MAX);
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }
}

/// Returns the place of the first row that differs, of frames of the same height.
fn first_difference(columns: &[&str], a: &DataFrame, b: &DataFrame) -> PolarsResult<Option<usize>> {
    let mut first = None;
    for name in columns {
        let (a, b) = (a.column(name)?, b.column(name)?);
        let equal = a.as_materialized_series().equal_missing(b.as_materialized_series())?;
        // CSV has one way to write nothing and empty text, so that these do not differ.
        let differs = |place: &usize| cell(a, *place) != cell(b, *place);
        let suspects = equal.iter().enumerate().filter(|(_, same)| *same != Some(true));
        let place = suspects.map(|(place, _)| place).find(differs);
        first = first.into_iter().chain(place).min();
    }
    Ok(first)
}

/// Describes the first difference: a row of both runs, or of one where the other has ended. None if it has no
/// time.
fn describe(
    table: Table,
    columns: Vec<&'static str>,
    row: u64,
    rows: [Option<RowOf<'_>>; 2],
) -> Option<TableVerdict> {
    let text = |RowOf { frame, place }: RowOf<'_>| -> Vec<String> {
        columns.iter().map(|name| frame.column(name).map_or(String::new(), |it| cell(it, place))).collect()
    };
    let rows = rows.map(|it| it.map(text));
    let clock = columns.iter().position(|name| *name == table.clock())?;
    let times = rows.iter().flatten().filter_map(|row| row.get(clock)?.parse().ok());
    let at = times.min()?;
    Some(TableVerdict::Differs(Box::new(FirstDifference { row: row + 1, at, columns, rows })))
}

/// Writes a cell exactly, and nothing where there is not valid.
fn cell(column: &Column, place: usize) -> String {
    match column.get(place) {
        Ok(AnyValue::Null) | Err(_) => String::new(),
        Ok(AnyValue::String(text)) => text.to_owned(),
        Ok(AnyValue::StringOwned(text)) => text.to_string(),
        Ok(AnyValue::Float64(number)) => number.to_string(),
        Ok(AnyValue::Datetime(nanos, ..) | AnyValue::DatetimeOwned(nanos, ..)) => {
            SimTime::from_nanos(nanos).to_string()
        }
        Ok(AnyValue::Decimal(units, ..)) => Money::from_units(units).to_string(),
        Ok(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use polars_core::prelude::{IntoColumn, NamedFrom, Series};

    use super::*;

    fn frame(times: &[i64], texts: &[Option<&str>]) -> DataFrame {
        let columns = vec![
            Series::new("time".into(), times).into_column(),
            Series::new("text".into(), texts).into_column(),
        ];
        DataFrame::new_infer_height(columns).unwrap()
    }

    #[test]
    fn the_first_row_that_differs_is_found_in_any_column() {
        let a = frame(&[1, 2, 3], &[Some("a"), None, Some("c")]);
        let found = |b| first_difference(&["time", "text"], &a, &b).unwrap();
        assert_eq!(found(a.clone()), None);
        assert_eq!(found(frame(&[1, 2, 4], &[Some("a"), None, Some("d")])), Some(2));
        assert_eq!(found(frame(&[1, 2, 4], &[Some("b"), None, Some("c")])), Some(0));
        assert_eq!(found(frame(&[1, 2, 3], &[Some("a"), Some("x"), Some("c")])), Some(1));
        assert_eq!(
            found(frame(&[1, 2, 3], &[Some("a"), Some(""), Some("c")])),
            None,
            "nothing is empty text"
        );
    }

    #[test]
    fn every_table_is_compared_once() {
        let mut order = ORDER;
        order.sort();
        assert_eq!(order, Table::ALL);
    }
}
