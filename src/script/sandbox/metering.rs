//! Makes a parsed script count what it handles, not only its operations.
//!
//! Rhai copies an array or a map whenever one is read, for one operation. So each place where a value is
//! read whole, and each call, is wrapped into a node that evaluates it and charges the
//! [`Meter`](crate::script::host::meter::Meter) with its size; a call of a function that goes through a list
//! is charged beforehand, and what is compared counts more, as each item is. Where only a part is looked at,
//! as in `list[3]` or `list.push(x)`, nothing is copied, and what is looked at is charged.

use std::collections::BTreeSet;
use std::mem;

use rhai::{ASTFlags, BinaryExpr, Dynamic, Expr, FlowControl, FnCallExpr, Stmt, StmtBlock, Token};

use crate::script::host::meter::Meter;
use crate::script::sandbox::ast_nodes::{CHARGE, add, charge_value, wrap_in};
use rhai::Engine;
use std::rc::Rc;

/// The state of a node whose value is assigned to an item of a list, or to a character of a text.
const TO_ITEM: bool = true;

/// The state of a node whose value is compared with another, item by item.
const COMPARED: char = '=';
/// How often the items of a compared value are counted once more: Rhai calls an operator for each.
pub(crate) const COMPARED_TIMES: usize = 3;

/// What a call of one of `BULK_FUNCTIONS` counts for.
const BULK_OPERATIONS: i64 = 100;
/// What assigning one character of a text counts for, which makes a new text.
pub(crate) const CHARACTER_OPERATIONS: u64 = 400;

/// Functions of Rhai's that go through an array, a map or a text, in order.
pub(super) const BULK_FUNCTIONS: [&str; 55] = [
    "all",
    "append",
    "bytes",
    "chars",
    "chop",
    "contains",
    "crop",
    "debug",
    "dedup",
    "drain",
    "ends_with",
    "extract",
    "fill_with",
    "filter",
    "find",
    "find_map",
    "for_each",
    "index_of",
    "insert",
    "keys",
    "make_lower",
    "make_upper",
    "map",
    "mixin",
    "order",
    "order_by",
    "order_desc",
    "pad",
    "print",
    "reduce",
    "reduce_rev",
    "remove",
    "replace",
    "retain",
    "reverse",
    "shift",
    "some",
    "sort",
    "sort_by",
    "sort_desc",
    "splice",
    "split",
    "split_rev",
    "starts_with",
    "sub_string",
    "to_chars",
    "to_debug",
    "to_json",
    "to_lower",
    "to_string",
    "to_upper",
    "trim",
    "truncate",
    "values",
    "zip",
];

/// Wraps what a script reads and calls.
pub(crate) struct MeteringPass {
    /// The script's own functions, which get a copy of each argument.
    pub(crate) functions: BTreeSet<String>,
}

