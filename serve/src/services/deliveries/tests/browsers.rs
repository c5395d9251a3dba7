//! Browsers: what their push services are sent, and what they answer.

use serde_json::Value;

use super::*;
use crate::services::push::encryption::tests::Browser;
use crate::store::database::Statement;
use crate::store::database::testing::on_each_database;
use crate::store::deliveries::testing::subscription;
use crate::store::push_subscriptions::Subscription;

const OK: Say = Say::Status(201, "");

/// A browser of the person, and its push service.
async fn subscribed(office: &Office, browser: &Browser, url: &str) -> Subscription {
    let subscription = Subscription {
        p256dh: browser.public.clone(),
        auth: browser.auth.clone(),
        ..subscription(office.anne, url)
    };
    office.database.put_subscription(&subscription, 10).await.unwrap();
    subscription
}

/// How far what was written for the browser has come, and why not further.
async fn states(office: &Office) -> Vec<(String, i64, Option<String>)> {
    let sql = "SELECT state, attempts, failure FROM deliveries ORDER BY event_id";
    let rows = office.database.rows(Statement::new(sql), &[]).await.unwrap();
    let state = |row: &crate::store::database::Row| {
        (row.get("state").unwrap(), row.get("attempts").unwrap(), row.get("failure").unwrap())
    };
    rows.iter().map(state).collect()
}

#[tokio::test]
async fn a_message_is_sealed_for_its_browser_and_says_who_sends_it() {
    on_each_database(|database| async move {
        let office = Office::open(database).await;
        let service = Receiver::start([], OK).await;
        let mut browser = Browser::draw();
        subscribed(&office, &browser, &service.url).await;
        let notice = office.tell().await;
        assert_eq!((office.deliver().await, office.deliver().await), (1, 0));
        let asked = service.asked_once();
        let ttl = "86400".to_owned();
        for (name, value) in [
            ("content-encoding", "aes128gcm".to_owned()),
            ("content-type", "application/octet-stream".to_owned()),
            ("ttl", ttl),
            ("urgency", "normal".to_owned()),
        ] {
            assert_eq!(asked.header(name), value);
        }
        let key = office.deliverer.vapid.public_key();
        let shown = asked.header("authorization");
        assert!(shown.starts_with("vapid t=") && shown.ends_with(&format!(", k={key}")), "{shown}");
        let message: Value = serde_json::from_slice(&browser.open(&asked.body)).unwrap();
        assert_eq!(message["notice_id"], notice.id.to_string());
        assert!(message["body"].as_str().unwrap().contains("9007199254740993.01"), "{message}");
        assert_eq!(states(&office).await, [("delivered".to_owned(), 1, None)]);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_browser_that_is_gone_is_deleted_with_all_that_waits_for_it() {
    on_each_database(|database| async move {
        let office = Office::open(database).await;
        for status in [404, 410] {
            let service = Receiver::start([], Say::Status(status, "")).await;
            subscribed(&office, &Browser::draw(), &service.url).await;
            office.tell().await;
            assert_eq!(office.deliver().await, 1);
            assert_eq!(office.database.subscriptions(office.anne).await, Ok(Vec::new()));
            assert_eq!(states(&office).await, Vec::new());
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_a_push_service_cannot_take_now_is_tried_again_when_it_says_and_while_it_is_of_use() {
    on_each_database(|database| async move {
        let office = Office::open(database).await;
        let answers = [Say::Status(429, "retry-after: 60\r\n"), Say::Status(503, ""), Say::Nothing];
        let service = Receiver::start(answers, Say::Status(500, "")).await;
        subscribed(&office, &Browser::draw(), &service.url).await;
        office.tell().await;
        for (wait, tried) in [(0, 1), (59, 0), (1, 1), (38, 1), (150, 1), (750, 1), (4_500, 1), (22_500, 1)] {
            office.pass(Duration::from_secs(wait));
            assert_eq!(office.deliver().await, tried, "after {wait} s");
        }
        // Of use for a day: the next attempt would come later than that.
        office.pass(Duration::from_secs(45_000));
        assert_eq!(office.deliver().await, 1);
        let failure = Some("it answered 500".to_owned());
        assert_eq!(states(&office).await, [("failed".to_owned(), 8, failure)]);
        assert_eq!(office.database.subscriptions(office.anne).await.unwrap().len(), 1);
        let left: Vec<_> =
            service.asked().iter().map(|it| it.header("ttl").parse::<u32>().unwrap()).collect();
        assert!(left[0] == 86_400 && left.is_sorted_by(|a, b| a > b), "{left:?}");
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_a_push_service_refuses_or_is_of_no_use_any_more_is_given_up() {
    on_each_database(|database| async move {
        let office = Office::open(database).await;
        let answers = [400, 401, 403, 413].map(|status| Say::Status(status, ""));
        let service = Receiver::start(answers, OK).await;
        subscribed(&office, &Browser::draw(), &service.url).await;
        for status in [400, 401, 403, 413] {
            office.tell().await;
            assert_eq!(office.deliver().await, 1);
            let (state, attempts, failure) = states(&office).await.pop().unwrap();
            assert_eq!(
                (state.as_str(), attempts, failure),
                ("failed", 1, Some(format!("it answered {status}")))
            );
        }
        office.tell().await;
        office.pass(Duration::from_hours(25));
        assert_eq!((office.deliver().await, service.asked().len()), (1, 4));
        let failure = states(&office).await.pop().unwrap().2;
        assert_eq!(failure.as_deref(), Some("it is of no use any more"));
        // A key that is none; those that come in are checked.
        let endpoint = format!("{}2", service.url);
        office.database.put_subscription(&subscription(office.anne, &endpoint), 10).await.unwrap();
        office.tell().await;
        assert_eq!((office.deliver().await, service.asked().len()), (2, 1));
    })
    .await
    .unwrap();
}
