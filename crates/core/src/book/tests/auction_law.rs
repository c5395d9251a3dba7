//! The price of an auction by brute force: every price is tried, with demand and supply counted order by
//! order.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::*;
use crate::book::Indicative;

/// An order of an auction; without a limit, a market order.
#[derive(Debug, Clone, Copy)]
struct Bid {
    side: Side,
    lots: u64,
    limit: Option<i64>,
}

/// Demand and supply at one price.
#[derive(Debug, Clone, Copy)]
struct Tried {
    price: i64,
    demand: u64,
    supply: u64,
}

impl Tried {
    const fn volume(&self) -> u64 {
        if self.demand < self.supply { self.demand } else { self.supply }
    }

    const fn surplus(&self) -> u64 {
        self.demand.abs_diff(self.supply)
    }
}

fn lots_at(bids: &[Bid], side: Side, price: i64) -> u64 {
    let accepts = |limit: i64| if side == Side::Buy { price <= limit } else { price >= limit };
    bids.iter().filter(|bid| bid.side == side && bid.limit.is_none_or(accepts)).map(|bid| bid.lots).sum()
}

/// Returns the price and volume by the published rule, from all prices up to a few ticks beyond any limit.
fn by_trying(bids: &[Bid], reference: Option<i64>) -> Option<(i64, u64)> {
    let limits = || bids.iter().filter_map(|bid| bid.limit);
    let prices: Vec<i64> = match (limits().min(), limits().max()) {
        (Some(low), Some(high)) => (low - 3..=high + 3).collect(),
        _ => reference.into_iter().collect(),
    };
    let tried = |price: &i64| Tried {
        price: *price,
        demand: lots_at(bids, Side::Buy, *price),
        supply: lots_at(bids, Side::Sell, *price),
    };
    let mut left: Vec<Tried> = prices.iter().map(tried).collect();
    // Most volume.
    let volume = left.iter().map(Tried::volume).max().filter(|lots| *lots > 0)?;
    left.retain(|tried| tried.volume() == volume);
    // Within the touch, or next to it.
    let best_bid = bids.iter().filter(|bid| bid.side == Side::Buy).filter_map(|bid| bid.limit).max();
    let best_ask = bids.iter().filter(|bid| bid.side == Side::Sell).filter_map(|bid| bid.limit).min();
    if let Some((one, other)) = best_bid.or(best_ask).zip(best_ask.or(best_bid)) {
        let beyond = |tried: &Tried| (one.min(other) - tried.price).max(tried.price - one.max(other)).max(0);
        let nearest = left.iter().map(beyond).min()?;
        left.retain(|tried| beyond(tried) == nearest);
    }
    // Least surplus, then its side, then the reference.
    let least = left.iter().map(Tried::surplus).min()?;
    left.retain(|tried| tried.surplus() == least);
    let (lowest, highest) = (left.first()?.price, left.last()?.price);
    let price = if left.iter().all(|tried| tried.demand > tried.supply) {
        highest
    } else if left.iter().all(|tried| tried.demand < tried.supply) {
        lowest
    } else {
        let near = reference.unwrap_or((lowest + highest).div_euclid(2));
        left.iter().min_by_key(|tried| tried.price.abs_diff(near))?.price
    };
    Some((price, volume))
}

/// Lets both engines hold the auction; returns what it would give, which must be what it then does.
fn held(bids: &[Bid], reference: Option<i64>) -> Option<(i64, u64)> {
    let config = BookConfig { reference: reference.map(Price::new), ..BookConfig::default() };
    let results = [hold(&mut OrderBook::new(config), bids), hold(&mut ReferenceBook::new(config), bids)];
    assert_eq!(results[0], results[1], "{bids:?}, reference {reference:?}");
    results[0]
}

fn hold(book: &mut impl MatchingEngine, bids: &[Bid]) -> Option<(i64, u64)> {
    book.enter_phase(at(0), Phase::OpeningAuction, &mut Vec::new());
    for (number, bid) in (1..).zip(bids) {
        let kind = bid
            .limit
            .map_or(OrderKind::Market { protection: None }, |limit| OrderKind::Limit(Price::new(limit)));
        let terms = OrderTerms::new(bid.side, Quantity::new(bid.lots), kind);
        book.execute(at(0), &command(number, 0, CommandKind::New(terms)), &mut Vec::new());
    }
    let plain = |it: Indicative| (it.price.ticks(), it.volume.lots());
    let indicative = book.indicative().map(plain);
    let mut events = Vec::new();
    book.enter_phase(at(1), Phase::Continuous, &mut events);
    let uncrossed = events.iter().find_map(|event| match event {
        BookEvent::Uncrossed { price, volume } => Some((price.ticks(), volume.lots())),
        _ => None,
    });
    assert_eq!(uncrossed, indicative);
    let mut traded = 0;
    for event in &events {
        if let BookEvent::Traded(trade) = event {
            assert_eq!(Some(trade.price.ticks()), indicative.map(|(price, _)| price));
            traded += trade.quantity.lots();
        }
    }
    assert_eq!(traded, indicative.map_or(0, |(_, volume)| volume));
    indicative
}

fn check(bids: &[Bid], reference: Option<i64>) -> TestCaseResult {
    let expected = by_trying(bids, reference);
    prop_assert_eq!(held(bids, reference), expected);
    prop_assert!(expected.is_none_or(|(price, _)| price > 0));
    Ok(())
}

/// Orders within so many ticks above zero, a few of them without a limit.
fn bids(ticks: i64) -> impl Strategy<Value = Vec<Bid>> {
    let limit = prop_oneof![1 => Just(None), 4 => (1..=ticks).prop_map(Some)];
    let bid = (any::<bool>(), 1..20_u64, limit).prop_map(|(buys, lots, limit)| {
        let side = if buys { Side::Buy } else { Side::Sell };
        Bid { side, lots, limit }
    });
    prop::collection::vec(bid, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 2_000 } else { 50_000 }))]

    #[test]
    fn prop_an_auction_has_the_price_that_trying_all_prices_finds(
        near in bids(8),
        far in bids(60),
        reference in prop::option::of(1..70_i64),
    ) {
        check(&near, reference)?;
        check(&far, reference)?;
    }
}

/// Reads `200 @ 105, 10 @ market` of a table's cell.
fn cell(side: Side, text: &str) -> Vec<Bid> {
    let bid = |text: &str| {
        let (lots, limit) = text.split_once(" @ ").unwrap();
        let limit = (limit != "market").then(|| limit.parse().unwrap());
        Bid { side, lots: lots.parse().unwrap(), limit }
    };
    text.split(", ").filter(|text| *text != "none").map(bid).collect()
}

#[test]
fn the_worked_examples_of_the_documentation_are_right() {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/matching.md");
    let page = fs::read_to_string(page).unwrap();
    let rows = page.lines().skip_while(|line| !line.starts_with("| buy orders |")).skip(2);
    let mut count = 0;
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let mut bids = cell(Side::Buy, cells[0]);
        bids.extend(cell(Side::Sell, cells[1]));
        let reference = cells[2].parse().ok();
        let expected = cells[3]
            .split_once(" @ ")
            .map(|(volume, price)| (price.parse().unwrap(), volume.parse().unwrap()));
        assert_eq!(held(&bids, reference), expected, "{row}");
        assert_eq!(by_trying(&bids, reference), expected, "{row}");
        count += 1;
    }
    assert!(count >= 12, "the table has {count} rows");
}
