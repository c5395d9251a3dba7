//! Indicators as objects of a script: `let fast = ema(12); fast.update(bar.close)`.
//!
//! Here are the constructors; `object` has the methods. `docs/indicators.md` is the reference for authors of
//! scripts.

mod object;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use rhai::Dynamic;

use self::object::register_object;
use crate::script::api::registry::Registry;
use crate::script::host::SharedHost;
use crate::script::value::arguments::{ScriptResult, number};
use crate::script::value::indicator::{IndicatorHandle, IndicatorInput, Parts};
use bearpit_agents::indicators::{
    Adx, Atr, Bollinger, Correlation, Donchian, Ema, EwmaVolatility, Indicator, Kalman, KalmanBeta,
    LinearRegression, Macd, NotAllowed, Obv, PERIOD_MAX, RateOfChange, RollingMax, RollingMin, RollingStd,
    RollingSum, RollingVwap, Rsi, Sma, Stochastic, Vwap, Wma, ZScore,
};

/// Registers the constructors and methods of indicators.
pub(crate) fn register(api: &mut Registry<'_>) {
    api.group("Indicators");
    register_object(api);
    let host = api.host();
    averages(api, &host);
    bands(api, &host);
    oscillators(api, &host);
    with_volume(api, &host);
    filters(api, &host);
}

