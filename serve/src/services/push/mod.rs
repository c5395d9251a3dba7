//! Web push: what people are told, shown by their browsers while no page is open (RFC 8030, 8291, 8292).
//!
//! | file | what it does |
//! |---|---|
//! | `encryption` | messages that nobody on their way can read |
//! | `vapid` | what shows push services who sends |
//! | `message` | what a browser is sent of a notice |
//!
//! Deliberately absent: the sending, which is with `services/deliveries`.

pub(super) mod encryption;
mod message;
mod vapid;

use std::sync::Arc;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tracing::info;
use utoipa::ToSchema;

use super::identity::{Clock, of_store};
use super::webhooks::{checked_kinds, invalid, kinds_of, shut};
use crate::domain::{Actor, NoticeKind, Problem, ProblemKind, Secret, SubscriptionId, WallTime};
use crate::outgoing::{Guarded, Target};
use crate::store::database::Database;
use crate::store::push_subscriptions::Subscription;
use crate::store::webhooks::{AddTargetOutcome, SentKinds};
use encryption::{AUTH, PUBLIC, Unsealable};

pub use message::{Urgency, message_of, terms_of};
pub use vapid::{Vapid, VapidError};

/// The most browsers of a person.
pub const BROWSERS_MAX: i64 = 10;

/// How browsers write bytes: base64url, which some fill up and others do not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A browser, as it describes itself: the JSON of its `PushSubscription`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionRequest {
    /// Where its messages are sent to.
    #[schema(value_type = String, example = "https://push.example.org/send/abc", max_length = 2048)]
    pub endpoint: Secret,
    /// Until when it takes them, in milliseconds since 1970, if its push service says so.
    #[serde(default, rename = "expirationTime")]
    #[schema(value_type = Option<f64>)]
    pub expiration_time: Option<serde_json::Number>,
    /// What its messages are made secret with.
    pub keys: SubscriptionKeys,
    /// What is sent to it; all, also kinds that come later, if nothing is said.
    pub kinds: Option<Vec<NoticeKind>>,
}

/// What messages to a browser are made secret with.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionKeys {
    /// Its public key: a point of P-256, uncompressed, in base64url.
    #[schema(value_type = String)]
    pub p256dh: Secret,
    /// What only it and this server know: sixteen bytes in base64url.
    #[schema(value_type = String)]
    pub auth: Secret,
}

/// A browser that takes messages, without what lets others send some to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SubscriptionView {
    /// Its id.
    pub subscription_id: SubscriptionId,
    /// The push service of its maker.
    pub service: String,
    /// What is sent to it; all if there is no list.
    pub kinds: Option<Vec<String>>,
    /// Until when it takes messages, if that is known.
    pub expires_at: Option<String>,
    /// When it was made.
    pub created_at: String,
}

/// The browsers of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SubscriptionsView {
    /// The browsers, the oldest first.
    pub subscriptions: Vec<SubscriptionView>,
}

/// What a browser needs to subscribe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PushKeyView {
    /// The `applicationServerKey`: a point of P-256, uncompressed, in base64url.
    pub public_key: String,
}

/// A message cannot be made for a browser.
#[derive(Debug, Error)]
pub enum Unfit {
    /// It cannot be made secret.
    #[error(transparent)]
    Unsealable(#[from] Unsealable),
    /// It cannot be shown who sends.
    #[error(transparent)]
    Vapid(#[from] VapidError),
}

/// Keeps browsers of people.
pub struct Push {
    database: Database,
    guarded: Guarded,
    vapid: Arc<Vapid>,
    clock: Clock,
}

impl std::fmt::Debug for Push {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Push").field("database", &self.database).finish_non_exhaustive()
    }
}

impl Push {
    /// Makes it.
    #[must_use]
    pub const fn new(database: Database, guarded: Guarded, vapid: Arc<Vapid>, clock: Clock) -> Self {
        Self { database, guarded, vapid, clock }
    }

    /// Returns what a browser needs to subscribe.
    #[must_use]
    pub fn key(&self) -> PushKeyView {
        PushKeyView { public_key: self.vapid.public_key() }
    }

