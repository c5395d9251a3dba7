//! [`Flaw`]: deliberate faults of the naive engine, each of which the tests must notice.

/// What a flaw breaks, and so what must notice it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaks {
    /// A law of any market: the events and the book of the one engine give it away.
    Law,
    /// A rule of this book: only an engine that knows the rule notices.
    Rule,
}

/// Declares the flaws, so that no flaw can be missing from the list that the tests go through.
macro_rules! flaws {
    ($($(#[$doc:meta])+ $name:ident: $breaks:ident,)+) => {
        /// A deliberate fault of the naive engine.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Flaw {
            $($(#[$doc])+ $name,)+
        }

        impl Flaw {
            /// All flaws.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Returns what the flaw breaks.
            #[must_use]
            pub const fn breaks(self) -> Breaks {
                match self {
                    $(Self::$name => Breaks::$breaks,)+
                }
            }
        }
    };
}

flaws! {
    /// The last order at a price trades first.
    LastComesFirst: Law,
    /// The rest of an order after its first trade is lost.
    LostRemainder: Law,
    /// A maker is filled twice for one trade.
    DoubleFill: Law,
    /// A trade has the taker's price.
    TakerPrice: Law,
    /// An order trades one tick through its limit.
    ThroughLimit: Law,
    /// A level's displayed total includes the hidden quantity.
    TotalShowsHidden: Law,
    /// A level's displayed total does not follow fills.
    StaleTotal: Law,
    /// The best price is skipped where a worse one is within the limit.
    BestPassedOver: Law,
    /// A replace to a larger quantity keeps the order's priority.
    IncreaseKeepsPlace: Law,
    /// A replace to a smaller quantity loses the order's priority.
    DecreaseLosesPlace: Law,
    /// A rejected replace loses the order's priority.
    RejectLosesPlace: Law,
    /// A fill-or-kill order is filled in part.
    FokPartial: Law,
    /// A minimum quantity is not checked.
    MinimumIgnored: Law,
    /// The rest of an immediate-or-cancel order rests.
    IocRests: Law,
    /// An iceberg keeps its priority when it is refreshed.
    RefreshKeepsPlace: Law,
    /// Any owner may cancel an order.
    ForeignCancel: Law,
    /// A stop is triggered one tick early.
    EarlyStop: Law,
    /// A linked order survives the end of its partner.
    PartnerSurvives: Law,
    /// The first of a pair is not linked with its stop.
    PairUnlinked: Law,
    /// A sliding post-only order rests at its limit, where it crosses.
    SlideTakes: Law,
    /// Orders of one owner trade with each other in spite of their self-trade setting.
    SelfTradeIgnored: Law,
    /// An auction uncrosses at the reference price, wherever the volume is.
    AuctionAtReference: Law,
    /// An auction leaves its last lot untraded.
    AuctionLeavesOne: Law,
    /// The price of an auction leaves the range of the best limits.
    AuctionLeavesTouch: Rule,
    /// The price of an auction does not follow the side that is left over.
    AuctionUnpressed: Rule,
    /// A DAY order survives the close of the session.
    DayLives: Law,
    /// Stops that one trade elects are triggered by time, whatever their triggers.
    StopsByTime: Rule,
    /// A trailing stop's trigger follows the market back.
    TrailingGoesBack: Rule,
    /// A trailing stop that is given another distance forgets the best trade since its entry.
    MarkForgotten: Rule,
    /// A trigger that follows by a percentage is rounded away from the market.
    TrailingRoundsAway: Rule,
    /// A pegged order keeps its price when its reference moves.
    PegStays: Rule,
    /// A price band never halts the book.
    BandIgnored: Rule,
    /// What pro-rata rounding leaves over is not allocated.
    ProRataRoundsUp: Rule,
    /// A GTD order survives its date.
    DateLives: Rule,
    /// A bracket may take its profit beyond the price limits.
    ExitBeyondLimits: Rule,
    /// A market-to-limit order rests at its owner's touch, where it only took that out.
    OwnTouchHolds: Rule,
    /// The exits of a bracket never enter.
    ExitsForgotten: Law,
    /// The exits of a bracket keep the quantity with which they entered, whatever their entry trades later.
    ExitsStaySmall: Law,
    /// What is left of a bracket's entry goes on after its stop has fired.
    EntryGoesOn: Law,
}
