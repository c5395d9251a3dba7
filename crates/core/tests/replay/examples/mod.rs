//! Histories worked out by hand, one or two for each rule: the reference and the market must both give what
//! the page says.

mod cash;
mod ruin;

use super::driver;
use super::history::*;
use super::reference::outcome;

/// Bars from nine to noon, one a day, so that the extremes are at ten and eleven; rows of open, high, low,
/// close, volume.
fn file(rows: &[(i64, i64, i64, i64, u64)]) -> Vec<Bar> {
    let bar = |(day, row): (i64, &(i64, i64, i64, i64, u64))| {
        let (open, high, low, close, volume) = *row;
        let (start, end) = (clock(day, 9, 0), clock(day, 12, 0));
        Bar { start, end, open, high, low, close, volume: Some(volume) }
    };
    (0..).zip(rows).map(bar).collect()
}

fn clock(day: i64, hour: i64, second: i64) -> i64 {
    day * DAY + hour * 3_600 * SECOND + second * SECOND
}

/// When the open of a day's bar is dealt, and its close.
fn opens(day: i64) -> i64 {
    clock(day, 9, 1)
}

fn closes(day: i64) -> i64 {
    clock(day, 12, 0) - 1
}

/// When the path has moved so many of the ticks of the leg from the open to ten o'clock.
fn on_first_leg(day: i64, moved: i64, of: i64) -> i64 {
    opens(day) + (3_599 * SECOND * moved + of - 1) / of
}

/// When the path has moved so many of the ticks of the leg from the one extreme to the other.
fn on_second_leg(day: i64, moved: i64, of: i64) -> i64 {
    clock(day, 10, 0) + (3_600 * SECOND * moved + of - 1) / of
}

const RULES: Rules = Rules {
    auction: SECOND,
    half_spread: 0,
    slippage: Slippage::Ticks(0),
    participation: 8,
    through: false,
    path: Path::Nearer,
    on_short_cash: Short::Cut,
    close_at_end: false,
    fees: [0; 3],
};

/// A history of one rich owner over one file.
fn rich(rules: Rules, rows: &[(i64, i64, i64, i64, u64)], orders: &[(i64, Order)]) -> History {
    let owner = Owner {
        cash: 1_000_000 * TICK_LOT,
        shares: vec![100; 2],
        max_short: 100,
        entry: 0,
        report: 0,
        on_ruin: OnRuin::Nothing,
    };
    let sent = |(at, order): &(i64, Order)| Sent { at: *at, owner: 0, act: Act::Submit(*order) };
    History {
        files: vec![file(rows)],
        finer: vec![Vec::new(); 2],
        rules,
        owners: vec![owner],
        sent: orders.iter().map(sent).collect(),
    }
}

fn order(side: Side, quantity: u64, kind: Kind, tif: Tif) -> Order {
    Order { instrument: 0, side, quantity, kind, tif, link: Link::None }
}

fn buy(quantity: u64, kind: Kind) -> Order {
    order(Side::Buy, quantity, kind, Tif::Gtc)
}

fn sell(quantity: u64, kind: Kind) -> Order {
    order(Side::Sell, quantity, kind, Tif::Gtc)
}

/// What is expected of one order: its number and part, its fills, and its end.
type Expected<'a> = (usize, Part, &'a [(i64, i64, u64)], End);

