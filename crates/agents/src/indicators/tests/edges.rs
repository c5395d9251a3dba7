//! Warm-up, reset, refusal, flat series, and no allocation.

use crate::indicators::*;

/// Runs `$check` with each indicator, made with short periods, and a function from a step to an input.
macro_rules! each {
    ($check:ident) => {{
        $check("sma", Sma::new(3), number, 3);
        $check("ema", Ema::new(3), number, 3);
        $check("wma", Wma::new(3), number, 3);
        $check("rolling_sum", RollingSum::new(3), number, 3);
        $check("rolling_min", RollingMin::new(3), number, 3);
        $check("rolling_max", RollingMax::new(3), number, 3);
        $check("rolling_std", RollingStd::new(3), number, 3);
        $check("zscore", ZScore::new(3), number, 3);
        $check("bollinger", Bollinger::new(3, 2.0), number, 3);
        $check("linreg", LinearRegression::new(3), number, 3);
        $check("rsi", Rsi::new(3), number, 4);
        $check("roc", RateOfChange::new(3), number, 4);
        $check("macd", Macd::new(2, 4, 3), number, 6);
        $check("ewma_vol", EwmaVolatility::with_lambda(0.9), number, 2);
        $check("kalman", Kalman::new(0.1, 1.0), number, 1);
        $check("kalman_beta", KalmanBeta::new(0.01, 1.0), pair, 2);
        $check("correlation", Correlation::new(3), pair, 3);
        $check("donchian", Donchian::new(3), extent, 3);
        $check("atr", Atr::new(3), candle, 4);
        $check("adx", Adx::new(3), candle, 6);
        $check("stochastic", Stochastic::new(3, 2, 2), candle, 5);
        $check("vwap", Ok(Vwap::new()), traded, 1);
        $check("rolling_vwap", RollingVwap::new(3), traded, 3);
        $check("obv", Ok(Obv::new()), closed, 1);
    }};
}

/// A bounded, uneven walk above zero.
fn number(step: u32) -> f64 {
    f64::from(100 + (step * 7919) % 13) + f64::from(step % 5) * 0.37
}

fn pair(step: u32) -> Pair {
    Pair { x: number(step), y: number(step + 3) }
}

fn extent(step: u32) -> Extent {
    Extent { high: number(step) + 1.5, low: number(step) - 0.5 }
}

fn candle(step: u32) -> Candle {
    let Extent { high, low } = extent(step);
    Candle { high, low, close: number(step) }
}

fn traded(step: u32) -> Traded {
    Traded { price: number(step), volume: f64::from(step % 4 + 1) }
}

fn closed(step: u32) -> Closed {
    Closed { close: number(step), volume: f64::from(step % 4 + 1) }
}

/// An input with one number in it replaced by another.
trait Spoiled: Copy {
    fn spoiled(self, by: f64) -> Vec<Self>;
}

impl Spoiled for f64 {
    fn spoiled(self, by: f64) -> Vec<Self> {
        vec![by]
    }
}

impl Spoiled for Pair {
    fn spoiled(self, by: f64) -> Vec<Self> {
        vec![Self { x: by, ..self }, Self { y: by, ..self }]
    }
}

impl Spoiled for Extent {
    fn spoiled(self, by: f64) -> Vec<Self> {
        vec![Self { high: by, ..self }, Self { low: by, ..self }]
    }
}

impl Spoiled for Candle {
    fn spoiled(self, by: f64) -> Vec<Self> {
        vec![Self { high: by, ..self }, Self { low: by, ..self }, Self { close: by, ..self }]
    }
}

impl Spoiled for Traded {
    fn spoiled(self, by: f64) -> Vec<Self> {
        vec![Self { price: by, ..self }, Self { volume: by, ..self }]
    }
}

impl Spoiled for Closed {
    fn spoiled(self, by: f64) -> Vec<Self> {
        vec![Self { close: by, ..self }, Self { volume: by, ..self }]
    }
}

/// An input multiplied.
trait Scaled: Copy {
    fn scaled(self, by: Scale) -> Self;
}

impl Scaled for f64 {
    fn scaled(self, by: Scale) -> Self {
        self * by.price
    }
}

impl Scaled for Pair {
    fn scaled(self, by: Scale) -> Self {
        Self { x: self.x * by.price, y: self.y * by.price }
    }
}

impl Scaled for Extent {
    fn scaled(self, by: Scale) -> Self {
        Self { high: self.high * by.price, low: self.low * by.price }
    }
}

