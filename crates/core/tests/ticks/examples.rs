//! Examples by hand, rule by rule: a few rows, a few orders, and what must come of them.

use super::driver::run;
use super::history::*;

const RULES: Rules = Rules { half_spread: 0, slippage: 0, participation: 8, through: false, sized: true };

/// A history that starts with its first row, of trades `(second, price, quantity)` and quotes
/// `(second, bid, ask)`, each side with its size.
fn history(trades: &[(i64, i64, u64)], quotes: &[(i64, Option<Level>, Option<Level>)]) -> History {
    let trades = trades.iter().map(|(at, price, quantity)| Trade {
        at: at * SECOND,
        price: *price,
        quantity: *quantity,
    });
    let quotes = quotes.iter().map(|(at, bid, ask)| Quote { at: at * SECOND, bid: *bid, ask: *ask });
    History { start: 0, trades: trades.collect(), quotes: quotes.collect(), rules: RULES, sent: Vec::new() }
}

/// Adds an order that is sent so many seconds after midnight.
fn with(mut history: History, seconds: f64, order: Order) -> History {
    #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
    let at = (seconds * 1e9) as i64;
    let owner = history.sent.len();
    history.sent.push(Sent { at, owner, act: Act::Submit(order) });
    history
}

const fn order(side: Side, quantity: u64, kind: Kind) -> Order {
    Order { side, quantity, kind, tif: Tif::Gtc, link: Link::None }
}

const fn buy(quantity: u64, kind: Kind) -> Order {
    order(Side::Buy, quantity, kind)
}

const fn sell(quantity: u64, kind: Kind) -> Order {
    order(Side::Sell, quantity, kind)
}

/// A fill: second, price, quantity, whether as a maker.
type Filled = (i64, i64, u64, bool);

/// What became of each order.
fn outcome(history: &History) -> Vec<(Vec<Filled>, End)> {
    let fill = |fill: &Fill| (fill.at / SECOND, fill.price, fill.quantity, fill.is_maker);
    let fates = run(history).fates.into_iter();
    fates.map(|fate| (fate.fills.iter().map(fill).collect(), fate.end)).collect()
}

#[test]
fn a_market_order_takes_the_other_side_at_once_and_goes_on_at_the_next_quote() {
    let quotes = [
        (10, Some((99, 5)), Some((101, 4))),
        (20, Some((99, 5)), Some((102, 3))),
        (30, Some((98, 5)), None),
        (40, Some((98, 5)), Some((103, 9))),
    ];
    let found = outcome(&with(history(&[], &quotes), 15.0, buy(10, Kind::Market)));
    assert_eq!(
        found,
        [(vec![(15, 101, 4, false), (20, 102, 3, false), (40, 103, 3, false)], End::Filled)],
        "the ask without a size is none"
    );
    let ioc = Order { tif: Tif::Ioc, ..buy(10, Kind::Market) };
    let found = outcome(&with(history(&[], &quotes), 15.0, ioc));
    assert_eq!(found, [(vec![(15, 101, 4, false)], End::Canceled("volume_exhausted"))]);
    let fok = Order { tif: Tif::Fok, ..sell(6, Kind::Market) };
    assert_eq!(outcome(&with(history(&[], &quotes), 15.0, fok)), [(vec![], End::Canceled("fok_unfillable"))]);
    let fok = Order { tif: Tif::Fok, ..sell(5, Kind::Market) };
    assert_eq!(outcome(&with(history(&[], &quotes), 15.0, fok)), [(vec![(15, 99, 5, false)], End::Filled)]);
}

#[test]
fn what_was_taken_of_a_quote_stays_taken_until_the_next_row_of_quotes() {
    let quotes = [(10, Some((99, 5)), Some((101, 4))), (20, Some((99, 5)), Some((101, 4)))];
    let market = history(&[(15, 100, 1), (40, 100, 1)], &quotes);
    let market = with(market, 12.0, buy(3, Kind::Market));
    // A trade between does not bring it back.
    let market = with(market, 16.0, buy(3, Kind::Market));
    let found = outcome(&market);
    assert_eq!(found[0], (vec![(12, 101, 3, false)], End::Filled));
    assert_eq!(found[1], (vec![(16, 101, 1, false), (20, 101, 2, false)], End::Filled));
}

