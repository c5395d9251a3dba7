//! The sending: a process takes a target for a while, is given what is due, and says what became of it.

use uuid::Uuid;

use crate::domain::{
    DeliveryId, DeliveryState, Language, NoticeContent, NoticeSettings, OffReason, SubscriptionId, WallTime,
    WebhookId, WebhookNotice,
};
use crate::store::database::{Database, Row, StoreError, Transaction, args, statements};
use crate::store::notices::{self, NewNotice};
use crate::store::push_subscriptions::{self, Subscription};
use crate::store::webhooks::{self, Webhook};

statements! {
    // Those that are worked at are as good as not there, so that they take no room from others.
    DUE_TARGETS = "SELECT DISTINCT d.target_id, d.is_push FROM deliveries d WHERE d.due_at <= $1 AND NOT EXISTS
            (SELECT 1 FROM delivery_leases l WHERE l.target_id = d.target_id AND l.leased_until > $1) LIMIT $2";
    // Of several processes that see a target one has it, until a while later: it may end half-way.
    LEASE = "INSERT INTO delivery_leases (target_id, owner, leased_until) VALUES ($1, $2, $3)
        ON CONFLICT (target_id) DO UPDATE SET owner = excluded.owner, leased_until = excluded.leased_until
        WHERE delivery_leases.leased_until <= $4 OR delivery_leases.owner = excluded.owner";
    RELEASE = "DELETE FROM delivery_leases WHERE target_id = $1 AND owner = $2";
    RELEASE_ALL = "DELETE FROM delivery_leases WHERE owner = $1";
    DUE = "SELECT id, event_id, kind, body, attempts, created_at FROM deliveries
        WHERE target_id = $1 AND due_at <= $2 ORDER BY event_id LIMIT $3";
    DELIVERED = "UPDATE deliveries SET state = $2, attempts = $3, status = $4, changed_at = $5, body = NULL,
        failure = NULL, due_at = NULL WHERE id = $1 AND due_at IS NOT NULL";
    AGAIN = "UPDATE deliveries SET attempts = $2, status = $3, failure = $4, changed_at = $5, due_at = $6
        WHERE id = $1 AND due_at IS NOT NULL";
    FAILED = "UPDATE deliveries SET state = $2, attempts = $3, status = $4, changed_at = $5, failure = $6,
        due_at = NULL WHERE id = $1 AND due_at IS NOT NULL";
    ORPHANS = "DELETE FROM deliveries WHERE target_id = $1";
    SETTINGS = "SELECT settings FROM profiles WHERE user_id = $1";
    WORKS = "UPDATE webhooks SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL";
    FAILS = "UPDATE webhooks SET failing_since = $2 WHERE id = $1 AND failing_since IS NULL";
    TURN_OFF = "UPDATE webhooks SET is_active = $2, off_reason = $3 WHERE id = $1 AND is_active <> $2";
}

/// Whom something is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// An endpoint.
    Webhook(WebhookId),
    /// A browser.
    Browser(SubscriptionId),
}

impl Target {
    fn id(self) -> Uuid {
        match self {
            Self::Webhook(id) => id.uuid(),
            Self::Browser(id) => id.uuid(),
        }
    }
}

/// Whom something is sent to, with all that is needed for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addressee {
    /// An endpoint.
    Webhook(Webhook),
    /// A browser, and in which language it is addressed.
    Browser(Subscription, Language),
}

/// Something whose time to be sent has come.
#[derive(Clone, PartialEq, Eq)]
pub struct DueDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// What it tells, as a word.
    pub kind: String,
    /// The message.
    pub body: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When what it tells has happened.
    pub created_at: WallTime,
}

impl std::fmt::Debug for DueDelivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DueDelivery").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A target that was taken, and what is due for it, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The target.
    pub addressee: Addressee,
    /// What is due.
    pub due: Vec<DueDelivery>,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What was tried.
    pub id: DeliveryId,
    /// How often it was tried by now.
    pub attempts: u32,
    /// The status that it was answered with, if it was.
    pub status: Option<u16>,
    /// What becomes of it.
    pub ending: Ending,
}

