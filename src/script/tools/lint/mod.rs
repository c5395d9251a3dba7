//! Checks of a script without running it.
//!
//! Rhai resolves names at run time, so a misspelt function in a rarely taken branch is found late. Here
//! every name in a script is compared with the names that exist: a name that cannot exist is an error,
//! suspicious code a warning. What cannot be known from the text alone (the type of a variable, the object
//! of a closure) is not checked.

mod known_names;
mod name_check;
mod parsed_file;
mod usage;

use known_names::KnownNames;
use parsed_file::parse_all;

use crate::script::runtime::callback_bodies;
use crate::script::runtime::compile::{compile, declared_params};
use crate::script::runtime::compiled_script::CompiledScript;
use crate::script::runtime::source::ScriptSource;
use crate::script::value::script_error::ScriptError;

/// A finding of the checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The position and the message.
    pub error: ScriptError,
    /// Whether the script can run nevertheless.
    pub is_warning: bool,
}

/// A script that has been checked.
#[derive(Debug, Clone)]
pub struct Linted {
    /// The script, if it compiles.
    pub script: Option<CompiledScript>,
    /// The findings, file by file, in the order of the text.
    pub findings: Vec<Finding>,
    /// The calls that subscribe to feeds, as they are written.
    pub feeds: Vec<String>,
}

