//! Every field of every command at the ends of its type: both engines do alike, and neither panics.

use super::differential::Twins;
use super::traffic::Step;
use super::*;
use crate::book::PriceBands;
use crate::market::extremes::{commands, variants};

const EDGE: i64 = Price::MAX_TICKS;

/// Commands that make a book, each an order of owner 0 or 1, then what phase it is in.
fn books() -> Vec<(Vec<Command>, Phase)> {
    let limit = |order, owner, side, ticks| {
        let terms = OrderTerms::limit(side, Quantity::new(4), Price::new(ticks));
        command(order, owner, CommandKind::New(terms))
    };
    let of_kind = |order, side, kind| {
        command(order, 0, CommandKind::New(OrderTerms::new(side, Quantity::new(4), kind)))
    };
    let sides = vec![
        limit(1, 0, Side::Buy, 99),
        limit(2, 1, Side::Buy, 98),
        limit(3, 0, Side::Sell, 101),
        limit(4, 1, Side::Sell, 102),
    ];
    let mut rich = sides.clone();
    let bracket =
        Link::Bracket { take_profit: Some(Price::new(110)), stop_loss: Some(StopLoss::at(Price::new(90))) };
    let entry =
        OrderTerms { link: bracket, ..OrderTerms::limit(Side::Buy, Quantity::new(9), Price::new(100)) };
    rich.push(of_kind(5, Side::Buy, OrderKind::Stop { trigger: Price::new(103), protection: None }));
    rich.push(command(10, 0, CommandKind::New(entry)));
    rich.push(command(13, 1, CommandKind::New(OrderTerms::market(Side::Sell, Quantity::new(3)))));
    rich.push(of_kind(14, Side::Sell, OrderKind::Pegged { to: Peg::Mid, offset: 1, limit: None }));
    let far = vec![limit(1, 1, Side::Buy, -EDGE), limit(3, 1, Side::Sell, EDGE)];
    let mut crossed = vec![limit(1, 1, Side::Buy, EDGE), limit(3, 1, Side::Sell, EDGE)];
    crossed.push(of_kind(5, Side::Sell, OrderKind::Stop { trigger: Price::new(-EDGE), protection: None }));
    vec![
        (Vec::new(), Phase::Continuous),
        (sides.clone(), Phase::Continuous),
        (sides, Phase::ClosingAuction),
        (rich.clone(), Phase::Continuous),
        (rich, Phase::Halt),
        (far.clone(), Phase::Continuous),
        (far, Phase::OpeningAuction),
        (crossed, Phase::Continuous),
    ]
}

/// Applies a command to a book, and then what brings everything about: trades, an auction, the close.
fn try_out(before: &Twins, command: Command) {
    let mut twins = before.clone();
    let market = |order, side| {
        let terms = OrderTerms::market(side, Quantity::new(3));
        Step::Execute(super::command(order, 2, CommandKind::New(terms)))
    };
    let steps = [
        Step::Execute(command),
        market(70, Side::Buy),
        market(71, Side::Sell),
        Step::Enter(Phase::ClosingAuction),
        market(72, Side::Buy),
        Step::Enter(Phase::Continuous),
        Step::Enter(Phase::Closed),
    ];
    for step in steps {
        if let Err(error) = twins.follow(&step, true) {
            panic!("{command:?}, then {step:?}: {error}");
        }
    }
}

fn starts() -> Vec<Twins> {
    let bands = PriceBands { static_bps: Some(u32::MAX), dynamic_bps: Some(0), limit_bps: Some(u32::MAX) };
    let mut all = Vec::new();
    for config in [
        BookConfig::default(),
        BookConfig {
            bands,
            reference: Some(Price::new(100)),
            min_price: Price::new(-EDGE),
            ..BookConfig::default()
        },
    ] {
        for (commands, phase) in books() {
            let mut twins = Twins::new(config, ReferenceBook::new(config));
            for step in commands.into_iter().map(Step::Execute).chain([Step::Enter(phase)]) {
                twins.follow(&step, true).unwrap();
            }
            all.push(twins);
        }
    }
    all
}

#[test]
fn a_protection_beyond_all_prices_is_rejected_where_an_opposite_order_rests() {
    for worst in [i64::MIN, i64::MAX] {
        for (resting, side) in [(Side::Sell, Side::Buy), (Side::Buy, Side::Sell)] {
            let mut twins = Twins::new(BookConfig::default(), ReferenceBook::default());
            let rests = OrderTerms::limit(resting, Quantity::new(4), Price::new(100));
            twins.follow(&Step::Execute(command(1, 0, CommandKind::New(rests))), true).unwrap();
            let kind = OrderKind::Market { protection: Some(Price::new(worst)) };
            let terms = OrderTerms { kind, ..OrderTerms::market(side, Quantity::new(4)) };
            twins.follow(&Step::Execute(command(2, 1, CommandKind::New(terms))), true).unwrap();
            let rejected = twins.events.iter().any(|event| {
                matches!(event, BookEvent::Rejected { reason: RejectReason::PriceOutOfRange, .. })
            });
            assert!(rejected, "{:?}", twins.events);
        }
    }
}

#[test]
fn every_field_at_its_ends_is_the_same_to_both_engines() {
    let mut tried = 0;
    for start in starts() {
        for command in commands() {
            for variant in variants(&command) {
                try_out(&start, variant);
                tried += 1;
            }
        }
    }
    assert!(tried > 20_000, "{tried}");
}

#[test]
fn two_fields_at_their_ends_are_the_same_to_both_engines() {
    // A part of all pairs, another one for each book.
    const EVERY: usize = if cfg!(debug_assertions) { 997 } else { 23 };
    for (number, start) in starts().iter().enumerate() {
        let pairs = commands().into_iter().flat_map(|command| variants(&command));
        let pairs = pairs.flat_map(|command| variants(&command));
        for variant in pairs.skip(number).step_by(EVERY) {
            try_out(start, variant);
        }
    }
}
