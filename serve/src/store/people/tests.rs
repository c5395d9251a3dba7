//! People, sessions, keys and links on both kinds of database.

use std::time::Duration;

use uuid::Uuid;

use super::*;
use crate::domain::{KeyId, Scope, Scopes};
use crate::store::database::testing::on_each_database;

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
        password_hash: "hash".to_owned(),
        now: at(now),
    }
}

fn session(user: UserId, hash: u8, now: i64) -> NewSession {
    NewSession {
        id: SessionId::draw(),
        user,
        password_changed_at: at(1),
        client: Client { agent: Some("x".to_owned()), address: None },
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
        assert_eq!(people.change_password(&user, "other", None, at(3)).await, Ok(Some(vec![open.id])));
        // It was looked at before.
        assert_eq!(people.change_password(&user, "third", None, at(4)).await, Ok(None));
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
        assert_eq!(people.reset_password([1; 32], anne.id, "new", at(5)).await, Ok(None));
        let ended = people.reset_password([2; 32], anne.id, "new", at(5)).await.unwrap().unwrap();
        assert_eq!(ended, Ended { sessions: vec![open.id], keys: vec![] });
        assert_eq!(people.reset_password([2; 32], anne.id, "newer", at(6)).await, Ok(None));
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
        assert_eq!(people.remove_second_factor(anne.id).await, Ok(true));
        assert_eq!(people.remove_second_factor(anne.id).await, Ok(false));
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
