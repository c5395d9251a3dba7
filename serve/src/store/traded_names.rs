//! What accounts call the instruments that they trade.

use super::database::{Database, StoreError, args, statements};
use crate::domain::AccountId;

statements! {
    PUT = "INSERT INTO traded_names (account_id, symbol, is_pair) VALUES ($1, $2, $3)
        ON CONFLICT (account_id, symbol) DO UPDATE SET is_pair = excluded.is_pair";
    OF_ACCOUNT = "SELECT symbol, is_pair FROM traded_names WHERE account_id = $1 ORDER BY symbol";
}

/// What an account calls an instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradedName {
    /// The instrument's symbol.
    pub symbol: String,
    /// Whether it is called a pair with the currency, as `ALFA/USD`.
    pub is_pair: bool,
}

impl Database {
    /// Notes what an account calls an instrument.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_traded_name(&self, account: AccountId, name: &TradedName) -> Result<(), StoreError> {
        self.execute(PUT, args![account, name.symbol.as_str(), name.is_pair]).await.map(drop)
    }

    /// Returns what an account calls instruments.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn traded_names(&self, account: AccountId) -> Result<Vec<TradedName>, StoreError> {
        let rows = self.rows(OF_ACCOUNT, args![account]).await?;
        let name = |row: &super::database::Row| {
            Ok(TradedName { symbol: row.get("symbol")?, is_pair: row.get("is_pair")? })
        };
        rows.iter().map(name).collect()
    }
}
