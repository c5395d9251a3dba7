//! Reading of text: the dialect, the layout, then every row once.

use super::bars::{BarCells, PRICES};
use super::decode::{LineEnd, NotText, decode};
use super::dialect::{Dialect, SeveralTickers, separator_name, sniff_separator};
use super::finding::Finding;
use super::found::Form;
use super::layout::{FileKind, Layout, NoLayout};
use super::number::{self, is_null};
use super::options::{NumberFormat, Order, ReadOptions, Role};
use super::outcome::{Outcome, Sink, Table};
use super::records::{Records, Row, records};
use super::rows::{Cell, Fault, Place, order_of};
use super::stamp::Stamp;
use super::ticks::TickCells;
use super::time_format::{NoTimeFormat, TimeFormat, parse_time_of_day};

/// Reads a table of text.
pub(super) fn read(bytes: &[u8], options: &ReadOptions) -> Outcome {
    let (text, encoding) = match decode(bytes) {
        Ok(decoded) => decoded,
        Err(error) => return Outcome::failed(no_text(bytes, &error)),
    };
    let line_end = LineEnd::of(&text);
    // Lines are counted by their line feeds.
    let text = if line_end == LineEnd::Cr { text.replace('\r', "\n").into() } else { text };
    match Reader::open(&text, options) {
        Ok(reader) => {
            let form = Form::Text {
                separator: char::from(reader.dialect.separator),
                encoding,
                line_end,
                header_rows: reader.dialect.header_rows,
            };
            reader.read(form)
        }
        Err(finding) => Outcome::failed(finding),
    }
}

/// Says where a file is no text: after the last character that is one.
fn no_text(bytes: &[u8], error: &NotText) -> Finding {
    let finding = Finding::of_file(error.to_string(), None);
    let NotText::Utf8 { at, .. } = error else { return finding };
    let valid = String::from_utf8_lossy(&bytes[..*at]);
    let line = valid.rsplit('\n').next().unwrap_or("").to_owned();
    let number = valid.bytes().filter(|byte| *byte == b'\n').count() + 1;
    Finding { line: Some(number), span: line.len()..line.len(), text: line, ..finding }
}

struct Reader<'a> {
    text: &'a str,
    options: &'a ReadOptions,
    dialect: Dialect,
    layout: Layout,
    times: TimeFormat,
    order: Order,
    columns: Columns,
}

/// Where the cell of each role stands, and how its numbers are written, in the order of the roles: every row
/// asks for all of them.
struct Columns([Column; Role::ALL.len()]);

/// The column of a role.
#[derive(Clone, Copy)]
struct Column {
    index: Option<usize>,
    /// `None` is the plain way.
    format: Option<NumberFormat>,
}

impl<'a> Reader<'a> {
    fn open(text: &'a str, options: &'a ReadOptions) -> Result<Self, Finding> {
        let dialect = Dialect::find(text, options).map_err(|SeveralTickers(tickers)| {
            let message = format!("the file has several tickers: {}", tickers.join(", "));
            Finding::of_file(message, Some("write one file for each".to_owned()))
        })?;
        if dialect.sample.is_empty() {
            let message = "the file has no rows; at least one is needed";
            return Err(Finding::of_file(message, None));
        }
        let layout = match dialect.header_rows {
            0 => Layout::of_rows(&dialect.sample, options),
            _ => Layout::of_header(&dialect.names, &dialect.sample, options),
        };
        let layout = layout.map_err(|error| explain(error, text, &dialect))?;
        let times = time_format(text, &dialect, &layout, options)?;
        let columns = Columns::new(&layout, options);
        let reader = Self { text, options, dialect, layout, times, order: Order::Ascending, columns };
        let stamps = reader
            .dialect
            .sample
            .iter()
            .filter_map(|row| reader.stamp(|index| row.get(index).map_or("", |cell| cell.trim())).ok());
        let order = options.order.unwrap_or_else(|| order_of(stamps));
        Ok(Self { order, ..reader })
    }

    fn read(&self, form: Form) -> Outcome {
        let mut sink = Sink::new(self.layout.kind, self.options, self.order);
        if let Sink::Bars(rows) = &mut sink {
            rows.reserve(self.rows_at_most());
        }
        let mut symbol = None;
        let mut records = Records::new(self.text, self.dialect.separator);
        let skipped = self.dialect.preamble + self.dialect.header_rows;
        let mut number = 0;
        while let Some(row) = records.next_row() {
            number += 1;
            if number <= skipped {
                continue;
            }
            let place = TextPlace { reader: self, row };
            if let Some(fault) = self.width_fault(row) {
                sink.log().bad(vec![fault], &place);
                continue;
            }
            if let Some(index) = self.layout.symbol {
                let cell = row.cell(index);
                let first = symbol.get_or_insert_with(|| cell.to_owned());
                if first != cell {
                    return Outcome::failed(several_symbols(&place, first, cell));
                }
            }
            self.push(row, &mut sink, &place);
        }
        let table = Table {
            layout: &self.layout,
            form,
            time_format: self.describe_times(),
            order: self.order,
            options: self.options,
        };
        sink.finish(table)
    }

