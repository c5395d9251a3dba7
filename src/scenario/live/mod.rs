//! Live markets: `[live]` of a scenario, its days, and the seats of people in it.
//!
//! A world lives for a day. [`LiveDays`] makes the scenario of each, which is laid out like any other:
//! virtual time is UTC on the wall clock, and as written on a scaled one.

#[cfg(test)]
mod config_tests;
mod date;
mod days;
#[cfg(test)]
mod days_tests;
#[cfg(test)]
mod replayed_tests;
mod schedule;
mod seats;
mod user_script;
#[cfg(test)]
mod user_script_tests;

pub use date::CivilDate;
pub use days::{DayError, DaySpan, LiveDays};
pub use seats::SeatFactory;
pub use user_script::{UserOnError, UserScript, UserScriptError};

pub(super) use schedule::schedule;
