//! [`TimeFormat`]: how a file writes times, found from its first ones.

use std::fmt;

use jiff::fmt::strtime;
use thiserror::Error;

use super::stamp::{Cursor, DAY, SECOND, Stamp, in_day, midnight};

/// How times are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TimeFormat {
    /// Year, month, day, with or without something between them.
    YearFirst,
    /// Day, month, year.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
    /// With the name of the month.
    MonthName,
    /// A number since 1970 in UTC; without a unit, its magnitude tells which.
    Epoch(Option<EpochUnit>),
    /// By a pattern of strftime.
    Pattern(String),
}

/// In which unit a number since 1970 counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EpochUnit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

/// Why the format of times cannot be known.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum NoTimeFormat {
    #[error("`{0}` is not a time that can be recognized")]
    Unknown(String),
    #[error("`{0}` has the day first or the month first, and no row of the file shows which")]
    DayOrMonth(String),
}

/// What one text says about the format of all.
enum Guess {
    None,
    Only(TimeFormat),
    /// The day or the month is first.
    DayOrMonth,
}

impl Guess {
    fn day_or_month(self) -> Option<TimeFormat> {
        match self {
            Self::Only(format @ (TimeFormat::DayFirst | TimeFormat::MonthFirst)) => Some(format),
            _ => None,
        }
    }
}

impl EpochUnit {
    const ALL: [(&'static str, Self); 4] =
        [("s", Self::Seconds), ("ms", Self::Millis), ("us", Self::Micros), ("ns", Self::Nanos)];

    const fn nanos(self) -> i64 {
        match self {
            Self::Seconds => SECOND,
            Self::Millis => 1_000_000,
            Self::Micros => 1_000,
            Self::Nanos => 1,
        }
    }

    /// Returns the unit in which a number since 1970 lies in the years in which people trade: each unit is a
    /// thousand times the next, and 1e8 s is in 1973, 1e11 s in the year 5138.
    const fn of_magnitude(value: i64) -> Self {
        match value.unsigned_abs() {
            0..100_000_000_000 => Self::Seconds,
            100_000_000_000..100_000_000_000_000 => Self::Millis,
            100_000_000_000_000..100_000_000_000_000_000 => Self::Micros,
            _ => Self::Nanos,
        }
    }

    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, unit)| *unit == self).map_or("", |(name, _)| name)
    }
}

/// A number since 1970 below which no unit can be told: 1973 in seconds.
const EPOCH_MIN: u64 = 100_000_000;

impl TimeFormat {
    /// Takes what a user wrote: a unit, or a pattern.
    pub(super) fn given(text: &str) -> Self {
        let unit = EpochUnit::ALL.iter().find(|(name, _)| *name == text);
        unit.map_or_else(|| Self::Pattern(text.to_owned()), |(_, unit)| Self::Epoch(Some(*unit)))
    }

    /// Finds the format of a column of times; texts without a digit are passed over.
    ///
    /// The first text that is recognized decides; only where day and month cannot be told apart it looks
    /// further.
    pub(super) fn detect<S: AsRef<str>>(
        mut texts: impl Iterator<Item = S>,
    ) -> Result<Option<Self>, NoTimeFormat> {
        let mut unknown = None;
        while let Some(text) = texts.next() {
            let text = text.as_ref().trim();
            if !text.bytes().any(|byte| byte.is_ascii_digit()) {
                continue;
            }
            match Self::of_text(text) {
                Guess::Only(format) => return Ok(Some(format)),
                Guess::DayOrMonth => {
                    let guesses = texts.map(|text| Self::of_text(text.as_ref().trim()));
                    let one_sided = guesses.filter_map(Guess::day_or_month).next();
                    return one_sided.map(Some).ok_or_else(|| NoTimeFormat::DayOrMonth(text.to_owned()));
                }
                Guess::None => unknown = unknown.or_else(|| Some(text.to_owned())),
            }
        }
        unknown.map_or(Ok(None), |text| Err(NoTimeFormat::Unknown(text)))
    }

