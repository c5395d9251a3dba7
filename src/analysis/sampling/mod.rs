//! Equal periods of a run, and what an account and a market did in each: what metrics are taken from.

pub(crate) mod equity_sampler;
pub(crate) mod mid_periods;
pub(crate) mod periods;
pub(crate) mod sessions;
pub(crate) mod trading_year;
