//! Administration: what people with the role `admin` and the operator of the machine do, and the log of it.

mod audit;
mod paging;

pub use audit::{AuditEntryView, AuditLog, AuditOutcomeName, AuditPage, AuditQuery, By, Deed};
