//! Rolling indicators equal a recomputation over their window, for any series.

use proptest::prelude::*;

use super::recomputed::{Side, near, plain};
use crate::indicators::*;

/// Series at very different heights, with jumps between them.
fn series() -> impl Strategy<Value = Vec<f64>> {
    let height = prop_oneof![Just(0.0), Just(100.0), Just(-1e6), Just(1e9)];
    let stretch = (height, prop::collection::vec(-10.0..10.0, 1..60)).prop_map(|(height, steps)| {
        steps.into_iter().map(move |step: f64| height + step).collect::<Vec<_>>()
    });
    prop::collection::vec(stretch, 1..6).prop_map(|stretches| stretches.concat())
}

/// The close of a bar of (low, length, place of the close in the length, volume).
fn closing(bar: &(f64, f64, f64, f64)) -> f64 {
    (bar.0 + bar.1 * bar.2).min(bar.0 + bar.1)
}

proptest! {
    #[test]
    fn prop_rolling_indicators_are_those_of_their_window(xs in series(), n in 2u32..50) {
        let mut side = Side::new(n);
        for end in 1..=xs.len() {
            side.feed(xs[end - 1]);
            side.compare(&xs[..end]);
        }
    }

    #[test]
    fn prop_a_correlation_is_that_of_its_window(xs in series(), shift in 1usize..5, n in 2u32..30) {
        let mut correlation = Correlation::new(n).unwrap();
        let pairs: Vec<Pair> = xs.iter().zip(xs.iter().skip(shift)).map(|(&x, &y)| Pair { x, y }).collect();
        for end in 1..=pairs.len() {
            let found = correlation.update(pairs[end - 1]).unwrap();
            let Some(start) = end.checked_sub(n as usize) else { continue };
            let (x, y): (Vec<f64>, Vec<f64>) = pairs[start..end].iter().map(|it| (it.x, it.y)).unzip();
            let (plain_x, plain_y) = (plain(&x), plain(&y));
            let products: f64 = x
                .iter()
                .zip(&y)
                .map(|(&a, &b)| (a - x[0] - (plain_x.mean - x[0])) * (b - y[0] - (plain_y.mean - y[0])))
                .sum();
            let scale = plain_x.squares.sqrt() * plain_y.squares.sqrt();
            near("correlation", found.unwrap(), if scale > 0.0 { products / scale } else { 0.0 }, 1.0);
            prop_assert!(found.unwrap().abs() <= 1.0);
        }
    }

    #[test]
    fn prop_bars_roll_as_their_window(
        bars in prop::collection::vec((1.0..1e6, 0.0..50.0, 0.0..1.0, 0.0..1e9), 1..150),
        n in 1u32..40,
    ) {
        let (mut vwap, mut channel) = (RollingVwap::new(n).unwrap(), Donchian::new(n).unwrap());
        let mut raw = Stochastic::new(n, 1, 1).unwrap();
        for (i, bar) in bars.iter().enumerate() {
            let (low, high, close, volume) = (bar.0, bar.0 + bar.1, closing(bar), bar.3);
            let average = vwap.update(Traded { price: close, volume }).unwrap();
            let extremes = channel.update(Extent { high, low }).unwrap();
            let stochastic = raw.update(Candle { high, low, close }).unwrap();
            let Some(start) = (i + 1).checked_sub(n as usize) else { continue };
            let window = &bars[start..=i];
            let lowest = window.iter().map(|bar| bar.0).fold(f64::INFINITY, f64::min);
            let highest = window.iter().map(|bar| bar.0 + bar.1).fold(0.0, f64::max);
            let extremes = extremes.unwrap();
            prop_assert_eq!((extremes.lower, extremes.upper), (lowest, highest));
            let place = if highest > lowest { 100.0 * (close - lowest) / (highest - lowest) } else { 50.0 };
            near("stochastic", stochastic.unwrap().k, place, 100.0);
            let volume: f64 = window.iter().map(|bar| bar.3).sum();
            if volume > 0.0 {
                let expected = window.iter().map(|bar| closing(bar) * bar.3).sum::<f64>() / volume;
                near("vwap", average.unwrap(), expected, expected);
            }
        }
    }

    #[test]
    fn prop_indices_stay_within_their_bounds(xs in series(), n in 1u32..30) {
        let (mut rsi, mut adx) = (Rsi::new(n).unwrap(), Adx::new(n).unwrap());
        let mut atr = Atr::new(n).unwrap();
        for (i, pair) in xs.windows(2).enumerate() {
            let candle = Candle { high: pair[0].max(pair[1]), low: pair[0].min(pair[1]), close: pair[1] };
            if let Some(value) = rsi.update(pair[1]).unwrap() {
                prop_assert!((0.0..=100.0).contains(&value), "{}", value);
            }
            let average = atr.update(candle).unwrap();
            prop_assert!(average.is_none_or(|it| it >= 0.0));
            let value = adx.update(candle).unwrap();
            prop_assert_eq!(value.is_some(), i + 1 >= 2 * n as usize);
            for part in value.map(|it| [it.adx, it.plus_di, it.minus_di]).into_iter().flatten() {
                prop_assert!((0.0..=100.0 + 1e-9).contains(&part), "{}", part);
            }
        }
    }
}

/// A series of a million values around 1e9, with a jump to 1e12 now and then.
fn long_series() -> Vec<f64> {
    let mut state = 88_172_645_463_325_252_u64;
    (0..1_000_000)
        .map(|i| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let noise = (state >> 11) as f64 / (1_u64 << 53) as f64;
            1e9 + noise + if i % 9_973 == 0 { 1e12 } else { 0.0 }
        })
        .collect()
}

#[test]
fn nothing_drifts_in_a_million_updates() {
    let xs = long_series();
    for n in [20, 1_000] {
        let mut side = Side::new(n);
        for (i, x) in xs.iter().enumerate() {
            side.feed(*x);
            if i % 4_999 == 0 || i + 1 == xs.len() {
                side.compare(&xs[..=i]);
            }
        }
    }
}

#[test]
fn long_sums_keep_what_rounding_takes() {
    let (mut vwap, mut obv) = (Vwap::new(), Obv::new());
    let start = Traded { price: 1.0, volume: 1e15 };
    vwap.update(start).unwrap();
    obv.update(Closed { close: 0.0, volume: 1e15 }).unwrap();
    for i in 0..1_000_000 {
        vwap.update(Traded { price: 1e9, volume: 0.03 }).unwrap();
        obv.update(Closed { close: f64::from(i + 1), volume: 0.03 }).unwrap();
    }
    let (paid, volume) = (1e15 + 1e9 * 30_000.0, 1e15 + 30_000.0);
    near("vwap", vwap.value().unwrap(), paid / volume, 1e-5);
    near("obv", obv.value().unwrap() - 1e15, 30_000.0, 1e6);
}
