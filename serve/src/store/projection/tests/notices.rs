//! What people are told of batches: once, whatever happens to the tape.

use super::*;
use crate::domain::{MarginNotice, MarginStep, NoticeContent, NoticeKind, Number, UserId, WallTime};
use crate::store::database::{Statement, args};
use crate::store::deliveries::testing::{subscription, webhook};
use crate::store::notices::{ListedNotice, NoticeFilter};
use crate::store::profiles::ProfileRow;
use crate::store::push_subscriptions::Subscription;
use crate::store::webhooks::{SentKinds, Webhook};

/// Adds a person who has an account, with settings.
async fn person(database: &Database, number: u128, settings: &str) -> UserId {
    let user = UserId::draw();
    let sql = "INSERT INTO users (id, username, username_key, is_verified, role, account_id, created_at,
               password_changed_at) VALUES ($1, $2, $2, $3, 'user', $4, 0, 0)";
    let arguments = args![user, format!("p{number}"), false, account(number)];
    database.execute(Statement::new(sql), arguments).await.unwrap();
    let change = |row| ProfileRow { settings: settings.to_owned(), ..row };
    database.change_profile(user, change).await.unwrap();
    user
}

async fn notices(database: &Database, user: UserId) -> Vec<ListedNotice> {
    let filter = NoticeFilter { limit: 5_000, ..NoticeFilter::default() };
    let mut rows = database.notices(user, &filter).await.unwrap();
    rows.reverse();
    rows
}

async fn kinds(database: &Database, user: UserId) -> Vec<NoticeKind> {
    notices(database, user).await.iter().map(|row| row.notice.kind).collect()
}

fn margin(number: u128) -> Change {
    let equity = Number("-1".parse().unwrap());
    let market_at = "2025-03-03T09:30:00Z".to_owned();
    let content = NoticeContent::Margin(MarginNotice {
        step: MarginStep::Ruined,
        equity,
        maintenance: None,
        market_at,
    });
    Change::Noticed(Box::new(NoticedRow::new(account(number), "margin:1:3".to_owned(), &content)))
}

const ALL: &str = r#"{"notifications":{"in_app":{"fills":true,"stops":true}}}"#;

