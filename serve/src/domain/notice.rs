//! [`Notice`]: something that a person is told, with the facts of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{AccountId, NoticeId, UserId};
use super::number::Number;
use super::wall_time::WallTime;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$of])* $word,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$word,)+];

            /// Returns the word for it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$word => $text,)+ }
            }

            /// Returns the one that a word stands for.
            #[must_use]
            pub fn of_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$word),)+ _ => None }
            }
        }
    };
}

words! {
    /// What a notice is about.
    NoticeKind {
        /// An order traded.
        Fill = "fill",
        /// A trade elected a stop.
        StopTriggered = "stop_triggered",
        /// An order ended, and its owner had not asked for it.
        OrderEnded = "order_ended",
        /// A margin account was called, was liquidated, or may trade again.
        Margin = "margin",
        /// Money came in through the provider of payments.
        Deposit = "deposit",
        /// Money went back through the provider of payments, or did not in the end.
        Withdrawal = "withdrawal",
        /// An administrator put something into an account or took it out.
        Funds = "funds",
        /// Somebody logged in from a device that was not seen before.
        SignIn = "sign_in",
        /// The password was changed.
        PasswordChanged = "password_changed",
        /// The mail address was changed.
        MailAddressChanged = "mail_address_changed",
        /// An identity of another provider was linked.
        IdentityLinked = "identity_linked",
        /// The second factor was turned on or off, or a recovery code was used.
        SecondFactor = "second_factor",
        /// A strategy stopped.
        StrategyStopped = "strategy_stopped",
        /// A contest was entered, has begun or has ended.
        Contest = "contest",
        /// A price did what an alert waits for.
        PriceAlert = "price_alert",
        /// A webhook was turned off because it failed for too long.
        WebhookOff = "webhook_off",
        /// Something happened in an auction of one's own, or to a proposal.
        Auction = "auction",
    }
}

words! {
    /// How an order ended.
    OrderEnd {
        /// The venue took it out of the book.
        Canceled = "canceled",
        /// The clock did.
        Expired = "expired",
        /// The venue did not accept it.
        Rejected = "rejected",
        /// The account's gate did not let it go.
        Refused = "refused",
    }
}

words! {
    /// What happened to a margin account.
    MarginStep {
        /// Its equity fell below the maintenance margin; its orders are canceled and its positions closed.
        Called = "called",
        /// It has neither positions nor orders any more, and may trade again.
        Ended = "ended",
        /// Its equity is gone; it takes no new risk.
        Ruined = "ruined",
    }
}

words! {
    /// How it ended with money that came in or went back.
    MoneyOutcome {
        /// The account has it.
        Received = "received",
        /// It was paid out.
        Paid = "paid",
        /// It was not paid out, and the account has it.
        Refused = "refused",
    }
}

words! {
    /// What happened to a second factor.
    FactorStep {
        /// It was turned on.
        On = "on",
        /// It was turned off.
        Off = "off",
        /// A recovery code was used.
        RecoveryCodeUsed = "recovery_code_used",
    }
}

words! {
    /// How far a contest has come for its entrant.
    ContestStep {
        /// The person takes part.
        Entered = "entered",
        /// It has begun.
        Begun = "begun",
        /// It has ended, and the ranking is final.
        Ended = "ended",
        /// It does not take place.
        Canceled = "canceled",
    }
}

words! {
    /// What a price alert waits for.
    AlertTrigger {
        /// A trade at a price or above.
        Above = "above",
        /// A trade at a price or below.
        Below = "below",
        /// A trade so many percent away from where the price was.
        PercentMove = "percent_move",
    }
}

words! {
    /// What happened in an auction.
    AuctionStep {
        /// Somebody proposes something for what its owner offers.
        Proposed = "proposed",
        /// The owner accepted the proposal: both have changed hands.
        Accepted = "accepted",
        /// The owner rejected the proposal.
        Rejected = "rejected",
        /// The owner accepted another proposal.
        Outbid = "outbid",
        /// The auction, or the proposal, ended without anybody's asking.
        Ended = "ended",
    }
}

/// An order traded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FillNotice {
    /// The order.
    pub order_id: String,
    /// The trade.
    pub trade_id: String,
    /// What was traded.
    pub symbol: String,
    /// Where.
    pub venue: String,
    /// `buy` or `sell`.
    pub side: String,
    /// How much.
    pub quantity: Number,
    /// At which price.
    pub price: Number,
    /// What it cost; below zero for a rebate.
    pub fee: Number,
    /// When, in the market's virtual time.
    pub market_at: String,
}

