//! Browsers that take messages for people.

use super::database::{Database, Row, StoreError, Transaction, args, statements};
use super::webhooks::{AddTargetOutcome, SentKinds};
use crate::domain::{SubscriptionId, UserId, WallTime};

statements! {
    // A person has a bounded number of them; the row of the person is locked meanwhile.
    LOCK = "UPDATE users SET password_changed_at = password_changed_at WHERE id = $1 AND blocked_at IS NULL";
    COUNT = "SELECT COUNT(*) AS number FROM push_subscriptions WHERE user_id = $1 AND endpoint <> $2";
    // Whoever logs in with a browser takes it over: what it shows is for whoever sits before it.
    OF_ENDPOINT = "SELECT id FROM push_subscriptions WHERE endpoint = $1";
    ADD = "INSERT INTO push_subscriptions (id, user_id, endpoint, p256dh, auth, kinds, expires_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (endpoint) DO UPDATE SET id = excluded.id, user_id = excluded.user_id,
            p256dh = excluded.p256dh, auth = excluded.auth, kinds = excluded.kinds,
            expires_at = excluded.expires_at, created_at = excluded.created_at";
    OF_USER = "SELECT id, user_id, endpoint, p256dh, auth, kinds, expires_at, created_at FROM push_subscriptions
        WHERE user_id = $1 ORDER BY id";
    ONE = "SELECT id, user_id, endpoint, p256dh, auth, kinds, expires_at, created_at FROM push_subscriptions
        WHERE id = $1";
    DELETE = "DELETE FROM push_subscriptions WHERE id = $1 AND user_id = $2";
    END = "DELETE FROM push_subscriptions WHERE id = $1";
    DELETE_DELIVERIES = "DELETE FROM deliveries WHERE target_id = $1";
}

/// A browser that takes messages for a person (RFC 8030, RFC 8291).
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// Whose it is.
    pub user: UserId,
    /// Where its messages are sent to: whoever knows it can send some.
    pub endpoint: String,
    /// Its public key: a point of P-256, uncompressed.
    pub p256dh: Vec<u8>,
    /// What only it and whoever sends to it know.
    pub auth: Vec<u8>,
    /// What is sent to it.
    pub kinds: SentKinds,
    /// Until when it takes messages, if that is known.
    pub expires_at: Option<WallTime>,
    /// When it was made.
    pub created_at: WallTime,
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("id", &self.id).field("user", &self.user).finish_non_exhaustive()
    }
}

impl Database {
    /// Adds a browser, or what is new of one that is there, if its person has fewer than so many others and
    /// is not shut out. One that was another's is the person's from then on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_subscription(
        &self,
        subscription: &Subscription,
        most: i64,
    ) -> Result<AddTargetOutcome, StoreError> {
        let Subscription { id, user, endpoint, p256dh, auth, expires_at, created_at, .. } = subscription;
        let mut transaction = self.begin().await?;
        if transaction.execute(LOCK, args![*user]).await? != 1 {
            return Ok(AddTargetOutcome::Blocked);
        }
        let count = transaction.row(COUNT, args![*user, endpoint.as_str()]).await?;
        if count.map_or(Ok(0), |row| row.get::<i64>("number"))? >= most {
            return Ok(AddTargetOutcome::TooMany);
        }
        if let Some(before) = transaction.row(OF_ENDPOINT, args![endpoint.as_str()]).await? {
            let before: uuid::Uuid = before.get("id")?;
            transaction.execute(DELETE_DELIVERIES, args![before]).await?;
        }
        let kinds = subscription.kinds.text();
        let (endpoint, p256dh, auth) = (endpoint.as_str(), p256dh.as_slice(), auth.as_slice());
        let arguments = args![*id, *user, endpoint, p256dh, auth, kinds, *expires_at, *created_at];
        transaction.execute(ADD, arguments).await?;
        transaction.commit().await?;
        Ok(AddTargetOutcome::Added)
    }

    /// Returns the browsers of a person, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn subscriptions(&self, user: UserId) -> Result<Vec<Subscription>, StoreError> {
        self.rows(OF_USER, args![user]).await?.iter().map(of_row).collect()
    }

    /// Deletes a browser of a person, with all that is to be sent to it; returns whether there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_subscription(&self, user: UserId, id: SubscriptionId) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        if transaction.execute(DELETE, args![id, user]).await? != 1 {
            return Ok(false);
        }
        transaction.execute(DELETE_DELIVERIES, args![id]).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// Returns a browser, whosever it is.
pub(in crate::store) async fn one(
    transaction: &mut Transaction,
    id: SubscriptionId,
) -> Result<Option<Subscription>, StoreError> {
    transaction.row(ONE, args![id]).await?.as_ref().map(of_row).transpose()
}

/// Deletes a browser that takes no messages any more, with all that is to be sent to it.
pub(in crate::store) async fn end(
    transaction: &mut Transaction,
    id: SubscriptionId,
) -> Result<(), StoreError> {
    transaction.execute(END, args![id]).await?;
    transaction.execute(DELETE_DELIVERIES, args![id]).await.map(drop)
}

fn of_row(row: &Row) -> Result<Subscription, StoreError> {
    Ok(Subscription {
        id: SubscriptionId::new(row.get("id")?),
        user: UserId::new(row.get("user_id")?),
        endpoint: row.get("endpoint")?,
        p256dh: row.get("p256dh")?,
        auth: row.get("auth")?,
        kinds: SentKinds::of_text(&row.get::<String>("kinds")?),
        expires_at: row.get::<Option<i64>>("expires_at")?.map(WallTime::from_nanos),
        created_at: WallTime::from_nanos(row.get("created_at")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::testing::{add_user, on_each_database};
    use crate::store::deliveries::testing::subscription;

    #[tokio::test]
    async fn a_browser_is_of_whoever_subscribed_with_it_last() {
        on_each_database(|database| async move {
            let (anne, bert) = (UserId::draw(), UserId::draw());
            add_user(&database, anne, "anne").await.unwrap();
            add_user(&database, bert, "bert").await.unwrap();
            let first = subscription(anne, "https://push.example/1");
            assert_eq!(database.put_subscription(&first, 1).await, Ok(AddTargetOutcome::Added));
            let second = subscription(anne, "https://push.example/2");
            assert_eq!(database.put_subscription(&second, 1).await, Ok(AddTargetOutcome::TooMany));
            let renewed = Subscription { auth: vec![9; 16], ..subscription(anne, &first.endpoint) };
            assert_eq!(database.put_subscription(&renewed, 1).await, Ok(AddTargetOutcome::Added));
            assert_eq!(database.subscriptions(anne).await, Ok(vec![renewed.clone()]));
            let of_bert = subscription(bert, &first.endpoint);
            assert_eq!(database.put_subscription(&of_bert, 1).await, Ok(AddTargetOutcome::Added));
            assert_eq!(database.subscriptions(anne).await, Ok(Vec::new()));
            assert_eq!(database.delete_subscription(anne, of_bert.id).await, Ok(false));
            assert_eq!(database.subscriptions(bert).await, Ok(vec![of_bert.clone()]));
            assert_eq!(database.delete_subscription(bert, of_bert.id).await, Ok(true));
            let of_nobody = subscription(UserId::draw(), "https://push.example/3");
            assert_eq!(database.put_subscription(&of_nobody, 1).await, Ok(AddTargetOutcome::Blocked));
        })
        .await
        .unwrap();
    }
}
