//! Money that comes in.

use super::bank::Mood;
use super::*;
use crate::services::admin::{Action, By, Operations};

const MINUTES_6: Duration = Duration::from_mins(6);

#[tokio::test]
async fn what_was_paid_is_in_the_account_once_however_often_the_browser_comes_back() {
    let bench = Bench::open().await;
    let (id, token) = bench.begun(&bench.anne, "10.5", "k").await;
    bench.bank.choose(&token, "paid");
    assert_eq!(bench.back(&token).await, PaymentState::Settled);
    assert_eq!(bench.back(&token).await, PaymentState::Settled);
    bench.look_after(MINUTES_6).await;
    assert_eq!((bench.cash(&bench.anne).await.as_str(), bench.bank.commits()), ("100010.5", 1));
    let view = bench.payments.payment(&bench.anne, id).await.unwrap();
    // 10.5 times 950.5, rounded up.
    assert_eq!((view.clp.as_str(), view.rate.as_str(), view.currency.as_str()), ("9981", "950.5", "USD"));
    assert_eq!((view.card.as_deref(), view.authorization_code.as_deref()), (Some("6623"), Some("1213")));
    assert!(view.redirect.is_none());
    bench.floor.end();
}

#[tokio::test]
async fn two_browsers_that_come_back_at_once_pay_once() {
    let bench = Bench::open().await;
    let (id, token) = bench.begun(&bench.anne, "10", "k").await;
    bench.bank.choose(&token, "paid");
    tokio::join!(bench.back(&token), bench.back(&token), bench.back(&token));
    // Whoever came while another was asked was told so; all is settled all the same.
    assert_eq!(bench.state(id).await, PaymentState::Settled);
    assert_eq!((bench.cash(&bench.anne).await.as_str(), bench.bank.commits()), ("100010", 1));
    bench.floor.end();
}

#[tokio::test]
async fn what_was_declined_aborted_or_took_too_long_changes_nothing() {
    let bench = Bench::open().await;
    let (_, declined) = bench.begun(&bench.anne, "10", "a").await;
    bench.bank.choose(&declined, "declined");
    assert_eq!(bench.back(&declined).await, PaymentState::Refused);
    let (_, aborted) = bench.begun(&bench.anne, "10", "b").await;
    // Pages that are loaded again bring both.
    let with =
        ComeBack { tbk_token: Some(aborted.clone()), token_ws: Some(aborted.clone()), ..ComeBack::default() };
    assert_eq!(bench.payments.come_back(with).await.unwrap().state, PaymentState::Aborted);
    let (late, token) = bench.begun(&bench.anne, "10", "c").await;
    let asked = bench.payments.payment_row(late).await.unwrap().asked;
    let with = ComeBack { order: Some(asked.buy_order), session: Some(asked.session), ..ComeBack::default() };
    assert_eq!(bench.payments.come_back(with.clone()).await.unwrap().state, PaymentState::Expired);
    let other = ComeBack { session: Some("S0".to_owned()), ..with };
    assert_eq!(bench.payments.come_back(other).await.unwrap_err().code, "unknown_payment");
    bench.look_after(Duration::from_hours(1)).await;
    assert_eq!(bench.cash(&bench.anne).await, "100000");
    // What was paid all the same is not lost.
    bench.bank.choose(&token, "paid");
    assert_eq!(bench.back(&token).await, PaymentState::Settled);
    bench.floor.end();
}

#[tokio::test]
async fn an_abort_that_the_provider_contradicts_is_none() {
    let bench = Bench::open().await;
    let (_, token) = bench.begun(&bench.anne, "10", "k").await;
    bench.bank.choose(&token, "authorized");
    let with = ComeBack { tbk_token: Some(token), ..ComeBack::default() };
    assert_eq!(bench.payments.come_back(with).await.unwrap().state, PaymentState::Settled);
    assert_eq!(bench.cash(&bench.anne).await, "100010");
    bench.floor.end();
}

#[tokio::test]
async fn what_no_browser_came_back_for_is_settled_or_expires() {
    let bench = Bench::open().await;
    let (paid, token) = bench.begun(&bench.anne, "10", "a").await;
    let (unpaid, _) = bench.begun(&bench.anne, "10", "b").await;
    bench.bank.choose(&token, "paid");
    bench.look_after(Duration::from_mins(4)).await;
    assert_eq!(bench.state(paid).await, PaymentState::Redirected);
    bench.look_after(Duration::from_mins(2)).await;
    assert_eq!(
        (bench.state(paid).await, bench.state(unpaid).await),
        (PaymentState::Settled, PaymentState::Redirected)
    );
    bench.look_after(Duration::from_mins(25)).await;
    assert_eq!(bench.state(unpaid).await, PaymentState::Expired);
    assert_eq!(bench.cash(&bench.anne).await, "100010");
    bench.floor.end();
}

