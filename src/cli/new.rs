//! `bearpit new`: creates a strategy from a template.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::args::{NewArguments, NewCommand, NewStrategyArguments};
use super::console::{print, print_error};
use super::exit::Failure;

const STRATEGY: &str = include_str!("templates/strategy.rhai");
const SCENARIO: &str = include_str!("templates/scenario.toml");
const NAME_CHARS_MAX: usize = 64;

/// Writes the files; existing files are never overwritten.
///
/// # Errors
/// [`Failure::Input`] if the name is not valid or a file exists, [`Failure::Run`] if one cannot be written.
pub(super) fn run(arguments: &NewArguments) -> Result<(), Failure> {
    match &arguments.what {
        NewCommand::Strategy(arguments) => strategy(arguments),
    }
}

fn strategy(arguments: &NewStrategyArguments) -> Result<(), Failure> {
    let name = &arguments.name;
    if let Err(error) = check_name(name) {
        print_error(&format!("error: the name `{}` {error}", name.escape_debug()));
        return Err(Failure::Input);
    }
    let file = arguments.dir.join(format!("{name}.rhai"));
    let scenario = PathBuf::from("scenarios").join(format!("{name}.toml"));
    let filled = |template: &str| {
        template
            .replace("@NAME@", name)
            .replace("@FILE@", &file.display().to_string())
            .replace("@SCENARIO@", &scenario.display().to_string())
            .replace("@PATH@", &toml_text(&from_scenarios(&file)))
    };
    let mut files = vec![(file.clone(), filled(STRATEGY))];
    if arguments.scenario {
        files.push((scenario.clone(), filled(SCENARIO)));
    }
    if let Some((taken, _)) = files.iter().find(|(path, _)| path.exists()) {
        print_error(&format!("error: `{}` exists already; choose another name", taken.display()));
        return Err(Failure::Input);
    }
    for (path, text) in &files {
        if let Err(error) = write_new(path, text) {
            print_error(&format!("error: {}: cannot be written: {error}", path.display()));
            return Err(Failure::Run);
        }
        print(&format!("wrote {}", path.display()))?;
    }
    print(&next_steps(name, &file, arguments.scenario.then_some(scenario.as_path())))
}

/// Why a name cannot be the name of a file and of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
enum NameError {
    #[error("must have 1 to {NAME_CHARS_MAX} characters")]
    Length,
    #[error("must be lowercase letters, digits and `_`, starting with a letter, such as my_strategy")]
    Characters,
}

fn check_name(name: &str) -> Result<(), NameError> {
    if name.is_empty() || name.len() > NAME_CHARS_MAX {
        return Err(NameError::Length);
    }
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(is_plain) {
        return Err(NameError::Characters);
    }
    Ok(())
}

/// Writes a file that must not exist yet; its directory is created if needed.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// Returns a path relative to `scenarios`.
fn from_scenarios(file: &Path) -> String {
    if file.is_absolute() { file.display().to_string() } else { format!("../{}", file.display()) }
}

/// Returns a text as a TOML string, which is written like a JSON string.
fn toml_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn next_steps(name: &str, file: &Path, scenario: Option<&Path>) -> String {
    let shown = file.display();
    let run = match scenario {
        Some(path) => format!("Run it:\n\n    bearpit simulate {}\n", path.display()),
        None => format!(
            "Run it: add it to a scenario,\n\n    [[agents]]\n    name = \"{name}\"\n    kind = \"script\"\n    \
             file = {}\n    cash = 100_000\n\nor let `bearpit new strategy NAME --scenario` write one.\n",
            toml_text(&from_scenarios(file))
        ),
    };
    format!("\nTest it:\n\n    bearpit strategy test {shown}\n\n{run}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_not_plain_file_names_are_refused() {
        assert_eq!(check_name("ema_cross2"), Ok(()));
        for name in ["", "Ema", "2x", "_x", "a b", "a/b", "..", "a.rhai", "é", &"a".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
