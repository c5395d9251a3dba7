//! Webhooks: endpoints that people want to be called with what they are told, signed as Standard Webhooks has
//! it.
//!
//! Deliberately absent: the sending, which is with `services/deliveries`.

mod signature;
mod views;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tracing::info;

use super::identity::{Clock, of_store};
use crate::domain::{Actor, DeliveryId, Problem, ProblemKind, WallTime, WebhookId};
use crate::outgoing::Guarded;
use crate::store::database::Database;
use crate::store::deliveries::SendOutcome;
use crate::store::webhooks::{AddTargetOutcome, SentKinds, Webhook};

pub use signature::signatures;
pub(super) use views::kinds_of;
pub use views::{
    DeliveryView, NewWebhookView, RotatedView, WebhookChange, WebhookDetailView, WebhookRequest, WebhookView,
    WebhooksView,
};

/// The most endpoints of a person.
pub const WEBHOOKS_MAX: i64 = 5;
/// The longest that a person says of an endpoint, in characters.
const DESCRIPTION_MAX: usize = 200;
/// How many deliveries of an endpoint are shown.
const SHOWN: u32 = 50;
/// For how long a secret signs that was replaced.
const OLD_SECRET: Duration = Duration::from_hours(24);

/// What webhooks are made of.
#[derive(Debug)]
pub struct WebhooksParts {
    /// Where they are.
    pub database: Database,
    /// What knows which addresses may be asked.
    pub guarded: Guarded,
    /// Wakes whoever sends.
    pub wake: Arc<Notify>,
}

/// Keeps endpoints of people.
pub struct Webhooks {
    database: Database,
    guarded: Guarded,
    wake: Arc<Notify>,
    clock: Clock,
}

impl std::fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhooks").field("database", &self.database).finish_non_exhaustive()
    }
}

impl Webhooks {
    /// Makes it.
    #[must_use]
    pub fn new(parts: WebhooksParts, clock: Clock) -> Self {
        let WebhooksParts { database, guarded, wake } = parts;
        Self { database, guarded, wake, clock }
    }

    /// Adds an endpoint of a person.
    ///
    /// # Errors
    /// [`Problem`] if it may not be asked, says too much, or there are too many.
    pub async fn add(&self, who: &Actor, request: WebhookRequest) -> Result<NewWebhookView, Problem> {
        let WebhookRequest { url, kinds, description } = request;
        let webhook = Webhook {
            id: WebhookId::draw(),
            user: who.user,
            url: self.checked_url(&url)?,
            kinds: checked_kinds(kinds_of(kinds))?,
            description: checked_description(&description)?,
            secret: signature::draw_secret()?,
            old_secret: None,
            is_active: true,
            off_reason: None,
            failing_since: None,
            dropped: 0,
            created_at: self.now(),
        };
        match self.database.add_webhook(&webhook, WEBHOOKS_MAX).await.map_err(of_store)? {
            AddTargetOutcome::Added => {}
            AddTargetOutcome::TooMany => {
                let message = format!("there are {WEBHOOKS_MAX} webhooks already: delete one");
                return Err(Problem::new(ProblemKind::Conflict, "too_many_webhooks", message));
            }
            AddTargetOutcome::Blocked => return Err(shut()),
        }
        info!(user = %who.user, webhook = %webhook.id, "webhook made");
        Ok(webhook.into())
    }

    /// Returns the endpoints of a person.
    ///
    /// # Errors
    /// [`Problem`] if the database is away.
    pub async fn all(&self, who: &Actor) -> Result<WebhooksView, Problem> {
        let webhooks = self.database.webhooks(who.user).await.map_err(of_store)?;
        Ok(WebhooksView { webhooks: webhooks.into_iter().map(WebhookView::from).collect() })
    }

    /// Returns an endpoint of a person, and what was or is to be sent to it.
    ///
    /// # Errors
    /// [`Problem`] if the person has no such endpoint.
    pub async fn one(&self, who: &Actor, id: WebhookId) -> Result<WebhookDetailView, Problem> {
        let webhook =
            self.database.webhook(who.user, id).await.map_err(of_store)?.ok_or_else(|| unknown(id))?;
        let deliveries = self.database.deliveries(id, SHOWN).await.map_err(of_store)?;
        let deliveries = deliveries.into_iter().map(DeliveryView::from).collect();
        Ok(WebhookDetailView { webhook: webhook.into(), deliveries })
    }

    /// Changes an endpoint of a person.
    ///
    /// # Errors
    /// [`Problem`] if the person has no such endpoint, or what is to be changed does not fit.
    pub async fn change(
        &self,
        who: &Actor,
        id: WebhookId,
        change: WebhookChange,
    ) -> Result<WebhookView, Problem> {
        let WebhookChange { url, kinds, description, is_active } = change;
        let url = url.map(|url| self.checked_url(&url)).transpose()?;
        let kinds = kinds.map(|kinds| checked_kinds(kinds_of(kinds))).transpose()?;
        let description = description.map(|text| checked_description(&text)).transpose()?;
        let change = |before: Webhook| Webhook {
            url: url.unwrap_or(before.url),
            kinds: kinds.unwrap_or(before.kinds),
            description: description.unwrap_or(before.description),
            is_active: is_active.unwrap_or(before.is_active),
            ..before
        };
        let changed = self.database.change_webhook((who.user, id), self.now(), change).await;
        changed.map_err(of_store)?.map(WebhookView::from).ok_or_else(|| unknown(id))
    }

