//! [`Language`]: a script's engine with all functions and objects registered, and the list of them.

use std::any::TypeId;

use rhai::Engine;
use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};

use super::{
    account, auto_update, indicators, market, objects, orders, output, params, random, test_functions, time,
};
use crate::script::api::entries::Api;
use crate::script::api::market_handle::MarketHandle;
use crate::script::api::registry::Registry;
use crate::script::host::test_harness::{MockAction, MockError, MockMarket, TestHarness};
use crate::script::host::{Host, SharedHost};
use crate::script::sandbox::confinement::confined_engine;
use crate::script::sandbox::registered_functions::{FunctionForm, registered_functions};
use crate::script::sandbox::{portable_math, sort};
use bearpit_core::participant::Context;
use rhai::Dynamic;
use std::cell::RefCell;
use std::rc::Rc;

/// An engine with the language of strategies, and the list of what it has.
pub(crate) struct Language {
    pub(crate) engine: Engine,
    /// All that scripts can call and read.
    pub(crate) api: Api,
}

/// Makes the language of one script, whose functions act through `host`.
///
/// If `host` has a test harness, the functions of tests are registered too.
pub(crate) fn engine(host: &SharedHost) -> Language {
    let mut engine = confined_engine();
    // Chosen one by one: no time, no sleep, no files.
    ArithmeticPackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    BasicStringPackage::new().register_into_engine(&mut engine);
    MoreStringPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    BasicIteratorPackage::new().register_into_engine(&mut engine);
    BasicFnPackage::new().register_into_engine(&mut engine);
    portable_math::register(&mut engine);
    sort::register(&mut engine);
    host.borrow().meter.watch(&mut engine);
    let mut api = Registry::new(&mut engine, host);
    objects::register(&mut api);
    params::register(&mut api, host);
    orders::register(&mut api, host);
    market::register(&mut api, host);
    account::register(&mut api, host);
    time::register(&mut api, host);
    random::register(&mut api, host);
    output::register(&mut api, host);
    indicators::register(&mut api);
    auto_update::register(&mut api);
    if host.borrow().test_harness.is_some() {
        test_functions::register(&mut api, host);
    }
    let Registry { api, .. } = api;
    Language { engine, api }
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
    engine(&Rc::new(RefCell::new(Host::vacant()))).api
}

/// A market without function, for listing the functions of tests.
struct NoMarket;

impl MockMarket for NoMarket {
    fn act(&mut self, _: MockAction, _: &mut Context) -> Result<(), MockError> {
        Err(MockError::NoMarket)
    }
}

/// Returns a host for listing the functions of tests.
pub(crate) fn host_for_listing() -> SharedHost {
    let market: Rc<RefCell<dyn MockMarket>> = Rc::new(RefCell::new(NoMarket));
    let test_harness = TestHarness { market: Rc::downgrade(&market), state: Dynamic::UNIT };
    Rc::new(RefCell::new(Host { test_harness: Some(test_harness), ..Host::vacant() }))
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
    let mut api = engine(&host_for_listing()).api;
    api.functions.retain(|entry| entry.group == test_functions::GROUP);
    api.fields.clear();
    api
}
