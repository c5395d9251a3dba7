//! The short way to a field: chains of names, as in `this.fast.value` or `quote.bid`, and what is assigned to
//! `this.name`.
//!
//! Rhai goes from name to name by a general search that may end in a call of any kind. Where there are only
//! names, the host goes itself: through maps by their keys, and through its own objects by the getters that
//! the registry notes here. What it does not know (another type, a name that is not there, an error of a
//! getter) is left to Rhai, which begins anew: reading changes nothing.

use std::any::TypeId;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use rhai::{ASTFlags, Dynamic, EvalContext, Expr, ImmutableString, OpAssignment};

use super::formula::{Number, Operator, Read};
use super::host::Outcome;

type Getter = Rc<dyn Fn(&Dynamic) -> Option<Dynamic>>;

/// The getters of the host's objects, by the name of the field and the type of the object.
#[derive(Clone, Default)]
pub(super) struct Fields(BTreeMap<&'static str, Vec<(TypeId, Getter)>>);

impl Fields {
    /// Notes how a field is read.
    pub(super) fn note<T: Clone + 'static, V: Clone + 'static>(
        &mut self,
        name: &'static str,
        get: Rc<impl Fn(&T) -> Outcome<V> + 'static>,
    ) {
        let getter = move |object: &Dynamic| Some(Dynamic::from(get(&*object.read_lock::<T>()?).ok()?));
        self.0.entry(name).or_default().push((TypeId::of::<T>(), Rc::new(getter)));
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A chain of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    root: Root,
    names: Vec<ImmutableString>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Root {
    This,
    Variable(ImmutableString),
}

impl Path {
    /// Returns the chain that an expression is, if it is nothing but names.
    pub(super) fn of(expr: &Expr) -> Option<Self> {
        let mut names = Vec::new();
        let (first, mut rest) = match expr {
            Expr::Dot(parts, flags, _) if !flags.contains(ASTFlags::NEGATED) => {
                (&parts.lhs, Some(&parts.rhs))
            }
            Expr::Variable(..) => (expr, None),
            _ => return None,
        };
        let root = match first {
            Expr::ThisPtr(_) => Root::This,
            Expr::Variable(variable, ..) if variable.2.is_empty() => Root::Variable(variable.1.clone()),
            _ => return None,
        };
        while let Some(part) = rest {
            let (name, next) = match part {
                // `a?.b` is absent where `a` is.
                Expr::Dot(parts, flags, _) if !flags.contains(ASTFlags::NEGATED) => {
                    (&parts.lhs, Some(&parts.rhs))
                }
                _ => (part, None),
            };
            let Expr::Property(property, _) = name else { return None };
            names.push(property.2.clone());
            rest = next;
        }
        Some(Self { root, names })
    }

    /// Returns the way that the chain is, with the getters that it can come by.
    pub(super) fn through(&self, fields: &Fields, constants: &Constants) -> PathTo {
        let getters = |name: &ImmutableString| fields.0.get(name.as_str()).cloned().unwrap_or_default();
        let steps = self.names.iter().map(|name| Step { name: name.clone(), getters: getters(name) });
        PathTo { root: self.root.clone(), steps: steps.collect(), constants: Rc::clone(constants) }
    }
}

/// What a script declares outside of functions, once it is known.
pub(super) type Constants = Rc<OnceCell<BTreeMap<String, Dynamic>>>;

/// The way to a field.
pub(super) struct PathTo {
    root: Root,
    steps: Vec<Step>,
    constants: Constants,
}

struct Step {
    name: ImmutableString,
    getters: Vec<(TypeId, Getter)>,
}

impl Read for PathTo {
    fn read(&self, context: &EvalContext<'_, '_, '_, '_, '_, '_>) -> Option<Dynamic> {
        let root = match &self.root {
            Root::This => context.this_ptr()?,
            Root::Variable(name) => match context.scope().get(name) {
                Some(variable) => variable,
                None => self.constants.get()?.get(name.as_str())?,
            },
        };
        descend(root, &self.steps)
    }
}

fn descend(value: &Dynamic, steps: &[Step]) -> Option<Dynamic> {
    let Some((step, rest)) = steps.split_first() else { return Some(value.clone()) };
    if let Ok(map) = value.as_map_ref() {
        return descend(map.get(step.name.as_str())?, rest);
    }
    let object = value.type_id();
    let (_, get) = step.getters.iter().find(|(owner, _)| *owner == object)?;
    let field = get(value)?;
    if rest.is_empty() { Some(field) } else { descend(&field, rest) }
}

/// An entry of `this` to which something is assigned.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    name: ImmutableString,
    /// The operator of `+=` and its like; none of `=`.
    operator: Option<Operator>,
}

impl Entry {
    /// Returns the entry that an assignment goes to, if it is one of `this`.
    pub(super) fn of(operator: &OpAssignment, place: &Expr) -> Option<Self> {
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
    pub(super) fn write(
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
