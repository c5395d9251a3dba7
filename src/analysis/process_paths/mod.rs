//! [`ProcessPaths`]: many paths of one process: quantiles over time, a few paths, the ends and their moments.

mod moments;
#[cfg(test)]
mod tests;

use std::thread;

use super::series::{Extent, Point};
use bearpit_core::process::{ConfiguredProcess, Value};
use bearpit_core::units::{Seed, SimDuration, SimTime};

pub use moments::{MomentRow, moment_rows};

/// Which paths of a process are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathPlan {
    /// Their first instant.
    pub start: SimTime,
    /// Their last instant; after `start`.
    pub end: SimTime,
    /// The seed of the first path; the others have those that follow.
    pub seed: Seed,
    /// How many there are; at least 1.
    pub count: u32,
}

/// Many paths of the process of one instrument.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessPaths {
    /// The instrument's symbol.
    pub symbol: String,
    /// The time that they span.
    pub extent: Extent,
    /// How often the value moves in that time.
    pub steps: u64,
    /// Quantiles of all paths at equally spaced times, by [`ProcessPaths::QUANTILES`].
    pub fan: Vec<(i64, [f64; 5])>,
    /// The first few paths, at the same times.
    pub samples: Vec<Vec<Point>>,
    /// The last value of each path, in the order of seeds.
    pub ends: Vec<f64>,
    /// The moments of the last values, beside those of theory.
    pub moments: Vec<MomentRow>,
}

impl ProcessPaths {
    /// The quantiles of the fan.
    pub const QUANTILES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];
    /// How many stretches of time lie between the times of the fan.
    pub const STRETCHES: i64 = 120;
    /// How many paths are kept as they are.
    pub const SAMPLES: usize = 7;

    /// Draws paths of the process of `symbol`, each as a run with its seed would have it: the same seeds give
    /// the same paths, to the last bit.
    #[must_use]
    pub fn draw(symbol: &str, process: &dyn ConfiguredProcess, plan: PathPlan) -> Self {
        let extent = Extent::new(plan.start, plan.end);
        let length = i128::from((plan.end - plan.start).nanos());
        let time = |stretch: i64| {
            let passed = length * i128::from(stretch) / i128::from(Self::STRETCHES);
            plan.start + SimDuration::from_nanos(i64::try_from(passed).unwrap_or(i64::MAX))
        };
        let times: Vec<SimTime> = (0..=Self::STRETCHES).map(time).collect();
        let paths = draw_all(symbol, process, plan, &times);
        let fan = (0..).zip(&times).map(|(index, at): (usize, &SimTime)| {
            let mut values: Vec<f64> = paths.iter().filter_map(|path| path.get(index).copied()).collect();
            values.sort_by(f64::total_cmp);
            (at.nanos(), Self::QUANTILES.map(|share| quantile(&values, share)))
        });
        let points = |path: &Vec<f64>| times.iter().map(|at| at.nanos()).zip(path.iter().copied()).collect();
        let ends: Vec<f64> = paths.iter().filter_map(|path| path.last().copied()).collect();
        let after = plan.end - plan.start;
        let grid = SimDuration::from_nanos(process.step().nanos().max(1));
        let steps = u64::try_from(after.nanos() / grid.nanos()).unwrap_or(0);
        // What is between the last step and the end does not move the value.
        let moved = SimDuration::from_nanos(grid.nanos() * (after.nanos() / grid.nanos()));
        Self {
            symbol: symbol.to_owned(),
            extent,
            steps,
            fan: fan.collect(),
            samples: paths.iter().take(Self::SAMPLES).map(points).collect(),
            moments: moment_rows(&ends, process.initial(), &process.moments(moved)),
            ends,
        }
    }
}

/// Draws all paths, on as many threads as there are processors.
fn draw_all(
    symbol: &str,
    process: &dyn ConfiguredProcess,
    plan: PathPlan,
    times: &[SimTime],
) -> Vec<Vec<f64>> {
    let path = |number: u64| {
        let seed = Seed::new(plan.seed.get().wrapping_add(number));
        let rng = Value::stream(seed, symbol);
        let mut value = Value::new(process.start(seed), process.initial(), plan.start, process.step(), rng);
        times.iter().map(|at| value.at(*at)).collect::<Vec<f64>>()
    };
    let count = u64::from(plan.count);
    let workers = thread::available_parallelism().map_or(1, |it| it.get() as u64).min(count.max(1));
    let bounds = |worker: u64| count * worker / workers..count * (worker + 1) / workers;
    thread::scope(|scope| {
        let spawn = |worker| scope.spawn(move || bounds(worker).map(path).collect::<Vec<_>>());
        let handles: Vec<_> = (0..workers).map(spawn).collect();
        // A worker fails only as this thread would have.
        let joined =
            handles.into_iter().map(|it| it.join().unwrap_or_else(|it| std::panic::resume_unwind(it)));
        joined.flatten().collect()
    })
}

/// Returns a quantile of sorted values, between two of them in proportion.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index of a few values"
)]
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share * last as f64;
    let below = (place as usize).min(last);
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}
