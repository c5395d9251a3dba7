//! Ruin at its instant, worked out by hand (rule 27).

use bearpit_core::market::Fact;

use super::*;

/// An owner with so much cash, ten shares of each instrument, who may sell fifty short.
fn owner(cash: i64, shares: &[u64], on_ruin: OnRuin) -> Owner {
    let cash = i128::from(cash) * TICK_LOT;
    Owner { cash, shares: shares.to_vec(), max_short: 50, entry: 0, report: 0, on_ruin }
}

/// Checks when the only owner is ruined, and what it has in the end; the reference agrees.
fn ends(history: &History, ruined: Option<i64>, cash: i64, positions: &[i64]) {
    for (outcome, whose) in
        [(outcome(history, None), "the reference"), (driver::outcome(history), "the market")]
    {
        assert_eq!(outcome.ruined, [ruined], "{whose}");
        assert_eq!(outcome.positions, [positions], "{whose}");
        assert_eq!(outcome.cash, [i128::from(cash) * TICK_LOT], "{whose}");
    }
}

/// Ten shares for which 905 are owed: from 90 on they do not pay that back. The bar falls to 85, and is at 99
/// again when it closes.
fn leveraged(rules: Rules, on_ruin: OnRuin) -> History {
    let rows = [(100, 101, 85, 99, 50), (99, 105, 98, 104, 50)];
    let mut history = rich(rules, &rows, &[(clock(0, 8, 0), sell(10, Kind::Limit(150)))]);
    history.owners = vec![owner(-905, &[10], on_ruin)];
    history
}

#[test]
fn a_leveraged_position_is_closed_where_its_equity_is_gone_though_the_bar_recovers() {
    let history = leveraged(RULES, OnRuin::Liquidate);
    // From 101 at ten down to 85 at eleven: at 90 after eleven of sixteen ticks.
    ends(&history, Some(on_second_leg(0, 11, 16)), -5, &[0]);
    check(&history, &[(0, ENTRY, &[], End::Canceled("ruined"))]);
    let costs = Rules { half_spread: 1, slippage: Slippage::Ticks(2), ..RULES };
    ends(&leveraged(costs, OnRuin::Liquidate), Some(on_second_leg(0, 11, 16)), -35, &[0]);
    ends(&leveraged(RULES, OnRuin::Nothing), None, -905, &[10]);
}

#[test]
fn the_tape_has_the_price_then_the_ruin_then_the_marks_and_the_sale_at_one_instant() {
    let run = driver::run(&leveraged(RULES, OnRuin::Liquidate));
    let at = on_second_leg(0, 11, 16);
    let told = run.facts.iter().filter(|(time, _)| *time == at).map(|(_, fact)| match fact {
        Fact::PriceMoved { price, .. } => format!("price {}", price.ticks()),
        Fact::AccountRuined { equity, .. } => format!("ruined {}", equity.units() / TICK_LOT),
        Fact::OrderCanceled { reason, .. } => format!("canceled {}", reason.name()),
        Fact::OrderAccepted { terms, .. } => format!("closes {}", terms.quantity.lots()),
        Fact::Traded(trade) => format!("traded at {}", trade.price.ticks()),
        other => format!("{other:?}"),
    });
    let expected = ["price 90", "ruined -5", "closes 10", "canceled ruined", "traded at 90"];
    assert_eq!(told.collect::<Vec<String>>(), expected);
}

#[test]
fn a_gap_ruins_at_the_open_and_the_rest_is_closed_at_the_next() {
    // Six lots are all that the bar has: the rest goes on at the open after it.
    let rows = [(100, 101, 99, 100, 50), (80, 82, 79, 81, 6), (85, 86, 84, 85, 50)];
    let mut history = rich(RULES, &rows, &[]);
    history.owners = vec![owner(-905, &[10], OnRuin::Liquidate)];
    ends(&history, Some(opens(1)), -905 + 6 * 80 + 4 * 85, &[0]);
}

#[test]
fn a_short_position_is_bought_back_over_a_spike() {
    // 1,500 after the sale; ten cost as much at 150, 52 ticks up from 98 of the 62 to 160.
    let rows = [(100, 101, 99, 100, 50), (100, 160, 98, 101, 50)];
    let mut history = rich(RULES, &rows, &[(clock(0, 8, 0), sell(10, Kind::Market))]);
    history.owners = vec![owner(500, &[0], OnRuin::Liquidate)];
    ends(&history, Some(on_second_leg(1, 52, 62)), 0, &[0]);
}