    fn of_text(text: &str) -> Guess {
        if let Some(format) = Self::of_number(text) {
            return Guess::Only(format);
        }
        let fits = |format: &Self| format.parse(text).is_some();
        if let Some(format) = [Self::YearFirst, Self::MonthName].into_iter().find(fits) {
            return Guess::Only(format);
        }
        match [Self::DayFirst, Self::MonthFirst].map(|format| fits(&format)) {
            [false, false] => Guess::None,
            [true, false] => Guess::Only(Self::DayFirst),
            [false, true] => Guess::Only(Self::MonthFirst),
            // Dots stand between numbers where the day comes first.
            [true, true] if text.bytes().take(3).any(|byte| byte == b'.') => Guess::Only(Self::DayFirst),
            [true, true] => Guess::DayOrMonth,
        }
    }

    /// Finds the format of a text that is a number.
    fn of_number(text: &str) -> Option<Self> {
        let whole = text.split('.').next().unwrap_or(text);
        let digits = whole.strip_prefix('-').unwrap_or(whole);
        let is_number = !digits.is_empty() && text.trim_start_matches('-').parse::<f64>().is_ok();
        if !is_number || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        if matches!(text.len(), 8 | 12 | 14) && Self::YearFirst.parse(text).is_some() {
            return Some(Self::YearFirst);
        }
        let value: u64 = digits.parse().ok()?;
        (value >= EPOCH_MIN).then_some(Self::Epoch(None))
    }

    /// Reads a time.
    pub(super) fn parse(&self, text: &str) -> Option<Stamp> {
        match self {
            Self::Epoch(unit) => epoch(text, *unit),
            Self::Pattern(pattern) => by_pattern(pattern, text),
            Self::YearFirst => usual(text).or_else(|| any_year_first(text)),
            Self::DayFirst | Self::MonthFirst => {
                let mut cursor = Cursor::new(text);
                let first = cursor.digits(1, 2)?;
                let separator = cursor.any(b"/.-")?;
                let second = cursor.digits(1, 2)?;
                cursor.any(&[separator])?;
                let year = year(&mut cursor)?;
                let [day, month] = if *self == Self::DayFirst { [first, second] } else { [second, first] };
                rest_of(cursor, midnight(year, month, day)?)
            }
            Self::MonthName => {
                let mut cursor = Cursor::new(text);
                let day = with_month_name(&mut cursor)?;
                rest_of(cursor, day)
            }
        }
    }
}

/// Reads a time of day that stands by itself: `09:30:00`, or `0930` and `093000` as numbers.
pub(super) fn parse_time_of_day(text: &str) -> Option<i64> {
    let mut cursor = Cursor::new(text);
    if !text.is_empty() && text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let value = cursor.digits(1, 6)?;
        // Leading zeros get lost in spreadsheets: 93000 is 09:30:00, 930 is 09:30.
        let value = if text.len() > 4 { value } else { value * 100 };
        return in_day(value / 10_000, value / 100 % 100, value % 100, 0);
    }
    let nanos = cursor.time_of_day()?;
    cursor.is_done().then_some(nanos)
}

fn any_year_first(text: &str) -> Option<Stamp> {
    let mut cursor = Cursor::new(text);
    let day = year_first(&mut cursor)?;
    rest_of(cursor, day)
}

/// Reads `2024-01-02`, `2024-01-02 09:30` and `2024-01-02T09:30:00`, the usual ways to write a time, by the
/// places of their digits; `None` for others, which may be times too.
fn usual(text: &str) -> Option<Stamp> {
    let bytes = text.as_bytes();
    let date: &[u8; 10] = bytes.first_chunk()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *date else { return None };
    let year = two_digits(y1, y2)? * 100 + two_digits(y3, y4)?;
    let day = midnight(year, two_digits(m1, m2)?, two_digits(d1, d2)?)?;
    let time = match bytes.get(10..)? {
        [] => return Some(Stamp::Civil { nanos: day, is_date: true }),
        [b'T' | b' ', h1, h2, b':', m1, m2] => in_day(two_digits(*h1, *h2)?, two_digits(*m1, *m2)?, 0, 0)?,
        [b'T' | b' ', h1, h2, b':', m1, m2, b':', s1, s2] => {
            in_day(two_digits(*h1, *h2)?, two_digits(*m1, *m2)?, two_digits(*s1, *s2)?, 0)?
        }
        _ => return None,
    };
    Some(Stamp::Civil { nanos: day + time, is_date: false })
}

