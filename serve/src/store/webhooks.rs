//! Endpoints that people want to be called.

use super::database::{Database, Row, StoreError, Transaction, args, statements};
use crate::domain::{DeliveryState, OffReason, UserId, WallTime, WebhookId};

statements! {
    // A person has a bounded number of them; the row of the person is locked meanwhile.
    LOCK = "UPDATE users SET password_changed_at = password_changed_at WHERE id = $1 AND blocked_at IS NULL";
    COUNT = "SELECT COUNT(*) AS number FROM webhooks WHERE user_id = $1";
    ADD = "INSERT INTO webhooks (id, user_id, url, kinds, description, secret, is_active, dropped, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)";
    OF_USER = "SELECT id, user_id, url, kinds, description, secret, old_secret, old_secret_until, is_active,
        off_reason, failing_since, dropped, created_at FROM webhooks WHERE user_id = $1 ORDER BY id";
    ONE = "SELECT id, user_id, url, kinds, description, secret, old_secret, old_secret_until, is_active,
        off_reason, failing_since, dropped, created_at FROM webhooks WHERE id = $1";
    HOLD = "UPDATE webhooks SET dropped = dropped WHERE id = $1 AND user_id = $2";
    PUT = "UPDATE webhooks SET url = $2, kinds = $3, description = $4, is_active = $5, off_reason = $6,
        failing_since = $7 WHERE id = $1";
    ROTATE = "UPDATE webhooks SET old_secret = secret, old_secret_until = $4, secret = $3
        WHERE id = $1 AND user_id = $2";
    GIVE_UP = "UPDATE deliveries SET state = $2, due_at = NULL, failure = $3, changed_at = $4
        WHERE target_id = $1 AND due_at IS NOT NULL";
    DELETE = "DELETE FROM webhooks WHERE id = $1 AND user_id = $2";
    DELETE_DELIVERIES = "DELETE FROM deliveries WHERE target_id = $1";
}

/// Which notices are sent: those of some kinds, or all, also of kinds that come later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SentKinds {
    /// All.
    All,
    /// Those of these words.
    Some(Vec<String>),
}

impl SentKinds {
    /// Returns it as it is stored: a word stands between commas, so that none is a part of another.
    pub(in crate::store) fn text(&self) -> String {
        match self {
            Self::All => "*".to_owned(),
            Self::Some(words) => format!(",{},", words.join(",")),
        }
    }

    /// Reads it.
    pub(in crate::store) fn of_text(text: &str) -> Self {
        match text {
            "*" => Self::All,
            words => {
                Self::Some(words.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect())
            }
        }
    }
}

/// An endpoint that a person wants to be called.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Whose it is.
    pub user: UserId,
    /// Its address.
    pub url: String,
    /// What is sent to it.
    pub kinds: SentKinds,
    /// What its person says of it.
    pub description: String,
    /// What is signed with.
    pub secret: Vec<u8>,
    /// What was signed with before, and until when it still is.
    pub old_secret: Option<(Vec<u8>, WallTime)>,
    /// Whether it is called.
    pub is_active: bool,
    /// Why it is not, if its person did not say so.
    pub off_reason: Option<OffReason>,
    /// Since when nothing has arrived that was sent.
    pub failing_since: Option<WallTime>,
    /// How many notices found no room among those that wait.
    pub dropped: u32,
    /// When it was made.
    pub created_at: WallTime,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("id", &self.id).field("user", &self.user).finish_non_exhaustive()
    }
}

/// Whether an endpoint or a browser was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddTargetOutcome {
    /// It was added.
    Added,
    /// Its person has as many as may be.
    TooMany,
    /// Its person was shut out, or is gone.
    Blocked,
}

