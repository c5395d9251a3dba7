//! The functions that scripts call.

use std::cell::RefCell;
use std::rc::Rc;

use rand::RngExt;
use rhai::{Dynamic, Engine, ImmutableString};

use super::host::{Host, Outcome};
use super::market::{Ask, MarketHandle};
use super::types::optional;
use crate::market::{Side, TimeInForce};
use crate::units::{ListingId, SimDuration};

/// The names of all functions registered here; `docs/strategies.md` tells of each.
pub(super) const NAMES: [&str; 29] = [
    "ask",
    "bid",
    "buy",
    "buy_limit",
    "cancel",
    "cancel_all",
    "cash",
    "equity",
    "every",
    "fees",
    "free_cash",
    "last_price",
    "last_refusal",
    "log",
    "market",
    "mid",
    "now",
    "open_orders",
    "position",
    "quote",
    "random",
    "realized",
    "replace",
    "sell",
    "sell_limit",
    "set_timer",
    "spread",
    "subscribe",
    "time",
];

type Shared = Rc<RefCell<Host>>;

/// Registers all functions.
pub(super) fn register(engine: &mut Engine, host: &Shared) {
    engine.register_type_with_name::<MarketHandle>("Market");
    orders(engine, host);
    views(engine, host);
    account(engine, host);
    time_and_chance(engine, host);
    log(engine, host);
}

/// Orders: each function once for the script's own market, and once as a method of any.
fn orders(engine: &mut Engine, host: &Shared) {
    for (name, side) in [("buy", Side::Buy), ("sell", Side::Sell)] {
        let ask = Ask { function: name, side, time_in_force: TimeInForce::Ioc };
        let home = MarketHandle::home(Rc::clone(host));
        engine.register_fn(name, move |quantity: Dynamic| home.market_order(ask, &quantity));
        engine.register_fn(name, move |market: &mut MarketHandle, quantity: Dynamic| {
            market.market_order(ask, &quantity)
        });
    }
    for (name, side) in [("buy_limit", Side::Buy), ("sell_limit", Side::Sell)] {
        let resting = Ask { function: name, side, time_in_force: TimeInForce::Gtc };
        let with =
            move |word: &str| time_in_force(name, word).map(|time_in_force| Ask { time_in_force, ..resting });
        let home = MarketHandle::home(Rc::clone(host));
        let limit = home.clone();
        engine.register_fn(name, move |quantity: Dynamic, price: Dynamic| {
            limit.limit_order(resting, &quantity, &price)
        });
        engine.register_fn(name, move |quantity: Dynamic, price: Dynamic, word: ImmutableString| {
            home.limit_order(with(&word)?, &quantity, &price)
        });
        engine.register_fn(name, move |market: &mut MarketHandle, quantity: Dynamic, price: Dynamic| {
            market.limit_order(resting, &quantity, &price)
        });
        engine.register_fn(
            name,
            move |market: &mut MarketHandle, quantity: Dynamic, price: Dynamic, word: ImmutableString| {
                market.limit_order(with(&word)?, &quantity, &price)
            },
        );
    }
    let home = MarketHandle::home(Rc::clone(host));
    let other = home.clone();
    engine.register_fn("cancel", move |order: i64| home.cancel(order));
    engine.register_fn("replace", move |order: i64, quantity: Dynamic, price: Dynamic| {
        other.replace(order, &quantity, &price)
    });
    let shared = Rc::clone(host);
    engine.register_fn("cancel_all", move || -> Outcome<()> {
        let mut host = shared.borrow_mut();
        host.count_order()?;
        host.ctx.cancel_all();
        Ok(())
    });
}

fn time_in_force(function: &str, word: &str) -> Outcome<TimeInForce> {
    match word {
        "GTC" => Ok(TimeInForce::Gtc),
        "IOC" => Ok(TimeInForce::Ioc),
        "FOK" => Ok(TimeInForce::Fok),
        _ => {
            Err(format!("{function}: `{word}` is not a time in force; allowed: \"GTC\", \"IOC\", \"FOK\"")
                .into())
        }
    }
}

