//! Integration tests: one binary, through the front door.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod agents;
mod auditor;
mod backtest;
mod backtest_command;
mod backtest_page;
mod cli;
mod compare;
mod conservation;
mod corporate_actions;
mod data;
mod determinism;
mod endless;
mod feeds;
mod flow;
mod fuzz;
mod gate;
mod hostile;
mod hostile_files;
mod journalled_days;
mod late_participants;
mod lifecycle;
mod live_analysis;
mod live_scenarios;
mod lobster;
mod market;
mod order_flow;
mod orders;
mod pnl;
mod record;
mod report;
mod run;
mod scenario_page;
mod scripts;
mod serve_command;
mod sessions;
mod shipped;
mod stopping;
mod strategy_runs;
mod strategy_tools;
mod summaries;
mod terminal;
mod ticks;
mod universe;
mod validate;
