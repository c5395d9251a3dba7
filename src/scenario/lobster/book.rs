//! LOBSTER's order book file: every row checked, every error with its line, column and value.
//!
//! [`BookRow`] says what the columns mean.

use super::lines::{CellError, EMPTY, Line, lines, whole};
use crate::scenario::document::Findings;
use crate::scenario::files::CellErrors;
use bearpit_core::market::{BookRow, QuoteLevel, Side};
use bearpit_core::units::{Price, Quantity};

/// Checks all rows of the file called `name`; returns how many levels they have, or reports errors.
pub(super) fn check_book(name: &str, text: &str, findings: &Findings) -> Option<usize> {
    let mut errors = CellErrors::new(name, text, findings);
    let mut depth = None;
    for line in lines(text) {
        let width = line.text.split(',').count();
        if !width.is_multiple_of(4) {
            let wanted = "a row of a book has four a level: ask price and size, bid price and size";
            errors.at_cell(line.start, width, 0, line.ragged(width, wanted));
            continue;
        }
        let depth = *depth.get_or_insert(width / 4);
        if width == depth * 4 {
            book_row(&line, depth, |column, why| errors.at_cell(line.start, width, column, why));
        } else {
            let why = line.ragged(width, &format!("a row above has {}, four a level", depth * 4));
            errors.at_cell(line.start, width, 0, why);
        }
    }
    if depth.is_none() && errors.count() == 0 {
        errors.at(0..0, "the file is empty; at least one row is needed".to_owned(), None);
    }
    if errors.finish() { depth } else { None }
}

/// Returns the rows of a text that [`check_book`] has accepted.
pub(super) fn book_rows(text: &str, depth: usize) -> impl Iterator<Item = BookRow> {
    lines(text).map(move |line| book_row(&line, depth, |_, _| {}))
}

/// Reads a row of `depth` levels; cells with errors are reported and left out.
fn book_row(line: &Line<'_>, depth: usize, mut report: impl FnMut(usize, String)) -> BookRow {
    let mut row = BookRow { depth, ..BookRow::default() };
    let mut cells = line.text.split(',').map(str::trim);
    // After a cell with an error, the order of levels is not checked.
    let mut is_sound = true;
    for number in 0..depth {
        for (offset, side) in [(0, Side::Sell), (2, Side::Buy)] {
            let column = 4 * number + offset;
            let (price, size) = (cells.next().unwrap_or(""), cells.next().unwrap_or(""));
            match level(price, size) {
                Err(LevelError { offset, error }) => {
                    let what = if offset == 0 { "price" } else { "size" };
                    let name = format!("{} {what} {}", half(side), number + 1);
                    report(column + offset, format!("{name}: {error}"));
                    is_sound = false;
                }
                Ok(None) => {}
                Ok(Some(level)) => {
                    let why = misplaced(row.side(side), number, side, level.price).filter(|_| is_sound);
                    if let Some(why) = why {
                        report(column, why);
                    }
                    row.side_mut(side).push(level);
                }
            }
        }
    }
    row
}

/// Which of the two cells of a level is wrong, and why.
struct LevelError {
    /// 0 for the price, 1 for the size.
    offset: usize,
    error: CellError,
}

/// Reads a level; `None` if it is not there.
fn level(price: &str, size: &str) -> Result<Option<QuoteLevel>, LevelError> {
    let empty = price.parse::<i64>().is_ok_and(|price| price.abs() == EMPTY);
    if empty {
        return match size {
            "0" => Ok(None),
            _ => {
                let why =
                    format!("`{size}` must be 0, because the price {price} means that there is no level");
                Err(LevelError { offset: 1, error: CellError(why) })
            }
        };
    }
    let ticks = whole(price, 1..=EMPTY - 1).map_err(|error| LevelError { offset: 0, error })?;
    let largest = i64::try_from(Quantity::MAX_LOTS).unwrap_or(i64::MAX);
    let lots = whole(size, 1..=largest).map_err(|error| LevelError { offset: 1, error })?;
    Ok(Some(QuoteLevel { price: Price::new(ticks), size: Quantity::new(lots.unsigned_abs()) }))
}

/// Returns why a level does not belong where it stands, if so; `number` levels should stand before it.
fn misplaced(before: &[QuoteLevel], number: usize, side: Side, price: Price) -> Option<String> {
    let half = half(side);
    if before.len() < number {
        return Some(format!("{half} price {}: a level stands here, but one before it is empty", number + 1));
    }
    let last = before.last()?.price;
    let worse = if side == Side::Sell { "above" } else { "below" };
    let in_order = last != price && side.accepts(last, price);
    (!in_order)
        .then(|| format!("{half} price {}: `{price}` must lie {worse} {last} of level {number}", number + 1))
}

/// Returns what messages call a half of the book.
pub(super) const fn half(side: Side) -> &'static str {
    match side {
        Side::Buy => "bid",
        Side::Sell => "ask",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn prop_no_text_makes_reading_panic(text in "[-0-9,.\n\rx\u{df}]{0,120}") {
            let findings = Findings::default();
            let depth = check_book("b.csv", &text, &findings);
            let rows = book_rows(&text, depth.unwrap_or(1)).count();
            prop_assert_eq!(rows, lines(&text).count());
            prop_assert_eq!(depth.is_none(), !findings.borrow().is_empty());
            prop_assert_eq!(findings.borrow().render(false).is_empty(), findings.borrow().is_empty());
        }
    }
}