impl Database {
    /// Adds an endpoint, if its person has fewer than so many and is not shut out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_webhook(&self, webhook: &Webhook, most: i64) -> Result<AddTargetOutcome, StoreError> {
        let mut transaction = self.begin().await?;
        if transaction.execute(LOCK, args![webhook.user]).await? != 1 {
            return Ok(AddTargetOutcome::Blocked);
        }
        let count = transaction.row(COUNT, args![webhook.user]).await?;
        if count.map_or(Ok(0), |row| row.get::<i64>("number"))? >= most {
            return Ok(AddTargetOutcome::TooMany);
        }
        let Webhook { id, user, url, description, secret, is_active, created_at, .. } = webhook;
        let kinds = webhook.kinds.text();
        let (url, description, secret) = (url.as_str(), description.as_str(), secret.as_slice());
        let arguments = args![*id, *user, url, kinds, description, secret, *is_active, *created_at];
        transaction.execute(ADD, arguments).await?;
        transaction.commit().await?;
        Ok(AddTargetOutcome::Added)
    }

    /// Returns the endpoints of a person, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhooks(&self, user: UserId) -> Result<Vec<Webhook>, StoreError> {
        self.rows(OF_USER, args![user]).await?.iter().map(of_row).collect()
    }

    /// Returns an endpoint of a person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhook(&self, user: UserId, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
        let found = self.row(ONE, args![id]).await?.as_ref().map(of_row).transpose()?;
        Ok(found.filter(|webhook| webhook.user == user))
    }

    /// Changes an endpoint of a person, and returns it. What waits for one that is turned off is given up;
    /// one that is turned on begins anew.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_webhook(
        &self,
        (user, id): (UserId, WebhookId),
        now: WallTime,
        change: impl FnOnce(Webhook) -> Webhook,
    ) -> Result<Option<Webhook>, StoreError> {
        let mut transaction = self.begin().await?;
        // Of two changes at once the second sees what the first made.
        if transaction.execute(HOLD, args![id, user]).await? != 1 {
            return Ok(None);
        }
        let Some(before) = one(&mut transaction, id).await? else { return Ok(None) };
        let was_active = before.is_active;
        let mut after = change(before);
        match (was_active, after.is_active) {
            (true, false) => give_up(&mut transaction, id, now).await?,
            (false, true) => (after.off_reason, after.failing_since) = (None, None),
            _ => {}
        }
        let Webhook { url, description, is_active, failing_since, .. } = &after;
        let (kinds, reason) = (after.kinds.text(), after.off_reason.map(OffReason::name));
        let arguments =
            args![id, url.as_str(), kinds, description.as_str(), *is_active, reason, *failing_since];
        transaction.execute(PUT, arguments).await?;
        transaction.commit().await?;
        Ok(Some(after))
    }

    /// Gives an endpoint of a person another secret; the one before signs too until then. Returns whether
    /// there is such an endpoint.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rotate_webhook(
        &self,
        (user, id): (UserId, WebhookId),
        secret: &[u8],
        until: WallTime,
    ) -> Result<bool, StoreError> {
        Ok(self.execute(ROTATE, args![id, user, secret, until]).await? == 1)
    }

    /// Deletes an endpoint of a person, with all that was or is to be sent to it; returns whether there was
    /// one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_webhook(&self, user: UserId, id: WebhookId) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        if transaction.execute(DELETE, args![id, user]).await? != 1 {
            return Ok(false);
        }
        transaction.execute(DELETE_DELIVERIES, args![id]).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// Returns an endpoint, whosever it is.
pub(in crate::store) async fn one(
    transaction: &mut Transaction,
    id: WebhookId,
) -> Result<Option<Webhook>, StoreError> {
    transaction.row(ONE, args![id]).await?.as_ref().map(of_row).transpose()
}

/// Gives up what waits for an endpoint that is off.
pub(in crate::store) async fn give_up(
    transaction: &mut Transaction,
    id: WebhookId,
    now: WallTime,
) -> Result<(), StoreError> {
    let arguments = args![id, DeliveryState::Failed.name(), "the endpoint was turned off", now];
    transaction.execute(GIVE_UP, arguments).await.map(drop)
}

