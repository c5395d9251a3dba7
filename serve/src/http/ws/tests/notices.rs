//! What a person is told, as it happens.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::client::Fixture;
use crate::config::DatabaseUrl;
use crate::domain::{Actor, FundsNotice, NoticeContent, Number, WallTime};
use crate::http::WsConfig;
use crate::http::ws::NoticeParts;
use crate::publication::PublicationConfig;
use crate::services::identity::system_clock;
use crate::services::notifications::{NoticeBoard, Notifications, Notifier};
use crate::store::database::Database;
use crate::store::database::testing::add_user;
use crate::store::notices::{self, NewNotice};

const SUBSCRIBE: &str = r#"{"op":"subscribe","channel":"notifications"}"#;

/// A server, and what tells its only person.
struct Place {
    fixture: Fixture,
    runtime: Runtime,
    database: Database,
    notifier: Notifier,
    anne: Actor,
    _directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let url = DatabaseUrl::Sqlite(directory.path().join("people.db"));
        let database = runtime.block_on(Database::open(&url)).unwrap();
        let board = Arc::new(NoticeBoard::new(database.clone(), system_clock()));
        runtime.spawn(Arc::clone(&board).keep_up());
        let notifier = Notifier::new(database.clone(), Arc::clone(&board), system_clock());
        let notifications = Arc::new(Notifications::new(database.clone(), system_clock()));
        let mut anne = None;
        let notices = |actor: &Actor| {
            anne = Some(*actor);
            Some(NoticeParts { board, notifications })
        };
        let fixture = Fixture::with_notices(WsConfig::default(), PublicationConfig::default(), notices);
        let anne = anne.unwrap();
        runtime.block_on(add_user(&database, anne.user, "anne")).unwrap();
        Self { fixture, runtime, database, notifier, anne, _directory: directory }
    }

    fn tell(&self, amount: &str) {
        let amount = Number(amount.parse().unwrap());
        let content = NoticeContent::Funds(FundsNotice { amount, asset: "USD".to_owned() });
        let at = WallTime::from_nanos(1_764_424_800_000_000_000);
        let notice = NewNotice { user: self.anne.user, account: None, at, source: None, content };
        self.runtime.block_on(async {
            let mut transaction = self.database.begin().await.unwrap();
            assert!(notices::add(&mut transaction, &notice).await.unwrap());
            transaction.commit().await.unwrap();
            self.notifier.send_on().await.unwrap();
        });
    }
}

#[test]
fn a_person_gets_the_count_and_then_each_new_notice_with_the_count_after_it() {
    let place = Place::new();
    place.tell("1");
    let mut client = place.fixture.connect();
    client.ask(r#"{"op":"auth","token":"anne's"}"#);
    let answer = client.ask(SUBSCRIBE);
    assert_eq!((&answer["type"], &answer["channel"]), (&json!("subscribed"), &json!("notifications")));
    assert_eq!(client.next(), json!({"type": "unread", "channel": "notifications", "unread": 1}));
    for (amount, unread) in [("2", 2), ("-3.5", 3)] {
        place.tell(amount);
        let told = client.next();
        let found = (&told["type"], &told["channel"], &told["unread"]);
        assert_eq!(found, (&json!("notification"), &json!("notifications"), &json!(unread)));
        let notice = &told["notification"];
        assert_eq!(notice["kind"], "funds");
        assert_eq!(notice["data"], json!({"amount": amount, "asset": "USD"}));
        assert_eq!((&notice["at"], &notice["read_at"]), (&json!("2025-11-29T14:00:00Z"), &Value::Null));
    }
    assert_eq!(client.ask(SUBSCRIBE)["code"], "already_subscribed");
    let unsubscribe = r#"{"op":"unsubscribe","channel":"notifications"}"#;
    assert_eq!(client.ask(unsubscribe)["type"], "unsubscribed");
}

#[test]
fn without_a_token_nobody_is_told_anything_and_it_has_no_numbers() {
    let place = Place::new();
    let mut stranger = place.fixture.connect();
    assert_eq!(stranger.ask(SUBSCRIBE)["code"], "no_token");
    let mut client = place.fixture.connect();
    client.ask(r#"{"op":"auth","token":"anne's"}"#);
    let from = r#"{"op":"subscribe","channel":"notifications","from":{"epoch":"1","next":1}}"#;
    assert_eq!(client.ask(from)["field"], "from");
    let symbol = r#"{"op":"subscribe","channel":"notifications","symbol":"ALFA"}"#;
    assert_eq!(client.ask(symbol)["field"], "symbol");
}
