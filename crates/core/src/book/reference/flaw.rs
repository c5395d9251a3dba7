//! [`Flaw`]: ways to be wrong, to see that the tests notice.

/// A deliberate fault of the naive engine, which only tests can switch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::book) enum Flaw {
    /// Who came last at a price trades first.
    LastComesFirst,
    /// What an order leaves over after its first trade is forgotten.
    LostRemainder,
    /// A maker is filled twice for one trade.
    DoubleFill,
    /// The taker's price is that of the trade.
    TakerPrice,
    /// An order trades one tick through its limit.
    ThroughLimit,
    /// A level's displayed total includes what is hidden.
    TotalShowsHidden,
    /// A replace to a larger quantity keeps the place.
    IncreaseKeepsPlace,
    /// A pure decrease loses the place.
    DecreaseLosesPlace,
    /// A fill-or-kill order fills in part.
    FokPartial,
    /// What an immediate order leaves over rests.
    IocRests,
    /// An iceberg keeps its place when it is refreshed.
    RefreshKeepsPlace,
    /// Anybody may cancel an order.
    ForeignCancel,
    /// A stop is elected one tick early.
    EarlyStop,
    /// A trailing stop's trigger follows the market back.
    TrailingGoesBack,
    /// A linked order survives its partner.
    PartnerSurvives,
    /// A slid post-only order stays where it would have crossed.
    SlideTakes,
    /// Own orders trade with each other whatever they say.
    SelfTradeIgnored,
    /// An auction uncrosses at the reference, wherever the volume is.
    AuctionAtReference,
    /// An auction leaves its last lot untraded.
    AuctionLeavesOne,
    /// A minimum quantity is not asked for.
    MinimumIgnored,
    /// A pegged order stays where it was.
    PegStays,
    /// A price band never halts.
    BandIgnored,
    /// What pro-rata rounding leaves over is lost to the book.
    ProRataRoundsUp,
    /// A day order outlives its day.
    DayLives,
    /// A good-till-date order outlives its date.
    DateLives,
    /// A level's displayed total does not follow fills.
    StaleTotal,
    /// Where a worse price would do, the best is passed over.
    BestPassedOver,
    /// A replace that is rejected loses the order its place.
    RejectLosesPlace,
    /// The exits of a bracket never come.
    ExitsForgotten,
}