#[tokio::test]
async fn an_answer_that_does_not_fit_gives_nothing() {
    type Tweak = fn(&mut TransactionAnswer);
    let cases: [(Tweak, PaymentState); 7] = [
        (|it| it.clp = Some(1), PaymentState::Held),
        (|it| it.clp = None, PaymentState::Held),
        (|it| it.buy_order = "X".to_owned(), PaymentState::Held),
        (|it| it.status = "SOMETHING".to_owned(), PaymentState::Held),
        (|it| it.response_code = None, PaymentState::Held),
        (|it| it.response_code = Some(-1), PaymentState::Refused),
        (|it| it.status = "REVERSED".to_owned(), PaymentState::Refused),
    ];
    let bench = Bench::open().await;
    for (place, (tweak, expected)) in cases.into_iter().enumerate() {
        bench.bank.say(|_| {});
        let (_, token) = bench.begun(&bench.anne, "10", &format!("k{place}")).await;
        bench.bank.choose(&token, "paid");
        bench.bank.say(tweak);
        assert_eq!(bench.back(&token).await, expected, "case {place}");
    }
    bench.look_after(Duration::from_hours(1)).await;
    assert_eq!(bench.cash(&bench.anne).await, "100000");
    assert_eq!(bench.payments.held().await.unwrap().payments.len(), 5);
    bench.floor.end();
}

#[tokio::test]
async fn a_provider_that_is_away_or_loses_its_answer_is_asked_until_it_says() {
    for mood in [Mood::Away, Mood::LosesAnswers, Mood::LosesRequests] {
        let bench = Bench::open().await;
        let (id, token) = bench.begun(&bench.anne, "10", "k").await;
        bench.bank.choose(&token, "paid");
        bench.bank.be(mood);
        assert_eq!(bench.back(&token).await, PaymentState::Committing, "{mood:?}");
        bench.look_after(MINUTES_6).await;
        assert_eq!(bench.state(id).await, PaymentState::Committing, "{mood:?}");
        assert_eq!(bench.cash(&bench.anne).await, "100000");
        bench.bank.be(Mood::Well);
        bench.look_after(MINUTES_6).await;
        bench.look_after(MINUTES_6).await;
        assert_eq!(bench.state(id).await, PaymentState::Settled, "{mood:?}");
        assert_eq!(bench.cash(&bench.anne).await, "100010");
        bench.floor.end();
    }
}

#[tokio::test]
async fn a_payment_that_the_provider_does_not_take_is_none_and_its_key_is_free() {
    let bench = Bench::open().await;
    for mood in [Mood::Away, Mood::LosesAnswers, Mood::LosesRequests] {
        bench.bank.be(mood);
        let problem = bench.pay(&bench.anne, "10", "k").await.unwrap_err();
        assert_eq!((problem.kind, &*problem.code), (ProblemKind::Unavailable, "provider_away"), "{mood:?}");
    }
    bench.bank.be(Mood::SaysNo);
    assert_eq!(bench.pay(&bench.anne, "10", "k").await.unwrap_err().code, "provider_refused");
    bench.bank.be(Mood::Well);
    let first = bench.pay(&bench.anne, "10", "k").await.unwrap();
    let again = bench.pay(&bench.anne, "10.0", "k").await.unwrap();
    assert_eq!((first.payment_id, bench.bank.count()), (again.payment_id, 2));
    assert_eq!(bench.pay(&bench.anne, "11", "k").await.unwrap_err().code, "idempotency_key_in_use");
    // Another's key is another.
    assert_ne!(bench.pay(&bench.ben, "11", "k").await.unwrap().payment_id, first.payment_id);
    // One whose process has ended before the provider answered expires.
    bench.leave("UPDATE payments SET state = 'created', token = NULL, url = NULL").await;
    bench.look_after(MINUTES_6).await;
    assert_eq!(bench.state(first.payment_id).await, PaymentState::Expired);
    bench.floor.end();
}

