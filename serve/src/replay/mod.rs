//! What can be made of a journal while no market runs: the tables and report of its day, an audit of its
//! accounts, the same market without one of its requests.

mod audit;
mod child;
mod day;
mod ledger;
mod repair;
#[cfg(test)]
mod tests;
mod whole;
mod worker;

pub use audit::{AccountAudit, Audit, AuditError, audit};
pub use child::ReplayCommand;
pub use day::{ReplayError, replay};
pub use ledger::{Difference, LedgerAudit, LedgerAuditError, LedgerExtent, audit_with_ledger};
pub use repair::{RepairError, void};
pub use whole::replay_whole;
pub use worker::{DayMetrics, DayWorker};
