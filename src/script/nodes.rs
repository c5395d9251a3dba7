//! [`Nodes`]: what stands in a script that is run for what was written.
//!
//! Each place that handles a value is wrapped into a node that counts it ([`charge`](super::charge)). What the
//! host can read and compute itself ([`formula`](super::formula)), and what is assigned to `this.name`
//! ([`paths`](super::paths)), are nodes of their own.
//!
//! Rhai keeps the bodies of functions to itself. So a function is replaced by one whose body is a node that
//! evaluates the wrapped statements.

use std::cell::RefCell;
use std::rc::Rc;

use rhai::{
    AST, ASTNode, CustomExpr, Dynamic, Engine, EvalAltResult, EvalContext, Expr, Expression, ImmutableString,
    Module, ParseError, Position, ScriptFuncDef, Shared, Stmt, StmtBlock,
};

use super::charge::{CHARACTER_OPERATIONS, COMPARED_TIMES, Wrap};
use super::formula::Formula;
use super::host::Outcome;
use super::limits::Meter;
use super::paths::{Constants, Entry, Fields, Path, PathTo};

/// The names of the nodes. No script can write the first four; the last is parsed once. Rhai looks them up
/// in alphabetical order, so those that are met most often come first.
pub(super) const COMPUTE: &str = "1 compute";
pub(super) const CHARGE: &str = "2 charge";
pub(super) const WRITE: &str = "3 write";
pub(super) const GIVEN: &str = "4 given";
const BODY: &str = "function_body";

/// What the nodes of a script stand for, by the numbers that they bear.
#[derive(Debug, Clone, Default)]
pub(super) struct Nodes {
    bodies: Vec<FunctionBody>,
    pub(super) formulas: Vec<Formula<Path>>,
    pub(super) writes: Vec<Entry>,
}

/// What a function consists of.
#[derive(Debug, Clone)]
pub(super) struct FunctionBody {
    name: String,
    pub(super) arguments: Vec<ImmutableString>,
    /// Its statements, as an expression that can be evaluated by itself.
    pub(super) block: Expr,
    /// How deep its statements and expressions nest.
    pub(super) nesting: usize,
}

impl Nodes {
    /// Returns the same script with all that it reads and calls being charged; what its nodes stand for is
    /// kept here.
    pub(super) fn charged(&mut self, parsed: &AST) -> Result<AST, ParseError> {
        let functions = parsed.iter_functions().map(|it| it.name.to_owned()).collect();
        let mut wrap = Wrap { functions, nodes: self };
        let mut lib = Module::new();
        for function in parsed.iter_functions() {
            let known = parsed.shared_lib().get_script_fn(function.name, function.params.len());
            let Some(known) = known else { continue };
            let (mut body, nesting) = statements_of(parsed, function.name, function.params.len());
            wrap.statements(&mut body);
            let stub = stub(wrap.nodes.bodies.len())?;
            let name = function.name.to_owned();
            let arguments = function.params.iter().map(|name| (*name).into()).collect();
            wrap.nodes.bodies.push(FunctionBody { name, arguments, block: block_of(body), nesting });
            let bodies = stub.iter().map(|stub| stub.body.clone());
            for body in bodies {
                lib.set_script_fn(ScriptFuncDef { body, ..ScriptFuncDef::clone(known) });
            }
        }
        let mut statements = parsed.statements().to_vec();
        wrap.statements(&mut statements);
        Ok(AST::new(statements, lib))
    }

    /// Returns a function of the first file that was charged and has it.
    pub(super) fn function(&self, name: &str, arguments: usize) -> Option<&FunctionBody> {
        self.bodies.iter().find(|body| body.name == name && body.arguments.len() == arguments)
    }
}

/// Returns a function that evaluates the body of that number.
fn stub(number: usize) -> Result<Option<Shared<ScriptFuncDef>>, ParseError> {
    let mut engine = Engine::new_raw();
    engine.register_custom_syntax([BODY, "$int$"], false, |_, _| Ok(Dynamic::UNIT))?;
    let ast = engine.compile(format!("fn stub() {{ {BODY} {number} }}"))?;
    Ok(ast.shared_lib().get_script_fn("stub", 0).cloned())
}

