//! Makes a parsed script count the size of what it handles, not only its operations.
//!
//! Rhai copies an array or a map whenever one is read, and counts one operation. So each expression that
//! reads a whole value, and each call, is wrapped in a node that evaluates it and charges the [`Meter`] with
//! its size. A call of a function that iterates over an array, map or text is charged before it runs, more
//! where that is large ([`Receiver`]), and operands of a comparison count more, because Rhai compares each
//! item. Where only a part is accessed, as in `list[3]` or `list.push(x)`, Rhai copies nothing, and only that
//! part is charged.
//!
//! So a callback can neither work nor make values without counting operations: with its operations its time
//! and its memory are bounded.
//!
//! The same nodes make it an error to order an absent value, as in `bid() < 5`, which is false in Rhai.

use std::collections::BTreeSet;
use std::mem;

use rhai::{
    AST, ASTFlags, BinaryExpr, Dynamic, EvalAltResult, Expr, FlowControl, FnCallExpr, Position, Stmt,
    StmtBlock, Token,
};

use crate::script::host::meter::Meter;
use crate::script::sandbox::ast_nodes::{CHARGE, add, numbered, wrap_in};
use crate::script::sandbox::field_access::{FieldPath, FieldRead, Getters, Root};
use crate::script::sandbox::operands::{Operands, is_ordering, may_be_absent, written};
use crate::script::sandbox::receiver::Receiver;
use rhai::Engine;
use std::rc::Rc;

/// How many times a compared value is charged: Rhai calls an operator for each item.
pub(crate) const COMPARED_TIMES: u64 = 3;

/// The operations of a call of one of `BULK_FUNCTIONS`.
const BULK_OPERATIONS: u64 = 100;
/// The operations of assigning one character of a text, which makes a new text.
pub(crate) const CHARACTER_OPERATIONS: u64 = 400;

