//! Words of orders for the outside: in requests, answers and the database.

use bearpit_core::market::{Liquidity, OrderKind, Peg, PostOnly, SelfTrade, TimeInForce};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {$(
            $(#[$word_doc])*
            $variant,
        )+}

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the word.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// Returns what a word means.
            #[must_use]
            pub fn of_name(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.name() == word)
            }
        }
    )+};
}

words! {
    /// The kind of an order.
    KindName {
        /// At the limit or better.
        Limit = "limit",
        /// At once, at any price up to its protection.
        Market = "market",
        /// At the best price of the other side; the rest becomes a limit order there.
        MarketToLimit = "market_to_limit",
        /// A market order once a trade reaches its trigger.
        Stop = "stop",
        /// A limit order once a trade reaches its trigger.
        StopLimit = "stop_limit",
        /// A stop whose trigger follows the market.
        TrailingStop = "trailing_stop",
        /// A limit order whose price follows a reference.
        Pegged = "pegged",
    }
    /// How long an order stays.
    TimeInForceName {
        /// Until it is filled or canceled, across days.
        Gtc = "gtc",
        /// Until the session closes.
        Day = "day",
        /// It trades at once; the rest is canceled.
        Ioc = "ioc",
        /// It trades in full at once, or not at all.
        Fok = "fok",
        /// Until a date.
        Gtd = "gtd",
        /// It takes part in the opening auction only.
        AtOpen = "at_open",
        /// It takes part in the closing auction only.
        AtClose = "at_close",
    }
    /// What a pegged order follows.
    PegName {
        /// The middle of bid and ask.
        Mid = "mid",
        /// The best price of its own side.
        Touch = "touch",
    }
    /// What becomes of a post-only order that would take liquidity.
    PostOnlyName {
        /// It is rejected.
        Reject = "reject",
        /// It rests a tick behind the other side.
        Slide = "slide",
    }
    /// What happens if an order meets another of its account.
    SelfTradeName {
        /// They trade.
        Allow = "allow",
        /// The rest of the newer one is canceled.
        CancelNewest = "cancel_newest",
        /// The resting one is canceled.
        CancelOldest = "cancel_oldest",
        /// Both are canceled.
        CancelBoth = "cancel_both",
        /// Both lose the smaller of the two quantities.
        Decrement = "decrement",
    }
    /// How far an order is.
    StatusName {
        /// Its account has let it pass, and it is on its way to the venue.
        PendingNew = "pending_new",
        /// The venue has it; nothing of it has traded today.
        Open = "open",
        /// The venue has it; a part of it has traded today.
        PartiallyFilled = "partially_filled",
        /// It has traded in full.
        Filled = "filled",
        /// What was open of it was canceled.
        Canceled = "canceled",
        /// What was open of it expired.
        Expired = "expired",
        /// The venue rejected it.
        Rejected = "rejected",
    }
    /// How an order came to trade.
    LiquidityName {
        /// It was resting.
        Maker = "maker",
        /// It took what was resting.
        Taker = "taker",
        /// In an auction.
        Auction = "auction",
    }
}

impl KindName {
    /// Returns the word for a kind.
    #[must_use]
    pub const fn of(kind: OrderKind) -> Self {
        match kind {
            OrderKind::Limit(_) => Self::Limit,
            OrderKind::Market { .. } => Self::Market,
            OrderKind::MarketToLimit { .. } => Self::MarketToLimit,
            OrderKind::Stop { .. } => Self::Stop,
            OrderKind::StopLimit { .. } => Self::StopLimit,
            OrderKind::TrailingStop { .. } => Self::TrailingStop,
            OrderKind::Pegged { .. } => Self::Pegged,
        }
    }
}

impl TimeInForceName {
    /// Returns the word for a time in force.
    #[must_use]
    pub const fn of(time_in_force: TimeInForce) -> Self {
        match time_in_force {
            TimeInForce::Gtc => Self::Gtc,
            TimeInForce::Day => Self::Day,
            TimeInForce::Ioc => Self::Ioc,
            TimeInForce::Fok => Self::Fok,
            TimeInForce::Gtd(_) => Self::Gtd,
            TimeInForce::AtOpen => Self::AtOpen,
            TimeInForce::AtClose => Self::AtClose,
        }
    }
}

impl From<PegName> for Peg {
    fn from(name: PegName) -> Self {
        match name {
            PegName::Mid => Self::Mid,
            PegName::Touch => Self::Touch,
        }
    }
}

impl From<Peg> for PegName {
    fn from(peg: Peg) -> Self {
        match peg {
            Peg::Mid => Self::Mid,
            Peg::Touch => Self::Touch,
        }
    }
}

impl From<PostOnlyName> for PostOnly {
    fn from(name: PostOnlyName) -> Self {
        match name {
            PostOnlyName::Reject => Self::Reject,
            PostOnlyName::Slide => Self::Slide,
        }
    }
}

impl PostOnlyName {
    /// Returns the word for it; none for an order that may take liquidity.
    #[must_use]
    pub const fn of(post_only: PostOnly) -> Option<Self> {
        match post_only {
            PostOnly::No => None,
            PostOnly::Reject => Some(Self::Reject),
            PostOnly::Slide => Some(Self::Slide),
        }
    }
}

impl From<SelfTradeName> for SelfTrade {
    fn from(name: SelfTradeName) -> Self {
        match name {
            SelfTradeName::Allow => Self::Allow,
            SelfTradeName::CancelNewest => Self::CancelNewest,
            SelfTradeName::CancelOldest => Self::CancelOldest,
            SelfTradeName::CancelBoth => Self::CancelBoth,
            SelfTradeName::Decrement => Self::Decrement,
        }
    }
}

impl From<SelfTrade> for SelfTradeName {
    fn from(self_trade: SelfTrade) -> Self {
        match self_trade {
            SelfTrade::Allow => Self::Allow,
            SelfTrade::CancelNewest => Self::CancelNewest,
            SelfTrade::CancelOldest => Self::CancelOldest,
            SelfTrade::CancelBoth => Self::CancelBoth,
            SelfTrade::Decrement => Self::Decrement,
        }
    }
}

impl From<Liquidity> for LiquidityName {
    fn from(liquidity: Liquidity) -> Self {
        match liquidity {
            Liquidity::Maker => Self::Maker,
            Liquidity::Taker => Self::Taker,
            Liquidity::Auction => Self::Auction,
        }
    }
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;

    fn check<T: Serialize + PartialSchema>(all: &[T], name: impl Fn(&T) -> &'static str) {
        let schema = serde_json::to_value(T::schema()).unwrap();
        let words: Vec<_> = all.iter().map(|it| serde_json::to_value(it).unwrap()).collect();
        assert_eq!(schema["enum"], serde_json::Value::from(words.clone()), "the document has the same words");
        assert_eq!(words, all.iter().map(|it| serde_json::Value::from(name(it))).collect::<Vec<_>>());
    }

    #[test]
    fn words_are_the_same_in_answers_in_the_document_and_in_the_database() {
        check(KindName::ALL, |it| it.name());
        check(TimeInForceName::ALL, |it| it.name());
        check(PegName::ALL, |it| it.name());
        check(PostOnlyName::ALL, |it| it.name());
        check(SelfTradeName::ALL, |it| it.name());
        check(StatusName::ALL, |it| it.name());
        check(LiquidityName::ALL, |it| it.name());
    }
}
