//! What wallets look like outside.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{AccountId, EntryKind, MarketTime, Number};
use crate::services::trading::PositionLine;

/// A wallet: what an account has now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WalletView {
    /// The account.
    pub account_id: AccountId,
    /// The moment.
    pub at: Option<MarketTime>,
    /// The currency of all amounts.
    pub currency: String,
    /// The cash, free and held.
    pub cash: Number,
    /// The cash that no open order holds.
    pub free_cash: Number,
    /// The cash that open orders hold.
    pub held_cash: Number,
    /// What is held, and what it is worth.
    pub holdings: Vec<PositionLine>,
    /// Cash and all holdings at the middle of bid and ask, or the last trade; absent while a holding has
    /// neither.
    pub value: Option<Number>,
    /// The accounts of one's own strategies that run.
    pub sub_accounts: Vec<SubAccountView>,
    /// The value together with that of these.
    pub total_value: Option<Number>,
}

/// The account of a strategy.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SubAccountView {
    /// The account, which is the strategy's id.
    pub account_id: AccountId,
    /// The name of the strategy.
    pub name: String,
    /// The cash, free and held.
    pub cash: Number,
    /// The cash that no open order holds.
    pub free_cash: Number,
    /// In how many instruments it has a position.
    pub holdings: usize,
    /// Cash and all holdings.
    pub value: Option<Number>,
}

/// What an entry moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssetName {
    /// Cash, in the market's currency.
    Cash,
    /// Shares or units of the instrument of `symbol`.
    Shares,
}

impl AssetName {
    /// Returns the word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Shares => "shares",
        }
    }
}

/// An entry of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EntryLine {
    /// Its place on the tape: segment, fact, line.
    pub entry_id: String,
    /// When.
    pub at: MarketTime,
    /// What it is of.
    pub kind: EntryKind,
    /// What was moved.
    pub asset: AssetName,
    /// The instrument that it is about, also where cash was moved.
    pub symbol: Option<String>,
    /// How much; below zero if the account gave.
    pub amount: Number,
    /// What the account had of it from then on.
    pub balance: Number,
    /// The account of the house that has the other side.
    pub counter: &'static str,
    /// The order, of a trade.
    pub order_id: Option<String>,
    /// The trade.
    pub trade_id: Option<String>,
    /// What funds refer to.
    pub reference: Option<String>,
}
