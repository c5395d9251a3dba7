//! [`Entry`]: what is assigned to `this.name`, and with which operator.

use rhai::{Dynamic, EvalContext, Expr, ImmutableString, OpAssignment};

use crate::script::sandbox::evaluator::arithmetic::{Number, Operator};
use crate::script::sandbox::evaluator::field_access::Path;
use crate::script::sandbox::evaluator::field_access::Root;

/// An entry of `this` to which something is assigned.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    name: ImmutableString,
    /// The operator of `+=` and its like; none of `=`.
    operator: Option<Operator>,
}

impl Entry {
    /// Returns the entry that an assignment goes to, if it is one of `this`.
    pub(crate) fn of(operator: &OpAssignment, place: &Expr) -> Option<Self> {
        let operator = match operator.get_op_assignment_info() {
            None => None,
            Some((_, _, _, text, ..)) => Some(Operator::of_assignment(text)?),
        };
        match Path::of(place)? {
            Path { root: Root::This, names } => match &names[..] {
                [name] => Some(Self { name: name.clone(), operator }),
                _ => None,
            },
            Path { .. } => None,
        }
    }

    /// Assigns a number, a boolean or an object to an entry that is there; returns the value if Rhai is to
    /// do so.
    pub(crate) fn write(
        &self,
        context: &mut EvalContext<'_, '_, '_, '_, '_, '_>,
        value: Dynamic,
    ) -> Option<Dynamic> {
        // What has a size is looked at by Rhai.
        if value.is_array() || value.is_map() || value.is_string() || value.is_blob() {
            return Some(value);
        }
        let Some(mut map) = context.this_ptr_mut().and_then(|this| this.as_map_mut().ok()) else {
            return Some(value);
        };
        let Some(slot) = map.get_mut(self.name.as_str()) else { return Some(value) };
        let changed = match self.operator {
            None => Ok(value),
            Some(operator) => {
                let numbers = Number::of(slot).zip(Number::of(&value));
                numbers.and_then(|(old, by)| operator.on(old, by)).ok_or(value)
            }
        };
        match changed {
            Ok(changed) => {
                *slot = changed;
                None
            }
            Err(value) => Some(value),
        }
    }
}
