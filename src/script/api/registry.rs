//! [`Registry`]: registers functions and fields together with their documentation.
//!
//! Functions and fields reach the module of a world only through a [`Registry`], which notes each with what
//! it takes, what it returns, a sentence and an example. So the list that the reference page, the messages
//! about wrong arguments and tools read is the list of what there is.

use std::marker::PhantomData;
use std::rc::Rc;

use rhai::{Dynamic, Module, RhaiNativeFunc};

use crate::script::api::entries::{Api, ApiEntry, FieldEntry};
use crate::script::api::market_handle::MarketHandle;
use crate::script::host::SharedHost;
use crate::script::sandbox::field_access::Getters;
use crate::script::sandbox::native::add_function;
use crate::script::value::arguments::{ScriptResult, optional};
use crate::script::value::views::seconds;
use bearpit_core::units::SimTime;

/// Registers functions and fields, and collects the list of them.
pub(crate) struct Registry<'a> {
    pub(crate) module: &'a mut Module,
    host: SharedHost,
    group: &'static str,
    pub(crate) api: Api,
    /// The same getters as in the module, for reads without Rhai.
    pub(crate) getters: Getters,
}

impl<'a> Registry<'a> {
    /// Begins with nothing registered; functions act through `host`.
    pub(crate) fn new(module: &'a mut Module, host: &SharedHost) -> Self {
        Self { module, host: Rc::clone(host), group: "", api: Api::default(), getters: Getters::default() }
    }

    /// Returns the host that the functions act through.
    pub(crate) fn host(&self) -> SharedHost {
        Rc::clone(&self.host)
    }

    /// Begins a group.
    pub(crate) const fn group(&mut self, group: &'static str) {
        self.group = group;
    }

    /// Begins a function, to which its forms are added.
    pub(crate) fn function(
        &mut self,
        name: &'static str,
        signature: &'static str,
        about: &'static str,
        example: &'static str,
    ) -> FunctionEntry<'_, 'a> {
        let group = self.group;
        self.api.functions.push(ApiEntry { group, name, signature, about, example, on_markets: false });
        FunctionEntry { registry: self, name }
    }

    /// Registers a type of objects under the name that messages give it.
    pub(crate) fn object<T: Clone + 'static>(&mut self, name: &'static str) -> ObjectEntry<'_, 'a, T> {
        self.module.set_custom_type::<T>(name);
        ObjectEntry { registry: self, name, marker: PhantomData }
    }
}

/// A function that is being registered, form by form.
pub(crate) struct FunctionEntry<'r, 'a> {
    registry: &'r mut Registry<'a>,
    name: &'static str,
}

impl FunctionEntry<'_, '_> {
    /// Adds a form; it has the host only by what the closure captures.
    pub(crate) fn form<A: 'static, const N: usize, const X: bool, R, const F: bool>(
        self,
        function: impl RhaiNativeFunc<A, N, X, R, F> + 'static,
    ) -> Self
    where
        R: Clone + 'static,
    {
        add_function(self.registry.module, self.name, function);
        self
    }

    /// Adds forms with these numbers of arguments, at most five, each for the default market and for a named
    /// one.
    pub(crate) fn at_market<R: Clone + 'static>(
        mut self,
        counts: &[usize],
        function: impl Fn(&MarketHandle, &[Dynamic]) -> ScriptResult<R> + Copy + 'static,
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
        function: impl Fn(&MarketHandle, &[Dynamic]) -> ScriptResult<R> + Copy + 'static,
    ) -> Self {
        type D = Dynamic;
        type M<'m> = &'m mut MarketHandle;
        let home = MarketHandle::home(Rc::clone(&self.registry.host));
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

/// A type of objects that is being registered, field by field.
pub(crate) struct ObjectEntry<'r, 'a, T> {
    registry: &'r mut Registry<'a>,
    name: &'static str,
    marker: PhantomData<T>,
}

impl<T: Clone + 'static> ObjectEntry<'_, '_, T> {
    /// Adds a field of a type that Rhai knows.
    pub(crate) fn field<V: Clone + 'static>(
        self,
        name: &'static str,
        value: &'static str,
        about: &'static str,
        get: impl Fn(&T) -> V + 'static,
    ) -> Self {
        self.fallible(name, value, about, move |object| Ok(get(object)))
    }

    /// Adds a field that may be absent, `()` in Rhai.
    pub(crate) fn option<V: Into<Dynamic>>(
        self,
        name: &'static str,
        value: &'static str,
        about: &'static str,
        get: impl Fn(&T) -> Option<V> + 'static,
    ) -> Self {
        self.field(name, value, about, move |object| optional(get(object)))
    }

    /// Adds a field whose read can fail.
    pub(crate) fn fallible<V: Clone + 'static>(
        self,
        name: &'static str,
        value: &'static str,
        about: &'static str,
        get: impl Fn(&T) -> ScriptResult<V> + 'static,
    ) -> Self {
        self.registry.api.fields.push(FieldEntry { owner: self.name, name, value, about });
        let get = Rc::new(get);
        self.registry.getters.note(name, Rc::clone(&get));
        self.registry.module.set_getter_fn(name, move |object: &mut T| get(object));
        self
    }

    /// Adds the fields of the time at which it happened, as numbers.
    pub(crate) fn instant(self, at: impl Fn(&T) -> SimTime + Copy + 'static) -> Self {
        self.field("time_ns", "number", "that time as nanoseconds since 1970, an integer", move |object| {
            at(object).nanos()
        })
        .field("seconds", "number", "that time as seconds since 1970", move |object| seconds(at(object)))
    }

    /// Sets how an object is printed.
    pub(crate) fn shown(self, show: impl Fn(&T) -> String + Copy + 'static) -> Self {
        add_function(self.registry.module, "to_string", move |object: &mut T| show(object));
        add_function(self.registry.module, "to_debug", move |object: &mut T| show(object));
        self
    }
}
