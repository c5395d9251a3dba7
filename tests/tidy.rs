//! The house rules that no compiler checks: floors, sizes, heads, words. Links nothing of ours.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The floors of ARCHITECTURE.md: a module imports from lower floors only, or from those named beside it.
const FLOORS: [(&str, u32); 16] = [
    ("units", 0),
    ("kernel", 1),
    ("market", 2),
    ("process", 2),
    ("book", 3),
    ("account", 3),
    ("pit", 4),
    ("exchange", 5),
    ("agents", 5),
    ("record", 5),
    ("scenario", 6),
    ("analysis", 6),
    ("mock", 6),
    ("report", 7),
    ("cli", 8),
    ("main", 9),
];

/// The physics rule: agents know neither the book nor the exchange.
const FORBIDDEN: [(&str, &str); 2] = [("agents", "book"), ("agents", "exchange")];

const LINES_MAX: usize = 600;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|it| it == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Returns the modules of this crate that a source text names, with the lines: `crate::x`, and
/// `bearpit::x` for the binary. Doc comments and test modules are read like the rest.
fn imports(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or("");
        for prefix in ["crate::", "bearpit::"] {
            for (at, _) in code.match_indices(prefix) {
                let name: String = code[at + prefix.len()..]
                    .chars()
                    .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                    .collect();
                found.push((number + 1, name));
            }
        }
    }
    found
}

/// Returns what is wrong with the imports of a module's file.
fn floor_faults(module: &str, text: &str) -> Vec<String> {
    let floors: BTreeMap<&str, u32> = FLOORS.into();
    let Some(own) = floors.get(module) else { return vec![format!("module `{module}` has no floor")] };
    let mut faults = Vec::new();
    for (line, import) in imports(text) {
        let Some(floor) = floors.get(import.as_str()) else { continue };
        let upward = import != module && floor >= own;
        if upward || FORBIDDEN.contains(&(module, import.as_str())) {
            faults.push(format!("line {line}: `{module}` (floor {own}) imports `{import}` (floor {floor})"));
        }
    }
    faults
}

fn module_of(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn modules_import_downward_only() {
    let mut faults = Vec::new();
    for path in files_below(&root().join("src"), "rs") {
        let module = module_of(&path);
        if module == "lib" {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        faults.extend(
            floor_faults(&module, &text).into_iter().map(|fault| format!("{}: {fault}", path.display())),
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_planted_import_is_found() {
    assert_eq!(floor_faults("kernel", "use crate::units::Seed;"), Vec::<String>::new());
    assert_eq!(floor_faults("kernel", "use crate::market::Fact;").len(), 1);
    assert_eq!(floor_faults("book", "use crate::account::Account;").len(), 1);
    assert_eq!(floor_faults("agents", "fn f(b: &crate::book::OrderBook) {}").len(), 1);
    assert_eq!(floor_faults("agents", "// like crate::book::OrderBook").len(), 0);
    assert_eq!(floor_faults("nowhere", "").len(), 1);
}

#[test]
fn every_source_directory_has_a_floor() {
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let name = module_of(&entry.unwrap().path());
        assert!(name == "lib" || FLOORS.iter().any(|(module, _)| *module == name), "`{name}` has no floor");
    }
}

#[test]
fn files_are_of_readable_size_and_say_what_they_are() {
    let mut faults = Vec::new();
    for dir in ["src", "tests", "examples", "benches"] {
        for path in files_below(&root().join(dir), "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let lines = text.lines().count();
            if lines > LINES_MAX {
                faults.push(format!("{}: {lines} lines, over {LINES_MAX}", path.display()));
            }
            if !text.starts_with("//! ") {
                faults.push(format!("{}: no `//!` head", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn nothing_unfinished_is_marked() {
    // Put together here, so that this file does not find itself.
    let marks =
        ["TO", "FIX", "XX", "HA"].into_iter().zip(["DO", "ME", "X", "CK"]).map(|(a, b)| format!("{a}{b}"));
    let marks: Vec<String> = marks.collect();
    let mut faults = Vec::new();
    for dir in ["src", "tests", "examples", "benches"] {
        for path in files_below(&root().join(dir), "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for (number, line) in text.lines().enumerate() {
                let words: Vec<&str> = line.split(|c: char| !c.is_ascii_alphanumeric()).collect();
                if marks.iter().any(|mark| words.contains(&mark.as_str())) {
                    faults.push(format!("{}:{}: {line}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn lints_are_lifted_with_a_reason_only() {
    let mut faults = Vec::new();
    for path in files_below(&root().join("src"), "rs") {
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let lifts =
                line.trim_start().starts_with("#[expect(") || line.trim_start().starts_with("#[allow(");
            let until = lines.len().min(number + 5);
            if lifts && !lines[number..until].iter().any(|line| line.contains("reason")) {
                faults.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
