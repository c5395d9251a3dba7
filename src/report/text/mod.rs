//! Numbers, times and escaped text for the page.

mod dates;
mod endings;
mod reasons;

pub(crate) use dates::{end_instant_text, end_text, instant_text, moment_text};
pub(crate) use endings::endings_text;

use bearpit_core::units::{is_hidden, visible};

/// The text for a missing number.
pub(crate) const NONE: &str = "–";

/// Escapes text for HTML; line ends and tabs become spaces, other characters that are not seen are named.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\r' | '\t' => escaped.push(' '),
            c if is_hidden(c) => escaped.push_str(&visible(c.encode_utf8(&mut [0; 4]))),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Formats a number with `decimals` decimals and commas between groups of three; [`NONE`] if it is not
/// finite.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let shown = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = shown.split_once('.').map_or((shown.as_str(), None), |(a, b)| (a, Some(b)));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let is_zero = shown.chars().all(|c| c == '0' || c == '.');
    let sign = if value < 0.0 && !is_zero { "−" } else { "" };
    match fraction {
        Some(fraction) => format!("{sign}{grouped}.{fraction}"),
        None => format!("{sign}{grouped}"),
    }
}

/// Formats a number that may be missing.
pub(crate) fn number_or_dash(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| number(value, decimals))
}

/// Formats a fraction as a percentage.
pub(crate) fn percent(value: Option<f64>, decimals: usize) -> String {
    value
        .filter(|value| value.is_finite())
        .map_or_else(|| NONE.to_owned(), |value| format!("{} %", number(value * 100.0, decimals)))
}

/// Rounds exact decimal text to cents.
pub(crate) fn cents(exact: &str) -> String {
    exact.parse().map_or_else(|_| escape(exact), |value| number(value, 2))
}

/// Returns how many decimals distinguish values in a range of this width.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few digits, after clamping")]
pub(crate) fn decimals_for(width: f64) -> usize {
    if !width.is_finite() || width <= 0.0 {
        return 2;
    }
    (1.5 - width.log10()).floor().clamp(0.0, 12.0) as usize
}

/// Formats a count.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(crate) fn count_text(count: u64) -> String {
    number(count as f64, 0)
}

/// Formats a time for people.
pub(crate) fn time_text(time: &str) -> String {
    escape(&time.replace('T', " "))
}

/// Formats a duration with at most its two largest units.
pub(crate) fn duration_text(nanos: i64) -> String {
    let seconds = nanos / 1_000_000_000;
    match seconds {
        0 if nanos < 1_000 => format!("{nanos} ns"),
        0 if nanos < 1_000_000 => format!("{} µs", nanos / 1_000),
        0 => format!("{} ms", nanos / 1_000_000),
        1..60 if nanos % 1_000_000_000 < 100_000_000 => format!("{seconds} s"),
        1..60 => format!("{seconds}.{} s", nanos % 1_000_000_000 / 100_000_000),
        60..3_600 => two((seconds / 60, "min"), (seconds % 60, "s")),
        3_600..86_400 => two((seconds / 3_600, "h"), (seconds % 3_600 / 60, "min")),
        _ => two((seconds / 86_400, "d"), (seconds % 86_400 / 3_600, "h")),
    }
}

/// Formats a duration given in seconds.
pub(crate) fn seconds_text(seconds: f64) -> String {
    let nanos = (seconds * 1e9).clamp(0.0, 9e18);
    #[expect(clippy::cast_possible_truncation, reason = "clamped above")]
    duration_text(nanos as i64)
}

fn two((large, unit): (i64, &str), (small, smaller): (i64, &str)) -> String {
    if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small:02} {smaller}") }
}

/// Formats a number with four significant digits, or two decimals if it is large.
pub(crate) fn significant(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if size >= 100.0 || size == 0.0 => number(value, if value.fract() == 0.0 { 0 } else { 2 }),
        _ if size < 1e-9 => format!("{value:.3e}").replace('-', "−"),
        _ => number(value, significant_decimals(size)),
    }
}

/// Returns how many decimals give four significant digits of a number of this size, which is below 100.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few digits, after clamping")]
fn significant_decimals(size: f64) -> usize {
    (3.0 - size.log10().floor()).clamp(2.0, 12.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped() {
        assert_eq!(escape("<b a='1'>&\"\u{1b}[0m"), "&lt;b a=&#39;1&#39;&gt;&amp;&quot;\\u001b[0m");
        assert_eq!(escape("a\nb\u{202e}c"), "a b\\u202ec");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(number(-1_234_567.891, 2), "−1,234,567.89");
        assert_eq!(number(-0.001, 2), "0.00");
        assert_eq!(number(f64::NAN, 2), NONE);
        assert_eq!(percent(Some(0.1234), 1), "12.3 %");
        assert_eq!(number_or_dash(None, 2), NONE);
        assert_eq!(cents("12.3456789"), "12.35");
        assert_eq!(
            [1_234.5, 99.876, 0.012_341, 100.0, 0.0].map(significant),
            ["1,234.50", "99.88", "0.01234", "100", "0"]
        );
        assert_eq!(significant(-1.5e-12), "−1.500e−12");
    }

    #[test]
    fn spans_have_their_largest_units() {
        let spans =
            [15, 2_500, 7_000_000, 2_340_000_000, 61_000_000_000, 7_260_000_000_000, 90_000_000_000_000];
        assert_eq!(
            spans.map(duration_text),
            ["15 ns", "2 µs", "7 ms", "2.3 s", "1 min 01 s", "2 h 01 min", "1 d 01 h"]
        );
        assert_eq!([60_000_000_000, 5_000_000_000].map(duration_text), ["1 min", "5 s"]);
    }
}
