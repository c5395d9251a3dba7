//! Checks the functions of a file for names that do not exist.

use std::collections::BTreeSet;

use crate::script::runtime::error_explanation::{CLOSURE, closure_help};
use crate::script::sandbox::outline::{
    Argument, Call, CallKind, ChainHead, FieldChain, FieldName, Outline, Variable,
};
use crate::script::tools::lint::known_names::{Functions, KnownNames, Verdict, functions};
use crate::script::tools::lint::parsed_file::ParsedFile;
use crate::script::value::callback::{Callback, TEST_PREFIX};
use crate::script::value::foreign_syntax::instead_of_word;
use crate::script::value::param::ParamDeclaration;
use crate::script::value::script_error::{ScriptError, SourcePosition};
use bearpit_core::units::{nearest, suggest};

/// Reports all names in a file that do not exist.
pub(crate) fn check(
    file: &ParsedFile<'_>,
    names: &KnownNames,
    declared: &[ParamDeclaration],
    errors: &mut Vec<ScriptError>,
) {
    let own = functions(&file.ast);
    let mut outlines = file.outlines.iter();
    let Some(top) = outlines.next() else { return };
    // Fields and entries of maps may hold closures.
    let fields = |it: &Outline| it.properties.iter().chain(&it.map_keys).cloned().collect::<Vec<_>>();
    let callable_fields: BTreeSet<String> = file.outlines.iter().flat_map(fields).collect();
    for outline in std::iter::once(top).chain(outlines) {
        let arguments = outline.function.iter().flat_map(|it| &it.arguments);
        let visible = outline.declared.iter().chain(&top.declared).chain(arguments).cloned().collect();
        let mut checker = NameChecker {
            file,
            names,
            own: &own,
            top,
            outline,
            visible,
            declared,
            callable_fields: &callable_fields,
            errors,
        };
        checker.check();
    }
}

/// Checks one function, or what stands outside of functions.
struct NameChecker<'a> {
    file: &'a ParsedFile<'a>,
    names: &'a KnownNames,
    own: &'a Functions,
    /// What stands outside of functions.
    top: &'a Outline,
    outline: &'a Outline,
    visible: BTreeSet<String>,
    declared: &'a [ParamDeclaration],
    callable_fields: &'a BTreeSet<String>,
    errors: &'a mut Vec<ScriptError>,
}