fn two_digits(tens: u8, ones: u8) -> Option<i64> {
    let are_digits = tens.is_ascii_digit() && ones.is_ascii_digit();
    are_digits.then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}

/// Takes a date that begins with its year, as nanoseconds.
fn year_first(cursor: &mut Cursor<'_>) -> Option<i64> {
    let year = cursor.digits(4, 4)?;
    match cursor.any(b"-/.") {
        Some(separator) => {
            let month = cursor.digits(1, 2)?;
            cursor.any(&[separator])?;
            let day = cursor.digits(1, 2)?;
            midnight(year, month, day)
        }
        None => midnight(year, cursor.digits(2, 2)?, cursor.digits(2, 2)?),
    }
}

/// Takes a year of four or two digits; of two, 69 to 99 are of the last century, as strptime has it.
fn year(cursor: &mut Cursor<'_>) -> Option<i64> {
    let mut short = *cursor;
    if let Some(year) = cursor.digits(4, 4) {
        return Some(year);
    }
    let year = short.digits(2, 2)?;
    *cursor = short;
    Some(if year < 69 { 2_000 + year } else { 1_900 + year })
}

/// Takes a date with the name of its month: `02-Jan-2024`, `2 January 24`, `Jan 2, 2024`.
fn with_month_name(cursor: &mut Cursor<'_>) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let number = |word: &str| {
        let found = MONTHS.iter().position(|month| word.len() >= 3 && month.starts_with(word));
        found.and_then(|index| i64::try_from(index + 1).ok())
    };
    let skip = |cursor: &mut Cursor<'_>| while cursor.any(b" -/.,").is_some() {};
    let before = cursor.digits(1, 2);
    skip(cursor);
    let month = number(&cursor.word())?;
    skip(cursor);
    let day = match before {
        Some(day) => day,
        None => cursor.digits(1, 2)?,
    };
    skip(cursor);
    midnight(year(cursor)?, month, day)
}

/// Reads what follows a date: nothing, or a time of day, and perhaps an offset.
fn rest_of(mut cursor: Cursor<'_>, day: i64) -> Option<Stamp> {
    let separated = cursor.any(b"Tt").is_some() || cursor.spaces() || cursor.any(b",:").is_some();
    if cursor.is_done() {
        return (!separated).then_some(Stamp::Civil { nanos: day, is_date: true });
    }
    if !separated && !cursor.peek()?.is_ascii_digit() {
        return None;
    }
    cursor.spaces();
    let mut clock = cursor;
    let time = match clock.time_of_day() {
        Some(time) if separated => time,
        _ => {
            clock = cursor;
            let (hour, minute) = (clock.digits(2, 2)?, clock.digits(2, 2)?);
            let second =
                if clock.peek().is_some_and(|it| it.is_ascii_digit()) { clock.digits(2, 2)? } else { 0 };
            in_day(hour, minute, second, 0)?
        }
    };
    let nanos = day + time;
    match clock.offset()? {
        Some(offset) => Some(Stamp::Instant { nanos: nanos - i64::from(offset) * SECOND, offset }),
        None => Some(Stamp::Civil { nanos, is_date: false }),
    }
}

/// Reads a number since 1970, exactly: a float has no room for nanoseconds.
fn epoch(text: &str, unit: Option<EpochUnit>) -> Option<Stamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let value: i64 = whole.parse().ok()?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let scale = unit.unwrap_or_else(|| EpochUnit::of_magnitude(value)).nanos();
    let mut nanos = value.checked_mul(scale)?;
    let mut part = scale / 10;
    for digit in fraction.bytes() {
        let step = i64::from(digit - b'0') * part;
        nanos = if whole.starts_with('-') { nanos.checked_sub(step)? } else { nanos.checked_add(step)? };
        part /= 10;
    }
    in_range(nanos).then_some(Stamp::Instant { nanos, offset: 0 })
}

