//! Functions for the clock and timers.

use std::rc::Rc;

use rhai::Dynamic;

use crate::script::api::registry::Registry;
use crate::script::host::SharedHost;
use crate::script::host::timers::TimerSpan;
use crate::script::value::arguments::{ScriptResult, span, text};
use crate::script::value::views::ClockView;

/// Registers the clock and timers.
pub(crate) fn register(api: &mut Registry<'_>, host: &SharedHost) {
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
        .form(move || ClockView(shared.borrow().ctx.now()));
    let shared = Rc::clone(host);
    api.function(
        "set_timer",
        "(name: text, span: text) -> ()",
        "Calls `on_timer(name)` once, after that span; a timer of that name that waits already is moved.",
        "set_timer(\"exit\", \"30s\")",
    )
    .form(move |name: Dynamic, span: Dynamic| set_timer(&shared, "set_timer", &name, &span, false));
    let shared = Rc::clone(host);
    api.function(
        "every",
        "(name: text, span: text) -> ()",
        "Calls `on_timer(name)` again and again, that span apart, instead of what a timer of that name did.",
        "every(\"check\", \"1m\")",
    )
    .form(move |name: Dynamic, span: Dynamic| set_timer(&shared, "every", &name, &span, true));
}

fn set_timer(
    host: &SharedHost,
    function: &str,
    name: &Dynamic,
    length: &Dynamic,
    repeats: bool,
) -> ScriptResult<()> {
    let name = text(function, "name", name)?;
    let length = span(function, length)?;
    let mut host = host.borrow_mut();
    host.need_run(function)?;
    let when = TimerSpan { now: host.ctx.now(), span: length, repeats };
    let (tag, needs_wakeup) = host.timers.set(name, when)?;
    if needs_wakeup {
        host.ctx.wake_after(length, tag);
    }
    Ok(())
}
