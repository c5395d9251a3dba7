//! [`Outcome`]: what an estimate gives.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::job::{Job, Model};
use super::measures::{loss_share, mean_and_deviation, quantile, real, risk};

/// What an estimate gives: measures of what something is worth at the horizon, over all paths.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Outcome {
    /// What moved prices.
    pub model: Model,
    /// How many paths were drawn.
    pub paths: u32,
    /// The seed of the first path.
    pub seed: u64,
    /// After how much of the market's time, in seconds.
    pub horizon_secs: f64,
    /// What it is worth at present.
    pub present: f64,
    /// The mean of what it is worth at the horizon.
    pub mean: f64,
    /// The standard deviation of that, with n - 1.
    pub deviation: f64,
    /// The standard error of the mean.
    pub standard_error: f64,
    /// The probability that it is worth less than at present.
    pub loss_probability: f64,
    /// The quantiles that were asked for.
    pub quantiles: Vec<QuantileValue>,
    /// What can be lost, at 95 and 99 %.
    pub risk: Vec<RiskValue>,
    /// Quantiles over time.
    pub fan: Vec<FanPoint>,
    /// What it is worth at the horizon, by path in ascending order: all, or a thousand of them evenly spaced.
    pub ends: Vec<f64>,
}

/// A quantile.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QuantileValue {
    /// The share of the paths at or below it.
    #[schema(example = 0.05)]
    pub share: f64,
    /// The worth.
    pub value: f64,
}

/// What can be lost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RiskValue {
    /// The level.
    #[schema(example = 0.95)]
    pub level: f64,
    /// Value at risk: no more is lost with that probability. Below zero, it is a gain.
    pub var: f64,
    /// Conditional value at risk: the mean loss in the worst rest of all cases.
    pub cvar: f64,
}

/// The fan at one time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FanPoint {
    /// After how many seconds of the market's time.
    pub after_secs: f64,
    /// The quantiles at 5, 25, 50, 75 and 95 %.
    pub quantiles: [f64; 5],
}

/// The shares of the fan.
const FAN: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];
/// The levels of risk.
const LEVELS: [f64; 2] = [0.95, 0.99];
/// How many ends are kept for the figure.
const ENDS_MAX: usize = 1_000;

impl Outcome {
    /// Measures paths: each has its worth at the present and at each time of the fan.
    pub(super) fn of(job: &Job, present: f64, paths: &[Vec<f64>]) -> Self {
        let at = |time: usize| -> Vec<f64> {
            let mut worths: Vec<f64> = paths.iter().filter_map(|path| path.get(time).copied()).collect();
            worths.sort_by(f64::total_cmp);
            worths
        };
        let stretch = job.stretch().secs_f64();
        let times = usize::try_from(job.points).unwrap_or(0);
        let point = |time: usize| {
            let worths = at(time);
            let quantiles = FAN.map(|share| quantile(&worths, share));
            FanPoint { after_secs: stretch * real(time), quantiles }
        };
        let ends = at(times);
        let (mean, deviation) = mean_and_deviation(&ends);
        let levels = LEVELS.map(|level| {
            let (var, cvar) = risk(&ends, present, level);
            RiskValue { level, var, cvar }
        });
        let share = |share: &f64| QuantileValue { share: *share, value: quantile(&ends, *share) };
        Self {
            model: job.model,
            paths: job.paths,
            seed: job.seed,
            horizon_secs: job.horizon().secs_f64(),
            present,
            mean,
            deviation,
            standard_error: deviation / real(ends.len()).sqrt(),
            loss_probability: loss_share(&ends, present),
            quantiles: job.quantiles.iter().map(share).collect(),
            risk: levels.to_vec(),
            fan: (0..=times).map(point).collect(),
            ends: thinned(&ends),
        }
    }
}

/// Returns at most a thousand of sorted values, evenly spaced, the first and the last among them.
fn thinned(sorted: &[f64]) -> Vec<f64> {
    if sorted.len() <= ENDS_MAX {
        return sorted.to_vec();
    }
    let last = sorted.len() - 1;
    (0..ENDS_MAX).filter_map(|place| sorted.get(place * last / (ENDS_MAX - 1)).copied()).collect()
}
