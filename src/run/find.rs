//! Finding finished runs in directories.

use std::fs;
use std::path::{Path, PathBuf};

use super::report_files::PAGE;

/// How deep runs may be below a path: `<directory>/<scenario>/<seed>`.
const DEPTH: u32 = 2;

/// Returns the runs that paths name: the paths themselves, or the runs in directories up to two levels below
/// them, sorted by path. Report pages among the paths, which a shell's `*` matches too, are ignored.
#[must_use]
pub fn find_runs(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut runs = Vec::new();
    for path in paths.iter().filter(|path| !(path.is_file() && path.ends_with(PAGE))) {
        let found = if path.is_dir() { runs_below(path, DEPTH) } else { Vec::new() };
        if found.is_empty() {
            runs.push(path.clone());
        }
        runs.extend(found);
    }
    runs
}

/// Returns the finished runs in a directory and its subdirectories.
fn runs_below(directory: &Path, depth: u32) -> Vec<PathBuf> {
    if directory.join("manifest.json").exists() {
        return vec![directory.to_path_buf()];
    }
    // A directory that cannot be listed has no runs; opening it later reports why.
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_finished = |path: &PathBuf| {
        path.is_dir() && path.extension().is_none_or(|it| it != "partial" && it != "replaced")
    };
    let mut within: Vec<PathBuf> = entries.filter(is_finished).collect();
    within.sort();
    let below = |path: &PathBuf| runs_below(path, depth - 1);
    if depth == 0 { Vec::new() } else { within.iter().flat_map(below).collect() }
}

/// Returns the default path of the page of several runs: in the closest directory that contains all of them.
#[must_use]
pub fn common_page_path(runs: &[PathBuf]) -> PathBuf {
    let mut parents = runs.iter().filter_map(|run| run.parent());
    let mut common = parents.next().unwrap_or(Path::new("")).to_path_buf();
    for parent in parents {
        // An absolute and a relative path have nothing in common; then it is the working directory.
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
    fn the_page_goes_to_the_directory_that_contains_all_runs() {
        let target = |runs: &[&str]| {
            let runs: Vec<PathBuf> = runs.iter().map(PathBuf::from).collect();
            common_page_path(&runs).display().to_string()
        };
        assert_eq!(target(&["runs/a/1", "runs/a/2"]), "runs/a/report.html");
        assert_eq!(target(&["runs/a/1", "runs/b/2"]), "runs/report.html");
        assert_eq!(target(&["/x/a/1", "/x/a/1"]), "/x/a/report.html");
        assert_eq!(target(&["1", "b/2"]), "report.html");
        assert_eq!(target(&["/x/1", "y/2"]), "report.html");
    }
}
