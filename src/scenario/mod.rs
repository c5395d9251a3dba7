//! Scenario files: TOML in, a validated [`Scenario`] out, and a market laid out from it.
//!
//! A scenario is checked as a whole when it is loaded: keys, ranges, names, files, scripts. All errors are
//! reported at once as [`Diagnostics`], each with file, line, column, the value and what is allowed. Laying
//! out and running the market cannot fail for a reason that lies in the file.
//!
//! | room | what it does |
//! |---|---|
//! | `document` | TOML with locations, changes of `--set`, tables, values, diagnostics |
//! | `files`, `lobster` | the files that a scenario names |
//! | `sections` | what each section means; parameters of kinds, read as the kind describes them |
//! | `live` | live markets: `[live]`, the days of a scenario, seats |
//! | `load`, `layout` | from a path to a [`Scenario`], and from there to a market |
//! | `schema` | the same as a JSON schema, for editors |
//! | `backtest` | from a script and files of data to the text of a scenario |
//!
//! Which kinds of agents and processes there are, and which parameters they have, is not known here: it comes
//! from [`agent_kinds`] and [`bearpit_core::process::KINDS`].

#[cfg(test)]
mod auction_tests;
mod backtest;
mod config;
#[cfg(test)]
mod contract_tests;
pub mod document;
#[cfg(test)]
mod event_tests;
mod events;
mod files;
mod inputs;
mod kinds;
#[cfg(test)]
mod latency_tests;
mod layout;
mod live;
mod live_config;
mod load;
mod lobster;
#[cfg(test)]
mod message_tests;
#[cfg(test)]
mod money_tests;
#[cfg(test)]
mod population_tests;
#[cfg(test)]
mod process_tests;
#[cfg(test)]
mod replay_tests;
#[cfg(test)]
mod routing_tests;
mod schema;
mod sections;
mod strategy;
#[cfg(test)]
mod tests;

pub use backtest::{
    Backtest, BacktestConfig, BacktestData, BacktestError, FoundMarket, agent_name, path_from,
};
pub use config::{AgentConfig, InstrumentConfig, Scenario, VenueConfig, VenueRules};
pub use document::readers::is_name;
pub use document::{Diagnostic, Diagnostics, Located, Override, OverrideError, OverrideFileError, Severity};
pub use events::{EventConfig, EventKind};
pub use files::{DataReport, inspect_data};
pub use kinds::agent_kinds;
pub use live::{
    CivilDate, DayError, DaySpan, LiveDays, SeatFactory, UserOnError, UserScript, UserScriptError,
};
pub use live_config::{AfterOutage, Durability, LiveClock, LiveConfig};
pub use lobster::OrderFlow;
pub use schema::json_schema;
pub use strategy::{NotAParam, Strategy};
