//! [`Job`]: what an estimate is of, as data that stands alone.

use std::collections::BTreeMap;

use bearpit::scenario::UserScript;
use bearpit_core::units::SimDuration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::EstimateError;
use crate::domain::Number;

/// What an estimate is of, as data that stands alone; workers in other languages read it as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// [`Job::VERSION`].
    pub version: u32,
    /// What moves prices.
    pub model: Model,
    /// The scenario of the market.
    pub scenario: ScenarioText,
    /// What an instrument costs at present, by symbol.
    pub prices: BTreeMap<String, f64>,
    /// What is valued.
    pub subject: Subject,
    /// After how much of the market's time, in nanoseconds.
    pub horizon_ns: i64,
    /// How many paths are drawn.
    pub paths: u32,
    /// The seed of the first path; the others have those that follow.
    pub seed: u64,
    /// At how many times after the present the fan is taken.
    pub points: u32,
    /// The quantiles that are asked for.
    pub quantiles: Vec<f64>,
}

/// What moves prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// The price processes of the instruments alone, from the present prices.
    Process,
    /// The market of the scenario with all its agents, which opens at the present prices.
    World,
}

impl Model {
    /// Returns the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::World => "world",
        }
    }
}

/// A scenario as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioText {
    /// The TOML.
    pub text: String,
    /// What is changed of it, as `--set` has it.
    pub changes: Vec<String>,
    /// The digest of the scenario with all files that it names.
    pub inputs: String,
}

/// What is valued.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Subject {
    /// Cash and holdings, which stay as they are.
    Holdings {
        /// The cash.
        cash: Number,
        /// What is held.
        held: Vec<Held>,
    },
    /// A strategy that trades, from an account with nothing but cash.
    Strategy {
        /// The script.
        script: Box<UserScript>,
        /// The cash.
        cash: Number,
    },
}

/// So much of an instrument.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// Its symbol.
    pub symbol: String,
    /// How much, in units of the instrument; below zero if it is short.
    pub quantity: Number,
    /// What its worth is less by: what an open position of a future has cost; zero for all else.
    pub less: Number,
}

impl Job {
    /// The version of the form.
    pub const VERSION: u32 = 1;
    /// The most times of a fan.
    pub const POINTS_MAX: u32 = 50;
    /// The most paths that any job can have.
    pub const PATHS_MAX: u32 = 100_000;

    /// Returns the horizon.
    #[must_use]
    pub const fn horizon(&self) -> SimDuration {
        SimDuration::from_nanos(self.horizon_ns)
    }

    /// Returns how much time lies between two times of the fan.
    pub(super) fn stretch(&self) -> SimDuration {
        SimDuration::from_nanos(self.horizon_ns / i64::from(self.points.max(1)))
    }

    /// Checks the numbers, which may come from elsewhere.
    pub(super) fn check(&self) -> Result<(), EstimateError> {
        if self.version != Self::VERSION {
            return Err(EstimateError::Version { found: self.version, known: Self::VERSION });
        }
        let is_share = |share: &f64| (0.0..=1.0).contains(share);
        let unsound = EstimateError::Unsound;
        if !(2..=Self::PATHS_MAX).contains(&self.paths) {
            return Err(unsound("`paths` is from 2 to 100,000"));
        }
        if !(1..=Self::POINTS_MAX).contains(&self.points) {
            return Err(unsound("`points` is from 1 to 50"));
        }
        // Two centuries: times of the market end in 2262.
        if !(1_000..=6_000_000_000_000_000_000).contains(&self.horizon_ns) {
            return Err(unsound("`horizon_ns` is from 1,000 to 6e18"));
        }
        if !self.quantiles.iter().all(is_share) {
            return Err(unsound("`quantiles` are shares from 0 to 1"));
        }
        if !self.prices.values().all(|price| price.is_finite()) {
            return Err(unsound("`prices` are finite numbers"));
        }
        Ok(())
    }
}
