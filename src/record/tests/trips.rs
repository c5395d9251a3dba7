//! Round trips as rows: what they paid, how long they lasted, what ended them.

use super::row_builder::{only, record_at, rows};
use super::*;
use bearpit_core::market::{Bar, BarInterval, OrderKind};

/// A trade in which Ben takes and pays a fee of one; Anne has the other side.
fn taken(id: u64, order: u64, side: Side, lots: u64, ticks: i64) -> Fact {
    let Fact::Traded(trade) = trade(id, 1_000 + id, order, lots, ticks) else { panic!("a trade") };
    Fact::Traded(Trade { aggressor: side, taker_fee: Money::from_whole(1), ..trade })
}

fn marked(half_ticks: i64) -> Fact {
    let zero = Money::ZERO;
    Fact::AccountMarked(AccountMark {
        owner: BEN,
        instrument: InstrumentId::new(0),
        position: NetQuantity::new(0),
        mark_half_ticks: Some(half_ticks),
        cost: zero,
        realized: zero,
        unrealized: zero,
        fees: zero,
        cash: zero,
        equity: zero,
        total_realized: zero,
        total_unrealized: zero,
        cause: MarkCause::Sample,
    })
}

fn bar_closed() -> Fact {
    let interval = BarInterval::of(SimDuration::from_secs(60));
    let bar = Bar::open_at(START, interval, Price::new(1), Quantity::new(1));
    Fact::BarClosed { listing: LISTING, bar }
}

fn order(id: u64, terms: OrderTerms, is_sent: bool) -> Fact {
    let sent_at = is_sent.then_some(SENT);
    Fact::OrderAccepted { order: OrderId::new(id), owner: BEN, listing: LISTING, terms, sent_at }
}

/// Ben sells what he held at the start, then goes long and short.
fn history() -> Vec<(i64, Fact)> {
    let of_kind = |kind, side, lots| OrderTerms::new(side, Quantity::new(lots), kind);
    let market = OrderKind::Market { protection: None };
    let stop = OrderKind::Stop { trigger: Price::new(9_900), protection: None };
    vec![
        (1, bar_closed()),
        (2, order(1, of_kind(market, Side::Sell, 25), true)),
        (2, taken(0, 1, Side::Sell, 25, 10_100)),
        // Ten long from 100 over two bars, and out by the stop of a bracket.
        (60, order(2, of_kind(market, Side::Buy, 10), true)),
        (60, taken(1, 2, Side::Buy, 10, 10_000)),
        (61, marked(20_400)),
        (120, bar_closed()),
        (180, bar_closed()),
        (181, order(3, of_kind(stop, Side::Sell, 10), false)),
        (182, marked(19_700)),
        (182, taken(2, 3, Side::Sell, 10, 9_900)),
        // Short by five, and through zero: a limit order of its owner ends one trip and begins another.
        (200, order(4, of_kind(market, Side::Sell, 5), true)),
        (200, taken(3, 4, Side::Sell, 5, 9_900)),
        (240, bar_closed()),
        (241, order(5, terms(Side::Buy, 8, 9_800), true)),
        (241, taken(4, 5, Side::Buy, 8, 9_800)),
        (300, bar_closed()),
        (301, order(6, terms(Side::Sell, 3, 9_900), false)),
        (301, taken(5, 6, Side::Sell, 3, 9_900)),
        // Open at the end: no row.
        (400, taken(6, 7, Side::Buy, 1, 9_900)),
    ]
}

#[test]
fn a_trip_has_its_prices_its_bars_and_what_ended_it() {
    let (_keep, run) = record_at(&only(Table::Trips), &history());
    let ben = "ben, \"the\" second|ACME";
    let found: Vec<String> =
        rows(&run, Table::Trips).iter().map(|row| row.replace("2025-03-03T09:", "")).collect();
    assert_eq!(
        found,
        [
            // The first trade is the first mark, at which the opening holding counts.
            format!("{ben}|long|2.5|30:00|101.0|30:02|101.0|-1.00|1.00|{}|0.00|0.00|1|market", -1.0 / 252.5),
            // The mark of its last instant comes after its last fill.
            format!("{ben}|long|1.0|31:00|100.0|33:02|99.0|-3.00|2.00|-0.03|-1.00|2.00|2|stop_loss"),
            format!("{ben}|short|0.5|33:20|99.0|34:01|98.0|-1.125|1.625|{}|0.00|0.50|1|limit", -1.125 / 49.5),
            format!(
                "{ben}|long|0.3|34:01|98.0|35:01|99.0|-1.075|1.375|{}|0.00|0.30|1|take_profit",
                -1.075 / 29.4
            ),
        ]
    );
}
