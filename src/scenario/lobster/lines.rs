//! Lines and cells of LOBSTER's files, which have neither a header nor quotes.

use std::ops::RangeInclusive;

/// The price of a level that is not there: with this sign in the columns of asks, negative in those of bids.
pub(super) const EMPTY: i64 = 9_999_999_999;

/// A line of a file, without its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// The byte at which it starts.
    pub(super) start: usize,
    pub(super) text: &'a str,
    /// Whether the file ends in it, without a line end.
    last_and_open: bool,
}

impl Line<'_> {
    /// Returns the error for a line of the wrong width.
    pub(super) fn ragged(&self, width: usize, wanted: &str) -> String {
        let cells = if width == 1 { "1 cell".to_owned() } else { format!("{width} cells") };
        if self.last_and_open {
            format!("the file ends in the middle of this line: it has {cells}, but {wanted}")
        } else {
            format!("the line has {cells}, but {wanted}")
        }
    }
}

/// Returns the lines of a text, without empty lines at its end.
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

/// Reads an integer within a range.
pub(super) fn whole(text: &str, allowed: RangeInclusive<i64>) -> Result<i64, CellError> {
    match text.parse::<i64>() {
        Ok(value) if allowed.contains(&value) => Ok(value),
        _ if *allowed.end() == i64::MAX => {
            Err(CellError(format!("`{text}` must be a whole number from {} up", allowed.start())))
        }
        _ => Err(CellError(format!(
            "`{text}` must be a whole number from {} to {}",
            allowed.start(),
            allowed.end()
        ))),
    }
}

/// Why a cell cannot be read, as a sentence without the cell's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct CellError(pub(super) String);

#[cfg(test)]
mod tests {
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
}