/// Rhai's functions that iterate over an array, a map or a text, sorted.
pub(super) const BULK_FUNCTIONS: [&str; 56] = [
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
    "to_blob",
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

/// Texts that are written out count by their size if they are longer.
const LITERAL_BYTES: usize = 64;
/// How many times such a text is charged: what is made of it is not.
const LITERAL_TIMES: u64 = 4;

/// The parameters, which are no map.
const PARAMS: &str = "params";

/// Rhai's fields that iterate over a text; a field of a map that has such a name counts as much.
pub(super) const BULK_GETTERS: [&str; 1] = ["chars"];

/// What a node charges; a node refers to one by its index.
#[derive(Debug, Clone, Default)]
pub(crate) struct Charge {
    /// The operations that are counted before the expression is evaluated.
    operations: u64,
    /// How many times the size of the value is counted.
    times: u64,
    /// Whether the value is assigned to an item of an array, or to a character of a text.
    is_to_item: bool,
    /// The names that the expression consists of, if it is nothing else.
    path: Option<FieldPath>,
    /// What is worked on in place.
    receiver: Option<Receiver>,
    /// Where an item is assigned to, the text that it may be a part of.
    target: Option<Receiver>,
    /// How the operand of an ordering is written, and the operator: it must not be absent.
    ordered: Option<String>,
}

impl Charge {
    /// Charges once for a value, and for calls of so many operations.
    fn once(operations: u64) -> Self {
        Self { operations, times: 1, ..Self::default() }
    }

    /// Makes one node do the work of two, of which one is around the other. The operation that Rhai would
    /// have counted for the second node is counted here.
    fn merge(&mut self, outer: &Self) {
        self.operations += 1 + outer.operations;
        self.times += outer.times;
        if outer.is_to_item {
            // What is assigned is evaluated by the same node, which then looks at where it goes.
            self.is_to_item = true;
            self.target.clone_from(&outer.target);
        }
    }
}

/// What a node charges, and how it reads fields.
pub(crate) struct ChargeNode {
    operations: u64,
    times: u64,
    is_to_item: bool,
    path: Option<FieldRead>,
    receiver: Option<Receiver>,
    target: Option<Receiver>,
    ordered: Option<String>,
}

impl ChargeNode {
    pub(crate) fn new(charge: &Charge, getters: &Getters) -> Self {
        let Charge { operations, times, is_to_item, path, receiver, target, ordered } = charge.clone();
        let path = path.map(|path| path.with(getters));
        Self { operations, times, is_to_item, path, receiver, target, ordered }
    }

    /// Returns the same without reading fields: Rhai evaluates all.
    #[cfg(test)]
    pub(crate) fn through_rhai(&self) -> Self {
        let Self { operations, times, is_to_item, .. } = *self;
        let (receiver, target, ordered) = (self.receiver.clone(), self.target.clone(), self.ordered.clone());
        Self { operations, times, is_to_item, path: None, receiver, target, ordered }
    }
}

/// Wraps what a script reads and calls in nodes that charge for it.
pub(crate) struct MeteringPass {
    /// The script's own functions, which receive a copy of each argument.
    pub(crate) functions: BTreeSet<String>,
    /// What the nodes charge.
    pub(crate) charges: Vec<Charge>,
    /// How operands are written.
    pub(crate) operands: Vec<Operands>,
    /// The file, as the tree names it.
    pub(crate) file: String,
}

impl MeteringPass {
    /// Begins with a file; `charges` and `operands` are those of the files before it.
    pub(crate) fn new(parsed: &AST, charges: Vec<Charge>, operands: Vec<Operands>) -> Self {
        let functions = parsed.iter_functions().map(|it| it.name.to_owned()).collect();
        Self { functions, charges, operands, file: parsed.source().unwrap_or_default().to_owned() }
    }

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
                if parts.0.is_op_assignment() {
                    self.note_operands(parts.0.position(), [&parts.1.lhs, &parts.1.rhs], true);
                }
                let target = Receiver::of(&parts.1.lhs, &self.functions);
                self.assigned(&mut parts.1.lhs);
                self.value(&mut parts.1.rhs);
                if ends_with_item(&parts.1.lhs) {
                    self.wrap(&mut parts.1.rhs, Charge { is_to_item: true, target, ..Charge::once(0) });
                } else {
                    by_key(&mut parts.1.lhs);
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
            Expr::Variable(..) | Expr::ThisPtr(_) => {
                let path = FieldPath::of(expr);
                self.wrap(expr, Charge { path, ..Charge::once(0) });
            }
            Expr::Dot(..) | Expr::Index(..) => {
                let (path, receiver) = (FieldPath::of(expr), Receiver::of(expr, &self.functions));
                self.constant(expr);
                let operations = self.chain(expr);
                self.wrap(expr, Charge { path, receiver, ..Charge::once(operations) });
            }
            Expr::FnCall(call, position) => {
                if let (Some(_), [left, right]) = (&call.op_token, &call.args[..]) {
                    self.note_operands(*position, [left, right], false);
                }
                let receiver = self.acts(call).then(|| Receiver::of_argument(call)).flatten();
                let operations = self.call(call, true);
                if call.op_token.is_none() {
                    self.wrap(expr, Charge { receiver, ..Charge::once(operations) });
                }
            }
            // Each evaluation makes a new one.
            Expr::DynamicConstant(value, _) if value.is_array() || value.is_map() => {
                self.wrap(expr, Charge::once(0));
            }
            Expr::StringConstant(text, _) if text.len() > LITERAL_BYTES => {
                self.wrap(expr, Charge { times: LITERAL_TIMES, ..Charge::default() });
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

    /// Wraps the parts of an expression that is assigned to.
    fn assigned(&mut self, expr: &mut Expr) {
        if matches!(expr, Expr::Dot(..) | Expr::Index(..)) {
            self.chain(expr);
        }
    }

    /// Wraps the constant that a chain begins with: Rhai copies it, whatever is then read of it.
    fn constant(&mut self, chain: &mut Expr) {
        if let Expr::Dot(parts, ..) | Expr::Index(parts, ..) = chain
            && let Expr::Variable(variable, ..) = &parts.lhs
            && variable.1 != PARAMS
            && Root::of(&parts.lhs).is_none()
        {
            self.value(&mut parts.lhs);
        }
    }

    /// Wraps the parts of a chain such as `a.b[i].c(d)`, and returns the operations of its calls.
    fn chain(&mut self, expr: &mut Expr) -> u64 {
        let (parts, is_index, ends) = match expr {
            Expr::Dot(parts, flags, _) => (parts, false, flags.contains(ASTFlags::BREAK)),
            Expr::Index(parts, flags, _) => (parts, true, flags.contains(ASTFlags::BREAK)),
            _ => return 0,
        };
        let first = match &mut parts.lhs {
            Expr::Variable(..) | Expr::ThisPtr(_) => 0,
            Expr::Property(property, _) => getter_operations(&property.2),
            Expr::MethodCall(call, _) => self.call(call, false),
            other => {
                self.value(other);
                0
            }
        };
        first
            + match &mut parts.rhs {
                Expr::Property(property, _) => getter_operations(&property.2),
                Expr::MethodCall(call, _) => self.call(call, false),
                Expr::Dot(..) | Expr::Index(..) if !(is_index && ends) => self.chain(&mut parts.rhs),
                other if is_index => {
                    self.value(other);
                    0
                }
                _ => 0,
            }
    }

    /// Returns whether a call is of a native function, which may modify the variable that is its first
    /// argument.
    fn acts(&self, call: &FnCallExpr) -> bool {
        call.op_token.is_none() && !call.is_qualified() && !self.functions.contains(call.name.as_str())
    }

    fn note_operands(&mut self, position: Position, sides: [&Expr; 2], is_assignment: bool) {
        self.operands.push(Operands::of(&self.file, position, sides, is_assignment));
    }

    /// Wraps the arguments of a call, and returns its operations.
    fn call(&mut self, call: &mut FnCallExpr, is_plain: bool) -> u64 {
        let acts = is_plain && self.acts(call);
        let orders = is_ordering(call.op_token.as_ref());
        let compares = matches!(call.op_token, Some(Token::EqualsTo | Token::NotEqualsTo));
        for (index, argument) in call.args.iter_mut().enumerate() {
            let is_acted_on = acts && index == 0 && matches!(argument, Expr::Variable(..) | Expr::ThisPtr(_));
            let ordered = (orders && may_be_absent(argument))
                .then(|| (written(argument).unwrap_or_else(|| "one side".to_owned()), call.name.clone()));
            if !is_acted_on {
                self.value(argument);
            }
            if let Some((text, operator)) = ordered {
                let message = match text.as_str() {
                    "()" => format!("`{operator}` is not defined for an absent value, ()"),
                    _ => format!("`{text}` is absent, (), so `{operator}` is not defined"),
                };
                self.forbid_absent(argument, message);
            }
            if compares && !argument.is_constant() {
                self.wrap(argument, Charge { times: COMPARED_TIMES, ..Charge::default() });
            }
        }
        if BULK_FUNCTIONS.binary_search(&call.name.as_str()).is_ok() { BULK_OPERATIONS } else { 0 }
    }

    /// Makes it an error if the value of an operand is absent.
    fn forbid_absent(&mut self, operand: &mut Expr, message: String) {
        if charge_index(operand).is_none() {
            let index = self.charges.len();
            self.charges.push(Charge::default());
            wrap_in(CHARGE, operand, Dynamic::from_int(index as i64));
        }
        if let Some(charge) = charge_index(operand).and_then(|index| self.charges.get_mut(index)) {
            charge.ordered = Some(message);
        }
    }

    /// Wraps an expression in a node that charges for its value.
    fn wrap(&mut self, expr: &mut Expr, charge: Charge) {
        if let Some(inner) = charge_index(expr).and_then(|index| self.charges.get_mut(index)) {
            return inner.merge(&charge);
        }
        let index = self.charges.len();
        self.charges.push(charge);
        wrap_in(CHARGE, expr, Dynamic::from_int(index as i64));
    }
}

/// Returns what a node that charges refers to.
fn charge_index(expr: &Expr) -> Option<usize> {
    let Expr::Custom(node, _) = expr else { return None };
    if node.tokens.first()? != CHARGE {
        return None;
    }
    usize::try_from(node.state.as_int().ok()?).ok()
}

fn getter_operations(name: &str) -> u64 {
    if BULK_GETTERS.contains(&name) { BULK_OPERATIONS } else { 0 }
}

/// Makes `this.name`, to which something is assigned, `this["name"]`: after an assignment to a property Rhai
/// measures all that is in the map, which for `this` takes long and has a limit of its own.
fn by_key(place: &mut Expr) {
    let Expr::Dot(parts, _, position) = place else { return };
    let (Expr::ThisPtr(_), Expr::Property(property, at)) = (&parts.lhs, &parts.rhs) else { return };
    let key = Expr::StringConstant(property.2.clone(), *at);
    let parts = BinaryExpr { lhs: parts.lhs.clone(), rhs: key };
    *place = Expr::Index(Box::new(parts), ASTFlags::BREAK, *position);
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

/// Registers the node that charges for values.
pub(crate) fn charge_values(engine: &mut Engine, meter: Rc<Meter>, charges: Rc<[ChargeNode]>) {
    add(engine, CHARGE, move |context, inputs, state| {
        let charge = state.as_int().ok().and_then(|index| numbered(&charges, index));
        let (Some(inner), Some(charge)) = (inputs.first(), charge) else { return Ok(Dynamic::UNIT) };
        meter.charge(charge.operations);
        let value = match charge.path.as_ref().and_then(|path| path.read(context, &meter)) {
            Some(value) => value,
            None => {
                if let Some(receiver) = &charge.receiver {
                    receiver.charge(context, &meter).map_err(|error| placed(error, inner.position()))?;
                }
                context.eval_expression_tree(inner)?
            }
        };
        if charge.is_to_item && (value.is_char() || value.is_string()) {
            meter.charge(CHARACTER_OPERATIONS);
            if let Some(target) = &charge.target {
                target.charge_character(context, &meter).map_err(|error| placed(error, inner.position()))?;
            }
        }
        if value.is_unit()
            && let Some(message) = &charge.ordered
        {
            let message = format!("{message}: compare it with == () first");
            return Err(EvalAltResult::ErrorRuntime(message.into(), inner.position()).into());
        }
        meter.charge_value(&value, charge.times).map_err(|error| placed(error, inner.position()))?;
        Ok(value)
    });
}

fn placed(mut error: Box<EvalAltResult>, position: Position) -> Box<EvalAltResult> {
    error.set_position(position);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order() {
        assert!(BULK_FUNCTIONS.is_sorted());
    }
}
