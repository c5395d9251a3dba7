//! A metered script has the same result as the plain script: random expressions and assignments.

use std::rc::Rc;

use proptest::prelude::*;
use rhai::{Engine, Scope};

use super::metered_script::{MeteredCode, register_nodes};
use crate::script::host::meter::Meter;

/// Names of all kinds of values, numbers at the ends of their ranges, and a name that does not exist.
const LEAVES: [&str; 17] = [
    "a",
    "b",
    "m.x",
    "m.n.y",
    "m.n",
    "m.none",
    "text",
    "list",
    "no",
    "0",
    "1",
    "7",
    "9223372036854775807",
    "0.0",
    "0.1",
    "1e308",
    "2.5e-17",
];
const OPERATORS: [&str; 10] = ["+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!="];
const ASSIGNMENTS: [&str; 6] = ["=", "+=", "-=", "*=", "/=", "%="];

fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(&LEAVES[..]).prop_map(str::to_owned);
    leaf.prop_recursive(4, 16, 2, |inner| {
        (inner.clone(), prop::sample::select(&OPERATORS[..]), inner)
            .prop_map(|(left, operator, right)| format!("({left} {operator} {right})"))
    })
}

/// Evaluates a script plain or metered; the text of an error has its position.
fn outcome(script: &str, is_charged: bool) -> String {
    super::hashing::fix_hashing_seed().unwrap();
    let mut engine = Engine::new();
    engine.set_fail_on_invalid_map_property(true);
    let mut ast = engine.compile(script).unwrap();
    if is_charged {
        let mut nodes = MeteredCode::default();
        ast = nodes.metered(&ast).unwrap();
        register_nodes(&mut engine, &Meter::new(1_000_000), &Rc::new(nodes));
    }
    match engine.eval_ast_with_scope::<rhai::Dynamic>(&mut Scope::new(), &ast) {
        Ok(value) => format!("{value:?}"),
        Err(error) => error.to_string(),
    }
}

proptest! {
    #[test]
    fn prop_an_expression_is_what_rhai_computes(
        expression in expressions(),
        a in prop::num::f64::ANY,
        b in any::<i64>(),
    ) {
        // Rhai parses the same number back; it has no literal for infinities and NaN.
        let a = if a.is_finite() { format!("{a:?}") } else { "(0.0 / 0.0)".to_owned() };
        let script = format!(
            "let a = {a}; let b = {b}; let text = \"t\"; let list = [1, 2]; \
             let m = #{{ x: {a}, n: #{{ y: {b} }} }};\n{expression}"
        );
        prop_assert_eq!(outcome(&script, true), outcome(&script, false), "{}", script);
    }

    #[test]
    fn prop_an_assignment_does_what_rhai_does(
        assignment in prop::sample::select(&ASSIGNMENTS[..]),
        expression in expressions(),
        old in prop::sample::select(&["0", "1.5", "-7", "[1]", "\"t\"", "true", "()"][..]),
        name in prop::sample::select(&["x", "fresh"][..]),
    ) {
        let script = format!(
            "let a = 0.5; let b = 3; let text = \"t\"; let list = [1, 2]; \
             fn f(a, b, text, list) {{ let m = #{{ x: a, n: #{{ y: b }} }}; this.{name} {assignment} {expression}; }} \
             let map = #{{ x: {old} }}; let error = ();\n\
             try {{ map.f(a, b, text, list); }} catch (e) {{ error = e; }}\n`${{map}} ${{error}}`"
        );
        prop_assert_eq!(outcome(&script, true), outcome(&script, false), "{}", script);
    }
}
