//! [`Expressions`]: what the nodes of the evaluator stand for, and how an engine evaluates them.

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;

use rhai::{Dynamic, Engine, Expr, Stmt};

use crate::script::host::meter::Meter;
use crate::script::sandbox::ast_nodes::{
    COMPUTE, GIVEN, WRITE, add, block_of, charge_value, node, numbered, put, wrap_in,
};
use crate::script::sandbox::evaluator::assignment::Entry;
use crate::script::sandbox::evaluator::field_access::{Constants, Fields, Path, PathTo};
use crate::script::sandbox::evaluator::formula::Formula;

/// The formulas and assignments of a script, by the numbers that their nodes bear.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expressions {
    pub(crate) formulas: Vec<Formula<Path>>,
    pub(crate) writes: Vec<Entry>,
}

impl Expressions {
    /// Puts a node that computes a formula around the same expression as Rhai evaluates it.
    pub(crate) fn compute(&mut self, formula: Formula<Path>, interpreted: &mut Expr) {
        let number = put(&mut self.formulas, formula);
        wrap_in(COMPUTE, interpreted, number);
    }

    /// Replaces an assignment to an entry by a node that carries it out.
    pub(crate) fn write(&mut self, entry: Entry, statement: &mut Stmt) {
        let Stmt::Assignment(parts) = &mut *statement else { return };
        let position = parts.1.lhs.position();
        let number = put(&mut self.writes, entry);
        let value = mem::replace(&mut parts.1.rhs, node(GIVEN, [], Dynamic::UNIT, position));
        let assignment = block_of(vec![mem::replace(statement, Stmt::Noop(position))]);
        *statement = Stmt::Expr(Box::new(node(WRITE, [value, assignment], number, position)));
    }

    /// Makes an engine understand the nodes.
    ///
    /// What the script declares outside of functions is put into what this returns.
    pub(crate) fn register(
        self: &Rc<Self>,
        engine: &mut Engine,
        meter: &Rc<Meter>,
        fields: &Fields,
    ) -> Constants {
        let constants = Constants::default();
        let through = |path: &Path| path.through(fields, &constants);
        let formulas = self.formulas.iter().map(|formula| formula.map(&through)).collect();
        compute_formulas(engine, Rc::clone(meter), formulas);
        write_entries(engine, Rc::clone(self));
        constants
    }
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

fn write_entries(engine: &mut Engine, expressions: Rc<Expressions>) {
    let given = Rc::new(RefCell::new(Dynamic::UNIT));
    let slot = Rc::clone(&given);
    add(engine, GIVEN, move |_, _, _| Ok(slot.take()));
    add(engine, WRITE, move |context, inputs, state| {
        let [value, assignment] = inputs else { return Ok(Dynamic::UNIT) };
        let value = context.eval_expression_tree(value)?;
        let entry = state.as_int().ok().and_then(|number| numbered(&expressions.writes, number));
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