#[tokio::test]
async fn what_may_not_be_paid_is_refused() {
    let bench = Bench::open().await;
    for (amount, key, code) in [
        ("0.5", "k", "invalid_field"),
        ("10000.01", "k", "invalid_field"),
        ("-10", "k", "invalid_field"),
        ("10.00000000001", "k", "invalid_field"),
        ("10", " ", "invalid_field"),
        ("10", "a\u{7}b", "invalid_field"),
    ] {
        let problem = bench.pay(&bench.anne, amount, key).await.unwrap_err();
        assert_eq!(problem.code, code, "{amount} {key:?}");
    }
    for number in 0..5 {
        bench.begun(&bench.anne, "10", &number.to_string()).await;
    }
    assert_eq!(bench.pay(&bench.anne, "10", "6").await.unwrap_err().code, "too_many_payments");
    let elsewhere = Actor { account: AccountId::draw(), ..bench.ben };
    assert_eq!(bench.pay(&elsewhere, "10", "k").await.unwrap_err().code, "account_of_contest");
    bench.payments.people.block(bench.ben.user, WallTime::from_nanos(1)).await.unwrap();
    assert_eq!(bench.pay(&bench.ben, "10", "k").await.unwrap_err().code, "blocked");
    bench.floor.end();
}

#[tokio::test]
async fn nobody_sees_a_payment_of_another() {
    let bench = Bench::open().await;
    let (id, _) = bench.begun(&bench.anne, "10", "k").await;
    assert_eq!(bench.payments.payment(&bench.ben, id).await.unwrap_err().code, "unknown_payment");
    assert!(bench.payments.payments(&bench.ben, None, None).await.unwrap().payments.is_empty());
    for token in ["", "x", "../../etc", &"9".repeat(64)] {
        let with = ComeBack { token_ws: Some(token.to_owned()), ..ComeBack::default() };
        assert_eq!(bench.payments.come_back(with).await.unwrap_err().code, "unknown_payment");
    }
    let page = bench.payments.payments(&bench.anne, None, Some(1)).await.unwrap();
    assert_eq!((page.payments.len(), page.next), (1, None));
    bench.floor.end();
}

#[tokio::test]
async fn while_the_market_takes_nothing_the_money_waits() {
    let bench = Bench::open().await;
    let (id, token) = bench.begun(&bench.anne, "10", "k").await;
    bench.bank.choose(&token, "paid");
    let operations = Operations::new(bench.floor.driver.handle.clone(), bench.payments.log.clone());
    operations.act(By::Operator, Action::Pause, None).await.unwrap();
    assert_eq!(bench.back(&token).await, PaymentState::Authorized);
    bench.look_after(MINUTES_6).await;
    assert_eq!(bench.state(id).await, PaymentState::Authorized);
    operations.act(By::Operator, Action::Resume, None).await.unwrap();
    // It says that it goes on a moment after it does.
    let goes_on = async {
        while bench.floor.trading.market_time().is_err() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), goes_on).await.unwrap();
    bench.look_after(MINUTES_6).await;
    assert_eq!(bench.state(id).await, PaymentState::Settled);
    assert_eq!(bench.cash(&bench.anne).await, "100010");
    bench.floor.end();
}

#[tokio::test]
async fn a_payment_that_was_left_half_way_is_settled_once() {
    let bench = Bench::open().await;
    let (id, _) = bench.deposit(&bench.anne, "10", "k").await;
    // The market has done it, and nobody has written that down.
    for sql in [
        "UPDATE payments SET state = 'funding', due_at = 1, market_at = 1740960000000000000",
        "UPDATE payments SET state = 'authorized', due_at = 1, market_at = NULL",
        "UPDATE payments SET state = 'committing', due_at = 1, market_at = NULL",
    ] {
        bench.leave(sql).await;
        // The virtual day is 2025-03-03: what was asked in it is remembered.
        bench.look_after(MINUTES_6).await;
        assert_eq!(bench.state(id).await, PaymentState::Settled, "{sql}");
        assert_eq!(bench.cash(&bench.anne).await, "100010", "{sql}");
    }
    // What the market may have forgotten is not asked again: an operator looks.
    bench.leave("UPDATE payments SET state = 'funding', due_at = 1, market_at = 1700000000000000000").await;
    bench.look_after(MINUTES_6).await;
    assert_eq!(bench.state(id).await, PaymentState::Held);
    let request = ResolvePayment { outcome: PaymentOutcome::Settled, reason: "in the history".to_owned() };
    let own = Actor { user: bench.anne.user, ..bench.olga };
    let refused = bench.payments.resolve_payment(own, id, request.clone()).await.unwrap_err();
    assert_eq!(refused.code, "own_account");
    let settled = bench.payments.resolve_payment(bench.olga, id, request.clone()).await.unwrap();
    assert_eq!(settled.state, PaymentState::Settled);
    let again = bench.payments.resolve_payment(bench.olga, id, request).await.unwrap_err();
    assert_eq!((&*again.code, bench.cash(&bench.anne).await.as_str()), ("not_held", "100010"));
    bench.floor.end();
}
