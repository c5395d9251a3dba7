//! `bearpit report`: draws the report of finished runs anew.

use std::path::Path;

use super::Failure;
use super::args::ReportArguments;
use super::console::{complain, print};
use super::files::write_whole;
use crate::analysis::RunData;
use crate::record::StoredRun;
use crate::report;

/// Draws each run's report into its directory.
///
/// # Errors
/// [`Failure::Run`] if a run cannot be read or its report not be written; the others are drawn.
pub(super) fn run(arguments: &ReportArguments) -> Result<(), Failure> {
    let mut failed = false;
    for directory in &arguments.runs {
        match draw(directory) {
            Ok(()) => print(&directory.join("report.html").display().to_string())?,
            Err(why) => {
                failed = true;
                complain(&format!("error: {why}"));
            }
        }
    }
    if failed { Err(Failure::Run) } else { Ok(()) }
}

fn draw(directory: &Path) -> Result<(), String> {
    let run = StoredRun::open(directory).map_err(|error| error.to_string())?;
    let data = RunData::read(&run).map_err(|error| error.to_string())?;
    let report = report::render(&data).map_err(|error| error.to_string())?;
    write_whole(directory, "report.html", report.page.as_bytes())
        .map_err(|error| format!("{}: cannot write report.html: {error}", directory.display()))
}
