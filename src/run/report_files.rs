//! The files of reports: pages of finished runs, and figures.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::files::write_atomically;
use crate::analysis::{RunData, RunSet};
use crate::record::{Manifest, OpenError, StoredRun};
use crate::report::{self, Report, ReportError, SvgFigure};

/// The file name of a report.
pub const PAGE: &str = "report.html";

/// Why the files of a report cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportFileError {
    /// A page was to be written where there is a directory.
    #[error("{}: this is a directory; name a file, such as {PAGE}", .0.display())]
    IsDirectory(PathBuf),
    /// A page exists.
    #[error("{}: a page already exists", .0.display())]
    PageExists(PathBuf),
    /// A path does not end in a file name.
    #[error("{}: this is not a file name", .0.display())]
    NoFileName(PathBuf),
    /// No runs were named.
    #[error("there is no run among these; name directories of runs, such as runs/quickstart/42")]
    NoRuns,
    /// A run cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Some of several runs cannot be read.
    #[error("{} of the runs cannot be read", .0.len())]
    OpenSome(Vec<OpenError>),
    /// The report cannot be drawn.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A file cannot be written.
    #[error("{}: cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system reported.
        #[source]
        cause: io::Error,
    },
}

/// Reads a finished run and draws its report.
///
/// # Errors
/// [`ReportFileError`] if the run cannot be read or the report cannot be drawn.
pub fn render_stored(directory: &Path) -> Result<(Manifest, Report), ReportFileError> {
    let data = RunData::read(&StoredRun::open(directory)?)?;
    let report = report::render(&data)?;
    Ok((data.manifest, report))
}

/// Draws one page of several finished runs, writes it, and returns its figures.
///
/// # Errors
/// [`ReportFileError`] if a run cannot be read or the page cannot be written; then nothing is written.
pub fn write_run_set_page(runs: &[PathBuf], target: &Path) -> Result<Vec<SvgFigure>, ReportFileError> {
    let run_set = RunSet::read(runs).map_err(ReportFileError::OpenSome)?;
    let report = report::render_run_set(&run_set)?;
    write_page(target, &report.page)?;
    Ok(report.figures)
}

/// Writes a page, completely or not at all; its directory is created if needed.
///
/// # Errors
/// [`ReportFileError`] if the target is not a file name or cannot be written.
pub fn write_page(target: &Path, page: &str) -> Result<(), ReportFileError> {
    let failed = |cause| ReportFileError::Write { path: target.to_path_buf(), cause };
    let directory = target.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = target.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| ReportFileError::NoFileName(target.to_path_buf()))?;
    fs::create_dir_all(directory).map_err(failed)?;
    write_atomically(directory, name, page.as_bytes()).map_err(failed)
}

/// Checks that writing a page would not replace another one.
///
/// # Errors
/// [`ReportFileError::PageExists`] unless `replace` is given, and [`ReportFileError::IsDirectory`].
pub fn check_page_free(target: &Path, replace: bool) -> Result<(), ReportFileError> {
    if target.is_dir() {
        return Err(ReportFileError::IsDirectory(target.to_path_buf()));
    }
    if target.exists() && !replace {
        return Err(ReportFileError::PageExists(target.to_path_buf()));
    }
    Ok(())
}

/// Writes figures as SVG files, and as PNG too if `as_png`; the directory is created if needed.
///
/// # Errors
/// [`ReportFileError`] if a figure cannot be rendered or a file cannot be written.
pub fn write_figures(directory: &Path, figures: &[SvgFigure], as_png: bool) -> Result<(), ReportFileError> {
    let failed = |path: PathBuf| |cause| ReportFileError::Write { path, cause };
    fs::create_dir_all(directory).map_err(failed(directory.to_path_buf()))?;
    let write = |name: String, bytes: &[u8]| {
        write_atomically(directory, &name, bytes).map_err(failed(directory.join(name)))
    };
    for figure in figures {
        write(format!("{}.svg", figure.name), figure.svg.as_bytes())?;
        if as_png {
            write(format!("{}.png", figure.name), &report::png(figure)?)?;
        }
    }
    Ok(())
}