fn of_row(row: &Row) -> Result<Webhook, StoreError> {
    let time = |column| row.get::<Option<i64>>(column).map(|at| at.map(WallTime::from_nanos));
    let old_secret: Option<Vec<u8>> = row.get("old_secret")?;
    Ok(Webhook {
        id: WebhookId::new(row.get("id")?),
        user: UserId::new(row.get("user_id")?),
        url: row.get("url")?,
        kinds: SentKinds::of_text(&row.get::<String>("kinds")?),
        description: row.get("description")?,
        secret: row.get("secret")?,
        old_secret: old_secret.zip(time("old_secret_until")?),
        is_active: row.get("is_active")?,
        off_reason: row.read("off_reason", |word: Option<String>| match word {
            Some(word) => OffReason::of_name(&word).map(Some),
            None => Some(None),
        })?,
        failing_since: time("failing_since")?,
        dropped: row.read("dropped", |number: i64| u32::try_from(number).ok())?,
        created_at: WallTime::from_nanos(row.get("created_at")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::testing::{add_user, on_each_database};
    use crate::store::deliveries::testing::webhook;

    fn at(seconds: i64) -> WallTime {
        WallTime::from_nanos(seconds * 1_000_000_000)
    }

    #[tokio::test]
    async fn a_person_has_a_bounded_number_of_endpoints_and_sees_no_others() {
        on_each_database(|database| async move {
            let (anne, bert) = (UserId::draw(), UserId::draw());
            add_user(&database, anne, "anne").await.unwrap();
            add_user(&database, bert, "bert").await.unwrap();
            let (first, second) = (webhook(anne), webhook(anne));
            for (one, expected) in [
                (&first, AddTargetOutcome::Added),
                (&second, AddTargetOutcome::Added),
                (&webhook(anne), AddTargetOutcome::TooMany),
                (&webhook(UserId::draw()), AddTargetOutcome::Blocked),
            ] {
                assert_eq!(database.add_webhook(one, 2).await, Ok(expected));
            }
            assert_eq!(database.webhooks(anne).await, Ok(vec![first.clone(), second.clone()]));
            assert_eq!(database.webhooks(bert).await, Ok(Vec::new()));
            assert_eq!(database.webhook(bert, first.id).await, Ok(None));
            assert_eq!(database.webhook(anne, first.id).await, Ok(Some(first.clone())));
            let steal = |it: Webhook| Webhook { url: "https://bert.example".to_owned(), ..it };
            assert_eq!(database.change_webhook((bert, first.id), at(9), steal).await, Ok(None));
            assert_eq!(database.rotate_webhook((bert, first.id), b"x", at(9)).await, Ok(false));
            assert_eq!(database.delete_webhook(bert, first.id).await, Ok(false));
            assert_eq!(database.webhook(anne, first.id).await, Ok(Some(first.clone())));
            assert_eq!(database.delete_webhook(anne, first.id).await, Ok(true));
            assert_eq!(database.webhooks(anne).await, Ok(vec![second]));
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn a_secret_that_was_replaced_is_kept_until_then_and_a_change_keeps_both() {
        on_each_database(|database| async move {
            let anne = UserId::draw();
            add_user(&database, anne, "anne").await.unwrap();
            let first = Webhook { kinds: SentKinds::Some(vec!["fill".to_owned()]), ..webhook(anne) };
            database.add_webhook(&first, 5).await.unwrap();
            assert_eq!(database.rotate_webhook((anne, first.id), b"new", at(90)).await, Ok(true));
            let rotated = Webhook {
                secret: b"new".to_vec(),
                old_secret: Some((first.secret.clone(), at(90))),
                ..first.clone()
            };
            assert_eq!(database.webhook(anne, first.id).await, Ok(Some(rotated.clone())));
            let turn =
                |is_active| move |it: Webhook| Webhook { is_active, description: "d".to_owned(), ..it };
            let off = Webhook { is_active: false, description: "d".to_owned(), ..rotated };
            let key = (anne, first.id);
            assert_eq!(database.change_webhook(key, at(5), turn(false)).await, Ok(Some(off.clone())));
            assert_eq!(database.webhook(anne, first.id).await, Ok(Some(off.clone())));
            let on = Webhook { is_active: true, ..off };
            assert_eq!(database.change_webhook(key, at(6), turn(true)).await, Ok(Some(on)));
        })
        .await
        .unwrap();
    }

    #[test]
    fn kinds_are_read_as_they_are_written() {
        for kinds in [SentKinds::All, SentKinds::Some(vec!["fill".to_owned(), "margin".to_owned()])] {
            assert_eq!(SentKinds::of_text(&kinds.text()), kinds);
        }
    }
}