/// What becomes of something that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It has arrived.
    Delivered,
    /// It is tried again.
    Again {
        /// Why it did not arrive.
        failure: String,
        /// When.
        due_at: WallTime,
    },
    /// It is given up.
    Failed {
        /// Why it did not arrive.
        failure: String,
    },
}

/// What is known of a target after some attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetState {
    /// Something has arrived.
    Works,
    /// Nothing has.
    Fails,
    /// Nothing was tried that says anything about it.
    Unknown,
    /// It says that it is gone, or nothing has arrived for too long.
    Off(OffReason),
}

/// What became of what was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled<'a> {
    /// The target.
    pub target: Target,
    /// Who has taken it.
    pub owner: Uuid,
    /// What became of each attempt.
    pub attempts: &'a [Attempt],
    /// What is known of the target.
    pub state: TargetState,
}

impl Database {
    /// Returns targets for which something is due, and that nobody has taken, up to so many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_targets(&self, now: WallTime, most: u32) -> Result<Vec<Target>, StoreError> {
        let rows = self.rows(DUE_TARGETS, args![now, most]).await?;
        let target = |row: &Row| {
            let id = row.get("target_id")?;
            let is_push: bool = row.get("is_push")?;
            Ok(if is_push {
                Target::Browser(SubscriptionId::new(id))
            } else {
                Target::Webhook(WebhookId::new(id))
            })
        };
        rows.iter().map(target).collect()
    }

    /// Lets go of all that was taken under a name: whoever did that has ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_targets(&self, owner: Uuid) -> Result<(), StoreError> {
        self.execute(RELEASE_ALL, args![owner]).await.map(drop)
    }

    /// Takes a target, until a while later, and returns what is due for it, up to so many; nothing if another
    /// has it, or nothing is due. What waits for one that is gone or off is given up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_target(
        &self,
        (target, owner): (Target, Uuid),
        (now, until): (WallTime, WallTime),
        most: u32,
    ) -> Result<Option<Taken>, StoreError> {
        let mut transaction = self.begin().await?;
        let id = target.id();
        if transaction.execute(LEASE, args![id, owner, until, now]).await? != 1 {
            return Ok(None);
        }
        let Some(addressee) = addressee(&mut transaction, target, now).await? else {
            transaction.execute(RELEASE, args![id, owner]).await?;
            transaction.commit().await?;
            return Ok(None);
        };
        let due = transaction.rows(DUE, args![id, now, most]).await?;
        let due: Vec<_> = due.iter().map(due_of).collect::<Result<_, _>>()?;
        if due.is_empty() {
            // Not committed: nobody has it.
            return Ok(None);
        }
        transaction.commit().await?;
        Ok(Some(Taken { addressee, due }))
    }

    /// Writes what became of what was taken, and lets go of the target. A browser that takes nothing any more
    /// is deleted; the person of an endpoint that is turned off is told.
    ///
    /// # Errors
    /// [`StoreError`]; what was sent is sent again then.
    pub async fn settle_target(&self, settled: &Settled<'_>, now: WallTime) -> Result<(), StoreError> {
        let Settled { target, owner, attempts, state } = settled;
        let mut transaction = self.begin().await?;
        for attempt in *attempts {
            settle(&mut transaction, attempt, now).await?;
        }
        match (target, state) {
            (Target::Webhook(id), state) => note_webhook(&mut transaction, *id, *state, now).await?,
            (Target::Browser(id), TargetState::Off(_)) => {
                push_subscriptions::end(&mut transaction, *id).await?;
            }
            (Target::Browser(_), _) => {}
        }
        transaction.execute(RELEASE, args![target.id(), *owner]).await?;
        transaction.commit().await
    }
}

