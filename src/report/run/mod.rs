//! The report of one run.

mod account;
mod activity;
mod drawdowns;
mod log;
mod market;
mod metrics;
mod missing;
mod order;
mod overview;
mod page;
mod stylized;
#[cfg(test)]
mod tests;
mod trips;

pub(super) use page::page;
