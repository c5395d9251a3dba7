//! What is written for whom, who sends it, and what becomes of it.

use serde_json::{Value, json};

use super::testing::{enqueued, notice, subscription, webhook};
use super::*;
use crate::domain::{Language, OffReason, SubscriptionId};
use crate::store::database::Statement;
use crate::store::database::testing::{add_user, on_each_database};
use crate::store::people::People;
use crate::store::push_subscriptions::Subscription;
use crate::store::webhooks::{SentKinds, Webhook};

fn at(seconds: i64) -> WallTime {
    WallTime::from_nanos(seconds * 1_000_000_000)
}

async fn person(database: &Database, name: &str) -> UserId {
    let user = UserId::draw();
    add_user(database, user, name).await.unwrap();
    user
}

async fn endpoint(database: &Database, webhook: Webhook) -> Webhook {
    database.add_webhook(&webhook, 5).await.unwrap();
    webhook
}

async fn browser(database: &Database, user: UserId, endpoint: &str) -> Subscription {
    let subscription = subscription(user, endpoint);
    database.put_subscription(&subscription, 10).await.unwrap();
    subscription
}

fn only(words: &[&str]) -> SentKinds {
    SentKinds::Some(words.iter().map(|word| (*word).to_owned()).collect())
}

/// Takes a target, and returns what is due.
async fn taken(database: &Database, target: Target, now: i64) -> Option<Taken> {
    database.take_target((target, Uuid::nil()), (at(now), at(now + 60)), 16).await.unwrap()
}

fn attempt(due: &DueDelivery, ending: Ending) -> Attempt {
    Attempt { id: due.id, attempts: due.attempts + 1, status: Some(200), ending }
}

async fn settled(database: &Database, target: Target, attempts: &[Attempt], state: TargetState) {
    let settled = Settled { target, owner: Uuid::nil(), attempts, state };
    database.settle_target(&settled, at(100)).await.unwrap();
}