impl NameChecker<'_> {
    fn check(&mut self) {
        for call in &self.outline.calls {
            self.call(call);
        }
        for variable in &self.outline.variables {
            self.variable(variable);
        }
        for chain in &self.outline.field_chains {
            self.fields(chain);
        }
    }

    fn complain(&mut self, position: SourcePosition, message: String, help: Option<String>) {
        let error = ScriptError::new(self.file.path, position, message);
        self.errors.push(ScriptError { help, ..error });
    }

    /// Returns the callback that is checked, with what the script calls the arguments.
    fn callback(&self) -> Option<(Callback, &[String])> {
        let function = self.outline.function.as_ref()?;
        let callback = Callback::all().find(|callback| callback.name() == function.name)?;
        Some((callback, &function.arguments))
    }

    /// Returns the path of the module that is imported under a name, in this function or outside of
    /// functions.
    fn imported(&self, alias: &str) -> Option<&str> {
        self.outline.imports.get(alias).or_else(|| self.top.imports.get(alias)).map(String::as_str)
    }

    fn variable(&mut self, variable: &Variable) {
        let (name, position) = (variable.name.as_str(), variable.position);
        let is_known = self.visible.contains(name) || name == "params" || name.contains('$');
        if variable.is_qualified || is_known {
            return;
        }
        let near = || {
            nearest(name, self.visible.iter().map(String::as_str).chain(["params", "this"]))
                .map(|near| format!("did you mean `{near}`?"))
        };
        let help = if let Some(help) = instead_of_word(name) {
            Some(help.to_owned())
        } else if self.names.api.function(name).is_some() {
            Some(format!("`{name}` is a function: write {name}()"))
        } else if self.outline.function.as_ref().is_some_and(|it| it.name.starts_with(CLOSURE))
            && self.file.outlines.iter().any(|it| it.mentions_as_own(name))
        {
            Some(closure_help(name))
        } else {
            near()
        };
        self.complain(position, format!("there is no variable `{name}` here"), help);
    }

    fn call(&mut self, call: &Call) {
        let (name, count, position) = (call.name.as_str(), call.arguments.len(), call.position);
        if call.kind == CallKind::Operator || self.visible.contains(name) {
            return;
        }
        if let Some(module) = &call.module {
            return self.call_in_module(module, call);
        }
        if self.field_as_function(call) {
            return;
        }
        // Of `math.sqrt(x)` it is `math` that is wrong, and is told.
        if call.kind == CallKind::Method
            && call.object.as_deref().is_some_and(|it| instead_of_word(it).is_some())
        {
            return;
        }
        let verdict = if call.kind == CallKind::Method {
            if self.callable_fields.contains(name) {
                return;
            }
            self.names.judge_method(self.own, name, count)
        } else {
            self.names.judge(self.own, name, count)
        };
        match verdict {
            Verdict::NamesInScope => self.call_of_test(name, position),
            Verdict::Counts(known) => {
                let entry = self.names.api.function(name);
                let takes = match entry {
                    Some(entry) => entry.arguments().to_owned(),
                    None => counts(&known),
                };
                self.complain(
                    position,
                    format!("`{name}` is given {}, but takes {takes}", arguments(count)),
                    None,
                );
            }
            Verdict::Unknown => {
                let near =
                    || nearest(name, self.names.all(self.own)).map(|near| format!("did you mean `{near}`?"));
                let help = instead_of_word(name).map(str::to_owned).or_else(near);
                self.complain(position, format!("there is no function `{name}`"), help);
            }
        }
    }

    /// Reports `bar.close()`, which calls a function with the bar, and `close(bar)`.
    fn field_as_function(&mut self, call: &Call) -> bool {
        let object = match (&call.object, call.kind, &call.arguments[..]) {
            (Some(object), CallKind::Method, [])
            | (None, CallKind::Function, [Argument::Variable(object)]) => object,
            _ => return false,
        };
        let Some(owner) = self.object(&ChainHead::Variable(object.clone())) else { return false };
        let name = call.name.as_str();
        if self.own.contains_key(name) || !self.names.api.fields_of(&owner).any(|field| field.name == name) {
            return false;
        }
        let (message, help) = match call.kind {
            CallKind::Method => (
                format!("`{name}` is a field of the type {owner}, not a function"),
                format!("write {object}.{name}, without parentheses"),
            ),
            _ => (
                format!("`{name}` does not take a {owner}"),
                format!("for the field of `{object}` write {object}.{name}"),
            ),
        };
        self.complain(call.position, message, Some(help));
        true
    }

    fn call_in_module(&mut self, alias: &str, call: &Call) {
        let position = call.position;
        let Some(path) = self.imported(alias).map(str::to_owned) else {
            let known = self.outline.imports.keys().chain(self.top.imports.keys()).map(String::as_str);
            let help = nearest(alias, known).map(|near| format!("did you mean `{near}`?"));
            return self.complain(position, format!("nothing is imported as `{alias}`"), help);
        };
        let (name, count) = (call.name.as_str(), call.arguments.len());
        match self.names.judge_in(&path, name, count) {
            None | Some(Verdict::NamesInScope) => {}
            Some(Verdict::Counts(known)) => {
                let message =
                    format!("`{alias}::{name}` is given {}, but takes {}", arguments(count), counts(&known));
                self.complain(position, message, None);
            }
            Some(Verdict::Unknown) => {
                let there: Vec<&str> = self.names.in_module(&path).collect();
                let help = suggest(name, &there);
                self.complain(position, format!("`{path}` has no function `{name}`"), Some(help));
            }
        }
    }

    /// Reports a function of tests in a callback, where it does not exist.
    fn call_of_test(&mut self, name: &str, position: SourcePosition) {
        if self.own.contains_key(name) || !self.names.is_for_tests(name) {
            return;
        }
        if let Some((callback, _)) = self.callback() {
            let message = format!("`{name}` is for tests, but `{}` runs without them", callback.name());
            let help = format!("only tests, functions called {TEST_PREFIX}.., can call it");
            self.complain(position, message, Some(help));
        }
    }

    /// Follows a chain of fields as long as the types are known.
    fn fields(&mut self, chain: &FieldChain) {
        if let ChainHead::Variable(variable) = &chain.head
            && variable == "params"
            && self.is_params()
        {
            return self.param(chain.fields.first());
        }
        let Some(mut owner) = self.object(&chain.head) else { return };
        for FieldName { name, position } in &chain.fields {
            let Some(entry) = self.names.api.fields_of(&owner).find(|entry| entry.name == name) else {
                let known: Vec<&str> = self.names.api.fields_of(&owner).map(|entry| entry.name).collect();
                let help = suggest(name, &known);
                let message = format!("the type {owner} has no field `{name}`");
                return self.complain(*position, message, Some(help));
            };
            if !self.names.is_object(entry.value) {
                return;
            }
            entry.value.clone_into(&mut owner);
        }
    }

    /// Returns the type of what a chain begins with, if it is certain and has fields.
    fn object(&self, head: &ChainHead) -> Option<String> {
        match head {
            ChainHead::Variable(variable) => {
                let (callback, arguments) = self.callback()?;
                let index = arguments.iter().position(|argument| argument == variable)?;
                let usual = callback.arguments().get(index)?;
                // What is declared anew, or assigned, may be anything.
                let is_own = !self.outline.assigned.contains(variable);
                self.names.object_given(usual).filter(|_| is_own).map(str::to_owned)
            }
            ChainHead::Call(function) if !self.own.contains_key(function) => {
                self.names.object_returned(function).map(str::to_owned)
            }
            _ => None,
        }
    }

    /// Returns whether `params` refers to the script's parameters here.
    fn is_params(&self) -> bool {
        let is_init = self.callback().is_some_and(|(callback, _)| callback == Callback::Init);
        is_init || !self.visible.contains("params")
    }

    fn param(&mut self, field: Option<&FieldName>) {
        let Some(FieldName { name, position }) = field else { return };
        if self.declared.is_empty() || self.declared.iter().any(|known| known.name == *name) {
            return;
        }
        let known: Vec<&str> = self.declared.iter().map(|it| it.name.as_str()).collect();
        let message = format!("the script declares no parameter `{name}`");
        self.complain(*position, message, Some(suggest(name, &known)));
    }
}

fn arguments(count: usize) -> String {
    if count == 1 { "1 argument".to_owned() } else { format!("{count} arguments") }
}

fn counts(known: &BTreeSet<usize>) -> String {
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    known.join(" or ")
}
