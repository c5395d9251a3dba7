//! LOBSTER's messages and books from text: every row checked, every error with its line, column and value.
//!
//! The format has no header and no quotes, so lines are split at commas; whatever is wrong stands at its
//! exact cell. See [`bearpit_core::market::OrderMessage`] and [`BookRow`] for what the columns mean.

use std::ops::RangeInclusive;

use super::complaints::Complaints;
use super::section::Findings;
use bearpit_core::market::{BookRow, HaltState, MessageKind, OrderMessage, QuoteLevel, Side};
use bearpit_core::units::{Price, Quantity, SimDuration};

/// What a book row has for the price of a level that is not there: with this sign for asks, or the other.
const EMPTY: i64 = 9_999_999_999;

/// What the cells of a message are called.
pub(super) const COLUMNS: [&str; 6] = ["time", "type", "order id", "size", "price", "direction"];
const TYPES: &str =
    "1 add, 2 partial cancel, 3 delete, 4 execution, 5 hidden execution, 6 cross trade, 7 halt";
const NANOS_A_DAY: i64 = 86_400_000_000_000;

/// A line of a file, without its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// The byte at which it starts.
    start: usize,
    text: &'a str,
    /// The file ends in it: no line end follows.
    last_and_open: bool,
}

impl Line<'_> {
    /// Returns the byte at which it starts.
    pub(super) const fn start(&self) -> usize {
        self.start
    }

    /// Returns how a line of the wrong width is complained of.
    fn ragged(&self, width: usize, wanted: &str) -> String {
        let cells = if width == 1 { "1 cell".to_owned() } else { format!("{width} cells") };
        if self.last_and_open {
            format!("the file ends in the middle of this line: it has {cells}, but {wanted}")
        } else {
            format!("the line has {cells}, but {wanted}")
        }
    }
}

/// Returns the lines of a text; empty lines at its end are none.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let body = text.trim_end_matches(['\n', '\r']);
    let open = body.len() == text.len();
    let mut next = (!body.is_empty()).then_some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let end = body[start..].find('\n').map(|length| start + length);
        next = end.map(|end| end + 1);
        let line = body[start..end.unwrap_or(body.len())].trim_end_matches('\r');
        Some(Line { start, text: line, last_and_open: open && end.is_none() })
    })
}

/// Reads the messages of the file called `name`, or complains and returns `None`.
///
/// Times must not go back; equal times are usual.
pub(super) fn parse_messages(name: &str, text: &str, findings: &Findings) -> Option<Vec<OrderMessage>> {
    let mut complaints = Complaints::new(name, text, findings);
    let mut messages: Vec<OrderMessage> = Vec::new();
    for line in lines(text) {
        let Some(message) = message(&line, &mut complaints) else { continue };
        let before = messages.last().map_or(SimDuration::ZERO, |last| last.since_midnight);
        if message.since_midnight < before {
            let (time, before) = (seconds(message.since_midnight), seconds(before));
            let why = format!("time: {time} comes before {before} of a line above; times must not go back");
            complaints.at_cell(line.start, COLUMNS.len(), 0, why);
        }
        messages.push(message);
    }
    if messages.is_empty() && complaints.errors() == 0 {
        complaints.at(0..0, "the file is empty; at least one message is needed".to_owned(), None);
    }
    complaints.finish().then_some(messages)
}

fn message(line: &Line<'_>, complaints: &mut Complaints<'_>) -> Option<OrderMessage> {
    let cells: Vec<&str> = line.text.split(',').map(str::trim).collect();
    let &[time, kind, order, size, price, direction] = cells.as_slice() else {
        let why = line.ragged(cells.len(), "a message has 6: time, type, order id, size, price, direction");
        complaints.at_cell(line.start, cells.len(), 0, why);
        return None;
    };
    let mut cell = Cells { start: line.start, complaints };
    let time = cell.keep(0, since_midnight(time));
    // Without its type nothing is known of what the other cells may hold.
    let unknown = || format!("`{kind}` is not a known type; known are {TYPES}");
    let number = cell.keep(1, whole(kind, 1..=7).map_err(|_| unknown()))?;
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
    complaints: &'a mut Complaints<'b>,
}

impl Cells<'_, '_> {
    /// Returns what was read, or complains.
    fn keep<T>(&mut self, column: usize, read: Result<T, String>) -> Option<T> {
        let complain = |why| {
            let message = format!("{}: {why}", COLUMNS[column]);
            self.complaints.at_cell(self.start, COLUMNS.len(), column, message);
        };
        read.map_err(complain).ok()
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
fn since_midnight(text: &str) -> Result<SimDuration, String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return Err(format!(
            "`{text}` must be seconds after midnight with up to nine decimals, such as 34200.004241176"
        ));
    }
    let late = || format!("`{text}` must lie within one day, below 86400 seconds");
    let parsed = format!("{whole}{fraction:0<9}").parse::<i64>().map_err(|_| late())?;
    if parsed < NANOS_A_DAY { Ok(SimDuration::from_nanos(parsed)) } else { Err(late()) }
}

/// Writes a time as LOBSTER does.
fn seconds(time: SimDuration) -> String {
    format!("{}.{:09}", time.nanos() / 1_000_000_000, time.nanos() % 1_000_000_000)
}