#[test]
fn an_order_that_would_fill_where_its_owner_is_ruined_is_canceled_and_later_ones_are_refused() {
    let rows = [(100, 101, 99, 100, 50), (100, 160, 98, 101, 50)];
    let sale = (clock(0, 8, 0), sell(10, Kind::Market));
    let more = (clock(0, 8, 1), sell(1, Kind::Limit(150)));
    let late = (clock(1, 13, 0), buy(1, Kind::Market));
    let mut history = rich(RULES, &rows, &[sale, more, late]);
    history.owners = vec![owner(500, &[0], OnRuin::Liquidate)];
    let sold: Expected<'_> = (0, ENTRY, &[(opens(0), 100, 10)], FILLED);
    let canceled: Expected<'_> = (1, ENTRY, &[], End::Canceled("ruined"));
    check(&history, &[sold, canceled, (2, ENTRY, &[], End::Refused("ruined"))]);
    // On its way when that happens, it is rejected when it arrives.
    history.owners[0].entry = 1_800 * SECOND;
    history.sent[0].at -= 1_800 * SECOND;
    history.sent[1].at = on_second_leg(1, 52, 62) - SECOND;
    history.sent.truncate(2);
    check(&history, &[sold, (1, ENTRY, &[], End::Rejected("ruined"))]);
}

#[test]
fn two_instruments_that_move_at_once_ruin_together() {
    // Long ten of the first, which falls from 101 to 81 on the second leg; short ten of the second, which
    // rises from 99 to 119 on it: 165 less twenty a tick are gone after nine.
    let sale = Order { instrument: 1, ..sell(10, Kind::Market) };
    let mut history = rich(RULES, &[(100, 101, 81, 100, 50)], &[(clock(0, 8, 0), sale)]);
    history.files.push(file(&[(100, 119, 99, 100, 50)]));
    history.owners = vec![owner(-855, &[10, 0], OnRuin::Liquidate)];
    ends(&history, Some(on_second_leg(0, 9, 20)), 145 + 920 - 1_080, &[0, 0]);
}

#[test]
fn who_keeps_its_positions_may_only_reduce_them() {
    let mut history = leveraged(RULES, OnRuin::Keep);
    let later = [sell(4, Kind::Market), buy(1, Kind::Limit(50)), sell(11, Kind::Market)];
    history.sent.extend(later.map(|order| Sent { at: clock(0, 13, 0), owner: 0, act: Act::Submit(order) }));
    let outcome = driver::outcome(&history);
    assert_eq!(outcome.ruined, [Some(on_second_leg(0, 11, 16))]);
    // The limit order to sell stays until the file ends; it covers all that can be reduced.
    let ends: Vec<End> = outcome.fates.iter().map(|fate| fate.end).collect();
    let refused = End::Refused("ruined");
    assert_eq!(ends, [End::Expired, refused, refused, refused]);
    history.sent.remove(0);
    let outcome = driver::outcome(&history);
    let ends: Vec<End> = outcome.fates.iter().map(|fate| fate.end).collect();
    assert_eq!(ends, [FILLED, refused, refused]);
    assert_eq!((outcome.cash[0], outcome.positions[0][0]), (i128::from(-905 + 4 * 99) * TICK_LOT, 6));
}

#[test]
fn who_is_ruined_where_accounts_are_marked_has_nothing_due_there_any_more() {
    // Ten shares for which 601 are owed, which they do not pay back at 60. The path reaches that over a gap
    // at eleven, when accounts have just been marked. The bar has no volume for anybody.
    let rows = [(100, 100, 60, 60, 1)];
    let stop = order(Side::Sell, 1, Kind::Stop(60), Tif::Ioc);
    let mut history = rich(Rules { participation: 4, ..RULES }, &rows, &[(clock(0, 8, 0), stop)]);
    history.owners = vec![owner(-601, &[10], OnRuin::Liquidate)];
    let flat = |hour, until, price| {
        let (start, end) = (clock(0, hour, 0), clock(0, until, 0));
        Bar { start, end, open: price, high: price, low: price, close: price, volume: None }
    };
    history.finer[0] = vec![flat(9, 11, 100), flat(11, 12, 60)];
    ends(&history, Some(clock(0, 11, 0)), -601, &[10]);
    check(&history, &[(0, ENTRY, &[], End::Canceled("ruined"))]);
}
