//! The callbacks a script may define.

use rhai::AST;

use super::error::ScriptError;

/// A function that the host calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Callback {
    /// Once, at the start.
    Start,
    /// When a bar has ended.
    Bar,
    /// When the touch has changed.
    Quote,
    /// When an order of the script has traded.
    Fill,
    /// When a timer that the script set is due.
    Timer,
    /// Once, after the close.
    Stop,
}

impl Callback {
    /// All callbacks.
    pub const ALL: [Self; 6] = [Self::Start, Self::Bar, Self::Quote, Self::Fill, Self::Timer, Self::Stop];

    /// Returns the name of the function.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "on_start",
            Self::Bar => "on_bar",
            Self::Quote => "on_quote",
            Self::Fill => "on_fill",
            Self::Timer => "on_timer",
            Self::Stop => "on_stop",
        }
    }

    /// Returns the arguments of the function, as they are written.
    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Start | Self::Stop => &[],
            Self::Bar => &["bar"],
            Self::Quote => &["quote"],
            Self::Fill => &["fill"],
            Self::Timer => &["name"],
        }
    }
}

/// Which callbacks a script defines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Defined([bool; 6]);

impl Defined {
    pub(super) const fn has(self, callback: Callback) -> bool {
        self.0[callback as usize]
    }
}

/// Finds the callbacks of a script, and says what is wrong with functions that seem to be some.
pub(super) fn find(ast: &AST, source: &str) -> Result<Defined, ScriptError> {
    let mut defined = Defined::default();
    for function in ast.iter_functions() {
        let (line, column) = place_of(source, function.name);
        let error = |message: String, help: String| ScriptError { line, column, message, help: Some(help) };
        let known = Callback::ALL.into_iter().find(|callback| callback.name() == function.name);
        match known {
            Some(callback) if function.params.len() == callback.arguments().len() => {
                defined.0[callback as usize] = true;
            }
            Some(callback) => {
                let message = format!("`{}` has {} arguments", function.name, function.params.len());
                let help = format!("write fn {}({})", callback.name(), callback.arguments().join(", "));
                return Err(error(message, help));
            }
            None if function.name.starts_with("on_") => {
                let message = format!("`{}` is not a callback, so it would never be called", function.name);
                return Err(error(message, hint(function.name)));
            }
            None => {}
        }
    }
    if defined == Defined::default() {
        let names = Callback::ALL.map(Callback::name).join(", ");
        let message = "the script defines no callback, so it would never do anything".to_owned();
        return Err(ScriptError {
            line: 1,
            column: 1,
            message,
            help: Some(format!("callbacks are {names}")),
        });
    }
    Ok(defined)
}

fn hint(name: &str) -> String {
    let names = Callback::ALL.map(Callback::name);
    let near = names.iter().min_by_key(|known| strsim::damerau_levenshtein(name, known));
    match near.filter(|known| strsim::damerau_levenshtein(name, known) <= 3) {
        Some(near) => format!("did you mean `{near}`? callbacks are {}", names.join(", ")),
        None => format!("callbacks are {}; call other functions something else", names.join(", ")),
    }
}

/// Returns line and column, from 1, of the definition of a function.
pub(super) fn place_of(source: &str, name: &str) -> (usize, usize) {
    for (index, line) in source.lines().enumerate() {
        let code = line.split("//").next().unwrap_or("");
        let words: Vec<&str> = code.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
        if words.windows(2).any(|pair| pair == ["fn", name])
            && let Some(at) = code.find(name)
        {
            return (index + 1, code[..at].chars().count() + 1);
        }
    }
    (1, 1)
}
