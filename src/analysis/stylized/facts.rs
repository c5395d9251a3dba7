//! The eight facts: from statistics to verdicts, each by the rule of [`StylizedFactKind::rule`].

use super::dependence::{
    PORTMANTEAU_LAGS, Portmanteau, autocorrelation, centred, leverage, ljung_box, rank_correlation,
    robust_portmanteau,
};
use super::memory::SignMemory;
use super::returns::ReturnSeries;
use super::tails::{Estimate, hill, kurtosis_fall, skew};
use super::{Margin, RETURNS_MIN, Statistic, StylizedFact, StylizedFactKind, Verdict};
use crate::analysis::metrics::distribution::kurtosis_excess_biased;
use crate::analysis::metrics::series::real;

/// How many standard errors 95 in 100 lie within.
const WITHIN: f64 = 1.96;
/// The share of returns that make the tail.
const TAIL: f64 = 0.05;
/// The tail indices of real markets: Cont (2001) finds more than two and less than five.
const TAIL_INDICES: [f64; 2] = [2.0, 5.0];
/// A portmanteau speaks of dependence below this probability.
const REJECTED: f64 = 0.01;
/// Over how many intervals after a return volatility is measured.
const LEVERAGE_LAGS: usize = 10;
/// Of so many sums at least a kurtosis is taken.
const SUMS_MIN: usize = 60;

/// What was found: statistics and verdict, or why there are none.
type Found = Result<(Vec<Statistic>, Verdict), &'static str>;

const UNMOVED: &str = "the mid moved too little";

/// Takes all facts, in order.
pub(super) fn all(series: &ReturnSeries, signs: &SignMemory) -> Vec<StylizedFact> {
    let take = |fact: StylizedFactKind| {
        let of_returns = || enough(series).map(|()| series.returns.as_slice());
        let found = match fact {
            StylizedFactKind::NoAutocorrelation => of_returns().and_then(no_autocorrelation),
            StylizedFactKind::HeavyTails => of_returns().and_then(heavy_tails),
            StylizedFactKind::Asymmetry => of_returns().and_then(asymmetry),
            StylizedFactKind::AggregationalGaussianity => of_returns().and_then(|_| gaussianity(series)),
            StylizedFactKind::VolatilityClustering => of_returns().and_then(clustering),
            StylizedFactKind::Leverage => of_returns().and_then(leverage_effect),
            StylizedFactKind::VolumeAndVolatility => {
                of_returns().and_then(|returns| volume(returns, &series.notionals))
            }
            StylizedFactKind::LongMemoryOfSigns => long_memory(signs),
        };
        let (statistics, verdict) = found.unwrap_or_else(|why| (Vec::new(), Verdict::CannotTell(why)));
        let sample = match fact {
            StylizedFactKind::LongMemoryOfSigns => signs.orders(),
            _ => series.returns.len(),
        };
        StylizedFact { fact, statistics, sample, verdict }
    };
    StylizedFactKind::ALL.map(take).into()
}

/// Returns why returns say nothing, if they do not.
pub(super) fn enough(series: &ReturnSeries) -> Result<(), &'static str> {
    let returns = &series.returns;
    if returns.is_empty() {
        return Err("no mid was recorded over two intervals");
    }
    if returns.iter().all(|value| *value == 0.0) {
        return Err("the mid never moved");
    }
    if returns.len() < RETURNS_MIN {
        return Err("there are fewer than 250 returns");
    }
    // Returns that are equal but for rounding have a shape that is rounding.
    centred(returns).map(|_| ()).ok_or(UNMOVED)
}

fn statistic(name: impl Into<String>, value: f64, margin: Margin) -> Statistic {
    Statistic { name: name.into(), value, margin }
}

fn around(name: &str, estimate: Estimate) -> Statistic {
    statistic(name, estimate.value, Margin::Around(WITHIN * estimate.error))
}

fn seen(is_seen: bool) -> Verdict {
    if is_seen { Verdict::Seen } else { Verdict::NotSeen }
}

/// Within what 95 in 100 autocorrelations of independent values lie.
fn chance(count: usize) -> Margin {
    Margin::Chance(WITHIN / real(count).sqrt())
}

fn no_autocorrelation(returns: &[f64]) -> Found {
    let first = autocorrelation(returns, 1).ok_or(UNMOVED)?[0];
    let q = robust_portmanteau(returns).ok_or(UNMOVED)?;
    let statistics = vec![
        statistic("autocorrelation at lag 1", first, chance(returns.len())),
        statistic("Q of lags 2 to 21", q.value, Margin::Probability(q.probability)),
    ];
    Ok((statistics, seen(q.probability >= REJECTED)))
}

/// The excess kurtosis, and within what it lies of so many normal returns.
fn kurtosis(returns: &[f64]) -> Option<(f64, f64)> {
    let value = kurtosis_excess_biased(returns)?;
    Some((value, WITHIN * (24.0 / real(returns.len())).sqrt()))
}

/// A mid that stood still most of the time has tails of ticks, not of returns.
fn moves(returns: &[f64]) -> Result<(), &'static str> {
    let still = returns.iter().filter(|value| **value == 0.0).count();
    if still * 2 > returns.len() {
        Err("the mid stood still in more than half of the intervals")
    } else {
        Ok(())
    }
}

