//! Numbers as files write them.

use super::options::NumberFormat;

/// Returns whether a cell stands for no value: empty, `null`, `NaN`, `N/A`, `-` and the like.
pub(super) fn is_null(text: &str) -> bool {
    // Most cells begin with a digit.
    !text.as_bytes().first().is_some_and(u8::is_ascii_digit)
        && ["", "null", "nan", "n/a", "#n/a", "na", "none", "nil", "-", "--", "."]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
}

/// Reads a finite number, `1234.5` or `1.2e3`; a dollar sign may stand before it.
pub(super) fn plain(text: &str) -> Option<f64> {
    short(text).or_else(|| general(text))
}

/// Reads `1234` or `1234.5` of 15 digits at most, as nearly all files write all of their numbers.
///
/// Digits and power of ten are doubles exactly, so that their quotient is rounded correctly, as
/// [`str::parse`] rounds; that takes several times as long.
fn short(text: &str) -> Option<f64> {
    const POWERS: [f64; 16] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let bytes = text.as_bytes();
    if bytes.len() > 16 {
        return None;
    }
    let (mut digits, mut decimals, mut has_point) = (0_u64, 0, false);
    for byte in bytes {
        match byte {
            b'0'..=b'9' => {
                digits = digits * 10 + u64::from(byte - b'0');
                decimals += usize::from(has_point);
            }
            b'.' if !has_point => has_point = true,
            _ => return None,
        }
    }
    let count = bytes.len() - usize::from(has_point);
    if count == 0 || count > 15 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "below 10^15, which is exact")]
    Some(digits as f64 / POWERS.get(decimals)?)
}

fn general(text: &str) -> Option<f64> {
    let text = text.strip_prefix('$').unwrap_or(text);
    // The words for infinity and not-a-number are no numbers here.
    let is_number =
        text.bytes().all(|it| it.is_ascii_digit() || matches!(it, b'.' | b'-' | b'+' | b'e' | b'E'));
    text.parse::<f64>().ok().filter(|value| is_number && value.is_finite())
}

/// Reads a number of some format.
pub(super) fn read(text: &str, format: &NumberFormat) -> Option<f64> {
    if *format == NumberFormat::PLAIN {
        return plain(text);
    }
    let (text, scale) = if format.suffixes { suffix(text) } else { (text, 1.0) };
    let (whole, decimals) = match text.split_once(format.decimal) {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (text, None),
    };
    let mut clean = without_thousands(whole, format.thousands)?;
    if let Some(decimals) = decimals {
        clean.push('.');
        clean.push_str(decimals);
    }
    let is_ours = format.decimal == '.' || !clean[whole_length(&clean)..].contains(format.decimal);
    plain(&clean).filter(|_| is_ours).map(|value| value * scale)
}

fn whole_length(text: &str) -> usize {
    text.find('.').unwrap_or(text.len())
}

/// Takes the letter of a multiple of a thousand from the end.
fn suffix(text: &str) -> (&str, f64) {
    let scale = match text.as_bytes().last() {
        Some(b'K' | b'k') => 1e3,
        Some(b'M' | b'm') => 1e6,
        Some(b'B' | b'b') => 1e9,
        Some(b'T' | b't') => 1e12,
        _ => return (text, 1.0),
    };
    (text[..text.len() - 1].trim_end(), scale)
}

/// Takes out what stands between thousands, if it stands before groups of three digits only.
fn without_thousands(whole: &str, thousands: Option<char>) -> Option<String> {
    let Some(thousands) = thousands.filter(|it| whole.contains(*it)) else { return Some(whole.to_owned()) };
    let mut groups = whole.split(thousands);
    let first = groups.next()?;
    let head = first.trim_start_matches(['-', '+', '$']);
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if head.is_empty() || head.len() > 3 || !is_digits(head) {
        return None;
    }
    let mut clean = first.to_owned();
    for group in groups {
        if group.len() != 3 || !is_digits(group) {
            return None;
        }
        clean.push_str(group);
    }
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: NumberFormat = NumberFormat { decimal: '.', thousands: Some(','), suffixes: true };
    const GERMAN: NumberFormat = NumberFormat { decimal: ',', thousands: Some('.'), suffixes: false };

    fn bits(value: Option<f64>) -> Option<u64> {
        value.map(f64::to_bits)
    }

    #[test]
    fn numbers_have_the_format_that_is_given() {
        for (text, format, value) in [
            ("1234.5", NumberFormat::PLAIN, Some(1234.5)),
            ("$12.50", NumberFormat::PLAIN, Some(12.5)),
            ("1e3", NumberFormat::PLAIN, Some(1000.0)),
            ("1,234.5", NumberFormat::PLAIN, None),
            ("1.1M", NumberFormat::PLAIN, None),
            ("inf", NumberFormat::PLAIN, None),
            ("1e999", NumberFormat::PLAIN, None),
            ("1,234,567.25", ENGLISH, Some(1_234_567.25)),
            ("-1,234", ENGLISH, Some(-1234.0)),
            ("1.5M", ENGLISH, Some(1.5e6)),
            ("12K", ENGLISH, Some(12_000.0)),
            ("1,23", ENGLISH, None),
            ("1234,567", ENGLISH, None),
            ("1.234,5", GERMAN, Some(1234.5)),
            ("0,5", GERMAN, Some(0.5)),
            ("1234.5", GERMAN, None),
            ("1.5M", GERMAN, None),
            ("1,5,5", GERMAN, None),
            ("0,1.5", GERMAN, None),
        ] {
            assert_eq!(bits(read(text, &format)), bits(value), "{text}");
        }
    }

    #[test]
    fn some_words_stand_for_no_value() {
        assert!(["", "null", "NaN", "N/A", "-", "None"].into_iter().all(is_null));
        assert!(!["0", "-1", "x", "nulls"].into_iter().any(is_null));
    }
}

#[cfg(test)]
mod property_tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn prop_short_numbers_are_what_the_general_way_reads(text in r"[0-9]{0,9}\.?[0-9]{0,9}|[-+.eE0-9$ ]{0,8}") {
            if let Some(value) = short(&text) {
                prop_assert_eq!(Some(value.to_bits()), general(&text).map(f64::to_bits), "{}", text);
            }
        }

        #[test]
        fn prop_plain_numbers_are_read_the_short_way(whole in 0_u64..1_000_000_000, cents in 0_u64..1_000_000) {
            for text in [format!("{whole}"), format!("{whole}.{cents}"), format!("{whole}.{cents:06}")] {
                prop_assert!(short(&text).is_some(), "{}", text);
            }
        }
    }
}