/// Makes a time of an integer of some unit, for columns that are no text.
pub(super) fn epoch_of(value: i64, unit: Option<EpochUnit>) -> Option<Stamp> {
    let nanos = value.checked_mul(unit.unwrap_or_else(|| EpochUnit::of_magnitude(value)).nanos())?;
    in_range(nanos).then_some(Stamp::Instant { nanos, offset: 0 })
}

/// Returns whether a time lies in the years 1700 to 2199.
pub(super) const fn in_range(nanos: i64) -> bool {
    nanos >= -98_615 * DAY && nanos < 84_006 * DAY
}

fn by_pattern(pattern: &str, text: &str) -> Option<Stamp> {
    let parts = strtime::parse(pattern, text).ok()?;
    if let Ok(stamp) = parts.to_timestamp() {
        let nanos = i64::try_from(stamp.as_nanosecond()).ok().filter(|nanos| in_range(*nanos))?;
        return Some(Stamp::Instant { nanos, offset: parts.offset().map_or(0, |offset| offset.seconds()) });
    }
    let day = parts.to_date().ok()?;
    let day = midnight(day.year().into(), day.month().into(), day.day().into())?;
    match parts.to_time() {
        Ok(time) => {
            let nanos = day + in_day(time.hour().into(), time.minute().into(), time.second().into(), 0)?;
            let nanos = nanos + i64::from(time.subsec_nanosecond());
            Some(Stamp::Civil { nanos, is_date: parts.hour().is_none() })
        }
        Err(_) => Some(Stamp::Civil { nanos: day, is_date: true }),
    }
}

impl fmt::Display for TimeFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::YearFirst => f.write_str("year, month, day"),
            Self::DayFirst => f.write_str("day, month, year"),
            Self::MonthFirst => f.write_str("month, day, year"),
            Self::MonthName => f.write_str("month by name"),
            Self::Epoch(Some(unit)) => write!(f, "{} since 1970 in UTC", unit.name()),
            Self::Epoch(None) => f.write_str("a number since 1970 in UTC"),
            Self::Pattern(pattern) => write!(f, "the pattern {pattern}"),
        }
    }
}

