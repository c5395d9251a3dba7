//! Bad input: a typed reject, and the book is unchanged.

use std::collections::BTreeSet;

use super::*;
use crate::book::PriceBands;

const FAR: i64 = Price::MAX_TICKS + 1;

/// New orders that are invalid in themselves.
fn senseless() -> Vec<(Ticket, RejectReason)> {
    use RejectReason as R;
    let bad_profit = Link::Bracket {
        take_profit: Some(Price::new(FAR)),
        stop_loss: Some(StopLoss::at(Price::new(99_00))),
    };
    let with_link = |mut ticket: Ticket, link| {
        ticket.terms.link = link;
        ticket
    };
    vec![
        (buy(9, 0).at(100_00), R::ZeroQuantity),
        (buy(9, Quantity::MAX_LOTS + 1).at(100_00), R::QuantityOutOfRange),
        (buy(9, u64::MAX), R::QuantityOutOfRange),
        (buy(9, 1).at(FAR), R::PriceOutOfRange),
        (sell(9, 1).at(-FAR), R::PriceOutOfRange),
        (sell(9, 1).at(i64::MIN), R::PriceOutOfRange),
        (buy(9, 1).protected(FAR), R::PriceOutOfRange),
        (buy(9, 1).stop(i64::MAX), R::PriceOutOfRange),
        (buy(9, 1).stop_limit(100_05, FAR), R::PriceOutOfRange),
        (buy(9, 1).trailing(0), R::PriceOutOfRange),
        (buy(9, 1).trailing(-3), R::PriceOutOfRange),
        (buy(9, 1).trailing(FAR), R::PriceOutOfRange),
        (buy(9, 1).trailing_bps(0), R::PriceOutOfRange),
        (sell(9, 1).trailing_bps(10_000), R::PriceOutOfRange),
        (with_link(buy(9, 1).at(100_00), bad_profit), R::PriceOutOfRange),
        (buy(9, 5).at(100_00).showing(0), R::DisplayOutOfRange),
        (buy(9, 5).at(100_00).showing(6), R::DisplayOutOfRange),
        (buy(9, 10_001).at(100_00).showing(1), R::DisplayOutOfRange),
        (buy(9, 5).at(100_00).at_least(0), R::MinimumOutOfRange),
        (buy(9, 5).at(100_00).at_least(6), R::MinimumOutOfRange),
        (buy(9, 5).showing(1), R::ContradictoryTerms),
        (buy(9, 5).at(100_00).until(TimeInForce::Fok).at_least(1), R::ContradictoryTerms),
        (buy(9, 5).at(100_00).until(TimeInForce::Ioc).post_only(PostOnly::Reject), R::ContradictoryTerms),
        (buy(9, 5).post_only(PostOnly::Slide), R::ContradictoryTerms),
        (buy(9, 5).stop(100_05).until(TimeInForce::AtOpen), R::ContradictoryTerms),
        (buy(9, 5).pegged(Peg::Mid, 0).until(TimeInForce::Ioc), R::ContradictoryTerms),
        (buy(9, 5).market_to_limit().or(1), R::ContradictoryTerms),
        (buy(9, 5).at(100_00).bracket(99_00, 101_00), R::ExitsCross),
        (sell(9, 5).at(100_00).bracket(99_00, 99_00), R::ExitsCross),
        (buy(9, 5).at(100_00).exits(None, None), R::ContradictoryTerms),
        (buy(9, 5).at(100_00).exits(Some(101_00), Some(stop_with_limit(101_00, 99_00))), R::ExitsCross),
        (buy(9, 5).at(100_00).exits(None, Some(stop_with_limit(99_00, FAR))), R::PriceOutOfRange),
        (buy(9, 5).at(100_00).with_stop(StopLoss::at(Price::new(100_00))), R::ExitsCross),
        (sell(9, 5).at(100_05).with_stop(StopLoss::at(Price::new(100_06))), R::ExitsCross),
        (sell(9, 5).with_stop(StopLoss::at(Price::new(99_00))), R::ContradictoryTerms),
        (sell(9, 5).stop(99_00).with_stop(StopLoss::at(Price::new(98_00))), R::ContradictoryTerms),
        (with_link(buy(9, 5).at(100_00), Link::ExitOf(OrderId::new(1))), R::ContradictoryTerms),
    ]
}

