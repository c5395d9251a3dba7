//! Endpoints, browsers and notices; for tests only.

use crate::domain::{
    FundsNotice, Notice, NoticeContent, NoticeId, Number, SubscriptionId, UserId, WallTime, WebhookId,
};
use crate::store::database::Database;
use crate::store::push_subscriptions::Subscription;
use crate::store::webhooks::{SentKinds, Webhook};

/// Returns an endpoint of a person that wants all.
#[must_use]
pub fn webhook(user: UserId) -> Webhook {
    Webhook {
        id: WebhookId::draw(),
        user,
        url: "https://hooks.example.org/a".to_owned(),
        kinds: SentKinds::All,
        description: String::new(),
        secret: vec![7; 32],
        old_secret: None,
        is_active: true,
        off_reason: None,
        failing_since: None,
        dropped: 0,
        created_at: WallTime::from_nanos(1),
    }
}

/// Returns a browser of a person that wants all, whose key is none.
#[must_use]
pub fn subscription(user: UserId, endpoint: &str) -> Subscription {
    Subscription {
        id: SubscriptionId::draw(),
        user,
        endpoint: endpoint.to_owned(),
        p256dh: vec![4; 65],
        auth: vec![5; 16],
        kinds: SentKinds::All,
        expires_at: None,
        created_at: WallTime::from_nanos(1),
    }
}

/// Returns a notice to a person that funds came in.
#[must_use]
pub fn notice(user: UserId, at: WallTime) -> Notice {
    let amount = Number("9007199254740993.01".parse().unwrap());
    let content = NoticeContent::Funds(FundsNotice { amount, asset: "USD".to_owned() });
    Notice { id: NoticeId::draw(), user, account: None, kind: content.kind(), at, content }
}

/// Writes what is to be sent of a notice.
///
/// # Errors
/// As any statement.
pub async fn enqueued(
    database: &Database,
    notice: &Notice,
    now: WallTime,
) -> Result<(), crate::store::database::StoreError> {
    let mut transaction = database.begin().await?;
    super::enqueue(&mut transaction, notice, now).await?;
    transaction.commit().await
}
