//! Whether a book that replays messages is, after each of them, the book that a file says.
//!
//! [`BookCheck`] replays LOBSTER's messages through the engine ([`bearpit_core::book::OrderBook`]) and
//! compares the first levels of both sides with the file's row. Executions of the order whose turn it is go
//! through matching, so that the engine's priority is checked against the exchange's.
//!
//! # What is known
//! The messages of an N-level file say what changed the first N levels, and nothing of what lies behind.
//! So each side is known up to its row's Nth price, the *horizon*, or wholly where the row has room to
//! spare. Levels that fall behind the horizon are forgotten, because they may change unseen. Levels that
//! come from behind it are taken from the row less its message, and counted as *revealed*; within the
//! horizon nothing is ever taken from a row. The book before the first message is either given or the
//! first row less the first message: then all of it is revealed, and the first row checks little.
//!
//! What is taken from a row becomes one order of unknown id a level. A message about an id that is not
//! known takes from the unknown order of its price.
//!
//! # After a difference
//! The book is not brought in line with the file: a wrong level stays wrong until messages or the horizon
//! clear it away, and each row until then differs. So one message that is missing shows as many rows,
//! whose reasons say since when; one row that is wrong in itself shows as one.
//!
//! # Limits
//! The engine matches at once, so a book that is crossed while an auction gathers cannot be shown; the
//! orders that would trade are reported.

mod difference;
mod replay;
#[cfg(test)]
mod tests;

pub use difference::{Anomaly, BookVerdict, Ladders, OutOfPriority, Reason, RowDifference};

use bearpit_core::market::{BookRow, MessageKind, OrderMessage, QuoteLevel, Side};
use bearpit_core::units::Price;
use difference::{DIFFERENCES_MAX, LevelDifference, compare};
use replay::{Applied, ReplayBook, Unknown, file_id};

/// How many of a row's new differences are reported; a row shifted by one level differs everywhere.
const REASONS_MAX: usize = 4;

/// How much of one side is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    Nothing,
    UpTo(Price),
    All,
}

impl Sight {
    fn of(row: &BookRow, side: Side) -> Self {
        row.horizon(side).map_or(Self::All, Self::UpTo)
    }

    /// Returns whether a price lies behind what is known.
    fn hides(self, side: Side, price: Price) -> bool {
        match self {
            Self::Nothing => true,
            Self::UpTo(horizon) => is_behind(side, horizon, price),
            Self::All => false,
        }
    }
}

/// A check in progress: messages go in with the row after each, in the order of the file.
#[derive(Debug)]
pub struct BookCheck {
    book: ReplayBook,
    /// What is known of the bids and of the asks.
    sight: [Sight; 2],
    /// How the last row differed.
    last: Vec<LevelDifference>,
    verdict: BookVerdict,
}

impl BookCheck {
    /// Begins a check of the first `depth` levels, with the book before the first message if it is known.
    #[must_use]
    pub fn new(depth: usize, initial: Option<&BookRow>) -> Self {
        let mut book = ReplayBook::default();
        for side in Side::BOTH {
            for level in initial.iter().flat_map(|row| row.side(side)) {
                book.reveal(side, *level);
            }
        }
        let sight = Side::BOTH.map(|side| initial.map_or(Sight::Nothing, |row| Sight::of(row, side)));
        let verdict = BookVerdict { depth, ..BookVerdict::default() };
        Self { book, sight, last: Vec::new(), verdict }
    }

    /// Replays a message and compares the book with the row after it.
    pub fn observe(&mut self, message: &OrderMessage, row: &BookRow) {
        self.verdict.rows += 1;
        for (side, sight) in Side::BOTH.into_iter().zip(self.sight) {
            self.reveal(side, sight, message, row);
        }
        let applied = self.book.apply(message);
        self.count(message, &applied);
        for (side, sight) in Side::BOTH.into_iter().zip(&mut self.sight) {
            *sight = Sight::of(row, side);
            if let Sight::UpTo(horizon) = *sight {
                self.book.forget_behind(side, horizon);
            }
        }
        self.compare(message, row, applied.anomaly);
    }

    /// Returns what the check has found.
    #[must_use]
    pub fn finish(self) -> BookVerdict {
        self.verdict
    }

