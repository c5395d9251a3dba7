//! What waits for operations: in which order, for how long, and what is said of it.

use super::*;

fn turns() -> Turns {
    let mut turns = Turns::new(&SharedBudget::new(1_000));
    turns.enter(SimTime::from_nanos(0));
    turns
}

fn later(seconds: i64) -> SimTime {
    SimTime::from_nanos(seconds * 1_000_000_000)
}

fn call(callback: Callback, number: i64) -> Turn {
    Turn::Call(callback, Some(number.into()))
}

fn numbers(turns: &Turns) -> Vec<i64> {
    let number = |turn: &Turn| match turn {
        Turn::Call(_, Some(argument)) => argument.as_int().unwrap(),
        Turn::Begin | Turn::Wake(_) | Turn::Call(..) => -1,
    };
    turns.waiting.iter().map(number).collect()
}

#[test]
fn what_waits_keeps_its_order_and_is_called_when_there_are_operations() {
    let mut turns = turns();
    let now = later(0);
    turns.took(now, Callback::Order, 2_500, &CallbackUsage::default());
    assert!(!turns.may_begin(now, Callback::Order));
    for number in 0..3 {
        turns.put_off(call(Callback::Order, number), |_, _| false).unwrap();
    }
    assert!(matches!(turns.wake_at(now), Some(at) if at == later(1)));
    assert_eq!(turns.wake_at(now), None, "it will be woken already");
    turns.woken();
    assert!(matches!(turns.next(later(1)), NextTurn::Wait(at) if at == later(2)));
    turns.woken();
    assert!(matches!(turns.next(later(3)), NextTurn::Take(Turn::Call(Callback::Order, Some(_)))));
    // Others do not overtake those that still wait.
    assert!(!turns.may_begin(later(3), Callback::Quote));
    assert_eq!(numbers(&turns), [1, 2]);
}

#[test]
fn where_too_many_wait_what_tells_of_the_market_is_left_out_and_orders_never_are() {
    let mut turns = turns();
    let most = i64::try_from(WAITING_MAX).unwrap();
    turns.put_off(call(Callback::Order, 0), |_, _| false).unwrap();
    turns.put_off(call(Callback::Trade, 1), |_, _| false).unwrap();
    for number in 2..=most {
        turns.put_off(call(Callback::Order, number), |_, _| false).unwrap();
    }
    assert_eq!(numbers(&turns).len(), WAITING_MAX);
    assert_eq!(numbers(&turns)[..2], [0, 2]);
    assert_eq!(turns.put_off(call(Callback::Order, 0), |_, _| false), Err(TooManyWait));
}

#[test]
fn a_newer_book_takes_the_place_of_one_that_waits() {
    let mut turns = turns();
    for number in [1, 2, 3] {
        turns.put_off(call(Callback::Book, number), |_, newer| newer.callback() == Callback::Book).unwrap();
    }
    assert_eq!(numbers(&turns), [3]);
    let word = turns.word(later(0)).unwrap();
    assert!(word.starts_with("3 callbacks have waited for its turn, and 2 of them were left out"), "{word}");
    assert!(word.ends_with("have 1000 operations a second together, 1000 each"), "{word}");
    turns.put_off(call(Callback::Order, 1), |_, _| false).unwrap();
    assert_eq!(turns.word(later(59)), None, "once a minute");
    assert!(turns.word(later(60)).unwrap().starts_with("1 callback waits for its turn:"));
}

#[test]
fn orders_and_lines_cost_what_they_cause() {
    let turns = turns();
    turns.took(later(0), Callback::Order, 0, &CallbackUsage { commands: 2, lines: 0, rows: 0 });
    assert!(!turns.may_begin(later(0), Callback::Order));
}
