//! Candles and statistics, against what follows from a list of all trades.

use bearpit_core::market::{Fact, Trade};
use bearpit_core::units::{ListingId, Money, Quantity, SimTime};
use proptest::prelude::*;

use super::recorded::{LISTINGS, Recorded, Taken, publisher, record};
use crate::publication::{Candle, CandleInterval, Publisher, Statistics};

const CASES: u32 = if cfg!(debug_assertions) { 6 } else { 100 };

/// A trade, when it was, and what it was worth.
#[derive(Debug, Clone, Copy)]
struct Done {
    at: SimTime,
    day: usize,
    sequence: u64,
    trade: Trade,
    notional: Money,
}

fn trades(days: &[Recorded]) -> Vec<Done> {
    let of_day = |(day, recorded): (usize, &Recorded)| -> Vec<Done> {
        let done = |&Taken { at, sequence, ref fact }: &Taken| {
            let Fact::Traded(trade) = *fact else { return None };
            let instrument = &recorded.day.listings[trade.listing.index()].instrument;
            let notional = instrument.notional(trade.price, trade.quantity);
            Some(Done { at, day, sequence, trade, notional })
        };
        recorded.facts().filter_map(done).collect()
    };
    days.iter().enumerate().flat_map(of_day).collect()
}

fn candle(start: SimTime, trades: &[Done]) -> Candle {
    let prices = || trades.iter().map(|done| done.trade.price);
    Candle {
        start,
        open: prices().next().unwrap(),
        high: prices().max().unwrap(),
        low: prices().min().unwrap(),
        close: prices().next_back().unwrap(),
        volume: trades.iter().map(|done| done.trade.quantity).sum::<Quantity>(),
        notional: trades.iter().map(|done| done.notional).sum::<Money>(),
        trades: u64::try_from(trades.len()).unwrap(),
    }
}

fn candles(trades: &[Done], interval: CandleInterval) -> Vec<Candle> {
    let start = |done: &Done| done.at.floor_to(interval.length());
    trades.chunk_by(|a, b| start(a) == start(b)).map(|group| candle(start(&group[0]), group)).collect()
}

fn statistics(trades: &[Done], now: SimTime) -> Statistics {
    let minute = |at: SimTime| at.nanos().div_euclid(60_000_000_000);
    let recent: Vec<Done> =
        trades.iter().copied().filter(|done| minute(done.at) > minute(now) - 1_440).collect();
    let all = recent.first().map(|first| candle(first.at, &recent));
    Statistics {
        open: all.map(|all| all.open),
        high: all.map(|all| all.high),
        low: all.map(|all| all.low),
        last: trades.last().map(|done| done.trade.price),
        volume: all.map_or(Quantity::ZERO, |all| all.volume),
        notional: all.map_or(Money::ZERO, |all| all.notional),
        trades: all.map_or(0, |all| all.trades),
    }
}

/// Compares what is published now with the trades up to then.
fn check(publisher: &Publisher, day: usize, trades: &[Done]) {
    let publication = publisher.publication();
    for listing in (0..LISTINGS).map(ListingId::new) {
        let snapshot = publication.snapshot(listing).unwrap();
        let now = snapshot.at;
        let is_known = |done: &Done| {
            done.trade.listing == listing && (done.day, Some(done.sequence)) <= (day, snapshot.sequence)
        };
        let own: Vec<_> = trades.iter().copied().filter(is_known).collect();
        assert_eq!(snapshot.statistics, statistics(&own, now), "{listing} at {now}");
        let last: Vec<_> = own.iter().rev().take(50).map(|done| done.trade.id).collect();
        assert_eq!(snapshot.trades.iter().map(|print| print.id).collect::<Vec<_>>(), last);
        for interval in CandleInterval::ALL {
            let all = candles(&own, interval);
            let found = publication.candles(listing, interval, usize::MAX).unwrap();
            assert_eq!(found, all, "{listing}, {}, at {now}", interval.name());
            let two = publication.candles(listing, interval, 2).unwrap();
            assert_eq!(two, all[all.len().saturating_sub(2)..]);
            let is_open = |candle: &&Candle| candle.start + interval.length() > now;
            assert_eq!(snapshot.candle(interval), all.last().filter(is_open).copied());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn prop_candles_and_statistics_are_those_of_all_trades(
        acts in prop::collection::vec(any::<u64>(), 20..100),
        batches in prop::collection::vec(1_usize..90, 1..8),
    ) {
        let days: Vec<_> = (0..3).map(|day| record(day, 1, &acts)).collect();
        let all = trades(&days);
        let mut publisher = publisher();
        for (day, recorded) in days.iter().enumerate() {
            let mut looks = 0;
            recorded.publish(&mut publisher, &batches, |publisher| {
                looks += 1;
                if looks % 5 == 0 {
                    check(publisher, day, &all);
                }
            });
            check(&publisher, day, &all);
        }
        prop_assert!(all.len() > 100);
    }
}