#[test]
fn without_quotes_a_market_order_fills_at_the_next_trade_with_its_costs() {
    let rules = Rules { half_spread: 2, slippage: 1, participation: 4, ..RULES };
    let market = History { rules, ..history(&[(10, 100, 9), (20, 105, 8), (30, 104, 8), (40, 9, 9)], &[]) };
    let found = outcome(&with(market, 10.0, buy(6, Kind::Market)));
    // At most half of each trade, never the one that was there when it came.
    assert_eq!(found, [(vec![(20, 108, 4, false), (30, 107, 2, false)], End::Filled)]);
}

#[test]
fn half_a_spread_is_not_paid_twice() {
    let rules = Rules { half_spread: 2, slippage: 1, ..RULES };
    let quotes = [(10, Some((99, 5)), Some((101, 4))), (40, None, None)];
    let market = History { rules, ..history(&[(20, 100, 5)], &quotes) };
    let found = outcome(&with(market, 12.0, buy(3, Kind::Market)));
    assert_eq!(found, [(vec![(12, 102, 3, false)], End::Filled)]);
}

#[test]
fn a_limit_order_takes_on_arrival_and_is_a_maker_later() {
    let quotes = [
        (10, Some((99, 5)), Some((101, 4))),
        (20, Some((99, 5)), Some((102, 9))),
        (30, Some((96, 5)), Some((98, 2))),
        (40, Some((96, 5)), Some((100, 9))),
    ];
    let found = outcome(&with(history(&[], &quotes), 15.0, buy(10, Kind::Limit(101))));
    let fills = vec![(15, 101, 4, false), (30, 101, 2, true), (40, 101, 4, true)];
    assert_eq!(found, [(fills, End::Filled)]);
}

#[test]
fn a_trade_fills_a_waiting_limit_order_at_its_price_or_beyond_it() {
    let quotes = [(10, Some((99, 50)), Some((101, 50))), (60, None, None)];
    let trades = [(20, 100, 3), (30, 99, 3), (40, 98, 3)];
    let market = with(history(&trades, &quotes), 15.0, buy(5, Kind::Limit(99)));
    assert_eq!(outcome(&market), [(vec![(30, 99, 3, true), (40, 99, 2, true)], End::Filled)]);
    let through = History { rules: Rules { through: true, ..RULES }, ..market };
    assert_eq!(outcome(&through), [(vec![(40, 99, 3, true)], End::Expired)]);
}

#[test]
fn a_trade_is_shared_sales_first_and_then_by_price_and_arrival() {
    let market = history(&[(10, 100, 1), (20, 100, 10), (30, 100, 1)], &[]);
    let market = with(market, 11.0, buy(4, Kind::Limit(100)));
    let market = with(market, 12.0, buy(4, Kind::Limit(101)));
    let market = with(market, 13.0, buy(2, Kind::Market));
    let market = with(market, 14.0, sell(3, Kind::Limit(99)));
    let found = outcome(&market);
    assert_eq!(found[3], (vec![(20, 100, 3, true)], End::Filled), "sales first");
    assert_eq!(found[2], (vec![(20, 100, 2, false)], End::Filled), "market orders before limits");
    assert_eq!(found[1], (vec![(20, 100, 4, true)], End::Filled), "the more aggressive limit");
    assert_eq!(found[0], (vec![(20, 100, 1, true), (30, 100, 1, true)], End::Expired));
}

#[test]
fn stops_are_elected_by_trades_or_by_the_other_side_where_there_are_none() {
    let quotes = [(10, Some((99, 9)), Some((101, 9))), (30, Some((95, 9)), Some((97, 9))), (50, None, None)];
    let trades = [(20, 99, 1), (40, 97, 1)];
    let stop = sell(3, Kind::Stop(98));
    let found = outcome(&with(history(&trades, &quotes), 15.0, stop));
    assert_eq!(found, [(vec![(40, 95, 3, false)], End::Filled)], "by the trade at 97, at the bid");
    let found = outcome(&with(history(&[], &quotes), 15.0, stop));
    assert_eq!(found, [(vec![(30, 95, 3, false)], End::Filled)], "by the bid");
    let found = outcome(&with(history(&[], &quotes), 35.0, stop));
    assert_eq!(found, [(vec![(35, 95, 3, false)], End::Filled)], "by a bid that is there already");
    let found = outcome(&with(history(&trades, &[]), 15.0, stop));
    assert_eq!(found, [(vec![(40, 97, 1, false)], End::Expired)], "at the trade itself");
}