/// Checks a script and what it imports, and runs nothing of it but the statements outside of functions, which
/// declare its parameters.
///
/// # Examples
/// ```
/// use bearpit::script::{ScriptSource, lint};
///
/// let source = ScriptSource::alone("s.rhai", "fn on_bar(bar) {\n    log(bar.clos);\n    by(10);\n}\n");
/// let found: Vec<String> = lint(&source).findings.iter().map(|it| it.error.to_string()).collect();
/// assert!(found[0].starts_with("s.rhai:2:13: the type Bar has no field `clos`"));
/// assert!(found[1].starts_with("s.rhai:3:5: there is no function `by`"));
/// ```
#[must_use]
pub fn lint(source: &ScriptSource) -> Linted {
    let mut errors = Vec::new();
    let files = parse_all(source, &mut errors);
    if let Some(main) = files.iter().find(|file| file.is_main) {
        errors.extend(callback_bodies::faults(&main.ast, main.text, main.path));
    }
    let script = compile(source);
    let mut feeds = Vec::new();
    if files.len() > source.modules.len() {
        let names = KnownNames::of(source, &files);
        let declared = script.as_ref().map_or(&[][..], declared_params);
        for file in &files {
            name_check::check(file, &names, declared, &mut errors);
        }
        feeds = usage::feeds(&files);
    }
    let mut findings: Vec<Finding> =
        errors.into_iter().map(|error| Finding { error, is_warning: false }).collect();
    match &script {
        Ok(script) => {
            let unused = usage::unused_params(&files, declared_params(script));
            findings.extend(unused.into_iter().map(|error| Finding { error, is_warning: true }));
        }
        Err(error) => {
            let position = |it: &ScriptError| (it.file.clone(), it.line, it.column);
            let is_known = findings.iter().any(|finding| position(&finding.error) == position(error));
            if !is_known {
                findings.push(Finding { error: error.clone(), is_warning: false });
            }
        }
    }
    if let Some(main) = files.iter().find(|file| file.is_main) {
        let odd = callback_bodies::tests_with_arguments(&main.ast, main.text, main.path);
        findings.extend(odd.into_iter().map(|error| Finding { error, is_warning: true }));
    }
    let order = |finding: &Finding| {
        let ScriptError { file, line, column, .. } = &finding.error;
        (*file != source.file, file.clone(), *line, *column)
    };
    findings.sort_by_key(order);
    findings.dedup();
    Linted { script: script.ok(), findings, feeds }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let linted = lint(&ScriptSource::alone("s.rhai", text));
        let line = |it: &Finding| {
            let kind = if it.is_warning { "warning " } else { "" };
            format!("{kind}{}", it.error).replace("s.rhai:", "")
        };
        linted.findings.iter().map(line).collect()
    }

    #[test]
    fn everything_is_found_at_once_and_in_the_order_of_the_text() {
        let found = found(
            "const FAST = param(\"fast\", 12);\nconst SLOW = param(\"slow\", 26);\n\
             fn on_bar(bar) {\n    let x = bar.clos + FAST;\n    by(10);\n    buy(1, 2, 3, 4);\n}\n\
             fn on_qoute(quote) { log(params.fats); log(prise); }\n",
        );
        assert_eq!(
            found.iter().map(|line| line.split(" (").next().unwrap_or("")).collect::<Vec<_>>(),
            [
                "4:17: the type Bar has no field `clos`",
                "5:5: there is no function `by`",
                "6:5: `buy` is given 4 arguments, but takes",
                "8:4: `on_qoute` is not a callback, so it would never be called",
                "8:44: there is no variable `prise` here",
            ],
            "{found:#?}"
        );
        let again = self::found(
            "const FAST = param(\"fast\", 12);\nconst SLOW = param(\"slow\", 26);\n\
             fn on_quote(quote) { log(params.fats); log(prise + FAST); }\n",
        );
        assert_eq!(again.len(), 3, "{again:#?}");
        assert!(again[0].starts_with("warning 2:") && again[0].contains("`slow`"), "{again:#?}");
        assert!(again[1].contains("`fats`") && again[1].contains("did you mean `fast`"), "{again:#?}");
        assert!(again[2].contains("there is no variable `prise`"), "{again:#?}");
    }

    #[test]
    fn what_cannot_be_known_is_passed_over() {
        let quiet = [
            "fn on_bar(bar) { let f = |x| x + 1; f.call(2); this.act = f; this.act(1); }",
            "fn on_bar(bar) { let bar = #{ clos: 1 }; log(bar.clos); }",
            "fn on_bar(bar) { for (x, i) in [1, 2] { try { log(x + i); } catch (e) { log(e); } } }",
            "fn on_quote(quote) { if quote.mid != () { log(quote.mid.to_string().len()); } }",
            "fn helper(x) { this.n += x; } fn on_start() { this.n = 0; this.helper(2); }",
            "fn on_order(event) { if event.order.is_open { event.order.cancel(); } }",
            "const P = param(\"p\", 1); fn on_init(params) { this.all = params; }",
            "const P = param(\"p\", 1); fn on_init(given) { this.p = given.p; }",
            "fn on_bar(bar) { switch bar.volume { 1.0 if bar.close > 2.0 => log(1), 2..5 => log(2), _ => () } }",
            "fn on_start() { let a = [1, 2].map(|x| x * 2).filter(|x| x > 1); print(a); type_of(a); }",
            "fn on_start() {} fn test_it() { mock_quote(1.0, 2.0); assert_eq(state().n, 1); }",
            "fn on_start() { market(\"A\").buy(1); let x = 1; x.max(2); let t = `${x} ${now()}`; t.len; }",
        ];
        for text in quiet {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_closure_sees_its_arguments_only() {
        let found = found("fn on_bar(bar) { let f = |x| x + bar.close; f.call(2); }");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("1:34: there is no variable `bar` here"), "{found:?}");
    }

    #[test]
    fn functions_of_tests_are_not_for_callbacks() {
        let found = found("fn on_start() { advance(\"1s\"); }");
        assert!(found.len() == 1 && found[0].contains("only tests"), "{found:?}");
    }

    #[test]
    fn a_test_that_would_never_run_is_odd() {
        let found = found("fn on_start() {}\nfn test_it(x) {}\n");
        assert!(
            found.len() == 1 && found[0].starts_with("warning 2:4: `test_it` has arguments"),
            "{found:?}"
        );
    }

    #[test]
    fn a_script_that_does_not_parse_has_one_finding() {
        let found = found("fn on_bar(bar { }");
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
