//! Looking at an account, which changes nothing, and shows nothing that is not on disk.

use bearpit_core::market::Refusal;

use super::*;

fn look(driver: &Driver, look: Look) -> Result<Seen, Refused> {
    driver.handle.look("anne".into(), look)?.blocking_recv().unwrap()
}

fn account(driver: &Driver) -> AccountView {
    match look(driver, Look::Account) {
        Ok(Seen::Account(view)) => *view,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_account_is_seen_as_its_gate_knows_it() {
    let directory = tempfile::tempdir().unwrap();
    let driver = start(directory.path());
    let nobody = look(&driver, Look::Account);
    assert!(matches!(nobody, Err(Refused::NoSuchSeat(_))), "{nobody:?}");
    ask(&driver, seat("anne", "desk")).unwrap().outcome.unwrap();
    let whole = Money::from_whole(1_000_000);
    assert_eq!(account(&driver).free_cash, whole);

    let preview = |lots| {
        let terms = OrderTerms::limit(Side::Buy, Quantity::new(lots), Price::new(100));
        match look(&driver, Look::Preview { listing: LISTING, terms }) {
            Ok(Seen::Preview(preview)) => preview,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(preview(5).unwrap().held, Money::from_whole(5));
    assert!(matches!(preview(2_000_000), Err(Refusal::InsufficientCash { .. })));

    let answer = ask(&driver, buy("anne", 5, Some("mine")));
    let order = order_of(&answer);
    let view = account(&driver);
    assert_eq!((view.cash, view.free_cash), (whole, Money::from_whole(999_995)));
    let [progress] = view.orders[..] else { panic!("{view:?}") };
    assert_eq!((progress.order, progress.cancel_sent), (order, false));
    let known = |id: &str| look(&driver, Look::Known(ClientOrderId::try_from(id.to_owned()).unwrap()));
    assert_eq!(known("mine"), Ok(Seen::Known(Some(Box::new(answer.unwrap())))));
    assert_eq!(known("other"), Ok(Seen::Known(None)));
    stop(driver);

    // After a restart within the day, as before.
    let driver = start(directory.path());
    let after = account(&driver);
    assert_eq!((after.cash, after.free_cash), (view.cash, view.free_cash));
    assert_eq!(after.orders.iter().map(|it| it.order).collect::<Vec<_>>(), [order]);
    stop(driver);
}

#[test]
fn nothing_is_seen_before_all_that_it_follows_from_is_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    let mood = Mood::default();
    let driver = start_with(directory.path(), Days { minutes: 60, speed: 1_000 }, &mood);
    await_open(&driver);
    ask(&driver, seat("anne", "desk")).unwrap().outcome.unwrap();
    mood.set(HANGS);
    let order = driver.handle.ask(buy("anne", 5, None)).unwrap();
    let mut seen = driver.handle.look("anne".into(), Look::Account).unwrap();
    let now = || driver.handle.status().day.as_ref().map(|day| day.now);
    let before = now();
    await_that(|| now() > before);
    assert!(seen.try_recv().is_err(), "the order is not on disk");
    mood.set(WELL);
    assert!(matches!(seen.blocking_recv().unwrap(), Ok(Seen::Account(_))));
    order.blocking_recv().unwrap().unwrap().outcome.unwrap();

    mood.set(FAILS);
    await_that(|| look_fails(&driver));
    mood.set(WELL);
    await_that(|| !look_fails(&driver));
    stop(driver);
}

/// Whether a look is refused since the disk is in trouble.
fn look_fails(driver: &Driver) -> bool {
    match look(driver, Look::Account) {
        Err(Refused::Unavailable(Unavailable::Disk(_))) => true,
        Ok(Seen::Account(_)) => false,
        other => panic!("{other:?}"),
    }
}
