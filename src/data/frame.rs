//! Reading of Parquet and Arrow IPC files: the same columns and checks as for text.

use std::io::Cursor;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use polars_arrow::array::{Array, PrimitiveArray};
use polars_arrow::datatypes::{ArrowDataType, Field, TimeUnit};
use polars_arrow::io::ipc::read::{FileReader, read_file_metadata};
use polars_arrow::record_batch::RecordBatch;
use polars_core::prelude::{DataType, PolarsResult, Series};

use super::bars::{BarCells, PRICES};
use super::finding::Finding;
use super::found::Form;
use super::layout::{FileKind, Layout};
use super::options::{ReadOptions, Role};
use super::outcome::{Outcome, Sink, Table};
use super::rows::{Cell, Fault, Place, order_of};
use super::stamp::{DAY, SECOND, Stamp};
use super::ticks::TickCells;
use super::time_format::{TimeFormat, epoch_of, in_range, parse_time_of_day};
use crate::record::ParquetReader;

/// How many rows are looked at to find out which column is what.
const SAMPLE: Range<usize> = 0..50;
const ALL: Range<usize> = 0..usize::MAX;

/// Reads a Parquet file.
pub(super) fn read_parquet(bytes: &[u8], options: &ReadOptions) -> Outcome {
    guarded(|| {
        let reader = ParquetReader::new(Cursor::new(bytes), bytes.len() as u64)?;
        let fields = reader.schema().iter_values().cloned().collect();
        Ok(read(Source { fields, columns: Columns::Parquet(Box::new(reader)) }, Form::Parquet, options))
    })
}

/// Reads an Arrow IPC file.
pub(super) fn read_ipc(bytes: &[u8], options: &ReadOptions) -> Outcome {
    guarded(|| {
        let mut file = Cursor::new(bytes);
        let metadata = read_file_metadata(&mut file)?;
        let fields = metadata.schema.iter_values().cloned().collect();
        let batches: PolarsResult<Vec<RecordBatch>> = FileReader::new(file, metadata, None, None).collect();
        Ok(read(Source { fields, columns: Columns::Batches(batches?) }, Form::Ipc, options))
    })
}

/// Turns every way in which a damaged file ends a decoder into an error.
fn guarded(read: impl FnOnce() -> PolarsResult<Outcome>) -> Outcome {
    let damaged = |why: String| Outcome::failed(Finding::of_file(why, None));
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => damaged(format!("the file is damaged: {error}")),
        // Decoders of pages assume lengths that a damaged file does not keep.
        Err(_) => damaged("the file is damaged: its pages cannot be decoded".to_owned()),
    }
}

/// Columns by their place.
struct Source<'a> {
    fields: Vec<Field>,
    columns: Columns<'a>,
}

enum Columns<'a> {
    Parquet(Box<ParquetReader<Cursor<&'a [u8]>>>),
    Batches(Vec<RecordBatch>),
}

impl Source<'_> {
    fn series(&mut self, index: usize, rows: &Range<usize>) -> Result<Stored, Finding> {
        let field = self.fields[index].clone();
        let failed = |error: polars_core::prelude::PolarsError| {
            let message = format!("the column `{}` cannot be read: {error}", field.name);
            Finding::of_file(message, None)
        };
        let arrays = match &mut self.columns {
            Columns::Parquet(reader) => reader.arrays(&field.name, rows).map_err(failed)?,
            Columns::Batches(batches) => {
                batches.iter().filter_map(|batch| batch.arrays().get(index).cloned()).collect()
            }
        };
        Stored::new(&field, arrays).map_err(failed)
    }
}

/// A column as it is stored.
enum Stored {
    /// Moments: since 1970, in units of so many nanoseconds; in UTC if the column has a zone.
    Times {
        values: Vec<Option<i64>>,
        unit: i64,
        has_zone: bool,
        is_date: bool,
    },
    Other(Series),
}

