//! The functions that only tests of scripts can call.
//!
//! Those that move the market pass a [`MockAction`] to the [`MockMarket`](crate::script::MockMarket) of the
//! test. They give the strategy's context back to it for the duration of the action.

use std::cell::RefMut;
use std::mem;
use std::rc::Rc;

use rhai::{Dynamic, NativeCallContext};

use crate::script::api::market_handle::MarketHandle;
use crate::script::api::order_options::OrderArguments;
use crate::script::api::registry::Registry;
use crate::script::host::SharedHost;
use crate::script::host::test_harness::{MockAction, MockFill};
use crate::script::value::arguments::{ScriptResult, described, number, span};
use crate::script::value::listing::ListingInfo;
use crate::script::value::order_handle::OrderHandle;
use bearpit_core::kernel::SimContext;
use bearpit_core::participant::MarketState;
use bearpit_core::units::{NumberText, Price, Quantity, SimTime};

/// The heading of what only tests can call.
pub(super) const GROUP: &str = "Tests";
/// The sizes of a mock quote where none are given.
const DEFAULT_SIZE: f64 = 1_000.0;

/// Registers what only tests can call.
pub(crate) fn register(api: &mut Registry<'_>, host: &SharedHost) {
    api.group(GROUP);
    register_market(api);
    let shared = Rc::clone(host);
    api.function(
        "advance",
        "(span: text) -> ()",
        "Lets the clock run; the strategy receives what happens meanwhile.",
        "advance(\"30s\")",
    )
    .form(move |length: Dynamic| {
        let action = MockAction::Advance(span("advance", &length)?);
        act(&shared, "advance", action)
    });
    let (shared, partial) = (Rc::clone(host), Rc::clone(host));
    api.function(
        "fill",
        "(order: Order, quantity?: number) -> ()",
        "Lets another participant trade with a resting order of the strategy, at its price: all that is open, or so much.",
        "fill(orders()[0], 5)",
    )
    .form(move |order: Dynamic| fill(&shared, &order, None))
    .form(move |order: Dynamic, quantity: Dynamic| fill(&partial, &order, Some(&quantity)));
    let shared = Rc::clone(host);
    api.function(
        "state",
        "() -> map",
        "A copy of the strategy's `this`, as its last callback left it.",
        "state().bars == 3",
    )
    .form(move || shared.borrow().test_harness.as_ref().map_or(Dynamic::UNIT, |it| it.state.clone()));
    register_asserts(api);
}

fn register_market(api: &mut Registry<'_>) {
    api.function(
        "mock_quote",
        "(bid: number | (), ask: number | (), bid_size?: number, ask_size?: number) -> ()",
        "Moves the quotes of the market's maker: sizes are 1000 unless given, and `()` is no quote.",
        "mock_quote(99.9, 100.1)",
    )
    .at_market(&[2, 4], |market, given| {
        let size = Dynamic::from_float(DEFAULT_SIZE);
        let (_, listing) = market.open("mock_quote")?;
        let [bid, ask] = [0, 1].map(|index| {
            let size = given.get(index + 2).unwrap_or(&size);
            quoted(&listing, &given[index], size)
        });
        let action = MockAction::Quote { listing: listing.id, bid: bid?, ask: ask? };
        act(market.shared(), "mock_quote", action)
    });
    api.function(
        "mock_trade",
        "(price: number, quantity: number) -> ()",
        "Lets others trade, within the quotes if there are any.",
        "mock_trade(100.0, 10)",
    )
    .at_market(&[2], |market, given| {
        let (_, listing) = market.open("mock_trade")?;
        let price = price("mock_trade", "price", &listing, &given[0])?;
        let quantity = quantity("mock_trade", "quantity", &listing, &given[1])?;
        let action = MockAction::Trade { listing: listing.id, price, quantity };
        act(market.shared(), "mock_trade", action)
    });
    api.function(
        "mock_bar",
        "(open: number, high: number, low: number, close: number, volume: number) -> ()",
        "Lets others trade at these prices, and the clock run until the interval ends and its bar is published.",
        "mock_bar(100.0, 101.0, 99.0, 100.5, 400)",
    )
    .at_market(&[5], mock_bar);
}

fn mock_bar(market: &MarketHandle, given: &[Dynamic]) -> ScriptResult<()> {
    let (host, listing) = market.open("mock_bar")?;
    let interval = host.feeds.first_interval(listing.id);
    drop(host);
    let of = |index: usize, what: &str| price("mock_bar", what, &listing, &given[index]);
    let prices = [of(0, "open")?, of(1, "high")?, of(2, "low")?, of(3, "close")?];
    let volume = quantity("mock_bar", "volume", &listing, &given[4])?;
    let [open, high, low, close] = prices;
    if high < open.max(close).max(low) || low > open.min(close) {
        let message = "mock_bar: high must be the highest of the four prices, and low the lowest";
        return Err(message.into());
    }
    let action = MockAction::Bar { listing: listing.id, prices, volume, interval };
    act(market.shared(), "mock_bar", action)
}

