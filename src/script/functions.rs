//! The functions that tell of the account, of time and chance, and that write.

use std::rc::Rc;

use rand::RngExt;
use rand_distr::Distribution;
use rhai::Dynamic;

use super::api::Registry;
use super::host::{Outcome, Shared, number, text};
use super::market::span;
use super::objects::Clock;
use bearpit_core::account::Account;
use bearpit_core::kernel::StandardNormal;
use bearpit_core::units::Money;

/// Registers the account's functions.
pub(super) fn register_account(api: &mut Registry<'_>, host: &Shared) {
    type Amount = fn(&Account) -> Money;
    let amounts: [([&'static str; 3], Amount); 5] = [
        (["cash", "Cash, held part included.", "cash() > 0"], Account::cash),
        (["free_cash", "Cash that no open order holds.", "free_cash()"], Account::free_cash),
        (["realized", "P&L realized so far, before fees.", "realized()"], Account::realized),
        (["fees", "Fees paid less rebates.", "fees()"], Account::fees),
        (
            ["financing", "Interest received less paid, and less what borrowed shares cost.", "financing()"],
            Account::financed,
        ),
    ];
    for ([name, about, example], amount) in amounts {
        let shared = Rc::clone(host);
        api.function(name, "() -> number", about, example)
            .form(move || shared.borrow().ctx.account().map_or(0.0, |account| amount(account).to_f64()));
    }
    let shared = Rc::clone(host);
    api.function("equity", "() -> number", "Cash, and holdings at their marks.", "equity()")
        .form(move || shared.borrow().ctx.equity().map_or(0.0, Money::to_f64));
    let shared = Rc::clone(host);
    api.function(
        "unrealized",
        "() -> number",
        "What holdings are worth less what they cost.",
        "unrealized()",
    )
    .form(move || {
        let host = shared.borrow();
        let mut instruments: Vec<_> = host.places.iter().map(|place| place.instrument_id).collect();
        instruments.sort_unstable();
        instruments.dedup();
        let gain = |id| Some(host.ctx.worth(id)? - host.ctx.account()?.position(id).cost());
        instruments.into_iter().filter_map(gain).sum::<Money>().to_f64()
    });
}

/// Registers clock, timers and chance.
pub(super) fn register_time(api: &mut Registry<'_>, host: &Shared) {
    api.group("Time");
    let shared = Rc::clone(host);
    api.function("now", "() -> text", "Virtual time, such as 2025-03-03T09:30:00.", "now()")
        .form(move || shared.borrow().ctx.now().to_string());
    let shared = Rc::clone(host);
    api.function("time", "() -> number", "Seconds since the start.", "time() > 3600").form(move || {
        let host = shared.borrow();
        (host.ctx.now() - host.start).secs_f64()
    });
    let shared = Rc::clone(host);
    api.function("clock", "() -> Clock", "Day and time of day.", "clock().hour >= 10")
        .form(move || Clock(shared.borrow().ctx.now()));
    let shared = Rc::clone(host);
    api.function(
        "set_timer",
        "(name: text, span: text) -> ()",
        "Calls `on_timer(name)` once, after that span.",
        "set_timer(\"exit\", \"30s\")",
    )
    .form(move |name: Dynamic, span: Dynamic| set_timer(&shared, "set_timer", (&name, &span), false));
    let shared = Rc::clone(host);
    api.function(
        "every",
        "(name: text, span: text) -> ()",
        "Calls `on_timer(name)` again and again, that span apart.",
        "every(\"check\", \"1m\")",
    )
    .form(move |name: Dynamic, span: Dynamic| set_timer(&shared, "every", (&name, &span), true));
}

fn set_timer(
    host: &Shared,
    function: &str,
    (name, length): (&Dynamic, &Dynamic),
    repeats: bool,
) -> Outcome<()> {
    let name = text(function, "name", name)?;
    let length = span(function, length)?;
    let mut host = host.borrow_mut();
    host.need_run(function)?;
    let tag = host.timers.set(name, repeats.then_some(length))?;
    host.ctx.wake_after(length, tag);
    Ok(())
}

/// Registers random numbers, all from the actor's own stream.
pub(super) fn register_chance(api: &mut Registry<'_>, host: &Shared) {
    api.group("Chance");
    let (shared, bounded) = (Rc::clone(host), Rc::clone(host));
    api.function(
        "random",
        "(low?: number, high?: number) -> number",
        "A number from `low` up to `high`, from 0 up to 1 without them; the same seed gives the same numbers.",
        "random() < 0.5",
    )
    .form(move || draw(&shared, "random", |rng| rng.random::<f64>()))
    .form(move |low: Dynamic, high: Dynamic| {
        let (low, high) = (number("random", "low end", &low)?, number("random", "high end", &high)?);
        if !(low < high && (high - low).is_finite()) {
            return Err(format!("random: from {low} up to {high} there is no number").into());
        }
        draw(&bounded, "random", |rng| low + (high - low) * rng.random::<f64>())
    });
    let shared = Rc::clone(host);
    api.function(
        "random_normal",
        "() -> number",
        "A number from the normal distribution of mean 0 and deviation 1.",
        "random_normal()",
    )
    .form(move || draw(&shared, "random_normal", |rng| StandardNormal.sample(rng)));
}

fn draw(
    host: &Shared,
    function: &str,
    draw: impl Fn(&mut bearpit_core::kernel::Stream) -> f64,
) -> Outcome<f64> {
    let mut host = host.borrow_mut();
    host.need_run(function)?;
    Ok(draw(host.ctx.rng()))
}
