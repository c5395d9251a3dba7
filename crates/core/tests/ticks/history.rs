//! A history: trades and quotes, rules, and what owners send; in plain numbers, which the reference reads as
//! they are and the driver translates.
//!
//! Times are nanoseconds since the midnight before the first row, prices ticks of 0.01, quantities lots of 1.

/// A second, in nanoseconds.
pub(crate) const SECOND: i64 = 1_000_000_000;
/// A day, in nanoseconds.
pub(crate) const DAY: i64 = 86_400 * SECOND;

/// A price and its size.
pub(crate) type Level = (i64, u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trade {
    pub(crate) at: i64,
    pub(crate) price: i64,
    pub(crate) quantity: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) at: i64,
    pub(crate) bid: Option<Level>,
    pub(crate) ask: Option<Level>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) half_spread: i64,
    /// Ticks.
    pub(crate) slippage: i64,
    /// Eighths of a row's quantity.
    pub(crate) participation: u64,
    pub(crate) through: bool,
    /// Whether the files know quantities.
    pub(crate) sized: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Buy,
    Sell,
}

impl Side {
    pub(crate) fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Market,
    MarketToLimit,
    Limit(i64),
    Stop(i64),
    StopLimit {
        trigger: i64,
        limit: i64,
    },
    /// At so many ticks.
    Trailing(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tif {
    Gtc,
    Day,
    Ioc,
    Fok,
    Gtd(i64),
    AtOpen,
    AtClose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    None,
    /// With an earlier order of the history, by its number.
    Pair(usize),
    Bracket {
        profit: i64,
        loss: i64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) side: Side,
    pub(crate) quantity: u64,
    pub(crate) kind: Kind,
    pub(crate) tif: Tif,
    pub(crate) link: Link,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Submit(Order),
    /// Cancels an earlier order, by its number.
    Cancel(usize),
    Replace {
        number: usize,
        price: i64,
        quantity: u64,
    },
}

/// Something sent; its place in the history is its number. No two are sent at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) at: i64,
    pub(crate) owner: usize,
    pub(crate) act: Act,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct History {
    /// When the scenario starts.
    pub(crate) start: i64,
    pub(crate) trades: Vec<Trade>,
    pub(crate) quotes: Vec<Quote>,
    pub(crate) rules: Rules,
    pub(crate) sent: Vec<Sent>,
}

/// A fill of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fill {
    pub(crate) at: i64,
    pub(crate) price: i64,
    pub(crate) quantity: u64,
    pub(crate) is_maker: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Never heard of by the venue.
    Refused,
    Filled,
    /// By the short name of the reason.
    Canceled(&'static str),
    Expired,
    Rejected(&'static str),
}

/// Which order of what was sent: the order itself, or an exit of its bracket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Entry,
    Profit,
    Loss,
}

/// What became of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) number: usize,
    pub(crate) part: Part,
    pub(crate) fills: Vec<Fill>,
    pub(crate) end: End,
}
