//! Reading `order_flow` agents: their files, on the grid of their instrument.

use std::sync::Arc;

use super::agents::{Place, Surroundings};
use super::complaints::Complaints;
use super::files::Files;
use super::lobster::{COLUMNS, book_rows, check_book, half, lines, parse_messages};
use super::read::{self, Read};
use super::section::{Findings, Section};
use super::tree::Node;
use bearpit_agents::OrderFlowConfig;
use bearpit_core::market::{
    BookRow, Instrument, MessageKind, OrderMessage, Side, flow_lots, flow_price, flow_ticks,
};
use bearpit_core::units::{Price, Quantity, SimDuration, SimTime};

const DAY: SimDuration = SimDuration::from_secs(86_400);

/// Reads what is particular to the kind.
pub(super) fn order_flow(
    section: &Section<'_>,
    place: Option<&Place<'_>>,
    around: &Surroundings<'_>,
) -> Option<OrderFlowConfig> {
    let instrument = place.map(|place| place.instrument);
    let messages = messages(section, around.files, instrument);
    let row = if section.has("initial") { first_row(section, around.files, instrument) } else { None };
    // The key is asked for, so that it is known, where it is missing too.
    section.node("initial");
    let midnight = match section.optional("date", date) {
        None if section.has("date") => None,
        None => around.span.map(|(start, _)| start.floor_to(DAY)),
        date => date,
    };
    let (messages, midnight) = (messages?, midnight?);
    check_span(section, &messages, midnight, around.span);
    let initial = match (row, messages.first()) {
        (Some(row), Some(first)) => row.before(first),
        _ if section.has("initial") => return None,
        _ => BookRow::default(),
    };
    Some(OrderFlowConfig { listing: place?.listing, messages, midnight, initial })
}

fn date(node: &Node) -> Read<SimTime> {
    let time = read::time(node)?;
    if time.floor_to(DAY) == time {
        return Ok(time);
    }
    Err(format!("is {time}, but must be a date without a time of day, such as {}", time.floor_to(DAY)))
}

/// Complains of messages that all lie outside of the scenario: their date must be wrong.
fn check_span(
    section: &Section<'_>,
    messages: &[OrderMessage],
    midnight: SimTime,
    span: Option<(SimTime, SimTime)>,
) {
    let (Some((start, end)), Some(first), Some(last)) = (span, messages.first(), messages.last()) else {
        return;
    };
    let [first, last] = [first, last].map(|message| midnight + message.since_midnight);
    if last < start || first > end {
        let message = format!(
            "the messages run from {first} to {last}, none of them within the scenario's {start} to {end}"
        );
        let help = "`date` is the day of the file; without it, the day of the scenario's start".to_owned();
        section.complain("messages", message, Some(help));
    }
}

/// Reads the messages that a key names, and checks those that change the visible book against the grid.
fn messages(
    section: &Section<'_>,
    files: &Files,
    instrument: Option<&Instrument>,
) -> Option<Arc<[OrderMessage]>> {
    let (path, text) = files.text(section, "messages")?;
    let name = path.display().to_string();
    let messages = parse_messages(&name, &text, section.findings)?;
    let Some(instrument) = instrument else { return Some(messages.into()) };
    let mut complaints = Complaints::new(&name, &text, section.findings);
    for (line, message) in lines(&text).zip(&messages) {
        // Hidden orders trade at the mid too; they are not entered.
        if message.kind != MessageKind::Add && !message.kind.refers() {
            continue;
        }
        let mut complain = |column: usize, why: String| {
            let why = format!("{}: {why}", COLUMNS[column]);
            complaints.at_cell(line.start(), COLUMNS.len(), column, why);
        };
        check_price(message.tick_price(), instrument).map_err(|why| complain(4, why)).ok();
        check_size(message.size, instrument).map_err(|why| complain(3, why)).ok();
    }
    complaints.finish().then(|| messages.into())
}

/// Reads the first row of the book that a key names, and checks it against the grid.
///
/// The rest of the file is not looked at: it has the book after each of the other messages, which is to
/// come out of the replay.
fn first_row(section: &Section<'_>, files: &Files, instrument: Option<&Instrument>) -> Option<BookRow> {
    let (path, text) = files.text(section, "initial")?;
    let name = path.display().to_string();
    let line = text.split_inclusive('\n').next().unwrap_or("");
    let depth = check_book(&name, line, section.findings)?;
    let row = book_rows(line, depth).next()?;
    instrument.is_none_or(|it| row_is_on_grid((&name, line), &row, it, section.findings)).then_some(row)
}

fn row_is_on_grid(
    (name, line): (&str, &str),
    row: &BookRow,
    instrument: &Instrument,
    findings: &Findings,
) -> bool {
    let mut complaints = Complaints::new(name, line, findings);
    for (side, offset) in [(Side::Sell, 0), (Side::Buy, 2)] {
        for (number, level) in row.side(side).iter().enumerate() {
            let mut complain = |offset: usize, what: &str, why: String| {
                let why = format!("{} {what} {}: {why}", half(side), number + 1);
                complaints.at_cell(0, 4 * row.depth, 4 * number + offset, why);
            };
            check_price(level.price, instrument).map_err(|why| complain(offset, "price", why)).ok();
            check_size(level.size, instrument).map_err(|why| complain(offset + 1, "size", why)).ok();
        }
    }
    complaints.finish()
}

fn check_price(price: Price, instrument: &Instrument) -> Result<(), String> {
    let why = || {
        format!(
            "`{price}` is {}, which is off tick: it must be a multiple of the tick size {}",
            flow_price(price),
            instrument.tick_size()
        )
    };
    flow_ticks(price, instrument).map(|_| ()).ok_or_else(why)
}

fn check_size(size: Quantity, instrument: &Instrument) -> Result<(), String> {
    let why = || format!("`{size}` must be a multiple of the lot size {}", instrument.lot_size());
    flow_lots(size, instrument).map(|_| ()).ok_or_else(why)
}