fn whole(text: &str, allowed: RangeInclusive<i64>) -> Result<i64, String> {
    match text.parse::<i64>() {
        Ok(value) if allowed.contains(&value) => Ok(value),
        _ if *allowed.end() == i64::MAX => {
            Err(format!("`{text}` must be a whole number from {} up", allowed.start()))
        }
        _ => Err(format!("`{text}` must be a whole number from {} to {}", allowed.start(), allowed.end())),
    }
}

fn side(text: &str, may_be_zero: bool) -> Result<Side, String> {
    match text {
        "1" => Ok(Side::Buy),
        "-1" => Ok(Side::Sell),
        "0" if may_be_zero => Ok(Side::Sell),
        _ => Err(format!("`{text}` must be 1 (the resting order buys) or -1 (it sells)")),
    }
}

/// Checks all rows of the file called `name`; returns how many levels they have, or complains.
pub(super) fn check_book(name: &str, text: &str, findings: &Findings) -> Option<usize> {
    let mut complaints = Complaints::new(name, text, findings);
    let mut depth = None;
    for line in lines(text) {
        let width = line.text.split(',').count();
        if !width.is_multiple_of(4) {
            let wanted = "a row of a book has four a level: ask price and size, bid price and size";
            complaints.at_cell(line.start, width, 0, line.ragged(width, wanted));
            continue;
        }
        let depth = *depth.get_or_insert(width / 4);
        if width == depth * 4 {
            book_row(&line, depth, |column, why| complaints.at_cell(line.start, width, column, why));
        } else {
            let why = line.ragged(width, &format!("a row above has {}, four a level", depth * 4));
            complaints.at_cell(line.start, width, 0, why);
        }
    }
    if depth.is_none() && complaints.errors() == 0 {
        complaints.at(0..0, "the file is empty; at least one row is needed".to_owned(), None);
    }
    if complaints.finish() { depth } else { None }
}

/// Returns the rows of a text that [`check_book`] has found right.
pub(super) fn book_rows(text: &str, depth: usize) -> impl Iterator<Item = BookRow> {
    lines(text).map(move |line| book_row(&line, depth, |_, _| {}))
}

/// Reads a row of `depth` levels; cells that are wrong are complained of and left out.
fn book_row(line: &Line<'_>, depth: usize, mut complain: impl FnMut(usize, String)) -> BookRow {
    let mut row = BookRow { depth, ..BookRow::default() };
    let mut cells = line.text.split(',').map(str::trim);
    // After a cell that is wrong, what stands where is not judged.
    let mut sound = true;
    for number in 0..depth {
        for (offset, side) in [(0, Side::Sell), (2, Side::Buy)] {
            let column = 4 * number + offset;
            let (price, size) = (cells.next().unwrap_or(""), cells.next().unwrap_or(""));
            match level(price, size) {
                Err((offset, why)) => {
                    let what = if offset == 0 { "price" } else { "size" };
                    let name = format!("{} {what} {}", half(side), number + 1);
                    complain(column + offset, format!("{name}: {why}"));
                    sound = false;
                }
                Ok(None) => {}
                Ok(Some(level)) => {
                    let why = misplaced(row.side(side), number, side, level.price).filter(|_| sound);
                    if let Some(why) = why {
                        complain(column, why);
                    }
                    row.side_mut(side).push(level);
                }
            }
        }
    }
    row
}

/// Reads a level; `None` where it is not there; else which cell is wrong, and why.
fn level(price: &str, size: &str) -> Result<Option<QuoteLevel>, (usize, String)> {
    let empty = price.parse::<i64>().is_ok_and(|price| price.abs() == EMPTY);
    if empty {
        return match size {
            "0" => Ok(None),
            _ => Err((
                1,
                format!("`{size}` must be 0, because the price {price} means that there is no level"),
            )),
        };
    }
    let ticks = whole(price, 1..=EMPTY - 1).map_err(|why| (0, why))?;
    let largest = i64::try_from(Quantity::MAX_LOTS).unwrap_or(i64::MAX);
    let lots = whole(size, 1..=largest).map_err(|why| (1, why))?;
    Ok(Some(QuoteLevel { price: Price::new(ticks), size: Quantity::new(lots.unsigned_abs()) }))
}

/// Says why the level of so many before it does not belong there, if so.
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

    #[test]
    fn lines_end_as_on_any_system_and_the_open_one_is_known() {
        let read = |text| -> Vec<(usize, &str, bool)> {
            lines(text).map(|line| (line.start, line.text, line.last_and_open)).collect()
        };
        assert_eq!(read("a\r\nb\n\n"), [(0, "a", false), (3, "b", false)]);
        assert_eq!(read("a\n\nb"), [(0, "a", false), (2, "", false), (3, "b", true)]);
        assert_eq!(read("\n"), []);
    }

    proptest! {
        #[test]
        fn prop_no_text_makes_reading_panic(text in "[-0-9,.\n\rx\u{df}]{0,120}") {
            let findings = Findings::default();
            let read = parse_messages("m.csv", &text, &findings);
            let depth = check_book("b.csv", &text, &findings);
            let rows = book_rows(&text, depth.unwrap_or(1)).count();
            prop_assert_eq!(rows, lines(&text).count());
            prop_assert_eq!(read.is_none() || depth.is_none(), !findings.borrow().is_empty());
            prop_assert_eq!(findings.borrow().render(false).is_empty(), findings.borrow().is_empty());
        }

        #[test]
        fn prop_times_are_read_as_they_are_written(nanos in 0..NANOS_A_DAY) {
            let time = SimDuration::from_nanos(nanos);
            prop_assert_eq!(since_midnight(&seconds(time)), Ok(time));
        }
    }
}
