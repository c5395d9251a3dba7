//! Money that goes back.

use super::bank::Mood;
use super::*;
use crate::domain::RefundState;
use crate::services::trading::transfers::CashMove;

/// Long enough that a refund which has not happened by then never will.
const PAST_DOUBT: Duration = Duration::from_mins(16);

fn states(view: &WithdrawalView) -> Vec<(RefundState, &str)> {
    view.refunds.iter().map(|refund| (refund.state, refund.clp.as_str())).collect()
}

async fn seen(bench: &Bench, view: &WithdrawalView) -> WithdrawalView {
    bench.payments.withdrawal(&bench.anne, view.withdrawal_id).await.unwrap()
}

#[tokio::test]
async fn money_goes_back_of_ones_own_payments_the_oldest_first() {
    let bench = Bench::open().await;
    let (_, first) = bench.deposit(&bench.anne, "10", "a").await;
    let (_, second) = bench.deposit(&bench.anne, "20", "b").await;
    bench.deposit(&bench.ben, "500", "c").await;
    let view = bench.withdraw(&bench.anne, "15", "w").await.unwrap();
    // 10 are 9505 pesos, and 5 of 20, which are 19010, are 4752.5.
    assert_eq!(states(&view), [(RefundState::Done, "9505"), (RefundState::Done, "4752")]);
    assert_eq!(bench.cash(&bench.anne).await, "100015");
    let again = bench.withdraw(&bench.anne, "15", "w").await.unwrap();
    assert_eq!(again.withdrawal_id, view.withdrawal_id);
    assert_eq!(bench.withdraw(&bench.anne, "14", "w").await.unwrap_err().code, "idempotency_key_in_use");
    // Grants, gains, and what others have paid in are never paid out.
    let problem = bench.withdraw(&bench.anne, "15.01", "x").await.unwrap_err();
    assert_eq!((&*problem.code, problem.kind), ("more_than_paid_in", ProblemKind::Refused));
    assert!(problem.message.starts_with("15 of your own"), "{problem}");
    let rest = bench.withdraw(&bench.anne, "15", "y").await.unwrap();
    assert_eq!(states(&rest), [(RefundState::Done, "14258")]);
    assert_eq!((bench.bank.refunds(&first), bench.bank.refunds(&second)), (vec![9_505], vec![4_752, 14_258]));
    assert_eq!(bench.cash(&bench.anne).await, "100000");
    assert_eq!(bench.withdraw(&bench.anne, "1", "z").await.unwrap_err().code, "more_than_paid_in");
    assert_eq!(bench.audited().await[0], "withdrawal.request");
    let page = bench.payments.withdrawals(&bench.anne, None, Some(1)).await.unwrap();
    assert_eq!((page.withdrawals.len(), page.next.is_some()), (1, true));
    let of_ben = bench.payments.withdrawal(&bench.ben, view.withdrawal_id).await.unwrap_err();
    assert_eq!(of_ben.code, "unknown_withdrawal");
    bench.floor.end();
}

#[tokio::test]
async fn no_more_goes_back_than_is_free() {
    let bench = Bench::open().await;
    bench.deposit(&bench.anne, "10", "a").await;
    let amount = Amount::of("-100005".parse().unwrap()).unwrap();
    let cash = CashMove { account: bench.anne.account, amount, reference: "loss", request: "loss-1" };
    bench.floor.trading.move_cash(cash).await.result().unwrap();
    let problem = bench.withdraw(&bench.anne, "6", "w").await.unwrap_err();
    assert_eq!(problem.code, "insufficient_cash");
    let view = bench.withdraw(&bench.anne, "5", "x").await.unwrap();
    assert_eq!(states(&view), [(RefundState::Done, "4752")]);
    assert_eq!(bench.cash(&bench.anne).await, "0");
    bench.floor.end();
}

#[tokio::test]
async fn cash_that_is_gone_once_it_is_to_be_debited_moves_nothing() {
    let bench = Bench::with(WithdrawalRule::Approved).await;
    let (_, token) = bench.deposit(&bench.anne, "10", "a").await;
    let view = bench.withdraw(&bench.anne, "10", "w").await.unwrap();
    assert_eq!(
        (view.status, states(&view)),
        (WithdrawalStatusName::Waiting, vec![(RefundState::Requested, "9505")])
    );
    let amount = Amount::of("-100005".parse().unwrap()).unwrap();
    let cash = CashMove { account: bench.anne.account, amount, reference: "loss", request: "loss-1" };
    bench.floor.trading.move_cash(cash).await.result().unwrap();
    let view = bench.payments.decide_withdrawal(bench.olga, view.withdrawal_id, Ok(())).await.unwrap();
    assert_eq!(states(&view), [(RefundState::Refused, "9505")]);
    assert_eq!((bench.bank.refunds(&token), bench.cash(&bench.anne).await.as_str()), (vec![], "5"));
    // What was refused can go back later.
    let view = bench.withdraw(&bench.anne, "5", "x").await.unwrap();
    bench.payments.decide_withdrawal(bench.olga, view.withdrawal_id, Ok(())).await.unwrap();
    assert_eq!(bench.bank.refunds(&token), [4_752]);
    bench.floor.end();
}

