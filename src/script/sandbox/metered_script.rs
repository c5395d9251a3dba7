//! [`MeteredCode`]: a script whose work is metered, and how an engine runs it.
//!
//! Each expression that handles a value is wrapped in a node that charges for it
//! ([`metering`](super::metering)).
//!
//! Rhai has no public access to function bodies. So a function is replaced by one whose body is a node that
//! evaluates the wrapped statements.

use std::mem;
use std::rc::Rc;

use rhai::{
    AST, ASTNode, Dynamic, Engine, EvalAltResult, Expr, Expression, ImmutableString, Module, ParseError,
    ScriptFuncDef, Shared, Stmt,
};

use crate::script::host::meter::Meter;
use crate::script::sandbox::ast_nodes::{Context, block_of, numbered};
use crate::script::sandbox::field_access::Getters;
use crate::script::sandbox::metering::{Charge, ChargeNode, MeteringPass, charge_values};
use crate::script::sandbox::operands::Operands;
use crate::script::value::script_error::SourcePosition;

const BODY: &str = "function_body";

/// The function bodies of a script; a node refers to one by its index.
#[derive(Debug, Clone, Default)]
pub(crate) struct MeteredCode {
    bodies: Vec<FunctionBody>,
    charges: Vec<Charge>,
    operands: Vec<Operands>,
}

/// The body of a function.
#[derive(Debug, Clone)]
pub(crate) struct FunctionBody {
    name: String,
    pub(crate) arguments: Vec<ImmutableString>,
    /// Its statements, as an expression that can be evaluated by itself.
    pub(crate) block: Expr,
    /// How deep its statements and expressions nest.
    pub(crate) nesting: usize,
}

impl FunctionBody {
    /// Returns the name of the function.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl MeteredCode {
    /// Returns the same script with all reads and calls metered; the bodies of its functions are stored
    /// here.
    pub(crate) fn metered(&mut self, parsed: &AST) -> Result<AST, ParseError> {
        let (charges, operands) = (mem::take(&mut self.charges), mem::take(&mut self.operands));
        let mut wrap = MeteringPass::new(parsed, charges, operands);
        let mut lib = Module::new();
        for function in parsed.iter_functions() {
            let known = parsed.shared_lib().get_script_fn(function.name, function.params.len());
            let Some(known) = known else { continue };
            let (mut body, nesting) = statements_of(parsed, function.name, function.params.len());
            wrap.statements(&mut body);
            let stub = stub(self.bodies.len())?;
            let name = function.name.to_owned();
            let arguments = function.params.iter().map(|name| (*name).into()).collect();
            self.bodies.push(FunctionBody { name, arguments, block: block_of(body), nesting });
            let bodies = stub.iter().map(|stub| stub.body.clone());
            for body in bodies {
                lib.set_script_fn(ScriptFuncDef { body, ..ScriptFuncDef::clone(known) });
            }
        }
        let mut statements = parsed.statements().to_vec();
        wrap.statements(&mut statements);
        (self.charges, self.operands) = (wrap.charges, wrap.operands);
        Ok(AST::new(statements, lib))
    }

    /// Returns what the nodes charge, with the getters through which they read fields.
    pub(crate) fn charges(&self, getters: &Getters) -> Rc<[ChargeNode]> {
        self.charges.iter().map(|charge| ChargeNode::new(charge, getters)).collect()
    }

    /// Returns how the operands of the operator at a place are written.
    pub(crate) fn operands(&self, file: &str, position: SourcePosition) -> Option<&Operands> {
        self.operands.iter().find(|it| it.position == position && it.file == file)
    }