fn check(history: &History, expected: &[Expected<'_>]) {
    let fates: Vec<Fate> = expected
        .iter()
        .map(|(number, part, fills, end)| {
            let fills = fills.iter().map(|(at, price, quantity)| Fill {
                at: *at,
                price: *price,
                quantity: *quantity,
                clamped: 0,
            });
            Fate { number: *number, part: *part, fills: fills.collect(), end: *end }
        })
        .collect();
    let but_for_clamping = |mut outcome: Outcome| {
        outcome.fates.iter_mut().flat_map(|fate| &mut fate.fills).for_each(|fill| fill.clamped = 0);
        outcome.fates
    };
    assert_eq!(but_for_clamping(outcome(history, None)), fates, "the reference");
    assert_eq!(but_for_clamping(driver::outcome(history)), fates, "the market");
}

const FILLED: End = End::Filled;
const ENTRY: Part = Part::Entry;

#[test]
fn a_market_order_fills_at_the_next_open_whatever_the_gap() {
    let rules = Rules { slippage: Slippage::Ticks(2), half_spread: 5, ..RULES };
    let rows = [(100, 105, 95, 100, 50), (130, 131, 120, 125, 50)];
    let history = rich(rules, &rows, &[(clock(0, 13, 0), buy(10, Kind::Market))]);
    // 132 after slippage, kept within the high; no half spread at an open.
    check(&history, &[(0, ENTRY, &[(opens(1), 131, 10)], FILLED)]);
    assert_eq!(driver::outcome(&history).fates[0].fills[0].clamped, 1);
}

#[test]
fn a_market_order_within_a_bar_pays_the_path_and_the_spread() {
    let rules = Rules { half_spread: 1, ..RULES };
    let rows = [(100, 110, 80, 100, 50)];
    // Ten ticks up until ten o'clock, then thirty down until eleven: at half past ten it is at 95.
    let history = rich(rules, &rows, &[(clock(0, 10, 1_800), sell(3, Kind::Market))]);
    check(&history, &[(0, ENTRY, &[(clock(0, 10, 1_800), 94, 3)], FILLED)]);
}

#[test]
fn limits_fill_at_their_price_or_at_a_better_open() {
    let rows = [(100, 110, 80, 100, 50), (90, 95, 85, 92, 50)];
    let orders = [(clock(0, 8, 0), buy(1, Kind::Limit(95))), (clock(0, 13, 0), buy(2, Kind::Limit(93)))];
    let history = rich(RULES, &rows, &orders);
    check(
        &history,
        &[(0, ENTRY, &[(on_second_leg(0, 15, 30), 95, 1)], FILLED), (1, ENTRY, &[(opens(1), 90, 2)], FILLED)],
    );
}

#[test]
fn through_asks_for_one_tick_more() {
    let rules = Rules { through: true, ..RULES };
    let rows = [(100, 110, 80, 100, 50)];
    let orders = [(clock(0, 8, 0), buy(1, Kind::Limit(80))), (clock(0, 8, 0), buy(2, Kind::Limit(95)))];
    check(
        &rich(rules, &rows, &orders),
        &[(0, ENTRY, &[], End::Expired), (1, ENTRY, &[(on_second_leg(0, 16, 30), 95, 2)], FILLED)],
    );
}

#[test]
fn stops_fill_at_their_trigger_or_at_an_open_beyond_it() {
    let rows = [(100, 110, 80, 100, 50), (70, 75, 65, 72, 50)];
    let orders = [(clock(0, 8, 0), sell(1, Kind::Stop(88))), (clock(0, 13, 0), sell(2, Kind::Stop(88)))];
    check(
        &rich(RULES, &rows, &orders),
        &[(0, ENTRY, &[(on_second_leg(0, 22, 30), 88, 1)], FILLED), (1, ENTRY, &[(opens(1), 70, 2)], FILLED)],
    );
}

#[test]
fn a_stop_limit_waits_until_the_path_comes_back() {
    // The second bar opens beyond trigger and limit, falls to 104 until ten, and rises then.
    let rows = [(100, 100, 100, 100, 50), (110, 120, 104, 118, 50)];
    let kind = Kind::StopLimit { trigger: 105, limit: 106 };
    let history = rich(RULES, &rows, &[(clock(0, 13, 0), buy(4, kind))]);
    check(&history, &[(0, ENTRY, &[(on_first_leg(1, 4, 6), 106, 4)], FILLED)]);
}

#[test]
fn a_trailing_stop_follows_the_path_and_never_moves_back() {
    // Up ten until ten o'clock: the trigger goes from 93 to 103, where the fall meets it after seven ticks.
    let rows = [(100, 110, 80, 100, 50)];
    let history = rich(RULES, &rows, &[(clock(0, 9, 2), sell(5, Kind::Trailing(7)))]);
    check(&history, &[(0, ENTRY, &[(on_second_leg(0, 7, 30), 103, 5)], FILLED)]);
}

#[test]
fn what_the_volume_leaves_goes_on_at_the_next_open_ahead_of_others() {
    let rows = [(100, 110, 80, 100, 20), (100, 110, 80, 100, 12)];
    let orders = [
        (clock(0, 8, 0), buy(30, Kind::Market)),
        (clock(0, 13, 0), buy(5, Kind::Market)),
        (clock(0, 13, 0), order(Side::Buy, 1, Kind::Market, Tif::Ioc)),
        (clock(0, 13, 0), order(Side::Buy, 1, Kind::Market, Tif::Fok)),
    ];
    check(
        &rich(RULES, &rows, &orders),
        &[
            (0, ENTRY, &[(opens(0), 100, 20), (opens(1), 100, 10)], FILLED),
            (1, ENTRY, &[(opens(1), 100, 2)], End::Expired),
            (2, ENTRY, &[], End::Canceled("volume_exhausted")),
            (3, ENTRY, &[], End::Canceled("fok_unfillable")),
        ],
    );
}

#[test]
fn the_rest_of_a_market_to_limit_order_is_a_limit() {
    let rows = [(100, 110, 80, 100, 20), (105, 110, 80, 85, 20)];
    let history = rich(RULES, &rows, &[(clock(0, 8, 0), buy(30, Kind::MarketToLimit))]);
    let fills = [(opens(0), 100, 20), (on_second_leg(1, 10, 30), 100, 10)];
    check(&history, &[(0, ENTRY, &fills, FILLED)]);
}

#[test]
fn times_in_force_end_with_the_day_the_date_and_the_moment() {
    let rows = [(100, 110, 80, 100, 50), (100, 110, 80, 104, 50)];
    let far = Kind::Limit(50);
    let orders = [
        (clock(0, 8, 0), order(Side::Buy, 1, far, Tif::Day)),
        (clock(0, 8, 0), order(Side::Buy, 1, Kind::Limit(95), Tif::Gtd(on_second_leg(0, 15, 30)))),
        (clock(0, 8, 0), order(Side::Buy, 1, Kind::Limit(95), Tif::Ioc)),
        (clock(0, 10, 0), order(Side::Buy, 1, Kind::Market, Tif::AtOpen)),
        (clock(0, 12, 0), order(Side::Buy, 1, Kind::Market, Tif::AtClose)),
        (clock(0, 12, 0), order(Side::Buy, 1, Kind::Limit(103), Tif::AtClose)),
        (clock(1, 12, 0), order(Side::Buy, 1, Kind::Market, Tif::Gtc)),
    ];
    check(
        &rich(RULES, &rows, &orders),
        &[
            (0, ENTRY, &[], End::Expired),
            (1, ENTRY, &[], End::Expired),
            (2, ENTRY, &[], End::Canceled("ioc_remainder")),
            (3, ENTRY, &[(opens(1), 100, 1)], FILLED),
            (4, ENTRY, &[(closes(1), 104, 1)], FILLED),
            (5, ENTRY, &[], End::Expired),
            (6, ENTRY, &[], End::Rejected("no_more_data")),
        ],
    );
}

/// A bracket around an entry at the open of 100, whose exits both lie in the bar: the high comes first.
fn bracket(path: Path) -> History {
    let entry = Order { link: Link::bracket(106, 90), ..buy(4, Kind::Market) };
    rich(Rules { path, ..RULES }, &[(100, 110, 80, 100, 50)], &[(clock(0, 8, 0), entry)])
}

#[test]
fn of_two_exits_the_path_decides_or_the_worst_comes() {
    let (entry, linked) = ((0, ENTRY, [(opens(0), 100, 4)], FILLED), End::Canceled("linked"));
    let entry: Expected<'_> = (entry.0, entry.1, &entry.2, entry.3);
    let profit = [(on_first_leg(0, 6, 10), 106, 4)];
    check(&bracket(Path::Nearer), &[entry, (0, Part::Profit, &profit, FILLED), (0, Part::Loss, &[], linked)]);
    // The low comes at ten o'clock, twenty ticks down.
    let loss = [(on_first_leg(0, 10, 20), 90, 4)];
    check(&bracket(Path::Farther), &[entry, (0, Part::Profit, &[], linked), (0, Part::Loss, &loss, FILLED)]);
    let loss = [(on_second_leg(0, 20, 30), 90, 4)];
    check(&bracket(Path::Worst), &[entry, (0, Part::Profit, &[], linked), (0, Part::Loss, &loss, FILLED)]);
}

#[test]
fn exits_enter_for_what_the_entry_has_traded_and_end_it() {
    // Three of ten are bought; their stop takes them out in the next bar, before more is bought there.
    let entry = Order { link: Link::bracket(150, 90), ..buy(10, Kind::Limit(95)) };
    let rows = [(100, 101, 94, 95, 3), (90, 96, 85, 92, 50)];
    check(
        &rich(RULES, &rows, &[(clock(0, 8, 0), entry)]),
        &[
            (0, ENTRY, &[(on_second_leg(0, 6, 7), 95, 3)], End::Canceled("linked")),
            (0, Part::Profit, &[], End::Canceled("linked")),
            (0, Part::Loss, &[(opens(1), 90, 3)], FILLED),
        ],
    );
}

#[test]
fn participation_bounds_each_and_the_volume_all() {
    let rules = Rules { participation: 4, ..RULES };
    let mut history = rich(rules, &[(100, 110, 80, 100, 21)], &[]);
    history.owners = vec![history.owners[0].clone(); 3];
    history.sent = (0..3)
        .map(|owner| Sent {
            at: clock(0, 8, 0),
            owner,
            act: Act::Submit(order(Side::Buy, 15, Kind::Market, Tif::Ioc)),
        })
        .collect();
    let exhausted = End::Canceled("volume_exhausted");
    check(
        &history,
        &[
            (0, ENTRY, &[(opens(0), 100, 10)], exhausted),
            (1, ENTRY, &[(opens(0), 100, 10)], exhausted),
            (2, ENTRY, &[(opens(0), 100, 1)], exhausted),
        ],
    );
}

#[test]
fn an_order_for_the_open_of_a_day_waits_for_one_that_does_not_come() {
    let rows = [(100, 110, 80, 100, 50)];
    let late = order(Side::Buy, 1, Kind::Market, Tif::AtOpen);
    // To reject it would tell that the file ends here.
    check(&rich(RULES, &rows, &[(clock(0, 10, 0), late)]), &[(0, ENTRY, &[], End::Expired)]);
}

#[test]
fn an_elected_stop_limit_that_finds_no_volume_waits_at_its_limit() {
    let rows = [(100, 110, 95, 100, 0), (108, 110, 90, 100, 50)];
    let kind = Kind::StopLimit { trigger: 100, limit: 101 };
    let history = rich(RULES, &rows, &[(clock(0, 8, 0), buy(4, kind))]);
    // It is elected at the first open; the second bar opens above its limit, and falls through it.
    check(&history, &[(0, ENTRY, &[(on_second_leg(1, 9, 20), 101, 4)], FILLED)]);
}

#[test]
fn what_an_elected_stop_left_has_no_price_that_could_be_replaced() {
    let rows = [(100, 110, 95, 100, 3), (108, 110, 90, 100, 50)];
    let mut history = rich(RULES, &rows, &[(clock(0, 8, 0), buy(5, Kind::Stop(100)))]);
    let replace = Act::Replace { number: 0, price: 90, quantity: 9 };
    history.sent.push(Sent { at: clock(0, 13, 0), owner: 0, act: replace });
    check(&history, &[(0, ENTRY, &[(opens(0), 100, 3), (opens(1), 108, 2)], FILLED)]);
}

#[test]
fn a_replaced_stop_that_the_path_is_beyond_fills_at_once() {
    let rows = [(100, 110, 80, 100, 50)];
    let mut history = rich(RULES, &rows, &[(clock(0, 8, 0), sell(5, Kind::Stop(70)))]);
    // At half past ten the path has fallen to 95.
    let replace = Act::Replace { number: 0, price: 97, quantity: 4 };
    history.sent.push(Sent { at: clock(0, 10, 1_800), owner: 0, act: replace });
    check(&history, &[(0, ENTRY, &[(clock(0, 10, 1_800), 95, 4)], FILLED)]);
}

#[test]
fn the_worst_path_knows_how_far_a_trailing_stop_has_come() {
    // Down to 95, up to 115, back to 112: the limit is the high itself, and only from there is the stop
    // reached.
    let rows = [(100, 115, 95, 112, 50)];
    let limit = sell(1, Kind::Limit(115));
    let stop = Order { link: Link::Pair(0), ..sell(1, Kind::Trailing(2)) };
    let history = rich(
        Rules { path: Path::Worst, ..RULES },
        &rows,
        &[(clock(0, 8, 0), limit), (clock(0, 10, 0), stop)],
    );
    let back = clock(0, 11, 0) + ((3_600 * SECOND - 1) * 2 + 2) / 3;
    check(&history, &[(0, ENTRY, &[], End::Canceled("linked")), (1, ENTRY, &[(back, 113, 1)], FILLED)]);
    // Down to 113 only, two below the high: the close itself reaches the trigger.
    let history = History { files: rich(RULES, &[(100, 115, 95, 113, 50)], &[]).files, ..history };
    let last = [(closes(0), 113, 1)];
    check(&history, &[(0, ENTRY, &[], End::Canceled("linked")), (1, ENTRY, &last, FILLED)]);
}
