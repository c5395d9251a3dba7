//! Notices that are written, read, sent on and forgotten, on both kinds of database.

use super::fanning::{gather, take, take_gathered};
use super::*;
use crate::domain::{FundsNotice, SecurityNotice};
use crate::store::database::Database;
use crate::store::database::testing::{add_user, on_each_database};
use crate::store::deliveries::testing::webhook;
use crate::store::webhooks::{SentKinds, Webhook};

fn at(seconds: i64) -> WallTime {
    WallTime::from_nanos(seconds * 1_000_000_000)
}

fn funds(user: UserId, seconds: i64, source: Option<&str>) -> NewNotice {
    let amount = crate::domain::Number("12.5".parse().unwrap());
    let content = NoticeContent::Funds(FundsNotice { amount, asset: "USD".to_owned() });
    NewNotice { user, account: None, at: at(seconds), source: source.map(str::to_owned), content }
}

async fn told(database: &Database, notice: &NewNotice) -> bool {
    let mut transaction = database.begin().await.unwrap();
    let is_written = add(&mut transaction, notice).await.unwrap();
    transaction.commit().await.unwrap();
    is_written
}

async fn page(database: &Database, user: UserId) -> Vec<ListedNotice> {
    database.notices(user, &NoticeFilter { limit: 100, ..NoticeFilter::default() }).await.unwrap()
}

async fn anne(database: &Database) -> UserId {
    let anne = UserId::draw();
    add_user(database, anne, "anne").await.unwrap();
    anne
}

async fn choose(database: &Database, user: UserId, settings: &str) {
    let change = |row: crate::store::profiles::ProfileRow| crate::store::profiles::ProfileRow {
        settings: settings.to_owned(),
        ..row
    };
    database.change_profile(user, change).await.unwrap();
}

