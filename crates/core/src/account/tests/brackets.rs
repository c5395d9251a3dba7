//! Brackets: an entry, and two exits that grow with what it trades.

use super::*;

fn entered(desk: &mut Desk, entry: u64) {
    desk.hear(entry + 1, ReportKind::Accepted);
    desk.hear(entry + 2, ReportKind::Accepted);
}

fn grown(desk: &mut Desk, entry: u64, leaves: u64) {
    for exit in [entry + 1, entry + 2] {
        desk.hear(exit, ReportKind::Grown { leaves: Quantity::new(leaves) });
    }
}

#[test]
fn exits_that_sell_hold_what_the_entry_has_bought() {
    let mut desk = Desk::new(1_000, 0, 0);
    let entry = desk.submit(bracket(buy(10, 100), 120, 90)).unwrap();
    assert_eq!((desk.open(), desk.free()), (vec![entry, entry + 1, entry + 2], 0));
    assert_eq!(desk.order(entry + 1).quantity, Quantity::ZERO);
    desk.hear(entry, ReportKind::Accepted);
    desk.fill(entry, 100, 4);
    assert_eq!((desk.account.holding(ACME), desk.sellable()), (NetQuantity::new(4), 0));
    let needs_shares = desk.submit(sell(1, 100));
    assert!(matches!(needs_shares, Err(Refusal::InsufficientShares { .. })));
    desk.hear(entry, REQUESTED);
    assert_eq!((desk.open(), desk.free(), desk.sellable()), (vec![entry + 1, entry + 2], 600, 0));
    entered(&mut desk, entry);
    let exit = desk.order(entry + 2);
    assert_eq!((exit.quantity, exit.awaits_entry, exit.kind.name()), (Quantity::new(4), None, "stop"));
    desk.fill(entry + 1, 120, 4);
    desk.hear(entry + 2, LINKED);
    assert_eq!((desk.open(), desk.free(), desk.sellable()), (vec![], 1_080, 0));
}

#[test]
fn exits_that_buy_hold_the_larger_cash_for_the_whole_entry() {
    // The stop at 110 may reach 116; ten of them cost 1160.
    let mut desk = Desk::new(1_200, 0, 10);
    let entry = desk.submit(bracket(sell(10, 100), 90, 110)).unwrap();
    assert_eq!((desk.order(entry + 2).price, desk.free()), (Some(Price::new(116)), 40));
    assert_eq!(desk.sellable(), 0);
    desk.fill(entry, 100, 4);
    assert_eq!(desk.free(), 440);
    desk.hear(entry, ReportKind::Expired(ExpiryReason::SessionClosed));
    assert_eq!(desk.free(), 1_600 - 4 * 116);
    entered(&mut desk, entry);
    desk.fill(entry + 2, 116, 4);
    desk.hear(entry + 1, LINKED);
    assert_eq!((desk.open(), desk.free(), desk.sellable()), (vec![], 1_600 - 464, 10));
}

#[test]
fn a_bracket_is_refused_unless_entry_and_exits_are_covered() {
    let mut poor = Desk::new(1_099, 0, 10);
    let refused = poor.submit(bracket(sell(10, 100), 90, 110));
    assert!(matches!(refused, Err(Refusal::InsufficientCash { .. })));
    let mut without_room = Desk::new(2_000, 0, 9);
    let refused = without_room.submit(bracket(sell(10, 100), 90, 110));
    assert!(matches!(refused, Err(Refusal::InsufficientShares { .. })));
    assert_eq!((poor.free(), without_room.free(), without_room.open()), (1_099, 2_000, vec![]));
    // Where cash ends within the collar, so does the protection.
    let mut just = Desk::new(1_100, 0, 10);
    let entry = just.submit(bracket(sell(10, 100), 90, 110)).unwrap();
    assert_eq!((just.order(entry + 2).price, just.free()), (Some(Price::new(110)), 0));
}

#[test]
fn exits_vanish_with_an_entry_that_never_traded() {
    let over = ReportKind::Expired(ExpiryReason::VenueClosed);
    for end in [REQUESTED, UNLINKABLE, ReportKind::Expired(ExpiryReason::DateReached), over] {
        let mut desk = Desk::new(2_000, 0, 10);
        let entry = desk.submit(bracket(sell(10, 100), 90, 110)).unwrap();
        desk.hear(entry, end);
        assert_eq!((desk.open(), desk.free(), desk.sellable()), (vec![], 2_000, 10));
    }
}

