//! Lists of symbols that people watch.

use super::database::{Database, Row, StoreError, args, statements};
use crate::domain::{UserId, WallTime};
use uuid::Uuid;

statements! {
    INSERT = "INSERT INTO watchlists (id, user_id, name, symbols, created_at) VALUES ($1, $2, $3, $4, $5)";
    UPDATE = "UPDATE watchlists SET name = $3, symbols = $4 WHERE id = $1 AND user_id = $2";
    DELETE = "DELETE FROM watchlists WHERE id = $1 AND user_id = $2";
    OF_USER = "SELECT id, user_id, name, symbols, created_at FROM watchlists WHERE user_id = $1
               ORDER BY created_at, id";
}

/// A list of symbols that somebody watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watchlist {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub user: UserId,
    /// Its name; a person has one of each name.
    pub name: String,
    /// The symbols, in the order in which they are shown.
    pub symbols: Vec<String>,
    /// When it was made.
    pub created_at: WallTime,
}

impl Database {
    /// Adds a list.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] on `watchlists.user_id, watchlists.name` if the person has one of that name.
    pub async fn add_watchlist(&self, list: &Watchlist) -> Result<(), StoreError> {
        let Watchlist { id, user, name, symbols, created_at } = list;
        let arguments = args![*id, *user, name.as_str(), text(symbols), *created_at];
        self.execute(INSERT, arguments).await.map(drop)
    }

    /// Changes the name and the symbols of a person's list; returns whether there is one.
    ///
    /// # Errors
    /// As [`Database::add_watchlist`].
    pub async fn change_watchlist(&self, list: &Watchlist) -> Result<bool, StoreError> {
        let arguments = args![list.id, list.user, list.name.as_str(), text(&list.symbols)];
        Ok(self.execute(UPDATE, arguments).await? == 1)
    }

    /// Deletes a person's list; returns whether there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_watchlist(&self, user: UserId, id: Uuid) -> Result<bool, StoreError> {
        Ok(self.execute(DELETE, args![id, user]).await? == 1)
    }

    /// Returns the lists of a person, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn watchlists(&self, user: UserId) -> Result<Vec<Watchlist>, StoreError> {
        self.rows(OF_USER, args![user]).await?.iter().map(of_row).collect()
    }
}

fn text(symbols: &[String]) -> String {
    // Fails for nothing that is a list of texts.
    serde_json::to_string(symbols).unwrap_or_default()
}

fn of_row(row: &Row) -> Result<Watchlist, StoreError> {
    Ok(Watchlist {
        id: row.get("id")?,
        user: UserId::new(row.get("user_id")?),
        name: row.get("name")?,
        symbols: row.read("symbols", |text: String| serde_json::from_str(&text).ok())?,
        created_at: WallTime::from_nanos(row.get("created_at")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::testing::{add_user, on_each_database};

    #[tokio::test]
    async fn lists_are_their_owners_only() {
        on_each_database(|database| async move {
            let (anne, bert) = (UserId::draw(), UserId::draw());
            add_user(&database, anne, "anne").await.unwrap();
            add_user(&database, bert, "bert").await.unwrap();
            let list = |name: &str, user| Watchlist {
                id: Uuid::now_v7(),
                user,
                name: name.to_owned(),
                symbols: vec!["ZED".to_owned(), "ACME".to_owned()],
                created_at: WallTime::from_nanos(5),
            };
            let mut first = list("tech", anne);
            database.add_watchlist(&first).await.unwrap();
            let again = database.add_watchlist(&list("tech", anne)).await.unwrap_err();
            assert!(again.is_conflict_on("watchlists.user_id, watchlists.name"), "{again}");
            database.add_watchlist(&list("tech", bert)).await.unwrap();
            assert_eq!(database.watchlists(anne).await, Ok(vec![first.clone()]));
            first.symbols.clear();
            assert_eq!(database.change_watchlist(&first).await, Ok(true));
            let stolen = Watchlist { user: bert, name: "mine".to_owned(), ..first.clone() };
            assert_eq!(database.change_watchlist(&stolen).await, Ok(false));
            assert_eq!(database.delete_watchlist(bert, first.id).await, Ok(false));
            assert_eq!(database.watchlists(anne).await, Ok(vec![first.clone()]));
            assert_eq!(database.delete_watchlist(anne, first.id).await, Ok(true));
            assert_eq!(database.watchlists(anne).await, Ok(Vec::new()));
        })
        .await
        .unwrap();
    }
}