impl Scaled for Candle {
    fn scaled(self, by: Scale) -> Self {
        Self { high: self.high * by.price, low: self.low * by.price, close: self.close * by.price }
    }
}

impl Scaled for Traded {
    fn scaled(self, by: Scale) -> Self {
        Self { price: self.price * by.price, volume: self.volume * by.volume }
    }
}

impl Scaled for Closed {
    fn scaled(self, by: Scale) -> Self {
        Self { close: self.close * by.price, volume: self.volume * by.volume }
    }
}

#[test]
fn an_indicator_whose_past_is_rescaled_is_as_if_fed_with_it() {
    fn check<I: Indicator<Input: Scaled, Value: std::fmt::Debug> + Clone>(
        name: &str,
        made: Result<I, NotAllowed>,
        input: fn(u32) -> I::Input,
        _: u32,
    ) {
        // A logarithm rounds, and a filter's belief of two inputs follows only in its units.
        if matches!(name, "ewma_vol" | "kalman_beta") {
            return;
        }
        // Powers of two: no rounding.
        let by = Scale { price: 0.5, volume: 2.0 };
        for steps in 0..12 {
            let (mut whole, mut split) = (made.clone().unwrap(), made.clone().unwrap());
            for step in 0..steps {
                whole.update(input(step).scaled(by)).unwrap();
                split.update(input(step)).unwrap();
            }
            split.rescale(by);
            assert_eq!(
                format!("{:?}", split.value()),
                format!("{:?}", whole.value()),
                "{name}, step {steps}"
            );
            for step in steps..steps + 9 {
                let [one, other] =
                    [&mut whole, &mut split].map(|it| it.update(input(step).scaled(by)).unwrap());
                assert_eq!(format!("{one:?}"), format!("{other:?}"), "{name}, step {step} after {steps}");
            }
        }
    }
    each!(check);
}

#[test]
fn a_volatility_does_not_see_a_split() {
    let (mut split, mut plain) =
        (EwmaVolatility::with_lambda(0.9).unwrap(), EwmaVolatility::with_lambda(0.9).unwrap());
    for step in 0..20 {
        if step == 10 {
            split.rescale(Scale { price: 1.0 / 3.0, volume: 3.0 });
        }
        let factor = if step < 10 { 1.0 } else { 1.0 / 3.0 };
        let found = split.update(number(step) * factor).unwrap();
        let wanted = plain.update(number(step)).unwrap();
        assert!(found.zip(wanted).is_none_or(|(found, wanted)| (found - wanted).abs() < 1e-14));
    }
    let mut beta = KalmanBeta::new(0.01, 1.0).unwrap();
    for step in 0..9 {
        beta.update(pair(step)).unwrap();
    }
    let before = beta.value().unwrap();
    beta.rescale(Scale { price: 0.5, volume: 2.0 });
    let after = beta.value().unwrap();
    assert_eq!((after.beta, after.intercept), (before.beta, before.intercept / 2.0));
    assert!((after.z() - before.z()).abs() < 1e-12);
}

/// All values of an indicator in so many steps, as text, in which every bit shows.
fn values<I: Indicator<Value: std::fmt::Debug>>(
    it: &mut I,
    input: fn(u32) -> I::Input,
    steps: u32,
) -> String {
    (0..steps).map(|step| format!("{:?}\n", it.update(input(step)).unwrap())).collect()
}

#[test]
fn the_first_value_comes_with_the_input_that_completes_it() {
    fn check<I: Indicator>(
        name: &str,
        made: Result<I, NotAllowed>,
        input: fn(u32) -> I::Input,
        warm_up: u32,
    ) {
        let mut it = made.unwrap();
        for step in 1..40 {
            assert!(!it.is_ready() || step > warm_up, "{name}, step {step}");
            let value = it.update(input(step)).unwrap();
            assert_eq!(value.is_some(), step >= warm_up, "{name}, step {step}");
            assert_eq!(it.is_ready(), value.is_some(), "{name}, step {step}");
        }
    }
    each!(check);
}

#[test]
fn a_reset_indicator_is_as_new() {
    fn check<I: Indicator<Value: std::fmt::Debug> + Clone>(
        name: &str,
        made: Result<I, NotAllowed>,
        input: fn(u32) -> I::Input,
        _warm_up: u32,
    ) {
        let mut fresh = made.unwrap();
        for used_for in [1, 2, 4, 5, 23] {
            let mut used = fresh.clone();
            values(&mut used, input, used_for);
            used.reset();
            assert!(!used.is_ready(), "{name}");
            assert_eq!(
                values(&mut used, input, 30),
                values(&mut fresh, input, 30),
                "{name} after {used_for}"
            );
            fresh.reset();
        }
    }
    each!(check);
}