#[test]
fn a_venue_that_closes_for_good_expires_entry_and_exits() {
    let mut desk = Desk::new(1_000, 0, 0);
    let entry = desk.submit(bracket(buy(10, 100), 120, 90)).unwrap();
    desk.fill(entry, 100, 4);
    entered(&mut desk, entry);
    let over = ReportKind::Expired(ExpiryReason::VenueClosed);
    desk.hear(entry, over);
    assert_eq!((desk.open(), desk.sellable()), (vec![entry + 1, entry + 2], 0));
    desk.hear(entry + 2, over);
    desk.hear(entry + 1, over);
    assert_eq!((desk.open(), desk.sellable(), desk.free()), (vec![], 4, 600));
}

#[test]
fn exits_grow_with_each_fill_before_the_venue_says_so() {
    let mut desk = Desk::new(1_000, 0, 0);
    let entry = desk.submit(bracket(buy(10, 100), 120, 90)).unwrap();
    desk.fill(entry, 100, 4);
    entered(&mut desk, entry);
    desk.fill(entry, 99, 3);
    assert_eq!((desk.account.holding(ACME), desk.sellable()), (NetQuantity::new(7), 0));
    grown(&mut desk, entry, 7);
    // What the pair has sold stays sold: further fills count from there.
    desk.fill(entry + 1, 120, 2);
    desk.hear(entry + 2, ReportKind::Reduced { leaves: Quantity::new(5), reason: ReduceReason::Linked });
    assert_eq!((desk.account.holding(ACME), desk.sellable()), (NetQuantity::new(5), 0));
    desk.fill(entry, 98, 3);
    let exits = [entry + 1, entry + 2].map(|exit| desk.order(exit).leaves.lots());
    assert_eq!((exits, desk.sellable()), ([8, 8], 0));
    grown(&mut desk, entry, 8);
    assert_eq!((desk.order(entry + 1).quantity.lots(), desk.order(entry + 2).quantity.lots()), (10, 8));
    desk.fill(entry + 2, 90, 8);
    desk.hear(entry + 1, LINKED);
    assert_eq!((desk.open(), desk.sellable()), (vec![], 0));
}

#[test]
fn exits_that_buy_hold_for_what_the_entry_may_still_sell_and_not_for_what_they_bought() {
    // The stop at 110 may reach 116.
    let mut desk = Desk::new(1_200, 0, 10);
    let entry = desk.submit(bracket(sell(10, 100), 90, 110)).unwrap();
    desk.fill(entry, 100, 4);
    entered(&mut desk, entry);
    assert_eq!(desk.free(), 1_600 - 10 * 116);
    desk.fill(entry + 1, 90, 3);
    assert_eq!((desk.free(), desk.sellable()), (1_330 - 7 * 116, 3));
    desk.hear(entry + 2, ReportKind::Reduced { leaves: Quantity::new(1), reason: ReduceReason::Linked });
    desk.fill(entry, 100, 6);
    assert_eq!((desk.free(), desk.sellable()), (1_930 - 7 * 116, 3));
    grown(&mut desk, entry, 7);
    assert_eq!((desk.free(), desk.sellable()), (1_930 - 7 * 116, 3));
}

#[test]
fn exits_that_are_over_no_longer_hold_for_their_entry() {
    // By hand: the entry goes on by itself, and holds what an order without exits does.
    let mut desk = Desk::new(1_200, 0, 10);
    let entry = desk.submit(bracket(sell(10, 100), 90, 110)).unwrap();
    desk.fill(entry, 100, 4);
    entered(&mut desk, entry);
    desk.hear(entry + 1, REQUESTED);
    assert_eq!((desk.open(), desk.free(), desk.sellable()), (vec![entry, entry + 2], 1_600, 0));
    desk.fill(entry, 100, 1);
    assert_eq!((desk.order(entry + 2).leaves, desk.free()), (Quantity::ZERO, 1_700));
    desk.hear(entry + 2, LINKED);
    assert_eq!((desk.open(), desk.free(), desk.sellable()), (vec![entry], 1_700, 0));
    // The rest of an entry whose stop has fired is canceled by the venue.
    let mut desk = Desk::new(1_000, 0, 0);
    let entry = desk.submit(bracket(buy(10, 100), 120, 90)).unwrap();
    desk.fill(entry, 100, 4);
    entered(&mut desk, entry);
    desk.hear(entry + 2, ReportKind::Triggered { trigger: Price::new(90) });
    desk.hear(entry, LINKED);
    desk.fill(entry + 2, 90, 4);
    desk.hear(entry + 1, LINKED);
    assert_eq!((desk.open(), desk.free(), desk.sellable()), (vec![], 960, 0));
}