/// Returns what a function consists of, and how deep that nests.
fn statements_of(ast: &AST, name: &str, arguments: usize) -> (Vec<Stmt>, usize) {
    let mut only = ast.clone_functions_only();
    only.retain_functions(|_, _, known, count| known == name && count == arguments);
    let (mut statements, mut nesting) = (Vec::new(), 0);
    only.walk(&mut |path: &[ASTNode<'_>]| {
        nesting = nesting.max(path.len());
        if let [ASTNode::Stmt(statement)] = path {
            statements.push((*statement).clone());
        }
        true
    });
    (statements, nesting)
}

pub(super) fn block_of(statements: Vec<Stmt>) -> Expr {
    Expr::Stmt(Box::new(StmtBlock::new(statements, Position::NONE, Position::NONE)))
}

/// Makes an engine understand the nodes.
///
/// What the script declares outside of functions is put into what this returns.
pub(super) fn understand(
    engine: &mut Engine,
    meter: &Rc<Meter>,
    nodes: &Rc<Nodes>,
    fields: &Fields,
) -> Constants {
    let constants = Constants::default();
    let through = |path: &Path| path.through(fields, &constants);
    let formulas = nodes.formulas.iter().map(|formula| formula.map(&through)).collect();
    compute_formulas(engine, Rc::clone(meter), formulas);
    charge_values(engine, Rc::clone(meter));
    write_entries(engine, Rc::clone(nodes));
    run_bodies(engine, Rc::clone(meter), Rc::clone(nodes));
    constants
}

type Context<'a, 's, 'ps, 'g, 'c, 't> = EvalContext<'a, 's, 'ps, 'g, 'c, 't>;