    /// Returns how many rows the text has at most: as many as lines, and as such rows have bytes for.
    fn rows_at_most(&self) -> usize {
        let lines = self.text.bytes().filter(|byte| *byte == b'\n').count() + 1;
        lines.min(self.text.len() / (2 * self.layout.width).max(1) + 1)
    }

    fn push(&self, row: Row<'_>, sink: &mut Sink, place: &TextPlace<'_>) {
        let stamp = self.stamp(|index| row.cell(index));
        let cell = |role: Role| match self.columns.of(role).index {
            None => Cell::Absent,
            Some(index) => self.cell(row.cell(index), role),
        };
        match sink {
            Sink::Bars(rows) => {
                let ticks = self.layout.tick_volume.filter(|index| *index < row.len());
                let cells = BarCells {
                    prices: PRICES.map(cell),
                    adjusted_close: cell(Role::AdjustedClose),
                    volume: cell(Role::Volume),
                    split: cell(Role::Split),
                    dividend: cell(Role::Dividend),
                    tick_volume: ticks.map_or(Cell::Absent, |index| self.cell(row.cell(index), Role::Volume)),
                };
                rows.push(stamp, &cells, place);
            }
            Sink::Ticks(rows) => {
                let cells = match self.layout.kind {
                    FileKind::Quotes => TickCells::Quote {
                        bid: cell(Role::Bid),
                        bid_size: cell(Role::BidSize),
                        ask: cell(Role::Ask),
                        ask_size: cell(Role::AskSize),
                    },
                    _ => TickCells::Trade { price: cell(Role::Price), quantity: cell(Role::Quantity) },
                };
                rows.push(stamp, &cells, place);
            }
        }
    }

    fn cell(&self, text: &str, role: Role) -> Cell {
        if role == Role::Split
            && let Some((new, old)) = text.split_once([':', '/'])
            && let (Some(new), Some(old)) = (number::plain(new.trim()), number::plain(old.trim()))
        {
            // Two new shares for one old.
            return if new > 0.0 && old > 0.0 { Cell::Number(new / old) } else { Cell::Bad };
        }
        let number = match self.columns.of(role).format {
            None => number::plain(text),
            Some(format) => number::read(text, &format),
        };
        match number {
            Some(value) => Cell::Number(value),
            None if is_null(text) => Cell::Null,
            None => Cell::Bad,
        }
    }

    /// Reads the time of a row.
    fn stamp<'r>(&self, cell: impl Fn(usize) -> &'r str) -> Result<Stamp, Fault> {
        let text = |role| self.columns.of(role).index.map(&cell);
        let time = text(Role::Time).unwrap_or("");
        let Some(date) = text(Role::Date) else {
            return self.times.parse(time).ok_or_else(|| self.no_time(Role::Time, time));
        };
        let day = self.times.parse(date).ok_or_else(|| self.no_time(Role::Date, date))?;
        let of_day = parse_time_of_day(time).ok_or_else(|| {
            Fault::at(Role::Time, format!("`{time}` is not a time of day such as 09:30:00"))
        })?;
        Ok(match day {
            Stamp::Civil { nanos, .. } => Stamp::Civil { nanos: nanos + of_day, is_date: false },
            Stamp::Instant { nanos, offset } => Stamp::Instant { nanos: nanos + of_day, offset },
        })
    }

    fn no_time(&self, role: Role, text: &str) -> Fault {
        let message = match &self.times {
            TimeFormat::YearFirst => format!("`{text}` is not a time such as 2025-03-03T09:30:00"),
            format => format!("`{text}` is not a time as this file has it: {format}"),
        };
        Fault::at(role, message)
    }

    fn width_fault(&self, row: Row<'_>) -> Option<Fault> {
        let width = self.layout.width;
        // Separators at the end of rows make cells without a name.
        let is_same = row.len() == width
            || (row.len() > width && (width..row.len()).all(|index| row.cell(index).is_empty()));
        let than = if self.dialect.header_rows > 0 { "the header" } else { "the first" };
        (!is_same).then(|| Fault {
            role: None,
            message: format!("the row has {} fields, but {than} has {width}", row.len()),
        })
    }

    fn describe_times(&self) -> String {
        let first = self.layout.index(Role::Time).and_then(|index| self.dialect.sample.first()?.get(index));
        match (&self.times, first.and_then(|text| super::time_format::unit_of(text.trim()))) {
            (TimeFormat::Epoch(None), Some(unit)) => TimeFormat::Epoch(Some(unit)).to_string(),
            (format, _) => format.to_string(),
        }
    }
}