/// Returns the unit of a text that is a number since 1970, for the description of a file.
pub(super) fn unit_of(text: &str) -> Option<EpochUnit> {
    let whole = text.split('.').next()?;
    whole.parse().ok().map(EpochUnit::of_magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit_core::units::SimTime;

    /// Detects and reads a text; an instant has its offset behind it.
    fn read(text: &str) -> String {
        let format = TimeFormat::detect([text].into_iter()).unwrap().unwrap();
        match format.parse(text) {
            Some(Stamp::Civil { nanos, .. }) => SimTime::from_nanos(nanos).to_string(),
            Some(Stamp::Instant { nanos, offset }) => format!("{}Z{offset:+}", SimTime::from_nanos(nanos)),
            None => "none".to_owned(),
        }
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, time) in [
            ("2024-01-02", "2024-01-02T00:00:00"),
            ("2024/1/2", "2024-01-02T00:00:00"),
            ("2024.01.02 09:30", "2024-01-02T09:30:00"),
            ("20240102", "2024-01-02T00:00:00"),
            ("20240102 093000", "2024-01-02T09:30:00"),
            ("20240102;0930", "none"),
            ("20240102 09:30:00.25", "2024-01-02T09:30:00.25"),
            ("202401020930", "2024-01-02T09:30:00"),
            ("20240102093015", "2024-01-02T09:30:15"),
            ("2024-01-02T09:30:00.123456789", "2024-01-02T09:30:00.123456789"),
            ("2024-01-02 09:30:00+00:00", "2024-01-02T09:30:00Z+0"),
            ("2024-01-02 09:30:00-05:00", "2024-01-02T14:30:00Z-18000"),
            ("2024-01-02T09:30:00Z", "2024-01-02T09:30:00Z+0"),
            ("2024-01-02 09:30:00 UTC", "2024-01-02T09:30:00Z+0"),
            ("01.02.2024 00:00:00.000 GMT-0500", "2024-02-01T05:00:00Z-18000"),
            ("31/12/2024", "2024-12-31T00:00:00"),
            ("12/31/24 4:00 PM", "2024-12-31T16:00:00"),
            ("Jan 02, 2024", "2024-01-02T00:00:00"),
            ("2-Jan-99", "1999-01-02T00:00:00"),
            ("1704153600", "2024-01-02T00:00:00Z+0"),
            ("1704153600000", "2024-01-02T00:00:00Z+0"),
            ("1704153600000001", "2024-01-02T00:00:00.000001Z+0"),
            ("1704153600000000001", "2024-01-02T00:00:00.000000001Z+0"),
            ("1704153600.5", "2024-01-02T00:00:00.5Z+0"),
            ("-1325635200.25", "1927-12-29T23:59:59.75Z+0"),
        ] {
            if time == "none" {
                assert!(TimeFormat::detect([text].into_iter()).is_err(), "{text}");
            } else {
                assert_eq!(read(text), time, "{text}");
            }
        }
    }

    #[test]
    fn day_and_month_are_told_apart_by_any_row() {
        let detect = |texts: &[&'static str]| TimeFormat::detect(texts.iter().copied());
        assert_eq!(detect(&["01/02/2024", "01/03/2024", "01/13/2024"]), Ok(Some(TimeFormat::MonthFirst)));
        assert_eq!(detect(&["01/02/2024", "13/02/2024"]), Ok(Some(TimeFormat::DayFirst)));
        assert_eq!(
            detect(&["01/02/2024", "null", "02/02/2024"]),
            Err(NoTimeFormat::DayOrMonth("01/02/2024".to_owned()))
        );
        assert_eq!(detect(&["", "null"]), Ok(None));
        for text in ["45293", "2024-13-01", "2024-01-02 EST 5", "5.1"] {
            assert_eq!(detect(&[text]), Err(NoTimeFormat::Unknown(text.to_owned())));
        }
    }

    #[test]
    fn a_pattern_or_a_unit_can_be_given() {
        let parse = |format: &str, text| TimeFormat::given(format).parse(text);
        let noon = 12 * 3_600 * SECOND;
        let civil = |nanos, is_date| Some(Stamp::Civil { nanos, is_date });
        assert_eq!(parse("%d.%m.%Y %H:%M", "01.01.1970 12:00"), civil(noon, false));
        assert_eq!(parse("%Y-%m-%d %I-%p", "1970-01-01 12-PM"), civil(noon, false));
        assert_eq!(parse("%m/%d/%Y", "01/02/1970"), civil(DAY, true));
        let instant = Some(Stamp::Instant { nanos: noon + 3_600 * SECOND, offset: -3_600 });
        assert_eq!(parse("%Y-%m-%d %H:%M%z", "1970-01-01 12:00-0100"), instant);
        assert_eq!(parse("s", "43200"), Some(Stamp::Instant { nanos: noon, offset: 0 }));
        assert_eq!(parse("%Y", "no year"), None);
        assert_eq!(parse("ns", "9223372036854775808"), None);
    }

    #[test]
    fn a_time_of_day_stands_by_itself_too() {
        let minutes = |text| parse_time_of_day(text).map(|nanos| nanos / (60 * SECOND));
        assert_eq!(
            ["09:30:00", "0930", "930", "93000", "093000", "0"].map(minutes),
            [570, 570, 570, 570, 570, 0].map(Some)
        );
        assert_eq!(["", "2024-01-02", "99:00", "9999", "1704153600"].map(minutes), [None; 5]);
    }
}

#[cfg(test)]
mod property_tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn prop_usual_times_are_what_the_general_way_reads(
            text in "[0-9]{4}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-6][0-9](:[0-6][0-9])?)?.{0,2}"
        ) {
            if let Some(stamp) = usual(&text) {
                prop_assert_eq!(Some(stamp), any_year_first(&text), "{}", text);
            }
        }

        #[test]
        fn prop_usual_times_are_read_the_usual_way(
            days in 0_i64..80_000,
            seconds in 0_i64..86_400,
            separator in prop_oneof![Just(' '), Just('T')],
        ) {
            let nanos = days * DAY + seconds * SECOND;
            let text = bearpit_core::units::SimTime::from_nanos(nanos).to_string();
            let text: String = text.replace('T', &separator.to_string());
            prop_assert_eq!(usual(&text), Some(Stamp::Civil { nanos, is_date: false }), "{}", text);
        }
    }
}
