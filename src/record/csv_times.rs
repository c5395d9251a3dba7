//! Times of samples in CSV: all of a column alike, so that readers recognize the column as times.
//!
//! A column is written in whole seconds until one of its times has a fraction, and with nine digits from then
//! on. Rows that were written before are rewritten then: once for a column, and rarely, since a column of
//! fractions mostly has one in its first group of rows.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use super::csv_cells::write_nine_digits;
use bearpit_core::units::SimTime;

const SECOND_NANOS: i64 = 1_000_000_000;
/// What a whole second has in a column of nine digits.
const WHOLE: &[u8] = b".000000000";

/// Returns whether any time is no whole second.
pub(super) fn any_fraction(times: &[i64]) -> bool {
    times.iter().any(|nanos| nanos % SECOND_NANOS != 0)
}

/// Writes times: with nine digits of the second or, of a column of whole seconds, none.
#[derive(Debug)]
pub(super) struct Clock {
    has_fraction: bool,
    /// The second that was written last, as text: many times lie within one.
    second: Option<i64>,
    text: Vec<u8>,
}

impl Clock {
    pub(super) const fn new(has_fraction: bool) -> Self {
        Self { has_fraction, second: None, text: Vec::new() }
    }

    /// Writes a time.
    ///
    /// # Errors
    /// None that memory does not have.
    pub(super) fn write(&mut self, output: &mut Vec<u8>, nanos: i64) -> io::Result<()> {
        let fraction = nanos.rem_euclid(SECOND_NANOS);
        let second = nanos.saturating_sub(fraction);
        if self.second != Some(second) {
            self.second = Some(second);
            self.text.clear();
            write!(self.text, "{}", SimTime::from_nanos(second))?;
        }
        output.extend_from_slice(&self.text);
        if !self.has_fraction {
            return Ok(());
        }
        output.push(b'.');
        // Below a billion, so that it always converts.
        write_nine_digits(output, u32::try_from(fraction).unwrap_or_default())
    }
}

/// Gives all times of some columns nine digits, and returns the file, to be continued at its end.
///
/// # Errors
/// If the file cannot be read or written.
pub(super) fn widen(path: &Path, columns: &[bool]) -> io::Result<BufWriter<File>> {
    let widened = path.with_extension("csv.widened");
    let mut to = BufWriter::new(File::create(&widened)?);
    let mut from = BufReader::new(File::open(path)?);
    let mut header = Vec::new();
    from.read_until(b'\n', &mut header)?;
    to.write_all(&header)?;
    copy_widened(&mut from, &mut to, columns)?;
    to.flush()?;
    fs::rename(&widened, path)?;
    Ok(BufWriter::new(OpenOptions::new().append(true).open(path)?))
}

fn copy_widened(from: &mut impl BufRead, to: &mut impl Write, columns: &[bool]) -> io::Result<()> {
    let (mut column, mut is_quoted) = (0, false);
    loop {
        let piece = from.fill_buf()?;
        if piece.is_empty() {
            return Ok(());
        }
        let mut start = 0;
        for (at, byte) in piece.iter().enumerate() {
            // A quote within quotes is doubled, so that counting them is enough.
            is_quoted ^= *byte == b'"';
            let ends_cell = !is_quoted && matches!(byte, b',' | b'\n');
            if !ends_cell {
                continue;
            }
            if columns.get(column).is_some_and(|is_widened| *is_widened) {
                to.write_all(&piece[start..at])?;
                to.write_all(WHOLE)?;
                start = at;
            }
            column = if *byte == b'\n' { 0 } else { column + 1 };
        }
        to.write_all(&piece[start..])?;
        let read = piece.len();
        from.consume(read);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_nine_digits_or_none() {
        for (nanos, whole, fine) in [
            (1_000_000_000, "1970-01-01T00:00:01", "1970-01-01T00:00:01.000000000"),
            (1_000_000_001, "1970-01-01T00:00:01", "1970-01-01T00:00:01.000000001"),
            (-1, "1969-12-31T23:59:59", "1969-12-31T23:59:59.999999999"),
        ] {
            let written = |has_fraction| {
                let (mut text, mut clock) = (Vec::new(), Clock::new(has_fraction));
                // What was written before does not matter.
                for nanos in [nanos - 3_000_000_000, nanos + 1, nanos] {
                    text.clear();
                    clock.write(&mut text, nanos).unwrap();
                }
                String::from_utf8(text).unwrap()
            };
            assert_eq!((written(false).as_str(), written(true).as_str()), (whole, fine));
        }
        assert!(
            any_fraction(&[0, 1]) && !any_fraction(&[0, 2_000_000_000, -1_000_000_000]) && !any_fraction(&[])
        );
    }

    #[test]
    fn only_the_times_of_a_column_are_widened_whatever_stands_between() {
        let text = "a,\"x,\n\"\"y\"\"\",b\nc,,d\n";
        for buffer in [1, 2, 3, 64] {
            let mut to = Vec::new();
            copy_widened(
                &mut BufReader::with_capacity(buffer, text.as_bytes()),
                &mut to,
                &[true, false, true],
            )
            .unwrap();
            let found = String::from_utf8(to).unwrap();
            let expected = "a.000000000,\"x,\n\"\"y\"\"\",b.000000000\nc.000000000,,d.000000000\n";
            assert_eq!(found, expected, "by {buffer}");
        }
    }
}
