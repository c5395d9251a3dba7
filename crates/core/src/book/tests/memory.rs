//! What an open order takes, by kind: all that the book has allocated, by the counting allocator.

use super::*;

/// Makes the terms of one kind from those of a limit order that rests; `number` counts the orders.
type Kind = fn(u64, OrderTerms) -> OrderTerms;

const ORDERS: u64 = 50_000;

/// Kinds and the most bytes they may take: about half of what they took when each order had its terms as its
/// command had them (261 for a day order, 295 with a date, 299 for a stop, 344 for a trailing one, 318 for a
/// pegged one, 632 for the entry of a bracket).
const KINDS: [(&str, u64, Kind); 13] = [
    ("plain", 62, |_, limit| limit),
    ("day", 128, |_, limit| limit.with(TimeInForce::Day)),
    ("good till date", 152, |number, limit| {
        limit.with(TimeInForce::Gtd(at(1_000 + number.cast_signed() % 64)))
    }),
    ("iceberg", 128, |_, limit| OrderTerms { display: Some(Quantity::new(3)), ..limit }),
    ("post only", 128, |_, limit| OrderTerms { post_only: PostOnly::Reject, ..limit }),
    ("self-trade prevention", 128, |_, limit| OrderTerms { self_trade: SelfTrade::CancelOldest, ..limit }),
    ("linked", 128, |number, limit| OrderTerms {
        link: if number % 2 == 1 { Link::OneCancelsOther(OrderId::new(3 * number - 3)) } else { Link::None },
        side: Side::BOTH[usize::try_from(number / 2 % 2).unwrap()],
        kind: OrderKind::Limit(away(Side::BOTH[usize::try_from(number / 2 % 2).unwrap()], number)),
        ..limit
    }),
    ("stop", 152, |number, limit| OrderTerms {
        kind: OrderKind::Stop { trigger: away(limit.side.opposite(), number), protection: None },
        ..limit
    }),
    ("stop limit", 152, |number, limit| {
        let trigger = away(limit.side.opposite(), number);
        OrderTerms { kind: OrderKind::StopLimit { trigger, limit: trigger }, ..limit }
    }),
    ("trailing stop", 160, |number, limit| OrderTerms {
        kind: OrderKind::TrailingStop {
            distance: TrailingDistance::Ticks(20 + number.cast_signed() % 64),
            protection: None,
        },
        ..limit
    }),
    ("pegged", 140, |number, limit| OrderTerms {
        kind: OrderKind::Pegged { to: Peg::Touch, offset: i32::try_from(number % 64).unwrap(), limit: None },
        ..limit
    }),
    ("at close", 128, |_, limit| limit.with(TimeInForce::AtClose)),
    ("bracket", 256, |number, limit| {
        let stop_loss = Price::new(100_000 - limit.side.sign() * 500);
        let take_profit = away(limit.side.opposite(), number);
        OrderTerms {
            link: Link::Bracket { take_profit: Some(take_profit), stop_loss: Some(StopLoss::at(stop_loss)) },
            ..limit
        }
    }),
];

/// A price behind the touch.
fn away(side: Side, number: u64) -> Price {
    Price::new(100_000 - side.sign() * (10 + (number * 7_919 % 400).cast_signed()))
}

/// Returns how many bytes each of many orders takes.
fn bytes_an_order(kind: Kind) -> u64 {
    let mut book = OrderBook::new(BookConfig::default());
    // A touch and a last price, so that stops are dormant and pegged orders have a reference.
    for (id, side, ticks) in [(1, Side::Buy, 100_000), (2, Side::Sell, 100_002), (4, Side::Buy, 100_002)] {
        let lots = if id == 4 { 1 } else { 1_000 };
        let terms = OrderTerms::limit(side, Quantity::new(lots), Price::new(ticks));
        book.execute(at(0), &command(id, 0, CommandKind::New(terms)), &mut Events);
    }
    let before = book.len();
    let used = allocation_counter::measure(|| {
        for number in 2..ORDERS + 2 {
            let side = Side::BOTH[usize::try_from(number % 2).unwrap()];
            let terms = kind(number, OrderTerms::limit(side, Quantity::new(10), away(side, number)));
            let order =
                command(3 * number, u32::try_from(number / 2 % 100).unwrap(), CommandKind::New(terms));
            book.execute(at(0), &order, &mut Events);
        }
    });
    assert_eq!(book.len() - before, usize::try_from(ORDERS).unwrap());
    u64::try_from(used.bytes_current).unwrap() / ORDERS
}

/// Takes events, and keeps none.
#[derive(Debug)]
struct Events;

impl crate::book::EventSink for Events {
    fn take(&mut self, _event: BookEvent) {}
}

#[test]
fn extra_terms_are_small() {
    let bytes = KINDS.map(|(name, most, kind)| (name, most, bytes_an_order(kind)));
    for (name, _, bytes) in bytes {
        println!("{name}: {bytes} bytes an order");
    }
    for (name, most, bytes) in bytes {
        assert!(bytes <= most, "{name}: {bytes} bytes an order");
    }
}