    /// Takes what was behind the horizon before the message from the row after it.
    fn reveal(&mut self, side: Side, sight: Sight, message: &OrderMessage, row: &BookRow) {
        let hidden = row.side(side).iter().filter(|level| sight.hides(side, level.price));
        let mut levels: Vec<QuoteLevel> = hidden.copied().collect();
        if message.side == side && sight.hides(side, message.tick_price()) {
            message.undo(&mut levels);
        }
        if sight != Sight::Nothing {
            self.verdict.revealed += levels.len() as u64;
        }
        for level in levels {
            self.book.reveal(side, level);
        }
    }

    fn count(&mut self, message: &OrderMessage, applied: &Applied) {
        let verdict = &mut self.verdict;
        match message.kind {
            MessageKind::ExecuteHidden => verdict.hidden += 1,
            MessageKind::CrossTrade => verdict.crosses += 1,
            MessageKind::Halt(_) => verdict.halts += 1,
            _ => {}
        }
        match applied.unknown {
            Some(Unknown::Older) => verdict.older += 1,
            Some(Unknown::Forgotten) => verdict.forgotten += 1,
            None => {}
        }
        let row = verdict.rows;
        if let Some(overtaken) = applied.overtaken {
            verdict.out_of_priority += 1;
            let found = OutOfPriority { row, order: message.order, overtaken: file_id(overtaken) };
            verdict.first_out_of_priority.get_or_insert(found);
        }
        if let Some(reason) = &applied.anomaly {
            verdict.anomalies += 1;
            verdict.first_anomaly.get_or_insert_with(|| Anomaly { row, reason: reason.clone() });
        }
    }

    fn compare(&mut self, message: &OrderMessage, row: &BookRow, anomaly: Option<Reason>) {
        let depth = self.verdict.depth;
        let file = first_levels(depth, |side| row.side(side).to_vec());
        let book = first_levels(depth, |side| self.book.levels(side));
        let touch = |row: &BookRow| Side::BOTH.map(|side| row.side(side).first().copied());
        self.verdict.equal_at_touch += u64::from(touch(&file) == touch(&book));
        if file == book {
            self.verdict.equal += 1;
            self.last.clear();
            return;
        }
        let number = self.verdict.rows;
        let sides = Side::BOTH.map(|side| compare(side, [file.side(side), book.side(side)], depth, number));
        let mut found = sides.concat();
        for level in &mut found {
            if let Some(before) = self.last.iter().find(|before| level.continues(before)) {
                level.since = before.since;
            }
        }
        if self.verdict.differences.len() < DIFFERENCES_MAX {
            let reasons = anomaly.into_iter().chain(reasons(&found, message, number)).collect();
            self.verdict.differences.push(RowDifference { row: number, message: *message, reasons });
        }
        self.verdict.first_difference.get_or_insert(Ladders { row: number, file, book });
        self.last = found;
    }
}

/// Returns whether a price is worse than `horizon`.
fn is_behind(side: Side, horizon: Price, price: Price) -> bool {
    price != horizon && side.accepts(horizon, price)
}

fn first_levels(depth: usize, levels: impl Fn(Side) -> Vec<QuoteLevel>) -> BookRow {
    let [bids, asks] = Side::BOTH.map(|side| {
        let mut levels = levels(side);
        levels.truncate(depth);
        levels
    });
    BookRow { depth, bids, asks }
}

/// Says why a row differs: first what is new in it, then what it has from rows before.
fn reasons(found: &[LevelDifference], message: &OrderMessage, row: u64) -> Vec<Reason> {
    let changes = message.kind == MessageKind::Add || message.kind.refers();
    let new = found.iter().filter(|level| level.since == row).take(REASONS_MAX).map(|level| {
        let &LevelDifference { side, price, file, book, .. } = level;
        if changes && side == message.side && price == message.tick_price() {
            Reason::AtMessage { side, price, file, book }
        } else {
            Reason::Elsewhere { side, price, file, book }
        }
    });
    let lasting = found.iter().filter(|level| level.since < row);
    let since = lasting.clone().map(|level| level.since).min();
    let lasting = since.map(|since| Reason::Lasting { levels: lasting.count(), since });
    new.chain(lasting).collect()
}
