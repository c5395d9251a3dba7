//! What is sent to endpoints and browsers of people, put together.

use std::sync::Arc;

use tokio::sync::Notify;
use tracing::warn;

use super::exit::Failure;
use super::serve::failed;
use crate::config::Config;
use crate::outgoing::{Guarded, Reach};
use crate::services::deliveries::{Deliverer, DelivererParts};
use crate::services::identity::system_clock;
use crate::services::push::{Push, Vapid};
use crate::services::webhooks::{Webhooks, WebhooksParts};
use crate::store::database::Database;
use crate::store::instance::instance_of;

/// Endpoints and browsers, and what sends to them.
pub(super) struct Outbox {
    pub(super) webhooks: Arc<Webhooks>,
    pub(super) push: Arc<Push>,
    pub(super) deliverer: Arc<Deliverer>,
    /// Wakes what sends, once something was written.
    pub(super) wake: Arc<Notify>,
}

/// Puts it together, and begins to send.
///
/// # Errors
/// [`Failure::Run`], which is written to the log.
pub(super) fn outbox(config: &Config, database: &Database) -> Result<Outbox, Failure> {
    let reach = if config.webhooks.allow_private { Reach::Private } else { Reach::Public };
    if reach == Reach::Private {
        warn!("webhooks may go to this machine and to private networks: `webhooks.allow_private` is set");
    }
    let guarded = Guarded::new(reach).map_err(|error| failed("no webhooks can be sent", &error))?;
    let vapid = Vapid::of(&config.data, contact(config));
    let vapid = vapid.map(Arc::new).map_err(|error| failed("no messages to browsers can be sent", &error))?;
    let wake = Arc::new(Notify::new());
    let parts =
        WebhooksParts { database: database.clone(), guarded: guarded.clone(), wake: Arc::clone(&wake) };
    let webhooks = Arc::new(Webhooks::new(parts, system_clock()));
    let push = Push::new(database.clone(), guarded.clone(), Arc::clone(&vapid), system_clock());
    let owner =
        instance_of(&config.data).map_err(|error| failed("this server has no name of its own", &error))?;
    let parts = DelivererParts { database: database.clone(), guarded, vapid, wake: Arc::clone(&wake), owner };
    let deliverer = Arc::new(Deliverer::new(parts, system_clock()));
    tokio::spawn(Arc::clone(&deliverer).run());
    Ok(Outbox { webhooks, push: Arc::new(push), deliverer, wake })
}

/// Returns an address of whoever runs this server, for push services: its public one, or that of its mails.
fn contact(config: &Config) -> String {
    let public = config.identity.public_url.as_ref().map(|url| url.text());
    if let Some(url) = public.filter(|url| url.starts_with("https://")) {
        return url.to_owned();
    }
    let from = config.mail.from.text();
    let address = from.rsplit_once('<').map_or(from, |(_, address)| address.trim_end_matches('>'));
    format!("mailto:{address}")
}
