//! The report of one run.

mod account;
mod activity;
mod backtest;
mod by_scale;
mod drawdowns;
mod log;
mod market;
mod metric_names;
mod metrics;
mod missing;
mod order;
mod overview;
mod page;
mod scope;
mod stylized;
#[cfg(test)]
mod tests;
mod trips;

pub(super) use page::page;
pub(crate) use scope::sharpe_text;
