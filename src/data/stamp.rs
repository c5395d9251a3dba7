//! [`Stamp`]: a time as a file has it, and the parts that texts of times are made of.

/// A time of a file, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamp {
    /// Without an offset: since 1970 on the clock that is shown.
    Civil {
        nanos: i64,
        /// Whether there is no time of day.
        is_date: bool,
    },
    /// An instant: since 1970 in UTC.
    Instant {
        nanos: i64,
        /// The offset with which it was written, in seconds.
        offset: i32,
    },
}

pub(super) const SECOND: i64 = 1_000_000_000;
pub(super) const DAY: i64 = 86_400 * SECOND;

/// Reads a text from the left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes() }
    }

    pub(super) const fn is_done(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.first().copied()
    }

    /// Takes a number of `min` to `max` digits.
    pub(super) fn digits(&mut self, min: usize, max: usize) -> Option<i64> {
        let mut value = 0_i64;
        let mut count = 0;
        while let Some(digit) = self.bytes.get(count).filter(|byte| byte.is_ascii_digit() && count < max) {
            value = value * 10 + i64::from(digit - b'0');
            count += 1;
        }
        if count < min {
            return None;
        }
        self.bytes = &self.bytes[count..];
        Some(value)
    }

    /// Takes one of some bytes.
    pub(super) fn any(&mut self, wanted: &[u8]) -> Option<u8> {
        let byte = self.peek().filter(|byte| wanted.contains(byte))?;
        self.bytes = &self.bytes[1..];
        Some(byte)
    }

    /// Takes spaces; returns whether there were any.
    pub(super) fn spaces(&mut self) -> bool {
        let mut found = false;
        while self.any(b" ").is_some() {
            found = true;
        }
        found
    }

    /// Takes letters, as a text without case of at most 16.
    pub(super) fn word(&mut self) -> String {
        let count = self.bytes.iter().take(16).take_while(|byte| byte.is_ascii_alphabetic()).count();
        let word = self.bytes[..count].iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect();
        self.bytes = &self.bytes[count..];
        word
    }

    /// Takes a fraction after its point, as nanoseconds; digits beyond are cut.
    fn fraction(&mut self) -> Option<i64> {
        let (mut nanos, mut scale, mut count) = (0, SECOND / 10, 0);
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            nanos += i64::from(digit - b'0') * scale;
            scale /= 10;
            count += 1;
            self.bytes = &self.bytes[1..];
        }
        (1..=18).contains(&count).then_some(nanos)
    }

    /// Takes a time of day: `9:30`, `09:30:00`, `09:30:00.250`, with `am` or `pm`, as nanoseconds.
    pub(super) fn time_of_day(&mut self) -> Option<i64> {
        let hour = self.digits(1, 2)?;
        self.any(b":")?;
        let minute = self.digits(2, 2)?;
        let (mut second, mut nanos) = (0, 0);
        if self.any(b":").is_some() {
            second = self.digits(2, 2)?;
            if self.any(b".,").is_some() {
                nanos = self.fraction()?;
            }
        }
        let hour = self.half_day(hour)?;
        in_day(hour, minute, second, nanos)
    }

    /// Takes `am` or `pm` if it is there, and returns the hour of 24.
    fn half_day(&mut self, hour: i64) -> Option<i64> {
        let mut ahead = *self;
        ahead.spaces();
        let word = ahead.word();
        if word != "am" && word != "pm" {
            return Some(hour);
        }
        *self = ahead;
        (1..=12).contains(&hour).then(|| hour % 12 + if word == "pm" { 12 } else { 0 })
    }

    /// Takes an offset if there is one: `Z`, `UTC`, `GMT`, `+01:00`, `-0500`, `+01`, `GMT+0100`; in seconds.
    ///
    /// The outer `None` is text that is no offset.
    pub(super) fn offset(&mut self) -> Option<Option<i32>> {
        self.spaces();
        if self.is_done() {
            return Some(None);
        }
        let word = self.word();
        if !matches!(word.as_str(), "" | "z" | "utc" | "gmt") {
            return None;
        }
        if self.is_done() {
            return Some((!word.is_empty()).then_some(0));
        }
        let sign = if self.any(b"+-")? == b'-' { -1 } else { 1 };
        let hours = self.digits(2, 2)?;
        self.any(b":");
        let minutes = if self.is_done() { 0 } else { self.digits(2, 2)? };
        if !self.is_done() || hours > 18 || minutes > 59 {
            return None;
        }
        i32::try_from(sign * (hours * 3_600 + minutes * 60)).ok().map(Some)
    }
}

/// Returns the seconds of an offset such as `-05:00`; `None` for any other text.
pub(super) fn offset_seconds(text: &str) -> Option<i32> {
    let mut cursor = Cursor::new(text);
    text.starts_with(['+', '-']).then(|| cursor.offset())??
}

/// Returns the nanoseconds of a time of day.
pub(super) fn in_day(hour: i64, minute: i64, second: i64, nanos: i64) -> Option<i64> {
    let fits = hour < 24 && minute < 60 && second < 60;
    // Exchanges write the end of a day as 24:00.
    let is_end = hour == 24 && minute == 0 && second == 0 && nanos == 0;
    (fits || is_end).then(|| ((hour * 60 + minute) * 60 + second) * SECOND + nanos)
}

/// Returns the nanoseconds of a day's midnight since 1970, if there is such a day from 1700 to 2199.
pub(super) fn midnight(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1700..2200).contains(&year) || !(1..=12).contains(&month) || day < 1 {
        return None;
    }
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if day > length {
        return None;
    }
    // Days from a year that begins in March, after H. Hinnant's `days_from_civil`.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(days * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::units::SimTime;

    #[test]
    fn days_are_those_of_the_calendar() {
        for text in ["1700-01-01", "1899-12-31", "1900-02-28", "1970-01-01", "2000-02-29", "2199-12-31"] {
            let parts: Vec<i64> = text.split('-').map(|part| part.parse().unwrap()).collect();
            let time: SimTime = text.parse().unwrap();
            assert_eq!(midnight(parts[0], parts[1], parts[2]), Some(time.nanos()), "{text}");
        }
        assert_eq!([midnight(1900, 2, 29), midnight(2024, 13, 1), midnight(2024, 4, 31)], [None; 3]);
    }

    #[test]
    fn offsets_are_read_with_either_sign() {
        for (text, seconds) in [("+00:00", 0), ("-05:00", -18_000), ("+0530", 19_800), ("-03", -10_800)] {
            assert_eq!(offset_seconds(text), Some(seconds), "{text}");
        }
        assert_eq!(["Z", "+1", "+19:00", "-05:00x"].map(offset_seconds), [None; 4]);
        assert_eq!(Cursor::new(" GMT-0500").offset(), Some(Some(-18_000)));
        assert_eq!(Cursor::new("Z").offset(), Some(Some(0)));
        assert_eq!(Cursor::new("").offset(), Some(None));
        assert_eq!(Cursor::new(" EST").offset(), None);
    }

    #[test]
    fn times_of_day_may_be_of_twelve_hours() {
        let hours = |text| Cursor::new(text).time_of_day().map(|nanos| nanos / (3_600 * SECOND));
        assert_eq!(["12:00 AM", "1:30pm", "12:15 PM", "24:00"].map(hours), [0, 13, 12, 24].map(Some));
        assert_eq!(["13:00 PM", "25:00", "9", "9:5"].map(hours), [None; 4]);
    }
}
