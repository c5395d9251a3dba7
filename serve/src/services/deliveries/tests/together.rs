//! Several endpoints, and many messages.

use std::collections::BTreeSet;
use std::time::Instant;

use super::*;
use crate::domain::DeliveryState;
use crate::store::database::testing::on_each_database;

/// Begins to send, until it is dropped.
struct Running(tokio::task::JoinHandle<()>);

impl Running {
    fn start(office: &Office) -> Self {
        Self(tokio::spawn(Arc::clone(&office.deliverer).run()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[tokio::test]
async fn one_that_never_answers_holds_up_nobody_else() {
    on_each_database(|database| async move {
        let office = Office::open(database).await;
        let (slow, good) = (Receiver::gated().await, Receiver::start([], Say::Status(200, "")).await);
        let (of_slow, of_good) = (office.endpoint(&slow.url).await, office.endpoint(&good.url).await);
        for _ in 0..50 {
            office.tell().await;
        }
        let _running = Running::start(&office);
        slow.await_asked(1).await;
        good.await_asked(50).await;
        office.tell().await;
        office.wake.notify_one();
        good.await_asked(51).await;
        assert!(office.rows(of_slow.id).await.iter().all(|row| row.state == DeliveryState::Waiting));
        let ids: BTreeSet<_> = good.asked().iter().map(|it| it.header("webhook-id").to_owned()).collect();
        let rows = office.rows(of_good.id).await;
        assert_eq!(ids, rows.iter().map(|row| row.id.to_string()).collect());
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn four_are_sent_to_an_endpoint_at_once_the_oldest_first() {
    on_each_database(|database| async move {
        let office = Office::open(database).await;
        let receiver = Receiver::gated().await;
        let hook = office.endpoint(&receiver.url).await;
        for _ in 0..ROUND {
            office.tell().await;
        }
        let rows = office.rows(hook.id).await;
        let _running = Running::start(&office);
        for group in rows.chunks(AT_ONCE) {
            receiver.await_asked(AT_ONCE).await;
            let asked = receiver.asked();
            let ids: BTreeSet<_> = asked.iter().map(|it| it.header("webhook-id").to_owned()).collect();
            assert_eq!(ids, group.iter().map(|row| row.id.to_string()).collect());
            receiver.let_through(AT_ONCE);
        }
        assert_eq!(receiver.most_open(), AT_ONCE);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn two_processes_that_share_a_database_send_each_message_once() {
    on_each_database(|database| async move {
        let office = Office::open(database.clone()).await;
        let receiver = Receiver::start([], Say::Status(200, "")).await;
        let hook = office.endpoint(&receiver.url).await;
        for _ in 0..100 {
            office.tell().await;
        }
        let parts = DelivererParts {
            database,
            guarded: office.deliverer.guarded.clone(),
            vapid: Arc::clone(&office.deliverer.vapid),
            wake: Arc::default(),
            owner: Uuid::new_v4(),
        };
        let other = Arc::new(Deliverer::new(parts, clock_of(&office.millis)));
        let (one, two) = tokio::join!(office.deliverer.deliver(), other.deliver());
        let left = office.deliver().await;
        assert_eq!(one.unwrap() + two.unwrap() + left, 100);
        let ids: Vec<_> = receiver.asked().iter().map(|it| it.header("webhook-id").to_owned()).collect();
        assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (100, 100));
        assert!(office.rows(hook.id).await.iter().all(|row| row.attempts == 1));
    })
    .await
    .unwrap();
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "it is measured how fast they are sent")]
async fn a_thousand_messages_to_one_endpoint() {
    on_each_database(|database| async move {
        let office = Office::open(database).await;
        let receiver = Receiver::start([], Say::Status(200, "")).await;
        let hook = office.endpoint(&receiver.url).await;
        let began = Instant::now();
        for _ in 0..1_000 {
            office.tell().await;
        }
        let written = began.elapsed();
        let began = Instant::now();
        assert_eq!(office.deliver().await, 1_000);
        let sent = began.elapsed();
        println!(
            "{}: 1,000 messages written in {written:?}, sent and noted in {sent:?}: {:.0}/s",
            office.database.kind(),
            1_000.0 / sent.as_secs_f64()
        );
        let ids: HashSet<DeliveryId> =
            receiver.asked().iter().map(|it| it.header("webhook-id").parse().unwrap()).collect();
        let rows = office.rows(hook.id).await;
        assert_eq!(ids, rows.iter().map(|row| row.id).collect());
        assert!(rows.iter().all(|row| row.state == DeliveryState::Delivered && row.attempts == 1));
    })
    .await
    .unwrap();
}
