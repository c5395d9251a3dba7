//! [`Language`]: what scripts can call, in modules that all engines of a thread share.

use std::any::TypeId;
use std::cell::RefCell;
use std::rc::Rc;

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{Engine, EvalAltResult, Module, Shared as SharedModule};

use super::{
    account, auctions, auto_update, indicators, market, memory, objects, orders, output, params, random,
    rounding, test_functions, time,
};
use crate::script::api::entries::Api;
use crate::script::api::market_handle::MarketHandle;
use crate::script::api::registry::Registry;
use crate::script::host::meter::Meter;
use crate::script::host::{Host, SharedHost};
use crate::script::sandbox::confinement::confined_engine;
use crate::script::sandbox::field_access::Getters;
use crate::script::sandbox::registered_functions::{FunctionForm, registered_functions};
use crate::script::sandbox::{bounded_growth, portable_math, sort};

/// The language of strategies: Rhai's functions and ours, registered once for all scripts of a thread.
pub(crate) struct Language {
    /// Rhai's packages, and last what is looked up first: ours.
    modules: Vec<SharedModule<Module>>,
    /// All that scripts can call and read.
    pub(crate) api: Api,
    /// How the host's objects are read without Rhai.
    pub(crate) getters: Getters,
    /// What the functions act on.
    pub(crate) host: SharedHost,
    pub(crate) meter: Rc<Meter>,
}

thread_local! {
    static OF_THREAD: Rc<Language> = Rc::new(Language::make(false));
}

impl Language {
    /// Returns what strategies can call, which is registered once a thread: its functions act on the trader
    /// that is lent to its host for the length of a callback, and keep nothing of it, so worlds that follow
    /// each other on a thread can share it as the traders of one world do.
    pub(crate) fn of_thread() -> Rc<Self> {
        OF_THREAD.with(Rc::clone)
    }

    /// Registers also what only tests can call.
    pub(crate) fn with_test_functions() -> Self {
        Self::make(true)
    }

    fn make(with_test_functions: bool) -> Self {
        // Sets the seed of Rhai's hashes before the first of them is made.
        drop(confined_engine());
        let host = Host::vacant();
        let meter = Rc::clone(&host.meter);
        let host = Rc::new(RefCell::new(host));
        let mut module = Module::new();
        portable_math::register(&mut module);
        sort::register(&mut module);
        bounded_growth::register(&mut module, &meter);
        let mut api = Registry::new(&mut module, &host);
        objects::register(&mut api);
        params::register(&mut api, &host);
        orders::register(&mut api, &host);
        rounding::register(&mut api);
        market::register(&mut api, &host);
        account::register(&mut api, &host);
        auctions::register(&mut api, &host);
        time::register(&mut api, &host);
        random::register(&mut api, &host);
        output::register(&mut api, &host);
        memory::register(&mut api, &host);
        indicators::register(&mut api);
        auto_update::register(&mut api);
        if with_test_functions {
            test_functions::register(&mut api, &host);
        }
        let Registry { api, getters, .. } = api;
        let mut modules = packages();
        modules.push(module.into());
        Self { modules, api, getters, host, meter }
    }

    /// Makes an engine that evaluates the language. It costs little: what is registered is shared.
    pub(crate) fn engine(&self) -> Engine {
        let mut engine = confined_engine();
        for module in &self.modules {
            engine.register_global_module(module.clone());
        }
        self.meter.watch(&mut engine);
        for is_debug in [false, true] {
            let (host, meter) = (Rc::clone(&self.host), Rc::clone(&self.meter));
            let write = move |text: &str| {
                let logged = host.borrow_mut().log(text);
                // Rhai takes no error here, so the callback ends with its next step.
                if let Err(error) = logged {
                    meter.stop(message_of(&error));
                }
            };
            if is_debug {
                engine.on_debug(move |text, _, _| write(text));
            } else {
                engine.on_print(write);
            }
        }
        engine
    }
}

/// Returns the text of an error that a function of ours has made.
fn message_of(error: &EvalAltResult) -> String {
    match error {
        EvalAltResult::ErrorTerminated(value, _) | EvalAltResult::ErrorRuntime(value, _) => value.to_string(),
        other => other.to_string(),
    }
}

/// Returns what scripts can use of Rhai, chosen one by one: no time, no sleep, no files.
fn packages() -> Vec<SharedModule<Module>> {
    vec![
        ArithmeticPackage::new().as_shared_module(),
        LogicPackage::new().as_shared_module(),
        BasicMathPackage::new().as_shared_module(),
        BasicStringPackage::new().as_shared_module(),
        MoreStringPackage::new().as_shared_module(),
        BasicArrayPackage::new().as_shared_module(),
        BasicMapPackage::new().as_shared_module(),
        BasicIteratorPackage::new().as_shared_module(),
        BasicFnPackage::new().as_shared_module(),
    ]
}

/// A form of a function, for tools that list what scripts can call.
pub(crate) struct CallForm {
    pub(crate) name: String,
    /// The number of its arguments, a market that it is called on included.
    pub(crate) arguments: usize,
    /// Whether the first argument is a market.
    pub(crate) on_market: bool,
}

/// Returns the forms of all functions of an engine, Rhai's own among them.
pub(crate) fn call_forms(engine: &Engine) -> Vec<CallForm> {
    let market = TypeId::of::<MarketHandle>();
    let form = |it: FunctionForm| CallForm {
        on_market: it.types.first() == Some(&market),
        arguments: it.arguments,
        name: it.name,
    };
    registered_functions(engine).into_iter().map(form).collect()
}

/// Returns all that scripts can call and read, beyond Rhai itself.
///
/// # Examples
/// ```
/// let api = bearpit::script::api();
/// let buy = api.function("buy").unwrap();
/// assert_eq!(buy.signature, "(quantity: number, options?: text | map) -> Order");
/// assert!(api.fields_of("Bar").any(|field| field.name == "close"));
/// ```
#[must_use]
pub fn api() -> Api {
    Language::make(false).api
}

/// Returns what only tests of a script can call.
///
/// # Examples
/// ```
/// let functions = bearpit::script::test_functions();
/// assert!(functions.function("mock_quote").is_some());
/// assert!(bearpit::script::api().function("mock_quote").is_none());
/// ```
#[must_use]
pub fn test_functions() -> Api {
    let mut api = Language::with_test_functions().api;
    api.functions.retain(|entry| entry.group == test_functions::GROUP);
    api.fields.clear();
    api
}