#[tokio::test]
async fn a_notice_is_sent_once_to_each_endpoint_and_browser_of_its_person_that_wants_such() {
    on_each_database(|database| async move {
        let (anne, bert) = (person(&database, "anne").await, person(&database, "bert").await);
        let all = endpoint(&database, webhook(anne)).await;
        let some = endpoint(&database, Webhook { kinds: only(&["fill", "funds"]), ..webhook(anne) }).await;
        let other = Webhook { kinds: only(&["fund", "refunds"]), ..webhook(anne) };
        endpoint(&database, other).await;
        endpoint(&database, Webhook { is_active: false, ..webhook(anne) }).await;
        endpoint(&database, webhook(bert)).await;
        let phone = browser(&database, anne, "https://push.example/1").await;
        browser(&database, bert, "https://push.example/2").await;
        let first = notice(anne, at(5));
        enqueued(&database, &first, at(10)).await.unwrap();
        enqueued(&database, &first, at(11)).await.unwrap();
        assert_eq!(database.due_targets(at(9), 10).await, Ok(Vec::new()));
        let mut due = database.due_targets(at(10), 10).await.unwrap();
        let mut expected =
            vec![Target::Webhook(all.id), Target::Webhook(some.id), Target::Browser(phone.id)];
        due.sort_by_key(|target| format!("{target:?}"));
        expected.sort_by_key(|target| format!("{target:?}"));
        assert_eq!(due, expected);
        let rows = database.deliveries(all.id, 10).await.unwrap();
        assert_eq!((rows.len(), rows[0].state, rows[0].created_at), (1, DeliveryState::Waiting, at(5)));
        let body = taken(&database, Target::Webhook(all.id), 10).await.unwrap().due.remove(0).body;
        let data = json!({ "amount": "9007199254740993.01", "asset": "USD", "notice_id": first.id, "account_id": null });
        let expected = json!({ "type": "funds", "timestamp": "1970-01-01T00:00:05Z", "data": data });
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn nothing_is_sent_for_people_who_are_shut_out_or_to_browsers_that_have_expired() {
    on_each_database(|database| async move {
        let anne = person(&database, "anne").await;
        let expired =
            Subscription { expires_at: Some(at(10)), ..subscription(anne, "https://push.example/1") };
        database.put_subscription(&expired, 10).await.unwrap();
        enqueued(&database, &notice(anne, at(10)), at(10)).await.unwrap();
        assert_eq!(database.due_targets(at(10), 10).await, Ok(Vec::new()));
        endpoint(&database, webhook(anne)).await;
        let block = Statement::new("UPDATE users SET blocked_at = 1 WHERE id = $1");
        database.execute(block, args![anne]).await.unwrap();
        enqueued(&database, &notice(anne, at(10)), at(10)).await.unwrap();
        assert_eq!(database.due_targets(at(10), 10).await, Ok(Vec::new()));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn one_of_those_who_see_a_target_sends_to_it_and_another_if_that_one_ends() {
    on_each_database(|database| async move {
        let anne = person(&database, "anne").await;
        let hook = endpoint(&database, webhook(anne)).await;
        let target = Target::Webhook(hook.id);
        for second in 0..3 {
            enqueued(&database, &notice(anne, at(second)), at(second)).await.unwrap();
        }
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let take = async |owner, now| {
            database.take_target((target, owner), (at(now), at(now + 60)), 2).await.unwrap()
        };
        let first = take(one, 10).await.unwrap();
        assert_eq!(first.addressee, Addressee::Webhook(hook.clone()));
        let times: Vec<_> = first.due.iter().map(|due| due.created_at).collect();
        assert_eq!(times, [at(0), at(1)], "in the order of the notices, and no more than was asked for");
        assert_eq!(database.due_targets(at(69), 10).await, Ok(Vec::new()), "it is worked at");
        assert_eq!(take(other, 69).await, None);
        database.release_targets(other).await.unwrap();
        assert_eq!(database.due_targets(at(69), 10).await, Ok(Vec::new()), "it was not the other's");
        assert_eq!(database.due_targets(at(70), 10).await, Ok(vec![target]));
        assert_eq!(take(other, 70).await.unwrap().due, first.due, "the other has ended half-way");
        assert_eq!(take(one, 71).await, None);
        database.release_targets(other).await.unwrap();
        assert_eq!(
            database.due_targets(at(71), 10).await,
            Ok(vec![target]),
            "it is let go of before its time"
        );
        assert!(take(other, 71).await.is_some());
        let attempts = first.due.iter().map(|due| attempt(due, Ending::Delivered)).collect::<Vec<_>>();
        let settled = Settled { target, owner: other, attempts: &attempts, state: TargetState::Works };
        database.settle_target(&settled, at(72)).await.unwrap();
        // It was let go of.
        assert_eq!(take(one, 73).await.unwrap().due[0].created_at, at(2));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_was_tried_has_arrived_or_is_tried_again_or_is_given_up() {
    on_each_database(|database| async move {
        let anne = person(&database, "anne").await;
        let hook = endpoint(&database, webhook(anne)).await;
        let target = Target::Webhook(hook.id);
        for second in 1..4 {
            enqueued(&database, &notice(anne, at(second)), at(second)).await.unwrap();
        }
        let due = taken(&database, target, 10).await.unwrap().due;
        let failure = "it answered 500".to_owned();
        let attempts = [
            attempt(&due[0], Ending::Delivered),
            attempt(&due[1], Ending::Again { failure: failure.clone(), due_at: at(200) }),
            attempt(&due[2], Ending::Failed { failure: failure.clone() }),
        ];
        settled(&database, target, &attempts, TargetState::Works).await;
        let rows = database.deliveries(hook.id, 10).await.unwrap();
        let seen: Vec<_> = rows.iter().map(|row| (row.state, row.attempts, row.due_at)).collect();
        let (failed, waiting, delivered) =
            (DeliveryState::Failed, DeliveryState::Waiting, DeliveryState::Delivered);
        assert_eq!(seen, [(failed, 1, None), (waiting, 1, Some(at(200))), (delivered, 1, None)]);
        assert_eq!((rows[0].failure.as_ref(), rows[2].failure.as_ref()), (Some(&failure), None));
        assert_eq!(taken(&database, target, 199).await, None);
        assert_eq!(taken(&database, target, 200).await.unwrap().due[0].attempts, 1);
        settled(&database, target, &[], TargetState::Unknown).await;
        // One that was given up can be sent again; another cannot.
        let key = (anne, hook.id);
        let again = database.send_again(key, rows[0].id, at(300)).await.unwrap();
        assert!(matches!(&again, SendOutcome::Sent(row) if row.attempts == 0 && row.due_at == Some(at(300))));
        for (key, id, expected) in [
            (key, rows[1].id, SendOutcome::Busy),
            (key, rows[2].id, SendOutcome::Busy),
            (key, DeliveryId::draw(), SendOutcome::Unknown),
            ((UserId::draw(), hook.id), rows[0].id, SendOutcome::Unknown),
        ] {
            assert_eq!(database.send_again(key, id, at(300)).await, Ok(expected));
        }
        let due = taken(&database, target, 300).await.unwrap().due;
        assert_eq!(due.len(), 2, "{due:?}");
        assert!(due.iter().all(|due| due.body.starts_with('{')), "what was given up says what it said");
        // What has arrived is forgotten sooner.
        assert_eq!(database.forget_deliveries(at(99), at(99)).await, Ok(0));
        assert_eq!(database.forget_deliveries(at(100), at(99)).await, Ok(1));
        assert_eq!(database.deliveries(hook.id, 10).await.unwrap().len(), 2);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_endpoint_that_is_turned_off_waits_for_nothing_and_its_person_is_told_once() {
    on_each_database(|database| async move {
        let anne = person(&database, "anne").await;
        let hook = endpoint(&database, webhook(anne)).await;
        let target = Target::Webhook(hook.id);
        enqueued(&database, &notice(anne, at(1)), at(1)).await.unwrap();
        enqueued(&database, &notice(anne, at(2)), at(2)).await.unwrap();
        let due = taken(&database, target, 10).await.unwrap().due;
        let attempts = [attempt(&due[0], Ending::Failed { failure: "it answered 410".to_owned() })];
        for _ in 0..2 {
            settled(&database, target, &attempts, TargetState::Off(OffReason::Gone)).await;
        }
        let off = database.webhook(anne, hook.id).await.unwrap().unwrap();
        assert_eq!((off.is_active, off.off_reason), (false, Some(OffReason::Gone)));
        let rows = database.deliveries(hook.id, 10).await.unwrap();
        assert!(rows.iter().all(|row| row.state == DeliveryState::Failed), "{rows:?}");
        assert_eq!(rows[0].failure.as_deref(), Some("the endpoint was turned off"));
        let told = Statement::new("SELECT body FROM notices WHERE user_id = $1");
        let told = database.rows(told, args![anne]).await.unwrap();
        assert_eq!(told.len(), 1);
        let told: String = told[0].get("body").unwrap();
        assert!(told.contains("\"host\":\"hooks.example.org\"") && told.contains("410"), "{told}");
        // What was written while it was turned off is given up as well.
        let late = Statement::new("UPDATE deliveries SET state = 'waiting', due_at = 1");
        database.execute(late, &[]).await.unwrap();
        assert_eq!(taken(&database, target, 20).await, None);
        assert_eq!(database.due_targets(at(99), 10).await, Ok(Vec::new()));
        let on = |it: Webhook| Webhook { is_active: true, ..it };
        let on = database.change_webhook((anne, hook.id), at(50), on).await.unwrap().unwrap();
        assert_eq!((on.off_reason, on.failing_since), (None, None));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn since_when_nothing_arrives_is_known_until_something_does() {
    on_each_database(|database| async move {
        let anne = person(&database, "anne").await;
        let hook = endpoint(&database, webhook(anne)).await;
        let target = Target::Webhook(hook.id);
        for (state, now, expected) in [
            (TargetState::Unknown, 1, None),
            (TargetState::Fails, 2, Some(at(2))),
            (TargetState::Fails, 3, Some(at(2))),
            (TargetState::Unknown, 4, Some(at(2))),
            (TargetState::Works, 5, None),
        ] {
            let settled = Settled { target, owner: Uuid::nil(), attempts: &[], state };
            database.settle_target(&settled, at(now)).await.unwrap();
            let since = database.webhook(anne, hook.id).await.unwrap().unwrap().failing_since;
            assert_eq!(since, expected, "{state:?}");
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_ping_waits_once_and_for_its_person_only() {
    on_each_database(|database| async move {
        let anne = person(&database, "anne").await;
        let hook = endpoint(&database, Webhook { kinds: only(&["fill"]), ..webhook(anne) }).await;
        let key = (anne, hook.id);
        let sent = database.ping_webhook(key, at(10)).await.unwrap();
        assert!(matches!(&sent, SendOutcome::Sent(row) if row.kind == PING), "{sent:?}");
        assert_eq!(database.ping_webhook(key, at(10)).await, Ok(SendOutcome::Busy));
        assert_eq!(database.ping_webhook((UserId::draw(), hook.id), at(10)).await, Ok(SendOutcome::Unknown));
        let due = taken(&database, Target::Webhook(hook.id), 10).await.unwrap().due;
        let body: Value = serde_json::from_str(&due[0].body).unwrap();
        assert_eq!((&body["type"], &body["data"]["webhook_id"]), (&json!("ping"), &json!(hook.id)));
        let attempts = [attempt(&due[0], Ending::Delivered)];
        settled(&database, Target::Webhook(hook.id), &attempts, TargetState::Works).await;
        assert!(matches!(database.ping_webhook(key, at(200)).await, Ok(SendOutcome::Sent(_))));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn more_than_may_wait_for_an_endpoint_is_counted_and_not_kept() {
    on_each_database(|database| async move {
        let anne = person(&database, "anne").await;
        let hook = endpoint(&database, webhook(anne)).await;
        let row = |number: i64| {
            let id = Uuid::now_v7();
            let state = DeliveryState::Waiting.name();
            args![id, anne, hook.id, false, id, "funds", "{}", state, 0_i64, number, number, number].to_vec()
        };
        let rows: Vec<_> = (0..WAITING_MAX - 1).map(row).collect();
        let mut transaction = database.begin().await.unwrap();
        transaction.execute_rows(ADD, &rows).await.unwrap();
        transaction.commit().await.unwrap();
        for expected in [0, 1, 2] {
            enqueued(&database, &notice(anne, at(1)), at(1)).await.unwrap();
            assert_eq!(database.webhook(anne, hook.id).await.unwrap().unwrap().dropped, expected);
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_browser_that_takes_nothing_any_more_is_deleted_and_one_that_was_leaves_nothing_behind() {
    on_each_database(|database| async move {
        let anne = person(&database, "anne").await;
        let phone = browser(&database, anne, "https://push.example/1").await;
        let target = Target::Browser(phone.id);
        enqueued(&database, &notice(anne, at(1)), at(1)).await.unwrap();
        let taken_before = taken(&database, target, 10).await.unwrap();
        assert_eq!(taken_before.addressee, Addressee::Browser(phone.clone(), Language::En));
        settled(&database, target, &[], TargetState::Off(OffReason::Gone)).await;
        assert_eq!(database.subscriptions(anne).await, Ok(Vec::new()));
        assert_eq!(database.due_targets(at(99), 10).await, Ok(Vec::new()));
        // Written while it was deleted.
        let nobody = Target::Browser(SubscriptionId::draw());
        let late = Statement::new(
            "INSERT INTO deliveries (id, user_id, target_id, is_push, event_id, kind, body, state, attempts,
             created_at, changed_at, due_at) VALUES ($1, $1, $2, $3, $1, 'funds', '{}', 'waiting', 0, 1, 1, 1)",
        );
        let Target::Browser(id) = nobody else { unreachable!() };
        database.execute(late, args![Uuid::now_v7(), id, true]).await.unwrap();
        assert_eq!(database.due_targets(at(99), 10).await, Ok(vec![nobody]));
        assert_eq!(taken(&database, nobody, 99).await, None);
        assert_eq!(database.due_targets(at(99), 10).await, Ok(Vec::new()));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_browser_is_addressed_in_the_language_of_its_person() {
    on_each_database(|database| async move {
        let anne = person(&database, "anne").await;
        let phone = browser(&database, anne, "https://push.example/1").await;
        let spanish =
            |row| crate::store::profiles::ProfileRow { settings: r#"{"language":"es"}"#.to_owned(), ..row };
        database.change_profile(anne, spanish).await.unwrap();
        enqueued(&database, &notice(anne, at(1)), at(1)).await.unwrap();
        let taken = taken(&database, Target::Browser(phone.id), 10).await.unwrap();
        assert_eq!(taken.addressee, Addressee::Browser(phone, Language::Es));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn of_people_who_leave_nothing_is_left() {
    on_each_database(|database| async move {
        let (anne, bert) = (person(&database, "anne").await, person(&database, "bert").await);
        for user in [anne, bert] {
            endpoint(&database, webhook(user)).await;
            browser(&database, user, &format!("https://push.example/{user}")).await;
            enqueued(&database, &notice(user, at(1)), at(1)).await.unwrap();
        }
        assert!(People::new(database.clone()).erase(anne, at(5)).await.unwrap().is_some());
        assert_eq!(database.webhooks(anne).await, Ok(Vec::new()));
        assert_eq!(database.subscriptions(anne).await, Ok(Vec::new()));
        let left = database.rows(Statement::new("SELECT user_id FROM deliveries"), &[]).await.unwrap();
        let left: Vec<Uuid> = left.iter().map(|row| row.get("user_id").unwrap()).collect();
        assert_eq!(left, [bert.uuid(), bert.uuid()]);
    })
    .await
    .unwrap();
}