impl MeteringPass {
    pub(crate) fn statements<'s>(&mut self, statements: impl IntoIterator<Item = &'s mut Stmt>) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn block(&mut self, block: &mut StmtBlock) {
        self.statements(block.statements_mut().iter_mut());
    }

    fn flow(&mut self, flow: &mut FlowControl) {
        self.value(&mut flow.expr);
        self.block(&mut flow.body);
        self.block(&mut flow.branch);
    }

    fn statement(&mut self, statement: &mut Stmt) {
        match statement {
            Stmt::If(flow, _) | Stmt::While(flow, _) | Stmt::Do(flow, ..) => self.flow(flow),
            // The expression is the name that the error is given.
            Stmt::TryCatch(flow, _) => {
                self.block(&mut flow.body);
                self.block(&mut flow.branch);
            }
            Stmt::For(parts, _) => self.flow(&mut parts.2),
            Stmt::Switch(parts, _) => {
                self.value(&mut parts.0);
                for BinaryExpr { lhs, rhs } in &mut parts.1.expressions {
                    self.value(lhs);
                    self.value(rhs);
                }
            }
            Stmt::Var(parts, ..) => self.value(&mut parts.1),
            Stmt::Assignment(parts) => {
                self.assigned(&mut parts.1.lhs);
                self.value(&mut parts.1.rhs);
                if ends_with_item(&parts.1.lhs) {
                    wrap(&mut parts.1.rhs, Dynamic::from_bool(TO_ITEM));
                }
            }
            Stmt::FnCall(call, position) => {
                let (call, position) = (mem::replace(call, Box::new(nothing())), *position);
                let mut call = Expr::FnCall(call, position);
                self.value(&mut call);
                *statement = Stmt::Expr(Box::new(call));
            }
            Stmt::Block(block) => self.block(block),
            Stmt::Expr(value) => self.value(value),
            Stmt::BreakLoop(Some(value), ..) | Stmt::Return(Some(value), ..) => self.value(value),
            _ => {}
        }
    }

    /// Wraps an expression whose value is used.
    fn value(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Variable(..) | Expr::ThisPtr(_) => wrap(expr, Dynamic::UNIT),
            Expr::Dot(..) | Expr::Index(..) => {
                let operations = self.chain(expr);
                wrap(expr, Dynamic::from_int(operations));
            }
            Expr::FnCall(call, _) => {
                let operations = self.call(call, true);
                if call.op_token.is_none() {
                    wrap(expr, Dynamic::from_int(operations));
                }
            }
            Expr::InterpolatedString(parts, _) | Expr::Array(parts, _) => {
                parts.iter_mut().for_each(|part| self.value(part));
            }
            Expr::Map(parts, _) => parts.0.iter_mut().for_each(|(_, part)| self.value(part)),
            Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => {
                parts.iter_mut().for_each(|part| self.value(part));
            }
            Expr::Stmt(block) => self.block(block),
            _ => {}
        }
    }

    /// Wraps what stands in an expression that is assigned to.
    fn assigned(&mut self, expr: &mut Expr) {
        if matches!(expr, Expr::Dot(..) | Expr::Index(..)) {
            self.chain(expr);
        }
    }

    /// Wraps what stands in a chain such as `a.b[i].c(d)`, and returns what it counts for.
    fn chain(&mut self, expr: &mut Expr) -> i64 {
        let (parts, is_index, ends) = match expr {
            Expr::Dot(parts, flags, _) => (parts, false, flags.contains(ASTFlags::BREAK)),
            Expr::Index(parts, flags, _) => (parts, true, flags.contains(ASTFlags::BREAK)),
            _ => return 0,
        };
        let first = match &mut parts.lhs {
            Expr::Variable(..) | Expr::ThisPtr(_) | Expr::Property(..) => 0,
            Expr::MethodCall(call, _) => self.call(call, false),
            other => {
                self.value(other);
                0
            }
        };
        first
            + match &mut parts.rhs {
                Expr::MethodCall(call, _) => self.call(call, false),
                Expr::Dot(..) | Expr::Index(..) if !(is_index && ends) => self.chain(&mut parts.rhs),
                other if is_index => {
                    self.value(other);
                    0
                }
                _ => 0,
            }
    }

    /// Wraps the arguments of a call, and returns what it counts for.
    fn call(&mut self, call: &mut FnCallExpr, is_plain: bool) -> i64 {
        // A function of Rhai's or ours may act on the variable that is its first argument.
        let acts = is_plain
            && call.op_token.is_none()
            && !call.is_qualified()
            && !self.functions.contains(call.name.as_str());
        let compares = matches!(call.op_token, Some(Token::EqualsTo | Token::NotEqualsTo));
        for (index, argument) in call.args.iter_mut().enumerate() {
            let is_acted_on = acts && index == 0 && matches!(argument, Expr::Variable(..) | Expr::ThisPtr(_));
            if !is_acted_on {
                self.value(argument);
            }
            if compares && !argument.is_constant() {
                wrap(argument, Dynamic::from_char(COMPARED));
            }
        }
        if BULK_FUNCTIONS.binary_search(&call.name.as_str()).is_ok() { BULK_OPERATIONS } else { 0 }
    }
}

/// Tells whether a chain ends with an index.
fn ends_with_item(expr: &Expr) -> bool {
    match expr {
        Expr::Index(parts, flags, _) if flags.contains(ASTFlags::BREAK) || !is_chain(&parts.rhs) => true,
        Expr::Dot(parts, ..) | Expr::Index(parts, ..) => ends_with_item(&parts.rhs),
        _ => false,
    }
}

const fn is_chain(expr: &Expr) -> bool {
    matches!(expr, Expr::Dot(..) | Expr::Index(..))
}

/// Puts a node around an expression that charges for its value; `state` says for what besides.
fn wrap(expr: &mut Expr, state: Dynamic) {
    wrap_in(CHARGE, expr, state);
}

fn nothing() -> FnCallExpr {
    FnCallExpr {
        namespace: rhai::Namespace::NONE,
        name: "".into(),
        hashes: rhai::FnCallHashes::from_hash(0),
        args: [].into_iter().collect(),
        capture_parent_scope: false,
        op_token: None,
    }
}

/// Makes an engine count the values at the nodes.
pub(crate) fn charge_values(engine: &mut Engine, meter: Rc<Meter>) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order() {
        assert!(BULK_FUNCTIONS.is_sorted());
    }
}
