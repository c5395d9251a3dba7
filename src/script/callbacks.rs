//! The callbacks a script may define.

use std::path::Path;

use rhai::AST;

use super::error::ScriptError;
use super::nodes::{FunctionBody, Nodes};
use bearpit_core::units::nearest;

/// A function that the host calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Callback {
    /// Once, before the market opens.
    Init,
    /// Once, at the start.
    Start,
    /// When a bar has ended.
    Bar,
    /// When the touch has changed.
    Quote,
    /// When anybody has traded.
    Trade,
    /// When the best levels of the book have changed.
    Book,
    /// When a timer that the script set is due.
    Timer,
    /// When a venue took an order of the script's.
    OrderAccepted,
    /// When a venue did not take it.
    OrderRejected,
    /// When what was open of it left the book.
    OrderCanceled,
    /// When it left the book by the clock.
    OrderExpired,
    /// When part or all of it traded.
    OrderFilled,
    /// Whatever happened to an order, after the callback for just that.
    Order,
    /// When a fill has changed the position.
    Position,
    /// When the phase of a venue's session has changed.
    Session,
    /// Once, after the close.
    Stop,
}

/// The callbacks, with their names and arguments, and when they are called.
const CALLBACKS: [(Callback, &str, &[&str], &str); 16] = [
    (
        Callback::Init,
        "on_init",
        &["params"],
        "once, before the market opens: to set up `this` and ask for feeds",
    ),
    (Callback::Start, "on_start", &[], "once, at the start"),
    (Callback::Bar, "on_bar", &["bar"], "an interval with trades in it has ended"),
    (Callback::Quote, "on_quote", &["quote"], "the best bid or ask, or the size there, is another"),
    (Callback::Trade, "on_trade", &["trade"], "anybody has traded"),
    (
        Callback::Book,
        "on_book",
        &["book"],
        "the best levels have changed, ten of each side unless others were asked for",
    ),
    (Callback::Timer, "on_timer", &["name"], "a timer is due"),
    (Callback::OrderAccepted, "on_order_accepted", &["event"], "a venue took an order of the strategy's"),
    (Callback::OrderRejected, "on_order_rejected", &["event"], "a venue did not take it"),
    (Callback::OrderCanceled, "on_order_canceled", &["event"], "what was open of it has left the book"),
    (Callback::OrderExpired, "on_order_expired", &["event"], "it has left the book by the clock"),
    (Callback::OrderFilled, "on_order_filled", &["event"], "part or all of it has traded"),
    (Callback::Order, "on_order", &["event"], "anything has happened to it; called after the one above"),
    (Callback::Position, "on_position", &["position"], "a fill has changed the position"),
    (Callback::Session, "on_session", &["phase"], "the phase of a venue's session has changed"),
    (
        Callback::Stop,
        "on_stop",
        &[],
        "once, after the close and when everything is booked; orders are refused by then",
    ),
];

impl Callback {
    /// How many there are.
    pub const COUNT: usize = CALLBACKS.len();

    /// Returns all callbacks, in the order of the reference page.
    pub fn all() -> impl Iterator<Item = Self> {
        CALLBACKS.iter().map(|(callback, ..)| *callback)
    }

    /// Returns the name of the function.
    #[must_use]
    pub const fn name(self) -> &'static str {
        CALLBACKS[self as usize].1
    }

    /// Returns the arguments of the function, as they are usually called.
    #[must_use]
    pub const fn arguments(self) -> &'static [&'static str] {
        CALLBACKS[self as usize].2
    }

    /// Returns when it is called.
    #[must_use]
    pub const fn about(self) -> &'static str {
        CALLBACKS[self as usize].3
    }
}

/// The callbacks of a script, by their number.
///
/// A call through Rhai's `call_fn` sets up a state, a scope and a table of resolved functions each time,
/// which costs more than a short callback; so the host keeps those, and evaluates the bodies in them.
#[derive(Debug, Clone, Default)]
pub(super) struct Bodies([Option<FunctionBody>; Callback::COUNT]);

impl Bodies {
    pub(super) const fn get(&self, callback: Callback) -> Option<&FunctionBody> {
        self.0[callback as usize].as_ref()
    }

    pub(super) const fn has(&self, callback: Callback) -> bool {
        self.get(callback).is_some()
    }
}

