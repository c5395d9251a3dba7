//! [`NamesInScope`]: turns Rhai's errors into messages for authors of scripts.

use std::path::{Path, PathBuf};

use rhai::EvalAltResult;

use crate::script::api::entries::Api;
use crate::script::sandbox::metered_script::MeteredCode;
use crate::script::sandbox::operands::Operands;
use crate::script::value::arguments::printable;
use crate::script::value::foreign_syntax::instead_of_word;
use crate::script::value::limits::{CALLS_MAX, VARIABLES_MAX};
use crate::script::value::script_error::{ScriptError, SourcePosition};
use bearpit_core::units::nearest;

const MESSAGE_CHARS_MAX: usize = 2_000;

/// The names that a script can use, for suggestions where it uses one that does not exist.
pub(crate) struct NamesInScope<'a> {
    pub(crate) api: &'a Api,
    /// The script as it runs.
    pub(crate) code: &'a MeteredCode,
    /// The script's own functions, with the number of their arguments.
    pub(crate) functions: Vec<(String, usize)>,
    /// Constants, parameters and the arguments of callbacks.
    pub(crate) variables: Vec<String>,
    /// The entries of `this`.
    pub(crate) state: Vec<String>,
}

impl NamesInScope<'_> {
    /// Explains an error at run time; `position` is for errors that have none of their own.
    pub(crate) fn explain(
        &self,
        file: &Path,
        error: &EvalAltResult,
        position: SourcePosition,
    ) -> ScriptError {
        let place = innermost(error, file);
        let inner = place.error;
        let (message, help) = self.describe(&place);
        let own = [inner.position(), error.position()].into_iter().find(|it| !it.is_none());
        let position = own.map_or(position, SourcePosition::from);
        let message = printable(&message, MESSAGE_CHARS_MAX);
        ScriptError { help, ..ScriptError::new(&place.file, position, message) }
    }

    fn describe(&self, place: &Innermost<'_>) -> (String, Option<String>) {
        match place.error {
            EvalAltResult::ErrorFunctionNotFound(signature, position) => {
                let operator = self.code.operands(&place.file.to_string_lossy(), (*position).into());
                match operator {
                    Some(operands) => self.no_operator(signature, operands),
                    None => self.no_function(signature),
                }
            }
            EvalAltResult::ErrorVariableNotFound(name, _) => self.no_variable(name, place.is_in_closure),
            EvalAltResult::ErrorPropertyNotFound(name, _) => self.no_property(name),
            EvalAltResult::ErrorDotExpr(text, _) => self.no_field(text),
            EvalAltResult::ErrorTerminated(value, _) => (value.to_string(), None),
            EvalAltResult::ErrorStackOverflow(_) => (
                format!("calls nest deeper than {CALLS_MAX}"),
                Some("does a function call itself?".to_owned()),
            ),
            EvalAltResult::ErrorTooManyVariables(_) => {
                (format!("there are more than {VARIABLES_MAX} variables"), None)
            }
            EvalAltResult::ErrorModuleNotFound(name, _) => (
                format!("there is no module `{name}`"),
                Some(
                    "import takes a text that stands in the script, such as import \"lib/helpers\" as h;"
                        .to_owned(),
                ),
            ),
            EvalAltResult::ErrorUnboundThis(_) if place.is_in_closure => (
                "`this` is not defined in a closure".to_owned(),
                Some(
                    "write a loop, `for x in list { .. }`, or a function that is given what it needs"
                        .to_owned(),
                ),
            ),
            EvalAltResult::ErrorUnboundThis(_) => (
                "`this` is not defined here".to_owned(),
                Some("a function has it if it is called on it, as in this.helper(1)".to_owned()),
            ),
            EvalAltResult::ErrorAssignmentToConstant(name, _) => (
                format!("`{name}` is a constant here: it cannot be assigned to"),
                Some(format!(
                    "keep what changes in `this`: set this.{name} first, and write this.{name} here"
                )),
            ),
            EvalAltResult::ErrorRuntime(value, _) => (value.to_string(), None),
            other => (bare(other), None),
        }
    }

    /// Explains that an operator is not defined for its operands, of which one may be absent.
    fn no_operator(&self, signature: &str, operands: &Operands) -> (String, Option<String>) {
        let (name, given) = name_and_types(signature);
        let absent = given.iter().position(|it| *it == "()");
        let text = absent.and_then(|index| operands.texts.get(index)?.as_deref());
        if let Some(entry) = text.and_then(|text| text.strip_prefix("this."))
            && operands.is_assignment
            && absent == Some(0)
            && !self.state.iter().any(|known| known == entry)
        {
            let message = format!("`this.{entry}` is changed with `{name}=`, but has no value");
            return (message, Some(format!("set it first, in on_init or on_start: this.{entry} = 0;")));
        }
        let help = absent.map(|_| {
            let text =
                text.map_or_else(|| "an absent value is ()".to_owned(), |it| format!("`{it}` is absent, ()"));
            format!("{text}; compare it with == () first")
        });
        (format!("`{name}` is not defined for {}", given.join(", ")), help)
    }

    fn no_function(&self, signature: &str) -> (String, Option<String>) {
        let (name, given) = name_and_types(signature);
        let given_text = given.join(", ");
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            let help = "an absent value is (); compare it with == () first".to_owned();
            return (
                format!("`{name}` is not defined for {given_text}"),
                given.contains(&"()").then_some(help),
            );
        }
        if let [object] = given[..]
            && self.api.fields_of(object).any(|field| field.name == name)
        {
            let message = format!("`{name}` is a field of the type {object}, not a function");
            return (message, Some(format!("write it without parentheses: .{name}")));
        }
        if let Some(entry) = self.api.function(name) {
            let given =
                given.strip_prefix(&["Market"]).filter(|_| entry.on_markets).unwrap_or(&given).join(", ");
            return (format!("`{name}` takes {}, but is given ({given})", entry.arguments()), None);
        }
        if let Some((_, count)) = self.functions.iter().find(|(own, _)| own == name) {
            return (format!("`{name}` takes {count} arguments, but is given ({given_text})"), None);
        }
        let own = self.functions.iter().map(|(name, _)| name.as_str());
        let all = self.api.functions.iter().map(|entry| entry.name).chain(own).chain(RHAI_FUNCTIONS);
        let near = || nearest(name, all).map(|near| format!("did you mean `{near}`?"));
        let help = instead_of_word(name).map(str::to_owned).or_else(near);
        (format!("there is no function `{name}` for ({given_text})"), help)
    }

    fn no_variable(&self, name: &str, is_in_closure: bool) -> (String, Option<String>) {
        let message = format!("there is no variable `{name}` here");
        if let Some(help) = instead_of_word(name) {
            return (message, Some(help.to_owned()));
        }
        if is_in_closure {
            return (message, Some(closure_help(name)));
        }
        if self.api.function(name).is_some() {
            return (message, Some(format!("`{name}` is a function: write {name}()")));
        }
        let known = self.variables.iter().map(String::as_str).chain(["this", "params"]);
        let help = nearest(name, known).map_or_else(
            || "a function sees its arguments, its own variables, `this`, `params` and constants".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        (message, Some(help))
    }

    fn no_property(&self, name: &str) -> (String, Option<String>) {
        let message = format!("the map has no entry `{name}`");
        let help = match nearest(name, self.state.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("set it first, in on_init or on_start: this.{name} = .."),
        };
        (message, Some(help))
    }

    /// Explains Rhai's error for `object.field` where the field does not exist or cannot be set.
    fn no_field(&self, text: &str) -> (String, Option<String>) {
        let mut quoted = text.split('\'').skip(1).step_by(2);
        let (Some(name), Some(owner)) = (quoted.next(), quoted.next()) else {
            return (text.to_owned(), None);
        };
        let fields: Vec<&str> = self.api.fields_of(owner).map(|field| field.name).collect();
        if owner == "()" {
            let message = format!("`.{name}` of an absent value, ()");
            return (message, Some("compare it with == () first".to_owned()));
        }
        if text.contains("setter") && (fields.contains(&name) || fields.is_empty()) {
            return (format!("the field `{name}` of the type {owner} cannot be set"), None);
        }
        let message = format!("the type {} has no field `{name}`", type_word(owner));
        let near = nearest(name, fields.iter().copied());
        let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        let help = format!("{near}there is: {}", fields.join(", "));
        (message, (!fields.is_empty()).then_some(help))
    }
}

