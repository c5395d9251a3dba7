//! Every indicator against the values of TA-Lib, pandas, scipy or statsmodels: see
//! `tests/fixtures/indicators.py`.

use crate::indicators::*;

const FILE: &str = include_str!("../../../tests/fixtures/indicators.csv");

/// The cells of one column; empty ones are nothing.
fn column(name: &str) -> Vec<Option<f64>> {
    let mut lines = FILE.lines();
    let at = lines.next().unwrap().split(',').position(|it| it == name).unwrap();
    lines.map(|line| line.split(',').nth(at).unwrap()).map(|cell| cell.parse().ok()).collect()
}

fn input(name: &str) -> Vec<f64> {
    column(name).into_iter().map(Option::unwrap).collect()
}

fn closes() -> Vec<f64> {
    input("close")
}

fn candles() -> Vec<Candle> {
    let (high, low, close) = (input("high"), input("low"), closes());
    (0..close.len()).map(|i| Candle { high: high[i], low: low[i], close: close[i] }).collect()
}

/// Pairs of MSFT (x) and AAPL (y).
fn pairs() -> Vec<Pair> {
    input("other").into_iter().zip(closes()).map(|(x, y)| Pair { x, y }).collect()
}

fn traded() -> Vec<Traded> {
    let price = |it: &Candle| (it.high + it.low + it.close) / 3.0;
    candles().iter().zip(input("volume")).map(|(it, volume)| Traded { price: price(it), volume }).collect()
}

/// Feeds an indicator, and compares what `read` finds in its value with a column, row by row: there is a
/// value exactly where the reference has one, and it is the same to nine digits.
fn agrees<I: Indicator + Clone>(
    name: &str,
    indicator: &Result<I, NotAllowed>,
    inputs: &[I::Input],
    read: impl Fn(I::Value) -> Option<f64>,
) {
    let mut indicator = indicator.clone().unwrap();
    let expected = column(name);
    assert!(expected.iter().flatten().count() > 100, "{name}");
    for (row, (input, expected)) in inputs.iter().zip(&expected).enumerate() {
        let found = indicator.update(*input).unwrap().and_then(&read);
        let place = format!("{name}, row {row}: {found:?}, and the reference {expected:?}");
        assert_eq!(found.is_some(), expected.is_some(), "{place}");
        if let (Some(found), Some(expected)) = (found, *expected) {
            assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{place}");
        }
    }
}

#[test]
fn averages_agree() {
    agrees("sma_20", &Sma::new(20), &closes(), Some);
    agrees("ema_12", &Ema::new(12), &closes(), Some);
    agrees("wma_10", &Wma::new(10), &closes(), Some);
    agrees("sum_20", &RollingSum::new(20), &closes(), Some);
}

#[test]
fn momentum_agrees() {
    agrees("rsi_14", &Rsi::new(14), &closes(), Some);
    agrees("roc_10", &RateOfChange::new(10), &closes(), Some);
    let macd = Macd::new(12, 26, 9);
    agrees("macd_line", &macd, &closes(), |it| Some(it.line));
    agrees("macd_signal", &macd, &closes(), |it| Some(it.signal));
    agrees("macd_histogram", &macd, &closes(), |it| Some(it.histogram));
    let stochastic = Stochastic::new(14, 3, 3);
    agrees("stochastic_k", &stochastic, &candles(), |it| Some(it.k));
    agrees("stochastic_d", &stochastic, &candles(), |it| Some(it.d));
}

#[test]
fn bands_and_deviations_agree() {
    let bands = Bollinger::new(20, 2.0);
    agrees("bollinger_upper", &bands, &closes(), |it| Some(it.upper));
    agrees("bollinger_middle", &bands, &closes(), |it| Some(it.middle));
    agrees("bollinger_lower", &bands, &closes(), |it| Some(it.lower));
    agrees("bollinger_percent_b", &bands, &closes(), |it| Some(it.percent_b));
    agrees("bollinger_bandwidth", &bands, &closes(), |it| it.bandwidth);
    agrees("std_population", &RollingStd::new(20), &closes(), |it| Some(it.population));
    agrees("std_sample", &RollingStd::new(20), &closes(), |it| Some(it.sample));
    agrees("zscore_20", &ZScore::new(20), &closes(), Some);
    agrees("ewma_vol_lambda", &EwmaVolatility::with_lambda(0.94), &closes(), Some);
    agrees("ewma_vol_half_life", &EwmaVolatility::with_half_life(10.0), &closes(), Some);
}

#[test]
fn extremes_agree() {
    agrees("min_20", &RollingMin::new(20), &closes(), Some);
    agrees("max_20", &RollingMax::new(20), &closes(), Some);
    let extents: Vec<Extent> = candles().iter().map(|it| Extent { high: it.high, low: it.low }).collect();
    let channel = Donchian::new(20);
    agrees("donchian_upper", &channel, &extents, |it| Some(it.upper));
    agrees("donchian_lower", &channel, &extents, |it| Some(it.lower));
    agrees("donchian_middle", &channel, &extents, |it| Some(it.middle));
}

#[test]
fn ranges_and_directions_agree() {
    agrees("atr_14", &Atr::new(14), &candles(), Some);
    let adx = Adx::new(14);
    agrees("adx_14", &adx, &candles(), |it| Some(it.adx));
    // TA-Lib has the two directions n bars earlier; here a value comes with all its parts.
    let late = &candles();
    for (name, read) in [
        ("adx_plus_di", (|it: AdxValue| it.plus_di) as fn(AdxValue) -> f64),
        ("adx_minus_di", |it: AdxValue| it.minus_di),
    ] {
        let (mut adx, expected) = (adx.clone().unwrap(), column(name));
        for (row, candle) in late.iter().enumerate() {
            if let Some(found) = adx.update(*candle).unwrap().map(read) {
                let expected = expected[row].unwrap();
                assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{name}, row {row}");
            }
        }
        assert!(adx.is_ready());
    }
}

#[test]
fn volumes_agree() {
    agrees("vwap", &Ok(Vwap::new()), &traded(), Some);
    agrees("vwap_20", &RollingVwap::new(20), &traded(), Some);
    let closed: Vec<Closed> =
        closes().into_iter().zip(input("volume")).map(|(close, volume)| Closed { close, volume }).collect();
    agrees("obv", &Ok(Obv::new()), &closed, Some);
}

#[test]
fn lines_and_correlations_agree() {
    let line = LinearRegression::new(14);
    agrees("linreg_end", &line, &closes(), |it| Some(it.end));
    agrees("linreg_slope", &line, &closes(), |it| Some(it.slope));
    agrees("linreg_intercept", &line, &closes(), |it| Some(it.intercept));
    agrees("linreg_r_squared", &line, &closes(), |it| Some(it.r_squared));
    agrees("correlation_20", &Correlation::new(20), &pairs(), Some);
}

#[test]
fn kalman_filters_agree() {
    let level = Kalman::new(0.5, 4.0);
    agrees("kalman", &level, &closes(), |it| Some(it.level));
    agrees("kalman_variance", &level, &closes(), |it| Some(it.variance));
    let hedge = KalmanBeta::new(1e-4, 1e-3);
    agrees("kalman_beta", &hedge, &pairs(), |it| Some(it.beta));
    agrees("kalman_intercept", &hedge, &pairs(), |it| Some(it.intercept));
    agrees("kalman_error", &hedge, &pairs(), |it| Some(it.error));
    agrees("kalman_deviation", &hedge, &pairs(), |it| Some(it.deviation));
    agrees("kalman_z", &hedge, &pairs(), |it| Some(it.z()));
}