/// Adds a node that scripts cannot write.
fn add(
    engine: &mut Engine,
    name: &str,
    evaluate: impl Fn(&mut Context<'_, '_, '_, '_, '_, '_>, &[Expression<'_>], &Dynamic) -> Outcome<Dynamic>
    + 'static,
) {
    engine.register_custom_syntax_with_state_raw(name, |_, _, _| Ok(None), false, evaluate);
}

fn charge_values(engine: &mut Engine, meter: Rc<Meter>) {
    add(engine, CHARGE, move |context, inputs, state| {
        let Some(inner) = inputs.first() else { return Ok(Dynamic::UNIT) };
        if let Ok(operations) = state.as_int() {
            meter.charge(operations.unsigned_abs());
        }
        let value = context.eval_expression_tree(inner)?;
        if state.is_bool() && (value.is_char() || value.is_string()) {
            meter.charge(CHARACTER_OPERATIONS);
        }
        let times = if state.is_char() { COMPARED_TIMES } else { 1 };
        for _ in 0..times {
            charge_value(&meter, &value, inner)?;
        }
        Ok(value)
    });
}

fn charge_value(meter: &Meter, value: &Dynamic, read: &Expression<'_>) -> Outcome<()> {
    meter.charge_value(value).map_err(|mut error| {
        error.set_position(read.position());
        error
    })
}

fn compute_formulas(engine: &mut Engine, meter: Rc<Meter>, formulas: Vec<Formula<PathTo>>) {
    add(engine, COMPUTE, move |context, inputs, state| {
        let Some(inner) = inputs.first() else { return Ok(Dynamic::UNIT) };
        let formula = state.as_int().ok().and_then(|number| numbered(&formulas, number));
        match formula.and_then(|formula| formula.evaluate(context)) {
            Some(value) => charge_value(&meter, &value, inner).map(|()| value),
            None => context.eval_expression_tree(inner),
        }
    });
}

fn write_entries(engine: &mut Engine, nodes: Rc<Nodes>) {
    let given = Rc::new(RefCell::new(Dynamic::UNIT));
    let slot = Rc::clone(&given);
    add(engine, GIVEN, move |_, _, _| Ok(slot.take()));
    add(engine, WRITE, move |context, inputs, state| {
        let [value, assignment] = inputs else { return Ok(Dynamic::UNIT) };
        let value = context.eval_expression_tree(value)?;
        let entry = state.as_int().ok().and_then(|number| numbered(&nodes.writes, number));
        let value = match entry {
            Some(entry) => entry.write(context, value),
            None => Some(value),
        };
        // What is unusual is for Rhai, which evaluates what has been given first of all.
        let Some(value) = value else { return Ok(Dynamic::UNIT) };
        *given.borrow_mut() = value;
        context.eval_expression_tree(assignment)
    });
}

fn run_bodies(engine: &mut Engine, meter: Rc<Meter>, nodes: Rc<Nodes>) {
    let run = move |context: &mut Context<'_, '_, '_, '_, '_, '_>, inputs: &[Expression<'_>]| {
        let number = inputs.first().and_then(Expression::get_literal_value::<i64>);
        let body = number.and_then(|number| numbered(&nodes.bodies, number));
        let Some(body) = body else { return Ok(Dynamic::UNIT) };
        meter.enter(body.nesting)?;
        let ended = context.eval_expression_tree(&Expression::from(&body.block));
        meter.leave(body.nesting);
        ended
    };
    let registered: Result<_, Box<EvalAltResult>> =
        engine.register_custom_syntax([BODY, "$int$"], false, run).map_err(Into::into);
    debug_assert!(registered.is_ok(), "the name of a node is a word");
}

fn numbered<T>(list: &[T], number: i64) -> Option<&T> {
    list.get(usize::try_from(number).ok()?)
}

/// Makes a node; `state` says which of its kind.
pub(super) fn node<const N: usize>(
    name: &str,
    inputs: [Expr; N],
    state: Dynamic,
    position: Position,
) -> Expr {
    let node = CustomExpr {
        inputs: inputs.into_iter().collect(),
        tokens: [name.into()].into_iter().collect(),
        state,
        scope_may_be_changed: false,
        self_terminated: false,
    };
    Expr::Custom(Box::new(node), position)
}

/// Adds an item, and returns its number.
pub(super) fn put<T>(list: &mut Vec<T>, item: T) -> Dynamic {
    list.push(item);
    Dynamic::from_int(i64::try_from(list.len() - 1).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes an engine with all of Rhai's packages.
    fn engine() -> Engine {
        // Sets the seed of Rhai's hashes before the first of them is made.
        drop(super::super::engine::language());
        Engine::new()
    }

    fn operations(text: &str) -> u64 {
        let mut engine = engine();
        let parsed = engine.compile(text).unwrap();
        let mut nodes = Nodes::default();
        let ast = nodes.charged(&parsed).unwrap();
        let meter = Meter::new(1_000_000);
        meter.watch(&mut engine);
        understand(&mut engine, &meter, &Rc::new(nodes), &Fields::default());
        engine.run_ast(&ast).unwrap();
        meter.spent()
    }

    #[test]
    fn what_is_read_whole_counts_by_its_size() {
        let base = "let a = []; a.pad(800, 1); let m = #{ a: a }; ";
        let plain = operations(base);
        for (statement, least, most) in [
            ("let b = a;", 200, 210),
            ("let b = m.a;", 200, 210),
            ("let b = m;", 200, 212),
            ("fn f(x) { 1 } f(a);", 200, 215),
            ("fn f(x) { let y = x; 1 } f(a);", 400, 420),
            ("let b = [1, a];", 200, 215),
            ("let b = a[5];", 1, 10),
            ("a.push(1);", 1, 10),
            ("a[5] = 2;", 1, 10),
            ("for x in a { break; }", 200, 212),
            ("if a == 1 { }", 800, 815),
            ("if a != a { }", 2_400, 2_420),
            ("switch a { 1 => 2, _ => 3 }", 200, 212),
            ("let f = |x| x; f.call(a);", 600, 630),
            ("a.contains(5);", 900, 920),
        ] {
            let counted = operations(&format!("{base}{statement}")) - plain;
            assert!((least..=most).contains(&counted), "{statement} counts for {counted}");
        }
    }

    #[test]
    fn a_charged_script_does_the_same() {
        let text = "fn twice(x) { if x > 3 { return x * 2; } x } let t = 0; \
            for i in 0..6 { t += twice(i); } let m = #{ a: [1, [2, 3]] }; m.a[1][0] += t; m.a[1].push(7); \
            try { throw t; } catch (e) { t = e; } \
            let s = switch t { 24 => \"yes\", _ => \"no\" }; let f = |x, y| x + y; \
            `${m.a[1]} ${s} ${f.call(1, 2)} ${[3, 1, 2].len()} ${m?.b ?? 5}`";
        let mut engine = engine();
        let parsed = engine.compile(text).unwrap();
        let mut nodes = Nodes::default();
        let ast = nodes.charged(&parsed).unwrap();
        let meter = Meter::new(1_000_000);
        understand(&mut engine, &meter, &Rc::new(nodes), &Fields::default());
        let said = engine.eval_ast::<String>(&ast).unwrap();
        assert_eq!(said, engine.eval_ast::<String>(&parsed).unwrap());
        assert_eq!(said, "[26, 3, 7] yes 3 3 5");
    }
}
