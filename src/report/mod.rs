//! The report of a run, or of a run set: figures by plotters, on one self-contained HTML page.
//!
//! Rooms, each importing only from those before it: `text` formats numbers and times; `figures` draws series
//! of numbers as SVG and knows no runs; `page` assembles HTML; `run`, `run_set`, `process` and `estimate`
//! choose what is drawn, and say in words what figures cannot. [`png`] renders a figure as pixels. Nothing
//! here reads or writes files.
#![expect(
    clippy::disallowed_methods,
    reason = "describes a run and does not steer it: the last digit may differ"
)]

mod estimate;
mod figures;
mod page;
mod png;
mod process;
mod run;
mod run_set;
mod text;

pub(crate) use run::sharpe_text;
pub(crate) use text::endings_text;

pub use estimate::EstimateFigure;
pub use figures::FigureError;
pub use page::{Report, ReportError, SvgFigure};
pub use png::{HAS_PNG, NO_PNG, png};
pub use process::ProcessHeader;

use crate::analysis::{ProcessPaths, RunData, RunSet};

/// Draws the report of a run.
///
/// The same run gives the same bytes.
///
/// ```
/// use std::path::Path;
///
/// use bearpit::report;
/// use bearpit::run::Run;
/// use bearpit::scenario::Scenario;
///
/// let overrides = ["scenario.end=2025-03-03T09:31:00".parse()?];
/// let scenario = Scenario::load(Path::new("scenarios/quickstart.toml"), &overrides)?;
/// let report = report::render(&Run::of(&scenario).run()?.data)?;
/// assert!(report.page.starts_with("<!DOCTYPE html>"));
/// assert!(report.figures.iter().any(|figure| figure.name == "01-equity"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`ReportError`] if a figure cannot be drawn.
pub fn render(data: &RunData) -> Result<Report, ReportError> {
    run::page(data)
}

/// Draws the report of several runs: the results of their accounts, side by side and over all seeds.
///
/// The same runs give the same bytes.
///
/// # Errors
/// [`ReportError`] if a figure cannot be drawn.
pub fn render_run_set(several: &RunSet) -> Result<Report, ReportError> {
    run_set::page(several)
}

/// Draws the page of a scenario's processes: what many paths of each do.
///
/// The same paths give the same bytes.
///
/// # Errors
/// [`ReportError`] if a figure cannot be drawn.
pub fn render_processes(
    header: &ProcessHeader<'_>,
    processes: &[ProcessPaths],
) -> Result<Report, ReportError> {
    process::page(header, processes)
}

/// Draws the figure of an estimate: a fan of what something will be worth, and the distribution at the end.
///
/// The same data give the same bytes.
///
/// # Errors
/// [`ReportError`] if a figure cannot be drawn.
pub fn render_estimate(data: &EstimateFigure) -> Result<SvgFigure, ReportError> {
    estimate::figure(data)
}
