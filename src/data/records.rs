//! [`Records`]: the rows of a text, cell by cell.

use csv::{Reader, ReaderBuilder, StringRecord};

/// Returns a reader of records.
pub(super) fn records(text: &str, separator: u8) -> Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes())
}

/// The rows of a text, one after another; lines without anything are passed over.
///
/// Nearly all files quote nothing. Their lines are cut at the separators where they stand, which is less work
/// than to look for quotes, and nothing is copied; all others go through a reader of quotes.
pub(super) struct Records<'t> {
    text: &'t str,
    way: Way<'t>,
    /// Where the cells of the row at hand end, in its source; reused.
    ends: Vec<usize>,
}

enum Way<'t> {
    Plain { separator: u8, at: usize, line: usize },
    Quoted { reader: Reader<&'t [u8]>, record: StringRecord },
}

/// A row, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    source: &'a str,
    /// Where the first cell begins in the source.
    begin: usize,
    ends: &'a [usize],
    /// The bytes between two cells of the source: a separator, or none.
    between: usize,
    /// The line, from 1.
    pub(super) line: usize,
    /// The byte of the text at which it begins.
    pub(super) start: usize,
}

impl<'t> Records<'t> {
    pub(super) fn new(text: &'t str, separator: u8) -> Self {
        let way = if is_plain(text) {
            Way::Plain { separator, at: 0, line: 1 }
        } else {
            Way::Quoted { reader: records(text, separator), record: StringRecord::new() }
        };
        Self { text, way, ends: Vec::new() }
    }

    /// Returns the next row.
    pub(super) fn next_row(&mut self) -> Option<Row<'_>> {
        self.ends.clear();
        match &mut self.way {
            Way::Plain { separator, at, line } => {
                let (start, number) = next_line(self.text, *separator, (at, line), &mut self.ends)?;
                let ends = &self.ends;
                Some(Row { source: self.text, begin: start, ends, between: 1, line: number, start })
            }
            Way::Quoted { reader, record } => {
                if !reader.read_record(record).unwrap_or(false) {
                    return None;
                }
                self.ends.extend((0..record.len()).filter_map(|index| Some(record.range(index)?.end)));
                let (start, line) = place(self.text, record);
                Some(Row { source: record.as_slice(), begin: 0, ends: &self.ends, between: 0, line, start })
            }
        }
    }
}

/// Returns whether a text has no quotes, and no carriage returns but before line feeds.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    !bytes.contains(&b'"')
        && (!bytes.contains(&b'\r')
            || (bytes.windows(2).all(|pair| pair[0] != b'\r' || pair[1] == b'\n')
                && bytes.last() != Some(&b'\r')))
}

/// Finds the cells of the next line that is not empty; returns where it begins, and its number.
fn next_line(
    text: &str,
    separator: u8,
    (at, line): (&mut usize, &mut usize),
    ends: &mut Vec<usize>,
) -> Option<(usize, usize)> {
    while *at < text.len() {
        let (start, number) = (*at, *line);
        let mut end = text.len();
        for (index, byte) in (start..).zip(&text.as_bytes()[start..]) {
            if *byte == separator {
                ends.push(index);
            } else if *byte == b'\n' {
                end = index;
                break;
            }
        }
        *at = end + 1;
        *line += 1;
        let content = if text[start..end].ends_with('\r') { end - 1 } else { end };
        if content > start {
            ends.push(content);
            return Some((start, number));
        }
    }
    None
}

/// Returns where a record begins: its byte, and its line.
fn place(text: &str, record: &StringRecord) -> (usize, usize) {
    let (mut start, mut line) = (0, 1);
    if let Some(position) = record.position() {
        start = usize::try_from(position.byte()).unwrap_or(0);
        line = usize::try_from(position.line()).unwrap_or(1);
    }
    // The reader's position may stand on line ends before the record.
    while let Some(end @ (b'\n' | b'\r')) = text.as_bytes().get(start) {
        line += usize::from(*end == b'\n');
        start += 1;
    }
    (start, line)
}

impl<'a> Row<'a> {
    /// Returns how many cells it has.
    pub(super) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns a cell, without spaces around it; nothing where there is none.
    pub(super) fn cell(&self, index: usize) -> &'a str {
        let Some(end) = self.ends.get(index) else { return "" };
        let begin = match index.checked_sub(1) {
            None => self.begin,
            Some(before) => self.ends[before] + self.between,
        };
        let cell = &self.source[begin..*end];
        match cell.as_bytes() {
            // Nearly always.
            [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => cell,
            _ => cell.trim(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads all rows: each with its line, its start and its cells.
    fn rows(text: &str, mut records: Records<'_>) -> Vec<(usize, usize, Vec<String>)> {
        let mut rows = Vec::new();
        while let Some(row) = records.next_row() {
            let cells = (0..row.len()).map(|index| row.cell(index).to_owned()).collect();
            assert!(row.start < text.len(), "{row:?}");
            rows.push((row.line, row.start, cells));
        }
        rows
    }

    fn quoted(text: &str) -> Records<'_> {
        let way = Way::Quoted { reader: records(text, b','), record: StringRecord::new() };
        Records { text, way, ends: Vec::new() }
    }

    #[test]
    fn quotes_and_lone_carriage_returns_are_not_plain() {
        assert!(["", "a,b\n", "a,b\r\nc\r\n", "a"].into_iter().all(is_plain));
        assert!(!["\"a\",b\n", "a\rb\n", "a\r\r\n", "a\r"].into_iter().any(is_plain));
        let text = "\n\"a\n1\", b \n\n,c\n";
        let expected =
            [(2, 1, vec!["a\n1".to_owned(), "b".to_owned()]), (5, 12, vec![String::new(), "c".to_owned()])];
        assert_eq!(rows(text, Records::new(text, b',')), expected);
    }

    proptest! {
        #[test]
        fn prop_plain_text_has_the_rows_that_a_reader_of_quotes_finds(
            lines in prop::collection::vec("[a1 ,.\u{e9}]{0,6}", 0..8),
            ends in prop::collection::vec(prop::bool::ANY, 8),
            is_ended in prop::bool::ANY,
        ) {
            let mut text = String::new();
            for (line, is_wide) in lines.iter().zip(&ends) {
                text.push_str(line);
                text.push_str(if *is_wide { "\r\n" } else { "\n" });
            }
            if !is_ended {
                text.truncate(text.trim_end_matches(['\r', '\n']).len());
            }
            prop_assert_eq!(rows(&text, Records::new(&text, b',')), rows(&text, quoted(&text)));
        }
    }
}
