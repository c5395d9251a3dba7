//! [`StylizedFacts::interval`]: what resampling says of the number that stands for a fact.

use super::bootstrap::of_series;
use super::dependence::{autocorrelation, leverage, rank_correlation};
use super::facts::{LEVERAGE_LAGS, TAIL, enough, longest_sums};
use super::order_facts;
use super::returns::ReturnSeries;
use super::tails::hill;
use super::{Material, StylizedFactKind, StylizedFacts, Verdict};
use crate::analysis::metrics::distribution::{kurtosis_excess_biased, skew_biased};

/// Blocks of returns are longer than the lags of all statistics, and a multiple of the longest sums.
const BLOCK: usize = 48;

impl StylizedFacts {
    /// Returns the interval that contains 95 in 100 values of the number that stands for a fact, in samples
    /// drawn from this market: a bootstrap of blocks, with the same draws at each call.
    ///
    /// None where the fact has no number, and where there are too few blocks to draw from.
    #[must_use]
    pub fn interval(&self, kind: StylizedFactKind) -> Option<[f64; 2]> {
        let fact = self.facts.iter().find(|fact| fact.fact == kind)?;
        let is_measured = !matches!(fact.verdict, Verdict::CannotTell(_)) || !fact.statistics.is_empty();
        if is_measured { self.material.interval(kind) } else { None }
    }
}

impl Material {
    fn interval(&self, kind: StylizedFactKind) -> Option<[f64; 2]> {
        let name = kind.name();
        match kind {
            StylizedFactKind::LongMemoryOfSigns => self.signs.interval(name),
            StylizedFactKind::VarianceRatio => order_facts::variance_ratio_interval(name, &self.fine),
            StylizedFactKind::Arrivals => order_facts::arrivals_interval(name, &self.arrivals),
            StylizedFactKind::SpreadAndDepth => order_facts::touch_interval(name, &self.touch),
            StylizedFactKind::IntradayPattern => self.day.interval(name),
            StylizedFactKind::PriceImpact => order_facts::impact_interval(name, &self.of_orders),
            StylizedFactKind::MetaorderImpact => order_facts::impact_interval(name, &self.of_runs),
            StylizedFactKind::OrderFlowImbalance => order_facts::imbalance_interval(name, &self.touch),
            _ => self.of_returns(name, kind),
        }
    }

    fn of_returns(&self, name: &str, kind: StylizedFactKind) -> Option<[f64; 2]> {
        let ReturnSeries { returns, notionals, .. } = &self.series;
        enough(&self.series).ok()?;
        let longest = longest_sums(&self.series)?;
        of_series(name, [returns.len(), BLOCK], |places| {
            let drawn: Vec<f64> = places.iter().map(|place| returns[*place]).collect();
            let sizes = || drawn.iter().map(|value| value.abs()).collect::<Vec<f64>>();
            match kind {
                StylizedFactKind::NoAutocorrelation => autocorrelation(&drawn, 1).map(|rho| rho[0]),
                StylizedFactKind::HeavyTails => hill(&drawn, TAIL).map(|index| index.value),
                StylizedFactKind::Asymmetry => skew_biased(&drawn),
                StylizedFactKind::AggregationalGaussianity => kurtosis_lost(&drawn, longest),
                StylizedFactKind::VolatilityClustering => autocorrelation(&sizes(), 1).map(|rho| rho[0]),
                StylizedFactKind::Leverage => leverage(&drawn, LEVERAGE_LAGS).map(|mean| mean.value),
                StylizedFactKind::VolumeAndVolatility => {
                    let traded: Vec<f64> = places.iter().map(|place| notionals[*place]).collect();
                    rank_correlation(&sizes(), &traded).map(|ranks| ranks.value)
                }
                _ => None,
            }
        })
    }
}

/// Returns by how much lower excess kurtosis is over sums of so many returns than over single ones.
fn kurtosis_lost(returns: &[f64], longest: usize) -> Option<f64> {
    let sums: Vec<f64> = returns.chunks_exact(longest).map(|chunk| chunk.iter().sum()).collect();
    Some(kurtosis_excess_biased(returns)? - kurtosis_excess_biased(&sums)?)
}
