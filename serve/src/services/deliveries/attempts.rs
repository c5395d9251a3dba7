//! One attempt: what is asked of an endpoint or a push service, and what its answer means.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::schedule::{asked, pause};
use crate::domain::{Language, NoticeKind, WallTime};
use crate::outgoing::{Guarded, Reply};
use crate::services::push::{Vapid, message_of, sealed, terms_of};
use crate::services::webhooks::signatures;
use crate::store::deliveries::{Attempt, DueDelivery, Ending};
use crate::store::push_subscriptions::Subscription;
use crate::store::webhooks::Webhook;

/// What an attempt says about its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// It has taken something.
    Took,
    /// It has not.
    Failed,
    /// It was not asked, or says something of this message only.
    None,
    /// It takes nothing any more.
    Gone,
}

/// What an attempt needs of the world outside.
pub(super) struct Means<'a> {
    pub(super) guarded: &'a Guarded,
    pub(super) vapid: &'a Vapid,
    pub(super) now: &'a (dyn Fn() -> WallTime + Send + Sync),
}

/// Sends something to an endpoint. What it was answered decides: any 2xx is success, 410 ends the endpoint,
/// and all else is tried again.
pub(super) async fn to_webhook(means: &Means<'_>, webhook: &Webhook, due: &DueDelivery) -> (Attempt, Sign) {
    let target = match means.guarded.target(&webhook.url) {
        Ok(target) => target,
        // It was taken under other settings.
        Err(error) => return again(due, (None, error.to_string()), None, (means.now)()),
    };
    let headers = headers_of(webhook, due, (means.now)());
    let answer = means.guarded.post(&target, headers, due.body.clone().into_bytes()).await;
    let now = (means.now)();
    match answer {
        Ok(reply) if reply.is_success() => (attempt(due, Some(reply.status), Ending::Delivered), Sign::Took),
        Ok(reply) if reply.status == 410 => {
            let failure = "it answered 410: the endpoint is gone".to_owned();
            (attempt(due, Some(reply.status), Ending::Failed { failure }), Sign::Gone)
        }
        Ok(reply) => again(due, said(&reply), asked(&reply.headers), now),
        Err(error) => again(due, (None, error.to_string()), None, now),
    }
}

/// Sends something to a browser. 404 and 410 end it; what the push service refuses for good is given up, and
/// what it cannot take now is tried again while it is of use.
pub(super) async fn to_browser(
    means: &Means<'_>,
    (browser, language): (&Subscription, Language),
    due: &DueDelivery,
) -> (Attempt, Sign) {
    let give_up = |status, failure: String| (attempt(due, status, Ending::Failed { failure }), Sign::None);
    let Some((kind, message)) = NoticeKind::of_name(&due.kind).zip(message_of(&due.body, language)) else {
        return give_up(None, "it cannot be read".to_owned());
    };
    let now = (means.now)();
    let expires_at = due.created_at.after(terms_of(kind).0);
    if expires_at <= now {
        return give_up(None, "it is of no use any more".to_owned());
    }
    let target = match means.guarded.target(&browser.endpoint) {
        Ok(target) => target,
        Err(error) => return give_up(None, error.to_string()),
    };
    let left = now.until(expires_at);
    let (headers, body) = match sealed(means.vapid, (browser, &target), (kind, &message), (now, left)) {
        Ok(sealed) => sealed,
        Err(error) => return give_up(None, error.to_string()),
    };
    let answer = means.guarded.post(&target, headers, body).await;
    let now = (means.now)();
    let (reason, wait) = match answer {
        Ok(reply) if reply.is_success() => {
            return (attempt(due, Some(reply.status), Ending::Delivered), Sign::Took);
        }
        Ok(reply) if matches!(reply.status, 404 | 410) => {
            let failure = format!("the push service answered {}: the browser is gone", reply.status);
            return (attempt(due, Some(reply.status), Ending::Failed { failure }), Sign::Gone);
        }
        Ok(reply) if !matches!(reply.status, 408 | 429 | 500..) => {
            let (status, failure) = said(&reply);
            return give_up(status, failure);
        }
        Ok(reply) => (said(&reply), asked(&reply.headers)),
        Err(error) => ((None, error.to_string()), None),
    };
    let (tried, sign) = again(due, reason, wait, now);
    match &tried.ending {
        Ending::Again { failure, due_at } if *due_at >= expires_at => {
            let ending = Ending::Failed { failure: failure.clone() };
            (Attempt { ending, ..tried }, sign)
        }
        _ => (tried, sign),
    }
}

/// Returns the headers of a message to an endpoint, as Standard Webhooks has them.
fn headers_of(webhook: &Webhook, due: &DueDelivery, now: WallTime) -> HeaderMap {
    let id = due.id.to_string();
    let old =
        webhook.old_secret.as_ref().filter(|(_, until)| *until > now).map(|(secret, _)| secret.as_slice());
    let secrets = std::iter::once(webhook.secret.as_slice()).chain(old);
    let signature = signatures(secrets, (&id, now.seconds()), &due.body);
    let texts = [
        ("webhook-id", id),
        ("webhook-timestamp", now.seconds().to_string()),
        ("webhook-signature", signature),
        (CONTENT_TYPE.as_str(), "application/json".to_owned()),
    ];
    // Texts of letters, digits and signs: none is no header.
    let header = |(name, text): (&str, String)| {
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(text).ok()?))
    };
    texts.into_iter().filter_map(header).collect()
}

fn attempt(due: &DueDelivery, status: Option<u16>, ending: Ending) -> Attempt {
    Attempt { id: due.id, attempts: due.attempts.saturating_add(1), status, ending }
}

/// Returns what a target has answered, in words.
fn said(reply: &Reply) -> (Option<u16>, String) {
    let status = reply.status;
    let more = match status {
        300..=399 => ": redirects are not followed",
        _ => "",
    };
    (Some(status), format!("it answered {status}{more}"))
}

/// Has something tried again, not before a target asks for it, or gives it up.
fn again(
    due: &DueDelivery,
    (status, failure): (Option<u16>, String),
    wait: Option<Duration>,
    now: WallTime,
) -> (Attempt, Sign) {
    let tried = due.attempts.saturating_add(1);
    let ending = match pause(due.id, tried) {
        Some(pause) => Ending::Again { failure, due_at: now.after(pause.max(wait.unwrap_or_default())) },
        None => Ending::Failed { failure },
    };
    (attempt(due, status, ending), Sign::Failed)
}