#[test]
fn refused_input_leaves_an_indicator_as_it_was() {
    fn check<I: Indicator<Value: std::fmt::Debug, Input: Spoiled> + Clone>(
        name: &str,
        made: Result<I, NotAllowed>,
        input: fn(u32) -> I::Input,
        _warm_up: u32,
    ) {
        let (mut clean, mut bothered) = (made.clone().unwrap(), made.unwrap());
        for step in 0..20 {
            for by in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e101] {
                for spoiled in input(step).spoiled(by) {
                    let before = format!("{:?}", bothered.value());
                    let refusal = bothered.update(spoiled).unwrap_err().to_string();
                    assert!(refusal.contains("is not allowed; it must be"), "{name}: {refusal}");
                    assert_eq!(format!("{:?}", bothered.value()), before, "{name}");
                }
            }
            let (clean, bothered) =
                (clean.update(input(step)).unwrap(), bothered.update(input(step)).unwrap());
            assert_eq!(format!("{clean:?}"), format!("{bothered:?}"), "{name}");
        }
    }
    each!(check);
}

#[test]
fn an_update_allocates_nothing() {
    fn check<I: Indicator>(
        name: &str,
        made: Result<I, NotAllowed>,
        input: fn(u32) -> I::Input,
        _warm_up: u32,
    ) {
        let mut it = made.unwrap();
        let allocated = allocation_counter::measure(|| {
            for step in 0..50 {
                it.update(input(step)).unwrap();
            }
        });
        assert_eq!(allocated.count_total, 0, "{name}");
    }
    each!(check);
}

#[test]
fn flat_series_have_neutral_values() {
    let flat = |_: u32| 7.3;
    let last = |mut it: Result<Rsi, NotAllowed>| {
        let it = it.as_mut().unwrap();
        values(it, flat, 10);
        it.value()
    };
    assert_eq!(last(Rsi::new(3)), Some(50.0));
    let mut score = ZScore::new(3).unwrap();
    values(&mut score, flat, 10);
    assert_eq!(score.value(), Some(0.0));
    let mut bands = Bollinger::new(3, 2.0).unwrap();
    values(&mut bands, flat, 10);
    let expected =
        BollingerBands { middle: 7.3, upper: 7.3, lower: 7.3, percent_b: 0.5, bandwidth: Some(0.0) };
    assert_eq!(bands.value(), Some(expected));
    let mut line = LinearRegression::new(3).unwrap();
    values(&mut line, flat, 10);
    assert_eq!(line.value(), Some(LinearFit { slope: 0.0, intercept: 7.3, end: 7.3, r_squared: 0.0 }));
    let mut correlation = Correlation::new(3).unwrap();
    values(&mut correlation, |step| Pair { x: 1.0, y: f64::from(step) }, 10);
    assert_eq!(correlation.value(), Some(0.0));
    let still = |_: u32| Candle { high: 7.3, low: 7.3, close: 7.3 };
    let mut stochastic = Stochastic::new(3, 2, 2).unwrap();
    values(&mut stochastic, still, 10);
    assert_eq!(stochastic.value(), Some(StochasticValue { k: 50.0, d: 50.0 }));
    let mut adx = Adx::new(3).unwrap();
    values(&mut adx, still, 10);
    assert_eq!(adx.value(), Some(AdxValue { adx: 0.0, plus_di: 0.0, minus_di: 0.0 }));
}

#[test]
fn what_would_divide_by_zero_has_no_value() {
    let mut rate = RateOfChange::new(1).unwrap();
    let rates: Vec<Option<f64>> = [2.0, 0.0, 3.0, 6.0].map(|x| rate.update(x).unwrap()).to_vec();
    assert_eq!(rates, [None, Some(-100.0), None, Some(100.0)]);
    let mut vwap = RollingVwap::new(2).unwrap();
    let sold = |volume| Traded { price: 5.0, volume };
    let averages: Vec<Option<f64>> =
        [1.0, 0.0, 0.0, 2.0].map(|volume| vwap.update(sold(volume)).unwrap()).to_vec();
    assert_eq!(averages, [None, Some(5.0), None, Some(5.0)]);
    let mut bands = Bollinger::new(2, 2.0).unwrap();
    bands.update(-1.0).unwrap();
    assert_eq!(bands.update(1.0).unwrap().unwrap().bandwidth, None);
}

