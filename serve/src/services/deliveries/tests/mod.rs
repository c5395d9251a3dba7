//! Endpoints and push services that work, and others that do not.

mod browsers;
mod endpoints;
mod receiver;
mod together;

use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::domain::{DeliveryId, Notice, UserId, WebhookId};
use crate::outgoing::Reach;
use crate::store::database::testing::add_user;
use crate::store::deliveries::DeliveryRow;
use crate::store::deliveries::testing::{enqueued, notice, webhook};
use crate::store::webhooks::Webhook;
use receiver::{Receiver, Say};

/// A deliverer with a clock of its own, a person, and what is written for that person.
struct Office {
    database: Database,
    deliverer: Arc<Deliverer>,
    wake: Arc<Notify>,
    millis: Arc<AtomicI64>,
    anne: UserId,
    _data: tempfile::TempDir,
}

impl Office {
    async fn open(database: Database) -> Self {
        let millis = Arc::new(AtomicI64::new(1_764_424_800_000));
        let anne = UserId::draw();
        add_user(&database, anne, "anne").await.unwrap();
        let data = tempfile::tempdir().unwrap();
        let wake = Arc::new(Notify::new());
        let vapid = Vapid::of(data.path(), "mailto:bearpit@example.org".to_owned()).unwrap();
        let parts = DelivererParts {
            database: database.clone(),
            guarded: Guarded::new(Reach::Private).unwrap(),
            vapid: Arc::new(vapid),
            wake: Arc::clone(&wake),
            owner: Uuid::new_v4(),
        };
        let deliverer = Arc::new(Deliverer::new(parts, clock_of(&millis)));
        Self { database, deliverer, wake, millis, anne, _data: data }
    }

    fn pass(&self, time: Duration) {
        self.millis.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    fn now(&self) -> WallTime {
        self.deliverer.now()
    }

    /// Adds an endpoint at an address.
    async fn endpoint(&self, url: &str) -> Webhook {
        let webhook = Webhook { url: url.to_owned(), created_at: self.now(), ..webhook(self.anne) };
        self.database.add_webhook(&webhook, 5).await.unwrap();
        webhook
    }

    /// Writes what is to be sent of a notice.
    async fn tell(&self) -> Notice {
        let notice = notice(self.anne, self.now());
        enqueued(&self.database, &notice, self.now()).await.unwrap();
        notice
    }

    async fn deliver(&self) -> usize {
        self.deliverer.deliver().await.unwrap()
    }

    /// Returns what was or is to be sent to an endpoint, the oldest notice first.
    async fn rows(&self, webhook: WebhookId) -> Vec<DeliveryRow> {
        let mut rows = self.database.deliveries(webhook, 2_000).await.unwrap();
        rows.reverse();
        rows
    }

    async fn only_row(&self, webhook: WebhookId) -> DeliveryRow {
        let mut rows = self.rows(webhook).await;
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }

    async fn webhook(&self, id: WebhookId) -> Webhook {
        self.database.webhook(self.anne, id).await.unwrap().unwrap()
    }
}

/// Returns an address at which nobody listens.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/hook", listener.local_addr().unwrap())
}

fn clock_of(millis: &Arc<AtomicI64>) -> Clock {
    let now = Arc::clone(millis);
    Arc::new(move || WallTime::from_nanos(now.load(Ordering::SeqCst) * 1_000_000))
}
