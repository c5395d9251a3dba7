//! The words of the ledger: what an entry is of, and what the references of funds say.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a transfer of cash to a new strategy refers to.
pub const TO_STRATEGY: &str = "to a strategy";
/// What a transfer of what a strategy leaves refers to.
pub const FROM_STRATEGY: &str = "from a strategy";
/// What the cash of an account of a contest refers to.
pub const CONTEST_CASH: &str = "contest cash";
/// What the funds refer to that set an account back.
pub const ACCOUNT_RESET: &str = "account reset";
/// What the reference of a transfer between accounts of one's own begins with; its id follows.
pub const TRANSFER: &str = "transfer:";
/// What the reference of a payment begins with that has come in; its id follows.
pub const PAYMENT: &str = "payment:";
/// What the reference of a refund begins with; its id follows.
pub const REFUND: &str = "refund:";
/// What the reference of a refund begins with that was refused in the end, and came back.
pub const REFUND_BACK: &str = "refund-back:";

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $counter:literal;)+) => {
        /// What an entry of the ledger is of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum EntryKind {
            $($(#[$doc])* $variant,)+
        }

        impl EntryKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns the word.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// Returns the account of the house that has the other side of such an entry.
            #[must_use]
            pub const fn counter(self) -> &'static str {
                match self {
                    $(Self::$variant => $counter,)+
                }
            }
        }
    };
}

kinds! {
    /// What an account begins with.
    Grant = "grant", "grants";
    /// What an account had before its ledger began, or has otherwise since the market went on.
    Opening = "opening", "opening";
    /// A purchase.
    Buy = "buy", "market";
    /// A sale.
    Sell = "sell", "market";
    /// What venue and broker charge for a trade.
    Fee = "fee", "fees";
    /// What a venue pays for a trade.
    Rebate = "rebate", "fees";
    /// A payment that has come in.
    Deposit = "deposit", "payments";
    /// A payment that was paid back.
    Withdrawal = "withdrawal", "payments";
    /// A payment that could not be paid back in the end.
    WithdrawalReturned = "withdrawal_returned", "payments";
    /// Funds that an administrator gave or took.
    Admin = "admin", "admin";
    /// What set an account back to what it began with.
    Reset = "reset", "admin";
    /// What has come from another account of the same person.
    TransferIn = "transfer_in", "transfers";
    /// What has gone to another account of the same person.
    TransferOut = "transfer_out", "transfers";
    /// Interest on cash; paid if negative.
    Interest = "interest", "financing";
    /// The cost of borrowed shares.
    BorrowFee = "borrow_fee", "financing";
    /// What the sides of a perpetual pay each other.
    Funding = "funding", "financing";
    /// A dividend; paid by whoever is short.
    Dividend = "dividend", "corporate_actions";
    /// Shares that a split has added or taken.
    Split = "split", "corporate_actions";
    /// What a split left of a lot, in cash.
    SplitFraction = "split_fraction", "corporate_actions";
    /// What a position in a future has gained since it was last marked to market.
    Settlement = "settlement", "clearing";
    /// Cash or shares that were swapped in an auction between participants.
    Swap = "swap", "market";
}

impl EntryKind {
    /// Returns the kind of a word.
    #[must_use]
    pub fn of_name(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.name() == word)
    }

    /// Returns what funds are that came into an account, or left it if `is_inward` is false, by what they
    /// refer to.
    #[must_use]
    pub fn of_funding(reference: &str, is_inward: bool) -> Self {
        let is_transfer = matches!(reference, TO_STRATEGY | FROM_STRATEGY) || reference.starts_with(TRANSFER);
        match reference {
            CONTEST_CASH => Self::Grant,
            ACCOUNT_RESET => Self::Reset,
            _ if is_transfer && is_inward => Self::TransferIn,
            _ if is_transfer => Self::TransferOut,
            _ if reference.starts_with(PAYMENT) => Self::Deposit,
            _ if reference.starts_with(REFUND) => Self::Withdrawal,
            _ if reference.starts_with(REFUND_BACK) => Self::WithdrawalReturned,
            _ => Self::Admin,
        }
    }
}

/// What an entry of the ledger moves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Asset {
    /// Cash, in the market's currency.
    Cash,
    /// Shares or units of an instrument, by its symbol.
    Shares(String),
}

impl Asset {
    /// Returns the symbol of what is no cash.
    #[must_use]
    pub fn symbol(&self) -> Option<&str> {
        match self {
            Self::Cash => None,
            Self::Shares(symbol) => Some(symbol),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn funds_are_what_they_refer_to() {
        for (reference, inward, outward) in [
            ("contest cash", EntryKind::Grant, EntryKind::Grant),
            ("account reset", EntryKind::Reset, EntryKind::Reset),
            ("to a strategy", EntryKind::TransferIn, EntryKind::TransferOut),
            ("from a strategy", EntryKind::TransferIn, EntryKind::TransferOut),
            ("transfer:7", EntryKind::TransferIn, EntryKind::TransferOut),
            ("payment:7", EntryKind::Deposit, EntryKind::Deposit),
            ("refund:7", EntryKind::Withdrawal, EntryKind::Withdrawal),
            ("refund-back:7", EntryKind::WithdrawalReturned, EntryKind::WithdrawalReturned),
            ("payment 7", EntryKind::Admin, EntryKind::Admin),
            ("prize", EntryKind::Admin, EntryKind::Admin),
        ] {
            assert_eq!(EntryKind::of_funding(reference, true), inward, "{reference}");
            assert_eq!(EntryKind::of_funding(reference, false), outward, "{reference}");
        }
    }

    #[test]
    fn each_kind_has_a_word_of_its_own() {
        for kind in EntryKind::ALL {
            assert_eq!(EntryKind::of_name(kind.name()), Some(*kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
