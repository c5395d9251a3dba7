//! [`Dialect`]: separator and header of a text, found from its first lines.

use csv::StringRecord;

use super::names::{is_known, normalize};
use super::number;
use super::options::ReadOptions;
use super::records::records;
use super::time_format::TimeFormat;

/// How many rows are looked at before a file is read.
pub(super) const SAMPLE_ROWS: usize = 200;

/// How many bytes of a text, and how many cells of its first rows, are looked at before it is read.
const SAMPLE_BYTES: usize = 1 << 20;
const SAMPLE_CELLS: usize = 50_000;

/// How many lines of prose may stand before the table.
const PREAMBLE_MAX: usize = 20;

/// What may stand between cells, the more usual first.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Separator and header of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) separator: u8,
    /// Records before the header: prose.
    pub(super) preamble: usize,
    /// Records of the header.
    pub(super) header_rows: usize,
    /// The names of the columns; empty without a header.
    pub(super) names: Vec<String>,
    /// The ticker that yfinance writes below the names.
    pub(super) ticker: Option<String>,
    /// The first rows after the header.
    pub(super) sample: Vec<Vec<String>>,
}

/// Several instruments stand in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeveralTickers(pub(super) Vec<String>);

fn first_records(text: &str, separator: u8, count: usize) -> Vec<Vec<String>> {
    let end = (0..=SAMPLE_BYTES.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let mut left = SAMPLE_CELLS;
    let cells = |record: StringRecord| {
        let cells: Vec<String> = record.iter().take(left).map(ToOwned::to_owned).collect();
        left -= cells.len();
        cells
    };
    let rows = records(&text[..end], separator).into_records().filter_map(Result::ok).take(count).map(cells);
    rows.take_while(|row| !row.is_empty()).collect()
}

/// Returns the separator that a text seems to have.
pub(super) fn sniff_separator(text: &str) -> u8 {
    let score = |separator: u8| {
        let rows = first_records(text, separator, 40);
        let names = rows.iter().map(|row| row.iter().filter(|cell| is_known(cell)).count()).max();
        let values = rows.last().map_or(0, |row| row.iter().filter(|cell| is_value(cell)).count());
        (names.unwrap_or(0), values, rows.last().map_or(0, Vec::len))
    };
    // Of equals, the more usual.
    SEPARATORS.into_iter().rev().max_by_key(|separator| score(*separator)).unwrap_or(b',')
}

/// Returns how messages show a separator.
pub(super) fn separator_name(separator: u8) -> String {
    match separator {
        b'\t' => "a tab".to_owned(),
        b' ' => "a space".to_owned(),
        other => format!("`{}`", char::from(other)),
    }
}

/// Returns whether a cell is a number or a time.
fn is_value(cell: &str) -> bool {
    let cell = cell.trim();
    number::plain(cell).is_some()
        || TimeFormat::detect([cell].into_iter()).is_ok_and(|format| format.is_some())
}

impl Dialect {
    /// Finds out how a text is written, as far as the options leave it open.
    pub(super) fn find(text: &str, options: &ReadOptions) -> Result<Self, SeveralTickers> {
        let separator = options.separator.unwrap_or_else(|| sniff_separator(text));
        let rows = first_records(text, separator, SAMPLE_ROWS + PREAMBLE_MAX);
        let preamble = preamble(&rows);
        let rows = rows.get(preamble..).unwrap_or(&[]);
        let mut found =
            Self { separator, preamble, header_rows: 0, names: Vec::new(), ticker: None, sample: Vec::new() };
        if let Some(names) = rows.first().filter(|row| options.header.unwrap_or_else(|| is_header(row))) {
            (found.header_rows, found.names) = (1, names.clone());
            if options.header.is_none() {
                found.stacked(rows)?;
            }
        }
        found.sample = rows.iter().skip(found.header_rows).take(SAMPLE_ROWS).cloned().collect();
        Ok(found)
    }

    /// Takes the three rows of names that yfinance writes: what, of which ticker, and the name of the index.
    fn stacked(&mut self, rows: &[Vec<String>]) -> Result<(), SeveralTickers> {
        let [first, second, ..] = rows else { return Ok(()) };
        let heads = [first, second].map(|row| row.first().map_or(String::new(), |cell| normalize(cell)));
        let (what, tickers) = match [heads[0].as_str(), heads[1].as_str()] {
            ["price", "ticker"] => (first, second),
            ["ticker", "price"] => (second, first),
            _ => return Ok(()),
        };
        let mut distinct: Vec<String> = Vec::new();
        for ticker in tickers.iter().skip(1).map(|cell| cell.trim()).filter(|cell| !cell.is_empty()) {
            if !distinct.iter().any(|known| known == ticker) {
                distinct.push(ticker.to_owned());
            }
        }
        if distinct.len() > 1 {
            return Err(SeveralTickers(distinct));
        }
        self.ticker = distinct.pop();
        self.names.clone_from(what);
        let index = rows.get(2).filter(|row| row.iter().skip(1).all(|cell| cell.trim().is_empty()));
        self.header_rows = if index.is_some() { 3 } else { 2 };
        if let Some(head) = self.names.first_mut() {
            let name = index.and_then(|row| row.first()).filter(|name| !name.trim().is_empty());
            *head = name.map_or_else(|| "Date".to_owned(), Clone::clone);
        }
        Ok(())
    }
}

/// Returns whether a row is a header: names of columns that are known, or no cell that is a value.
fn is_header(row: &[String]) -> bool {
    let names = row.iter().filter(|cell| is_known(cell)).count();
    let values = row.iter().filter(|cell| is_value(cell)).count();
    names > values || values == 0
}

/// Returns how many records of prose stand before the table: those narrower than it.
fn preamble(rows: &[Vec<String>]) -> usize {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let narrow = rows.iter().take(PREAMBLE_MAX).take_while(|row| row.len() < width.min(3)).count();
    if narrow < rows.len() { narrow } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str) -> Dialect {
        Dialect::find(text, &ReadOptions::default()).unwrap()
    }

    #[test]
    fn the_separator_is_that_which_makes_columns() {
        for (text, separator) in [
            ("date,open,high,low,close\n2024-01-02,1,2,0.5,1\n", b','),
            ("date;open;high;low;close\n2024-01-02;1,5;2,5;0,5;1,5\n", b';'),
            ("<DATE>\t<TIME>\t<OPEN>\n2024.01.02\t00:00:00\t1\n", b'\t'),
            ("20240102 170000;1.5;1.6;1.4;1.5;0\n", b';'),
            ("2024-01-02,1.5,1.6,1.4,1.5,0\n", b','),
            ("time|open|high|low|close\n2024-01-02|1|2|0.5|1\n", b'|'),
            ("", b','),
        ] {
            assert_eq!(find(text).separator, separator, "{text}");
        }
    }

    #[test]
    fn headers_may_be_missing_stacked_or_below_prose() {
        let plain = find("1704153600000,100.0,101.0,99.0,100.5,1\n");
        assert_eq!((plain.header_rows, plain.sample.len()), (0, 1));
        let text = "Price,Close,High\nTicker,AAPL,AAPL\nDate,,\n2024-01-02,1,2\n";
        let stacked = find(text);
        assert_eq!((stacked.header_rows, stacked.ticker.as_deref()), (3, Some("AAPL")));
        assert_eq!(stacked.names, ["Date", "Close", "High"]);
        let several = Dialect::find(&text.replacen("AAPL", "MSFT", 1), &ReadOptions::default());
        assert_eq!(several, Err(SeveralTickers(vec!["MSFT".to_owned(), "AAPL".to_owned()])));
        let prose = find("https://www.example.org\ndate,open,high\n2024-01-02,1,2\n");
        assert_eq!((prose.preamble, prose.header_rows, prose.sample.len()), (1, 1, 1));
    }
}