fn register_asserts(api: &mut Registry<'_>) {
    type Call<'a> = NativeCallContext<'a>;
    api.function(
        "assert",
        "(condition: bool, message?: text) -> ()",
        "Ends the test as failed unless the condition holds.",
        "assert(position() >= 0.0, \"never short\")",
    )
    .form(|condition: bool| check("assert", condition, || "the condition does not hold".to_owned()))
    .form(|condition: bool, message: Dynamic| check("assert", condition, || message.to_string()));
    api.function(
        "assert_eq",
        "(actual: any, expected: any) -> ()",
        "Ends the test as failed unless both are equal; whole numbers and others compare by value.",
        "assert_eq(orders().len(), 1)",
    )
    .form(|call: Call<'_>, actual: Dynamic, expected: Dynamic| {
        let is_equal = equal(&call, &actual, &expected);
        check("assert_eq", is_equal, || format!("{} is not {}", shown(&call, actual), shown(&call, expected)))
    });
    api.function(
        "assert_close",
        "(actual: number, expected: number, tolerance: number) -> ()",
        "Ends the test as failed unless both are so near.",
        "assert_close(mid(), 100.0, 0.5)",
    )
    .form(|actual: Dynamic, expected: Dynamic, tolerance: Dynamic| {
        let of = |what: &str, value: &Dynamic| number("assert_close", what, value);
        let (actual, expected) = (of("actual value", &actual)?, of("expected value", &expected)?);
        let tolerance = of("tolerance", &tolerance)?;
        let is_close = (actual - expected).abs() <= tolerance;
        let [actual, expected, tolerance] = [actual, expected, tolerance].map(NumberText);
        check("assert_close", is_close, || format!("{actual} is not within {tolerance} of {expected}"))
    });
}

fn check(function: &str, holds: bool, message: impl FnOnce() -> String) -> ScriptResult<()> {
    if holds { Ok(()) } else { Err(format!("{function}: {}", message()).into()) }
}

#[expect(clippy::float_cmp, reason = "equality is what was asked for; assert_close is for the rest")]
fn equal(call: &NativeCallContext<'_>, a: &Dynamic, b: &Dynamic) -> bool {
    let numbers = number("", "", a).ok().zip(number("", "", b).ok());
    if let Some((a, b)) = numbers {
        return a == b;
    }
    if a.type_id() != b.type_id() {
        return false;
    }
    if a.is_unit() {
        return true;
    }
    if a.is_string() || a.is_bool() || a.is_char() {
        return a.to_string() == b.to_string();
    }
    call.call_native_fn("==", (a.clone(), b.clone())).unwrap_or(false)
}

/// Returns a value as a script would write it.
fn shown(call: &NativeCallContext<'_>, value: Dynamic) -> String {
    let plain = value.to_string();
    if value.is_string() {
        return format!("\"{plain}\"");
    }
    if value.is_unit() {
        return "()".to_owned();
    }
    call.call_native_fn::<rhai::ImmutableString>("to_string", (value,)).map_or(plain, |text| text.to_string())
}

/// Lets the market carry out an action, with the context returned to it meanwhile.
fn act(shared: &SharedHost, function: &str, action: MockAction) -> ScriptResult<()> {
    shared.borrow().need_run(function)?;
    let market = shared.borrow().test_harness.as_ref().and_then(|it| it.market.upgrade());
    let market = market.ok_or_else(|| format!("{function}: there is no market"))?;
    let Ok(mut market): Result<RefMut<'_, _>, _> = market.try_borrow_mut() else {
        return Err(format!("{function}: this is for tests; the strategy itself cannot call it").into());
    };
    let vacant = SimContext::vacant(MarketState::vacant());
    let mut ctx = mem::replace(&mut shared.borrow_mut().ctx, vacant);
    let done = market.act(action, &mut ctx);
    shared.borrow_mut().ctx = ctx;
    done.map_err(|why| format!("{function}: {why}").into())
}

fn fill(shared: &SharedHost, order: &Dynamic, wanted: Option<&Dynamic>) -> ScriptResult<()> {
    let Some(order) = order.read_lock::<OrderHandle>().map(|order| order.clone()) else {
        return Err(format!("fill: the order must be an Order, but is {}", described(order)).into());
    };
    let listing = order.listing().clone();
    let resting = order.id().zip(order.price()).filter(|_| order.is_open());
    let Some((id, limit)) = resting else {
        return Err(format!("fill: {order} does not rest at a price, so nobody can trade with it").into());
    };
    let price = price("fill", "price", &listing, &Dynamic::from_float(limit))?;
    let leaves = order.leaves();
    let quantity = wanted.map_or(Ok(leaves), |wanted| quantity("fill", "quantity", &listing, wanted))?;
    if quantity > leaves {
        let (leaves, wanted) = (listing.quantity(leaves), listing.quantity(quantity));
        return Err(format!("fill: {wanted} is more than the {leaves} that are open").into());
    }
    let fill = MockFill { listing: listing.id, side: order.side(), price, quantity };
    let action = MockAction::Fill { order: id, fill };
    act(shared, "fill", action)
}

/// Reads one side of a quote; `()` means none.
fn quoted(
    listing: &Rc<ListingInfo>,
    value: &Dynamic,
    size: &Dynamic,
) -> ScriptResult<Option<(Price, Quantity)>> {
    if value.is_unit() {
        return Ok(None);
    }
    let price = price("mock_quote", "price", listing, value)?;
    Ok(Some((price, quantity("mock_quote", "size", listing, size)?)))
}

fn price(function: &str, what: &str, listing: &ListingInfo, value: &Dynamic) -> ScriptResult<Price> {
    let value = number(function, what, value)?;
    let price = listing.instrument.nearest_price(value).filter(|price| listing.instrument.allows(*price));
    price.ok_or_else(|| {
        let least = listing.instrument.least_price();
        let value = NumberText(value);
        let article = if what == "open" { "an" } else { "a" };
        format!("{function}: {article} {what} of {value} is not allowed; it must be at least {least}").into()
    })
}

fn quantity(
    function: &'static str,
    what: &str,
    listing: &ListingInfo,
    value: &Dynamic,
) -> ScriptResult<Quantity> {
    OrderArguments { function, listing, now: SimTime::from_nanos(0) }.quantity(what, value)
}
