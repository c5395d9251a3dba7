//! `bearpit report`: redraws the report of a finished run, or draws one report of several runs.

use std::path::{Path, PathBuf};

use super::args::ReportArguments;
use super::console::{print, print_error, report_page_error};
use super::exit::Failure;
use crate::record::Manifest;
use crate::report::{HAS_PNG, NO_PNG};
use crate::run::{
    PAGE, ReportFileError, check_page_free, common_page_path, find_runs, render_stored, write_figures,
    write_page, write_run_set_page,
};

/// Draws the report of a run into its directory, or that of several runs to a page of its own; and figures if
/// requested.
///
/// # Errors
/// [`Failure::Input`] if `--png` is given and this build has no PNG renderer; [`Failure::Run`] if a run
/// cannot be read or a report cannot be written: with `--each` the others are drawn.
pub(super) fn run(arguments: &ReportArguments) -> Result<(), Failure> {
    if arguments.png && !HAS_PNG {
        print_error(&format!("error: {NO_PNG}"));
        return Err(Failure::Input);
    }
    let runs = find_runs(&arguments.runs);
    if arguments.each {
        return draw_each(&runs, arguments);
    }
    let drawn = match (runs.as_slice(), &arguments.out) {
        ([], _) => Err(ReportFileError::NoRuns),
        ([run], None) => draw(run, arguments),
        ([run], Some(target)) => draw_to(run, target, arguments),
        _ => draw_several(&runs, arguments),
    };
    match drawn {
        Ok(page) => print(&page.display().to_string()),
        Err(error) => {
            report_page_error(&error);
            Err(Failure::Run)
        }
    }
}

fn draw_each(runs: &[PathBuf], arguments: &ReportArguments) -> Result<(), Failure> {
    let mut failed = false;
    for directory in runs {
        match draw(directory, arguments) {
            Ok(page) => print(&page.display().to_string())?,
            Err(error) => {
                failed = true;
                report_page_error(&error);
            }
        }
    }
    if failed { Err(Failure::Run) } else { Ok(()) }
}

/// Draws one page of several runs.
fn draw_several(runs: &[PathBuf], arguments: &ReportArguments) -> Result<PathBuf, ReportFileError> {
    let target = arguments.out.clone().unwrap_or_else(|| common_page_path(runs));
    check_page_free(&target, arguments.force)?;
    let figures = write_run_set_page(runs, &target)?;
    if let Some(directory) = &arguments.figures {
        write_figures(directory, &figures, arguments.png)?;
    }
    Ok(target)
}

/// Draws the report of a run to a page elsewhere.
fn draw_to(directory: &Path, target: &Path, arguments: &ReportArguments) -> Result<PathBuf, ReportFileError> {
    check_page_free(target, arguments.force)?;
    let (_, report) = render_stored(directory)?;
    write_page(target, &report.page)?;
    if let Some(directory) = &arguments.figures {
        write_figures(directory, &report.figures, arguments.png)?;
    }
    Ok(target.to_path_buf())
}

/// Draws the report of a run into its directory.
fn draw(directory: &Path, arguments: &ReportArguments) -> Result<PathBuf, ReportFileError> {
    let (manifest, report) = render_stored(directory)?;
    let page = directory.join(PAGE);
    write_page(&page, &report.page)?;
    if let Some(target) = &arguments.figures {
        write_figures(&figures_of(target, &manifest, arguments.each), &report.figures, arguments.png)?;
    }
    Ok(page)
}

/// Returns the directory for the figures of a run: with `--each` every run has its own.
fn figures_of(target: &Path, manifest: &Manifest, is_one_of_several: bool) -> PathBuf {
    if is_one_of_several {
        // The name in a manifest may be any text; only its last component is used as a directory here.
        let name = Path::new(&manifest.scenario).file_name().unwrap_or_default();
        target.join(name).join(manifest.seed.to_string())
    } else {
        target.to_path_buf()
    }
}
