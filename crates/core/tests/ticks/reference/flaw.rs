//! [`Flaw`]: deliberate faults of the reference, each of which the comparison must notice.

/// A deliberate fault of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// A quote gives more than its size.
    BeyondSize,
    /// Market orders take the quote's near side.
    NearSide,
    /// An order that arrives between trades fills at the trade before.
    LookBack,
    /// A row is known before it comes: market orders take the next quote.
    LookAhead,
    /// What a market order could not trade is lost.
    LostRemainder,
    /// What was taken of a quote is there again for the next order.
    TakenComesBack,
    /// A trade at a limit fills it where it must go through.
    TouchIsEnough,
    /// Stops are elected by quotes where there are trades.
    StopByQuote,
    /// A stop fills at its trigger.
    StopAtTrigger,
    /// Half the spread is paid on top of a quote.
    SpreadTwice,
    /// Purchases come before sales.
    PurchaseFirst,
    /// Trades come before quotes of the same time.
    TradesFirst,
    /// A waiting limit order fills better than at its limit where there are quotes, and never where there are
    /// none.
    BetterThanLimit,
}

impl Flaw {
    /// All flaws.
    pub(crate) const ALL: [Self; 13] = [
        Self::BeyondSize,
        Self::NearSide,
        Self::LookBack,
        Self::LookAhead,
        Self::LostRemainder,
        Self::TakenComesBack,
        Self::TouchIsEnough,
        Self::StopByQuote,
        Self::StopAtTrigger,
        Self::SpreadTwice,
        Self::PurchaseFirst,
        Self::TradesFirst,
        Self::BetterThanLimit,
    ];
}
