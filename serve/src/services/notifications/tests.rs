//! Notices that are sent on, to lists, to mails and to whoever listens.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::board::Looked;
use super::*;
use crate::domain::{
    FillNotice, FundsNotice, MarginNotice, MarginStep, NoticeContent, Number, SecurityNotice, UserId,
    WallTime,
};
use crate::store::database::testing::{add_user, on_each_database};
use crate::store::database::{Statement, args};
use crate::store::notices::{self, NewNotice};
use crate::store::profiles::ProfileRow;

struct Office {
    database: Database,
    notifier: Notifier,
    board: Arc<NoticeBoard>,
    seconds: Arc<AtomicI64>,
}

impl Office {
    fn new(database: Database) -> Self {
        let seconds = Arc::new(AtomicI64::new(1_764_424_800));
        let now = Arc::clone(&seconds);
        let clock: Clock = Arc::new(move || WallTime::from_nanos(now.load(Ordering::SeqCst) * 1_000_000_000));
        let board = Arc::new(NoticeBoard::new(database.clone(), Arc::clone(&clock)));
        let notifier = Notifier::new(database.clone(), Arc::clone(&board), clock);
        Self { database, notifier, board, seconds }
    }

    fn now(&self) -> WallTime {
        WallTime::from_nanos(self.seconds.load(Ordering::SeqCst) * 1_000_000_000)
    }

    fn pass(&self, span: Duration) {
        self.seconds.fetch_add(i64::try_from(span.as_secs()).unwrap(), Ordering::SeqCst);
    }

    async fn person(&self, name: &str, settings: &str) -> UserId {
        let user = UserId::draw();
        add_user(&self.database, user, name).await.unwrap();
        let verified = Statement::new("UPDATE users SET mail = $2, is_verified = $3 WHERE id = $1");
        let mail = format!("{name}@example.org");
        self.database.execute(verified, args![user, mail, true]).await.unwrap();
        let change = |row| ProfileRow { settings: settings.to_owned(), ..row };
        self.database.change_profile(user, change).await.unwrap();
        user
    }

    async fn tell(&self, user: UserId, at: WallTime, content: NoticeContent) {
        let mut transaction = self.database.begin().await.unwrap();
        let notice = NewNotice { user, account: None, at, source: None, content };
        assert!(notices::add(&mut transaction, &notice).await.unwrap());
        transaction.commit().await.unwrap();
    }

    /// Returns the texts of the mails that wait, and takes them out.
    async fn mails(&self) -> Vec<(String, String, String)> {
        let mut mails = Vec::new();
        for due in self.database.due_mails(self.now(), 99).await.unwrap() {
            self.database.mail_sent(due.mail.id, self.now()).await.unwrap();
            assert!(due.mail.html.is_some());
            mails.push((due.mail.recipient.unwrap(), due.mail.subject, due.mail.body));
        }
        mails
    }
}

fn number(text: &str) -> Number {
    Number(text.parse().unwrap())
}

fn margin() -> NoticeContent {
    let (equity, maintenance) = (number("30"), Some(number("40")));
    let market_at = "2025-03-03T09:30:00Z".to_owned();
    NoticeContent::Margin(MarginNotice { step: MarginStep::Called, equity, maintenance, market_at })
}

fn fill(order: u32) -> NoticeContent {
    NoticeContent::Fill(FillNotice {
        order_id: order.to_string(),
        trade_id: "18".to_owned(),
        symbol: "ALFA".to_owned(),
        venue: "PIT".to_owned(),
        side: "buy".to_owned(),
        quantity: number("3"),
        price: number("100.25"),
        fee: number("0"),
        market_at: "2025-03-03T09:30:00Z".to_owned(),
    })
}

