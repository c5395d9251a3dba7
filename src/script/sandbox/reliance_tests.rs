//! What the sandbox relies on in Rhai beyond its documented interface. The head of the room says what to do
//! when one of these tests fails after an update.

use std::any::TypeId;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rhai::{ASTFlags, Array, Expr, ImmutableString, Map, Stmt};

use super::ast_nodes::CHARGE;
use super::confinement::language;
use super::metering::{BULK_FUNCTIONS, BULK_GETTERS};
use super::registered_functions::registered_functions;
use crate::script::api::language::Language;

/// Functions that take an array, a map or a text, but do the same work however large it is, or at most one
/// pass over a text, as for a comparison. What they return is charged where it is read, as are the operands
/// of operators.
const NOT_METERED: [&str; 18] = [
    "!=",
    "+",
    "+=",
    "==",
    "clear",
    "get",
    "get$bytes",
    "get$is_empty",
    "get$len",
    "is_empty",
    "len",
    "max",
    "min",
    "parse_float",
    "parse_int",
    "pop",
    "push",
    "set",
];

/// Updates within it change neither the tree nor what is evaluated how.
const REVIEWED: &str = "1.27.";

#[test]
fn the_version_of_rhai_is_the_one_that_was_reviewed() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let version = lock.split("name = \"rhai\"\nversion = \"").nth(1).and_then(|it| it.split('"').next());
    let version = version.unwrap();
    assert!(version.starts_with(REVIEWED), "{version}: see the head of src/script/sandbox/mod.rs");
}

#[test]
fn every_function_that_goes_through_a_value_is_metered() {
    let engine = Language::of_thread().engine();
    let sized = [TypeId::of::<Array>(), TypeId::of::<Map>(), TypeId::of::<ImmutableString>()];
    let functions = registered_functions(&engine);
    let takes_sized = functions.iter().filter(|it| it.types.iter().any(|kind| sized.contains(kind)));
    let takes_sized: BTreeSet<&str> = takes_sized.map(|it| it.name.as_str()).collect();
    let getters: Vec<String> = BULK_GETTERS.iter().map(|name| format!("get${name}")).collect();
    let known = BULK_FUNCTIONS.into_iter().chain(NOT_METERED).chain(getters.iter().map(String::as_str));
    let known: BTreeSet<&str> = known.collect();
    let ours: BTreeSet<&str> = ["contains", "index$get$", "log"].into();
    let added: Vec<_> = takes_sized.difference(&known).filter(|name| !ours.contains(**name)).collect();
    let dropped: Vec<_> = known.difference(&takes_sized).collect();
    assert!(
        added.is_empty() && dropped.is_empty(),
        "Rhai has added {added:?}: put each into BULK_FUNCTIONS (metering.rs) or NOT_METERED (here); \
         Rhai has dropped {dropped:?}: remove each from where it is"
    );
}

/// Writes out a tree as the metering pass goes through it.
fn shape(expression: &Expr) -> String {
    let ends = |flags: &ASTFlags| if flags.contains(ASTFlags::BREAK) { "|" } else { "" };
    match expression {
        Expr::Variable(variable, ..) => variable.1.to_string(),
        Expr::ThisPtr(_) => "this".to_owned(),
        Expr::Property(property, _) => format!(".{}", property.2),
        Expr::IntegerConstant(number, _) => number.to_string(),
        Expr::Dot(parts, flags, _) => {
            format!("dot({} {}){}", shape(&parts.lhs), shape(&parts.rhs), ends(flags))
        }
        Expr::Index(parts, flags, _) => {
            format!("index({} {}){}", shape(&parts.lhs), shape(&parts.rhs), ends(flags))
        }
        Expr::FnCall(call, _) => {
            let kind = if call.op_token.is_some() { "operator" } else { "call" };
            let arguments: Vec<String> = call.args.iter().map(shape).collect();
            format!("{kind} {}({})", call.name, arguments.join(" "))
        }
        Expr::MethodCall(call, _) => {
            let arguments: Vec<String> = call.args.iter().map(shape).collect();
            format!("method {}({})", call.name, arguments.join(" "))
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn chains_and_calls_have_the_shapes_that_metering_walks() {
    for (text, expected) in [
        ("a.b.c", "dot(a dot(.b .c))"),
        ("a[0].b", "index(a dot(0 .b))"),
        ("a[0]", "index(a 0)|"),
        ("a.b[0]", "dot(a index(.b 0)|)"),
        ("a[b[0]]", "index(a index(b 0)|)|"),
        ("a.push(b)", "dot(a method push(b))"),
        ("a + b * 2", "operator +(a operator *(b 2))"),
        ("a == b", "operator ==(a b)"),
        ("f(a, b)", "call f(a b)"),
    ] {
        let ast = language().unwrap().compile(format!("let x = {text};")).unwrap();
        let [Stmt::Var(parts, ..)] = ast.statements() else { panic!("{text}: {:?}", ast.statements()) };
        assert_eq!(shape(&parts.1), expected, "{text}");
    }
}

#[test]
fn no_script_can_write_a_node() {
    let mut engine = language().unwrap();
    engine.register_custom_syntax_with_state_raw(CHARGE, |_, _, _| Ok(None), false, |_, _, _| Ok(().into()));
    for text in
        [CHARGE.to_owned(), format!("let x = {CHARGE};"), format!("{CHARGE} a"), format!("({CHARGE})")]
    {
        assert!(engine.compile(&text).is_err(), "{text}");
    }
}

/// Types and functions that Rhai has under its feature `internals` only.
const INTERNALS: [&str; 21] = [
    "ASTFlags",
    "ASTNode",
    "BinaryExpr",
    "Caches",
    "CustomExpr",
    "EvalContext::new",
    "Expr::",
    "FlowControl",
    "FnCallExpr",
    "FnCallHashes",
    "GlobalRuntimeState",
    "ScriptFuncDef",
    "Stmt::",
    "StmtBlock",
    "Token::",
    "collect_fn_metadata",
    "eval_expression_tree_raw",
    "eval_statements_raw",
    "new_global_runtime_state",
    "register_custom_syntax",
    "set_script_fn",
];

#[test]
fn internals_of_rhai_are_used_in_this_room_alone() {
    let (mut outside, mut inside) = (Vec::new(), String::new());
    for path in sources(&root().join("src/script")) {
        let text = fs::read_to_string(&path).unwrap();
        if path.starts_with(root().join("src/script/sandbox")) {
            inside.push_str(&text);
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            let found = INTERNALS.iter().filter(|name| code.contains(**name));
            outside.extend(found.map(|name| format!("{}:{}: {name}", path.display(), number + 1)));
        }
    }
    assert!(outside.is_empty(), "{outside:#?}");
    let unused: Vec<_> = INTERNALS.iter().filter(|name| inside.matches(**name).count() < 2).collect();
    assert!(unused.is_empty(), "no longer used, so to be removed from this list: {unused:?}");
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}
