//! Tick and lot sizes that fit the numbers of a file.

use std::collections::BTreeSet;

use bearpit_core::units::{Decimal, Money, Quantity, greatest_common_divisor};

/// The powers of ten, up to as many decimal places as money has.
const SCALES: [f64; Money::SCALE as usize + 1] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10];

/// How far a price may be from the grid, relative to itself: single precision is worse by less.
const NOISE: f64 = 1e-7;

/// How far a quantity may be from the grid, relative to itself: that of doubles which were computed.
const EXACT: f64 = 1e-12;

/// The highest price in ticks: orders have room above it, up to 2^40.
const TICKS_MAX: f64 = 6.9e10;

/// The finest lot that is looked for: coins are traded in 10^-8.
const LOT_PLACES_MAX: usize = 8;

/// The coarsest ticks that are looked for have two decimal places, unless there is evidence for coarser ones.
const TICK_PLACES_MIN: usize = 2;

/// So many different prices on a coarser grid are evidence for it.
const EVIDENCE: usize = 100;

/// Returns the tick size of prices: 0.01, or finer where some prices need it, or coarser where a hundred
/// different ones fit a coarser grid (0.25 of index futures, say).
///
/// Prices that no grid fits, such as adjusted ones, have seven digits then.
pub(super) fn tick_size(prices: &(impl Iterator<Item = f64> + Clone)) -> Decimal {
    let highest = prices.clone().fold(0.0, |most: f64, price| most.max(price.abs()));
    let finest = SCALES.iter().rposition(|scale| highest * scale <= TICKS_MAX).unwrap_or(0);
    let places = (TICK_PLACES_MIN..=finest).find(|places| fits(prices, *places, NOISE));
    let places = places.unwrap_or(finest);
    coarser(prices, places).unwrap_or_else(|| step(1, places))
}

/// Returns the lot size of quantities beside a tick size: 1, or as fine as fractions of them are.
pub(super) fn lot_size(quantities: &(impl Iterator<Item = f64> + Clone), tick: Decimal) -> Decimal {
    #[expect(clippy::cast_precision_loss, reason = "2^40 is exact")]
    let most = Quantity::MAX_LOTS as f64;
    let highest = quantities.clone().fold(0.0, f64::max);
    if highest > most {
        let scale = SCALES.iter().position(|scale| highest / scale <= most).unwrap_or(SCALES.len() - 1);
        return Decimal::new(10_i128.pow(u32::try_from(scale).unwrap_or(0)), 0);
    }
    let left = usize::try_from(Money::SCALE.saturating_sub(tick.scale())).unwrap_or(0);
    let finest = SCALES.iter().rposition(|scale| highest * scale <= most).unwrap_or(0);
    let finest = finest.min(left).min(LOT_PLACES_MAX);
    let within = |error: f64| (0..=finest).find(|places| fits(quantities, *places, error));
    step(1, within(EXACT).or_else(|| within(NOISE)).unwrap_or(finest))
}

fn step(count: i128, places: usize) -> Decimal {
    Decimal::new(count, u32::try_from(places).unwrap_or(0))
}

/// Returns whether all numbers have at most so many decimal places, but for an error relative to each.
fn fits(numbers: &(impl Iterator<Item = f64> + Clone), places: usize, error: f64) -> bool {
    let scale = SCALES[places];
    numbers.clone().all(|number| {
        let scaled = number * scale;
        (scaled - scaled.round()).abs() <= scaled.abs() * error
    })
}

