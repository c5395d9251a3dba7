//! A metered script has the same result as the plain script: random expressions and assignments. And reading
//! fields without Rhai counts as many operations and ends at the same limits as reading them through Rhai.

use std::rc::Rc;

use proptest::prelude::*;
use rhai::{Dynamic, Engine, Scope};

use super::field_access::Getters;
use super::metered_script::{MeteredCode, register_nodes};
use crate::script::host::meter::Meter;
use crate::script::value::arguments::ScriptResult;

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
        let charges = nodes.charges(&Getters::default());
        register_nodes(&mut engine, &Meter::new(1_000_000), &Rc::new(nodes), &charges);
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

/// An object of the host.
#[derive(Debug, Clone)]
struct Probe(f64);

/// Registers a field of [`Probe`] as the registry does.
fn field<V: Clone + 'static>(
    engine: &mut Engine,
    getters: &mut Getters,
    name: &'static str,
    get: impl Fn(&Probe) -> ScriptResult<V> + 'static,
) {
    let get = Rc::new(get);
    getters.note(name, Rc::clone(&get));
    engine.register_get(name, move |probe: &mut Probe| get(probe));
}

/// Runs a metered script with so many operations; returns its value or error, and the operations it took.
fn metered(script: &str, limit: u64, reads_fields: bool) -> (String, u64) {
    super::hashing::fix_hashing_seed().unwrap();
    let mut engine = Engine::new();
    engine.set_fail_on_invalid_map_property(true);
    let mut getters = Getters::default();
    field(&mut engine, &mut getters, "x", |probe| Ok(probe.0));
    field(&mut engine, &mut getters, "next", |probe| Ok(Probe(probe.0 + 1.0)));
    field(&mut engine, &mut getters, "list", |_| Ok(Dynamic::from_array(vec![Dynamic::ONE; 9])));
    field(&mut engine, &mut getters, "name", |_| Ok("probe".to_owned()));
    field(&mut engine, &mut getters, "fails", |_| -> ScriptResult<i64> { Err("it failed".into()) });
    let parsed = engine.compile(script).unwrap();
    let mut nodes = MeteredCode::default();
    let ast = nodes.metered(&parsed).unwrap();
    let mut charges = nodes.charges(&getters);
    if !reads_fields {
        charges = charges.iter().map(|charge| charge.through_rhai()).collect();
    }
    let meter = Meter::new(limit);
    meter.watch(&mut engine);
    register_nodes(&mut engine, &meter, &Rc::new(nodes), &charges);
    let mut scope = Scope::new();
    scope.push("probe", Probe(2.0)).push_constant("fixed", Probe(3.0));
    let said = match engine.eval_ast_with_scope::<Dynamic>(&mut scope, &ast) {
        Ok(value) => format!("{value:?}"),
        Err(error) => error.to_string(),
    };
    (said, meter.spent())
}

/// What a chain begins with, and names that may follow.
const HEADS: [&str; 7] = ["this", "probe", "fixed", "m", "a", "text", "list"];
const NAMES: [&str; 9] = ["x", "n", "probe", "next", "list", "name", "fails", "none", "chars"];

fn chains() -> impl Strategy<Value = String> {
    let names = prop::collection::vec(prop::sample::select(&NAMES[..]), 0..4);
    (prop::sample::select(&HEADS[..]), names).prop_map(|(head, names)| {
        let rest: String = names.iter().map(|name| format!(".{name}")).collect();
        format!("{head}{rest}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn prop_reading_fields_counts_and_ends_as_in_rhai(
        first in chains(),
        second in chains(),
        operator in prop::sample::select(&OPERATORS[..]),
        limit in 1_u64..160,
    ) {
        let script = format!(
            "fn f(probe, fixed, m, a, text, list) {{ let b = {first}; if b == {second} {{ return b; }} \
             list[0] = {second}; {first} {operator} {second} }} \
             let a = 1; let text = \"some text\"; let list = [1, 2, [3, 4, 5]]; \
             let m = #{{ x: [1, 2, 3, 4], n: #{{ x: 1.5, probe: probe }}, probe: fixed, chars: 7 }}; \
             let t = m; t.f(probe, fixed, m, a, text, list)"
        );
        let (said, spent) = metered(&script, limit, true);
        let (expected, counted) = metered(&script, limit, false);
        prop_assert_eq!(&said, &expected, "{}", &script);
        prop_assert!(spent == counted, "{} counts {} operations, Rhai {}", script, spent, counted);
    }
}
