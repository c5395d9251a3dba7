//! What scripts can call and read, written down where it is registered.
//!
//! Functions and fields reach the engine only through a [`Registry`], which notes each with what it takes,
//! what it returns, a sentence and an example. So the list that the reference page, the messages about
//! wrong arguments and tools read is the list of what there is.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

use rhai::{Dynamic, Engine, RhaiNativeFunc};

use super::engine;
use super::host::{Host, Outcome};
use super::market::Market;
use super::paths::Fields;

/// A function of the language of strategies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiEntry {
    /// What it has to do with: a heading of the reference page.
    pub group: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it takes and returns, such as `(quantity: number, options?: text | map) -> Order`: `?` marks
    /// what may be left out, `|` separates types.
    pub signature: &'static str,
    /// One sentence that says what it does.
    pub about: &'static str,
    /// A line that runs in `on_timer`.
    pub example: &'static str,
    /// Whether it can also be called on a market, as in `market("ACME").buy(10)`.
    pub on_markets: bool,
}

impl ApiEntry {
    /// Returns what it takes, in parentheses.
    #[must_use]
    pub fn arguments(&self) -> &'static str {
        self.signature.split_once(" ->").map_or(self.signature, |(arguments, _)| arguments)
    }
}

/// A field of an object that scripts are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldEntry {
    /// The object's type, such as `Bar`.
    pub owner: &'static str,
    /// The field's name.
    pub name: &'static str,
    /// Its type.
    pub value: &'static str,
    /// What it is.
    pub about: &'static str,
}

/// The whole language of strategies, beyond Rhai itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Api {
    /// The functions, by group.
    pub functions: Vec<ApiEntry>,
    /// The fields of objects, object by object.
    pub fields: Vec<FieldEntry>,
}

impl Api {
    /// Returns the function of that name.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<&ApiEntry> {
        self.functions.iter().find(|entry| entry.name == name)
    }

    /// Returns the fields of a type of objects.
    pub fn fields_of<'a>(&'a self, owner: &'a str) -> impl Iterator<Item = &'a FieldEntry> {
        self.fields.iter().filter(move |entry| entry.owner == owner)
    }
}

/// Returns all that scripts can call and read.
#[must_use]
pub fn api() -> Api {
    engine::engine(&Rc::new(RefCell::new(Host::vacant()))).api
}

/// Registers functions and fields, and keeps the list of them.
pub(super) struct Registry<'a> {
    pub(super) engine: &'a mut Engine,
    host: Rc<RefCell<Host>>,
    group: &'static str,
    pub(super) api: Api,
    pub(super) fields: Fields,
}

impl<'a> Registry<'a> {
    /// Begins with nothing registered; functions act through `host`.
    pub(super) fn new(engine: &'a mut Engine, host: &Rc<RefCell<Host>>) -> Self {
        Self { engine, host: Rc::clone(host), group: "", api: Api::default(), fields: Fields::default() }
    }

    /// Begins a group.
    pub(super) const fn group(&mut self, group: &'static str) {
        self.group = group;
    }

    /// Begins a function, to which its forms are added.
    pub(super) fn function(
        &mut self,
        name: &'static str,
        signature: &'static str,
        about: &'static str,
        example: &'static str,
    ) -> Function<'_, 'a> {
        let group = self.group;
        self.api.functions.push(ApiEntry { group, name, signature, about, example, on_markets: false });
        Function { registry: self, name }
    }

    /// Registers a type of objects under the name that messages give it.
    pub(super) fn object<T: Clone + 'static>(&mut self, name: &'static str) -> Object<'_, 'a, T> {
        self.engine.register_type_with_name::<T>(name);
        Object { registry: self, name, marker: PhantomData }
    }
}

/// One function under registration, in its forms.
pub(super) struct Function<'r, 'a> {
    registry: &'r mut Registry<'a>,
    name: &'static str,
}