#[tokio::test]
async fn a_withdrawal_waits_for_an_administrator_who_is_another() {
    let bench = Bench::with(WithdrawalRule::Approved).await;
    bench.deposit(&bench.anne, "10", "a").await;
    let (_, token) = bench.deposit(&bench.olga, "10", "b").await;
    let of_olga = bench.withdraw(&bench.olga, "10", "w").await.unwrap();
    bench.look_after(PAST_DOUBT).await;
    let own = bench.payments.decide_withdrawal(bench.olga, of_olga.withdrawal_id, Ok(())).await.unwrap_err();
    assert_eq!((&*own.code, own.kind), ("own_account", ProblemKind::Conflict));
    assert!(bench.bank.refunds(&token).is_empty());
    let view = bench.withdraw(&bench.anne, "4", "w").await.unwrap();
    // What waits is set aside.
    assert_eq!(bench.withdraw(&bench.anne, "7", "x").await.unwrap_err().code, "more_than_paid_in");
    let waiting = Some(WithdrawalStatusName::Waiting);
    let page = bench.payments.all_withdrawals(waiting, None, None).await.unwrap();
    assert_eq!(page.withdrawals.len(), 2);
    let id = view.withdrawal_id;
    let view = bench.payments.decide_withdrawal(bench.olga, id, Err("no".to_owned())).await.unwrap();
    assert_eq!(
        (view.status, states(&view)),
        (WithdrawalStatusName::Rejected, vec![(RefundState::Refused, "3802")])
    );
    let again = bench.payments.decide_withdrawal(bench.olga, id, Ok(())).await.unwrap_err();
    assert_eq!(again.code, "not_waiting");
    let view = bench.withdraw(&bench.anne, "10", "y").await.unwrap();
    let view = bench.payments.decide_withdrawal(bench.olga, view.withdrawal_id, Ok(())).await.unwrap();
    assert_eq!(states(&view), [(RefundState::Done, "9505")]);
    assert_eq!(bench.cash(&bench.anne).await, "100000");
    let audited = bench.audited().await;
    for action in ["withdrawal.request", "withdrawal.approve", "withdrawal.reject"] {
        assert!(audited.iter().any(|it| it == action), "{audited:?}");
    }
    bench.floor.end();
}

