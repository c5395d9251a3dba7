//! Nodes of our own in a script's syntax tree: how they are named, made and registered.

use std::mem;

use rhai::{CustomExpr, Dynamic, Engine, EvalContext, Expr, Expression, Position, Stmt, StmtBlock};

use crate::script::value::arguments::ScriptResult;

/// The name of the node that charges for a value; no script can write it. Rhai looks nodes up in alphabetical
/// order, and this is the one that is evaluated most.
pub(crate) const CHARGE: &str = "1 charge";

pub(crate) type Context<'a, 's, 'ps, 'g, 'c, 't> = EvalContext<'a, 's, 'ps, 'g, 'c, 't>;

/// Adds a node that scripts cannot write.
pub(crate) fn add(
    engine: &mut Engine,
    name: &str,
    evaluate: impl Fn(&mut Context<'_, '_, '_, '_, '_, '_>, &[Expression<'_>], &Dynamic) -> ScriptResult<Dynamic>
    + 'static,
) {
    engine.register_custom_syntax_with_state_raw(name, |_, _, _| Ok(None), false, evaluate);
}

/// Makes a node; `state` says which of its kind.
pub(crate) fn node<const N: usize>(
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

pub(crate) fn block_of(statements: Vec<Stmt>) -> Expr {
    Expr::Stmt(Box::new(StmtBlock::new(statements, Position::NONE, Position::NONE)))
}

/// Returns the item of that number.
pub(crate) fn numbered<T>(list: &[T], number: i64) -> Option<&T> {
    list.get(usize::try_from(number).ok()?)
}

/// Puts a node around an expression.
pub(crate) fn wrap_in(name: &str, expr: &mut Expr, state: Dynamic) {
    let position = expr.position();
    let inner = mem::replace(expr, Expr::Unit(position));
    *expr = node(name, [inner], state, position);
}
