//! The way from the market to the database: what people's orders, fills and accounts, and candles become
//! there.
//!
//! ```text
//! market's thread -> ProjectionSink -> [channel] -> spool's thread -> Spool (a bounded queue on disk)
//!                                                                       |
//! journal -> catch_up: what the spool has lost, rebuilt  -> Projector -> database
//! ```
//!
//! [`BatchMaker`] follows the tape of a segment and says what it changes: a pure function of the tape, so
//! that the rows are the same whether they come from a market that runs or from a journal that is read again.
//! Nobody waits for the database: with it away, the spool grows; where the spool is full, damaged or gone,
//! the [`Projector`] finds a gap, and fills it from the journal. A process that is started again shows its
//! day from the beginning, of which the database takes what it has not.
//!
//! Deliberately absent: SQL, which is in `store::projection`; who may read what.

mod auctions;
mod batch_maker;
mod catch_up;
mod ledger_maker;
mod metrics;
mod notices;
mod order_terms;
mod sink;
mod task;
#[cfg(test)]
mod tests;

pub use batch_maker::{BatchMaker, Stretch};
pub use catch_up::{CatchUpError, Journal, Until};
pub use metrics::ProjectorMetrics;
pub use sink::{LiveTerms, ProjectionSink};
pub use task::{Projector, ProjectorConfig, RebuildError, Rebuilt, rebuild};