#[tokio::test]
async fn a_person_is_told_once_of_each_thing_and_nobody_else_sees_it() {
    on_each_database(|database| async move {
        let (anne, bert) = (anne(&database).await, UserId::draw());
        add_user(&database, bert, "bert").await.unwrap();
        assert!(told(&database, &funds(anne, 5, Some("a"))).await);
        assert!(!told(&database, &funds(anne, 6, Some("a"))).await, "the same");
        assert!(told(&database, &funds(bert, 6, Some("a"))).await, "another person");
        for _ in 0..2 {
            assert!(told(&database, &funds(anne, 7, None)).await, "nothing to tell it by");
        }
        assert!(!told(&database, &funds(UserId::draw(), 7, None)).await, "nobody");
        let listed = page(&database, anne).await;
        assert_eq!(listed.len(), 3);
        assert_eq!(listed.iter().map(|it| it.notice.at).collect::<Vec<_>>(), [at(7), at(7), at(5)]);
        let first = listed[2].notice.id;
        assert_eq!(database.read_notice(bert, first, at(9)).await, Ok(false));
        assert_eq!(database.remove_notice(bert, first).await, Ok(false));
        assert_eq!(database.unread_notices(anne).await, Ok(3));
        assert_eq!(database.read_notice(anne, first, at(9)).await, Ok(true));
        assert_eq!(database.read_notice(anne, first, at(10)).await, Ok(true));
        assert_eq!(page(&database, anne).await[2].read_at, Some(at(9)), "the first time counts");
        assert_eq!(database.read_notices_until(anne, listed[1].notice.id, at(10)).await, Ok(1));
        let unread = NoticeFilter { only_unread: true, limit: 9, ..NoticeFilter::default() };
        assert_eq!(database.notices(anne, &unread).await.unwrap()[0].notice.id, listed[0].notice.id);
        assert_eq!(database.unread_notices(anne).await, Ok(1));
        let of_kind = NoticeFilter { kind: Some(NoticeKind::Margin), limit: 9, ..NoticeFilter::default() };
        assert_eq!(database.notices(anne, &of_kind).await.unwrap(), []);
        assert_eq!(database.remove_notice(anne, first).await, Ok(true));
        let older = NoticeFilter { before: Some(listed[0].notice.id), limit: 9, ..NoticeFilter::default() };
        assert_eq!(database.notices(anne, &older).await.unwrap().len(), 1);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_a_person_does_not_want_is_not_written_but_what_lets_others_in_is() {
    on_each_database(|database| async move {
        let anne = anne(&database).await;
        choose(&database, anne, r#"{"notifications":{"funds":true,"in_app":{"funds":false}}}"#).await;
        assert!(told(&database, &funds(anne, 1, None)).await, "for a mail");
        choose(&database, anne, r#"{"notifications":{"funds":false,"in_app":{"funds":false}}}"#).await;
        assert!(!told(&database, &funds(anne, 2, None)).await);
        let content = NoticeContent::SignIn(SecurityNotice::default());
        assert!(told(&database, &NewNotice { content, ..funds(anne, 3, None) }).await);
        let listed = page(&database, anne).await;
        assert_eq!(listed.iter().map(|it| it.notice.kind).collect::<Vec<_>>(), [NoticeKind::SignIn]);
        assert_eq!(database.unread_notices(anne).await, Ok(1));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn of_those_who_see_a_notice_one_sends_it_on() {
    on_each_database(|database| async move {
        let anne = anne(&database).await;
        for seconds in 1..=2 {
            told(&database, &funds(anne, seconds, None)).await;
        }
        let waiting = database.waiting_notices(9).await.unwrap();
        let mut transaction = database.begin().await.unwrap();
        let fanned = take(&mut transaction, waiting[0], at(5)).await.unwrap().unwrap();
        assert_eq!((fanned.notice.at, fanned.told.username.as_str()), (at(1), "anne"));
        assert_eq!(fanned.told.mail, None, "no address is known to be theirs");
        drop(transaction);
        assert_eq!(database.waiting_notices(9).await.unwrap(), waiting, "nothing happened");
        let mut transaction = database.begin().await.unwrap();
        assert!(take(&mut transaction, waiting[0], at(5)).await.unwrap().is_some());
        gather(&mut transaction, waiting[0]).await.unwrap();
        transaction.commit().await.unwrap();
        let mut transaction = database.begin().await.unwrap();
        assert!(take(&mut transaction, waiting[0], at(6)).await.unwrap().is_none());
        drop(transaction);
        assert_eq!(database.waiting_notices(9).await.unwrap(), waiting[1..]);
        let since = database.notices_since(at(5), 9).await.unwrap();
        assert_eq!(since.iter().map(|(when, it)| (*when, it.id)).collect::<Vec<_>>(), [(at(5), waiting[0])]);
        assert_eq!(database.notices_since(at(6), 9).await.unwrap(), []);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_came_together_is_in_one_letter_and_the_next_comes_later() {
    on_each_database(|database| async move {
        let anne = anne(&database).await;
        let gathered = async |seconds, last| {
            let mut transaction = database.begin().await.unwrap();
            let gathered = take_gathered(&mut transaction, anne, at(seconds), at(last)).await.unwrap();
            transaction.commit().await.unwrap();
            gathered.map(|it| it.notices.iter().map(|notice| notice.at).collect::<Vec<_>>())
        };
        let add_gathered = async |seconds| {
            let mut transaction = database.begin().await.unwrap();
            add(&mut transaction, &funds(anne, seconds, None)).await.unwrap();
            transaction.commit().await.unwrap();
            let newest = page(&database, anne).await[0].notice.id;
            let mut transaction = database.begin().await.unwrap();
            gather(&mut transaction, newest).await.unwrap();
            transaction.commit().await.unwrap();
        };
        add_gathered(1).await;
        add_gathered(2).await;
        assert_eq!(database.people_to_write(at(0), 9).await, Ok(vec![anne]));
        assert_eq!(gathered(100, 40).await, Some(vec![at(1), at(2)]));
        assert_eq!(database.people_to_write(at(1_000), 9).await, Ok(vec![]));
        add_gathered(3).await;
        assert_eq!(database.people_to_write(at(99), 9).await, Ok(vec![]), "one was written not long ago");
        assert_eq!(gathered(101, 41).await, None);
        assert_eq!(database.people_to_write(at(100), 9).await, Ok(vec![anne]));
        assert_eq!(gathered(160, 100).await, Some(vec![at(3)]));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn only_the_newest_are_kept_and_none_for_long() {
    on_each_database(|database| async move {
        let anne = anne(&database).await;
        for seconds in 1..=6 {
            told(&database, &funds(anne, seconds, None)).await;
        }
        assert_eq!(database.trim_notices(anne, 3).await, Ok(0), "what is not sent on is kept");
        for notice in database.waiting_notices(9).await.unwrap() {
            let mut transaction = database.begin().await.unwrap();
            take(&mut transaction, notice, at(7)).await.unwrap();
            transaction.commit().await.unwrap();
        }
        assert_eq!(database.trim_notices(anne, 3).await, Ok(3));
        assert_eq!(database.trim_notices(anne, 3).await, Ok(0));
        assert_eq!(database.forget_notices(at(4), at(9)).await, Ok(1));
        let left: Vec<_> = page(&database, anne).await.iter().map(|it| it.notice.at).collect();
        assert_eq!(left, [at(6), at(5)]);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_endpoint_that_names_a_kind_is_told_of_it_where_its_person_is_not() {
    on_each_database(|database| async move {
        let anne = anne(&database).await;
        choose(&database, anne, r#"{"notifications":{"funds":false,"in_app":{"funds":false}}}"#).await;
        database.add_webhook(&webhook(anne), 5).await.unwrap();
        assert!(!told(&database, &funds(anne, 5, None)).await, "one that wants all asks for nothing more");
        let named = SentKinds::Some(vec!["margin".to_owned(), "funds".to_owned()]);
        database.add_webhook(&Webhook { kinds: named, ..webhook(anne) }, 5).await.unwrap();
        assert!(told(&database, &funds(anne, 6, None)).await);
        assert_eq!(page(&database, anne).await, Vec::new(), "it is in no list");
    })
    .await
    .unwrap();
}
