//! What can be done with a journal while no market runs: rebuild it, audit its accounts, take a request out.

mod audit;
mod repair;

pub use audit::{AccountAudit, Audit, AuditError, audit};
pub use repair::{RepairError, void};

#[cfg(test)]
mod tests;
