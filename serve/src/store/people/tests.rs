//! People, sessions, keys and links on both kinds of database.

use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::domain::{KeyId, MailId, NoticeContent, Scope, Scopes};
use crate::store::database::testing::on_each_database;
use crate::store::mails::NewMail;
use crate::store::notices::NoticeFilter;

fn at(seconds: i64) -> WallTime {
    WallTime::from_nanos(seconds * 1_000_000_000)
}

fn person(name: &str, now: i64) -> NewUser {
    NewUser {
        id: UserId::draw(),
        account: AccountId::draw(),
        username: name.to_owned(),
        username_key: name.to_lowercase(),
        mail: Some("we@example.org".to_owned()),
        is_verified: false,
        role: Role::User,
        password_hash: Some("hash".to_owned()),
        now: at(now),
    }
}

fn session(user: UserId, hash: u8, now: i64) -> NewSession {
    NewSession {
        id: SessionId::draw(),
        user,
        password_changed_at: at(1),
        client: Client { agent: Some("x".to_owned()), address: None },
        device: None,
        now: at(now),
        token: RefreshToken { hash: [hash; 32], expires_at: at(1_000) },
    }
}

#[tokio::test]
async fn a_name_is_given_once_whatever_its_case() {
    on_each_database(|database| async move {
        let people = People::new(database);
        let (anne, again) = (person("Anne", 1), person("ANNE", 2));
        people.add(&anne).await.unwrap();
        let refused = people.add(&again).await.unwrap_err();
        assert!(refused.is_conflict_on("users.username_key"), "{refused}");
        let found = people.of_name("anne").await.unwrap().unwrap();
        assert_eq!((found.id, found.account, found.username.as_str()), (anne.id, anne.account, "Anne"));
        assert_eq!((found.created_at, found.role, found.is_blocked), (at(1), Role::User, false));
        assert_eq!(people.of_id(anne.id).await.unwrap(), Some(found));
        assert_eq!(people.of_name("bert").await, Ok(None));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_address_is_whose_it_was_verified_to_be_and_of_two_who_claim_it() {
    on_each_database(|database| async move {
        let people = People::new(database);
        for (number, name) in ["anne", "bert", "carl", "dora"].into_iter().enumerate() {
            people.add(&person(name, i64::try_from(number).unwrap())).await.unwrap();
        }
        let names = async || {
            let found = people.of_mail("we@example.org").await.unwrap();
            found.map(|user| user.map_or_else(|| "nobody".to_owned(), |user| user.username))
        };
        assert_eq!(names().await, ["nobody", "dora", "carl"]);
        assert_eq!(people.verify("anne").await, Ok(true));
        assert_eq!(names().await, ["anne", "dora", "carl"]);
        assert!(people.verify("bert").await.unwrap_err().is_conflict_on("users.mail_key"));
        assert_eq!(people.verify("nobody").await, Ok(false));
        let verified = NewUser { is_verified: true, ..person("emil", 9) };
        assert!(people.add(&verified).await.unwrap_err().is_conflict_on("users.mail_key"));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_session_is_opened_with_the_password_that_holds() {
    on_each_database(|database| async move {
        let people = People::new(database);
        let anne = person("anne", 1);
        people.add(&anne).await.unwrap();
        let open = session(anne.id, 1, 2);
        assert_eq!(people.open_session(&open).await, Ok(true));
        let user = people.of_id(anne.id).await.unwrap().unwrap();
        let set =
            |password_hash, now| NewPassword { user: anne.id, password_hash, notice: None, now: at(now) };
        assert_eq!(
            people.change_password(set("other", 3), user.password_changed_at, None).await,
            Ok(Some(vec![open.id]))
        );
        // It was looked at before.
        assert_eq!(people.change_password(set("third", 4), user.password_changed_at, None).await, Ok(None));
        assert_eq!(people.open_session(&session(anne.id, 2, 4)).await, Ok(false));
        let mut late = session(anne.id, 3, 5);
        late.password_changed_at = at(3);
        people.add(&NewUser { role: Role::Admin, ..person("olga", 1) }).await.unwrap();
        let ended = Ended { sessions: Vec::new(), keys: Vec::new() };
        assert_eq!(people.block(anne.id, at(5)).await, Ok(Block::Done(ended)));
        assert_eq!(people.open_session(&late).await, Ok(false));
        assert_eq!(people.unblock(anne.id).await, Ok(true));
        assert_eq!(people.open_session(&late).await, Ok(true));
        assert!(people.session_state(open.id).await.unwrap().unwrap().is_ended);
        let state = people.session_state(late.id).await.unwrap().unwrap();
        assert_eq!((state.is_ended, state.holder.user, state.last_seen_at), (false, anne.id, at(5)));
        people.touch_session(late.id, at(9)).await.unwrap();
        people.touch_session(late.id, at(8)).await.unwrap();
        assert_eq!(people.session_state(late.id).await.unwrap().unwrap().last_seen_at, at(9));
        assert_eq!(people.session_state(SessionId::draw()).await, Ok(None));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_token_is_replaced_once_whoever_asks_at_the_same_time() {
    on_each_database(|database| async move {
        let people = People::new(database);
        let anne = person("anne", 1);
        people.add(&anne).await.unwrap();
        let open = session(anne.id, 1, 2);
        people.open_session(&open).await.unwrap();
        let rotation = |next: u8, now: i64, grace: u64| Rotation {
            hash: [1; 32],
            session: open.id,
            next: RefreshToken { hash: [next; 32], expires_at: at(2_000) },
            client: Client::default(),
            now: at(now),
            grace: Duration::from_secs(grace),
        };
        let mut tasks = tokio::task::JoinSet::new();
        for number in 10..20 {
            let (people, rotation) = (people.clone(), rotation(number, 5, 0));
            tasks.spawn(async move { people.rotate(rotation).await.unwrap() });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|is_done| *is_done).count(), 1);
        assert_eq!(people.rotate(rotation(30, 7, 3)).await, Ok(true));
        assert_eq!(people.rotate(rotation(31, 8, 3)).await, Ok(false));
        let state = people.refresh_token([1; 32]).await.unwrap().unwrap();
        assert_eq!((state.session, state.used_at, state.is_ended), (open.id, Some(at(5)), false));
        assert_eq!(people.refresh_token([9; 32]).await, Ok(None));
        assert_eq!(people.end_session(UserId::draw(), open.id, at(9)).await, Ok(false));
        assert_eq!(people.end_session(anne.id, open.id, at(9)).await, Ok(true));
        assert_eq!(people.end_session(anne.id, open.id, at(9)).await, Ok(false));
        assert_eq!(people.rotate(rotation(32, 7, 3)).await, Ok(false));
        assert_eq!(people.forget_expired(at(1_001)).await, Ok(1));
        assert_eq!(people.refresh_token([1; 32]).await, Ok(None));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn sessions_of_a_person_are_listed_and_ended_but_one() {
    on_each_database(|database| async move {
        let people = People::new(database);
        let (anne, bert) = (person("anne", 1), person("bert", 1));
        people.add(&anne).await.unwrap();
        people.add(&bert).await.unwrap();
        let [one, two, three] = [(1, 2), (2, 3), (3, 4)].map(|(hash, now)| session(anne.id, hash, now));
        for open in [&one, &two, &three, &session(bert.id, 4, 4)] {
            people.open_session(open).await.unwrap();
        }
        let ids = async |since| {
            let sessions = people.sessions(anne.id, at(since)).await.unwrap();
            sessions.into_iter().map(|session| session.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(0).await, [three.id, two.id, one.id]);
        assert_eq!(ids(2).await, [three.id, two.id]);
        let mut ended = people.end_sessions(anne.id, Some(two.id), at(9)).await.unwrap();
        ended.sort_unstable();
        assert_eq!(ended, [one.id, three.id]);
        assert_eq!(ids(0).await, [two.id]);
        assert_eq!(people.sessions(bert.id, at(0)).await.unwrap().len(), 1);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn keys_are_added_up_to_so_many_and_ended() {
    on_each_database(|database| async move {
        let people = People::new(database);
        let anne = person("anne", 1);
        people.add(&anne).await.unwrap();
        let scopes: Scopes = [Scope::Read, Scope::Trade].into_iter().collect();
        let key = |number: u8| NewKey {
            id: KeyId::draw(),
            user: anne.id,
            name: format!("k{number}"),
            hash: [number; 32],
            scopes,
            account: None,
            now: at(number.into()),
        };
        let (one, two) = (key(1), key(2));
        assert_eq!(people.add_key(&one, 2).await, Ok(AddKeyOutcome::Added));
        assert_eq!(people.add_key(&two, 2).await, Ok(AddKeyOutcome::Added));
        assert_eq!(people.add_key(&key(3), 2).await, Ok(AddKeyOutcome::TooMany));
        let state = people.key_state(one.id).await.unwrap().unwrap();
        assert_eq!(
            (state.hash, state.scopes, state.is_ended, state.last_used_at),
            ([1; 32], scopes, false, None)
        );
        people.touch_key(one.id, at(7)).await.unwrap();
        let listed = people.keys(anne.id).await.unwrap();
        let expected = Key {
            id: one.id,
            name: "k1".into(),
            scopes,
            account: None,
            created_at: at(1),
            last_used_at: Some(at(7)),
        };
        assert_eq!(listed[1], expected);
        assert_eq!(people.end_key(UserId::draw(), one.id, at(8)).await, Ok(false));
        assert_eq!(people.end_key(anne.id, one.id, at(8)).await, Ok(true));
        assert_eq!(people.end_key(anne.id, one.id, at(8)).await, Ok(false));
        assert!(people.key_state(one.id).await.unwrap().unwrap().is_ended);
        assert_eq!(people.keys(anne.id).await.unwrap().len(), 1);
        // For an account of a contest it reads and trades, whatever it was made with.
        let all = Scopes::of_role(Role::Admin);
        let bound = NewKey { scopes: all, account: Some(AccountId::draw()), ..key(4) };
        assert_eq!(people.add_key(&bound, 2).await, Ok(AddKeyOutcome::Added));
        let state = people.key_state(bound.id).await.unwrap().unwrap();
        assert_eq!((state.scopes, state.holder.account), (scopes, bound.account.unwrap()));
        // Whoever was let in a moment ago makes no key that outlasts a block.
        assert!(matches!(people.block(anne.id, at(9)).await, Ok(Block::Done(_))));
        assert_eq!(people.add_key(&key(5), 9).await, Ok(AddKeyOutcome::Blocked));
        assert_eq!(people.keys(anne.id).await, Ok(vec![]));
        assert_eq!(people.key_state(KeyId::new(Uuid::nil())).await, Ok(None));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_link_is_used_once_and_the_newest_counts() {
    on_each_database(|database| async move {
        let people = People::new(database);
        let anne = person("anne", 1);
        people.add(&anne).await.unwrap();
        let open = session(anne.id, 1, 2);
        people.open_session(&open).await.unwrap();
        people.add_reset([1; 32], anne.id, at(3), at(100)).await.unwrap();
        people.add_reset([2; 32], anne.id, at(4), at(100)).await.unwrap();
        assert_eq!(people.of_reset([1; 32], at(5)).await, Ok(None));
        assert_eq!(people.of_reset([2; 32], at(100)).await, Ok(None));
        assert_eq!(people.of_reset([2; 32], at(5)).await.unwrap().unwrap().id, anne.id);
        let set =
            |password_hash, now| NewPassword { user: anne.id, password_hash, notice: None, now: at(now) };
        assert_eq!(people.reset_password([1; 32], set("new", 5)).await, Ok(None));
        let ended = people.reset_password([2; 32], set("new", 5)).await.unwrap().unwrap();
        assert_eq!(ended, Ended { sessions: vec![open.id], keys: vec![] });
        assert_eq!(people.reset_password([2; 32], set("newer", 6)).await, Ok(None));
        let user = people.of_id(anne.id).await.unwrap().unwrap();
        assert_eq!((user.password_hash.as_deref(), user.password_changed_at), (Some("new"), at(5)));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_code_is_used_once_and_those_who_try_at_once_have_no_more_tries_than_one() {
    on_each_database(|database| async move {
        let people = People::new(database);
        let anne = person("anne", 1);
        people.add(&anne).await.unwrap();
        assert_eq!(people.second_factor(anne.id).await, Ok(None));
        assert_eq!(people.begin_second_factor(anne.id, &[1; 20], at(2)).await, Ok(true));
        assert_eq!(people.begin_second_factor(anne.id, &[2; 20], at(3)).await, Ok(true));
        let code = |secret, step| RightCode { secret, step };
        let (first, second) = ([1; 20], [2; 20]);
        assert_eq!(people.confirm_second_factor(anne.id, code(&first, 7), &[], at(4)).await, Ok(false));
        let codes = [[5; 32], [6; 32]];
        assert_eq!(people.use_code(anne.id, code(&second, 7)).await, Ok(false), "it is not confirmed");
        assert_eq!(people.confirm_second_factor(anne.id, code(&second, 7), &codes, at(4)).await, Ok(true));
        assert_eq!(people.begin_second_factor(anne.id, &[3; 20], at(5)).await, Ok(false));
        for (step, is_new) in [(7, false), (9, true), (9, false), (8, false), (10, true)] {
            assert_eq!(people.use_code(anne.id, code(&second, step)).await, Ok(is_new), "{step}");
        }
        for (hash, is_new, left) in [(5, true, 1), (5, false, 1), (7, false, 1), (6, true, 0)] {
            assert_eq!(people.use_recovery_code(anne.id, [hash; 32], at(6)).await, Ok(is_new));
            assert_eq!(people.recovery_codes_left(anne.id).await, Ok(left));
        }
        let tries = Tries { most: 3, locked_until: at(50) };
        let all =
            futures_util::future::join_all((0..8).map(|_| people.try_code(anne.id, at(10), tries))).await;
        assert_eq!(all.iter().filter(|it| **it == Ok(true)).count(), 3, "{all:?}");
        assert_eq!(people.second_factor(anne.id).await.unwrap().unwrap().locked_until, Some(at(50)));
        let later = Tries { most: 3, locked_until: at(90) };
        for (now, is_looked_at) in [(49, false), (50, true), (51, true), (52, true), (53, false), (90, true)]
        {
            assert_eq!(people.try_code(anne.id, at(now), later).await, Ok(is_looked_at), "{now}");
        }
        assert_eq!(people.remove_second_factor(anne.id, at(9)).await, Ok(true));
        assert_eq!(people.remove_second_factor(anne.id, at(9)).await, Ok(false));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn two_administrators_who_block_one_another_do_not_both_succeed() {
    on_each_database(|database| async move {
        let people = People::new(database);
        let admins = ["olga", "otto"].map(|name| NewUser { role: Role::Admin, ..person(name, 1) });
        for admin in &admins {
            people.add(admin).await.unwrap();
        }
        let (olga, otto) = (admins[0].id, admins[1].id);
        let blocks = tokio::join!(people.block(olga, at(2)), people.block(otto, at(2)));
        let is_last = [blocks.0.unwrap(), blocks.1.unwrap()].map(|block| block == Block::LastAdmin);
        assert_eq!(is_last.iter().filter(|is_last| **is_last).count(), 1);
        // Whoever is out already can be blocked again; whoever is not there cannot.
        let out = if is_last[0] { otto } else { olga };
        assert!(matches!(people.block(out, at(3)).await, Ok(Block::Done(_))));
        assert_eq!(people.block(UserId::draw(), at(3)).await, Ok(Block::Nobody));
    })
    .await
    .unwrap();
}

const HASH: [u8; 32] = [9; 32];

fn code(subject: UserId, mail: &str, now: i64) -> NewCode {
    NewCode {
        subject: subject.uuid(),
        purpose: CodePurpose::Mail,
        hash: HASH,
        mail: mail.to_owned(),
        now: at(now),
        expires_at: at(now + 900),
        limit: CodeLimit { most: 2, since: at(now - 3_600) },
    }
}

fn letter(now: i64) -> NewMail {
    NewMail {
        id: MailId::draw(),
        recipient: Some("we@example.org".to_owned()),
        subject: "a code".to_owned(),
        body: "123456".to_owned(),
        html: None,
        now: at(now),
        expires_at: at(now + 900),
    }
}

/// Returns how many mails wait that are to somebody, and to nobody.
async fn waiting(database: &Database) -> [usize; 2] {
    let due = database.due_mails(at(1_000_000), 100).await.unwrap();
    let to_somebody = due.iter().filter(|due| due.mail.recipient.is_some()).count();
    [to_somebody, due.len() - to_somebody]
}

#[tokio::test]
async fn a_code_and_its_mail_are_there_together_so_many_in_an_hour() {
    on_each_database(|database| async move {
        let (people, anne) = (People::new(database.clone()), person("anne", 1));
        people.register(&anne, &code(anne.id, "we@example.org", 10), &letter(10)).await.unwrap();
        assert_eq!(waiting(&database).await, [1, 0]);
        // Nobody has it: there is no code and no mail either.
        let again = person("ANNE", 11);
        let taken = people.register(&again, &code(again.id, "we@example.org", 11), &letter(11)).await;
        assert!(taken.unwrap_err().is_conflict_on("users.username_key"));
        assert_eq!(people.codes_counted_since(again.id.uuid(), CodePurpose::Mail).await, Ok(None));
        let add = async |now| people.add_code(&code(anne.id, "we@example.org", now), &letter(now)).await;
        assert_eq!((add(20).await, add(30).await), (Ok(true), Ok(false)));
        assert_eq!(waiting(&database).await, [2, 1], "the third is to nobody");
        assert_eq!(people.codes_counted_since(anne.id.uuid(), CodePurpose::Mail).await, Ok(Some(at(10))));
        assert_eq!((add(3_609).await, add(3_610).await, add(3_611).await), (Ok(false), Ok(true), Ok(true)));
        assert_eq!(add(3_612).await, Ok(false), "counted anew since then");
        assert_eq!(people.forget_codes(at(4_510), at(3_610)).await, Ok(0));
        assert_eq!(people.forget_codes(at(4_511), at(3_610)).await, Ok(1));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_code_has_so_many_tries_a_time_and_one_use() {
    on_each_database(|database| async move {
        let (people, anne) = (People::new(database.clone()), person("anne", 1));
        people.register(&anne, &code(anne.id, "we@example.org", 10), &letter(10)).await.unwrap();
        let tried = async |now| people.try_mail_code(anne.id.uuid(), CodePurpose::Mail, at(now), 2).await;
        let first = tried(11).await.unwrap().unwrap();
        assert_eq!((first.hash.as_slice(), first.mail.as_str()), (HASH.as_slice(), "we@example.org"));
        assert!(tried(12).await.unwrap().is_some());
        assert_eq!(tried(13).await, Ok(None), "two were all");
        let other = people.try_mail_code(anne.id.uuid(), CodePurpose::Password, at(11), 2).await;
        assert_eq!(other, Ok(None), "it is for something else");
        assert_eq!(people.confirm_mail(&first, None, at(910)).await, Ok(false), "it is too late");
        let wrong = SentCode { hash: vec![8; 32], ..first.clone() };
        assert_eq!(people.confirm_mail(&wrong, None, at(14)).await, Ok(false));
        assert_eq!(people.confirm_mail(&first, None, at(14)).await, Ok(true));
        assert_eq!(people.confirm_mail(&first, None, at(15)).await, Ok(false), "it is used");
        let known = people.of_id(anne.id).await.unwrap().unwrap();
        assert_eq!((known.is_verified, known.mail.as_deref()), (true, Some("we@example.org")));
        // A new one has all tries again.
        assert_eq!(people.add_code(&code(anne.id, "other@example.org", 20), &letter(20)).await, Ok(true));
        let second = tried(21).await.unwrap().unwrap();
        assert_eq!(people.confirm_mail(&second, Some(&letter(22)), at(22)).await, Ok(true));
        assert_eq!(waiting(&database).await, [3, 0], "two codes, and what is told to the address before");
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_address_that_is_somebody_elses_by_now_leaves_the_code_unused() {
    on_each_database(|database| async move {
        let people = People::new(database.clone());
        let (anne, bert) = (person("anne", 1), person("bert", 1));
        people.add(&bert).await.unwrap();
        people.register(&anne, &code(anne.id, "we@example.org", 10), &letter(10)).await.unwrap();
        assert_eq!(people.verify("bert").await, Ok(true));
        let code = people.try_mail_code(anne.id.uuid(), CodePurpose::Mail, at(11), 5).await;
        let code = code.unwrap().unwrap();
        let taken = people.confirm_mail(&code, Some(&letter(11)), at(11)).await.unwrap_err();
        assert!(taken.is_conflict_on("users.mail_key"), "{taken}");
        assert_eq!(waiting(&database).await, [1, 0], "nobody is told what did not happen");
        assert!(!people.of_id(anne.id).await.unwrap().unwrap().is_verified);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_code_sets_the_password_of_whose_address_it_was_sent_to_and_is() {
    on_each_database(|database| async move {
        let (people, anne) = (People::new(database.clone()), person("anne", 1));
        people.add(&anne).await.unwrap();
        people.verify("anne").await.unwrap();
        let forgotten =
            |mail: &str, now| NewCode { purpose: CodePurpose::Password, ..code(anne.id, mail, now) };
        let set = async |mail: &str, now| {
            people.add_code(&forgotten(mail, now), &letter(now)).await.unwrap();
            let code = people.try_mail_code(anne.id.uuid(), CodePurpose::Password, at(now), 5).await;
            people.set_password(&code.unwrap().unwrap(), "other", &letter(now), at(now)).await.unwrap()
        };
        assert_eq!(set("before@example.org", 10).await, None, "it is another address by now");
        let open = session(anne.id, 1, 2);
        assert_eq!(people.open_session(&open).await, Ok(true));
        let ended = set("we@example.org", 20).await.unwrap();
        assert_eq!((ended.sessions, ended.keys), (vec![open.id], Vec::new()));
        let known = people.of_id(anne.id).await.unwrap().unwrap();
        assert_eq!((known.password_hash.as_deref(), known.password_changed_at), (Some("other"), at(20)));
        assert_eq!(waiting(&database).await, [3, 0], "two codes, and what is told");
        people.block(anne.id, at(21)).await.unwrap();
        assert_eq!(set("we@example.org", 4_000).await, None, "an operator has shut them out");
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn of_who_leaves_nothing_is_left_that_says_who_it_was() {
    on_each_database(|database| async move {
        let people = People::new(database.clone());
        let (anne, olga) = (person("Anne", 1), NewUser { role: Role::Admin, ..person("Olga", 1) });
        for user in [&anne, &olga] {
            people.add(user).await.unwrap();
        }
        assert!(people.open_session(&session(anne.id, 1, 2)).await.unwrap());
        let row = |row| crate::store::profiles::ProfileRow { first_name: Some("Anne".to_owned()), ..row };
        database.change_profile(anne.id, row).await.unwrap();
        assert_eq!(people.is_last_admin(anne.id).await, Ok(false));
        assert_eq!(people.is_last_admin(olga.id).await, Ok(true));
        assert_eq!(people.erase(olga.id, at(3)).await, Ok(None), "nobody else is an administrator");
        let ended = people.erase(anne.id, at(3)).await.unwrap().unwrap();
        assert_eq!((ended.sessions.len(), ended.keys.len()), (1, 0));
        let left = people.of_id(anne.id).await.unwrap().unwrap();
        assert!(left.username.starts_with("deleted-") && left.username.len() == 28, "{}", left.username);
        assert_eq!((left.mail, left.password_hash, left.is_blocked), (None, None, true));
        assert_eq!(people.of_name("anne").await, Ok(None));
        assert_eq!(database.profile(anne.id).await, Ok(None));
        // Twice is the same.
        assert_eq!(people.erase(anne.id, at(4)).await, Ok(Some(Ended { sessions: vec![], keys: vec![] })));
        // The name is free.
        people.add(&person("Anne", 5)).await.unwrap();
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_login_from_a_device_that_was_not_seen_before_is_told_but_for_the_first() {
    on_each_database(|database| async move {
        let people = People::new(database.clone());
        let anne = person("anne", 1);
        people.add(&anne).await.unwrap();
        let told = async || {
            let filter = NoticeFilter { limit: 9, ..NoticeFilter::default() };
            let rows = database.notices(anne.id, &filter).await.unwrap();
            rows.into_iter().map(|row| row.notice.content).collect::<Vec<_>>()
        };
        let device = |digest: u8| {
            let (name, address) = (Some("Firefox on Linux".to_owned()), "192.0.2.1".to_owned());
            Some(Device { digest: [digest; 32], name, address })
        };
        for (hash, digest, count) in [(1, 1, 0), (2, 1, 0), (3, 2, 1), (4, 2, 1), (5, 1, 1), (6, 3, 2)] {
            let new = NewSession { device: device(digest), ..session(anne.id, hash, i64::from(hash)) };
            assert_eq!(people.open_session(&new).await, Ok(true));
            assert_eq!(told().await.len(), count, "{digest}");
        }
        let NoticeContent::SignIn(first) = told().await.remove(0) else { panic!("another kind") };
        assert_eq!(first.device.as_deref(), Some("Firefox on Linux"));
        assert_eq!(first.address.as_deref(), Some("192.0.2.1"));
        assert_eq!(people.forget_devices(at(4)).await, Ok(1));
        // Whoever leaves takes all of it along.
        assert!(people.erase(anne.id, at(9)).await.unwrap().is_some());
        assert_eq!(told().await, []);
    })
    .await
    .unwrap();
}
