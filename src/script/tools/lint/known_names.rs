//! [`KnownNames`]: all functions that a script can call.

use std::collections::{BTreeMap, BTreeSet};

use rhai::AST;

use crate::script::api::entries::Api;
use crate::script::api::language::Language;
use crate::script::api::language::{call_forms, test_functions};
use crate::script::runtime::source::{ScriptSource, module_name};
use crate::script::tools::lint::parsed_file::ParsedFile;
use crate::script::value::callback::object_of;

/// Functions that are part of the language, with any number of arguments.
const KEYWORDS: [&str; 10] =
    ["print", "debug", "type_of", "Fn", "call", "curry", "is_shared", "is_def_var", "is_def_fn", "eval"];

/// The functions that exist, by name and number of arguments.
pub(crate) struct KnownNames {
    pub(crate) api: Api,
    /// Rhai's and the host's; the object that a method is called on counts.
    native: BTreeMap<String, BTreeSet<usize>>,
    /// Those of the modules, by the modules' paths.
    modules: BTreeMap<String, Functions>,
    tests: BTreeSet<&'static str>,
}

/// The functions of one file.
pub(crate) type Functions = BTreeMap<String, BTreeSet<usize>>;

/// The verdict on a call.
pub(crate) enum Verdict {
    NamesInScope,
    /// There is a function of that name, with other numbers of arguments.
    Counts(BTreeSet<usize>),
    Unknown,
}

/// Returns the functions of a file.
pub(crate) fn functions(ast: &AST) -> Functions {
    let mut found = Functions::new();
    for function in ast.iter_functions() {
        found.entry(function.name.to_owned()).or_default().insert(function.params.len());
    }
    found
}

impl KnownNames {
    pub(crate) fn of(source: &ScriptSource, files: &[ParsedFile<'_>]) -> Self {
        let language = Language::with_test_functions();
        let mut native = Functions::new();
        for form in call_forms(&language.engine()) {
            native.entry(form.name).or_default().insert(form.arguments);
        }
        let modules = source.modules.iter().filter_map(|(name, module)| {
            let file = files.iter().find(|file| file.path == module.file)?;
            Some((name.clone(), functions(&file.ast)))
        });
        let modules = modules.collect();
        let tests = test_functions().functions.iter().map(|entry| entry.name).collect();
        Self { api: language.api, native, modules, tests }
    }

    /// Checks `name(..)` with so many arguments, in a file whose functions are `own`.
    pub(crate) fn judge(&self, own: &Functions, name: &str, count: usize) -> Verdict {
        let known: BTreeSet<usize> =
            [own.get(name), self.native.get(name)].into_iter().flatten().flatten().copied().collect();
        verdict(name, count, known)
    }

    /// Checks `object.name(..)`: the object is `this` to a script's function, and an argument to others.
    pub(crate) fn judge_method(&self, own: &Functions, name: &str, count: usize) -> Verdict {
        let native = self.native.get(name).into_iter().flatten().filter_map(|count| count.checked_sub(1));
        let own = own.get(name).into_iter().flatten().copied();
        verdict(name, count, native.chain(own).collect())
    }

    /// Checks `module::name(..)`; `None` if the module is unknown.
    pub(crate) fn judge_in(&self, path: &str, name: &str, count: usize) -> Option<Verdict> {
        let functions = self.modules.get(module_name(path))?;
        Some(verdict(name, count, functions.get(name).cloned().unwrap_or_default()))
    }

    /// Returns the names of what can be called in a module.
    pub(crate) fn in_module(&self, path: &str) -> impl Iterator<Item = &str> {
        self.modules.get(module_name(path)).into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// Returns all names that can be called, for suggestions.
    pub(crate) fn all<'a>(&'a self, own: &'a Functions) -> impl Iterator<Item = &'a str> {
        let is_word = |name: &&str| name.starts_with(|c: char| c.is_alphabetic()) && !name.contains('$');
        own.keys().chain(self.native.keys()).map(String::as_str).filter(is_word)
    }

    /// Returns whether only tests can call it.
    pub(crate) fn is_for_tests(&self, name: &str) -> bool {
        self.tests.contains(name)
    }

    /// Returns the type that a function returns, if that is an object with fields.
    pub(crate) fn object_returned(&self, name: &str) -> Option<&str> {
        let (_, returned) = self.api.function(name)?.signature.rsplit_once("-> ")?;
        self.is_object(returned).then_some(returned)
    }

    /// Returns the type of a callback's argument, if that is an object with fields.
    pub(crate) fn object_given(&self, argument: &str) -> Option<&'static str> {
        object_of(argument).filter(|object| self.is_object(object))
    }

    pub(crate) fn is_object(&self, name: &str) -> bool {
        self.api.fields_of(name).next().is_some()
    }
}

fn verdict(name: &str, count: usize, known: BTreeSet<usize>) -> Verdict {
    // A name that is no word is an operator, and one with a `$` was made by Rhai itself.
    let is_word = name.starts_with(|c: char| c.is_alphabetic() || c == '_') && !name.contains('$');
    if !is_word || KEYWORDS.contains(&name) || known.contains(&count) {
        return Verdict::NamesInScope;
    }
    if known.is_empty() { Verdict::Unknown } else { Verdict::Counts(known) }
}