impl Function<'_, '_> {
    /// Adds a form that has the host, if anything, from where it was made.
    pub(super) fn form<A: 'static, const N: usize, const X: bool, R, const F: bool>(
        self,
        function: impl RhaiNativeFunc<A, N, X, R, F> + 'static,
    ) -> Self
    where
        R: Clone + 'static,
    {
        self.registry.engine.register_fn(self.name, function);
        self
    }

    /// Adds forms with so many arguments each, up to five, for the home market and for any.
    pub(super) fn at_market<R: Clone + 'static>(
        mut self,
        counts: &[usize],
        function: impl Fn(&Market, &[Dynamic]) -> Outcome<R> + Copy + 'static,
    ) -> Self {
        if let Some(entry) = self.registry.api.functions.last_mut() {
            entry.on_markets = true;
        }
        for count in counts {
            self = self.at_market_with(*count, function);
        }
        self
    }

    fn at_market_with<R: Clone + 'static>(
        self,
        count: usize,
        function: impl Fn(&Market, &[Dynamic]) -> Outcome<R> + Copy + 'static,
    ) -> Self {
        type D = Dynamic;
        type M<'m> = &'m mut Market;
        let home = Market::home(Rc::clone(&self.registry.host));
        match count {
            0 => self.form(move || function(&home, &[])).form(move |m: M<'_>| function(m, &[])),
            1 => self.form(move |a: D| function(&home, &[a])).form(move |m: M<'_>, a: D| function(m, &[a])),
            2 => self
                .form(move |a: D, b: D| function(&home, &[a, b]))
                .form(move |m: M<'_>, a: D, b: D| function(m, &[a, b])),
            3 => self
                .form(move |a: D, b: D, c: D| function(&home, &[a, b, c]))
                .form(move |m: M<'_>, a: D, b: D, c: D| function(m, &[a, b, c])),
            4 => self
                .form(move |a: D, b: D, c: D, d: D| function(&home, &[a, b, c, d]))
                .form(move |m: M<'_>, a: D, b: D, c: D, d: D| function(m, &[a, b, c, d])),
            _ => self
                .form(move |a: D, b: D, c: D, d: D, e: D| function(&home, &[a, b, c, d, e]))
                .form(move |m: M<'_>, a: D, b: D, c: D, d: D, e: D| function(m, &[a, b, c, d, e])),
        }
    }
}

/// One type of objects under registration.
pub(super) struct Object<'r, 'a, T> {
    registry: &'r mut Registry<'a>,
    name: &'static str,
    marker: PhantomData<T>,
}

impl<T: Clone + 'static> Object<'_, '_, T> {
    /// Adds a field of a type that Rhai knows.
    pub(super) fn field<V: Clone + 'static>(
        self,
        name: &'static str,
        value: &'static str,
        about: &'static str,
        get: impl Fn(&T) -> V + 'static,
    ) -> Self {
        self.fallible(name, value, about, move |object| Ok(get(object)))
    }

    /// Adds a field that may be absent, which Rhai says with `()`.
    pub(super) fn option<V: Into<Dynamic>>(
        self,
        name: &'static str,
        value: &'static str,
        about: &'static str,
        get: impl Fn(&T) -> Option<V> + 'static,
    ) -> Self {
        self.field(name, value, about, move |object| optional(get(object)))
    }

    /// Adds a field that may be wrong to ask for.
    pub(super) fn fallible<V: Clone + 'static>(
        self,
        name: &'static str,
        value: &'static str,
        about: &'static str,
        get: impl Fn(&T) -> Outcome<V> + 'static,
    ) -> Self {
        self.registry.api.fields.push(FieldEntry { owner: self.name, name, value, about });
        let get = Rc::new(get);
        self.registry.fields.note(name, Rc::clone(&get));
        self.registry.engine.register_get(name, move |object: &mut T| get(object));
        self
    }

    /// Says how an object is printed.
    pub(super) fn shown(self, show: impl Fn(&T) -> String + Copy + 'static) -> Self {
        self.registry.engine.register_fn("to_string", move |object: &mut T| show(object));
        self.registry.engine.register_fn("to_debug", move |object: &mut T| show(object));
        self
    }
}

/// Returns `()` for nothing, which is how Rhai says so.
pub(super) fn optional<T: Into<Dynamic>>(value: Option<T>) -> Dynamic {
    value.map_or(Dynamic::UNIT, Into::into)
}
