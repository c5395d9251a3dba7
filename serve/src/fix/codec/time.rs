//! Times as FIX writes them: `20250303-08:30:00.250`, in UTC.

use bearpit_core::units::SimTime;

/// Milliseconds since 1970 in UTC.
pub(in crate::fix) type Millis = i64;

const NANOS: i64 = 1_000_000;

/// Writes a time.
pub(in crate::fix) fn timestamp(at: Millis) -> String {
    let text = SimTime::from_nanos(at.saturating_mul(NANOS)).to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let (date, clock) = whole.split_once('T').unwrap_or((whole, ""));
    format!("{}-{clock}.{part:0<3}", date.replace('-', ""))
}

/// Reads a time, with or without a part of the second.
pub(in crate::fix) fn millis_of(text: &str) -> Option<Millis> {
    let iso = iso_of(text)?;
    let at: SimTime = iso.strip_suffix('Z')?.parse().ok()?;
    Some(at.nanos() / NANOS)
}

/// Returns a time as of RFC 3339: `2025-03-03T08:30:00.250Z`.
pub(in crate::fix) fn iso_of(text: &str) -> Option<String> {
    let (date, clock) = text.split_once('-')?;
    let is_date = date.len() == 8 && date.bytes().all(|it| it.is_ascii_digit());
    let (whole, part) = clock.split_once('.').unwrap_or((clock, "0"));
    let shape: Vec<bool> = whole.bytes().map(|it| it.is_ascii_digit()).collect();
    let is_clock = shape == [true, true, false, true, true, false, true, true];
    let is_part = (1..=9).contains(&part.len()) && part.bytes().all(|it| it.is_ascii_digit());
    if !is_date || !is_clock || !is_part || !text.is_ascii() {
        return None;
    }
    // A second that is inserted is taken as the one before it.
    let whole = whole.strip_suffix(":60").map_or_else(|| whole.to_owned(), |rest| format!("{rest}:59"));
    Some(format!("{}-{}-{}T{whole}.{part}Z", &date[..4], &date[4..6], &date[6..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for at in [0, 1, 1_500, 1_700_000_000_123, 4_000_000_000_999] {
            assert_eq!(millis_of(&timestamp(at)), Some(at), "{}", timestamp(at));
        }
        assert_eq!(timestamp(1_741_000_000_250), "20250303-11:06:40.250");
        assert_eq!(millis_of("20250303-11:06:40"), Some(1_741_000_000_000));
        assert_eq!(millis_of("20250303-11:06:60"), millis_of("20250303-11:06:59"));
        for text in [
            "",
            "20250303",
            "20251303-11:06:40",
            "20250303-11:06",
            "2025033-11:06:40",
            "20250303-1a:06:40.",
            "é0250303-11:06:40",
        ] {
            assert_eq!(millis_of(text), None, "{text}");
        }
    }
}
