//! [`CallbackBodies`]: the callbacks that a script defines, and what is wrong with them.

use std::path::Path;

use rhai::AST;

use crate::script::sandbox::metered_script::{FunctionBody, MeteredCode};
use crate::script::value::callback::{Callback, TEST_PREFIX};
use crate::script::value::script_error::{ScriptError, SourcePosition};
use bearpit_core::units::nearest;

/// The bodies of a script's callbacks, by the callback's number.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallbackBodies([Option<FunctionBody>; Callback::COUNT]);

impl CallbackBodies {
    pub(crate) const fn get(&self, callback: Callback) -> Option<&FunctionBody> {
        self.0[callback as usize].as_ref()
    }

    pub(crate) const fn has(&self, callback: Callback) -> bool {
        self.get(callback).is_some()
    }
}

/// Finds the callbacks of a script.
///
/// # Errors
/// The first of its [`faults`].
pub(crate) fn find(
    nodes: &MeteredCode,
    ast: &AST,
    source: &str,
    file: &Path,
) -> Result<CallbackBodies, ScriptError> {
    if let Some(fault) = faults(ast, source, file).into_iter().next() {
        return Err(fault);
    }
    let mut bodies = CallbackBodies::default();
    for function in ast.iter_functions() {
        if let Some(callback) = Callback::all().find(|callback| callback.name() == function.name) {
            bodies.0[callback as usize] = nodes.function(function.name, function.params.len()).cloned();
        }
    }
    Ok(bodies)
}

/// Returns what is wrong with functions that look like callbacks, in the order of the file.
pub(crate) fn faults(ast: &AST, source: &str, file: &Path) -> Vec<ScriptError> {
    let mut faults = Vec::new();
    let mut is_any = false;
    for function in ast.iter_functions() {
        let position = function_position(source, function.name);
        let fault = |message: String, help: String| ScriptError::new(file, position, message).with_help(help);
        match Callback::all().find(|callback| callback.name() == function.name) {
            Some(callback) if function.params.len() == callback.arguments().len() => is_any = true,
            Some(callback) => {
                let message = format!("`{}` has {} arguments", function.name, function.params.len());
                let help = format!("write fn {}({})", callback.name(), callback.arguments().join(", "));
                faults.push(fault(message, help));
            }
            None if function.name.starts_with("on_") => {
                let message = format!("`{}` is not a callback, so it would never be called", function.name);
                faults.push(fault(message, hint(function.name)));
            }
            None => {}
        }
    }
    if faults.is_empty() && !is_any {
        let message = "the script defines no callback, so it would never do anything".to_owned();
        let help = format!("callbacks are {}", names());
        faults.push(ScriptError::new(file, SourcePosition::START, message).with_help(help));
    }
    faults.sort_by_key(|fault| (fault.line, fault.column));
    faults
}

/// Returns a complaint for each test that would never run.
pub(crate) fn tests_with_arguments(ast: &AST, source: &str, file: &Path) -> Vec<ScriptError> {
    let is_odd = |it: &rhai::ScriptFnMetadata<'_>| it.name.starts_with(TEST_PREFIX) && !it.params.is_empty();
    let odd = ast.iter_functions().filter(is_odd);
    let complaint = |it: rhai::ScriptFnMetadata<'_>| {
        let message = format!("`{}` has arguments, so it is not a test and would never run", it.name);
        let help = format!("write fn {}(), or call it something else", it.name);
        ScriptError::new(file, function_position(source, it.name), message).with_help(help)
    };
    odd.map(complaint).collect()
}

fn names() -> String {
    Callback::all().map(Callback::name).collect::<Vec<_>>().join(", ")
}

fn hint(name: &str) -> String {
    if name == "on_fill" {
        return "fills come to `on_order_filled(event)`".to_owned();
    }
    match nearest(name, Callback::all().map(Callback::name)) {
        Some(near) => format!("did you mean `{near}`? callbacks are {}", names()),
        None => format!("callbacks are {}; call other functions something else", names()),
    }
}

/// Returns the position of the definition of a function.
pub(crate) fn function_position(source: &str, name: &str) -> SourcePosition {
    for (index, line) in source.lines().enumerate() {
        let code = line.split("//").next().unwrap_or("");
        let words: Vec<&str> = code.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
        if words.windows(2).any(|pair| pair == ["fn", name])
            && let Some(at) = code.find(name)
        {
            return SourcePosition { line: index + 1, column: code[..at].chars().count() + 1 };
        }
    }
    SourcePosition::START
}