/// New orders that this book rejects in its present state.
fn unfit() -> Vec<(Ticket, RejectReason)> {
    use RejectReason as R;
    vec![
        (buy(1, 5).at(100_01), R::DuplicateOrder),
        (buy(1, 5).at(100_01).of(7), R::DuplicateOrder),
        (buy(0, 5).at(100_00).bracket(101_00, 99_00), R::DuplicateOrder),
        (buy(u64::MAX, 5).at(100_00).bracket(101_00, 99_00), R::DuplicateOrder),
        (buy(u64::MAX, 5).at(100_00).with_stop(StopLoss::at(Price::new(101_00))), R::DuplicateOrder),
        (buy(0, 5).at(100_00).with_stop(StopLoss::at(Price::new(101_00))), R::DuplicateOrder),
        (buy(9, 41).at(100_03).until(TimeInForce::Fok), R::FokUnfillable),
        (buy(9, 41).until(TimeInForce::Fok), R::FokUnfillable),
        (buy(9, 20).at(100_02).at_least(11), R::MinimumUnavailable),
        (buy(9, 20).protected(100_01), R::NoLiquidity),
        (buy(9, 20).at(100_02).post_only(PostOnly::Reject), R::PostOnlyWouldTake),
        (buy(9, 20).at(100_00).until(TimeInForce::Gtd(at(4))), R::ExpiryPassed),
        (buy(9, 20).at(100_00).until(TimeInForce::Gtd(at(-1))), R::ExpiryPassed),
        (buy(9, 20).at(101_01), R::BeyondPriceLimits),
        (buy(9, 20).at(Price::MAX_TICKS), R::BeyondPriceLimits),
        (buy(9, 20).at(100_00).or(99), R::LinkUnfit),
        (buy(9, 20).at(100_00).or(9), R::LinkUnfit),
        (buy(9, 20).at(100_00).or(1), R::LinkUnfit),
        (sell(9, 10).at(100_05).or(1), R::LinkUnfit),
        (buy(9, 10).at(100_00).or(1).of(7), R::LinkUnfit),
        (buy(9, 20).at(100_00).until(TimeInForce::AtOpen), R::PhaseForbids),
    ]
}

/// Changes that cannot be made.
fn changes() -> Vec<(Command, RejectReason)> {
    use RejectReason as R;
    let foreign = |kind| command(1, 7, kind);
    let nothing = Replacement::default();
    let trail = |distance| Replacement { distance: Some(distance), ..nothing };
    let stay = |time| Replacement { time_in_force: Some(time), ..nothing };
    let to_zero = CommandKind::Replace(Replacement::at(Price::new(1), Quantity::ZERO));
    vec![
        (cancel(99), R::UnknownOrder),
        (replace(99, 5, 100_00), R::UnknownOrder),
        (foreign(CommandKind::Cancel), R::NotOwner),
        (foreign(to_zero), R::NotOwner),
        (replace(1, 0, 100_00), R::ZeroQuantity),
        (replace(1, Quantity::MAX_LOTS + 1, 100_00), R::QuantityOutOfRange),
        (replace(1, 5, FAR), R::PriceOutOfRange),
        (replace(1, 5, i64::MIN), R::PriceOutOfRange),
        (replace(1, 5, 102_00), R::BeyondPriceLimits),
        (replace(20, 5, 99_00), R::NotReplaceable),
        (replace(21, 5, 99_00), R::NotReplaceable),
        (change(21, Replacement::default()), R::NotReplaceable),
        (change(1, trail(TrailingDistance::Ticks(5))), R::NotReplaceable),
        (change(20, trail(TrailingDistance::Ticks(0))), R::PriceOutOfRange),
        (change(20, trail(TrailingDistance::BasisPoints(10_000))), R::PriceOutOfRange),
        (change(20, Replacement { trigger: Some(Price::new(99_00)), ..nothing }), R::NotReplaceable),
        (change(1, Replacement { trigger: Some(Price::new(99_00)), ..nothing }), R::NotReplaceable),
        (change(1, stay(TimeInForce::Ioc)), R::ContradictoryTerms),
        (change(1, stay(TimeInForce::AtClose)), R::ContradictoryTerms),
        (change(20, stay(TimeInForce::AtOpen)), R::ContradictoryTerms),
        (change(1, stay(TimeInForce::Gtd(at(4)))), R::ExpiryPassed),
    ]
}

