//! The short way to a field: chains of names, as in `this.fast.value` or `quote.bid`.
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

use rhai::{ASTFlags, Dynamic, EvalContext, Expr, ImmutableString};

use crate::script::value::arguments::Outcome;

type Getter = Rc<dyn Fn(&Dynamic) -> Option<Dynamic>>;

/// The getters of the host's objects, by the name of the field and the type of the object.
#[derive(Clone, Default)]
pub(crate) struct Fields(BTreeMap<&'static str, Vec<(TypeId, Getter)>>);

impl Fields {
    /// Notes how a field is read.
    pub(crate) fn note<T: Clone + 'static, V: Clone + 'static>(
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
pub(crate) struct Path {
    pub(super) root: Root,
    pub(super) names: Vec<ImmutableString>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Root {
    This,
    Variable(ImmutableString),
}

impl Path {
    /// Returns the chain that an expression is, if it is nothing but names.
    pub(crate) fn of(expr: &Expr) -> Option<Self> {
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
    pub(crate) fn through(&self, fields: &Fields, constants: &Constants) -> PathTo {
        let getters = |name: &ImmutableString| fields.0.get(name.as_str()).cloned().unwrap_or_default();
        let steps = self.names.iter().map(|name| Step { name: name.clone(), getters: getters(name) });
        PathTo { root: self.root.clone(), steps: steps.collect(), constants: Rc::clone(constants) }
    }
}

/// A path that can be read.
pub(crate) trait Read {
    /// Returns a copy of what is there, or nothing if Rhai is to look.
    fn read(&self, context: &EvalContext<'_, '_, '_, '_, '_, '_>) -> Option<Dynamic>;
}

/// What a script declares outside of functions, once it is known.
pub(crate) type Constants = Rc<OnceCell<BTreeMap<String, Dynamic>>>;

/// The way to a field.
pub(crate) struct PathTo {
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