    /// Gives an endpoint of a person another secret; the one before signs too for a day.
    ///
    /// # Errors
    /// [`Problem`] if the person has no such endpoint.
    pub async fn rotate(&self, who: &Actor, id: WebhookId) -> Result<RotatedView, Problem> {
        let secret = signature::draw_secret()?;
        let until = self.now().after(OLD_SECRET);
        if !self.database.rotate_webhook((who.user, id), &secret, until).await.map_err(of_store)? {
            return Err(unknown(id));
        }
        info!(user = %who.user, webhook = %id, "the secret of a webhook was replaced");
        Ok(RotatedView { secret: signature::text_of(&secret), old_secret_until: until.to_string() })
    }

    /// Sends a message to an endpoint of a person that tells nothing: a `ping`.
    ///
    /// # Errors
    /// [`Problem`] if the person has no such endpoint, it is off, or a ping is under way.
    pub async fn test(&self, who: &Actor, id: WebhookId) -> Result<DeliveryView, Problem> {
        self.refuse_inactive(who, id).await?;
        let sent = self.database.ping_webhook((who.user, id), self.now()).await.map_err(of_store)?;
        self.sent(sent, || unknown(id), "ping_under_way", "a ping is under way already")
    }

    /// Sends something to an endpoint of a person once more that was given up.
    ///
    /// # Errors
    /// [`Problem`] if the person has no such endpoint or delivery, it is off, or it was not given up.
    pub async fn send_again(
        &self,
        who: &Actor,
        (webhook, id): (WebhookId, DeliveryId),
    ) -> Result<DeliveryView, Problem> {
        self.refuse_inactive(who, webhook).await?;
        let now = self.now();
        let sent = self.database.send_again((who.user, webhook), id, now).await.map_err(of_store)?;
        let message =
            "only what was given up is sent once more: this has arrived, or is tried again by itself";
        self.sent(sent, || unknown_delivery(&id), "not_failed", message)
    }

    /// Deletes an endpoint of a person; nothing is sent to it any more.
    ///
    /// # Errors
    /// [`Problem`] if the person has no such endpoint.
    pub async fn delete(&self, who: &Actor, id: WebhookId) -> Result<(), Problem> {
        if !self.database.delete_webhook(who.user, id).await.map_err(of_store)? {
            return Err(unknown(id));
        }
        info!(user = %who.user, webhook = %id, "webhook deleted");
        Ok(())
    }

    async fn refuse_inactive(&self, who: &Actor, id: WebhookId) -> Result<(), Problem> {
        let webhook =
            self.database.webhook(who.user, id).await.map_err(of_store)?.ok_or_else(|| unknown(id))?;
        if webhook.is_active {
            return Ok(());
        }
        let problem = Problem::new(ProblemKind::Conflict, "webhook_off", "nothing is sent to it: it is off");
        Err(problem.hint("PATCH it with `\"is_active\": true`"))
    }

    fn sent(
        &self,
        sent: SendOutcome,
        unknown: impl Fn() -> Problem,
        code: &'static str,
        busy: &'static str,
    ) -> Result<DeliveryView, Problem> {
        match sent {
            SendOutcome::Sent(row) => {
                self.wake.notify_one();
                Ok(row.into())
            }
            SendOutcome::Unknown => Err(unknown()),
            SendOutcome::Busy => Err(Problem::new(ProblemKind::Conflict, code, busy)),
        }
    }

    fn checked_url(&self, url: &str) -> Result<String, Problem> {
        let target = self.guarded.target(url);
        let target = target.map_err(|error| invalid("url", error.to_string()))?;
        Ok(target.text().to_owned())
    }

    fn now(&self) -> WallTime {
        (self.clock)()
    }
}

/// Refuses a list of nothing.
pub(super) fn checked_kinds(kinds: SentKinds) -> Result<SentKinds, Problem> {
    match kinds {
        SentKinds::Some(words) if words.is_empty() => Err(invalid(
            "kinds",
            "nothing would be sent: name a kind, or leave the list out for all".to_owned(),
        )),
        kinds => Ok(kinds),
    }
}

fn checked_description(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.chars().count() > DESCRIPTION_MAX || text.chars().any(char::is_control) {
        let message = format!(
            "a description has at most {DESCRIPTION_MAX} characters, none of them a control character"
        );
        return Err(invalid("description", message));
    }
    Ok(text.to_owned())
}

/// Returns the problem of a field.
pub(super) fn invalid(field: &'static str, message: String) -> Problem {
    Problem::new(ProblemKind::Refused, "invalid_field", message).at(field)
}

/// Whoever is blocked or has left is sent nothing.
pub(super) fn shut() -> Problem {
    Problem::new(ProblemKind::Forbidden, "blocked", "nothing is sent for this account")
}

fn unknown(id: WebhookId) -> Problem {
    Problem::new(ProblemKind::NotFound, "unknown_webhook", format!("there is no webhook {id} of yours"))
}

/// There is no such delivery of a person's.
#[must_use]
pub fn unknown_delivery(id: &dyn std::fmt::Display) -> Problem {
    let message = format!("there is no delivery {id} of this webhook");
    Problem::new(ProblemKind::NotFound, "unknown_delivery", message).at("delivery_id")
}