/// The quoted book with price limits a hundred ticks around it, a trailing stop 20 and a pegged order 21.
fn full_desk() -> Rig {
    let bands = PriceBands { limit_bps: Some(100), ..PriceBands::default() };
    let reference = Some(Price::new(100_00));
    let mut rig = Rig::quoted_with(BookConfig { bands, reference, ..BookConfig::default() });
    rig.send(buy(20, 5).trailing(7));
    rig.send(buy(21, 5).pegged(Peg::Touch, 3));
    rig.draws(
        "
              bid |  price | ask
                  | 100.03 | 4:30
                  | 100.02 | 3:10
        1:10 2:20 | 100.00 |
             21:5 |  99.97 |
        waiting: buy 20:5",
    );
    rig
}

#[test]
fn a_rejected_command_says_why_and_changes_nothing() {
    let mut seen = BTreeSet::new();
    let mut rig = full_desk();
    let before = rig.drawn();
    let mut check = |command: Command, reason: RejectReason| {
        let said = if matches!(command.kind, CommandKind::New(_)) { "rejected" } else { "unchanged" };
        rig.send(command);
        rig.emits(&[&format!("{} {said}: {}", command.order, reason.name())]);
        assert_eq!(rig.drawn(), before, "{command:?}");
        seen.insert(reason);
    };
    for (ticket, reason) in senseless().into_iter().chain(unfit()) {
        check(ticket.into(), reason);
    }
    for (command, reason) in changes() {
        check(command, reason);
    }
    // All but two, with which the exchange rejects before any book gets the command, and one of which the
    // ladders of brackets tell.
    let all = |reason: &RejectReason| match reason {
        RejectReason::UnknownListing
        | RejectReason::VenueClosed
        | RejectReason::MarketStopped
        | RejectReason::NoMoreData
        | RejectReason::NoQuotes
        | RejectReason::Ruined
        | RejectReason::MarginCall => panic!("not of a book"),
        RejectReason::CrossesOwnBracket => panic!("there is no bracket"),
        RejectReason::DuplicateOrder
        | RejectReason::UnknownOrder
        | RejectReason::NotOwner
        | RejectReason::ZeroQuantity
        | RejectReason::QuantityOutOfRange
        | RejectReason::PriceOutOfRange
        | RejectReason::DisplayOutOfRange
        | RejectReason::MinimumOutOfRange
        | RejectReason::ContradictoryTerms
        | RejectReason::ExitsCross
        | RejectReason::FokUnfillable
        | RejectReason::MinimumUnavailable
        | RejectReason::NoLiquidity
        | RejectReason::PostOnlyWouldTake
        | RejectReason::ExpiryPassed
        | RejectReason::BeyondPriceLimits
        | RejectReason::LinkUnfit
        | RejectReason::NotReplaceable
        | RejectReason::PhaseForbids => true,
    };
    assert_eq!(seen.iter().filter(|reason| all(reason)).count(), 19);
}

#[test]
fn an_id_is_free_again_once_its_order_is_over() {
    let mut rig = Rig::quoted();
    rig.send(cancel(3));
    rig.send(sell(3, 7).at(100_04));
    rig.draws(
        "
              bid |  price | ask
                  | 100.04 | 3:7
                  | 100.03 | 4:30
        1:10 2:20 | 100.00 |",
    );
}

#[test]
fn an_order_cannot_be_linked_twice() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 10).at(99_99).or(1));
    rig.send(buy(6, 10).at(99_98).or(1));
    rig.emits(&["6 rejected: link_unfit"]);
    rig.send(buy(7, 10).at(99_98).or(5));
    rig.emits(&["7 rejected: link_unfit"]);
}

#[test]
fn a_filled_order_is_unknown() {
    let mut rig = Rig::quoted();
    rig.send(buy(5, 10));
    rig.send(cancel(3));
    rig.emits(&["3 unchanged: unknown_order"]);
    rig.send(cancel(5));
    rig.emits(&["5 unchanged: unknown_order"]);
}
