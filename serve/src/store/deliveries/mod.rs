//! What is sent to endpoints and browsers of people: written in the transaction of what it tells, and sent
//! afterwards.
//!
//! `work` has what the sending needs. A delivery's id is a digest of notice and target, so that a notice is
//! sent to each target once; their order is that of the notices.

#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
pub(in crate::store) mod work;

use serde_json::{Value, json};
use uuid::Uuid;

use super::database::{Database, Row, StoreError, Transaction, Value as Argument, args, statements};
use crate::domain::{DeliveryId, DeliveryState, Notice, UserId, WallTime, WebhookId};

pub use work::{Addressee, Attempt, DueDelivery, Ending, Settled, Taken, Target, TargetState};

/// How many may wait for one target; of more, an endpoint counts how many found no room.
pub const WAITING_MAX: i64 = 10_000;
/// The kind of a message that tells nothing, for tests of an endpoint.
pub const PING: &str = "ping";

statements! {
    // Nothing is sent for people who are shut out.
    WEBHOOKS = "SELECT w.id, (SELECT COUNT(*) FROM deliveries d WHERE d.target_id = w.id AND d.due_at IS NOT NULL)
            AS waiting
        FROM webhooks w JOIN users u ON u.id = w.user_id
        WHERE w.user_id = $1 AND w.is_active = $2 AND (w.kinds = '*' OR w.kinds LIKE $3) AND u.blocked_at IS NULL
        ORDER BY w.id";
    SUBSCRIPTIONS = "SELECT s.id, (SELECT COUNT(*) FROM deliveries d
            WHERE d.target_id = s.id AND d.due_at IS NOT NULL) AS waiting
        FROM push_subscriptions s JOIN users u ON u.id = s.user_id
        WHERE s.user_id = $1 AND (s.expires_at IS NULL OR s.expires_at > $2)
            AND (s.kinds = '*' OR s.kinds LIKE $3) AND u.blocked_at IS NULL
        ORDER BY s.id";
    ADD = "INSERT INTO deliveries (id, user_id, target_id, is_push, event_id, kind, body, state, attempts,
            created_at, changed_at, due_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO NOTHING";
    DROPPED = "UPDATE webhooks SET dropped = dropped + 1 WHERE id = $1";
    // Of several who ask at once one has it.
    ADD_PING = "INSERT INTO deliveries (id, user_id, target_id, is_push, event_id, kind, body, state, attempts,
            created_at, changed_at, due_at)
        SELECT $1, user_id, id, $4, $1, $5, $6, $7, 0, CAST($3 AS BIGINT), CAST($3 AS BIGINT), CAST($3 AS BIGINT)
        FROM webhooks WHERE id = $2 AND NOT EXISTS (SELECT 1 FROM deliveries
            WHERE target_id = $2 AND kind = $5 AND due_at IS NOT NULL)";
    HOLD = "UPDATE webhooks SET dropped = dropped WHERE id = $1 AND user_id = $2";
    OF_TARGET = "SELECT id, kind, state, attempts, status, failure, created_at, changed_at, due_at
        FROM deliveries WHERE target_id = $1 ORDER BY event_id DESC LIMIT $2";
    ONE = "SELECT id, kind, state, attempts, status, failure, created_at, changed_at, due_at
        FROM deliveries WHERE id = $1 AND target_id = $2";
    AGAIN = "UPDATE deliveries SET state = $4, attempts = 0, due_at = $3, changed_at = $3
        WHERE id = $1 AND target_id = $2 AND state = $5 AND body IS NOT NULL";
    FORGET = "DELETE FROM deliveries WHERE due_at IS NULL
        AND ((state = $3 AND changed_at <= $1) OR (state <> $3 AND changed_at <= $2))";
}

/// Something that was or is to be sent to a target, as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its id.
    pub id: DeliveryId,
    /// What it tells, as a word.
    pub kind: String,
    /// How far it has come.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// The status that the last attempt was answered with, if it was answered.
    pub status: Option<u16>,
    /// Why the last attempt failed.
    pub failure: Option<String>,
    /// When what it tells has happened.
    pub created_at: WallTime,
    /// When it was tried last; before that, when it was written.
    pub changed_at: WallTime,
    /// When it is tried next.
    pub due_at: Option<WallTime>,
}

/// Whether something is sent that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// It is sent.
    Sent(DeliveryRow),
    /// There is no such endpoint, or no such delivery.
    Unknown,
    /// It is under way already, or has arrived.
    Busy,
}

/// Writes what is to be sent of a notice, to the endpoints and browsers of its person that want such, in the
/// transaction of whoever fans it out; a second attempt does nothing.
///
/// # Errors
/// As any statement.
pub async fn enqueue(
    transaction: &mut Transaction,
    notice: &Notice,
    now: WallTime,
) -> Result<(), StoreError> {
    let kind = notice.kind.name();
    let pattern = format!("%,{kind},%");
    let webhooks = transaction.rows(WEBHOOKS, args![notice.user, true, pattern.as_str()]).await?;
    let browsers = transaction.rows(SUBSCRIPTIONS, args![notice.user, now, pattern.as_str()]).await?;
    if webhooks.is_empty() && browsers.is_empty() {
        return Ok(());
    }
    let body = body_of(notice);
    let mut rows = Vec::new();
    let targets = webhooks.iter().map(|row| (row, false)).chain(browsers.iter().map(|row| (row, true)));
    for (row, is_push) in targets {
        let target: Uuid = row.get("id")?;
        if row.get::<i64>("waiting")? < WAITING_MAX {
            rows.push(new_row(notice, (target, is_push), &body, now));
        } else if !is_push {
            transaction.execute(DROPPED, args![target]).await?;
        }
    }
    transaction.execute_rows(ADD, &rows).await.map(drop)
}

