//! `bearpit new`: creates strategies and scenarios from templates.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::args::{NewArguments, NewCommand, NewScenarioArguments, NewStrategyArguments};
use super::console::{print, print_error};
use super::exit::Failure;
use super::strategy_file::load as load_strategy;
use crate::scenario::{agent_name, path_from};

const STRATEGY: &str = include_str!("templates/strategy.rhai");
const SCENARIO: &str = include_str!("templates/scenario.toml");
const SCENARIO_STRATEGY: &str = include_str!("templates/scenario_strategy.toml");
const NAME_CHARS_MAX: usize = 64;

/// Writes the files; existing files are never overwritten.
///
/// # Errors
/// [`Failure::Input`] if the name is not valid, a file exists, or a strategy that is named cannot be loaded;
/// [`Failure::Run`] if a file cannot be written.
pub(super) fn run(arguments: &NewArguments) -> Result<(), Failure> {
    match &arguments.what {
        NewCommand::Strategy(arguments) => strategy(arguments),
        NewCommand::Scenario(arguments) => scenario(arguments),
    }
}

fn strategy(arguments: &NewStrategyArguments) -> Result<(), Failure> {
    let name = &arguments.name;
    check(name)?;
    let file = arguments.dir.join(format!("{name}.rhai"));
    let text = STRATEGY.replace("@NAME@", name).replace("@FILE@", &file.display().to_string());
    let mut files = vec![(file.clone(), text)];
    let scenario = PathBuf::from("scenarios").join(format!("{name}.toml"));
    if arguments.scenario {
        files.push((scenario.clone(), scenario_text(name, &scenario, Some(&file))));
    }
    write_all(&files)?;
    print(&next_steps(name, &file, arguments.scenario.then_some(scenario.as_path())))
}

fn scenario(arguments: &NewScenarioArguments) -> Result<(), Failure> {
    let name = &arguments.name;
    check(name)?;
    if let Some(strategy) = &arguments.strategy {
        load_strategy(strategy, false)?;
    }
    let file = arguments.dir.join(format!("{name}.toml"));
    write_all(&[(file.clone(), scenario_text(name, &file, arguments.strategy.as_deref()))])?;
    print(&format!("\nRun it:\n\n    bearpit simulate {}\n", file.display()))
}

/// Returns the text of a scenario in a file, with the strategy of another file if there is one.
fn scenario_text(name: &str, file: &Path, strategy: Option<&Path>) -> String {
    let directory = file.parent().unwrap_or_else(|| Path::new(""));
    let base = SCENARIO.replace("@NAME@", name).replace("@SCENARIO@", &file.display().to_string());
    let Some(strategy) = strategy else { return base.replace("@OF@", "") };
    let agent = agent_name(strategy);
    let of = format!(" of the strategy `{agent}`");
    let entry = SCENARIO_STRATEGY.replace("@AGENT@", &agent);
    let path = toml_text(&path_from(strategy, directory));
    [base.replace("@OF@", &of), entry.replace("@PATH@", &path)].concat()
}

fn check(name: &str) -> Result<(), Failure> {
    check_name(name).map_err(|error| {
        print_error(&format!("error: the name `{}` {error}", name.escape_debug()));
        Failure::Input
    })
}

/// Writes files that must not exist yet.
fn write_all(files: &[(PathBuf, String)]) -> Result<(), Failure> {
    if let Some((taken, _)) = files.iter().find(|(path, _)| path.exists()) {
        print_error(&format!("error: `{}` exists already; choose another name", taken.display()));
        return Err(Failure::Input);
    }
    for (path, text) in files {
        if let Err(error) = write_new(path, text) {
            print_error(&format!("error: {}: cannot be written: {error}", path.display()));
            return Err(Failure::Run);
        }
        print(&format!("wrote {}", path.display()))?;
    }
    Ok(())
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

/// Returns a text as a TOML string, which is written like a JSON string.
fn toml_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn next_steps(name: &str, file: &Path, scenario: Option<&Path>) -> String {
    let shown = file.display();
    let run = match scenario {
        Some(path) => format!("Run it:\n\n    bearpit simulate {}\n", path.display()),
        None => format!(
            "Run it on bars of your own (`--save` keeps the scenario):\n\n    bearpit backtest {shown} DATA.csv\n\nor add \
             it to a scenario:\n\n    [[agents]]\n    name = \"{name}\"\n    kind = \"script\"\n    file = {}\n    \
             cash = 100_000\n",
            toml_text(&path_from(file, Path::new("scenarios")))
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