/// Views of the market.
fn views(engine: &mut Engine, host: &Shared) {
    type View = fn(&MarketHandle) -> Outcome<Dynamic>;
    let views: [(&str, View); 8] = [
        ("quote", |market| market.quote().map(Dynamic::from)),
        ("bid", |market| Ok(optional(market.quote()?.bid()))),
        ("ask", |market| Ok(optional(market.quote()?.ask()))),
        ("mid", |market| Ok(optional(market.quote()?.mid()))),
        ("spread", |market| Ok(optional(market.quote()?.spread()))),
        ("last_price", |market| Ok(optional(market.last_price()))),
        ("position", |market| Ok(market.position().into())),
        ("open_orders", |market| Ok(market.open_orders().into())),
    ];
    for (name, view) in views {
        let home = MarketHandle::home(Rc::clone(host));
        engine.register_fn(name, move || view(&home));
        engine.register_fn(name, move |market: &mut MarketHandle| view(market));
    }
    engine.register_fn("subscribe", |market: &mut MarketHandle| market.subscribe());
    let shared = Rc::clone(host);
    engine.register_fn("market", move |symbol: ImmutableString| market(&shared, &symbol, None));
    let shared = Rc::clone(host);
    engine.register_fn("market", move |symbol: ImmutableString, venue: ImmutableString| {
        market(&shared, &symbol, Some(&venue))
    });
    let shared = Rc::clone(host);
    engine.register_fn("position", move |symbol: ImmutableString| -> Outcome<f64> {
        Ok(market(&shared, &symbol, None)?.position())
    });
}

fn market(host: &Shared, symbol: &str, venue: Option<&str>) -> Outcome<MarketHandle> {
    let names = &host.borrow().names;
    let fits = |(listed, at): &(ImmutableString, ImmutableString)| {
        listed == symbol && venue.is_none_or(|venue| at == venue)
    };
    let index = names.iter().position(fits).and_then(|index| u32::try_from(index).ok());
    match index {
        Some(index) => Ok(MarketHandle::at(Rc::clone(host), ListingId::new(index))),
        None => {
            let all: Vec<String> =
                names.iter().map(|(symbol, venue)| format!("{symbol} at {venue}")).collect();
            let asked = venue.map_or_else(|| symbol.to_owned(), |venue| format!("{symbol} at {venue}"));
            Err(format!("market: there is no {asked}; there is {}", all.join(", ")).into())
        }
    }
}

/// The script's own account.
fn account(engine: &mut Engine, host: &Shared) {
    use crate::account::Account;
    use crate::units::Money;
    type Amount = fn(&Account) -> Money;
    let numbers: [(&str, Amount); 4] = [
        ("cash", Account::cash),
        ("free_cash", Account::free_cash),
        ("fees", Account::fees),
        ("realized", Account::realized),
    ];
    for (name, number) in numbers {
        let shared = Rc::clone(host);
        engine.register_fn(name, move || shared.borrow().ctx.account().map_or(0.0, |it| number(it).to_f64()));
    }
    let shared = Rc::clone(host);
    engine.register_fn("equity", move || shared.borrow().ctx.equity().map_or(0.0, Money::to_f64));
    let shared = Rc::clone(host);
    engine.register_fn("last_refusal", move || optional(shared.borrow().last_refusal.clone()));
}

/// Clock, timers and chance.
fn time_and_chance(engine: &mut Engine, host: &Shared) {
    let shared = Rc::clone(host);
    engine.register_fn("now", move || shared.borrow().ctx.now().to_string());
    let shared = Rc::clone(host);
    engine.register_fn("time", move || {
        let host = shared.borrow();
        (host.ctx.now() - host.start).secs_f64()
    });
    let shared = Rc::clone(host);
    engine.register_fn("set_timer", move |name: ImmutableString, span: ImmutableString| {
        set_timer(&shared, "set_timer", (&name, &span), false)
    });
    let shared = Rc::clone(host);
    engine.register_fn("every", move |name: ImmutableString, span: ImmutableString| {
        set_timer(&shared, "every", (&name, &span), true)
    });
    let shared = Rc::clone(host);
    engine.register_fn("random", move || shared.borrow_mut().ctx.rng().random::<f64>());
}

fn set_timer(host: &Shared, function: &str, (name, span): (&str, &str), repeats: bool) -> Outcome<()> {
    let span: SimDuration = span.parse().map_err(|error| format!("{function}: {error}"))?;
    if span < SimDuration::from_micros(1) {
        return Err(format!("{function}: {span} is too short; the least is 1us").into());
    }
    let mut host = host.borrow_mut();
    let tag = host.timer(name, repeats.then_some(span))?;
    host.ctx.wake_after(span, tag);
    Ok(())
}

fn log(engine: &mut Engine, host: &Shared) {
    let shared = Rc::clone(host);
    engine.register_fn("log", move |value: Dynamic| shared.borrow_mut().log(&value.to_string()));
    // Rhai's own `log` of a number is the logarithm; here it writes, as of anything else.
    let shared = Rc::clone(host);
    engine.register_fn("log", move |value: f64| shared.borrow_mut().log(&Dynamic::from(value).to_string()));
}
