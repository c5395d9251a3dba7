//! LOBSTER's message file: every row checked, every error with its line, column and value.
//!
//! [`bearpit_core::market::OrderMessage`] says what the columns mean.

use std::ops::RangeInclusive;

use super::lines::{CellError, EMPTY, Line, lines, whole};
use crate::scenario::document::Findings;
use crate::scenario::files::CellErrors;
use bearpit_core::market::{HaltState, MessageKind, OrderMessage, Side};
use bearpit_core::units::{Quantity, SimDuration};

/// What the cells of a message are called.
pub(super) const COLUMNS: [&str; 6] = ["time", "type", "order id", "size", "price", "direction"];
const TYPES: &str =
    "1 add, 2 partial cancel, 3 delete, 4 execution, 5 hidden execution, 6 cross trade, 7 halt";
const NANOS_A_DAY: i64 = 86_400_000_000_000;

/// Reads the messages of the file called `name`, or reports errors and returns `None`.
///
/// Times must not go back; equal times are usual.
pub(in crate::scenario) fn parse_messages(
    name: &str,
    text: &str,
    findings: &Findings,
) -> Option<Vec<OrderMessage>> {
    let mut errors = CellErrors::new(name, text, findings);
    let mut messages: Vec<OrderMessage> = Vec::new();
    for line in lines(text) {
        let Some(message) = message(&line, &mut errors) else { continue };
        let before = messages.last().map_or(SimDuration::ZERO, |last| last.since_midnight);
        if message.since_midnight < before {
            let (time, before) = (seconds(message.since_midnight), seconds(before));
            let why = format!("time: {time} comes before {before} of a line above; times must not go back");
            errors.at_cell(line.start, COLUMNS.len(), 0, why);
        }
        messages.push(message);
    }
    if messages.is_empty() && errors.count() == 0 {
        errors.at(0..0, "the file is empty; at least one message is needed".to_owned(), None);
    }
    errors.finish().then_some(messages)
}

fn message(line: &Line<'_>, errors: &mut CellErrors<'_>) -> Option<OrderMessage> {
    let cells: Vec<&str> = line.text.split(',').map(str::trim).collect();
    let &[time, kind, order, size, price, direction] = cells.as_slice() else {
        let why = line.ragged(cells.len(), "a message has 6: time, type, order id, size, price, direction");
        errors.at_cell(line.start, cells.len(), 0, why);
        return None;
    };
    let mut cell = Cells { start: line.start, errors };
    let time = cell.keep(0, since_midnight(time));
    // Without its type nothing is known of what the other cells may hold.
    let unknown = || format!("`{kind}` is not a known type; known are {TYPES}");
    let number = cell.keep(1, whole(kind, 1..=7).map_err(|_| CellError(unknown())))?;
    let bounds = Bounds::of(number);
    let order = cell.keep(2, whole(order, bounds.order));
    let size = cell.keep(3, whole(size, bounds.size));
    let price = cell.keep(4, whole(price, bounds.price));
    let side = cell.keep(5, side(direction, bounds.may_lack_side));
    let kind = message_kind(number, price?)?;
    Some(OrderMessage {
        since_midnight: time?,
        order: order?.max(0).unsigned_abs(),
        size: Quantity::new(size?.max(0).unsigned_abs()),
        price: if matches!(kind, MessageKind::Halt(_)) { 0 } else { price? },
        side: side?,
        kind,
    })
}

/// The cells of one message.
struct Cells<'a, 'b> {
    start: usize,
    errors: &'a mut CellErrors<'b>,
}

impl Cells<'_, '_> {
    /// Returns what was read, or reports the error.
    fn keep<T>(&mut self, column: usize, read: Result<T, CellError>) -> Option<T> {
        let report = |why| {
            let message = format!("{}: {why}", COLUMNS[column]);
            self.errors.at_cell(self.start, COLUMNS.len(), column, message);
        };
        read.map_err(report).ok()
    }
}

/// What the cells of a message may hold, which depends on its type.
struct Bounds {
    order: RangeInclusive<i64>,
    size: RangeInclusive<i64>,
    price: RangeInclusive<i64>,
    may_lack_side: bool,
}

impl Bounds {
    fn of(kind: i64) -> Self {
        let largest = i64::try_from(Quantity::MAX_LOTS).unwrap_or(i64::MAX);
        // Hidden executions, crosses and halts name no order: 0, or -1 in some years. An auction in which
        // nothing trades is announced too, with size and price 0.
        let (order, size, price) = match kind {
            1..=4 => (1, 1, 1..=EMPTY - 1),
            5 => (-1, 1, 1..=EMPTY - 1),
            6 => (-1, 0, 0..=EMPTY - 1),
            _ => (-1, -1, -1..=1),
        };
        Self { order: order..=i64::MAX, size: size..=largest, price, may_lack_side: kind >= 6 }
    }
}

const fn message_kind(number: i64, price: i64) -> Option<MessageKind> {
    Some(match number {
        1 => MessageKind::Add,
        2 => MessageKind::Reduce,
        3 => MessageKind::Delete,
        4 => MessageKind::Execute,
        5 => MessageKind::ExecuteHidden,
        6 => MessageKind::CrossTrade,
        7 if price < 0 => MessageKind::Halt(HaltState::Halted),
        7 if price == 0 => MessageKind::Halt(HaltState::QuotingResumed),
        7 => MessageKind::Halt(HaltState::TradingResumed),
        _ => return None,
    })
}

/// Reads decimal seconds exactly: no double has nine decimals of a time of day.
fn since_midnight(text: &str) -> Result<SimDuration, CellError> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return Err(CellError(format!(
            "`{text}` must be seconds after midnight with up to nine decimals, such as 34200.004241176"
        )));
    }
    let late = || CellError(format!("`{text}` must lie within one day, below 86400 seconds"));
    let parsed = format!("{whole}{fraction:0<9}").parse::<i64>().map_err(|_| late())?;
    if parsed < NANOS_A_DAY { Ok(SimDuration::from_nanos(parsed)) } else { Err(late()) }
}

/// Writes a time as LOBSTER does.
fn seconds(time: SimDuration) -> String {
    format!("{}.{:09}", time.nanos() / 1_000_000_000, time.nanos() % 1_000_000_000)
}

fn side(text: &str, may_be_zero: bool) -> Result<Side, CellError> {
    match text {
        "1" => Ok(Side::Buy),
        "-1" => Ok(Side::Sell),
        "0" if may_be_zero => Ok(Side::Sell),
        _ => Err(CellError(format!("`{text}` must be 1 (the resting order buys) or -1 (it sells)"))),
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
            let read = parse_messages("m.csv", &text, &findings);
            prop_assert_eq!(read.is_none(), !findings.borrow().is_empty());
            prop_assert_eq!(findings.borrow().render(false).is_empty(), findings.borrow().is_empty());
        }

        #[test]
        fn prop_times_are_read_as_they_are_written(nanos in 0..NANOS_A_DAY) {
            let time = SimDuration::from_nanos(nanos);
            prop_assert_eq!(since_midnight(&seconds(time)), Ok(time));
        }
    }
}
