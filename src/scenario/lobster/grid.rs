//! LOBSTER's files for an agent: on the price and quantity grid of the instrument that it trades.

use std::fmt;
use std::sync::Arc;

use super::book::{book_rows, check_book, half};
use super::lines::lines;
use super::messages::{COLUMNS, parse_messages};
use crate::scenario::document::Findings;
use crate::scenario::files::{CellErrors, TextFile};
use bearpit_core::market::{
    BookRow, Instrument, MessageKind, OrderMessage, Side, lobster_lots, lobster_price, lobster_ticks,
};
use bearpit_core::units::{Price, Quantity};

/// Reads messages, and checks those that change the visible book against the grid of `instrument`, if it is
/// known.
pub(in crate::scenario) fn messages_on_grid(
    file: &TextFile,
    instrument: Option<&Instrument>,
    findings: &Findings,
) -> Option<Arc<[OrderMessage]>> {
    let (name, text) = (file.name(), file.text.as_str());
    let messages = parse_messages(&name, text, findings)?;
    let Some(instrument) = instrument else { return Some(messages.into()) };
    let mut errors = CellErrors::new(&name, text, findings);
    for (line, message) in lines(text).zip(&messages) {
        // Hidden orders trade at the mid too; they are not entered.
        if message.kind != MessageKind::Add && !message.kind.refers() {
            continue;
        }
        let mut report = |column: usize, why: OffGrid<'_>| {
            let why = format!("{}: {why}", COLUMNS[column]);
            errors.at_cell(line.start, COLUMNS.len(), column, why);
        };
        check_price(message.tick_price(), instrument).map_err(|why| report(4, why)).ok();
        check_size(message.size, instrument).map_err(|why| report(3, why)).ok();
    }
    errors.finish().then(|| messages.into())
}

/// Reads the first row of an order book file, and checks it against the grid of `instrument`, if it is known.
///
/// The rest of the file is not read: it has the book after each of the other messages, which is to result
/// from the replay.
pub(in crate::scenario) fn first_row_on_grid(
    file: &TextFile,
    instrument: Option<&Instrument>,
    findings: &Findings,
) -> Option<BookRow> {
    let name = file.name();
    let line = file.text.split_inclusive('\n').next().unwrap_or("");
    let depth = check_book(&name, line, findings)?;
    let row = book_rows(line, depth).next()?;
    let errors = CellErrors::new(&name, line, findings);
    instrument.is_none_or(|instrument| row_is_on_grid(&row, instrument, errors)).then_some(row)
}

fn row_is_on_grid(row: &BookRow, instrument: &Instrument, mut errors: CellErrors<'_>) -> bool {
    for (side, offset) in [(Side::Sell, 0), (Side::Buy, 2)] {
        for (number, level) in row.side(side).iter().enumerate() {
            let mut report = |offset: usize, what: &str, why: OffGrid<'_>| {
                let why = format!("{} {what} {}: {why}", half(side), number + 1);
                errors.at_cell(0, 4 * row.depth, 4 * number + offset, why);
            };
            check_price(level.price, instrument).map_err(|why| report(offset, "price", why)).ok();
            check_size(level.size, instrument).map_err(|why| report(offset + 1, "size", why)).ok();
        }
    }
    errors.finish()
}

/// A price or a size that the instrument's grid cannot show.
enum OffGrid<'a> {
    Price(Price, &'a Instrument),
    Size(Quantity, &'a Instrument),
}

impl fmt::Display for OffGrid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Price(price, instrument) => write!(
                f,
                "`{price}` is {}, which is off tick: it must be a multiple of the tick size {}",
                lobster_price(*price),
                instrument.tick_size()
            ),
            Self::Size(size, instrument) => {
                write!(f, "`{size}` must be a multiple of the lot size {}", instrument.lot_size())
            }
        }
    }
}

fn check_price(price: Price, instrument: &Instrument) -> Result<(), OffGrid<'_>> {
    lobster_ticks(price, instrument).map(|_| ()).ok_or(OffGrid::Price(price, instrument))
}

fn check_size(size: Quantity, instrument: &Instrument) -> Result<(), OffGrid<'_>> {
    lobster_lots(size, instrument).map(|_| ()).ok_or(OffGrid::Size(size, instrument))
}
