//! The page of several runs: where it goes, and how it gets there.

use std::fs;
use std::path::{Path, PathBuf};

use super::console::complain;
use super::files::write_whole;
use crate::analysis::RunSet;
use crate::report::{self, SvgFigure};

/// What the page is called unless somebody gives it a name.
pub(super) const PAGE: &str = "report.html";

/// Draws one page of several runs, and returns its figures.
///
/// # Errors
/// What cannot be read or written, each on a line; then nothing is written.
pub(super) fn write(runs: &[PathBuf], target: &Path) -> Result<Vec<SvgFigure>, String> {
    let several = RunSet::read(runs).map_err(|errors| {
        let (last, rest) =
            errors.split_last().map_or((String::new(), &[][..]), |(last, rest)| (last.to_string(), rest));
        rest.iter().for_each(|error| complain(&format!("error: {error}")));
        last
    })?;
    let report = report::render_run_set(&several).map_err(|error| error.to_string())?;
    write_page(target, &report.page)?;
    Ok(report.figures)
}

/// Writes a page, whole or not at all; its directory is made if need be.
pub(super) fn write_page(target: &Path, page: &str) -> Result<(), String> {
    let bad = |error: std::io::Error| format!("{}: cannot be written: {error}", target.display());
    let directory = target.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = target.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| format!("{}: this is no name of a file", target.display()))?;
    fs::create_dir_all(directory).map_err(bad)?;
    write_whole(directory, name, page.as_bytes()).map_err(bad)
}

/// Checks that a page would not be written over another one.
///
/// # Errors
/// Says what is there, and what to do.
pub(super) fn check_free(target: &Path, force: bool) -> Result<(), String> {
    if target.is_dir() {
        return Err(format!("{}: this is a directory; name a file, such as {PAGE}", target.display()));
    }
    if target.exists() && !force {
        return Err(format!(
            "{}: there is a page already; add --force to replace it, or choose another --out",
            target.display()
        ));
    }
    Ok(())
}

/// Returns the runs that paths name: themselves, or those in the directory that they name, by name. Pages among
/// them, which a shell's `*` brings in, are left out.
pub(super) fn runs_in(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut runs = Vec::new();
    for path in paths.iter().filter(|path| !(path.is_file() && path.ends_with(PAGE))) {
        let found = if path.is_dir() { below(path, 2) } else { Vec::new() };
        if found.is_empty() {
            runs.push(path.clone());
        }
        runs.extend(found);
    }
    runs
}

/// Returns the finished runs in a directory, and in those within it.
fn below(directory: &Path, depth: u32) -> Vec<PathBuf> {
    if directory.join("manifest.json").exists() {
        return vec![directory.to_path_buf()];
    }
    // What cannot be listed has no runs to be found; opening it tells why.
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_finished = |path: &PathBuf| {
        path.is_dir() && path.extension().is_none_or(|it| it != "partial" && it != "replaced")
    };
    let mut within: Vec<PathBuf> = entries.filter(is_finished).collect();
    within.sort();
    if depth == 0 { Vec::new() } else { within.iter().flat_map(|path| below(path, depth - 1)).collect() }
}

/// Returns where the page of several runs goes unless somebody says: into the directory that holds them all.
pub(super) fn default_target(runs: &[PathBuf]) -> PathBuf {
    let mut parents = runs.iter().filter_map(|run| run.parent());
    let mut common = parents.next().unwrap_or(Path::new("")).to_path_buf();
    for parent in parents {
        // Paths from the root and paths from here have nothing in common, and then it is here.
        while !parent.starts_with(&common) {
            if !common.pop() {
                common = PathBuf::new();
            }
        }
    }
    common.join(PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_goes_to_what_holds_all_runs() {
        let target = |runs: &[&str]| {
            let runs: Vec<PathBuf> = runs.iter().map(PathBuf::from).collect();
            default_target(&runs).display().to_string()
        };
        assert_eq!(target(&["runs/a/1", "runs/a/2"]), "runs/a/report.html");
        assert_eq!(target(&["runs/a/1", "runs/b/2"]), "runs/report.html");
        assert_eq!(target(&["/x/a/1", "/x/a/1"]), "/x/a/report.html");
        assert_eq!(target(&["1", "b/2"]), "report.html");
        assert_eq!(target(&["/x/1", "y/2"]), "report.html");
    }
}