    /// Adds a browser of a person, or what is new of one; one that was another's is the person's from then
    /// on.
    ///
    /// # Errors
    /// [`Problem`] if it may not be asked, its keys are none, or there are too many.
    pub async fn add(&self, who: &Actor, request: SubscriptionRequest) -> Result<SubscriptionView, Problem> {
        let SubscriptionRequest { endpoint, expiration_time, keys, kinds } = request;
        let target = self.guarded.target(endpoint.expose());
        let target = target.map_err(|error| invalid("endpoint", error.to_string()))?;
        let now = (self.clock)();
        let expires_at = expiration_time.map(|at| moment_of(&at)).transpose()?;
        if expires_at.is_some_and(|at| at <= now) {
            return Err(invalid(
                "expirationTime",
                "this subscription has expired: subscribe anew".to_owned(),
            ));
        }
        let subscription = Subscription {
            id: SubscriptionId::draw(),
            user: who.user,
            endpoint: target.text().to_owned(),
            p256dh: key_of(&keys.p256dh)?,
            auth: bytes_of("keys.auth", &keys.auth, AUTH)?,
            kinds: checked_kinds(kinds_of(kinds))?,
            expires_at,
            created_at: now,
        };
        match self.database.put_subscription(&subscription, BROWSERS_MAX).await.map_err(of_store)? {
            AddTargetOutcome::Added => {}
            AddTargetOutcome::TooMany => {
                let message = format!("there are {BROWSERS_MAX} browsers already: delete one");
                return Err(Problem::new(ProblemKind::Conflict, "too_many_subscriptions", message));
            }
            AddTargetOutcome::Blocked => return Err(shut()),
        }
        info!(user = %who.user, subscription = %subscription.id, service = target.origin(), "browser subscribed");
        Ok(subscription.into())
    }

    /// Returns the browsers of a person.
    ///
    /// # Errors
    /// [`Problem`] if the database is away.
    pub async fn all(&self, who: &Actor) -> Result<SubscriptionsView, Problem> {
        let subscriptions = self.database.subscriptions(who.user).await.map_err(of_store)?;
        Ok(SubscriptionsView {
            subscriptions: subscriptions.into_iter().map(SubscriptionView::from).collect(),
        })
    }

    /// Deletes a browser of a person.
    ///
    /// # Errors
    /// [`Problem`] if the person has no such browser.
    pub async fn delete(&self, who: &Actor, id: SubscriptionId) -> Result<(), Problem> {
        if self.database.delete_subscription(who.user, id).await.map_err(of_store)? {
            return Ok(());
        }
        let message = format!("there is no subscription {id} of yours");
        Err(Problem::new(ProblemKind::NotFound, "unknown_subscription", message))
    }
}

/// Returns the headers and the body of a message to a browser.
///
/// # Errors
/// [`Unfit`].
pub(super) fn sealed(
    vapid: &Vapid,
    (subscription, target): (&Subscription, &Target),
    (kind, message): (NoticeKind, &[u8]),
    (now, left): (WallTime, std::time::Duration),
) -> Result<(HeaderMap, Vec<u8>), Unfit> {
    let body = encryption::seal(&subscription.p256dh, &subscription.auth, message)?;
    let authorization = vapid.authorization(&target.origin(), now)?;
    let mut headers = HeaderMap::new();
    let texts = [
        (AUTHORIZATION, authorization),
        (CONTENT_ENCODING, "aes128gcm".to_owned()),
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (HeaderName::from_static("ttl"), left.as_secs().to_string()),
        (HeaderName::from_static("urgency"), terms_of(kind).1.name().to_owned()),
    ];
    for (name, text) in texts {
        // Fails for control characters only, of which an origin has none.
        let value = HeaderValue::try_from(text).map_err(|_| Unsealable::BadKey)?;
        headers.insert(name, value);
    }
    Ok((headers, body))
}

impl From<Subscription> for SubscriptionView {
    fn from(subscription: Subscription) -> Self {
        // Whoever knows the rest can send to the browser.
        let scheme = subscription.endpoint.find("://").map_or(0, |at| at + 3);
        let host = subscription.endpoint[scheme..].split(['/', '?']).next().unwrap_or_default();
        Self {
            subscription_id: subscription.id,
            service: format!("{}{host}", &subscription.endpoint[..scheme]),
            kinds: match subscription.kinds {
                SentKinds::All => None,
                SentKinds::Some(words) => Some(words),
            },
            expires_at: subscription.expires_at.map(|at| at.to_string()),
            created_at: subscription.created_at.to_string(),
        }
    }
}

/// Reads a time as browsers write it: milliseconds since 1970, of which some have a fraction.
fn moment_of(number: &serde_json::Number) -> Result<WallTime, Problem> {
    let text = number.to_string();
    let whole = text.split_once('.').map_or(text.as_str(), |(whole, _)| whole);
    let millis = whole.parse::<u64>().ok();
    let moment = millis.map(|millis| WallTime::since_epoch(std::time::Duration::from_millis(millis)));
    moment.ok_or_else(|| {
        let message = format!("`{text}` is no number of milliseconds since 1970");
        invalid("expirationTime", message)
    })
}

fn key_of(text: &Secret) -> Result<Vec<u8>, Problem> {
    let key = bytes_of("keys.p256dh", text, PUBLIC)?;
    if encryption::is_key(&key) {
        return Ok(key);
    }
    Err(invalid("keys.p256dh", Unsealable::BadKey.to_string()))
}

fn bytes_of(field: &'static str, text: &Secret, length: usize) -> Result<Vec<u8>, Problem> {
    let bytes = BASE64.decode(text.expose()).ok().filter(|bytes| bytes.len() == length);
    bytes.ok_or_else(|| invalid(field, format!("{length} bytes in base64url are expected")))
}