#[tokio::test]
async fn whoever_asked_for_it_is_told_of_fills_and_stops_and_nobody_else() {
    on_each_database(|database| async move {
        let (anne, bert) = (person(&database, 1, ALL).await, person(&database, 2, "{}").await);
        let mut projection = Projection::new(database.clone());
        let (first, second) = (order(1, 1, 10), order(2, 2, 10));
        let changes = vec![
            entered(&first),
            entered(&second),
            fill(1, &first, 100, 4),
            fill(1, &second, 100, 4),
            Change::Triggered { order: 1 },
            Change::Triggered { order: 2 },
            margin(1),
            margin(2),
            // Of nobody.
            margin(3),
        ];
        projection.apply(&batch(1, 0, false, changes)).await.unwrap();
        let told = [NoticeKind::Fill, NoticeKind::StopTriggered, NoticeKind::Margin];
        assert_eq!(kinds(&database, anne).await, told);
        assert_eq!(kinds(&database, bert).await, [NoticeKind::Margin]);
        let first = &notices(&database, anne).await[0].notice;
        let NoticeContent::Fill(fill) = &first.content else { panic!("{first:?}") };
        assert_eq!(
            (fill.order_id.as_str(), fill.price.to_string(), fill.side.as_str()),
            ("1", "100".into(), "buy")
        );
        assert_eq!((first.account, first.at), (Some(account(1)), WallTime::from_nanos(7)));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_tape_that_is_read_again_tells_nothing_again_and_a_void_tells_what_is_new() {
    on_each_database(|database| async move {
        let anne = person(&database, 1, ALL).await;
        let mut projection = Projection::new(database.clone());
        let first = order(1, 1, 10);
        let changes = vec![entered(&first), fill(1, &first, 100, 4), margin(1)];
        projection.apply(&batch(1, 0, true, changes.clone())).await.unwrap();
        assert_eq!(kinds(&database, anne).await.len(), 2);
        for row in notices(&database, anne).await {
            assert_eq!(database.remove_notice(anne, row.notice.id).await, Ok(true));
        }
        // Rebuilt, by the same and by one that remembers nothing.
        projection.forget_from(1).await.unwrap();
        projection.apply(&batch(1, 0, true, changes.clone())).await.unwrap();
        projection.forget_from(1).await.unwrap();
        let mut anew = Projection::new(database.clone());
        anew.apply(&batch(1, 0, true, changes)).await.unwrap();
        assert_eq!(kinds(&database, anne).await, []);
        anew.apply(&batch(2, 0, false, vec![fill(2, &first, 101, 1)])).await.unwrap();
        assert_eq!(kinds(&database, anne).await, [NoticeKind::Fill]);
        // A request became void: the trade was told of, and what follows instead was not.
        let other = vec![fill(2, &first, 101, 1), fill(3, &first, 102, 1)];
        anew.apply(&Batch { voids: 1, ..batch(2, 0, false, other) }).await.unwrap();
        assert_eq!(kinds(&database, anne).await, [NoticeKind::Fill; 2]);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_fails_half_way_is_told_once() {
    on_each_database(|database| async move {
        let anne = person(&database, 1, ALL).await;
        let first = order(1, 1, 10);
        let changes = vec![entered(&first), fill(1, &first, 100, 4), margin(1)];
        let one = batch(1, 0, false, changes);
        let mut projection = Projection::new(database.clone());
        let mut steps = 0;
        loop {
            database.faults.fail_after(steps);
            let applied = projection.apply(&one).await;
            database.faults.heal();
            if applied.is_ok() {
                break;
            }
            steps += 1;
        }
        assert!(steps > 5, "{steps}");
        assert_eq!(kinds(&database, anne).await, [NoticeKind::Fill, NoticeKind::Margin]);
    })
    .await
    .unwrap();
}

/// Returns how many steps the database takes for a batch.
async fn steps(database: &Database, batch: &Batch) -> u64 {
    const MANY: u64 = 1_000_000;
    let mut projection = Projection::new(database.clone());
    projection.position().await.unwrap();
    let mut least = 0;
    loop {
        database.faults.fail_after(least);
        let applied = projection.apply(batch).await;
        database.faults.heal();
        if applied.is_ok() {
            return least;
        }
        assert!(least < MANY);
        least += 1;
    }
}

#[tokio::test]
async fn fills_that_nobody_asked_for_cost_one_statement_a_batch() {
    on_each_database(|database| async move {
        for number in 1..=5 {
            person(&database, number, "{}").await;
        }
        let orders: Vec<_> =
            (1..=5).map(|number| order(number, u128::try_from(number).unwrap(), 1_000)).collect();
        let entries = orders.iter().map(entered).collect();
        let mut projection = Projection::new(database.clone());
        projection.apply(&batch(1, 0, false, entries)).await.unwrap();
        let fills: Vec<_> =
            (0..500).map(|trade| fill(trade, &orders[usize::try_from(trade % 5).unwrap()], 100, 1)).collect();
        let with = steps(&database, &batch(1, 5, false, fills.clone())).await;
        // The same once more, of which nothing is to be told.
        let mut again = Projection::new(database.clone());
        again.forget_from(1).await.unwrap();
        again.apply(&batch(1, 0, false, orders.iter().map(entered).collect())).await.unwrap();
        let without = steps(&database, &batch(1, 5, false, fills)).await;
        println!("{with} steps for 500 fills of 5 people, {without} without notices");
        assert_eq!(with, without + 1);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_bot_that_asked_for_fills_gets_the_newest_thousand_of_a_batch() {
    on_each_database(|database| async move {
        let anne = person(&database, 1, ALL).await;
        let first = order(1, 1, 100_000);
        let mut changes = vec![entered(&first)];
        changes.extend((1..=1_500).map(|trade| fill(trade, &first, 100, 1)));
        Projection::new(database.clone()).apply(&batch(1, 0, false, changes)).await.unwrap();
        let rows = notices(&database, anne).await;
        assert_eq!(rows.len(), 1_000);
        let trade = |row: &ListedNotice| match &row.notice.content {
            NoticeContent::Fill(fill) => fill.trade_id.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!((trade(&rows[0]), trade(&rows[999])), ("501".to_owned(), "1500".to_owned()));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_endpoint_or_a_browser_that_names_fills_is_sent_them_whatever_is_chosen() {
    on_each_database(|database| async move {
        let named = SentKinds::Some(vec!["stop_triggered".to_owned(), "fill".to_owned()]);
        let mut people = Vec::new();
        for number in 1..=5 {
            people.push(person(&database, number, "{}").await);
        }
        let [anne, bert, clara, dora, emil] = people[..] else { unreachable!() };
        for webhook in [
            Webhook { kinds: named.clone(), ..webhook(anne) },
            webhook(anne),
            Webhook { kinds: named.clone(), is_active: false, ..webhook(clara) },
            webhook(dora),
        ] {
            database.add_webhook(&webhook, 5).await.unwrap();
        }
        let phone = Subscription { kinds: named, ..subscription(bert, "https://push.example/1") };
        database.put_subscription(&phone, 5).await.unwrap();
        let mut projection = Projection::new(database.clone());
        let orders: Vec<_> = (1..=5).map(|number| order(number, number.unsigned_abs().into(), 10)).collect();
        let entries = orders.iter().map(entered);
        let fills = orders.iter().map(|order| fill(1, order, 100, 4));
        let changes = entries.chain(fills).collect();
        projection.apply(&batch(1, 0, false, changes)).await.unwrap();
        for (user, expected) in [(anne, 1), (bert, 1), (clara, 0), (dora, 0), (emil, 0)] {
            let sql = "SELECT is_shown FROM notices WHERE user_id = $1";
            let rows = database.rows(Statement::new(sql), args![user]).await.unwrap();
            assert_eq!(rows.len(), expected);
            assert!(rows.iter().all(|row| row.get("is_shown") == Ok(false)), "in no list");
        }
    })
    .await
    .unwrap();
}
