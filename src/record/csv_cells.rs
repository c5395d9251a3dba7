//! [`Cells`]: the cells of a column as text, row by row.

use std::io::{self, Write};
use std::sync::Arc;

use super::csv::write_text;
use super::csv_times::Clock;
use super::row_group::column::{Column, Counts};
use super::row_group::interner::Interner;
use super::row_group::keys::Keys;
use bearpit_core::units::Money;

/// The cells of a column; rows are written in order.
pub(super) enum Cells<'a> {
    /// Numbered values, each of which is text already.
    Values {
        keys: &'a Keys,
        texts: Texts,
    },
    Counts {
        values: &'a [u64],
        /// The rows without one that are still to come.
        nulls: &'a [usize],
    },
    Small(&'a [u32]),
    Text(&'a [Option<Arc<str>>]),
    Time {
        nanos: &'a [i64],
        clock: Clock,
    },
}

impl<'a> Cells<'a> {
    /// Makes text of a column's values; with `has_fraction`, times have nine digits of the second.
    pub(super) fn new(column: &'a Column, interner: &Interner, has_fraction: bool) -> Self {
        match column {
            Column::Number(cells) => {
                let cells = cells.cells();
                let texts = Texts::of(cells.values(), |text, bits| {
                    text.extend_from_slice(zmij::Buffer::new().format(f64::from_bits(*bits)).as_bytes());
                });
                Self::Values { keys: cells.keys(), texts }
            }
            Column::Word(cells) => {
                let texts = Texts::of(cells.values(), |text, word| write_text(text, interner.get(*word)));
                Self::Values { keys: cells.keys(), texts }
            }
            Column::Money(cells) => {
                let texts = Texts::of(cells.values(), |text, units| write_money(text, *units));
                Self::Values { keys: cells.keys(), texts }
            }
            Column::Count(cells) => Self::of_counts(cells),
            Column::Small(cells) => Self::Small(cells),
            Column::Text(cells) => Self::Text(cells),
            Column::Time(nanos) => Self::Time { nanos, clock: Clock::new(has_fraction) },
        }
    }

    fn of_counts(cells: &'a Counts) -> Self {
        Self::Counts { values: cells.values(), nulls: cells.nulls() }
    }

    /// Writes the cell of a row.
    ///
    /// # Errors
    /// None that memory does not have: what writes a time says so.
    #[inline]
    pub(super) fn write(&mut self, output: &mut Vec<u8>, row: usize) -> io::Result<()> {
        match self {
            Self::Values { keys, texts } => output.extend_from_slice(texts.get(keys.get(row))),
            Self::Counts { values, nulls } => match nulls.split_first() {
                Some((null, rest)) if *null == row => *nulls = rest,
                _ => write_count(output, values[row]),
            },
            Self::Small(cells) => write_count(output, cells[row].into()),
            Self::Text(cells) => {
                if let Some(text) = &cells[row] {
                    write_text(output, text);
                }
            }
            Self::Time { nanos, clock } => clock.write(output, nanos[row])?,
        }
        Ok(())
    }
}

/// The texts of numbered values, one after the other.
#[derive(Debug)]
pub(super) struct Texts {
    text: Vec<u8>,
    /// Where each ends, and begins where the one before ends.
    ends: Vec<usize>,
}

impl Texts {
    fn of<T>(values: &[T], mut write: impl FnMut(&mut Vec<u8>, &T)) -> Self {
        let mut texts = Self { text: Vec::new(), ends: Vec::with_capacity(values.len()) };
        for value in values {
            write(&mut texts.text, value);
            texts.ends.push(texts.text.len());
        }
        texts
    }

    /// Returns the text of a number; an empty one of a row without a value.
    fn get(&self, key: u32) -> &[u8] {
        let place = key as usize;
        let Some(end) = self.ends.get(place) else { return &[] };
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[begin..*end]
    }
}

/// Writes a count in digits.
pub(super) fn write_count(output: &mut Vec<u8>, mut count: u64) {
    // More digits than a count has.
    let mut digits = [0; 20];
    let mut from = digits.len();
    loop {
        from -= 1;
        digits[from] = b'0' + (count % 10).to_le_bytes()[0];
        count /= 10;
        if count == 0 {
            break;
        }
    }
    output.extend_from_slice(&digits[from..]);
}

/// Writes an amount, exactly and with at least two places, as [`Money`] is shown.
fn write_money(output: &mut Vec<u8>, units: i128) {
    let Ok(units) = i64::try_from(units) else {
        return output.extend_from_slice(Money::from_units(units).to_string().as_bytes());
    };
    /// Units of one of the currency.
    const ONE: u64 = 10_u64.pow(Money::SCALE);
    if units < 0 {
        output.push(b'-');
    }
    let (whole, mut fraction) = (units.unsigned_abs() / ONE, units.unsigned_abs() % ONE);
    write_count(output, whole);
    let mut digits = [0; Money::SCALE as usize];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (fraction % 10).to_le_bytes()[0];
        fraction /= 10;
    }
    let kept = digits.iter().rposition(|digit| *digit != b'0').map_or(2, |last| (last + 1).max(2));
    output.push(b'.');
    output.extend_from_slice(&digits[..kept]);
}

/// Writes so many digits of a number below a billion.
pub(super) fn write_nine_digits(output: &mut impl Write, mut number: u32) -> io::Result<()> {
    let mut digits = [0; 9];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10).to_le_bytes()[0];
        number /= 10;
    }
    output.write_all(&digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut text = Vec::new();
        write(&mut text);
        String::from_utf8(text).unwrap()
    }

    proptest! {
        #[test]
        fn counts_and_amounts_are_written_as_they_are_shown(
            count in any::<u64>(),
            small in 0..1_000_u64,
            amount in any::<i64>(),
            cents in -1_000_000..1_000_000_i64,
            large in any::<i128>(),
        ) {
            for count in [count, small] {
                prop_assert_eq!(written(|text| write_count(text, count)), count.to_string());
            }
            let cents = i128::from(cents) * 100_000_000;
            for units in [amount.into(), cents, large, 0, 1, -1] {
                let shown = Money::from_units(units).to_string();
                prop_assert_eq!(written(|text| write_money(text, units)), shown);
            }
        }
    }

    #[test]
    fn each_row_has_the_text_of_its_value_or_none() {
        let texts = Texts::of(&["a", "", "bc"], |text, value| text.extend_from_slice(value.as_bytes()));
        let found: Vec<&[u8]> = [2, 0, 1, u32::MAX, 2].map(|key| texts.get(key)).to_vec();
        assert_eq!(found, [b"bc".as_slice(), b"a", b"", b"", b"bc"]);
    }
}
