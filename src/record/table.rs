//! [`Table`]: the tables of a run, by name.

/// A table of a run; `docs/tables.md` describes its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// One row per order, when it is over.
    Orders,
    /// Two rows per trade.
    Fills,
    /// One row per trade.
    Trades,
    /// One row per change of the touch.
    Quotes,
    /// Snapshots of what books show, one row per level.
    Books,
    /// Accounts marked to market.
    Pnl,
    /// Equity of accounts, one row per sample.
    Equity,
    /// One row per account that was ruined.
    Ruins,
    /// Margin calls and their ends.
    MarginCalls,
    /// One row per round trip of an account, when it has ended.
    Trips,
    /// Splits and dividends, and what each account was given and paid for them.
    Actions,
    /// Holdings of all accounts.
    Positions,
    /// One row per interval with trades.
    Bars,
    /// What gates and venues did not let pass.
    Rejects,
    /// One row per change of a book's phase.
    Phases,
    /// What strategies logged, and their errors.
    Log,
    /// One row per number of a strategy's series.
    Series,
    /// One row per value of a strategy's tables.
    Records,
    /// What happened in auctions between participants.
    Auctions,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 19] = [
        Self::Orders,
        Self::Fills,
        Self::Trades,
        Self::Quotes,
        Self::Books,
        Self::Pnl,
        Self::Equity,
        Self::Ruins,
        Self::MarginCalls,
        Self::Trips,
        Self::Actions,
        Self::Positions,
        Self::Bars,
        Self::Rejects,
        Self::Phases,
        Self::Log,
        Self::Series,
        Self::Records,
        Self::Auctions,
    ];

    /// Returns the table's name, which is also its file's.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Fills => "fills",
            Self::Trades => "trades",
            Self::Quotes => "quotes",
            Self::Books => "books",
            Self::Pnl => "pnl",
            Self::Equity => "equity",
            Self::Ruins => "ruins",
            Self::MarginCalls => "margin_calls",
            Self::Trips => "trips",
            Self::Actions => "actions",
            Self::Positions => "positions",
            Self::Bars => "bars",
            Self::Rejects => "rejects",
            Self::Phases => "phases",
            Self::Log => "log",
            Self::Series => "series",
            Self::Records => "records",
            Self::Auctions => "auctions",
        }
    }

    /// Returns whether its rows are samples of accounts: their times lie on a grid, mostly of whole seconds.
    #[must_use]
    pub const fn is_sampled(self) -> bool {
        matches!(self, Self::Pnl | Self::Equity)
    }

    /// Returns the name of the column by whose time the rows are written.
    #[must_use]
    pub const fn clock(self) -> &'static str {
        match self {
            Self::Orders => "ended_at",
            Self::Trips => "exited_at",
            Self::Bars => "end_time",
            _ => "time",
        }
    }
}