impl Stored {
    fn new(field: &Field, arrays: Vec<Box<dyn Array>>) -> PolarsResult<Self> {
        let longs = |arrays: &[Box<dyn Array>]| collect::<i64>(arrays);
        Ok(match field.dtype() {
            ArrowDataType::Timestamp(unit, zone) => {
                let unit = match unit {
                    TimeUnit::Second => SECOND,
                    TimeUnit::Millisecond => 1_000_000,
                    TimeUnit::Microsecond => 1_000,
                    TimeUnit::Nanosecond => 1,
                };
                let has_zone = zone.as_ref().is_some_and(|zone| !zone.is_empty());
                Self::Times { values: longs(&arrays), unit, has_zone, is_date: false }
            }
            ArrowDataType::Date32 => {
                let days = collect::<i32>(&arrays).into_iter().map(|day| day.map(i64::from)).collect();
                Self::Times { values: days, unit: DAY, has_zone: false, is_date: true }
            }
            ArrowDataType::Date64 => {
                Self::Times { values: longs(&arrays), unit: 1_000_000, has_zone: false, is_date: true }
            }
            _ => Self::Other(Series::try_from((field, arrays))?),
        })
    }

    /// Returns the values as texts, or nothing where there are none.
    fn texts(&self) -> Result<Vec<String>, Finding> {
        match self {
            Self::Times { values, unit, is_date, .. } => {
                let text = |value: &Option<i64>| {
                    let nanos = value.and_then(|value| value.checked_mul(*unit)).filter(|it| in_range(*it));
                    let text = nanos.map(|it| bearpit_core::units::SimTime::from_nanos(it).to_string());
                    let text = text.unwrap_or_default();
                    if *is_date { text.split('T').next().unwrap_or("").to_owned() } else { text }
                };
                Ok(values.iter().map(text).collect())
            }
            Self::Other(series) => {
                let texts = cast(series, &DataType::String)?;
                let texts = texts.str().map_err(|error| unreadable(series, &error.to_string()))?;
                Ok(texts.iter().map(|text| text.unwrap_or("").to_owned()).collect())
            }
        }
    }

    fn numbers(&self) -> Result<Vec<Cell>, Finding> {
        let Self::Other(series) = self else {
            return Err(Finding::of_file("a column of times is taken as numbers", None));
        };
        let values = cast(series, &DataType::Float64)?;
        let values = values.f64().map_err(|error| unreadable(series, &error.to_string()))?;
        let cell = |value: Option<f64>| match value {
            Some(value) if value.is_finite() => Cell::Number(value),
            Some(value) if !value.is_nan() => Cell::Bad,
            _ => Cell::Null,
        };
        Ok(values.iter().map(cell).collect())
    }

    /// Returns the values as times, and how they are written.
    fn stamps(&self, options: &ReadOptions) -> Result<(Vec<Option<Stamp>>, String), Finding> {
        match self {
            Self::Times { values, unit, has_zone, is_date } => {
                let stamp = |value: &Option<i64>| {
                    let nanos = value.and_then(|it| it.checked_mul(*unit)).filter(|it| in_range(*it))?;
                    Some(match has_zone {
                        true => Stamp::Instant { nanos, offset: 0 },
                        false => Stamp::Civil { nanos, is_date: *is_date },
                    })
                };
                let name = match (is_date, has_zone) {
                    (true, _) => "dates",
                    (false, true) => "timestamps in UTC",
                    (false, false) => "timestamps without a zone",
                };
                Ok((values.iter().map(stamp).collect(), name.to_owned()))
            }
            Self::Other(series) if series.dtype().is_integer() => {
                let unit = match options.time_format.as_deref().map(TimeFormat::given) {
                    Some(TimeFormat::Epoch(unit)) => unit,
                    _ => None,
                };
                let values = cast(series, &DataType::Int64)?;
                let values = values.i64().map_err(|error| unreadable(series, &error.to_string()))?;
                let stamps = values.iter().map(|value| value.and_then(|value| epoch_of(value, unit)));
                Ok((stamps.collect(), TimeFormat::Epoch(unit).to_string()))
            }
            Self::Other(_) => {
                let texts = self.texts()?;
                let found = match &options.time_format {
                    Some(format) => Ok(Some(TimeFormat::given(format))),
                    None => TimeFormat::detect(texts.iter()),
                };
                let format = found.map_err(|error| Finding::of_file(error.to_string(), None))?;
                let format = format.unwrap_or(TimeFormat::YearFirst);
                Ok((texts.iter().map(|text| format.parse(text.trim())).collect(), format.to_string()))
            }
        }
    }
}