#[tokio::test]
async fn each_notice_is_mailed_once_in_the_language_of_its_person_as_they_chose() {
    on_each_database(|database| async move {
        let office = Office::new(database);
        let anne = office.person("anne", r#"{"language":"es"}"#).await;
        let bert = office.person("bert", r#"{"notifications":{"margin":false}}"#).await;
        office.tell(anne, office.now(), margin()).await;
        office.tell(bert, office.now(), margin()).await;
        office.tell(bert, office.now(), NoticeContent::SignIn(SecurityNotice::default())).await;
        let password = NoticeContent::PasswordChanged(SecurityNotice::default());
        office.tell(bert, office.now(), password).await;
        // Two that share a database.
        let other = Office::new(office.database.clone());
        let (first, second) = tokio::join!(office.notifier.send_on(), other.notifier.send_on());
        assert_eq!(first.unwrap() + second.unwrap(), 4);
        let mut mails = office.mails().await;
        mails.sort_unstable();
        assert_eq!(mails.len(), 2, "{mails:?}: whoever changes a password mails that with it");
        assert_eq!(
            (mails[0].0.as_str(), mails[0].1.as_str()),
            ("anne@example.org", "Bearpit: Llamada de margen")
        );
        assert!(mails[0].2.contains("30") && mails[0].2.contains("40"), "{}", mails[0].2);
        assert_eq!(mails[1].1, "Bearpit: A new device has logged in");
        assert_eq!(office.notifier.send_on().await, Ok(0));
        assert_eq!(office.mails().await, []);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_is_older_than_a_day_is_shown_and_not_mailed() {
    on_each_database(|database| async move {
        let office = Office::new(database);
        let anne = office.person("anne", "{}").await;
        let then = office.now();
        office.pass(Duration::from_secs(24 * 3_600 + 1));
        office.tell(anne, then, margin()).await;
        assert_eq!(office.notifier.send_on().await, Ok(1));
        assert_eq!(office.mails().await, []);
        assert_eq!(office.database.unread_notices(anne).await, Ok(1));
        office.pass(Duration::from_secs(90 * 24 * 3_600));
        assert_eq!(office.notifier.forget_old().await, Ok(1));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn fills_come_in_one_mail_a_minute_and_leave_nothing_in_the_list() {
    on_each_database(|database| async move {
        let office = Office::new(database);
        let anne = office.person("anne", r#"{"notifications":{"fills":true}}"#).await;
        for order in 1..=3 {
            office.tell(anne, office.now(), fill(order)).await;
        }
        assert_eq!(office.notifier.send_on().await, Ok(3));
        let mails = office.mails().await;
        assert_eq!(mails.len(), 1);
        assert_eq!(
            mails[0].2.lines().filter(|line| line.starts_with("- Order ")).count(),
            3,
            "{}",
            mails[0].2
        );
        office.tell(anne, office.now(), fill(4)).await;
        office.pass(Duration::from_secs(59));
        assert_eq!(office.notifier.send_on().await, Ok(1));
        assert_eq!(office.mails().await, [], "one was written not a minute ago");
        office.tell(anne, office.now(), fill(5)).await;
        office.pass(Duration::from_secs(1));
        assert_eq!(office.notifier.send_on().await, Ok(1));
        let mails = office.mails().await;
        assert!(
            mails.len() == 1 && mails[0].2.contains("Order 4") && mails[0].2.contains("Order 5"),
            "{mails:?}"
        );
        assert_eq!(office.database.unread_notices(anne).await, Ok(0), "they are not in the list");
        office.pass(Duration::from_secs(49 * 3_600));
        assert_eq!(office.notifier.forget_old().await, Ok(5));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_person_keeps_the_newest_thousand() {
    on_each_database(|database| async move {
        let office = Office::new(database);
        let anne = office.person("anne", r#"{"notifications":{"in_app":{"fills":true}}}"#).await;
        let rows: Vec<_> = (0..1_010)
            .map(|order| {
                let (at, content) = (office.now(), fill(order));
                NewNotice { user: anne, account: None, at, source: None, content }.arguments(true)
            })
            .collect();
        let mut transaction = office.database.begin().await.unwrap();
        notices::add_all(&mut transaction, &rows).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(office.notifier.send_on().await, Ok(1_010));
        assert_eq!(office.database.unread_notices(anne).await, Ok(1_000));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn whoever_listens_is_shown_each_new_notice_once_with_the_count() {
    on_each_database(|database| async move {
        let office = Office::new(database);
        let anne = office.person("anne", "{}").await;
        let funds = |amount| FundsNotice { amount: number(amount), asset: "USD".to_owned() };
        office.tell(anne, office.now(), NoticeContent::Funds(funds("1"))).await;
        office.notifier.send_on().await.unwrap();
        let mut listening = office.board.listen(anne).await.unwrap();
        assert_eq!(listening.unread, 1);
        let mut looked = Looked::default();
        for amount in ["2", "3"] {
            office.tell(anne, office.now(), NoticeContent::Funds(funds(amount))).await;
        }
        office.board.look(&mut looked).await.unwrap();
        // Another process sends them on.
        Office::new(office.database.clone()).notifier.send_on().await.unwrap();
        for _ in 0..3 {
            office.board.look(&mut looked).await.unwrap();
        }
        for amount in ["2", "3"] {
            let shown = listening.next().await.unwrap();
            assert_eq!((&shown.notice.content, shown.unread), (&NoticeContent::Funds(funds(amount)), 3));
        }
        office.tell(anne, office.now(), NoticeContent::Funds(funds("4"))).await;
        office.notifier.send_on().await.unwrap();
        office.board.look(&mut looked).await.unwrap();
        let shown = listening.next().await.unwrap();
        assert_eq!((&shown.notice.content, shown.unread), (&NoticeContent::Funds(funds("4")), 4));
    })
    .await
    .unwrap();
}
