//! [`Callback`]: the functions of a script that the host calls.

/// A function that the host calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Callback {
    /// Once, before the market opens.
    Init,
    /// Once, at the start.
    Start,
    /// Before the start, for each bar that a replay shows of the time before it.
    Warmup,
    /// When a bar has ended.
    Bar,
    /// When the bars of all markets for an interval are in.
    Bars,
    /// When the touch has changed.
    Quote,
    /// When a trade was published, whoever traded.
    Trade,
    /// When the best levels of the book have changed.
    Book,
    /// When a timer that the script set is due.
    Timer,
    /// When the account gate refused an order of the script.
    OrderRefused,
    /// When a venue accepted an order of the script.
    OrderAccepted,
    /// When a venue rejected an order.
    OrderRejected,
    /// When the open quantity of an order was canceled.
    OrderCanceled,
    /// When an order expired.
    OrderExpired,
    /// When an order was filled, in part or in full.
    OrderFilled,
    /// On any event of an order, after the callback for that kind of event.
    Order,
    /// When a fill has changed the position.
    Position,
    /// When the phase of a venue's session has changed.
    Session,
    /// When a split or dividend of a replayed market has taken effect.
    Action,
    /// When the account's equity fell below its maintenance margin.
    MarginCall,
    /// When something has happened in an auction between participants.
    Auction,
    /// At the end of each day.
    DayEnd,
    /// Once, after the close.
    Stop,
}

/// The name, arguments and description of a callback.
struct CallbackEntry {
    callback: Callback,
    name: &'static str,
    /// Its arguments, under their usual names.
    arguments: &'static [&'static str],
    /// When it is called.
    about: &'static str,
}

/// The callbacks, with their names and arguments, and when they are called.
const CALLBACKS: [CallbackEntry; 23] = [
    CallbackEntry {
        callback: Callback::Init,
        name: "on_init",
        arguments: &["params"],
        about: "once, before the market opens: to set up `this` and subscribe to feeds",
    },
    CallbackEntry {
        callback: Callback::Start,
        name: "on_start",
        arguments: &[],
        about: "once, at the start",
    },
    CallbackEntry {
        callback: Callback::Warmup,
        name: "on_warmup",
        arguments: &["bar"],
        about: "a replay shows a bar from before the start; orders are refused meanwhile",
    },
    CallbackEntry {
        callback: Callback::Bar,
        name: "on_bar",
        arguments: &["bar"],
        about: "an interval with at least one trade, or a replayed bar, has ended",
    },
    CallbackEntry {
        callback: Callback::Bars,
        name: "on_bars",
        arguments: &["bars"],
        about: "the bars of all markets for an interval are in: an array of them, after each has been to `on_bar`",
    },
    CallbackEntry {
        callback: Callback::Quote,
        name: "on_quote",
        arguments: &["quote"],
        about: "the best bid or ask, or its size, has changed",
    },
    CallbackEntry {
        callback: Callback::Trade,
        name: "on_trade",
        arguments: &["trade"],
        about: "a trade was published",
    },
    CallbackEntry {
        callback: Callback::Book,
        name: "on_book",
        arguments: &["book"],
        about: "the best levels have changed; ten of each side unless the script subscribed to another number",
    },
    CallbackEntry {
        callback: Callback::Timer,
        name: "on_timer",
        arguments: &["name"],
        about: "a timer is due",
    },
    CallbackEntry {
        callback: Callback::OrderRefused,
        name: "on_order_refused",
        arguments: &["event"],
        about: "the account gate refused an order, which was never sent",
    },
    CallbackEntry {
        callback: Callback::OrderAccepted,
        name: "on_order_accepted",
        arguments: &["event"],
        about: "a venue accepted an order of the strategy",
    },
    CallbackEntry {
        callback: Callback::OrderRejected,
        name: "on_order_rejected",
        arguments: &["event"],
        about: "a venue rejected it",
    },
    CallbackEntry {
        callback: Callback::OrderCanceled,
        name: "on_order_canceled",
        arguments: &["event"],
        about: "its open quantity was canceled",
    },
    CallbackEntry {
        callback: Callback::OrderExpired,
        name: "on_order_expired",
        arguments: &["event"],
        about: "it has expired",
    },
    CallbackEntry {
        callback: Callback::OrderFilled,
        name: "on_order_filled",
        arguments: &["event"],
        about: "it was filled, in part or in full",
    },
    CallbackEntry {
        callback: Callback::Order,
        name: "on_order",
        arguments: &["event"],
        about: "any event of an order; called after the callback for that kind of event",
    },
    CallbackEntry {
        callback: Callback::Position,
        name: "on_position",
        arguments: &["position"],
        about: "a fill has changed the position",
    },
    CallbackEntry {
        callback: Callback::Session,
        name: "on_session",
        arguments: &["phase"],
        about: "the phase of a venue's session has changed",
    },
    CallbackEntry {
        callback: Callback::Action,
        name: "on_action",
        arguments: &["action"],
        about: "a split or dividend of a replayed market took effect, before the open; position, orders, past bars and \
                indicators that the host feeds follow it already",
    },
    CallbackEntry {
        callback: Callback::MarginCall,
        name: "on_margin_call",
        arguments: &["margin"],
        about: "the account's equity fell below its maintenance margin: its orders are canceled and its positions closed at \
                the market; orders are refused until that is over",
    },
    CallbackEntry {
        callback: Callback::Auction,
        name: "on_auction",
        arguments: &["news"],
        about: "something has happened in an auction between participants, anybody's; or what the strategy asked for in one \
                was refused",
    },
    CallbackEntry {
        callback: Callback::DayEnd,
        name: "on_day_end",
        arguments: &[],
        about: "a day is over: at midnight (UTC) and at the end of a run; of a live market after its close and wherever it \
                stops, when orders are refused: to `save` what the next day is to begin with",
    },
    CallbackEntry {
        callback: Callback::Stop,
        name: "on_stop",
        arguments: &[],
        about: "once, after the close and after the last bookings; orders are refused by then",
    },
];

impl Callback {
    /// The number of callbacks.
    pub const COUNT: usize = CALLBACKS.len();

    /// Returns all callbacks, in the order of the reference page.
    pub fn all() -> impl Iterator<Item = Self> {
        CALLBACKS.iter().map(|entry| entry.callback)
    }

    /// Returns the name of the function.
    #[must_use]
    pub const fn name(self) -> &'static str {
        CALLBACKS[self as usize].name
    }

    /// Returns the arguments of the function, under their usual names.
    #[must_use]
    pub const fn arguments(self) -> &'static [&'static str] {
        CALLBACKS[self as usize].arguments
    }

    /// Returns when it is called.
    #[must_use]
    pub const fn about(self) -> &'static str {
        CALLBACKS[self as usize].about
    }
}

/// The prefix of the names of tests.
pub(crate) const TEST_PREFIX: &str = "test_";

/// Returns the type of a callback's argument from its usual name, if it is an object.
pub(crate) fn object_of(argument: &str) -> Option<&'static str> {
    const OBJECTS: [(&str, &str); 9] = [
        ("action", "Action"),
        ("bar", "Bar"),
        ("quote", "Quote"),
        ("trade", "Trade"),
        ("book", "Book"),
        ("event", "OrderEvent"),
        ("news", "AuctionEvent"),
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