fn heavy_tails(returns: &[f64]) -> Found {
    moves(returns)?;
    let (value, normal) = kurtosis(returns).ok_or(UNMOVED)?;
    let index = hill(returns, TAIL).ok_or(UNMOVED)?;
    let [low, high] = [-WITHIN, WITHIN].map(|errors| index.value + errors * index.error);
    let is_real = low <= TAIL_INDICES[1] && high >= TAIL_INDICES[0];
    let statistics = vec![
        statistic("excess kurtosis", value, Margin::Chance(normal)),
        around("tail index of the largest 5 %", index),
    ];
    Ok((statistics, seen(value > normal && is_real)))
}

fn asymmetry(returns: &[f64]) -> Found {
    let skew = skew(returns).ok_or(UNMOVED)?;
    let margin = WITHIN * skew.error;
    Ok((vec![statistic("skewness", skew.value, Margin::Chance(margin))], seen(skew.value < -margin)))
}

fn gaussianity(series: &ReturnSeries) -> Found {
    moves(&series.returns)?;
    let over = |multiple: usize| {
        let summed = series.summed(multiple).returns;
        Some((multiple, kurtosis(&summed).filter(|_| summed.len() >= SUMS_MIN)?))
    };
    let found: Vec<(usize, (f64, f64))> = [1, 4, 16].into_iter().filter_map(over).collect();
    let few = "between closed times there are too few returns to sum up";
    let [(_, (short, normal)), .., (multiple, _)] = found.as_slice() else { return Err(few) };
    let fall = kurtosis_fall(series, *multiple).ok_or(UNMOVED)?;
    let lower = around(&format!("lower over {multiple} than over 1 by"), fall);
    let name = |multiple| match multiple {
        1 => "excess kurtosis over 1 interval".to_owned(),
        _ => format!("over {multiple}"),
    };
    let statistics = found
        .iter()
        .map(|(multiple, (value, chance))| statistic(name(*multiple), *value, Margin::Chance(*chance)));
    let verdict = match fall.value {
        _ if short <= normal => {
            Verdict::CannotTell("over one interval returns are not heavier than normal ones")
        }
        lower if lower > WITHIN * fall.error => Verdict::Seen,
        lower if lower <= 0.0 => Verdict::NotSeen,
        _ => Verdict::CannotTell("the difference is within what chance does to so few sums"),
    };
    Ok((statistics.chain([lower]).collect(), verdict))
}

fn clustering(returns: &[f64]) -> Found {
    let sizes: Vec<f64> = returns.iter().map(|value| value.abs()).collect();
    let squares: Vec<f64> = returns.iter().map(|value| value * value).collect();
    let rho = autocorrelation(&sizes, PORTMANTEAU_LAGS).ok_or(UNMOVED)?;
    let q = ljung_box(&sizes).ok_or(UNMOVED)?;
    let of_squares = ljung_box(&squares).ok_or(UNMOVED)?;
    let band = WITHIN / real(returns.len()).sqrt();
    let above = rho.iter().filter(|rho| **rho > band).count();
    let at = |lag: usize| {
        statistic(format!("autocorrelation of |r| at lag {lag}"), rho[lag - 1], chance(returns.len()))
    };
    let q_of = |of: &str, q: Portmanteau| {
        statistic(format!("Q of {of}, lags 1 to 20"), q.value, Margin::Probability(q.probability))
    };
    // One extreme return makes squares look as if nothing depended on anything: sizes decide.
    let verdict = seen(q.probability < REJECTED && above * 2 >= rho.len());
    Ok((vec![at(1), at(5), at(20), q_of("|r|", q), q_of("r²", of_squares)], verdict))
}

fn leverage_effect(returns: &[f64]) -> Found {
    let mean = leverage(returns, LEVERAGE_LAGS).ok_or(UNMOVED)?;
    let margin = WITHIN * mean.error;
    let name = "correlation of r with later squares, mean of lags 1 to 10";
    Ok((vec![statistic(name, mean.value, Margin::Chance(margin))], seen(mean.value < -margin)))
}

fn volume(returns: &[f64], notionals: &[f64]) -> Found {
    if notionals.iter().all(|notional| *notional == 0.0) {
        return Err("no trades were recorded in these intervals");
    }
    let sizes: Vec<f64> = returns.iter().map(|value| value.abs()).collect();
    let ranks = rank_correlation(&sizes, notionals).ok_or("what is traded never changes")?;
    let margin = WITHIN * ranks.error;
    let name = "rank correlation of |r| and what is traded";
    Ok((vec![statistic(name, ranks.value, Margin::Chance(margin))], seen(ranks.value > margin)))
}

fn long_memory(signs: &SignMemory) -> Found {
    if signs.orders() == 0 {
        return Err("no trades with an aggressor were recorded");
    }
    let few = signs.orders() < SignMemory::ORDERS_MIN;
    let hurst = signs.hurst().ok_or(if few {
        "there are fewer than 12,800 orders with an aggressor"
    } else {
        "sums of the signs of orders never vary"
    })?;
    let [short, long] = hurst.blocks;
    let name = format!("Hurst exponent, blocks of {short} to {long} orders");
    let exponent = Estimate { value: hurst.exponent, error: hurst.error };
    Ok((vec![around(&name, exponent)], seen(hurst.exponent - WITHIN * hurst.error > 0.5)))
}
