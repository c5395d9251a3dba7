//! The language of strategies as definitions for Rhai's language server.

use std::collections::BTreeSet;

use crate::script::api::entries::ApiEntry;
use crate::script::api::language::Language;
use crate::script::api::language::call_forms;
use crate::script::value::callback::{Callback, object_of};

/// The head of the definitions.
const HEAD: &str = "module static;\n\n\
    // What strategies for Bearpit can call and read. Written by `bearpit definitions`; changes here are
    // lost.\n\n\
    /// The parameters that the script declares, by name.\nconst params: ?;\n";

/// Returns the definitions: callbacks, functions with a form for each number of arguments, fields of
/// objects, and what only tests can call.
///
/// A number may be an integer or a float, and some arguments may have one of several types; the language of
/// definitions has a `?` for both.
///
/// # Examples
/// ```
/// let text = bearpit::script::definitions();
/// assert!(text.contains("fn on_bar(bar: Bar) -> ();"));
/// assert!(text.contains("fn buy(quantity: ?) -> Order;"));
/// ```
#[must_use]
pub fn definitions() -> String {
    let language = Language::with_test_functions();
    let counts: BTreeSet<(String, usize)> = call_forms(&language.engine())
        .into_iter()
        .filter(|form| !form.on_market)
        .map(|form| (form.name, form.arguments))
        .collect();
    let mut text = HEAD.to_owned();
    for callback in Callback::all() {
        let argument = |name: &&str| format!("{name}: {}", object_of(name).unwrap_or("?"));
        let arguments: Vec<String> = callback.arguments().iter().map(argument).collect();
        let head = format!("Called by Bearpit: {}.", callback.about());
        text.push_str(&defined(
            &head,
            None,
            &format!("fn {}({}) -> ()", callback.name(), arguments.join(", ")),
        ));
    }
    for entry in &language.api.functions {
        for form in forms(entry, &counts) {
            text.push_str(&defined(entry.about, Some(entry.example), &form));
        }
    }
    for field in &language.api.fields {
        let head = format!("Of a {}: {}.", field.owner, field.about);
        let form = format!("fn get {}(object: {}) -> {}", field.name, field.owner, type_of(field.value));
        text.push_str(&defined(&head, None, &form));
    }
    text
}

fn defined(about: &str, example: Option<&str>, form: &str) -> String {
    let example = example.map_or_else(String::new, |line| {
        format!("///\n/// # Example\n///\n/// ```rhai\n/// {line}\n/// ```\n")
    });
    format!("\n/// {about}\n{example}{form};\n")
}

/// Returns a form for each number of arguments that is registered (`counts`); optional arguments are dropped
/// from the end.
fn forms(entry: &ApiEntry, counts: &BTreeSet<(String, usize)>) -> Vec<String> {
    let (taken, returned) = entry.signature.rsplit_once(" -> ").unwrap_or((entry.signature, "any"));
    let inside = taken.trim_start_matches('(').trim_end_matches(')');
    let mut arguments: Vec<(&str, &str)> =
        inside.split(", ").filter_map(|argument| argument.split_once(": ")).collect();
    let mut forms = Vec::new();
    loop {
        if counts.contains(&(entry.name.to_owned(), arguments.len())) {
            let typed = arguments.iter().map(|(name, kind)| {
                let name = name.trim_end_matches('?');
                format!("{name}: {}", type_of(kind))
            });
            let given = typed.collect::<Vec<_>>().join(", ");
            let returned = type_of(returned);
            if entry.on_markets {
                let more = if given.is_empty() { "" } else { ", " };
                forms.push(format!("fn {}(market: Market{more}{given}) -> {returned}", entry.name));
            }
            forms.push(format!("fn {}({given}) -> {returned}", entry.name));
        }
        match arguments.iter().rposition(|(name, _)| name.ends_with('?')) {
            Some(optional) => arguments.remove(optional),
            None => break,
        };
    }
    forms.reverse();
    forms
}

/// Returns the name of a type in definitions.
fn type_of(kind: &str) -> &str {
    match kind {
        "text" => "String",
        "bool" | "()" => kind,
        "array" => "Array",
        "map" => "Map",
        object if object.starts_with(|c: char| c.is_ascii_uppercase()) && !object.contains('|') => object,
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{api, test_functions};

    /// Returns the names and numbers of arguments of what begins with `start`.
    fn defined(text: &str, start: &str) -> BTreeSet<(String, usize)> {
        let forms = text.lines().filter_map(|line| line.strip_prefix(start));
        let form = |form: &str| {
            let (name, rest) = form.split_once('(').unwrap();
            let inside = rest.split_once(") ->").unwrap().0;
            (name.to_owned(), if inside.is_empty() { 0 } else { inside.split(", ").count() })
        };
        forms.map(form).filter(|(name, _)| !name.starts_with("get ")).collect()
    }

    #[test]
    fn the_definitions_list_exactly_what_is_registered() {
        let text = definitions();
        let found = defined(&text, "fn ");
        let names: BTreeSet<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        let (own, tests) = (api(), test_functions());
        let listed = own.functions.iter().chain(&tests.functions).map(|entry| entry.name);
        let listed: BTreeSet<&str> = listed.chain(Callback::all().map(Callback::name)).collect();
        assert_eq!(names, listed);
        let language = Language::with_test_functions();
        let registered = call_forms(&language.engine()).into_iter().map(|form| (form.name, form.arguments));
        let registered: BTreeSet<(String, usize)> =
            registered.filter(|(name, _)| own.function(name).or(tests.function(name)).is_some()).collect();
        let callbacks = |name: &str| Callback::all().any(|callback| callback.name() == name);
        let forms: BTreeSet<(String, usize)> =
            found.into_iter().filter(|(name, _)| !callbacks(name)).collect();
        let missing: Vec<_> = forms.difference(&registered).collect();
        assert!(missing.is_empty(), "not registered: {missing:?}");
        let unlisted: Vec<_> = registered.difference(&forms).collect();
        assert_eq!(unlisted, [&("log".to_owned(), 2)], "but for Rhai's own logarithm to a base");
        let fields = text.lines().filter(|line| line.starts_with("fn get ")).count();
        assert_eq!(fields, own.fields.len());
    }
}
