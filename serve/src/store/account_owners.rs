//! Whose accounts are: people's own, those of their strategies and of contests.

use super::database::{Database, StoreError, args, statements};
use crate::domain::{AccountId, UserId};

statements! {
    OWNER = "SELECT user_id FROM account_owners WHERE account_id = $1";
    ACCOUNTS = "SELECT account_id FROM account_owners WHERE user_id = $1 ORDER BY account_id";
}

impl Database {
    /// Returns whose an account is, if it is somebody's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn owner_of_account(&self, account: AccountId) -> Result<Option<UserId>, StoreError> {
        let row = self.row(OWNER, args![account]).await?;
        row.map(|row| row.get("user_id").map(UserId::new)).transpose()
    }

    /// Returns the accounts of a person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accounts_of(&self, user: UserId) -> Result<Vec<AccountId>, StoreError> {
        let rows = self.rows(ACCOUNTS, args![user]).await?;
        rows.iter().map(|row| row.get("account_id").map(AccountId::new)).collect()
    }
}