/// Finds the callbacks of a script.
///
/// # Errors
/// The first of its [`faults`].
pub(super) fn find(nodes: &Nodes, ast: &AST, source: &str, file: &Path) -> Result<Bodies, ScriptError> {
    if let Some(fault) = faults(ast, source, file).into_iter().next() {
        return Err(fault);
    }
    let mut bodies = Bodies::default();
    for function in ast.iter_functions() {
        if let Some(callback) = Callback::all().find(|callback| callback.name() == function.name) {
            bodies.0[callback as usize] = nodes.function(function.name, function.params.len()).cloned();
        }
    }
    Ok(bodies)
}

/// Says what is wrong with functions that seem to be callbacks, in the order of the file.
pub(super) fn faults(ast: &AST, source: &str, file: &Path) -> Vec<ScriptError> {
    let mut faults = Vec::new();
    let mut is_any = false;
    for function in ast.iter_functions() {
        let place = place_of(source, function.name);
        let fault = |message: String, help: String| ScriptError::new(file, place, message).with_help(help);
        match Callback::all().find(|callback| callback.name() == function.name) {
            Some(callback) if function.params.len() == callback.arguments().len() => is_any = true,
            Some(callback) => {
                let message = format!("`{}` has {} arguments", function.name, function.params.len());
                let help = format!("write fn {}({})", callback.name(), callback.arguments().join(", "));
                faults.push(fault(message, help));
            }
            None if function.name.starts_with("on_") => {
                let message = format!("`{}` is not a callback, so it would never be called", function.name);
                faults.push(fault(message, hint(function.name)));
            }
            None => {}
        }
    }
    if faults.is_empty() && !is_any {
        let message = "the script defines no callback, so it would never do anything".to_owned();
        let help = format!("callbacks are {}", names());
        faults.push(ScriptError::new(file, (1, 1), message).with_help(help));
    }
    faults.sort_by_key(|fault| (fault.line, fault.column));
    faults
}

/// How the names of tests begin.
pub(super) const TEST_PREFIX: &str = "test_";

/// Says which tests would never run.
pub(super) fn tests_with_arguments(ast: &AST, source: &str, file: &Path) -> Vec<ScriptError> {
    let is_odd = |it: &rhai::ScriptFnMetadata<'_>| it.name.starts_with(TEST_PREFIX) && !it.params.is_empty();
    let odd = ast.iter_functions().filter(is_odd);
    let complaint = |it: rhai::ScriptFnMetadata<'_>| {
        let message = format!("`{}` has arguments, so it is no test and would never run", it.name);
        let help = format!("write fn {}(), or call it something else", it.name);
        ScriptError::new(file, place_of(source, it.name), message).with_help(help)
    };
    odd.map(complaint).collect()
}

/// Returns the type of the object that callbacks know under this name.
pub(super) fn object_of(argument: &str) -> Option<&'static str> {
    const OBJECTS: [(&str, &str); 7] = [
        ("bar", "Bar"),
        ("quote", "Quote"),
        ("trade", "Trade"),
        ("book", "Book"),
        ("event", "OrderEvent"),
        ("position", "Holding"),
        ("phase", "Phase"),
    ];
    OBJECTS.iter().find(|(known, _)| *known == argument).map(|(_, object)| *object)
}

fn names() -> String {
    Callback::all().map(Callback::name).collect::<Vec<_>>().join(", ")
}

fn hint(name: &str) -> String {
    if name == "on_fill" {
        return "fills come to `on_order_filled(event)`".to_owned();
    }
    match nearest(name, Callback::all().map(Callback::name)) {
        Some(near) => format!("did you mean `{near}`? callbacks are {}", names()),
        None => format!("callbacks are {}; call other functions something else", names()),
    }
}

/// Returns line and column, from 1, of the definition of a function.
pub(super) fn place_of(source: &str, name: &str) -> (usize, usize) {
    for (index, line) in source.lines().enumerate() {
        let code = line.split("//").next().unwrap_or("");
        let words: Vec<&str> = code.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
        if words.windows(2).any(|pair| pair == ["fn", name])
            && let Some(at) = code.find(name)
        {
            return (index + 1, code[..at].chars().count() + 1);
        }
    }
    (1, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_stand_at_their_number() {
        for (index, callback) in Callback::all().enumerate() {
            assert_eq!(callback as usize, index, "{}", callback.name());
        }
    }
}
