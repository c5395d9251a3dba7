//! A history: files of bars, rules, owners and what they send; in plain numbers, which the reference reads as
//! they are and the driver translates.
//!
//! Times are nanoseconds since the midnight before the first bar, prices ticks of 0.01, quantities lots of 1.

/// A second, in nanoseconds.
pub(crate) const SECOND: i64 = 1_000_000_000;
/// A day, in nanoseconds.
pub(crate) const DAY: i64 = 86_400 * SECOND;
/// One tick times one lot, in the units of money (10^-10 of the currency).
pub(crate) const TICK_LOT: i128 = 100_000_000;

/// A row of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) open: i64,
    pub(crate) high: i64,
    pub(crate) low: i64,
    pub(crate) close: i64,
    /// Absent in a file without volumes.
    pub(crate) volume: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    Nearer,
    Farther,
    Worst,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slippage {
    Ticks(i64),
    /// Whole basis points of the price.
    Bps(i64),
    /// Eighths of the price, times the square root of the share of the volume.
    Impact(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Short {
    Cut,
    Cancel,
}

/// The rules of a listing, and what its venue charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) auction: i64,
    pub(crate) half_spread: i64,
    pub(crate) slippage: Slippage,
    /// Eighths of a bar's volume.
    pub(crate) participation: u64,
    pub(crate) through: bool,
    pub(crate) path: Path,
    pub(crate) on_short_cash: Short,
    /// Whether positions are closed at the last close.
    pub(crate) close_at_end: bool,
    /// Billionths of the notional: of makers, of takers, and at opens and closes.
    pub(crate) fees: [i64; 3],
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

    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
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
    /// At so many basis points of the best price.
    TrailingBps(i64),
    Pegged(i64),
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

/// How an order is linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    None,
    /// With an earlier order of the history, by its number.
    Pair(usize),
    /// With both exits, or one of them.
    Bracket {
        profit: Option<i64>,
        loss: Option<Loss>,
    },
}

/// The exit that limits a loss: a stop, or a stop-limit order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Loss {
    pub(crate) trigger: i64,
    pub(crate) limit: Option<i64>,
}

impl Link {
    /// A bracket with a limit and a stop.
    pub(crate) const fn bracket(profit: i64, loss: i64) -> Self {
        Self::Bracket { profit: Some(profit), loss: Some(Loss { trigger: loss, limit: None }) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) instrument: usize,
    pub(crate) side: Side,
    pub(crate) quantity: u64,
    pub(crate) kind: Kind,
    pub(crate) tif: Tif,
    pub(crate) link: Link,
}

/// What somebody sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Submit(Order),
    /// Cancels an earlier order of the history, by its number.
    Cancel(usize),
    /// Gives it another price and total.
    Replace {
        number: usize,
        price: i64,
        quantity: u64,
    },
    /// Gives it other terms than that.
    Change {
        number: usize,
        change: Change,
    },
}

/// What a replace changes besides price and total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The trigger of a stop or stop-limit order.
    Trigger(i64),
    /// The distance of a trailing stop, in ticks.
    Distance(i64),
    Tif(Tif),
}

/// Something sent; its place in the history is its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) at: i64,
    pub(crate) owner: usize,
    pub(crate) act: Act,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnRuin {
    Nothing,
    Liquidate,
    Keep,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    /// In units of money.
    pub(crate) cash: i128,
    /// Of each instrument.
    pub(crate) shares: Vec<u64>,
    pub(crate) max_short: u64,
    /// From sending to arrival.
    pub(crate) entry: i64,
    /// From an event to its report.
    pub(crate) report: i64,
    /// What becomes of it where its equity is gone.
    pub(crate) on_ruin: OnRuin,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct History {
    /// The file of each instrument.
    pub(crate) files: Vec<Vec<Bar>>,
    /// Finer bars of each instrument, within those of its file; mostly none.
    pub(crate) finer: Vec<Vec<Bar>>,
    pub(crate) rules: Rules,
    pub(crate) owners: Vec<Owner>,
    /// In the order of time.
    pub(crate) sent: Vec<Sent>,
}

/// A fill of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fill {
    pub(crate) at: i64,
    pub(crate) price: i64,
    pub(crate) quantity: u64,
    /// The ticks of costs that would have taken it out of its bar.
    pub(crate) clamped: i64,
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Still open when the market closes.
    Open,
    Filled,
    /// By the short name of the reason.
    Canceled(&'static str),
    Expired,
    Rejected(&'static str),
    /// By the account gate: never sent.
    Refused(&'static str),
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
    /// Its number in the history.
    pub(crate) number: usize,
    pub(crate) part: Part,
    pub(crate) fills: Vec<Fill>,
    pub(crate) end: End,
}

/// What became of everything: orders by number and part, then each owner's cash, positions and ruin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) fates: Vec<Fate>,
    pub(crate) cash: Vec<i128>,
    pub(crate) positions: Vec<Vec<i64>>,
    /// When each owner was ruined, if it was.
    pub(crate) ruined: Vec<Option<i64>>,
}