#[test]
fn the_largest_numbers_stay_finite() {
    fn check<I: Indicator<Value: std::fmt::Debug>>(
        name: &str,
        made: Result<I, NotAllowed>,
        input: fn(u32) -> I::Input,
    ) {
        let mut it = made.unwrap();
        let all = values(&mut it, input, 200);
        assert!(it.is_ready() && !all.contains("NaN") && !all.contains("inf"), "{name}: {all}");
    }
    fn wild(step: u32) -> f64 {
        if step.is_multiple_of(2) { 1e100 } else { 1e-100 }
    }
    check("ema", Ema::new(3), wild);
    check("rsi", Rsi::new(3), wild);
    check("std", RollingStd::new(3), |step| wild(step) * if step % 3 == 0 { -1.0 } else { 1.0 });
    check("zscore", ZScore::new(3), wild);
    check("bollinger", Bollinger::new(3, 2.0), wild);
    check("linreg", LinearRegression::new(3), wild);
    check("correlation", Correlation::new(3), |step| Pair { x: wild(step), y: wild(step + step / 2) });
    check("ewma_vol", EwmaVolatility::with_lambda(0.9), wild);
    check("kalman", Kalman::new(1e100, 1e-100), wild);
    check("kalman_beta", KalmanBeta::new(0.999, 1e-100), |step| Pair { x: wild(step), y: wild(step / 2) });
    check("vwap", Ok(Vwap::new()), |step| Traded { price: wild(step), volume: wild(step + 1) });
    check("adx", Adx::new(3), |step| {
        let (high, low) = (wild(step), -wild(step + step / 2));
        Candle { high, low, close: high }
    });
}

#[test]
fn arguments_out_of_range_say_what_is_allowed() {
    let refusal = |it: Result<Sma, NotAllowed>| it.unwrap_err().to_string();
    let allowed = "is not allowed; it must be a whole number from 1 to 100000";
    assert_eq!(refusal(Sma::new(0)), format!("a period of 0 {allowed}"));
    assert_eq!(refusal(Sma::new(100_001)), format!("a period of 100001 {allowed}"));
    assert!(Sma::new(100_000).is_ok());
    let assert_refused = |refusal: NotAllowed, start: &str| {
        assert!(refusal.to_string().starts_with(start), "{refusal}");
    };
    assert_refused(
        LinearRegression::new(1).unwrap_err(),
        "a period of 1 is not allowed; it must be a whole number from 2",
    );
    assert_refused(Rsi::new(0).unwrap_err(), "a period of 0");
    assert_refused(RateOfChange::new(0).unwrap_err(), "a period of 0");
    assert_refused(
        Macd::new(26, 12, 9).unwrap_err(),
        "a fast period of 26 is not allowed; it must be below the slow one",
    );
    assert_refused(Stochastic::new(14, 0, 3).unwrap_err(), "a period of 0");
    assert_refused(Bollinger::new(20, f64::NAN).unwrap_err(), "a width of NaN");
    assert_refused(EwmaVolatility::with_lambda(1.0).unwrap_err(), "a lambda of 1");
    assert_refused(EwmaVolatility::with_half_life(0.5).unwrap_err(), "a half-life of 0.5");
    assert_refused(Kalman::new(-1.0, 1.0).unwrap_err(), "a process variance of -1");
    assert_refused(Kalman::new(1.0, 0.0).unwrap_err(), "a measurement variance of 0");
    assert_refused(KalmanBeta::new(1.0, 1.0).unwrap_err(), "a delta of 1");
    let mut vwap = Vwap::new();
    assert_refused(vwap.update(Traded { price: 1.0, volume: -1.0 }).unwrap_err(), "a volume of -1");
    let mut volatility = EwmaVolatility::with_lambda(0.9).unwrap();
    assert_refused(volatility.update(0.0).unwrap_err(), "a price of 0");
    let mut atr = Atr::new(3).unwrap();
    let upside_down = Candle { high: 1.0, low: 2.0, close: 1.5 };
    assert_refused(
        atr.update(upside_down).unwrap_err(),
        "a high of 1 is not allowed; it must be at or above the low",
    );
    let outside = Candle { high: 2.0, low: 1.0, close: 3.0 };
    assert_refused(
        atr.update(outside).unwrap_err(),
        "a close of 3 is not allowed; it must be between low and high",
    );
}
