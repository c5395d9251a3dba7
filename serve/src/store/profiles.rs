//! What people say of themselves, and their settings.

use super::database::{Database, Row, StoreError, args, statements};
use crate::domain::UserId;

statements! {
    /// Makes a row of whoever has none, and holds it until the transaction ends: of two changes at once the
    /// second sees what the first made.
    HOLD = "INSERT INTO profiles (user_id, settings) VALUES ($1, '{}')
            ON CONFLICT (user_id) DO UPDATE SET settings = profiles.settings";
    PUT = "UPDATE profiles SET first_name = $2, last_name = $3, settings = $4 WHERE user_id = $1";
    GET = "SELECT first_name, last_name, settings FROM profiles WHERE user_id = $1";
}

/// What a person says of themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileRow {
    /// The first name.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: Option<String>,
    /// The settings as JSON; empty for whoever chose nothing.
    pub settings: String,
}

impl Database {
    /// Changes what a person says of themselves, and returns it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_profile(
        &self,
        user: UserId,
        change: impl FnOnce(ProfileRow) -> ProfileRow,
    ) -> Result<ProfileRow, StoreError> {
        let mut transaction = self.begin().await?;
        transaction.execute(HOLD, args![user]).await?;
        let before = transaction.rows(GET, args![user]).await?.first().map(of_row).transpose()?;
        let after = change(before.unwrap_or_default());
        let ProfileRow { first_name, last_name, settings } = &after;
        let arguments = args![user, first_name.as_deref(), last_name.as_deref(), settings.as_str()];
        transaction.execute(PUT, arguments).await?;
        transaction.commit().await?;
        Ok(after)
    }

    /// Returns what a person says of themselves; nothing of whoever never said anything.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn profile(&self, user: UserId) -> Result<Option<ProfileRow>, StoreError> {
        self.rows(GET, args![user]).await?.first().map(of_row).transpose()
    }
}

fn of_row(row: &Row) -> Result<ProfileRow, StoreError> {
    Ok(ProfileRow {
        first_name: row.get("first_name")?,
        last_name: row.get("last_name")?,
        settings: row.get("settings")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::testing::{add_user, on_each_database};

    #[tokio::test]
    async fn the_last_that_was_said_is_kept() {
        on_each_database(|database| async move {
            let anne = UserId::draw();
            add_user(&database, anne, "anne").await.unwrap();
            assert_eq!(database.profile(anne).await, Ok(None));
            let mut said = ProfileRow { settings: "{}".to_owned(), ..ProfileRow::default() };
            for last_name in [None, Some("Ñandú".to_owned()), None] {
                let before = said.clone();
                said = ProfileRow { first_name: Some("Anne".to_owned()), last_name, ..said };
                let change = |row| {
                    assert_eq!(row, before);
                    said.clone()
                };
                assert_eq!(database.change_profile(anne, change).await, Ok(said.clone()));
                assert_eq!(database.profile(anne).await, Ok(Some(said.clone())));
            }
            assert_eq!(database.profile(UserId::draw()).await, Ok(None), "another's");
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn of_changes_at_once_none_is_lost() {
        on_each_database(|database| async move {
            let anne = UserId::draw();
            add_user(&database, anne, "anne").await.unwrap();
            let add = |letter: char| {
                let database = database.clone();
                async move {
                    let change =
                        |row: ProfileRow| ProfileRow { settings: format!("{}{letter}", row.settings), ..row };
                    database.change_profile(anne, change).await
                }
            };
            let done = futures_util::future::join_all(('a'..='h').map(add)).await;
            assert!(done.iter().all(Result::is_ok), "{done:?}");
            let kept = database.profile(anne).await.unwrap().unwrap().settings;
            assert_eq!(kept.len(), 2 + 8, "{kept}");
        })
        .await
        .unwrap();
    }
}
