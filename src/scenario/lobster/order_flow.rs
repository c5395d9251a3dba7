//! [`OrderFlow`]: LOBSTER's files of one day, read and checked.

use std::path::Path;

use super::book::{book_rows, check_book};
use super::lines::lines;
use super::messages::parse_messages;
use crate::data::read_data_file;
use crate::scenario::document::{Diagnostics, Findings};
use crate::scenario::files::{CellErrors, utf8};
use bearpit_core::market::{BookRow, OrderMessage};

/// Messages, and the book after each of them.
///
/// Everything is checked when it is loaded. The rows of the book stay text until they are read, because a day
/// may have half a million of them with two hundred numbers each.
#[derive(Debug)]
pub struct OrderFlow {
    messages: Vec<OrderMessage>,
    book: String,
    depth: usize,
    initial: Option<BookRow>,
}

/// A file as text.
struct Text {
    name: String,
    text: String,
}

impl OrderFlow {
    /// Loads a message file, the order book file that goes with it, and optionally a file with the book
    /// before the first message, which is one row.
    ///
    /// # Errors
    /// Everything that is wrong in any of the files.
    pub fn load(messages: &Path, book: &Path, initial: Option<&Path>) -> Result<Self, Diagnostics> {
        let findings = Findings::default();
        let flow = Self::read(messages, book, initial, &findings);
        let diagnostics = findings.into_inner();
        match flow {
            Some(flow) if diagnostics.is_empty() => Ok(flow),
            _ => Err(diagnostics),
        }
    }

    fn read(messages: &Path, book: &Path, initial: Option<&Path>, findings: &Findings) -> Option<Self> {
        let [messages, book] = [messages, book].map(|path| Text::read(path, findings));
        let initial = initial.map(|path| initial_row(&Text::read(path, findings)?, findings));
        let (messages, book) = (messages?, book?);
        let parsed = parse_messages(&messages.name, &messages.text, findings);
        let depth = check_book(&book.name, &book.text, findings);
        compare_lengths(&messages, &book, findings);
        // An initial row with errors has been reported.
        Some(Self { messages: parsed?, book: book.text, depth: depth?, initial: initial.flatten() })
    }

    /// Returns the messages; never none.
    #[must_use]
    pub fn messages(&self) -> &[OrderMessage] {
        &self.messages
    }

    /// Returns the book after each message: as many as there are messages.
    pub fn rows(&self) -> impl Iterator<Item = BookRow> {
        book_rows(&self.book, self.depth)
    }

    /// Returns how many levels of each side the rows have.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.depth
    }

    /// Returns the book before the first message, if it was given.
    #[must_use]
    pub const fn initial(&self) -> Option<&BookRow> {
        self.initial.as_ref()
    }
}

impl Text {
    fn read(path: &Path, findings: &Findings) -> Option<Self> {
        let name = path.display().to_string();
        match read_data_file(path) {
            Ok(bytes) => utf8(path, bytes, findings).map(|text| Self { name, text }),
            Err(error) => {
                let mut diagnostics = findings.borrow_mut();
                let place = diagnostics.add_unread(name.as_str());
                diagnostics.push(place, format!("`{name}` cannot be read: {error}"), None);
                None
            }
        }
    }

    fn report_at_end(&self, message: String, findings: &Findings) {
        let end = self.text.trim_end_matches(['\n', '\r']).len();
        let mut errors = CellErrors::new(&self.name, &self.text, findings);
        errors.at(end..end, message, None);
    }
}

fn initial_row(file: &Text, findings: &Findings) -> Option<BookRow> {
    let depth = check_book(&file.name, &file.text, findings)?;
    let mut rows = book_rows(&file.text, depth);
    let row = rows.next();
    let more = rows.count();
    if more > 0 {
        let message = format!("the file has {} rows; the book before the first message is one row", more + 1);
        file.report_at_end(message, findings);
    }
    row
}

/// Reports an error at the end of the file that is too short.
fn compare_lengths(messages: &Text, book: &Text, findings: &Findings) {
    let [count, rows] = [messages, book].map(|file| lines(&file.text).count());
    // An empty file has been reported.
    if count == rows || count == 0 || rows == 0 {
        return;
    }
    if rows < count {
        let message = format!(
            "the file ends after {rows} rows, but {} has {count} messages; each needs the book after it",
            messages.name
        );
        book.report_at_end(message, findings);
    } else {
        let message = format!(
            "the file ends after {count} messages, but {} has {rows} rows; each needs the message before it",
            book.name
        );
        messages.report_at_end(message, findings);
    }
}