#[tokio::test]
async fn a_final_no_gives_the_account_its_cash_back() {
    let bench = Bench::open().await;
    let (_, token) = bench.deposit(&bench.anne, "10", "a").await;
    bench.bank.be_but(Mood::SaysNo, Mood::Well);
    let view = bench.withdraw(&bench.anne, "10", "w").await.unwrap();
    assert_eq!(states(&view), [(RefundState::Returned, "9505")]);
    assert!(view.refunds[0].message.as_deref().unwrap().contains("422 no"));
    assert_eq!((bench.bank.refunds(&token), bench.cash(&bench.anne).await.as_str()), (vec![], "100010"));
    bench.bank.be(Mood::Well);
    bench.look_after(PAST_DOUBT).await;
    let view = bench.withdraw(&bench.anne, "10", "x").await.unwrap();
    assert_eq!((states(&view), bench.bank.refunds(&token)), (vec![(RefundState::Done, "9505")], vec![9_505]));
    bench.floor.end();
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_not_made_twice() {
    let bench = Bench::open().await;
    let (_, token) = bench.deposit(&bench.anne, "10", "a").await;
    bench.bank.be_but(Mood::LosesAnswers, Mood::Away);
    let view = bench.withdraw(&bench.anne, "4", "w").await.unwrap();
    assert_eq!(states(&view), [(RefundState::Sending, "3802")]);
    bench.look_after(PAST_DOUBT).await;
    assert_eq!(states(&seen(&bench, &view).await), [(RefundState::Sending, "3802")]);
    // Another of the same payment waits for it.
    let other = bench.withdraw(&bench.anne, "1", "x").await.unwrap();
    assert_eq!(states(&other), [(RefundState::Debited, "950")]);
    bench.bank.be(Mood::Well);
    bench.look_after(PAST_DOUBT).await;
    bench.look_after(PAST_DOUBT).await;
    assert_eq!(states(&seen(&bench, &view).await), [(RefundState::Done, "3802")]);
    assert_eq!(states(&seen(&bench, &other).await), [(RefundState::Done, "950")]);
    assert_eq!(bench.bank.refunds(&token), [3_802, 950]);
    assert_eq!(bench.cash(&bench.anne).await, "100005");
    bench.floor.end();
}

#[tokio::test]
async fn a_refund_that_has_not_happened_is_sent_again_once_that_is_past_doubt() {
    let bench = Bench::open().await;
    let (_, token) = bench.deposit(&bench.anne, "10", "a").await;
    bench.bank.be_but(Mood::LosesRequests, Mood::Well);
    let view = bench.withdraw(&bench.anne, "4", "w").await.unwrap();
    bench.bank.be(Mood::Well);
    bench.look_after(Duration::from_mins(2)).await;
    assert_eq!(states(&seen(&bench, &view).await), [(RefundState::Sending, "3802")]);
    bench.look_after(PAST_DOUBT).await;
    bench.look_after(PAST_DOUBT).await;
    assert_eq!(states(&seen(&bench, &view).await), [(RefundState::Done, "3802")]);
    assert_eq!(bench.bank.refunds(&token), [3_802]);
    // One that was never reached is sent again as soon as it is.
    bench.bank.be(Mood::Away);
    let view = bench.withdraw(&bench.anne, "6", "x").await.unwrap();
    assert_eq!(states(&view), [(RefundState::Debited, "5703")]);
    bench.bank.be(Mood::Well);
    bench.look_after(Duration::from_mins(1)).await;
    assert_eq!(bench.bank.refunds(&token), [3_802, 5_703]);
    assert_eq!(bench.cash(&bench.anne).await, "100000");
    bench.floor.end();
}

#[tokio::test]
async fn what_cannot_be_found_out_is_held_for_an_operator() {
    let bench = Bench::open().await;
    let (_, token) = bench.deposit(&bench.anne, "10", "a").await;
    bench.bank.be(Mood::LosesRequests);
    let view = bench.withdraw(&bench.anne, "4", "w").await.unwrap();
    // Somebody else has paid something back meanwhile.
    bench.bank.be(Mood::Well);
    bench.bank.say(|answer| answer.balance = Some(7));
    bench.look_after(PAST_DOUBT).await;
    assert_eq!(states(&seen(&bench, &view).await), [(RefundState::Held, "3802")]);
    bench.look_after(PAST_DOUBT).await;
    assert!(bench.bank.refunds(&token).is_empty());
    let held = bench.payments.held().await.unwrap();
    assert_eq!(held.refunds.len(), 1);
    let id = held.refunds[0].refund_id;
    let request = ResolveRefund { outcome: RefundOutcome::CreditBack, reason: "seen".to_owned() };
    let own = Actor { user: bench.anne.user, ..bench.olga };
    let refused = bench.payments.resolve_refund(own, id, request.clone()).await.unwrap_err();
    assert_eq!(refused.code, "own_account");
    assert_eq!(bench.cash(&bench.anne).await, "100006");
    let done = bench.payments.resolve_refund(bench.olga, id, request).await.unwrap();
    assert_eq!((done.state, bench.cash(&bench.anne).await.as_str()), (RefundState::Returned, "100010"));
    assert!(bench.audited().await.contains(&"refund.resolve".to_owned()));
    bench.floor.end();
}

#[tokio::test]
async fn a_refund_that_was_left_half_way_goes_on_and_moves_once() {
    let bench = Bench::open().await;
    let (_, token) = bench.deposit(&bench.anne, "10", "a").await;
    let view = bench.withdraw(&bench.anne, "4", "w").await.unwrap();
    for sql in [
        "UPDATE refunds SET state = 'sending', due_at = 1",
        "UPDATE refunds SET state = 'sending', due_at = 1, sent_at = 1",
    ] {
        bench.leave(sql).await;
        bench.look_after(PAST_DOUBT).await;
        assert_eq!(states(&seen(&bench, &view).await), [(RefundState::Done, "3802")], "{sql}");
    }
    assert_eq!((bench.bank.refunds(&token), bench.cash(&bench.anne).await.as_str()), (vec![3_802], "100006"));
    // One that was debited, of which nobody has written that down.
    bench.bank.be(Mood::Away);
    let view = bench.withdraw(&bench.anne, "1", "x").await.unwrap();
    for sql in [
        "UPDATE refunds SET state = 'debiting', due_at = 1, market_at = 1740960000000000000 WHERE state = 'debited'",
        "UPDATE refunds SET state = 'requested', due_at = 1 WHERE state = 'debited'",
    ] {
        bench.leave(sql).await;
        bench.look_after(PAST_DOUBT).await;
        assert_eq!(states(&seen(&bench, &view).await), [(RefundState::Debited, "950")], "{sql}");
        assert_eq!(bench.cash(&bench.anne).await, "100005", "{sql}");
    }
    // One that was credited back.
    bench.bank.be_but(Mood::SaysNo, Mood::Well);
    bench.look_after(PAST_DOUBT).await;
    assert_eq!(states(&seen(&bench, &view).await), [(RefundState::Returned, "950")]);
    bench
        .leave("UPDATE refunds SET state = 'refusing', due_at = 1, market_at = NULL WHERE state = 'returned'")
        .await;
    bench.look_after(PAST_DOUBT).await;
    assert_eq!(states(&seen(&bench, &view).await), [(RefundState::Returned, "950")]);
    assert_eq!(bench.cash(&bench.anne).await, "100006");
    bench.floor.end();
}
