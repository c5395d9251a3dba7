//! The house rules that no compiler checks: floors, rooms, sizes, heads, words. Links nothing of ours.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[cfg(unix)]
mod ci;
mod floors;
mod house;
mod imports;
mod lexer;
mod planted;

use std::fs;
use std::path::{Path, PathBuf};

use house::House;

const LINES_MAX: usize = 600;

/// The widest comment, as rustfmt's `max_width` is the widest code.
const COLUMNS_MAX: usize = 110;

/// Where Rust files are.
const FOLDERS: [&str; 7] = ["src", "crates", "serve", "tests", "examples", "benches", "fuzz"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
                open.push(path);
            } else if path.extension().is_some_and(|it| it == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// All Rust files: path from the root, and text.
fn sources() -> Vec<(String, String)> {
    let named = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(&path).unwrap())
    };
    FOLDERS.iter().flat_map(|dir| files_below(&root().join(dir), "rs")).map(named).collect()
}

fn house(sources: &[(String, String)]) -> House {
    House::new(sources.iter().map(|(path, text)| (path.as_str(), text.as_str())))
}

#[track_caller]
fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn modules_import_downward_only() {
    let sources = sources();
    let house = house(&sources);
    for (name, dir) in house::CRATES {
        assert!(house.files.iter().any(|file| file.module[0] == name), "no sources of {name} in {dir}");
    }
    assert_none(&floors::floor_faults(&house));
}

#[test]
fn folders_import_in_no_circle() {
    assert_none(&floors::circles(&house(&sources())));
}

#[test]
fn files_are_of_readable_size_and_have_a_head() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        if lines > LINES_MAX {
            faults.push(format!("{path}: {lines} lines, over {LINES_MAX}"));
        }
        if !text.starts_with("//! ") {
            faults.push(format!("{path}: no `//!` head"));
        }
    }
    assert_none(&faults);
}

/// Returns the lines of a text with a comment that is too wide.
fn wide_comments(text: &str) -> Vec<usize> {
    let is_wide =
        |line: &usize| text.lines().nth(line - 1).is_some_and(|it| it.chars().count() > COLUMNS_MAX);
    lexer::read(text).comment_lines.into_iter().filter(is_wide).collect()
}

#[test]
fn comments_fit_the_width_of_code() {
    let wide = |(path, text): &(String, String)| -> Vec<String> {
        wide_comments(text).iter().map(|line| format!("{path}:{line}: over {COLUMNS_MAX} columns")).collect()
    };
    assert_none(&sources().iter().flat_map(wide).collect::<Vec<_>>());
    let long = "x".repeat(COLUMNS_MAX);
    assert_eq!(wide_comments(&format!("// {long}\nlet a = \"{long}\";\nlet b = 1; // {long}\n")), [1, 3]);
}

#[test]
fn nothing_unfinished_is_marked() {
    // Put together here, so that this file does not find itself.
    let marks =
        ["TO", "FIX", "XX", "HA"].into_iter().zip(["DO", "ME", "X", "CK"]).map(|(a, b)| format!("{a}{b}"));
    let marks: Vec<String> = marks.collect();
    let mut faults = Vec::new();
    for (path, text) in sources() {
        for (number, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split(|c: char| !c.is_ascii_alphanumeric()).collect();
            if marks.iter().any(|mark| words.contains(&mark.as_str())) {
                faults.push(format!("{path}:{}: {line}", number + 1));
            }
        }
    }
    assert_none(&faults);
}

/// Returns the lines of attributes that lift a lint without a reason.
fn unexplained(text: &str) -> Vec<usize> {
    let tokens = lexer::read(text).tokens;
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.is("#")) {
        let bang = usize::from(tokens.get(at + 1).is_some_and(|it| it.is("!")));
        if !tokens.get(at + 1 + bang).is_some_and(|it| it.is("[")) {
            continue;
        }
        let mut depth = 0_i32;
        let inside = tokens[at + 1 + bang..].iter().take_while(|it| {
            depth += i32::from(it.is("[")) - i32::from(it.is("]"));
            depth > 0
        });
        let inside: Vec<&str> = inside.map(|it| it.text.as_str()).collect();
        let lifts = inside.windows(2).any(|it| matches!(it[0], "expect" | "allow") && it[1] == "(");
        if lifts && !inside.contains(&"reason") {
            found.push(token.line);
        }
    }
    found
}

#[test]
fn lints_are_lifted_with_a_reason_only() {
    let missing = |(path, text): &(String, String)| -> Vec<String> {
        unexplained(text).iter().map(|line| format!("{path}:{line}: no reason")).collect()
    };
    assert_none(&sources().iter().flat_map(missing).collect::<Vec<_>>());
    let planted = "#[expect(a, reason = \"b\")]\n#[expect(c)]\n#![allow(\n d\n)]\n#[cfg_attr(e, allow(f))]\nx.expect(\"g\")";
    assert_eq!(unexplained(planted), [2, 3, 6]);
}

/// The naive book and its deliberate flaws are for tests and fuzzing: no build of the command has them.
#[test]
fn the_reference_book_is_in_no_release() {
    let text = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let guard = "#[cfg(any(test, feature = \"reference\"))]\n";
    let book = text("crates/core/src/book/mod.rs");
    for (at, _) in book.match_indices("mod reference;") {
        let visibility = ["", "pub ", "pub(crate) "];
        assert!(visibility.iter().any(|it| book[..at].ends_with(&format!("{guard}{it}"))), "no {guard}");
    }
    assert!(book.contains("mod reference;"));
    for path in ["Cargo.toml", "crates/core/Cargo.toml", "crates/agents/Cargo.toml"] {
        let manifest = text(path);
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
        let enables =
            |line: &&str| !line.starts_with('#') && line.contains("reference") && *line != "reference = []";
        assert_eq!(dependencies.lines().find(enables), None, "{path} turns the reference book on");
    }
}