/// Rhai's own functions that are often misspelt.
const RHAI_FUNCTIONS: [&str; 16] = [
    "abs",
    "floor",
    "ceiling",
    "round",
    "sqrt",
    "min",
    "max",
    "push",
    "pop",
    "shift",
    "remove",
    "len",
    "contains",
    "keys",
    "values",
    "to_string",
];

/// What to write instead of a variable that a closure does not see.
pub(crate) fn closure_help(name: &str) -> String {
    format!(
        "a closure sees its own arguments, `params` and constants, but not the variables around it: \
         write a loop, `for x in list {{ .. }}`, or a function that is given `{name}`"
    )
}

/// Returns the name and the types in Rhai's description of a function.
fn name_and_types(signature: &str) -> (&str, Vec<&str>) {
    let (name, given) = signature.split_once(" (").unwrap_or((signature, ""));
    let given = given.strip_suffix(')').unwrap_or(given);
    (name, given.split(", ").filter(|it| !it.is_empty()).map(type_word).collect())
}

/// The error at the bottom of nested calls.
struct Innermost<'e> {
    error: &'e EvalAltResult,
    /// The file in which it happened.
    file: PathBuf,
    /// Whether it happened in a closure.
    is_in_closure: bool,
}

fn innermost<'e>(error: &'e EvalAltResult, file: &Path) -> Innermost<'e> {
    let mut place = Innermost { error, file: file.to_path_buf(), is_in_closure: false };
    loop {
        match place.error {
            EvalAltResult::ErrorInFunctionCall(name, source, inner, _) => {
                if !source.is_empty() {
                    place.file = PathBuf::from(source);
                }
                place.is_in_closure = name.starts_with(CLOSURE);
                place.error = inner;
            }
            EvalAltResult::ErrorInModule(source, inner, _) => {
                place.file = PathBuf::from(source);
                place.error = inner;
            }
            _ => return place,
        }
    }
}

/// How Rhai's names of closures begin.
pub(crate) const CLOSURE: &str = "anon$";

/// Returns the error's text without the position that Rhai appends.
fn bare(error: &EvalAltResult) -> String {
    let mut text = error.to_string();
    if let Some(at) = text.rfind(" (line ") {
        text.truncate(at);
    }
    text
}

/// Returns the name of a type for authors of scripts.
fn type_word(name: &str) -> &str {
    match name {
        "i64" | "f64" => "number",
        "&str | ImmutableString | String" | "string" => "text",
        other => other,
    }
}
