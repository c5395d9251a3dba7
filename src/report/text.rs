//! Numbers and texts for the page.

/// What stands where there is no number.
pub(super) const NONE: &str = "–";

/// Escapes text for HTML.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Writes a number with `places` decimals and commas between groups of three; none where it is not
/// finite.
pub(super) fn number(value: f64, places: usize) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let shown = format!("{:.places$}", value.abs());
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

/// Writes a number that may be missing.
pub(super) fn optional(value: Option<f64>, places: usize) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| number(value, places))
}

/// Writes a share as a percentage.
pub(super) fn percent(value: Option<f64>, places: usize) -> String {
    value
        .filter(|value| value.is_finite())
        .map_or_else(|| NONE.to_owned(), |value| format!("{} %", number(value * 100.0, places)))
}

/// Writes exact decimal text to cents.
pub(super) fn cents(exact: &str) -> String {
    exact.parse().map_or_else(|_| escape(exact), |value| number(value, 2))
}

/// Returns how many decimals tell values in a range of this width apart.
pub(super) fn places_for(width: f64) -> usize {
    match width {
        width if !width.is_finite() || width <= 0.0 => 2,
        width if width >= 50.0 => 0,
        width if width >= 5.0 => 1,
        width if width >= 0.3 => 2,
        width if width >= 0.03 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped() {
        assert_eq!(escape("<b a='1'>&\"\u{1b}[0m"), "&lt;b a=&#39;1&#39;&gt;&amp;&quot; [0m");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(number(-1_234_567.891, 2), "−1,234,567.89");
        assert_eq!(number(-0.001, 2), "0.00");
        assert_eq!(number(f64::NAN, 2), NONE);
        assert_eq!(percent(Some(0.1234), 1), "12.3 %");
        assert_eq!(optional(None, 2), NONE);
        assert_eq!(cents("12.3456789"), "12.35");
    }
}