/// A trade elected a stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StopNotice {
    /// The order.
    pub order_id: String,
    /// What it is to trade.
    pub symbol: String,
    /// Where.
    pub venue: String,
    /// `buy` or `sell`.
    pub side: String,
    /// How much of it is open.
    pub quantity: Number,
    /// The price at which it was elected, if it is not one that follows the market.
    pub trigger_price: Option<Number>,
}

/// An order ended, and its owner had not asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderEndNotice {
    /// The order.
    pub order_id: String,
    /// What it was to trade.
    pub symbol: String,
    /// Where.
    pub venue: String,
    /// How it ended.
    pub outcome: OrderEnd,
    /// Why, in words.
    pub reason: String,
    /// When, in the market's virtual time.
    pub market_at: String,
}

/// What happened to a margin account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MarginNotice {
    /// What happened.
    pub step: MarginStep,
    /// The account's equity.
    pub equity: Number,
    /// The maintenance margin of its positions, where it was called.
    pub maintenance: Option<Number>,
    /// When, in the market's virtual time.
    pub market_at: String,
}

/// Money came in or went back through the provider of payments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MoneyNotice {
    /// How it ended.
    pub outcome: MoneyOutcome,
    /// The payment or the withdrawal.
    pub reference: String,
    /// How much.
    pub amount: Number,
    /// Of which currency.
    pub currency: String,
    /// Why it was not paid out, if it was not.
    pub reason: Option<String>,
}

/// An administrator put something into an account or took it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FundsNotice {
    /// How much; below zero if it was taken.
    pub amount: Number,
    /// Of what: the currency, or a symbol.
    pub asset: String,
}

/// Something that concerns who gets in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecurityNotice {
    /// The program that asked for it, as it calls itself.
    pub device: Option<String>,
    /// The address that it asked from.
    pub address: Option<String>,
    /// The step of a second factor.
    pub step: Option<FactorStep>,
}

/// An identity of another provider was linked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IdentityNotice {
    /// The provider's name.
    pub provider: String,
}

/// A strategy stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StrategyNotice {
    /// The strategy's account.
    pub strategy_id: AccountId,
    /// Why, in words.
    pub reason: String,
}

/// A contest was entered, has begun or has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContestNotice {
    /// The contest.
    pub contest_id: String,
    /// Its name.
    pub name: String,
    /// How far it has come.
    pub step: ContestStep,
    /// The person's rank, where it has ended and the person is ranked.
    pub rank: Option<u32>,
    /// How many are ranked, where it has ended.
    pub entrants: Option<u32>,
}

/// A price did what an alert waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertNotice {
    /// The alert.
    pub alert_id: String,
    /// Of which instrument.
    pub symbol: String,
    /// Where.
    pub venue: String,
    /// What it waited for.
    pub trigger: AlertTrigger,
    /// The price, or the percentage, that was waited for.
    pub value: Number,
    /// The price that was seen.
    pub price: Number,
}

/// A webhook was turned off because it failed for too long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookNotice {
    /// The webhook.
    pub webhook_id: String,
    /// The host that it was sent to.
    pub host: String,
    /// Why, in words.
    pub reason: String,
}

/// Something happened in an auction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuctionNotice {
    /// The auction.
    pub auction_id: String,
    /// The proposal, if it is about one.
    pub proposal_id: Option<String>,
    /// What happened.
    pub step: AuctionStep,
    /// What is offered.
    pub symbol: String,
    /// How much of it.
    pub quantity: Number,
    /// The cash that is proposed, if it is cash.
    pub cash: Option<Number>,
    /// The instrument that is proposed, if it is shares.
    pub for_symbol: Option<String>,
    /// How many of them.
    pub for_quantity: Option<Number>,
    /// Why it ended without anybody's asking, as a word.
    pub reason: Option<String>,
    /// When, in the market's virtual time.
    pub market_at: String,
}

