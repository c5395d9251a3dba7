//! The facts of returns and of the signs of orders: from statistics to verdicts, each by the rule of
//! [`StylizedFactKind::rule`].

use super::dependence::{
    PORTMANTEAU_LAGS, Portmanteau, autocorrelation, centred, leverage, ljung_box, rank_correlation,
    robust_portmanteau,
};
use super::memory::SignMemory;
use super::order_facts::{self, decay};
use super::returns::ReturnSeries;
use super::tails::{Estimate, hill, kurtosis_fall, skew};
use super::{LAGS, Margin, Material, RETURNS_MIN, Statistic, StylizedFact, StylizedFactKind, Verdict};
use crate::analysis::metrics::distribution::kurtosis_excess_biased;
use crate::analysis::metrics::series::real;

/// How many standard errors 95 in 100 lie within.
pub(super) const WITHIN: f64 = 1.96;
/// The share of returns that make the tail.
pub(super) const TAIL: f64 = 0.05;
/// A portmanteau speaks of dependence below this probability.
const REJECTED: f64 = 0.01;
/// Over how many intervals after a return volatility is measured.
pub(super) const LEVERAGE_LAGS: usize = 10;
/// Over how many returns sums are taken.
const MULTIPLES: [usize; 3] = [1, 4, 16];
/// Of so many sums at least a kurtosis is taken.
const SUMS_MIN: usize = 60;

/// What was found: statistics, of which the first stands for the fact, verdict, and of how many observations;
/// or why there is nothing.
pub(super) type Found = Result<(Vec<Statistic>, Verdict, usize), &'static str>;

/// What was found in returns.
type InReturns = Result<(Vec<Statistic>, Verdict), &'static str>;

pub(super) const UNMOVED: &str = "the mid moved too little";

/// Takes all facts, in order.
pub(super) fn all(material: &Material) -> Vec<StylizedFact> {
    let take = |fact: StylizedFactKind| {
        let (statistics, verdict, sample) =
            found(fact, material).unwrap_or_else(|why| (Vec::new(), Verdict::CannotTell(why), 0));
        let sample = match fact {
            StylizedFactKind::LongMemoryOfSigns => material.signs.orders(),
            _ if fact.is_of_returns() => material.series.returns.len(),
            _ => sample,
        };
        StylizedFact { fact, statistics, sample, verdict }
    };
    StylizedFactKind::ALL.map(take).into()
}

fn found(fact: StylizedFactKind, material: &Material) -> Found {
    let series = &material.series;
    let in_returns = |take: &dyn Fn(&[f64]) -> InReturns| {
        enough(series)?;
        let (statistics, verdict) = take(&series.returns)?;
        Ok((statistics, verdict, series.returns.len()))
    };
    match fact {
        StylizedFactKind::NoAutocorrelation => in_returns(&no_autocorrelation),
        StylizedFactKind::HeavyTails => in_returns(&heavy_tails),
        StylizedFactKind::Asymmetry => in_returns(&asymmetry),
        StylizedFactKind::AggregationalGaussianity => in_returns(&|_| gaussianity(series)),
        StylizedFactKind::VolatilityClustering => in_returns(&clustering),
        StylizedFactKind::Leverage => in_returns(&leverage_effect),
        StylizedFactKind::VolumeAndVolatility => in_returns(&|returns| volume(returns, &series.notionals)),
        StylizedFactKind::LongMemoryOfSigns => long_memory(&material.signs),
        StylizedFactKind::VarianceRatio => {
            enough(series).and_then(|()| order_facts::variance_ratio(&material.fine))
        }
        StylizedFactKind::Arrivals => order_facts::arrivals(&material.arrivals),
        StylizedFactKind::SpreadAndDepth => order_facts::touch(&material.touch),
        StylizedFactKind::IntradayPattern => order_facts::day(&material.day),
        StylizedFactKind::PriceImpact => order_facts::impact(fact, &material.of_orders),
        StylizedFactKind::MetaorderImpact => order_facts::impact(fact, &material.of_runs),
        StylizedFactKind::OrderFlowImbalance => order_facts::imbalance(&material.touch),
    }
}

