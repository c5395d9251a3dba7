//! Parameters and constants.

use bearpit::script::ParamValue;
use bearpit::script::{ParamRange, ScriptSource, check_params, compile, declared_params};

use super::run;

const DECLARING: &str = r#"
const FAST = param("fast", 12, 1..=500, "bars of the fast average");
const SHARE = param("share", 0.5, [0.0, 1.0]);
const PEG = param("peg", "mid", ["mid", "touch"], "what to follow");
const LOUD = param("loud", true, "whether to log");
const SLOW = FAST * 2;
fn on_start() { log(`${FAST} ${SHARE} ${PEG} ${LOUD} ${SLOW} ${params.fast}`); }
"#;

fn text(text: &str) -> ParamValue {
    ParamValue::Text(text.into())
}

#[test]
fn parameters_and_constants_are_seen_by_functions() {
    let source =
        "const TWICE = 2;\nfn f() { TWICE }\nfn on_start() { log(params.n * f()); log(params.word); }";
    let params = [("n", ParamValue::Int(21)), ("word", text("hi"))];
    assert_eq!(run(source, &params).1, ["42", "hi"]);
    let failed = run("fn on_start() { params.m }", &params).1;
    assert!(failed[0].contains("the scenario gives no parameter `m`"), "{failed:?}");
    assert!(failed[0].contains("there is: n, word"), "{failed:?}");
}

#[test]
fn declared_parameters_have_defaults_and_are_overridden() {
    assert_eq!(run(DECLARING, &[]).1, ["12 0.5 mid true 24 12"]);
    // An integer is accepted for a float.
    let given = [("fast", ParamValue::Int(3)), ("share", ParamValue::Int(1)), ("peg", text("touch"))];
    assert_eq!(run(DECLARING, &given).1, ["3 1.0 touch true 6 3"]);
}

#[test]
fn on_init_gets_the_parameters() {
    let source = "const N = param(\"n\", 1);\nfn on_init(given) { log(given.n); log(given.m); }";
    let lines = run(source, &[("n", ParamValue::Int(7))]).1;
    assert_eq!(lines[0], "7");
    assert!(lines[1].contains("the script declares no parameter `m` (did you mean `n`?)"), "{lines:?}");
}

#[test]
fn declarations_can_be_listed() {
    let script = compile(&ScriptSource::alone("s.rhai", DECLARING)).unwrap();
    let declared = declared_params(&script);
    let names: Vec<(&str, usize)> = declared.iter().map(|it| (it.name.as_str(), it.line)).collect();
    assert_eq!(names, [("fast", 2), ("share", 3), ("peg", 4), ("loud", 5)]);
    assert_eq!(declared[0].range, ParamRange::Whole(1, 500));
    assert_eq!(declared[1].range.to_string(), "0 to 1");
    assert_eq!(declared[2].default, text("mid"));
    assert_eq!(declared[3].about, "whether to log");
}

#[test]
fn values_that_do_not_fit_are_complained_of_all_at_once() {
    let script = compile(&ScriptSource::alone("s.rhai", DECLARING)).unwrap();
    let given = [
        ("fast", ParamValue::Int(0)),
        ("share", text("half")),
        ("peg", text("mdi")),
        ("laud", ParamValue::Bool(false)),
    ];
    let given: Vec<(String, ParamValue)> = given.map(|(name, value)| (name.to_owned(), value)).into();
    let complaints = check_params(&script, &given).unwrap();
    let messages: Vec<&str> = complaints.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "the parameter `fast` is 0, but must be in the range 1 to 500",
            "the parameter `share` is a text, but must be a number",
            "the parameter `peg` is \"mdi\", but must be in the range \"mid\", \"touch\"",
            "the script has no parameter `laud`",
        ]
    );
    assert!(complaints[3].help.as_ref().unwrap().starts_with("did you mean `loud`?"));
}

#[test]
fn wrong_declarations_are_errors_with_a_place() {
    for (declaration, expected) in [
        ("param(\"n\", 5, 10..=20)", "the default of `n` is 5, but must be in the range 10 to 20"),
        ("param(\"n\", 5); param(\"n\", 6)", "`n` is declared twice"),
        ("param(\"n\", [1])", "the default of `n` must be a boolean, a number or a text, but is an array"),
        ("param(\"n\", 1.5, [1, 2], 3)", "the sentence must be a text, but is a number (3)"),
        (
            "param(\"n\", true, [1])",
            "the range of `n` must be left out, since it is a boolean, but is an array",
        ),
        ("param(\"n\", \"a\", 1..3)", "the range of `n` must be the texts to choose from"),
        ("param(\"n\")", "`param` takes (name: text, default: any, range?: range | array, about?: text)"),
    ] {
        let source = format!("\n{declaration};\nfn on_start() {{ }}");
        let error = compile(&ScriptSource::alone("s.rhai", source)).unwrap_err();
        assert!(error.to_string().starts_with("s.rhai:2:"), "{declaration}: {error}");
        assert!(error.message.contains(expected), "{declaration}: {error}");
    }
    let late = run("fn on_start() { param(\"n\", 1); }", &[]).1;
    assert!(late[0].contains("parameters are declared outside of functions"), "{late:?}");
}

#[test]
fn a_constant_cannot_be_set() {
    let lines = run("const N = param(\"n\", 1);\nfn on_start() { N = 2; }", &[]).1;
    assert!(lines[0].contains("s.rhai:2:") && lines[0].contains("constant"), "{lines:?}");
}