fn new_row(notice: &Notice, (target, is_push): (Uuid, bool), body: &str, now: WallTime) -> Vec<Argument> {
    let id = Uuid::new_v5(&notice.id.uuid(), target.as_bytes());
    let (kind, state) = (notice.kind.name(), DeliveryState::Waiting.name());
    let event = notice.id.uuid();
    args![id, notice.user, target, is_push, event, kind, body, state, 0_i64, notice.at, now, now].to_vec()
}

/// Returns the body of a message, as endpoints are sent it and the texts for browsers are made of it.
fn body_of(notice: &Notice) -> String {
    // Its numbers are texts, of which no digit is lost; its kind is the type.
    let mut content = serde_json::to_value(&notice.content).unwrap_or_default();
    let mut data = content["data"].take();
    if let Value::Object(fields) = &mut data {
        fields.insert("notice_id".to_owned(), json!(notice.id));
        fields.insert("account_id".to_owned(), json!(notice.account));
    }
    message(notice.kind.name(), notice.at, &data)
}

/// Returns a message of a kind, of a time, with its data.
fn message(kind: &str, at: WallTime, data: &Value) -> String {
    json!({ "type": kind, "timestamp": at.to_string(), "data": data }).to_string()
}

impl Database {
    /// Writes a message to an endpoint of a person that tells nothing, if none waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ping_webhook(
        &self,
        (user, webhook): (UserId, WebhookId),
        now: WallTime,
    ) -> Result<SendOutcome, StoreError> {
        let mut transaction = self.begin().await?;
        if transaction.execute(HOLD, args![webhook, user]).await? != 1 {
            return Ok(SendOutcome::Unknown);
        }
        let id = DeliveryId::draw();
        let body = message(PING, now, &json!({ "webhook_id": webhook }));
        let state = DeliveryState::Waiting.name();
        let arguments = args![id, webhook, now, false, PING, body, state];
        if transaction.execute(ADD_PING, arguments).await? != 1 {
            return Ok(SendOutcome::Busy);
        }
        let row = transaction.row(ONE, args![id, webhook]).await?;
        transaction.commit().await?;
        row.as_ref().map(of_row).transpose().map(|row| row.map_or(SendOutcome::Unknown, SendOutcome::Sent))
    }

    /// Has something sent once more that was given up, with as many attempts as at first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn send_again(
        &self,
        (user, webhook): (UserId, WebhookId),
        id: DeliveryId,
        now: WallTime,
    ) -> Result<SendOutcome, StoreError> {
        let mut transaction = self.begin().await?;
        if transaction.execute(HOLD, args![webhook, user]).await? != 1 {
            return Ok(SendOutcome::Unknown);
        }
        let (waiting, failed) = (DeliveryState::Waiting.name(), DeliveryState::Failed.name());
        let is_sent = transaction.execute(AGAIN, args![id, webhook, now, waiting, failed]).await? == 1;
        let row = transaction.row(ONE, args![id, webhook]).await?.as_ref().map(of_row).transpose()?;
        transaction.commit().await?;
        Ok(match row {
            Some(row) if is_sent => SendOutcome::Sent(row),
            Some(_) => SendOutcome::Busy,
            None => SendOutcome::Unknown,
        })
    }

    /// Returns what was or is to be sent to an endpoint, the latest notices first, up to so many. Whose it is
    /// is not looked at.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deliveries(&self, webhook: WebhookId, most: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        self.rows(OF_TARGET, args![webhook, most]).await?.iter().map(of_row).collect()
    }

    /// Deletes what has arrived until a time, and what was given up until another; returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_deliveries(
        &self,
        delivered_until: WallTime,
        failed_until: WallTime,
    ) -> Result<u64, StoreError> {
        let delivered = DeliveryState::Delivered.name();
        self.execute(FORGET, args![delivered_until, failed_until, delivered]).await
    }
}

fn of_row(row: &Row) -> Result<DeliveryRow, StoreError> {
    let time = |column| row.get(column).map(WallTime::from_nanos);
    Ok(DeliveryRow {
        id: DeliveryId::new(row.get("id")?),
        kind: row.get("kind")?,
        state: row.read("state", |word: String| DeliveryState::of_name(&word))?,
        attempts: row.read("attempts", |number: i64| u32::try_from(number).ok())?,
        status: row.read("status", |status: Option<i64>| status.map(u16::try_from).transpose().ok())?,
        failure: row.get("failure")?,
        created_at: time("created_at")?,
        changed_at: time("changed_at")?,
        due_at: row.get::<Option<i64>>("due_at")?.map(WallTime::from_nanos),
    })
}