/// Returns whom something is sent to. What waits for somebody who is not there any more is given up: it was
/// written while they went.
async fn addressee(
    transaction: &mut Transaction,
    target: Target,
    now: WallTime,
) -> Result<Option<Addressee>, StoreError> {
    let found = match target {
        Target::Webhook(id) => match webhooks::one(transaction, id).await? {
            Some(webhook) if !webhook.is_active => {
                webhooks::give_up(transaction, id, now).await?;
                return Ok(None);
            }
            found => found.map(Addressee::Webhook),
        },
        Target::Browser(id) => match push_subscriptions::one(transaction, id).await? {
            Some(browser) => {
                let settings = transaction.row(SETTINGS, args![browser.user]).await?;
                let settings = settings.map(|row| row.get::<String>("settings")).transpose()?;
                let language = NoticeSettings::of_json(settings.as_deref()).language;
                Some(Addressee::Browser(browser, language))
            }
            None => None,
        },
    };
    if found.is_none() {
        transaction.execute(ORPHANS, args![target.id()]).await?;
    }
    Ok(found)
}

async fn settle(transaction: &mut Transaction, attempt: &Attempt, now: WallTime) -> Result<(), StoreError> {
    let Attempt { id, attempts, status, ending } = attempt;
    let status = status.map(i64::from);
    match ending {
        Ending::Delivered => {
            let state = DeliveryState::Delivered.name();
            transaction.execute(DELIVERED, args![*id, state, *attempts, status, now]).await
        }
        Ending::Again { failure, due_at } => {
            let arguments = args![*id, *attempts, status, failure.as_str(), now, *due_at];
            transaction.execute(AGAIN, arguments).await
        }
        Ending::Failed { failure } => {
            let state = DeliveryState::Failed.name();
            let arguments = args![*id, state, *attempts, status, now, failure.as_str()];
            transaction.execute(FAILED, arguments).await
        }
    }
    .map(drop)
}

/// Notes what is known of an endpoint.
async fn note_webhook(
    transaction: &mut Transaction,
    id: WebhookId,
    state: TargetState,
    now: WallTime,
) -> Result<(), StoreError> {
    match state {
        TargetState::Unknown => Ok(()),
        TargetState::Works => transaction.execute(WORKS, args![id]).await.map(drop),
        TargetState::Fails => transaction.execute(FAILS, args![id, now]).await.map(drop),
        TargetState::Off(reason) => {
            transaction.execute(FAILS, args![id, now]).await?;
            let is_turned_off = transaction.execute(TURN_OFF, args![id, false, reason.name()]).await? == 1;
            webhooks::give_up(transaction, id, now).await?;
            if is_turned_off {
                tell(transaction, id, reason, now).await?;
            }
            Ok(())
        }
    }
}

/// Tells the person of an endpoint that it was turned off.
async fn tell(
    transaction: &mut Transaction,
    id: WebhookId,
    reason: OffReason,
    now: WallTime,
) -> Result<(), StoreError> {
    let Some(webhook) = webhooks::one(transaction, id).await? else { return Ok(()) };
    let authority = webhook.url.split_once("://").map_or("", |(_, rest)| rest);
    let host = authority.split(['/', '?']).next().unwrap_or_default().to_owned();
    let reason = match reason {
        OffReason::Gone => "it answered that it is gone (410)",
        OffReason::Failing => "nothing that was sent to it has arrived for five days",
    };
    let content = WebhookNotice { webhook_id: id.to_string(), host, reason: reason.to_owned() };
    let notice = NewNotice {
        user: webhook.user,
        account: None,
        at: now,
        source: None,
        content: NoticeContent::WebhookOff(content),
    };
    notices::add(transaction, &notice).await.map(drop)
}

fn due_of(row: &Row) -> Result<DueDelivery, StoreError> {
    Ok(DueDelivery {
        id: DeliveryId::new(row.get("id")?),
        kind: row.get("kind")?,
        body: row.get::<Option<String>>("body")?.unwrap_or_default(),
        attempts: row.read("attempts", |number: i64| u32::try_from(number).ok())?,
        created_at: WallTime::from_nanos(row.get("created_at")?),
    })
}
