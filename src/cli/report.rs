//! `bearpit report`: draws the report of a finished run anew, or one of several runs.

use std::fs;
use std::path::{Path, PathBuf};

use super::Failure;
use super::args::ReportArguments;
use super::console::{complain, print};
use super::files::write_whole;
use super::several;
use crate::analysis::RunData;
use crate::record::{Manifest, StoredRun};
use crate::report::{self, Report, SvgFigure};

/// Draws a run's report into its directory, or that of several to a page of its own; and the figures where they were
/// asked for.
///
/// # Errors
/// [`Failure::Input`] if PNG is asked for and this build has none; [`Failure::Run`] if a run cannot be read or a
/// report not be written: with `--each` the others are drawn.
pub(super) fn run(arguments: &ReportArguments) -> Result<(), Failure> {
    if arguments.png && !report::HAS_PNG {
        complain(&format!("error: {}", report::NO_PNG));
        return Err(Failure::Input);
    }
    let runs = several::runs_in(&arguments.runs);
    if arguments.each {
        return draw_each(&runs, arguments);
    }
    let drawn = match (runs.as_slice(), &arguments.out) {
        ([], _) => {
            Err("there is no run among these; name directories of runs, such as runs/quickstart/42"
                .to_owned())
        }
        ([run], None) => draw(run, arguments),
        ([run], Some(target)) => draw_to(run, target, arguments),
        _ => draw_several(&runs, arguments),
    };
    match drawn {
        Ok(page) => print(&page.display().to_string()),
        Err(why) => {
            complain(&format!("error: {why}"));
            Err(Failure::Run)
        }
    }
}

fn draw_each(runs: &[PathBuf], arguments: &ReportArguments) -> Result<(), Failure> {
    let mut failed = false;
    for directory in runs {
        match draw(directory, arguments) {
            Ok(page) => print(&page.display().to_string())?,
            Err(why) => {
                failed = true;
                complain(&format!("error: {why}"));
            }
        }
    }
    if failed { Err(Failure::Run) } else { Ok(()) }
}

/// Draws one page of several runs.
fn draw_several(runs: &[PathBuf], arguments: &ReportArguments) -> Result<PathBuf, String> {
    let target = arguments.out.clone().unwrap_or_else(|| several::default_target(runs));
    several::check_free(&target, arguments.force)?;
    let figures = several::write(runs, &target)?;
    if let Some(directory) = &arguments.figures {
        put_figures(directory, &figures, arguments.png)?;
    }
    Ok(target)
}

/// Draws a run's report to a page elsewhere.
fn draw_to(directory: &Path, target: &Path, arguments: &ReportArguments) -> Result<PathBuf, String> {
    several::check_free(target, arguments.force)?;
    let (_, report) = rendered(directory)?;
    several::write_page(target, &report.page)?;
    if let Some(directory) = &arguments.figures {
        put_figures(directory, &report.figures, arguments.png)?;
    }
    Ok(target.to_path_buf())
}

fn rendered(directory: &Path) -> Result<(Manifest, Report), String> {
    let run = StoredRun::open(directory).map_err(|error| error.to_string())?;
    let data = RunData::read(&run).map_err(|error| error.to_string())?;
    let report = report::render(&data).map_err(|error| error.to_string())?;
    Ok((data.manifest, report))
}

/// Draws a run's report into its directory.
fn draw(directory: &Path, arguments: &ReportArguments) -> Result<PathBuf, String> {
    let (manifest, report) = rendered(directory)?;
    let page = directory.join(several::PAGE);
    several::write_page(&page, &report.page)?;
    if let Some(target) = &arguments.figures {
        put_figures(&figures_of(target, &manifest, arguments.each), &report.figures, arguments.png)?;
    }
    Ok(page)
}

fn put_figures(target: &Path, figures: &[SvgFigure], as_png: bool) -> Result<(), String> {
    write_figures(target, figures, as_png)
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

fn write_figures(target: &Path, figures: &[SvgFigure], as_png: bool) -> Result<(), String> {
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
