//! [`greatest_common_divisor`].

/// Returns the greatest number that divides both without a rest (Euclid); of zero and another, that other.
///
/// ```
/// use bearpit_core::units::greatest_common_divisor;
///
/// assert_eq!(greatest_common_divisor(12, 18), 6);
/// assert_eq!(greatest_common_divisor(0, 7), 7);
/// ```
#[must_use]
pub const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