/// Whether a range meets what real markets show.
pub(super) fn within(fact: StylizedFactKind, [low, high]: [f64; 2]) -> Verdict {
    let [least, most] = fact.band();
    seen(low <= most && high >= least)
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

fn no_autocorrelation(returns: &[f64]) -> InReturns {
    let first = autocorrelation(returns, 1).ok_or(UNMOVED)?[0];
    let q = robust_portmanteau(returns).ok_or(UNMOVED)?;
    let statistics = vec![
        statistic("autocorrelation at lag 1", first, chance(returns.len())),
        statistic("Q of lags 2 to 21", q.value, Margin::Probability(q.probability)),
    ];
    let is_small = within(StylizedFactKind::NoAutocorrelation, [first, first]) == Verdict::Seen;
    Ok((statistics, seen(q.probability >= REJECTED && is_small)))
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

fn heavy_tails(returns: &[f64]) -> InReturns {
    moves(returns)?;
    let (value, normal) = kurtosis(returns).ok_or(UNMOVED)?;
    let index = hill(returns, TAIL).ok_or(UNMOVED)?;
    let reach = [-WITHIN, WITHIN].map(|errors| index.value + errors * index.error);
    let is_real = within(StylizedFactKind::HeavyTails, reach) == Verdict::Seen;
    let statistics = vec![
        around(StylizedFactKind::HeavyTails.measured(), index),
        statistic("excess kurtosis", value, Margin::Chance(normal)),
    ];
    Ok((statistics, seen(value > normal && is_real)))
}

fn asymmetry(returns: &[f64]) -> InReturns {
    let skew = skew(returns).ok_or(UNMOVED)?;
    let margin = WITHIN * skew.error;
    Ok((vec![statistic("skewness", skew.value, Margin::Chance(margin))], seen(skew.value < -margin)))
}

/// Returns over how many returns the longest sums are taken, of which there are enough.
pub(super) fn longest_sums(series: &ReturnSeries) -> Option<usize> {
    MULTIPLES.into_iter().rev().find(|multiple| series.summed(*multiple).returns.len() >= SUMS_MIN)
}

fn gaussianity(series: &ReturnSeries) -> InReturns {
    moves(&series.returns)?;
    let over = |multiple: usize| {
        let summed = series.summed(multiple).returns;
        Some((multiple, kurtosis(&summed).filter(|_| summed.len() >= SUMS_MIN)?))
    };
    let found: Vec<(usize, (f64, f64))> = MULTIPLES.into_iter().filter_map(over).collect();
    let few = "between closed times there are too few returns to sum up";
    let [(_, (short, normal)), .., (multiple, _)] = found.as_slice() else { return Err(few) };
    let fall = kurtosis_fall(series, *multiple).ok_or(UNMOVED)?;
    let lower = around(&format!("lower over {multiple} than over 1 by"), fall);
    let name = |multiple| match multiple {
        1 => "excess kurtosis over 1 interval".to_owned(),
        _ => format!("over {multiple}"),
    };
    let kurtoses = found
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
    Ok(([lower].into_iter().chain(kurtoses).collect(), verdict))
}

fn clustering(returns: &[f64]) -> InReturns {
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
    let fading = autocorrelation(&sizes, LAGS).and_then(|rho| decay(&rho));
    let fading = fading.map(|[exponent, error]| {
        let name = format!("exponent by which it decays over {LAGS} lags");
        statistic(name, exponent, Margin::Around(WITHIN * error))
    });
    let statistics = [at(1), at(5), at(20), q_of("|r|", q), q_of("r²", of_squares)];
    Ok((statistics.into_iter().chain(fading).collect(), verdict))
}

fn leverage_effect(returns: &[f64]) -> InReturns {
    let mean = leverage(returns, LEVERAGE_LAGS).ok_or(UNMOVED)?;
    let margin = WITHIN * mean.error;
    let name = "correlation of r with later squares, mean of lags 1 to 10";
    Ok((vec![statistic(name, mean.value, Margin::Chance(margin))], seen(mean.value < -margin)))
}

fn volume(returns: &[f64], notionals: &[f64]) -> InReturns {
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
    let verdict = seen(hurst.exponent - WITHIN * hurst.error > 0.5);
    Ok((vec![around(&name, exponent)], verdict, signs.orders()))
}