/// What a notice says. Its kind stands first, so that its numbers are read by their digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub enum NoticeContent {
    /// An order traded.
    Fill(FillNotice),
    /// A trade elected a stop.
    StopTriggered(StopNotice),
    /// An order ended, and its owner had not asked for it.
    OrderEnded(OrderEndNotice),
    /// What happened to a margin account.
    Margin(MarginNotice),
    /// Money came in.
    Deposit(MoneyNotice),
    /// Money went back, or did not in the end.
    Withdrawal(MoneyNotice),
    /// An administrator moved something.
    Funds(FundsNotice),
    /// Somebody logged in from a device that was not seen before.
    SignIn(SecurityNotice),
    /// The password was changed.
    PasswordChanged(SecurityNotice),
    /// The mail address was changed.
    MailAddressChanged(SecurityNotice),
    /// An identity of another provider was linked.
    IdentityLinked(IdentityNotice),
    /// The second factor was turned on or off, or a recovery code was used.
    SecondFactor(SecurityNotice),
    /// A strategy stopped.
    StrategyStopped(StrategyNotice),
    /// A contest was entered, has begun or has ended.
    Contest(ContestNotice),
    /// A price did what an alert waits for.
    PriceAlert(AlertNotice),
    /// A webhook was turned off.
    WebhookOff(WebhookNotice),
    /// Something happened in an auction.
    Auction(AuctionNotice),
}

impl NoticeContent {
    /// Returns what it is about.
    #[must_use]
    pub const fn kind(&self) -> NoticeKind {
        match self {
            Self::Fill(_) => NoticeKind::Fill,
            Self::StopTriggered(_) => NoticeKind::StopTriggered,
            Self::OrderEnded(_) => NoticeKind::OrderEnded,
            Self::Margin(_) => NoticeKind::Margin,
            Self::Deposit(_) => NoticeKind::Deposit,
            Self::Withdrawal(_) => NoticeKind::Withdrawal,
            Self::Funds(_) => NoticeKind::Funds,
            Self::SignIn(_) => NoticeKind::SignIn,
            Self::PasswordChanged(_) => NoticeKind::PasswordChanged,
            Self::MailAddressChanged(_) => NoticeKind::MailAddressChanged,
            Self::IdentityLinked(_) => NoticeKind::IdentityLinked,
            Self::SecondFactor(_) => NoticeKind::SecondFactor,
            Self::StrategyStopped(_) => NoticeKind::StrategyStopped,
            Self::Contest(_) => NoticeKind::Contest,
            Self::PriceAlert(_) => NoticeKind::PriceAlert,
            Self::WebhookOff(_) => NoticeKind::WebhookOff,
            Self::Auction(_) => NoticeKind::Auction,
        }
    }

    /// Returns its JSON, as it is stored and shown: `{"kind": .., "data": {..}}`.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Fails for maps whose keys are no texts, of which it has none.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Something that a person is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its id; later ones sort behind.
    pub id: NoticeId,
    /// Who is told.
    pub user: UserId,
    /// The account that it is about, if it is about one.
    pub account: Option<AccountId>,
    /// What it is about.
    pub kind: NoticeKind,
    /// When it happened, in the time of the world outside.
    pub at: WallTime,
    /// What it says.
    pub content: NoticeContent,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn margin() -> NoticeContent {
        NoticeContent::Margin(MarginNotice {
            step: MarginStep::Called,
            equity: Number("-12.5".parse().unwrap()),
            maintenance: Some(Number("9007199254740993.1".parse().unwrap())),
            market_at: "2025-03-03T09:30:00Z".to_owned(),
        })
    }

    #[test]
    fn a_notice_is_read_as_it_is_written_with_all_of_its_digits() {
        let json = margin().to_json();
        assert_eq!(
            json,
            r#"{"kind":"margin","data":{"step":"called","equity":"-12.5","maintenance":"9007199254740993.1","market_at":"2025-03-03T09:30:00Z"}}"#
        );
        assert_eq!(serde_json::from_str::<NoticeContent>(&json).unwrap(), margin());
    }

    #[test]
    fn the_word_of_a_kind_is_that_of_its_content() {
        let json: serde_json::Value = serde_json::from_str(&margin().to_json()).unwrap();
        assert_eq!(json["kind"], margin().kind().name());
        for kind in NoticeKind::ALL {
            assert_eq!(NoticeKind::of_name(kind.name()), Some(*kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
        assert_eq!(NoticeKind::of_name("fills"), None);
    }
}
