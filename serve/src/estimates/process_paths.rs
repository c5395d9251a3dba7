//! [`ProcessPaths`]: paths of price processes alone.

use std::sync::Arc;

use bearpit::scenario::Scenario;
use bearpit_core::process::{ConfiguredProcess, Value};
use bearpit_core::units::{Seed, SimDuration, SimTime};

use super::error::EstimateError;
use super::job::{Job, Subject};

/// The kinds whose step is exact, however long it is: they are stepped from one time of the fan to the next.
const EXACT: [&str; 4] = ["gbm", "kou", "merton", "ou"];
/// The kinds that read a file, or follow quotes from elsewhere.
const RECORDED: [&str; 3] = ["feed", "replay", "ticks"];

/// Paths of the price processes of what is held.
#[derive(Debug)]
pub(super) struct ProcessPaths {
    seed: u64,
    start: SimTime,
    stretch: SimDuration,
    points: u32,
    /// What does not move: cash, less what open futures have cost.
    constant: f64,
    assets: Vec<Asset>,
    is_exact: bool,
}

#[derive(Debug)]
struct Asset {
    symbol: String,
    process: Arc<dyn ConfiguredProcess>,
    /// What the worth moves by when the price moves by one.
    units: f64,
}

impl ProcessPaths {
    /// Makes them of a job and its scenario, whose values begin at the present prices.
    pub(super) fn new(job: &Job, scenario: &Scenario) -> Result<Self, EstimateError> {
        let Subject::Holdings { cash, held } = &job.subject else { return Err(EstimateError::NeedsWorld) };
        let mut constant = cash.0.to_f64();
        let (mut assets, mut is_exact) = (Vec::new(), true);
        let processes = scenario.processes();
        for held in held {
            let symbol = || held.symbol.clone();
            let mut all = scenario.instruments.iter().zip(&processes);
            let found = all.find(|(config, _)| config.instrument.symbol() == held.symbol);
            let (config, process) = found.ok_or_else(|| EstimateError::UnknownSymbol(symbol()))?;
            let process = process.clone().ok_or_else(|| EstimateError::NoProcess(symbol()))?;
            if !job.prices.contains_key(&held.symbol) {
                return Err(EstimateError::NoPrice(symbol()));
            }
            let started = process.start(Seed::new(job.seed));
            if started.kind().is_some_and(|kind| RECORDED.contains(&kind)) {
                return Err(EstimateError::Recorded(symbol()));
            }
            is_exact &= started.kind().is_some_and(|kind| EXACT.contains(&kind));
            constant -= held.less.0.to_f64();
            let units = held.quantity.0.to_f64() * config.instrument.multiplier().to_f64();
            assets.push(Asset { symbol: symbol(), process, units });
        }
        let (stretch, points) = (job.stretch(), job.points);
        Ok(Self { seed: job.seed, start: scenario.start, stretch, points, constant, assets, is_exact })
    }

    /// Returns how many steps all paths take together.
    pub(super) fn steps(&self, job: &Job) -> u64 {
        let steps = |asset: &Asset| {
            let grid = if self.is_exact { self.stretch } else { asset.process.step() };
            u64::try_from(job.horizon_ns / grid.nanos().max(1)).unwrap_or(0)
        };
        let each: u64 = self.assets.iter().map(steps).sum();
        each.saturating_mul(u64::from(job.paths))
    }

    /// Returns what all is worth at present.
    pub(super) fn present(&self) -> f64 {
        self.assets.iter().fold(self.constant, |sum, asset| sum + asset.units * asset.process.initial())
    }

    /// Returns what all is worth at each time of the fan, the present included.
    pub(super) fn path(&self, number: u32) -> Vec<f64> {
        let seed = Seed::new(self.seed.wrapping_add(u64::from(number)));
        let mut worths: Vec<f64> = (0..=self.points).map(|_| self.constant).collect();
        for asset in &self.assets {
            let grid = if self.is_exact { self.stretch } else { asset.process.step() };
            let (initial, rng) = (asset.process.initial(), Value::stream(seed, &asset.symbol));
            let mut value = Value::new(asset.process.start(seed), initial, self.start, grid, rng);
            let mut at = self.start;
            for worth in &mut worths {
                *worth += asset.units * value.at(at);
                at = at.saturating_add(self.stretch);
            }
        }
        worths
    }
}