/// Registers a constructor that takes a period.
fn of_period<I>(
    api: &mut Registry<'_>,
    host: &SharedHost,
    [name, about, example]: [&'static str; 3],
    make: fn(u32) -> Result<I, NotAllowed>,
) where
    I: Indicator<Input: IndicatorInput, Value: Parts> + 'static,
{
    let shared = Rc::clone(host);
    api.function(name, "(n: number) -> Indicator", about, example).form(
        move |n: Dynamic| -> ScriptResult<IndicatorHandle> {
            let n = period(name, &n)?;
            IndicatorHandle::make(&shared.borrow().budget, format!("{name}({n})"), n, make(n))
        },
    );
}

/// Reads a period: an integer, which may be written as a float without fraction.
fn period(function: &str, given: &Dynamic) -> ScriptResult<u32> {
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

fn averages(api: &mut Registry<'_>, host: &SharedHost) {
    of_period(api, host, ["sma", "The mean of the last n.", "sma(20)"], Sma::new);
    of_period(api, host, ["ema", "The exponential average with weight 2 / (n + 1).", "ema(12)"], Ema::new);
    of_period(api, host, ["wma", "The mean of the last n, the newest weighted most.", "wma(10)"], Wma::new);
    of_period(api, host, ["rolling_sum", "The sum of the last n.", "rolling_sum(20)"], RollingSum::new);
    of_period(api, host, ["rolling_min", "The lowest of the last n.", "rolling_min(20)"], RollingMin::new);
    of_period(api, host, ["rolling_max", "The highest of the last n.", "rolling_max(20)"], RollingMax::new);
    of_period(
        api,
        host,
        ["linreg", "The line of least squares through the last n.", "linreg(14)"],
        LinearRegression::new,
    );
    of_period(
        api,
        host,
        ["correlation", "Pearson's correlation of the last n pairs.", "correlation(20)"],
        Correlation::new,
    );
}

fn bands(api: &mut Registry<'_>, host: &SharedHost) {
    of_period(
        api,
        host,
        ["rolling_std", "The standard deviation of the last n.", "rolling_std(20)"],
        RollingStd::new,
    );
    of_period(
        api,
        host,
        ["zscore", "The distance of the newest from the mean of the last n, in deviations.", "zscore(20)"],
        ZScore::new,
    );
    of_period(
        api,
        host,
        ["donchian", "The highest high and lowest low of the last n bars.", "donchian(20)"],
        Donchian::new,
    );
    let shared = Rc::clone(host);
    api.function(
        "bollinger",
        "(n: number, width: number) -> Indicator",
        "The mean of the last n, and bands so many deviations around it.",
        "bollinger(20, 2.0)",
    )
    .form(move |n: Dynamic, width: Dynamic| -> ScriptResult<IndicatorHandle> {
        let (n, width) = (period("bollinger", &n)?, number("bollinger", "width", &width)?);
        IndicatorHandle::make(
            &shared.borrow().budget,
            format!("bollinger({n}, {width:?})"),
            n,
            Bollinger::new(n, width),
        )
    });
    let shared = Rc::clone(host);
    api.function(
        "ewma_vol",
        "(decay: number) -> Indicator",
        "The volatility of returns; takes a lambda below 1, or a half-life.",
        "ewma_vol(0.94)",
    )
    .form(move |given: Dynamic| -> ScriptResult<IndicatorHandle> {
        let given = number("ewma_vol", "half-life or lambda", &given)?;
        let made = if given < 1.0 {
            EwmaVolatility::with_lambda(given)
        } else {
            EwmaVolatility::with_half_life(given)
        };
        IndicatorHandle::make(&shared.borrow().budget, format!("ewma_vol({given:?})"), 0, made)
    });
}

fn oscillators(api: &mut Registry<'_>, host: &SharedHost) {
    of_period(api, host, ["rsi", "Wilder's relative strength index.", "rsi(14)"], Rsi::new);
    of_period(api, host, ["roc", "The change over n, in percent.", "roc(10)"], RateOfChange::new);
    of_period(api, host, ["atr", "Wilder's average true range.", "atr(14)"], Atr::new);
    of_period(api, host, ["adx", "Wilder's directional index.", "adx(14)"], Adx::new);
    let shared = Rc::clone(host);
    api.function(
        "macd",
        "(fast: number, slow: number, signal: number) -> Indicator",
        "The difference of two exponential averages, and the average of that.",
        "macd(12, 26, 9)",
    )
    .form(move |fast: Dynamic, slow: Dynamic, signal: Dynamic| -> ScriptResult<IndicatorHandle> {
        let (fast, slow) = (period("macd", &fast)?, period("macd", &slow)?);
        let signal = period("macd", &signal)?;
        IndicatorHandle::make(
            &shared.borrow().budget,
            format!("macd({fast}, {slow}, {signal})"),
            0,
            Macd::new(fast, slow, signal),
        )
    });
    let shared = Rc::clone(host);
    api.function(
        "stochastic",
        "(n: number, k: number, d: number) -> Indicator",
        "Where the close stands in the range of the last n bars.",
        "stochastic(14, 3, 3)",
    )
    .form(move |n: Dynamic, k: Dynamic, d: Dynamic| -> ScriptResult<IndicatorHandle> {
        let n = period("stochastic", &n)?;
        let (k, d) = (period("stochastic", &k)?, period("stochastic", &d)?);
        IndicatorHandle::make(
            &shared.borrow().budget,
            format!("stochastic({n}, {k}, {d})"),
            n + k + d,
            Stochastic::new(n, k, d),
        )
    });
}

fn with_volume(api: &mut Registry<'_>, host: &SharedHost) {
    let (whole, rolling) = (Rc::clone(host), Rc::clone(host));
    let about = "The mean price weighted by volume, from the beginning or of the last n.";
    api.function("vwap", "(n?: number) -> Indicator", about, "vwap()")
        .form(move || IndicatorHandle::make(&whole.borrow().budget, "vwap()".to_owned(), 0, Ok(Vwap::new())))
        .form(move |n: Dynamic| -> ScriptResult<IndicatorHandle> {
            let n = period("vwap", &n)?;
            IndicatorHandle::make(&rolling.borrow().budget, format!("vwap({n})"), n, RollingVwap::new(n))
        });
    let shared = Rc::clone(host);
    api.function("obv", "() -> Indicator", "On-balance volume.", "obv()")
        .form(move || IndicatorHandle::make(&shared.borrow().budget, "obv()".to_owned(), 0, Ok(Obv::new())));
}

fn filters(api: &mut Registry<'_>, host: &SharedHost) {
    let shared = Rc::clone(host);
    api.function(
        "kalman",
        "(process_variance: number, measurement_variance: number) -> Indicator",
        "A level that wanders, seen through noise.",
        "kalman(0.5, 4.0)",
    )
    .form(move |process: Dynamic, measurement: Dynamic| -> ScriptResult<IndicatorHandle> {
        let process = number("kalman", "process variance", &process)?;
        let measurement = number("kalman", "measurement variance", &measurement)?;
        let call = format!("kalman({process:?}, {measurement:?})");
        IndicatorHandle::make(&shared.borrow().budget, call, 0, Kalman::new(process, measurement))
    });
    let shared = Rc::clone(host);
    api.function(
        "kalman_beta",
        "(delta: number, measurement_variance: number) -> Indicator",
        "The hedge ratio of a pair, as it wanders.",
        "kalman_beta(0.0001, 0.001)",
    )
    .form(move |delta: Dynamic, measurement: Dynamic| -> ScriptResult<IndicatorHandle> {
        let delta = number("kalman_beta", "delta", &delta)?;
        let measurement = number("kalman_beta", "measurement variance", &measurement)?;
        let call = format!("kalman_beta({delta:?}, {measurement:?})");
        IndicatorHandle::make(&shared.borrow().budget, call, 0, KalmanBeta::new(delta, measurement))
    });
}
