//! [`FieldPath`]: variables and chains of names, such as `this.fast.value` or `quote.bid`, read without Rhai.
//!
//! Rhai evaluates a chain name by name, through a general search that may end in a call of any kind. Where
//! there are only names, the value is found directly: in maps by their keys, in the host's objects by the
//! getters that are noted in [`Getters`]. Anything unusual (another type, a missing name, an error of a
//! getter, too few operations left) is left to Rhai, which evaluates the expression from its beginning:
//! reading changes nothing, so the result and the position of an error are Rhai's.
//!
//! A read counts as many operations as Rhai would have counted, so a script ends at the same limit either
//! way; `equivalence_tests` compares both.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use rhai::{ASTFlags, Dynamic, EvalContext, Expr, ImmutableString};

use crate::script::host::meter::Meter;
use crate::script::value::arguments::ScriptResult;

type Getter = Rc<dyn Fn(&Dynamic) -> Option<Dynamic>>;

/// The getters of the host's objects, by the name of the field.
#[derive(Clone, Default)]
pub(crate) struct Getters(BTreeMap<&'static str, Rc<[GetterOf]>>);

/// A getter of one type of objects.
struct GetterOf {
    object: TypeId,
    get: Getter,
}

impl Getters {
    /// Notes how a field of one type is read.
    pub(crate) fn note<T: Clone + 'static, V: Clone + 'static>(
        &mut self,
        name: &'static str,
        get: Rc<impl Fn(&T) -> ScriptResult<V> + 'static>,
    ) {
        let get = move |object: &Dynamic| Some(Dynamic::from(get(&*object.read_lock::<T>()?).ok()?));
        let added = GetterOf { object: TypeId::of::<T>(), get: Rc::new(get) };
        let known = self.0.entry(name).or_default();
        let again = known.iter().map(|it| GetterOf { object: it.object, get: Rc::clone(&it.get) });
        *known = again.chain([added]).collect();
    }
}

impl fmt::Debug for Getters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A chain of names, or one variable.
#[derive(Debug, Clone)]
pub(crate) struct FieldPath {
    root: Root,
    names: Vec<ImmutableString>,
}

/// What a chain begins with.
#[derive(Debug, Clone)]
pub(super) enum Root {
    This,
    Variable(ImmutableString),
}

impl Root {
    /// Returns `this` or a variable; what Rhai has found no place for is a constant of the script.
    pub(super) fn of(expression: &Expr) -> Option<Self> {
        match expression {
            Expr::ThisPtr(_) => Some(Self::This),
            Expr::Variable(variable, place, _) if place.is_some() || variable.0.is_some() => {
                Some(Self::Variable(variable.1.clone()))
            }
            _ => None,
        }
    }

    /// Returns its value where it lies.
    pub(super) fn find<'a>(&self, context: &'a EvalContext<'_, '_, '_, '_, '_, '_>) -> Option<&'a Dynamic> {
        match self {
            Self::This => context.this_ptr(),
            Self::Variable(name) => context.scope().get(name),
        }
    }
}

impl FieldPath {
    /// Returns the chain that an expression is, if it is nothing but names.
    pub(crate) fn of(expression: &Expr) -> Option<Self> {
        let (first, mut rest) = match expression {
            Expr::Dot(parts, flags, _) if is_plain(*flags) => (&parts.lhs, Some(&parts.rhs)),
            Expr::Variable(..) => (expression, None),
            _ => return None,
        };
        let root = Root::of(first)?;
        let mut names = Vec::new();
        while let Some(part) = rest {
            let (name, next) = match part {
                Expr::Dot(parts, flags, _) if is_plain(*flags) => (&parts.lhs, Some(&parts.rhs)),
                _ => (part, None),
            };
            let Expr::Property(property, _) = name else { return None };
            names.push(property.2.clone());
            rest = next;
        }
        Some(Self { root, names })
    }

    /// Returns the same path with the getters that it can come by.
    pub(crate) fn with(&self, getters: &Getters) -> FieldRead {
        let getters = |name: &ImmutableString| getters.0.get(name.as_str()).cloned().unwrap_or_default();
        let steps = self.names.iter().map(|name| Step { name: name.clone(), getters: getters(name) });
        FieldRead { root: self.root.clone(), steps: steps.collect(), operations: self.operations() }
    }

    /// Returns how many operations Rhai counts: one for the expression, one for what a chain begins with, one
    /// for each name, and of a longer chain one for each name again, while it looks for arguments of calls.
    fn operations(&self) -> u64 {
        match self.names.len() as u64 {
            0 => 1,
            1 => 3,
            names => 2 + 2 * names,
        }
    }
}

/// Tells whether a dot is not `?.`.
const fn is_plain(flags: ASTFlags) -> bool {
    !flags.contains(ASTFlags::NEGATED)
}

/// A path that can be read.
pub(crate) struct FieldRead {
    root: Root,
    steps: Vec<Step>,
    operations: u64,
}

struct Step {
    name: ImmutableString,
    getters: Rc<[GetterOf]>,
}

impl FieldRead {
    /// Returns a copy of what is there and counts the operations, or returns nothing if Rhai is to evaluate
    /// the expression.
    pub(crate) fn read(
        &self,
        context: &EvalContext<'_, '_, '_, '_, '_, '_>,
        meter: &Meter,
    ) -> Option<Dynamic> {
        if !meter.has_left(self.operations) {
            return None;
        }
        let found = descend(self.root.find(context)?, &self.steps)?;
        meter.charge(self.operations);
        Some(found)
    }
}

fn descend(value: &Dynamic, steps: &[Step]) -> Option<Dynamic> {
    let Some((step, rest)) = steps.split_first() else { return Some(value.clone()) };
    if let Ok(map) = value.as_map_ref() {
        return descend(map.get(step.name.as_str())?, rest);
    }
    let object = value.type_id();
    let getter = step.getters.iter().find(|getter| getter.object == object)?;
    let field = (getter.get)(value)?;
    if rest.is_empty() { Some(field) } else { descend(&field, rest) }
}