/// Returns the coarsest step of which all prices are multiples, if there are enough different ones, and it is
/// small beside the lowest of them.
fn coarser(prices: &(impl Iterator<Item = f64> + Clone), places: usize) -> Option<Decimal> {
    let mut divisor = 0_i64;
    let mut seen = BTreeSet::new();
    let mut lowest = i64::MAX;
    for price in prices.clone() {
        #[expect(clippy::cast_possible_truncation, reason = "checked to lie below 2^40")]
        let ticks = (price * SCALES[places]).round().abs() as i64;
        divisor = common_divisor(divisor, ticks);
        if divisor == 1 {
            return None;
        }
        lowest = lowest.min(ticks);
        if seen.len() < EVIDENCE {
            seen.insert(ticks);
        }
    }
    let is_small = divisor > 1 && divisor <= lowest / 100;
    (is_small && seen.len() >= EVIDENCE).then(|| step(divisor.into(), places))
}

/// Returns the greatest common divisor of numbers at or above 0.
pub(super) const fn common_divisor(a: i64, b: i64) -> i64 {
    greatest_common_divisor(a.unsigned_abs(), b.unsigned_abs()).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tick(prices: &[f64]) -> String {
        tick_size(&prices.iter().copied()).to_string()
    }

    #[test]
    fn ticks_are_cents_unless_prices_are_finer() {
        for (prices, expected) in [
            (&[100.0, 101.0][..], "0.01"),
            (&[42_265.18, 44_184.1], "0.01"),
            (&[185.639_999, 185.64, 185.633_002], "0.001"),
            (&[185.639_999, 190.25], "0.01"),
            (&[185.639_999_389_648_44, 190.25], "0.01"),
            (&[1.103_45, 1.1], "0.00001"),
            (&[0.000_012_34], "0.00000001"),
            (&[2e9], "0.1"),
        ] {
            assert_eq!(tick(prices), expected, "{prices:?}");
        }
    }

    #[test]
    fn prices_that_no_grid_fits_have_seven_digits() {
        // Adjusted closes have all digits of a double.
        assert_eq!(tick(&[100.123_456_789_123, 98.765_432_198_765]), "0.00001");
        assert_eq!(tick(&[0.098_742_134_57, 0.128_348_231_1]), "0.00000001");
    }

    #[test]
    fn a_coarser_grid_needs_a_hundred_prices_on_it() {
        let prices = |count: i32, step: f64| -> Vec<f64> {
            (0..count).map(|number| 4_000.0 + f64::from(number) * step).collect()
        };
        assert_eq!(tick(&prices(100, 0.25)), "0.25");
        assert_eq!(tick(&prices(99, 0.25)), "0.01");
        assert_eq!(tick(&prices(200, 5.0)), "5");
        assert_eq!(tick(&prices(200, 0.05)), "0.05");
        // A tick of a hundredth of the price and more is none that anybody would trade in.
        let coarse: Vec<f64> = (1..300).map(f64::from).collect();
        assert_eq!(tick(&coarse), "0.01");
        let whole: Vec<f64> = (99..300).map(f64::from).collect();
        assert_eq!(tick(&whole), "0.01");
        // Eighths, and 32nds of bond futures.
        assert_eq!(tick(&prices(200, 0.125)), "0.125");
        let bonds: Vec<f64> = (3_520..3_720).map(|number| f64::from(number) / 32.0).collect();
        assert_eq!(tick(&bonds), "0.03125");
    }

    #[test]
    fn lots_are_units_unless_quantities_are_fractions_of_them() {
        let lot = |quantities: &[f64], tick: &str| {
            lot_size(&quantities.iter().copied(), tick.parse().unwrap()).to_string()
        };
        assert_eq!(lot(&[], "0.01"), "1");
        assert_eq!(lot(&[1_000.0, 0.0, 7e11], "0.01"), "1");
        assert_eq!(lot(&[27_174.299_03, 1.5], "0.01"), "0.00001");
        assert_eq!(lot(&[0.1 + 0.2], "0.01"), "0.1");
        assert_eq!(lot(&[0.123_456_78], "0.01"), "0.00000001");
        // Money has ten decimal places for a tick times a lot.
        assert_eq!(lot(&[0.123_456_78], "0.00000001"), "0.01");
        // A quantity has at most 2^40 lots.
        assert_eq!(lot(&[3e13], "0.00000001"), "100");
    }
}