    /// Returns a function from the first metered file that has it.
    pub(crate) fn function(&self, name: &str, arguments: usize) -> Option<&FunctionBody> {
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

/// Returns the statements of a function, and how deep they nest.
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

/// Registers the nodes on an engine.
pub(crate) fn register_nodes(
    engine: &mut Engine,
    meter: &Rc<Meter>,
    nodes: &Rc<MeteredCode>,
    charges: &Rc<[ChargeNode]>,
) {
    charge_values(engine, Rc::clone(meter), Rc::clone(charges));
    run_bodies(engine, Rc::clone(meter), Rc::clone(nodes));
}

fn run_bodies(engine: &mut Engine, meter: Rc<Meter>, nodes: Rc<MeteredCode>) {
    let run = move |context: &mut Context<'_, '_, '_, '_, '_, '_>, inputs: &[Expression<'_>]| {
        let number = inputs.first().and_then(Expression::get_literal_value::<i64>);
        let body = number.and_then(|number| numbered(&nodes.bodies, number));
        let Some(body) = body else { return Ok(Dynamic::UNIT) };
        meter.within(body.nesting, || context.eval_expression_tree(&Expression::from(&body.block)))
    };
    let registered: Result<_, Box<EvalAltResult>> =
        engine.register_custom_syntax([BODY, "$int$"], false, run).map_err(Into::into);
    debug_assert!(registered.is_ok(), "the name of a node is a word");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes an engine with all of Rhai's packages.
    fn engine() -> Engine {
        // Sets the seed of Rhai's hashes before the first of them is made.
        crate::script::sandbox::hashing::fix_hashing_seed().unwrap();
        Engine::new()
    }

    fn operations(text: &str) -> u64 {
        let mut engine = engine();
        let parsed = engine.compile(text).unwrap();
        let mut nodes = MeteredCode::default();
        let ast = nodes.metered(&parsed).unwrap();
        let meter = Meter::new(1_000_000);
        meter.watch(&mut engine);
        let charges = nodes.charges(&Getters::default());
        register_nodes(&mut engine, &meter, &Rc::new(nodes), &charges);
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
            ("let t = \"abc\"; let c = t.chars;", 100, 115),
            ("let t = \"abc\"; let c = t.to_blob();", 100, 115),
        ] {
            let counted = operations(&format!("{base}{statement}")) - plain;
            assert!((least..=most).contains(&counted), "{statement} counts for {counted}");
        }
    }

    /// What a limit of operations means must not change with how they are counted.
    #[test]
    fn every_expression_counts_for_as_many_operations_as_ever() {
        let base = "let a = 1; let t = \"abc\"; let m = #{ a: 1, n: #{ a: 2 } }; let l = [1, t]; \
            fn f(x) { x } fn g() { this.a } ";
        let plain = operations(base);
        for (statement, expected) in [
            ("let b = a;", 3),
            ("let b = m.a;", 5),
            ("let b = m.n.a;", 8),
            ("if a == 1 { a = 2; }", 9),
            ("if a == m.a { }", 12),
            ("if m.n.a != a { }", 15),
            ("if l == l { }", 21),
            ("a += m.a * 2;", 8),
            ("m.a = a;", 5),
            ("l[0] = a;", 6),
            ("l[1] = t;", 406),
            ("l[1][0] = 'c';", 410),
            ("f(a);", 11),
            ("m.g();", 12),
            ("let b = l[0] + m[\"a\"];", 10),
            ("let b = `${a} ${m.a}`;", 11),
            ("while a < 5 { a += 1; }", 33),
            ("for i in 0..3 { a += i; }", 14),
            ("let b = t == \"abc\" && a < 2 || m.a > 3;", 12),
            ("let b = t.len + l.len();", 10),
            ("switch m.a { 1 => a, _ => 0 }", 7),
        ] {
            let counted = operations(&format!("{base}{statement}")) - plain;
            assert_eq!(counted, expected, "{statement}");
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
        let mut nodes = MeteredCode::default();
        let ast = nodes.metered(&parsed).unwrap();
        let meter = Meter::new(1_000_000);
        let charges = nodes.charges(&Getters::default());
        register_nodes(&mut engine, &meter, &Rc::new(nodes), &charges);
        let said = engine.eval_ast::<String>(&ast).unwrap();
        assert_eq!(said, engine.eval_ast::<String>(&parsed).unwrap());
        assert_eq!(said, "[26, 3, 7] yes 3 3 5");
    }
}
