//! `bearpit new`: writes a start for something of one's own.

use std::path::{Path, PathBuf};

use super::Failure;
use super::args::{NewArguments, NewCommand, NewStrategyArguments};
use super::console::{complain, print};
use super::files::write_new;

const STRATEGY: &str = include_str!("templates/strategy.rhai");
const SCENARIO: &str = include_str!("templates/scenario.toml");
const NAME_CHARS_MAX: usize = 64;

/// Writes what was asked for; nothing that is there is overwritten.
///
/// # Errors
/// [`Failure::Input`] if the name will not do or a file is there already, [`Failure::Run`] if one cannot be
/// written.
pub(super) fn run(arguments: &NewArguments) -> Result<(), Failure> {
    match &arguments.what {
        NewCommand::Strategy(arguments) => strategy(arguments),
    }
}

fn strategy(arguments: &NewStrategyArguments) -> Result<(), Failure> {
    let name = &arguments.name;
    if let Err(why) = check_name(name) {
        complain(&format!("error: the name `{}` {why}", name.escape_debug()));
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
        complain(&format!("error: `{}` is there already; choose another name", taken.display()));
        return Err(Failure::Input);
    }
    for (path, text) in &files {
        if let Err(error) = write_new(path, text) {
            complain(&format!("error: {}: cannot be written: {error}", path.display()));
            return Err(Failure::Run);
        }
        print(&format!("wrote {}", path.display()))?;
    }
    print(&next_steps(name, &file, arguments.scenario.then_some(scenario.as_path())))
}

/// Says why a name will not do: it becomes a file's, and an agent's.
fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() || name.len() > NAME_CHARS_MAX {
        return Err("must have 1 to 64 characters");
    }
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(is_plain) {
        return Err("must be small letters, digits and `_`, a letter first, such as my_strategy");
    }
    Ok(())
}

/// Returns a path as a file in `scenarios` names it.
fn from_scenarios(file: &Path) -> String {
    if file.is_absolute() { file.display().to_string() } else { format!("../{}", file.display()) }
}

/// Returns a text as TOML writes it, which is as JSON does.
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
    fn names_that_are_no_plain_file_names_will_not_do() {
        assert_eq!(check_name("ema_cross2"), Ok(()));
        for name in ["", "Ema", "2x", "_x", "a b", "a/b", "..", "a.rhai", "é", &"a".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