impl Columns {
    /// Numbers may be written otherwise in columns that the options name, and in files of vendors that write
    /// all of them so.
    fn new(layout: &Layout, options: &ReadOptions) -> Self {
        let is_all = layout.source == Some("Investing.com") || options.numbers.is_some();
        let given = options.numbers.unwrap_or(NumberFormat::ENGLISH);
        Self(Role::ALL.map(|role| Column {
            index: layout.index(role),
            format: (is_all || options.columns.contains_key(&role)).then_some(given),
        }))
    }

    const fn of(&self, role: Role) -> Column {
        // Roles are listed in the order of their declaration.
        self.0[role as usize]
    }
}

/// Adds the likely cause to columns that are missing.
fn explain(error: NoLayout, text: &str, dialect: &Dialect) -> Finding {
    let seems = sniff_separator(text);
    let help = if seems != dialect.separator {
        Some(format!("the separator seems to be {}", separator_name(seems)))
    } else {
        error.help
    };
    let line = text.lines().nth(dialect.preamble).unwrap_or("");
    Finding {
        line: Some(dialect.preamble + 1),
        text: line.to_owned(),
        span: 0..line.len(),
        message: error.message,
        help,
        is_warning: false,
    }
}

/// Finds how times are written, as far as the options leave it open.
fn time_format(
    text: &str,
    dialect: &Dialect,
    layout: &Layout,
    options: &ReadOptions,
) -> Result<TimeFormat, Finding> {
    if let Some(format) = &options.time_format {
        return Ok(TimeFormat::given(format));
    }
    let index = layout.index(Role::Date).or_else(|| layout.index(Role::Time)).unwrap_or(0);
    let sample = dialect.sample.iter().filter_map(|row| row.get(index));
    let mut found = TimeFormat::detect(sample);
    if let Err(NoTimeFormat::DayOrMonth(_)) = found {
        let rows = records(text, dialect.separator).into_records().filter_map(Result::ok);
        let rows = rows.skip(dialect.preamble + dialect.header_rows);
        found = TimeFormat::detect(rows.filter_map(|row| row.get(index).map(ToOwned::to_owned)));
    }
    let help = "say how times are written: time_format = \"%d.%m.%Y %H:%M\", or \"s\", \"ms\", \"us\" or \"ns\" \
                since 1970";
    found.map(|format| format.unwrap_or(TimeFormat::YearFirst)).map_err(|error| {
        let number = dialect.preamble + dialect.header_rows;
        let line = text.lines().nth(number).unwrap_or("");
        Finding {
            line: Some(number + 1),
            text: line.to_owned(),
            span: 0..line.len(),
            message: format!("{error} ({})", layout.name(index)),
            help: Some(help.to_owned()),
            is_warning: false,
        }
    })
}

fn several_symbols(place: &TextPlace<'_>, first: &str, other: &str) -> Finding {
    let message = format!("the file has rows of several instruments: `{first}` and `{other}`");
    let finding = place.finding(None, message);
    Finding { help: Some("write one file for each".to_owned()), ..finding }
}

/// Where a row of text stands.
struct TextPlace<'a> {
    reader: &'a Reader<'a>,
    row: Row<'a>,
}

impl Place for TextPlace<'_> {
    fn text(&self, role: Role) -> String {
        let index = self.reader.layout.index(role);
        index.map_or("", |index| self.row.cell(index)).to_owned()
    }

    fn finding(&self, role: Option<Role>, message: String) -> Finding {
        let line = self.reader.text.get(self.row.start..).and_then(|rest| rest.lines().next()).unwrap_or("");
        let separator = char::from(self.reader.dialect.separator);
        let cells: Vec<&str> = line.split(separator).collect();
        let index = role.and_then(|role| self.reader.layout.index(role));
        // Quoted separators would shift the cells; then the whole row is marked.
        let is_exact = cells.len() == self.row.len() && !line.contains('"');
        let span = match index.filter(|_| is_exact) {
            Some(index) => {
                let before: usize = cells.iter().take(index).map(|cell| cell.len() + 1).sum();
                before..before + cells.get(index).map_or(0, |cell| cell.len())
            }
            None => 0..line.len(),
        };
        Finding {
            line: Some(self.row.line),
            text: line.to_owned(),
            span,
            message,
            help: None,
            is_warning: false,
        }
    }

    fn line(&self) -> usize {
        self.row.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_listed_in_the_order_of_their_declaration() {
        assert!(Role::ALL.iter().enumerate().all(|(index, role)| *role as usize == index));
    }
}
