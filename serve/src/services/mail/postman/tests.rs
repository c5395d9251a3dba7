//! Mails that are sent, that fail, and that nobody waits for any longer.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::super::Sending;
use super::*;
use crate::domain::MailId;
use crate::store::database::testing::on_each_database;
use crate::store::people::{CodeLimit, CodePurpose, NewCode, People};

/// A mailer that says what it is told to, and notes what it was given.
#[derive(Default)]
struct Scripted {
    answers: Mutex<VecDeque<Result<(), MailError>>>,
    given: Mutex<Vec<(String, String)>>,
}

impl Mailer for Scripted {
    fn send<'a>(&'a self, letter: &'a Letter) -> Sending<'a> {
        let text = String::from_utf8(letter.message().unwrap().formatted()).unwrap();
        self.given.lock().unwrap_or_else(PoisonError::into_inner).push((letter.name.clone(), text));
        let answer =
            self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or(Ok(()));
        Box::pin(async { answer })
    }
}

/// An outbox, its postman, and a clock.
struct Office {
    database: Database,
    postman: Postman,
    mailer: Arc<Scripted>,
    seconds: Arc<AtomicI64>,
}

impl Office {
    fn new(database: Database) -> Self {
        let mailer = Arc::<Scripted>::default();
        let seconds = Arc::new(AtomicI64::new(1_764_424_800));
        let now = Arc::clone(&seconds);
        let clock: Clock = Arc::new(move || WallTime::from_nanos(now.load(Ordering::SeqCst) * 1_000_000_000));
        let from: Sender = "Bearpit <market@example.org>".parse().unwrap();
        let shared = Arc::clone(&mailer) as Arc<dyn Mailer>;
        let postman = Postman::new(database.clone(), shared, &from, clock).unwrap();
        Self { database, postman, mailer, seconds }
    }

    fn now(&self) -> WallTime {
        self.postman.now()
    }

    fn pass(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    async fn write(&self, recipient: Option<&str>) -> NewMail {
        let now = self.now();
        let expires_at = now.after(Duration::from_mins(15));
        let mail = NewMail {
            id: MailId::draw(),
            recipient: recipient.map(str::to_owned),
            subject: "a code".to_owned(),
            body: "Hello.\n\n123456\n".to_owned(),
            html: None,
            now,
            expires_at,
        };
        let code = NewCode {
            subject: mail.id.uuid(),
            purpose: CodePurpose::Mail,
            hash: [1; 32],
            mail: String::new(),
            now,
            expires_at,
            limit: CodeLimit { most: 1, since: now },
        };
        assert_eq!(People::new(self.database.clone()).add_code(&code, &mail).await, Ok(true));
        mail
    }

    fn will_answer(&self, answers: impl IntoIterator<Item = Result<(), MailError>>) {
        self.mailer.answers.lock().unwrap().extend(answers);
    }

    fn given(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.mailer.given.lock().unwrap())
    }
}

fn away() -> Result<(), MailError> {
    Err(MailError { message: "away".to_owned(), is_final: false })
}

#[tokio::test]
async fn a_mail_is_sent_once_and_one_to_nobody_never() {
    on_each_database(|database| async move {
        let office = Office::new(database);
        let mail = office.write(Some("anne@example.org")).await;
        office.write(None).await;
        assert_eq!(office.postman.deliver().await, Ok(1));
        let given = office.given();
        assert_eq!((given.len(), given[0].0.as_str()), (1, mail.id.to_string().as_str()));
        let text = &given[0].1;
        for line in [
            "From: Bearpit <market@example.org>".to_owned(),
            "To: anne@example.org".to_owned(),
            "Subject: a code".to_owned(),
            "Date: Sat, 29 Nov 2025 14:00:00 +0000".to_owned(),
            format!("Message-ID: <{}@example.org>", mail.id),
            "Content-Type: text/plain; charset=utf-8".to_owned(),
            "123456".to_owned(),
        ] {
            assert!(text.replace('"', "").split("\r\n").any(|it| it == line), "{line} in {text}");
        }
        assert_eq!(office.postman.deliver().await, Ok(0));
        assert!(office.given().is_empty());
        office.pass(7 * 24 * 3_600);
        assert_eq!(office.postman.forget_old().await, Ok(1));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_mail_that_fails_is_tried_again_later_and_later_while_it_is_of_use() {
    on_each_database(|database| async move {
        let office = Office::new(database);
        office.write(Some("anne@example.org")).await;
        office.will_answer([away(), away(), Ok(())]);
        for (wait, sent, given) in [(0, 0, 1), (4, 0, 0), (1, 0, 1), (9, 0, 0), (1, 1, 1)] {
            office.pass(wait);
            assert_eq!(office.postman.deliver().await, Ok(sent));
            assert_eq!(office.given().len(), given, "after {wait}");
        }
        office.write(Some("anne@example.org")).await;
        office.will_answer([away()]);
        assert_eq!(office.postman.deliver().await, Ok(0));
        office.pass(15 * 60);
        assert_eq!((office.postman.deliver().await, office.given().len()), (Ok(0), 1), "it is too late");
        office.pass(3_600);
        assert_eq!((office.postman.deliver().await, office.given().len()), (Ok(0), 0));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_can_never_be_sent_is_given_up_and_holds_nobody_up() {
    on_each_database(|database| async move {
        let office = Office::new(database);
        office.write(Some("no address")).await;
        office.write(Some("refused@example.org")).await;
        office.write(Some("bert@example.org")).await;
        office.will_answer([Err(MailError { message: "no such mailbox".to_owned(), is_final: true })]);
        assert_eq!(office.postman.deliver().await, Ok(1));
        assert_eq!(office.given().len(), 2, "the first was not even tried");
        office.pass(3_600);
        assert_eq!((office.postman.deliver().await, office.given().len()), (Ok(0), 0));
    })
    .await
    .unwrap();
}

#[test]
fn attempts_are_seconds_apart_at_first_and_minutes_later() {
    let pauses = [0, 1, 2, 6, 7, 40].map(|attempts| pause(attempts).as_secs());
    assert_eq!(pauses, [5, 10, 20, 320, 600, 600]);
}
