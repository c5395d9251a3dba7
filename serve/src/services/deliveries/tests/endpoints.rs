//! One endpoint: what it is sent, and what becomes of that.

use serde_json::{Value, json};

use super::*;
use crate::domain::DeliveryState;
use crate::services::webhooks::signatures;
use crate::store::database::Statement;
use crate::store::database::testing::on_each_database;

const OK: Say = Say::Status(204, "");

#[tokio::test]
async fn a_message_arrives_once_signed_with_the_secret_and_for_a_day_with_the_one_before() {
    on_each_database(|database| async move {
        let office = Office::open(database).await;
        let receiver = Receiver::start([], OK).await;
        let hook = office.endpoint(&receiver.url).await;
        let notice = office.tell().await;
        assert_eq!((office.deliver().await, office.deliver().await), (1, 0));
        let asked = receiver.asked_once();
        assert!(asked.head.starts_with("POST /hook HTTP/1.1\r\n"), "{}", asked.head);
        let row = office.only_row(hook.id).await;
        let second = office.now().seconds();
        let body = String::from_utf8(asked.body.clone()).unwrap();
        let id = row.id.to_string();
        for (name, value) in [
            ("webhook-id", id.clone()),
            ("webhook-timestamp", second.to_string()),
            ("webhook-signature", signatures([hook.secret.as_slice()], (&id, second), &body)),
            ("content-type", "application/json".to_owned()),
        ] {
            assert_eq!(asked.header(name), value);
        }
        let message: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((&message["type"], &message["data"]["notice_id"]), (&json!("funds"), &json!(notice.id)));
        assert_eq!((row.state, row.attempts, row.status), (DeliveryState::Delivered, 1, Some(204)));
        // Both secrets sign for a day.
        let until = office.now().after(Duration::from_hours(24));
        office.database.rotate_webhook((office.anne, hook.id), b"another", until).await.unwrap();
        for (wait, number) in [(Duration::ZERO, 2), (Duration::from_hours(24), 1)] {
            office.pass(wait);
            office.tell().await;
            assert_eq!(office.deliver().await, 1);
            let asked = receiver.asked_once();
            let message = (asked.header("webhook-id"), office.now().seconds());
            let secrets = [b"another".as_slice(), &hook.secret];
            let expected =
                signatures(secrets.into_iter().take(number), message, &String::from_utf8_lossy(&asked.body));
            assert_eq!(asked.header("webhook-signature"), expected);
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_does_not_arrive_is_tried_again_under_the_same_id_later_and_later_and_then_kept_for_a_week() {
    on_each_database(|database| async move {
        let office = Office::open(database).await;
        let answers = [
            Say::Status(500, ""),
            Say::Garbage,
            Say::Nothing,
            Say::Status(302, "location: http://127.0.0.1:9/\r\n"),
            Say::Status(404, ""),
        ];
        let receiver = Receiver::start(answers, Say::Status(503, "")).await;
        let hook = office.endpoint(&receiver.url).await;
        office.tell().await;
        let id = office.only_row(hook.id).await.id;
        let pauses = [5, 30, 120, 600, 3_600, 18_000, 36_000, 86_400];
        for (attempts, (status, words)) in (1..).zip([
            (Some(500), "it answered 500"),
            (None, "its answer broke off"),
            (None, "its answer broke off"),
            (Some(302), "redirects are not followed"),
            (Some(404), "it answered 404"),
            (Some(503), "it answered 503"),
            (Some(503), "it answered 503"),
            (Some(503), "it answered 503"),
            (Some(503), "it answered 503"),
        ]) {
            assert_eq!(office.deliver().await, 1, "attempt {attempts}");
            assert_eq!(office.deliver().await, 0, "attempt {attempts}");
            assert_eq!(receiver.asked_once().header("webhook-id"), id.to_string());
            let row = office.only_row(hook.id).await;
            assert_eq!((row.attempts, row.status), (attempts, status));
            assert!(row.failure.as_ref().is_some_and(|it| it.contains(words)), "{row:?}");
            let Some(due_at) = row.due_at else { break };
            let pause = office.now().until(due_at);
            let expected = Duration::from_secs(pauses[usize::try_from(attempts).unwrap() - 1]);
            assert!(pause >= expected && pause < expected * 5 / 4, "attempt {attempts}: {pause:?}");
            office.pass(pause - Duration::from_millis(1));
            assert_eq!(office.deliver().await, 0, "attempt {attempts}: too early");
            office.pass(Duration::from_millis(2));
        }
        let row = office.only_row(hook.id).await;
        assert_eq!((row.state, row.attempts, row.due_at), (DeliveryState::Failed, 9, None));
        // Sent again by its person.
        office.database.send_again((office.anne, hook.id), id, office.now()).await.unwrap();
        office.pass(Duration::from_secs(1));
        assert_eq!((office.deliver().await, office.only_row(hook.id).await.attempts), (1, 1));
        office.pass(Duration::from_hours(24 * 6));
        assert_eq!(office.deliverer.forget_old().await, Ok(0));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_was_given_up_is_kept_for_a_week_and_what_has_arrived_for_a_day() {
    on_each_database(|database| async move {
        let office = Office::open(database).await;
        let receiver = Receiver::start([OK, Say::Status(410, "")], OK).await;
        let hook = office.endpoint(&receiver.url).await;
        for _ in 0..2 {
            office.tell().await;
            assert_eq!(office.deliver().await, 1);
        }
        for (wait, gone, left) in [(23, 0, 2), (1, 1, 1), (24 * 6 - 1, 0, 1), (1, 1, 0)] {
            office.pass(Duration::from_hours(wait));
            assert_eq!(office.deliverer.forget_old().await, Ok(gone), "{left} are left");
            assert_eq!(office.rows(hook.id).await.len(), left);
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_endpoint_that_is_stopped_or_gone_elsewhere_is_tried_again() {
    on_each_database(|database| async move {
        let office = Office::open(database).await;
        let (down, near) = (office.endpoint(&nowhere()).await, office.endpoint("https://[::1]:22/").await);
        office.tell().await;
        assert_eq!(office.deliver().await, 2);
        for (hook, words) in [(down, "cannot be reached"), (near, "port 22 is not asked")] {
            let row = office.only_row(hook.id).await;
            assert!(row.failure.as_ref().is_some_and(|it| it.contains(words)), "{row:?}");
            assert_eq!((row.state, row.status), (DeliveryState::Waiting, None));
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_endpoint_that_asks_for_it_is_left_alone_and_one_that_rests_is_not_asked_for_anything_else() {
    on_each_database(|database| async move {
        let office = Office::open(database).await;
        let receiver = Receiver::start([Say::Status(429, "retry-after: 7200\r\n")], OK).await;
        let hook = office.endpoint(&receiver.url).await;
        office.tell().await;
        assert_eq!(office.deliver().await, 1);
        let due_at = office.only_row(hook.id).await.due_at.unwrap();
        assert_eq!(office.now().until(due_at), Duration::from_hours(2));
        office.tell().await;
        assert_eq!(office.deliver().await, 0, "it rests");
        office.pass(REST);
        assert_eq!(office.deliver().await, 1, "another message may be taken");
        assert_eq!(office.webhook(hook.id).await.failing_since, None);
        office.pass(Duration::from_hours(2));
        assert_eq!(office.deliver().await, 1);
        assert!(office.rows(hook.id).await.iter().all(|row| row.state == DeliveryState::Delivered));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_endpoint_that_fails_is_asked_one_at_a_time_and_begins_no_more_after_a_failure() {
    on_each_database(|database| async move {
        let office = Office::open(database).await;
        let receiver = Receiver::start((0..5).map(|_| Say::Status(500, "")), OK).await;
        let hook = office.endpoint(&receiver.url).await;
        for _ in 0..40 {
            office.tell().await;
        }
        let first = office.deliver().await;
        assert!((1..=AT_ONCE).contains(&first), "{first} were tried");
        assert_eq!(receiver.asked().len(), first);
        for number in first..5 {
            office.pass(REST);
            assert_eq!(office.deliver().await, 1, "attempt {number}");
        }
        // It works again: the rest follows at once.
        office.pass(REST);
        let soon = office.deliver().await;
        assert!(soon >= 35, "{soon} were tried");
        office.pass(Duration::from_mins(1));
        assert_eq!(soon + office.deliver().await, 40);
        assert_eq!(receiver.asked().len(), 45 - first);
        assert!(office.rows(hook.id).await.iter().all(|row| row.state == DeliveryState::Delivered));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_endpoint_that_is_gone_or_fails_for_five_days_is_turned_off_and_its_person_is_told() {
    on_each_database(|database| async move {
        let told = async |office: &Office| {
            let sql = "SELECT body FROM notices WHERE user_id = $1 AND kind = 'webhook_off' ORDER BY id";
            let rows = office.database.rows(Statement::new(sql), &[office.anne.into()]).await.unwrap();
            rows.iter().map(|row| row.get::<String>("body").unwrap()).collect::<Vec<_>>()
        };
        let office = Office::open(database).await;
        let receiver = Receiver::start([OK, Say::Status(410, "")], OK).await;
        let gone = office.endpoint(&receiver.url).await;
        office.tell().await;
        assert_eq!(office.deliver().await, 1);
        office.tell().await;
        assert_eq!(office.deliver().await, 1);
        let off = office.webhook(gone.id).await;
        assert_eq!((off.is_active, off.off_reason), (false, Some(OffReason::Gone)));
        assert_eq!(told(&office).await.len(), 1);
        office.tell().await;
        assert_eq!(office.deliver().await, 0, "nothing is written for one that is off");

        let failing = office.endpoint(&nowhere()).await;
        office.tell().await;
        assert_eq!(office.deliver().await, 1);
        for day in 0..5 {
            assert!(office.webhook(failing.id).await.is_active, "day {day}");
            office.pass(Duration::from_hours(24));
            office.tell().await;
            assert!(office.deliver().await > 0);
        }
        let off = office.webhook(failing.id).await;
        assert_eq!((off.is_active, off.off_reason), (false, Some(OffReason::Failing)));
        let told = told(&office).await;
        assert!(told.len() == 2 && told[1].contains("five days"), "{told:?}");
        assert!(office.rows(failing.id).await.iter().all(|row| row.state == DeliveryState::Failed));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_process_that_ends_at_any_step_loses_nothing_and_sends_again_under_the_same_id() {
    on_each_database(|database| async move {
        let office = Office::open(database).await;
        let receiver = Receiver::start([], OK).await;
        let hook = office.endpoint(&receiver.url).await;
        let mut sent_twice = 0;
        for good in 0.. {
            office.tell().await;
            office.database.faults.fail_after(good);
            // What fails is said to the log; the rest is done later.
            office.deliverer.deliver().await.ok();
            let has_failed = office.database.faults.heal();
            office.pass(LEASE);
            office.deliver().await;
            let row = office.rows(hook.id).await.pop().unwrap();
            assert_eq!(row.state, DeliveryState::Delivered, "after {good} steps");
            let asked = receiver.asked();
            let ids: HashSet<_> = asked.iter().map(|asked| asked.header("webhook-id").to_owned()).collect();
            assert_eq!(ids, HashSet::from([row.id.to_string()]), "after {good} steps");
            sent_twice += usize::from(asked.len() > 1);
            if !has_failed {
                break;
            }
        }
        assert!(sent_twice > 0, "it has ended between the sending and the note of it");
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn another_process_goes_on_where_one_has_ended_half_way() {
    on_each_database(|database| async move {
        let office = Office::open(database).await;
        let receiver = Receiver::start([], OK).await;
        let hook = office.endpoint(&receiver.url).await;
        office.tell().await;
        let target = (Target::Webhook(hook.id), Uuid::new_v4());
        let now = office.now();
        office.database.take_target(target, (now, now.after(LEASE)), ROUND).await.unwrap().unwrap();
        assert_eq!(office.deliver().await, 0);
        office.pass(LEASE);
        assert_eq!((office.deliver().await, receiver.asked().len()), (1, 1));
    })
    .await
    .unwrap();
}
