//! What can be made of a journal while no market runs: the tables and report of its day, an audit of its
//! accounts, the same market without one of its requests.

mod audit;
mod day;
mod repair;
#[cfg(test)]
mod tests;
mod worker;

pub use audit::{AccountAudit, Audit, AuditError, audit};
pub use day::{ReplayError, replay};
pub use repair::{RepairError, void};
pub use worker::DayWorker;
