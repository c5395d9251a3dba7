//! Whether what is printed is colored: `--color`, or what environment and terminal say.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal};
use std::sync::OnceLock;

use clap::{ColorChoice, ValueEnum};

/// When to color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always, even into a file.
    Always,
    /// Never.
    Never,
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// What was asked for on the command line.
static ASKED: OnceLock<Color> = OnceLock::new();

/// Stores what the command line asks for, once, before anything is printed.
pub(super) fn ask(color: Color) {
    // A second call would find the first one's answer, which is the same.
    ASKED.get_or_init(|| color);
}

/// Returns whether errors are colored.
pub(super) fn colors_errors() -> bool {
    let asked = ASKED.get().copied().unwrap_or_default();
    is_colored(asked, |name| env::var_os(name), io::stderr().is_terminal())
}

/// Returns whether standard error is a terminal on which lines can be drawn over.
pub(super) fn can_draw() -> bool {
    io::stderr().is_terminal() && !is_dumb(|name| env::var_os(name))
}

/// Returns whether standard error is a terminal that can only be written to, line by line.
pub(super) fn is_plain_terminal() -> bool {
    io::stderr().is_terminal() && is_dumb(|name| env::var_os(name))
}

fn is_dumb(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    variable("TERM").is_some_and(|term| term == "dumb")
}

/// The order of these is that of clap, which colors its own messages: no-color.org, then
/// bixense.com/clicolors, then the terminal.
fn is_colored(asked: Color, variable: impl Fn(&str) -> Option<OsString>, is_terminal: bool) -> bool {
    let is_set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let is_on = |name: &str| is_set(name).map(|value| value != OsStr::new("0"));
    match asked {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if is_set("NO_COLOR").is_some() => false,
        Color::Auto if is_on("CLICOLOR_FORCE") == Some(true) => true,
        Color::Auto => is_on("CLICOLOR") != Some(false) && is_terminal && !is_dumb(variable),
    }
}

/// Finds `--color` among arguments that are not parsed yet: it holds for errors of parsing, too.
pub(super) fn asked_by(arguments: impl Iterator<Item = OsString>) -> Color {
    let mut arguments = arguments.map(|it| it.to_string_lossy().into_owned()).take_while(|it| it != "--");
    let mut color = Color::Auto;
    while let Some(argument) = arguments.next() {
        let value = match argument.strip_prefix("--color") {
            Some("") => arguments.next().unwrap_or_default(),
            Some(rest) => rest.strip_prefix('=').unwrap_or_default().to_owned(),
            None => continue,
        };
        // What is wrong is told when arguments are parsed.
        color = <Color as ValueEnum>::from_str(&value, false).unwrap_or(color);
    }
    color
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colored(asked: Color, variables: &[(&str, &str)], is_terminal: bool) -> bool {
        let value =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        is_colored(asked, value, is_terminal)
    }

    #[test]
    fn the_command_line_goes_before_the_environment_and_that_before_the_terminal() {
        use Color::{Always, Auto, Never};
        for (asked, variables, on_terminal, in_file) in [
            (Auto, &[][..], true, false),
            (Auto, &[("NO_COLOR", "1")], false, false),
            (Auto, &[("NO_COLOR", "")], true, false),
            (Auto, &[("CLICOLOR_FORCE", "1")], true, true),
            (Auto, &[("CLICOLOR_FORCE", "0")], true, false),
            (Auto, &[("CLICOLOR", "0")], false, false),
            (Auto, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false, false),
            (Auto, &[("TERM", "dumb")], false, false),
            (Auto, &[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], true, true),
            (Always, &[("NO_COLOR", "1"), ("TERM", "dumb")], true, true),
            (Never, &[("CLICOLOR_FORCE", "1")], false, false),
        ] {
            let found = [true, false].map(|is_terminal| colored(asked, variables, is_terminal));
            assert_eq!(found, [on_terminal, in_file], "{asked:?} {variables:?}");
        }
    }

    #[test]
    fn the_choice_is_found_before_arguments_are_parsed() {
        let of = |arguments: &[&str]| asked_by(arguments.iter().map(OsString::from));
        assert_eq!(of(&["bearpit", "simulate", "x.toml"]), Color::Auto);
        assert_eq!(of(&["bearpit", "--color", "never", "simulate"]), Color::Never);
        assert_eq!(of(&["bearpit", "simulate", "--color=always"]), Color::Always);
        assert_eq!(of(&["bearpit", "--color=pink"]), Color::Auto);
        assert_eq!(of(&["bearpit", "--color"]), Color::Auto);
        assert_eq!(of(&["bearpit", "--", "--color=always"]), Color::Auto);
    }
}
