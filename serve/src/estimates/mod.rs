//! Estimates: what a holding, a portfolio or a strategy will be worth after a while, by many paths.
//!
//! A [`Job`] is data that stands alone, and [`run`] is a function of it: the same job gives the same figures
//! on any number of threads. A path is one of the price processes alone, or one of a whole simulated market.
//!
//! Deliberately absent: the live market, the database, queues, clocks. Files that a scenario names are read.

mod error;
mod figure;
mod job;
mod measures;
mod outcome;
mod process_paths;
mod resumed;
mod run;
#[cfg(test)]
pub(crate) mod tests;
mod world_paths;

pub use error::EstimateError;
pub use figure::figure;
pub use job::{Held, Job, Model, ScenarioText, Subject};
pub use outcome::{FanPoint, Outcome, QuantileValue, RiskValue};
pub use run::{Control, check, run};