#[test]
fn a_trailing_stop_follows_trades_from_the_last_one_on() {
    let trades = [(10, 100, 9), (20, 104, 9), (30, 102, 9), (40, 101, 9), (50, 90, 9)];
    let market = with(history(&trades, &[]), 15.0, sell(3, Kind::Trailing(3)));
    assert_eq!(outcome(&market), [(vec![(40, 101, 3, false)], End::Filled)]);
}

#[test]
fn a_stop_limit_waits_for_its_limit_once_it_is_elected() {
    let trades = [(10, 100, 9), (20, 105, 9), (30, 103, 9), (40, 90, 9)];
    let stop_limit = buy(3, Kind::StopLimit { trigger: 104, limit: 103 });
    let found = outcome(&with(history(&trades, &[]), 15.0, stop_limit));
    assert_eq!(found, [(vec![(30, 103, 3, true)], End::Filled)]);
}

#[test]
fn a_brackets_exits_enter_with_the_fill_and_one_of_them_ends_the_other() {
    let quotes = [
        (10, Some((99, 9)), Some((101, 2))),
        (20, Some((99, 9)), Some((101, 9))),
        (30, Some((106, 3)), Some((107, 9))),
        (40, Some((90, 9)), Some((91, 9))),
    ];
    let link = Link::Bracket { profit: 105, loss: 95 };
    let found = outcome(&with(history(&[], &quotes), 15.0, Order { link, ..buy(4, Kind::Market) }));
    assert_eq!(found[0], (vec![(15, 101, 2, false), (20, 101, 2, false)], End::Filled));
    assert_eq!(
        found[1],
        (vec![(30, 105, 3, true)], End::Canceled("linked")),
        "the profit, as far as the bid goes"
    );
    assert_eq!(found[2], (vec![(40, 90, 1, false)], End::Filled), "the stop for the rest");
}

#[test]
fn orders_of_the_day_know_first_and_last_row() {
    let day = DAY / SECOND;
    let trades = [(10, 100, 9), (20, 101, 9), (day + 10, 110, 9), (day + 20, 111, 9), (day + 30, 112, 9)];
    let market = history(&trades, &[]);
    let market = with(market, 15.0, Order { tif: Tif::Day, ..buy(1, Kind::Limit(50)) });
    let market = with(market, 16.0, Order { tif: Tif::AtClose, ..buy(2, Kind::Market) });
    let market = with(market, 17.0, Order { tif: Tif::AtOpen, ..buy(3, Kind::Market) });
    let market = with(market, 25.0, Order { tif: Tif::AtClose, ..buy(12, Kind::Market) });
    let found = outcome(&market);
    assert_eq!(found[0], (vec![], End::Expired));
    assert_eq!(found[1], (vec![(20, 101, 2, false)], End::Filled));
    assert_eq!(found[2], (vec![(day + 10, 110, 3, false)], End::Filled));
    assert_eq!(found[3], (vec![(day + 30, 112, 9, false)], End::Expired), "the rest ends");
}

#[test]
fn rows_before_the_start_set_the_quote_and_trade_nothing() {
    let quotes = [(10, Some((99, 5)), Some((101, 4))), (40, None, None)];
    let market = History { start: 20 * SECOND, ..history(&[(15, 100, 9), (30, 100, 9)], &quotes) };
    let market = with(market, 20.0, buy(3, Kind::Market));
    let market = with(market, 41.0, buy(3, Kind::Market));
    let found = outcome(&market);
    assert_eq!(found[0], (vec![(20, 101, 3, false)], End::Filled));
    assert_eq!(found[1], (vec![], End::Rejected("no_more_data")));
}

#[test]
fn files_without_sizes_bound_nothing() {
    let rules = Rules { sized: false, participation: 1, ..RULES };
    let market = History { rules, ..history(&[(20, 100, 0), (30, 101, 0)], &[]) };
    let found = outcome(&with(market, 15.0, buy(1_000, Kind::Market)));
    assert_eq!(found, [(vec![(20, 100, 1_000, false)], End::Filled)]);
}

#[test]
fn without_quotes_a_trade_beyond_a_limit_is_like_an_open() {
    let market = with(history(&[(10, 100, 9), (20, 96, 9), (30, 90, 9)], &[]), 15.0, buy(3, Kind::Limit(98)));
    assert_eq!(outcome(&market), [(vec![(20, 96, 3, true)], End::Filled)]);
}
