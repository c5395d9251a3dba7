//! Groups that send orders over channels.

use crate::domain::{AccountId, UserId, WallTime};
use crate::store::database::{Database, Row, StoreError, args, statements};

statements! {
    // A person has a bounded number of groups; the row of the person is locked meanwhile.
    LOCK = "UPDATE users SET role = role WHERE id = $1 AND blocked_at IS NULL";
    COUNT = "SELECT COUNT(*) AS count FROM trading_groups WHERE user_id = $1";
    ADD = "INSERT INTO trading_groups (name, user_id, account_id, secret, created_at)
        VALUES ($1, $2, $3, $4, $5)";
    OF_USER = "SELECT name, account_id, created_at, rotated_at FROM trading_groups WHERE user_id = $1
        ORDER BY name";
    ROTATE = "UPDATE trading_groups SET secret = $3, rotated_at = $4 WHERE name = $1 AND user_id = $2";
    DELETE = "DELETE FROM trading_groups WHERE name = $1 AND user_id = $2";
    STATE = "SELECT g.account_id, g.secret, u.blocked_at, u.is_verified
        FROM trading_groups g JOIN users u ON u.id = g.user_id WHERE g.name = $1";
}

/// A group, as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name, which no other group has.
    pub name: String,
    /// The account that its orders are of.
    pub account: AccountId,
    /// When it was registered.
    pub created_at: WallTime,
    /// When its secret was last replaced.
    pub rotated_at: Option<WallTime>,
}

/// What decides whether a request of a group is carried out.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupState {
    /// The account that its orders are of.
    pub account: AccountId,
    /// What its requests are signed with.
    pub secret: Vec<u8>,
    /// Whether its person was shut out.
    pub is_blocked: bool,
    /// Whether the mail address of its person is known to be theirs.
    pub is_verified: bool,
}

impl std::fmt::Debug for GroupState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the secret.
        f.debug_struct("GroupState").field("account", &self.account).finish_non_exhaustive()
    }
}

/// Whether a group was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddGroupOutcome {
    /// It was added.
    Added,
    /// Its person has as many as may be.
    TooMany,
    /// Its person was shut out, or is gone.
    Blocked,
}

impl Database {
    /// Adds a group, if its person has fewer than so many.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] on `trading_groups.name` if there is one of that name.
    pub async fn add_group(
        &self,
        user: UserId,
        group: &Group,
        secret: &[u8],
        most: i64,
    ) -> Result<AddGroupOutcome, StoreError> {
        let mut transaction = self.begin().await?;
        if transaction.execute(LOCK, args![user]).await? == 0 {
            return Ok(AddGroupOutcome::Blocked);
        }
        let row = transaction.row(COUNT, args![user]).await?;
        let count: i64 = row.map_or(Ok(0), |row| row.get("count"))?;
        if count >= most {
            return Ok(AddGroupOutcome::TooMany);
        }
        let arguments = args![group.name.as_str(), user, group.account, secret, group.created_at];
        transaction.execute(ADD, arguments).await?;
        transaction.commit().await?;
        Ok(AddGroupOutcome::Added)
    }

    /// Returns the groups of a person, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn groups(&self, user: UserId) -> Result<Vec<Group>, StoreError> {
        self.rows(OF_USER, args![user]).await?.iter().map(of_row).collect()
    }

    /// Replaces the secret of a person's group; returns whether there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rotate_group(
        &self,
        user: UserId,
        name: &str,
        secret: &[u8],
        now: WallTime,
    ) -> Result<bool, StoreError> {
        Ok(self.execute(ROTATE, args![name, user, secret, now]).await? == 1)
    }

    /// Deletes a person's group; returns whether there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_group(&self, user: UserId, name: &str) -> Result<bool, StoreError> {
        Ok(self.execute(DELETE, args![name, user]).await? == 1)
    }

    /// Returns what decides about requests of a group, if there is one of that name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn group_state(&self, name: &str) -> Result<Option<GroupState>, StoreError> {
        let Some(row) = self.row(STATE, args![name]).await? else { return Ok(None) };
        Ok(Some(GroupState {
            account: AccountId::new(row.get("account_id")?),
            secret: row.get("secret")?,
            is_blocked: row.get::<Option<i64>>("blocked_at")?.is_some(),
            is_verified: row.get("is_verified")?,
        }))
    }
}

fn of_row(row: &Row) -> Result<Group, StoreError> {
    Ok(Group {
        name: row.get("name")?,
        account: AccountId::new(row.get("account_id")?),
        created_at: WallTime::from_nanos(row.get("created_at")?),
        rotated_at: row.get::<Option<i64>>("rotated_at")?.map(WallTime::from_nanos),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::testing::{add_user, on_each_database};

    fn group(name: &str) -> Group {
        Group {
            name: name.to_owned(),
            account: AccountId::draw(),
            created_at: WallTime::from_nanos(5),
            rotated_at: None,
        }
    }

    #[tokio::test]
    async fn a_name_is_of_one_group_and_a_group_is_its_persons_only() {
        on_each_database(|database| async move {
            let (anne, bert) = (UserId::draw(), UserId::draw());
            add_user(&database, anne, "anne").await.unwrap();
            add_user(&database, bert, "bert").await.unwrap();
            let first = group("desk");
            let added = database.add_group(anne, &first, b"secret", 2).await;
            assert_eq!(added, Ok(AddGroupOutcome::Added));
            let taken = database.add_group(bert, &group("desk"), b"other", 2).await.unwrap_err();
            assert!(taken.is_conflict_on("trading_groups.name"), "{taken}");
            assert_eq!(database.groups(anne).await, Ok(vec![first.clone()]));
            assert_eq!(database.groups(bert).await, Ok(Vec::new()));
            let now = WallTime::from_nanos(9);
            assert_eq!(database.rotate_group(bert, "desk", b"stolen", now).await, Ok(false));
            assert_eq!(database.delete_group(bert, "desk").await, Ok(false));
            assert_eq!(database.rotate_group(anne, "desk", b"new", now).await, Ok(true));
            let state = database.group_state("desk").await.unwrap().unwrap();
            assert_eq!((state.account, state.secret.as_slice()), (first.account, b"new".as_slice()));
            assert!(!state.is_blocked && !state.is_verified);
            assert_eq!(database.groups(anne).await.unwrap()[0].rotated_at, Some(now));
            assert_eq!(database.delete_group(anne, "desk").await, Ok(true));
            assert_eq!(database.group_state("desk").await, Ok(None));
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn a_person_has_a_bounded_number_and_nobody_who_is_gone_has_any() {
        on_each_database(|database| async move {
            let anne = UserId::draw();
            let add = |name: &'static str, user| {
                let database = database.clone();
                async move { database.add_group(user, &group(name), b"s", 2).await }
            };
            assert_eq!(add("a", anne).await, Ok(AddGroupOutcome::Blocked));
            add_user(&database, anne, "anne").await.unwrap();
            assert_eq!(add("a", anne).await, Ok(AddGroupOutcome::Added));
            assert_eq!(add("b", anne).await, Ok(AddGroupOutcome::Added));
            assert_eq!(add("c", anne).await, Ok(AddGroupOutcome::TooMany));
        })
        .await
        .unwrap();
    }
}
