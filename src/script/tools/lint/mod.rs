//! Checks of a script without running it.
//!
//! Rhai resolves names at run time, so a misspelt function in a rarely taken branch is found late. Here
//! every name in a script is compared with the names that exist: a name that cannot exist is an error,
//! suspicious code a warning. What cannot be known from the text alone (the type of a variable, the object
//! of a closure) is not checked.

mod changes;
mod division;
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
    let (mut feeds, mut warnings) = (Vec::new(), Vec::new());
    if files.len() > source.modules.len() {
        let names = KnownNames::of(source, &files);
        let declared = script.as_ref().map_or(&[][..], declared_params);
        for file in &files {
            name_check::check(file, &names, declared, &mut errors);
            errors.extend(changes::lost_changes(file));
            warnings.extend(division::lost_fractions(file, declared));
        }
        feeds = usage::feeds(&files);
        warnings.extend(usage::unreceived_feeds(&files));
    }
    let mut findings: Vec<Finding> =
        errors.into_iter().map(|error| Finding { error, is_warning: false }).collect();
    match &script {
        Ok(script) => {
            warnings.extend(usage::unused_params(&files, declared_params(script)));
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
        warnings.extend(callback_bodies::tests_with_arguments(&main.ast, main.text, main.path));
    }
    findings.extend(warnings.into_iter().map(|error| Finding { error, is_warning: true }));
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
    fn what_functions_change_outside_of_them_is_lost() {
        for (change, expected) in [
            ("n += 1", "`n` is a constant in functions: it cannot be assigned to"),
            ("n = n + 1", "`n` is a constant in functions: it cannot be assigned to"),
            ("if bar.close > 1.0 { n = 2; }", "`n` is a constant in functions: it cannot be assigned to"),
            ("list[0] = 1", "`list` is a constant in functions: this would change a copy"),
            ("list[0].x = 1", "`list` is a constant in functions: this would change a copy"),
            ("map.a.b += 1", "`map` is a constant in functions: this would change a copy"),
            ("list.push(bar.close)", "`list` is a constant in functions: `push` would change a copy"),
            ("push(list, 1)", "`list` is a constant in functions: `push` would change a copy"),
            ("map.a.sort()", "`map` is a constant in functions: `sort` would change a copy"),
            ("let last = list[0].pop()", "`list` is a constant in functions: `pop` would change a copy"),
            ("params = 1", "`params` is a constant in functions: it cannot be assigned to"),
        ] {
            let text = format!(
                "let n = 0; const list = [[1]]; let map = #{{ a: [1] }};\nfn on_bar(bar) {{ {change}; log(n); }}"
            );
            let found = found(&text);
            assert!(found.len() == 1 && found[0].contains(expected), "{change}: {found:?}");
            assert!(found[0].contains("keep what changes in `this`"), "{found:?}");
        }
        let has_effect = "let n = 0; n += 1; let list = []; list.push(n); const seen = sma(2);\n\
            fn push_all(list) { list.push(1); list } fn mine(n) { n += 1; n }\n\
            fn on_bar(bar) { let n = 1; n += 1; this.list = [n]; this.list.push(list[0]); seen.update(1.0); \
            let copy = list; copy.push(2); let other = [3]; other[list.len()] = 1; other[list[0]].push(1); \
            for list in [1, 2] { list += 1; } log(push_all(list)); log(mine(2)); bar = 1; }";
        assert_eq!(found(has_effect), Vec::<String>::new());
    }

    #[test]
    fn a_division_of_integers_that_loses_a_fraction_is_odd() {
        for (division, expected) in [
            ("1 / 2", "`1 / 2` is 0: a division of integers drops the fraction (write 1.0 / 2 for"),
            ("7 / 2", "`7 / 2` is 3"),
            ("-1 / 3", "`-1 / 3` is 0"),
            ("bar.close * (1 / 4)", "`1 / 4` is 0"),
            ("1 / FOUR", "`1 / FOUR` is 0 where `FOUR` is 4"),
            ("1 / COUNT", "`1 / COUNT` is 0 where `COUNT` is 12"),
            ("1 / three", "`1 / three` is 0 where `three` is 3"),
            ("1 / LIST.len()", "`1 / ..` is 0 where the length is above 1"),
            ("1 / LIST.len", "`1 / ..` is 0 where the length is above 1"),
        ] {
            let text = format!(
                "const FOUR = 4; const COUNT = param(\"count\", 12); const LIST = [1, 2];\n\
                 fn on_bar(bar) {{ let three = 3; log(COUNT); order_target_percent({division}); }}"
            );
            let found = found(&text);
            assert!(found.len() == 1 && found[0].starts_with("warning 2:"), "{division}: {found:?}");
            assert!(found[0].contains(expected), "{division}: {found:?}");
        }
        let quiet = "const FOUR = 4; const HALF = 0.5;\n\
            fn on_bar(bar) { let n = 3; n += 1; log(1.0 / 2 + 1 / 2.0 + 10 / 2); log(1 / n); log(1 / HALF); \
            log(20 / FOUR); log(FOUR / 2); log(bar.close / 2); log([1].len() / 2); } fn f(FOUR) { 1 / FOUR }";
        assert_eq!(found(quiet), Vec::<String>::new());
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
    fn a_closure_sees_its_arguments_only_and_the_error_says_what_to_write() {
        for text in [
            "fn on_bar(bar) { let f = |x| x + bar.close; f.call(2); }",
            "fn on_bar(bar) {\nlet bar = 2; log([1].map(|x| x + bar)); }",
        ] {
            let found = found(text);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(
                found[0].contains("there is no variable `bar` here (a closure sees its own"),
                "{found:?}"
            );
            assert!(found[0].contains("write a loop, `for x in list { .. }`"), "{found:?}");
        }
    }

    #[test]
    fn a_feed_that_nothing_receives_is_odd() {
        for (call, expected) in [
            ("quotes()", "`quotes` subscribes to a feed, but the script has no `on_quote`"),
            ("market(\"B\").trades()", "has no `on_trade` (define fn on_trade(trade), or remove"),
            ("book(5)", "has no `on_book`"),
            ("bars(\"5m\")", "has no `on_bar`"),
            ("phases()", "has no `on_session`"),
        ] {
            let found = found(&format!("fn on_start() {{ {call}; }}"));
            assert!(found.len() == 1 && found[0].starts_with("warning 1:"), "{call}: {found:?}");
            assert!(found[0].contains(expected), "{call}: {found:?}");
        }
        for quiet in [
            "fn on_start() { quotes(); } fn on_quote(quote) { }",
            "fn on_start() { bars(\"1h\"); every(\"a\", \"1m\"); } fn on_timer(name) { log(closes(3)); }",
            "fn on_start() { book(5); every(\"a\", \"1m\"); } fn on_timer(name) { log(depth(3)); }",
            "fn on_start() { trades(); } fn trades() { }",
        ] {
            assert_eq!(found(quiet), Vec::<String>::new(), "{quiet}");
        }
    }

    #[test]
    fn a_field_is_told_apart_from_a_function() {
        for (call, expected) in [
            ("bar.close()", "`close` is a field of the type Bar, not a function (write bar.close, without"),
            ("close(bar)", "`close` does not take a Bar (for the field of `bar` write bar.close)"),
            ("bar.open()", "`open` is a field of the type Bar, not a function"),
        ] {
            let found = found(&format!("fn on_bar(bar) {{ let x = {call}; }}"));
            assert!(found.len() == 1 && found[0].contains(expected), "{call}: {found:?}");
        }
        assert_eq!(found("fn on_bar(bar) { close(); let bar = market(\"A\"); bar.close(); }").len(), 0);
    }

    #[test]
    fn words_of_other_languages_are_answered_with_what_to_write() {
        let inside = [
            ("log('text');", "a text stands in double quotes"),
            ("if bar.close > 1.0 and bar.open > 1.0 { }", "`and` is written &&"),
            ("if bar.close > 1.0 or bar.open > 1.0 { }", "`or` is written ||"),
            ("if not bar.close > 1.0 { }", "`not` is written !"),
            ("if not(true) { }", "`not` is written !"),
            ("let x = null;", "an absent value is written ()"),
            ("let x = None;", "an absent value is written ()"),
            ("let x = True;", "`True` is written true"),
            ("let x = 1; x++;", "write x += 1"),
            ("let x = 1; ++x;", "write x += 1"),
            ("let x = if true { 1 } else { 2 }; let y = x > 1 ? 1 : 2;", "if a { b } else { c }"),
            ("if true { } elif false { }", "write else if a { .. }"),
            ("if true:\n log(1)", "a block stands in braces"),
            ("let f = (x) -> x + 1;", "a closure is written |x| x + 1"),
            ("let x: f64 = 1.0;", "a variable has no declared type"),
            ("var x = 1;", "a variable is declared with let x = 1;"),
            ("x := 1;", "a variable is declared with let x = 1;"),
            ("for (let i = 0; i < 3; i += 1) { }", "a loop is written for i in 0..10"),
            ("let x = 2; if x === 2 { }", "write =="),
            ("# a comment", "a comment begins with //"),
            ("log(\u{201c}x\u{201d});", "straight double quotes"),
            ("log(\u{2018}x\u{2019});", "straight double quotes"),
            ("\u{a0}log(1);", "Unexpected '\\u{a0}' (a space of another kind"),
            ("let \u{e9} = 1;", "the letters a to z"),
            ("let x = 2 \u{2212} 1;", "minus is written -"),
            ("if bar.close \u{2265} 1.0 { }", "write >="),
            ("if (bar.close > 1.0) log(1);", "stands in braces"),
            ("try { log(1); } except { }", "catch (error)"),
            ("let x = bar.Close;", "did you mean `close`?"),
            ("let x = bar.VOLUME;", "did you mean `volume`?"),
        ];
        let whole = [
            ("def f(x):\n  x\n", "a function is written fn name(a, b) { .. }"),
            ("function f(x) { }", "a function is written fn name(a, b) { .. }"),
            ("fn f(x) -> i64 { x } fn on_start() { }", "a function does not say what it returns"),
            ("fn f(x: i64) { x } fn on_start() { }", "arguments have no declared types"),
        ];
        let inside = inside.map(|(body, expected)| (format!("fn on_bar(bar) {{ {body} }}"), expected));
        let whole = whole.map(|(text, expected)| (text.to_owned(), expected));
        let wrong: Vec<_> = inside
            .into_iter()
            .chain(whole)
            .map(|(text, expected)| (found(&text), text, expected))
            .filter(|(found, _, expected)| !found.iter().any(|it| it.contains(expected)))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn a_module_of_another_language_is_one_error() {
        for module in ["math", "Math", "np", "ta"] {
            let found = found(&format!("fn on_bar(bar) {{ log({module}.sqrt(bar.close)); }}"));
            let expected =
                format!("1:22: there is no variable `{module}` here (functions stand for themselves: ");
            assert!(found.len() == 1 && found[0].starts_with(&expected), "{found:?}");
        }
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