fn cast(series: &Series, wanted: &DataType) -> Result<Series, Finding> {
    series.cast(wanted).map_err(|error| unreadable(series, &error.to_string()))
}

fn unreadable(series: &Series, why: &str) -> Finding {
    let message = format!("the column `{}` ({}) cannot be taken so: {why}", series.name(), series.dtype());
    Finding::of_file(message, None)
}

fn collect<T: polars_arrow::types::NativeType>(arrays: &[Box<dyn Array>]) -> Vec<Option<T>> {
    let arrays = arrays.iter().filter_map(|array| array.as_any().downcast_ref::<PrimitiveArray<T>>());
    arrays.flat_map(|array| array.iter().map(|value| value.copied())).collect()
}

/// The columns of a frame that are taken, whole.
struct Frame {
    times: Vec<Option<Stamp>>,
    time_format: String,
    /// The time of day of each row, where it has a column of its own.
    of_day: Option<Vec<Option<i64>>>,
    numbers: Vec<(Role, Vec<Cell>)>,
}

fn read(mut source: Source<'_>, form: Form, options: &ReadOptions) -> Outcome {
    match open(&mut source, options) {
        Ok((layout, frame)) => rows(&layout, &frame, form, options),
        Err(finding) => Outcome::failed(finding),
    }
}

fn open(source: &mut Source<'_>, options: &ReadOptions) -> Result<(Layout, Frame), Finding> {
    let names: Vec<String> = source.fields.iter().map(|field| field.name.to_string()).collect();
    // The index that pandas stores has no name of its own.
    let names: Vec<String> = names
        .into_iter()
        .map(|name| if name == "__index_level_0__" { "index".to_owned() } else { name })
        .collect();
    let mut columns = Vec::new();
    for index in 0..names.len() {
        let texts = source.series(index, &SAMPLE).and_then(|column| column.texts());
        columns.push(texts.unwrap_or_default());
    }
    let height = columns.iter().map(Vec::len).max().unwrap_or(0).min(SAMPLE.end);
    let row =
        |row: usize| columns.iter().map(|column| column.get(row).cloned().unwrap_or_default()).collect();
    let sample: Vec<Vec<String>> = (0..height).map(row).collect();
    let seen = index_as_time(&names, &source.fields);
    let layout = Layout::of_header(&seen, &sample, options)
        .map_err(|error| Finding::of_file(error.message, error.help))?;
    let column = |source: &mut Source<'_>, role| layout.index(role).map(|index| source.series(index, &ALL));
    let date = column(source, Role::Date).transpose()?;
    let time = column(source, Role::Time).transpose()?;
    let none = || Finding::of_file("the file has no column of times", None);
    let (whole, of_day) = match date {
        Some(date) => {
            let texts = time.ok_or_else(none)?.texts()?;
            let of_day = texts.iter().map(|text| parse_time_of_day(text.trim())).collect();
            (date, Some(of_day))
        }
        None => (time.ok_or_else(none)?, None),
    };
    let (times, time_format) = whole.stamps(options)?;
    let mut numbers = Vec::new();
    for role in layout.kind.needed().iter().chain(layout.kind.optional()) {
        if let Some(index) = layout.index(*role) {
            numbers.push((*role, source.series(index, &ALL)?.numbers()?));
        }
    }
    Ok((layout, Frame { times, time_format, of_day, numbers }))
}

