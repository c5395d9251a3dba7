//! What the gate counts as free, and what it holds (rules 20 to 22).

use super::*;

/// An owner with ten shares of the second instrument and cash for three of the first.
fn rotation(on_short_cash: Short) -> History {
    let rows = [(100, 110, 80, 100, 50), (150, 160, 140, 150, 50)];
    let sale = Order { instrument: 1, ..sell(10, Kind::Market) };
    let mut history = rich(Rules { on_short_cash, ..RULES }, &rows, &[]);
    history.files.push(file(&[(20, 20, 20, 20, 50), (30, 30, 30, 30, 50)]));
    history.owners[0] = Owner {
        cash: 300 * TICK_LOT,
        shares: vec![0, 10],
        max_short: 0,
        entry: 0,
        report: 0,
        on_ruin: OnRuin::Nothing,
    };
    let at = clock(0, 13, 0);
    // Their price is expected to be 200; it is 300, so that 600 are there for purchases at 150.
    history.sent = [sale, buy(5, Kind::Market), buy(1, Kind::Market)]
        .map(|order| Sent { at, owner: 0, act: Act::Submit(order) })
        .to_vec();
    history
}

#[test]
fn a_sale_pays_for_a_purchase_at_the_same_open_which_is_cut_to_the_cash() {
    let sale: Expected<'_> = (0, ENTRY, &[(opens(1), 30, 10)], FILLED);
    let short = End::Canceled("insufficient_cash");
    let refused: Expected<'_> = (2, ENTRY, &[], End::Refused("insufficient_cash"));
    check(&rotation(Short::Cut), &[sale, (1, ENTRY, &[(opens(1), 150, 4)], short), refused]);
    check(&rotation(Short::Cancel), &[sale, (1, ENTRY, &[], short), refused]);
}

/// A poor owner with ten shares of the second instrument, at 20, who wants one of the first, at 100.
fn poor(sale: Order) -> History {
    let mut history = rotation(Short::Cut);
    history.owners[0].cash = 50 * TICK_LOT;
    let at = clock(0, 13, 0);
    history.sent = [Order { instrument: 1, ..sale }, buy(1, Kind::Market)]
        .map(|order| Sent { at, owner: 0, act: Act::Submit(order) })
        .to_vec();
    history
}

#[test]
fn sales_count_that_wait_for_the_same_open_and_no_others() {
    let refused: Expected<'_> = (1, ENTRY, &[], End::Refused("insufficient_cash"));
    let sold: Expected<'_> = (0, ENTRY, &[(opens(1), 30, 10)], FILLED);
    let bought: Expected<'_> = (1, ENTRY, &[(opens(1), 150, 1)], FILLED);
    let at = |tif| poor(order(Side::Sell, 10, Kind::Market, tif));
    check(&at(Tif::AtOpen), &[sold, bought]);
    check(&at(Tif::AtClose), &[(0, ENTRY, &[(closes(1), 30, 10)], FILLED), refused]);
    check(&at(Tif::Gtd(opens(1))), &[(0, ENTRY, &[], End::Expired), refused]);
    // Nobody knows whether the path reaches a limit.
    check(&poor(sell(10, Kind::Limit(30))), &[sold, refused]);
}

#[test]
fn the_rest_of_a_market_to_limit_order_is_no_market_order() {
    let mut history = poor(sell(10, Kind::MarketToLimit));
    // Six of ten are sold at the first open, at 20; the rest waits at 20 as a limit order.
    history.files[1][0].volume = Some(6);
    history.sent[0].at = clock(0, 8, 0);
    history.owners[0].cash = -(40 * TICK_LOT);
    let sold: Expected<'_> = (0, ENTRY, &[(opens(0), 20, 6), (opens(1), 30, 4)], FILLED);
    check(&history, &[sold, (1, ENTRY, &[], End::Refused("insufficient_cash"))]);
}

#[test]
fn exits_that_buy_hold_cash_for_all_that_their_entry_may_still_sell() {
    // Two of four are sold, at 100; the stop of both exits, and of what may come, costs 110.
    let entry = Order { link: Link::bracket(90, 110), ..sell(4, Kind::Market) };
    let rows = [(100, 104, 96, 100, 2), (100, 104, 96, 100, 2)];
    let with = |cash: i64, lots| {
        let limit = (clock(0, 13, 0), buy(lots, Kind::Limit(50)));
        let mut history = rich(RULES, &rows, &[(clock(0, 8, 0), entry), limit]);
        let cash = i128::from(cash) * TICK_LOT;
        history.owners[0] =
            Owner { cash, shares: vec![0], max_short: 4, entry: 0, report: 0, on_ruin: OnRuin::Nothing };
        history
    };
    let sold: Expected<'_> = (0, ENTRY, &[(opens(0), 100, 2), (opens(1), 100, 2)], FILLED);
    let profit: Expected<'_> = (0, Part::Profit, &[], End::Expired);
    let loss: Expected<'_> = (0, Part::Loss, &[], End::Canceled("linked"));
    let limit = |end| -> Expected<'_> { (1, ENTRY, &[], end) };
    let short = End::Refused("insufficient_cash");
    // 200 come in, and all of the 440 stay held: 200 are free.
    check(&with(440, 4), &[sold, profit, loss, limit(End::Expired)]);
    check(&with(440, 5), &[sold, profit, loss, limit(short)]);
    check(&with(439, 4), &[(0, ENTRY, &[], short), limit(End::Expired)]);
}

#[test]
fn an_order_under_way_to_one_that_has_ended_holds_nothing() {
    // The stop of the pair would cost 150 of 200; it arrives half an hour after the limit order's date.
    let limit = order(Side::Buy, 1, Kind::Limit(50), Tif::Gtd(clock(0, 14, 0)));
    let stop = Order { link: Link::Pair(0), ..buy(1, Kind::Stop(150)) };
    let rows = [(100, 104, 96, 100, 50), (100, 104, 96, 100, 50)];
    let with = |asked: i64| {
        let orders =
            [(clock(0, 8, 1_800), limit), (clock(0, 13, 1_800), stop), (asked, buy(2, Kind::Market))];
        let mut history = rich(RULES, &rows, &orders);
        history.owners[0] = Owner {
            cash: 200 * TICK_LOT,
            shares: vec![0],
            max_short: 0,
            entry: 3_600 * SECOND,
            report: 0,
            on_ruin: OnRuin::Nothing,
        };
        history
    };
    let expired: Expected<'_> = (0, ENTRY, &[], End::Expired);
    let unfit: Expected<'_> = (1, ENTRY, &[], End::Rejected("link_unfit"));
    let refused: Expected<'_> = (2, ENTRY, &[], End::Refused("insufficient_cash"));
    check(&with(clock(0, 13, 59 * 60)), &[expired, unfit, refused]);
    check(&with(clock(0, 14, 1)), &[expired, unfit, (2, ENTRY, &[(opens(1), 100, 2)], FILLED)]);
}
