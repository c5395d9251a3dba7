//! Endpoints, as their person asks for them and sees them.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::signature::text_of;
use crate::domain::{DeliveryId, DeliveryState, NoticeKind, OffReason, Secret, WallTime, WebhookId};
use crate::store::deliveries::DeliveryRow;
use crate::store::webhooks::{SentKinds, Webhook};

/// An endpoint that a person wants to be called.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRequest {
    /// Its address: HTTPS, on the internet, port 443 or one from 1024 on.
    #[schema(example = "https://hooks.example.org/bearpit", max_length = 2048)]
    pub url: String,
    /// What is sent to it; all, also kinds that come later, if nothing is said.
    pub kinds: Option<Vec<NoticeKind>>,
    /// What its person says of it.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub description: String,
}

/// What is to be changed of an endpoint; what is not said stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookChange {
    /// Its address.
    #[schema(max_length = 2048)]
    pub url: Option<String>,
    /// What is sent to it; `null` for all.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<Vec<NoticeKind>>)]
    pub kinds: Option<Option<Vec<NoticeKind>>>,
    /// What its person says of it.
    #[schema(max_length = 200)]
    pub description: Option<String>,
    /// Whether it is called. What waits for one that is turned off is given up.
    pub is_active: Option<bool>,
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookView {
    /// Its id.
    pub webhook_id: WebhookId,
    /// Its address.
    pub url: String,
    /// What is sent to it; all if there is no list.
    pub kinds: Option<Vec<String>>,
    /// What its person says of it.
    pub description: String,
    /// Whether it is called.
    pub is_active: bool,
    /// Why it is not, if its person did not turn it off.
    pub off_reason: Option<OffReason>,
    /// Since when nothing has arrived that was sent.
    pub failing_since: Option<String>,
    /// How many notices were not written for it, since too many waited.
    pub dropped: u32,
    /// Until when the secret before signs too.
    pub old_secret_until: Option<String>,
    /// When it was made.
    pub created_at: String,
}

/// An endpoint that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NewWebhookView {
    /// The endpoint.
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// What its messages are signed with: shown this once.
    #[schema(value_type = String, example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: Secret,
}

/// An endpoint, and what was or is to be sent to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookDetailView {
    /// The endpoint.
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// What was or is to be sent to it, the latest first, fifty at most.
    pub deliveries: Vec<DeliveryView>,
}

/// The endpoints of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhooksView {
    /// The endpoints, the oldest first.
    pub webhooks: Vec<WebhookView>,
}

/// A secret in the place of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RotatedView {
    /// What messages are signed with from now on: shown this once.
    #[schema(value_type = String)]
    pub secret: Secret,
    /// Until when the one before signs too.
    pub old_secret_until: String,
}

/// Something that was or is to be sent to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Its id: the header `webhook-id`, the same at each attempt.
    pub delivery_id: DeliveryId,
    /// What it tells: the kind of a notice, or `ping`.
    pub kind: String,
    /// How far it has come.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// The status that the last attempt was answered with, if it was.
    pub status: Option<u16>,
    /// Why the last attempt failed.
    pub failure: Option<String>,
    /// When what it tells has happened.
    pub created_at: String,
    /// When it was tried last; before that, when it was written.
    pub changed_at: String,
    /// When it is tried next.
    pub next_at: Option<String>,
}

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        Self {
            webhook_id: webhook.id,
            url: webhook.url,
            kinds: match webhook.kinds {
                SentKinds::All => None,
                SentKinds::Some(words) => Some(words),
            },
            description: webhook.description,
            is_active: webhook.is_active,
            off_reason: webhook.off_reason,
            failing_since: text(webhook.failing_since),
            dropped: webhook.dropped,
            old_secret_until: text(webhook.old_secret.map(|(_, until)| until)),
            created_at: webhook.created_at.to_string(),
        }
    }
}

impl From<Webhook> for NewWebhookView {
    fn from(webhook: Webhook) -> Self {
        let secret = text_of(&webhook.secret);
        Self { webhook: webhook.into(), secret }
    }
}

impl From<DeliveryRow> for DeliveryView {
    fn from(row: DeliveryRow) -> Self {
        Self {
            delivery_id: row.id,
            kind: row.kind,
            state: row.state,
            attempts: row.attempts,
            status: row.status,
            failure: row.failure,
            created_at: row.created_at.to_string(),
            changed_at: row.changed_at.to_string(),
            next_at: text(row.due_at),
        }
    }
}

/// Reads a value that may be `null`, which is another thing than one that is not there.
fn said<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

fn text(at: Option<WallTime>) -> Option<String> {
    at.map(|at| at.to_string())
}

/// Returns which notices are sent, of what a person says.
pub(in crate::services) fn kinds_of(kinds: Option<Vec<NoticeKind>>) -> SentKinds {
    match kinds {
        None => SentKinds::All,
        Some(mut kinds) => {
            kinds.sort_unstable();
            kinds.dedup();
            SentKinds::Some(kinds.into_iter().map(|kind| kind.name().to_owned()).collect())
        }
    }
}