#[test]
fn a_replace_of_an_exit_that_grows_meanwhile_holds_the_most_of_both() {
    let mut desk = Desk::new(2_000, 0, 10);
    let entry = desk.submit(bracket(sell(10, 100), 90, 110)).unwrap();
    desk.fill(entry, 100, 4);
    entered(&mut desk, entry);
    // All ten at 95 would cost less than the stop's ten at 116, which are held.
    desk.replace(entry + 1, 95, 4).unwrap();
    assert_eq!(desk.free(), 2_400 - 10 * 116);
    // Ten at 150 cost more.
    desk.hear(entry + 1, ReportKind::CommandRejected(RejectReason::UnknownOrder));
    desk.replace(entry + 1, 150, 4).unwrap();
    assert_eq!(desk.free(), 2_400 - 10 * 150);
    desk.fill(entry, 100, 6);
    grown(&mut desk, entry, 10);
    assert_eq!(desk.free(), 3_000 - 10 * 150);
    desk.hear(entry + 1, ReportKind::CommandRejected(RejectReason::NotReplaceable));
    assert_eq!(desk.free(), 3_000 - 10 * 116);
}

#[test]
fn an_exit_that_has_not_entered_is_neither_canceled_nor_replaced() {
    let mut desk = Desk::new(1_000, 0, 0);
    let entry = desk.submit(bracket(buy(5, 100), 120, 90)).unwrap();
    let refusal = Refusal::NotEntered(OrderId::new(entry + 1));
    assert_eq!(desk.account.admit_cancel(OrderId::new(entry + 1)), Err(refusal));
    assert_eq!(desk.replace(entry + 1, 130, 5), Err(refusal));
    // With their own side alone they would still enter with a later fill.
    desk.account.admit_mass_cancel(ListingId::new(0), Some(Side::Sell));
    assert!(!desk.order(entry).cancel_sent && !desk.order(entry + 1).cancel_sent);
    desk.fill(entry, 100, 5);
    entered(&mut desk, entry);
    assert_eq!(desk.replace(entry + 1, 130, 5), Ok(()));
    assert!(desk.account.admit_cancel(OrderId::new(entry + 1)).is_ok());
}

#[test]
fn a_kill_switch_counts_exits_that_have_not_entered_as_canceled() {
    let mut desk = Desk::new(1_000, 0, 0);
    let entry = desk.submit(bracket(buy(5, 100), 120, 90)).unwrap();
    desk.account.admit_mass_cancel(ListingId::new(0), None);
    assert!((entry..entry + 3).all(|id| desk.order(id).cancel_sent));
    assert!(!desk.order(entry).is_exit && desk.order(entry + 1).is_exit && desk.order(entry + 2).is_exit);
    // A part was filled before it arrived: the exits entered, and were taken out.
    desk.fill(entry, 100, 2);
    entered(&mut desk, entry);
    let canceled = ReportKind::Canceled(CancelReason::MassCancel);
    desk.hear(entry, canceled);
    desk.hear(entry + 1, canceled);
    desk.hear(entry + 2, LINKED);
    assert_eq!((desk.open(), desk.free(), desk.sellable()), (vec![], 800, 2));
}

#[test]
fn replacing_the_entry_up_needs_cover_for_the_exits_too() {
    let mut desk = Desk::new(1_300, 0, 20);
    let entry = desk.submit(bracket(sell(10, 100), 90, 110)).unwrap();
    assert!(matches!(desk.replace(entry, 100, 12), Err(Refusal::InsufficientCash { .. })));
    assert_eq!((desk.free(), desk.sellable()), (140, 10));
    desk.replace(entry, 100, 11).unwrap();
    assert_eq!((desk.free(), desk.sellable()), (24, 9));
    desk.hear(entry, ReportKind::CommandRejected(RejectReason::UnknownOrder));
    assert_eq!((desk.free(), desk.sellable()), (140, 10));
}

#[test]
fn an_account_of_unlimited_credit_is_not_asked_for_cover() {
    let config = AccountConfig { credit: Credit::Unlimited, ..AccountConfig::default() };
    let mut desk = Desk::of(&config);
    let entry = desk.submit(bracket(sell(10, 100), 90, 110)).unwrap();
    assert_eq!(desk.order(entry + 2).price, None);
    desk.fill(entry, 100, 10);
    entered(&mut desk, entry);
    desk.fill(entry + 2, 110, 10);
    desk.hear(entry + 1, LINKED);
    assert_eq!((desk.free(), desk.sellable()), (-100, 0));
}