/// Names a column of timestamps `time` where no name says that it is one.
fn index_as_time(names: &[String], fields: &[Field]) -> Vec<String> {
    let mut names = names.to_vec();
    let is_time = |name: &String| super::names::TIMES.contains(&super::names::normalize(name).as_str());
    let is_stamp = |field: &Field| {
        matches!(field.dtype(), ArrowDataType::Timestamp(..) | ArrowDataType::Date32 | ArrowDataType::Date64)
    };
    if !names.iter().any(is_time)
        && let Some(index) = fields.iter().position(is_stamp)
    {
        "time".clone_into(&mut names[index]);
    }
    names
}

fn rows(layout: &Layout, frame: &Frame, form: Form, options: &ReadOptions) -> Outcome {
    let order = options.order.unwrap_or_else(|| order_of(frame.times.iter().take(200).flatten().copied()));
    let mut sink = Sink::new(layout.kind, options, order);
    for (row, stamp) in frame.times.iter().enumerate() {
        let place = RowPlace { frame, row };
        let stamp = stamp.ok_or_else(|| Fault::at(Role::Time, "the time is no time".to_owned()));
        let stamp = stamp.and_then(|stamp| frame.at_time_of_day(stamp, row));
        let cell = |role: Role| {
            let column = frame.numbers.iter().find(|(known, _)| *known == role);
            column.map_or(Cell::Absent, |(_, cells)| cells.get(row).copied().unwrap_or(Cell::Null))
        };
        match &mut sink {
            Sink::Bars(rows) => {
                let cells = BarCells {
                    prices: PRICES.map(cell),
                    adjusted_close: cell(Role::AdjustedClose),
                    volume: cell(Role::Volume),
                    split: cell(Role::Split),
                    dividend: cell(Role::Dividend),
                    tick_volume: Cell::Absent,
                };
                rows.push(stamp, &cells, &place);
            }
            Sink::Ticks(rows) => {
                let cells = match layout.kind {
                    FileKind::Quotes => TickCells::Quote {
                        bid: cell(Role::Bid),
                        bid_size: cell(Role::BidSize),
                        ask: cell(Role::Ask),
                        ask_size: cell(Role::AskSize),
                    },
                    _ => TickCells::Trade { price: cell(Role::Price), quantity: cell(Role::Quantity) },
                };
                rows.push(stamp, &cells, &place);
            }
        }
    }
    let time_format = frame.time_format.clone();
    sink.finish(Table { layout, form, time_format, order, options })
}

impl Frame {
    fn at_time_of_day(&self, stamp: Stamp, row: usize) -> Result<Stamp, Fault> {
        let Some(of_day) = &self.of_day else { return Ok(stamp) };
        let missing = || Fault::at(Role::Time, "the time of day is none".to_owned());
        let of_day = of_day.get(row).copied().flatten().ok_or_else(missing)?;
        Ok(match stamp {
            Stamp::Civil { nanos, .. } => Stamp::Civil { nanos: nanos + of_day, is_date: false },
            Stamp::Instant { nanos, offset } => Stamp::Instant { nanos: nanos + of_day, offset },
        })
    }
}

/// Where a row of a frame stands.
struct RowPlace<'a> {
    frame: &'a Frame,
    row: usize,
}

impl Place for RowPlace<'_> {
    fn text(&self, role: Role) -> String {
        let column = self.frame.numbers.iter().find(|(known, _)| *known == role);
        match column.and_then(|(_, cells)| cells.get(self.row)) {
            Some(Cell::Number(value)) => value.to_string(),
            Some(Cell::Bad) => "infinity".to_owned(),
            _ => String::new(),
        }
    }

    fn finding(&self, _: Option<Role>, message: String) -> Finding {
        let text = format!("row {}", self.line());
        Finding { line: Some(self.line()), span: 0..text.len(), text, message, help: None, is_warning: false }
    }

    fn line(&self) -> usize {
        self.row + 1
    }
}
