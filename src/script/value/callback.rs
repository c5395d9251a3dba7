//! [`Callback`]: the functions of a script that the host calls.

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

/// How the names of tests begin.
pub(crate) const TEST_PREFIX: &str = "test_";

/// Returns the type of the object that callbacks know under this name.
pub(crate) fn object_of(argument: &str) -> Option<&'static str> {
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
