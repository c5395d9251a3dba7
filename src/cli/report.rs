//! `bearpit report`: draws the report of finished runs anew.

use std::fs;
use std::path::{Path, PathBuf};

use super::Failure;
use super::args::ReportArguments;
use super::console::{complain, print};
use super::files::write_whole;
use crate::analysis::RunData;
use crate::record::{Manifest, StoredRun};
use crate::report::{self, Picture};

/// Draws each run's report into its directory, and its figures where they were asked for.
///
/// # Errors
/// [`Failure::Run`] if a run cannot be read or its report not be written; the others are drawn.
pub(super) fn run(arguments: &ReportArguments) -> Result<(), Failure> {
    let mut failed = false;
    for directory in &arguments.runs {
        match draw(directory, arguments) {
            Ok(()) => print(&directory.join("report.html").display().to_string())?,
            Err(why) => {
                failed = true;
                complain(&format!("error: {why}"));
            }
        }
    }
    if failed { Err(Failure::Run) } else { Ok(()) }
}

fn draw(directory: &Path, arguments: &ReportArguments) -> Result<(), String> {
    let run = StoredRun::open(directory).map_err(|error| error.to_string())?;
    let data = RunData::read(&run).map_err(|error| error.to_string())?;
    let report = report::render(&data).map_err(|error| error.to_string())?;
    write_whole(directory, "report.html", report.page.as_bytes())
        .map_err(|error| format!("{}: cannot write report.html: {error}", directory.display()))?;
    let Some(target) = &arguments.figures else { return Ok(()) };
    let target = figures_of(target, &data.manifest, arguments.runs.len() > 1);
    write_figures(&target, &report.figures, arguments.png)
        .map_err(|why| format!("{}: cannot write the figures: {why}", target.display()))
}

/// Returns where a run's figures go: several runs have directories of their own.
fn figures_of(target: &Path, manifest: &Manifest, is_one_of_several: bool) -> PathBuf {
    if is_one_of_several {
        // What a manifest says may be anything; only the last part of it can name a directory here.
        let name = Path::new(&manifest.scenario).file_name().unwrap_or_default();
        target.join(name).join(manifest.seed.to_string())
    } else {
        target.to_path_buf()
    }
}

fn write_figures(target: &Path, figures: &[Picture], as_png: bool) -> Result<(), String> {
    fs::create_dir_all(target).map_err(|error| error.to_string())?;
    for figure in figures {
        let write = |extension: &str, bytes: &[u8]| {
            let name = format!("{}.{extension}", figure.name);
            write_whole(target, &name, bytes).map_err(|error| format!("{name}: {error}"))
        };
        write("svg", figure.svg.as_bytes())?;
        if as_png {
            write("png", &report::png(figure).map_err(|error| error.to_string())?)?;
        }
    }
    Ok(())
}
