//! Indicators as objects of a script: `let fast = ema(12); fast.update(bar.close)`.
//!
//! Here are the constructors; what an object can do stands in `object`, what it is fed with and what parts
//! its value has in `forms`. `docs/indicators.md` is the reference for those who write scripts.

mod forms;
mod object;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use rhai::{Dynamic, Engine};

use self::forms::{Fed, Parts};
use self::object::{Budget, Object, register_object};
use super::host::Outcome;
use super::market::number;
use crate::agents::indicators::{
    Adx, Atr, Bollinger, Correlation, Donchian, Ema, EwmaVolatility, Indicator, Kalman, KalmanBeta,
    LinearRegression, Macd, NotAllowed, Obv, PERIOD_MAX, RateOfChange, RollingMax, RollingMin, RollingStd,
    RollingSum, RollingVwap, Rsi, Sma, Stochastic, Vwap, Wma, ZScore,
};

/// The names of all functions, methods and properties that are registered here, sorted.
pub(super) const NAMES: [&str; 52] = [
    "adx",
    "atr",
    "bandwidth",
    "beta",
    "bollinger",
    "correlation",
    "d",
    "deviation",
    "donchian",
    "ema",
    "end",
    "error",
    "ewma_vol",
    "histogram",
    "intercept",
    "is_ready",
    "k",
    "kalman",
    "kalman_beta",
    "level",
    "line",
    "linreg",
    "lower",
    "macd",
    "mean",
    "middle",
    "minus_di",
    "obv",
    "percent_b",
    "plus_di",
    "population",
    "r_squared",
    "reset",
    "roc",
    "rolling_max",
    "rolling_min",
    "rolling_std",
    "rolling_sum",
    "rsi",
    "sample",
    "signal",
    "slope",
    "sma",
    "stochastic",
    "update",
    "upper",
    "value",
    "variance",
    "vwap",
    "wma",
    "z",
    "zscore",
];

/// Registers the constructors, and what the objects that they make can do.
pub(super) fn register(engine: &mut Engine) {
    register_object(engine);
    let budget = Rc::new(Budget::default());
    averages(engine, &budget);
    bands(engine, &budget);
    oscillators(engine, &budget);
    with_volume(engine, &budget);
    filters(engine, &budget);
}

/// Registers a constructor that takes a period.
fn of_period<I>(
    engine: &mut Engine,
    budget: &Rc<Budget>,
    name: &'static str,
    make: fn(u32) -> Result<I, NotAllowed>,
) where
    I: Indicator<Input: Fed, Value: Parts> + 'static,
{
    let budget = Rc::clone(budget);
    engine.register_fn(name, move |n: Dynamic| -> Outcome<Object> {
        let n = period(name, &n)?;
        Object::make(&budget, format!("{name}({n})"), n, make(n))
    });
}

/// Reads a period: a whole number, which may be written with a fraction of zero.
fn period(function: &str, given: &Dynamic) -> Outcome<u32> {
    let n = number(function, "period", given)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, and between 0 and the largest period"
    )]
    if n.fract() == 0.0 && (0.0..=f64::from(PERIOD_MAX)).contains(&n) {
        return Ok(n as u32);
    }
    Err(format!(
        "{function}: a period of {given} is not allowed; it must be a whole number from 1 to {PERIOD_MAX}"
    )
    .into())
}

fn averages(engine: &mut Engine, budget: &Rc<Budget>) {
    of_period(engine, budget, "sma", Sma::new);
    of_period(engine, budget, "ema", Ema::new);
    of_period(engine, budget, "wma", Wma::new);
    of_period(engine, budget, "rolling_sum", RollingSum::new);
    of_period(engine, budget, "rolling_min", RollingMin::new);
    of_period(engine, budget, "rolling_max", RollingMax::new);
    of_period(engine, budget, "linreg", LinearRegression::new);
    of_period(engine, budget, "correlation", Correlation::new);
}

fn bands(engine: &mut Engine, budget: &Rc<Budget>) {
    of_period(engine, budget, "rolling_std", RollingStd::new);
    of_period(engine, budget, "zscore", ZScore::new);
    of_period(engine, budget, "donchian", Donchian::new);
    let shared = Rc::clone(budget);
    engine.register_fn("bollinger", move |n: Dynamic, width: Dynamic| -> Outcome<Object> {
        let (n, width) = (period("bollinger", &n)?, number("bollinger", "width", &width)?);
        Object::make(&shared, format!("bollinger({n}, {width:?})"), n, Bollinger::new(n, width))
    });
    let shared = Rc::clone(budget);
    engine.register_fn("ewma_vol", move |given: Dynamic| -> Outcome<Object> {
        let given = number("ewma_vol", "half-life or lambda", &given)?;
        let made = if given < 1.0 {
            EwmaVolatility::with_lambda(given)
        } else {
            EwmaVolatility::with_half_life(given)
        };
        Object::make(&shared, format!("ewma_vol({given:?})"), 0, made)
    });
}

fn oscillators(engine: &mut Engine, budget: &Rc<Budget>) {
    of_period(engine, budget, "rsi", Rsi::new);
    of_period(engine, budget, "roc", RateOfChange::new);
    of_period(engine, budget, "atr", Atr::new);
    of_period(engine, budget, "adx", Adx::new);
    let shared = Rc::clone(budget);
    engine.register_fn("macd", move |fast: Dynamic, slow: Dynamic, signal: Dynamic| -> Outcome<Object> {
        let (fast, slow) = (period("macd", &fast)?, period("macd", &slow)?);
        let signal = period("macd", &signal)?;
        Object::make(&shared, format!("macd({fast}, {slow}, {signal})"), 0, Macd::new(fast, slow, signal))
    });
    let shared = Rc::clone(budget);
    engine.register_fn("stochastic", move |n: Dynamic, k: Dynamic, d: Dynamic| -> Outcome<Object> {
        let n = period("stochastic", &n)?;
        let (k, d) = (period("stochastic", &k)?, period("stochastic", &d)?);
        Object::make(&shared, format!("stochastic({n}, {k}, {d})"), n + k + d, Stochastic::new(n, k, d))
    });
}

fn with_volume(engine: &mut Engine, budget: &Rc<Budget>) {
    of_period(engine, budget, "vwap", RollingVwap::new);
    let shared = Rc::clone(budget);
    engine.register_fn("vwap", move || Object::make(&shared, "vwap()".to_owned(), 0, Ok(Vwap::new())));
    let shared = Rc::clone(budget);
    engine.register_fn("obv", move || Object::make(&shared, "obv()".to_owned(), 0, Ok(Obv::new())));
}

fn filters(engine: &mut Engine, budget: &Rc<Budget>) {
    let shared = Rc::clone(budget);
    engine.register_fn("kalman", move |process: Dynamic, measurement: Dynamic| -> Outcome<Object> {
        let process = number("kalman", "process variance", &process)?;
        let measurement = number("kalman", "measurement variance", &measurement)?;
        let call = format!("kalman({process:?}, {measurement:?})");
        Object::make(&shared, call, 0, Kalman::new(process, measurement))
    });
    let shared = Rc::clone(budget);
    engine.register_fn("kalman_beta", move |delta: Dynamic, measurement: Dynamic| -> Outcome<Object> {
        let delta = number("kalman_beta", "delta", &delta)?;
        let measurement = number("kalman_beta", "measurement variance", &measurement)?;
        let call = format!("kalman_beta({delta:?}, {measurement:?})");
        Object::make(&shared, call, 0, KalmanBeta::new(delta, measurement))
    });
}
