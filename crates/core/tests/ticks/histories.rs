//! Random histories, small enough to read: a dozen rows over a few days, three owners, a dozen orders.
//!
//! Everything is drawn as small numbers and put together afterwards, so that a failing history shrinks to few
//! rows and orders and no costs.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::history::*;

/// About what prices are, in ticks.
const BASE: i64 = 1_000;

/// What the files have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Files {
    Trades,
    Quotes,
    Both,
}

/// A row, as drawn.
#[derive(Debug, Clone, Copy)]
struct DrawnRow {
    is_trade: bool,
    /// Since the row before, in seconds, or in days if negative.
    after: i64,
    /// Ticks above the base.
    price: i64,
    spread: i64,
    sizes: [u64; 2],
    /// Which sides are absent.
    absent: [bool; 2],
}

/// Something sent, as drawn.
#[derive(Debug, Clone, Copy)]
struct DrawnSent {
    owner: usize,
    /// The row near which it is sent, and where: before it, with it, after it.
    row: usize,
    spot: usize,
    act: DrawnAct,
    side: Side,
    quantity: u64,
    offset: i64,
    distance: i64,
    kind: usize,
    tif: usize,
}

#[derive(Debug, Clone, Copy)]
enum DrawnAct {
    Submit,
    Bracket(i64, i64),
    /// With the order so many before.
    Pair(usize),
    Cancel(usize),
    Replace(usize, i64, i64),
}

fn row() -> impl Strategy<Value = DrawnRow> {
    let after = prop_oneof![3 => Just(0_i64), 6 => 1..=5_i64, 1 => Just(-1_i64)];
    let sizes = [0..=10_u64, 0..=10_u64];
    let absent = [prop::bool::weighted(0.1), prop::bool::weighted(0.1)];
    (prop::bool::ANY, after, -6..=6_i64, 0..=3_i64, sizes, absent).prop_map(
        |(is_trade, after, price, spread, sizes, absent)| DrawnRow {
            is_trade,
            after,
            price,
            spread,
            sizes,
            absent,
        },
    )
}

fn sent() -> impl Strategy<Value = DrawnSent> {
    let act = prop_oneof![
        6 => Just(DrawnAct::Submit),
        2 => (1..=6_i64, 1..=6_i64).prop_map(|(profit, loss)| DrawnAct::Bracket(profit, loss)),
        2 => (1..=3_usize).prop_map(DrawnAct::Pair),
        1 => (1..=3_usize).prop_map(DrawnAct::Cancel),
        2 => (1..=3_usize, -4..=4_i64, -4..=6_i64).prop_map(|(back, up, less)| DrawnAct::Replace(back, up, less)),
    ];
    let who = (0..3_usize, 0..14_usize, 0..3_usize, prop::bool::ANY);
    let what = (1..=12_u64, -8..=8_i64, 0..=4_i64, 0..20_usize, 0..14_usize);
    (who, act, what).prop_map(|((owner, row, spot, buys), act, (quantity, offset, distance, kind, tif))| {
        let side = if buys { Side::Buy } else { Side::Sell };
        DrawnSent { owner, row, spot, act, side, quantity, offset, distance, kind, tif }
    })
}

fn rules() -> impl Strategy<Value = Rules> {
    let participation = select(vec![8_u64, 8, 4, 1]);
    (0..=2_i64, 0..=2_i64, participation, prop::bool::weighted(0.3), prop::bool::weighted(0.85)).prop_map(
        |(half_spread, slippage, participation, through, sized)| Rules {
            half_spread,
            slippage,
            participation,
            through,
            sized,
        },
    )
}

/// A history.
pub(crate) fn history() -> impl Strategy<Value = History> {
    let files = select(vec![Files::Trades, Files::Quotes, Files::Both, Files::Both]);
    (files, vec(row(), 1..14), rules(), vec(sent(), 1..14), 0..3_usize)
        .prop_map(|(files, rows, rules, sent, early)| put_together(files, &rows, rules, (&sent, early)))
}

/// The time of each row, of which none is the first second's.
fn times(rows: &[DrawnRow]) -> Vec<i64> {
    let mut now = 10 * SECOND;
    let step = |row: &DrawnRow| {
        now = if row.after < 0 { (now / DAY + 1) * DAY + 10 * SECOND } else { now + row.after * SECOND };
        now
    };
    rows.iter().map(step).collect()
}

fn put_together(files: Files, rows: &[DrawnRow], rules: Rules, sent: (&[DrawnSent], usize)) -> History {
    let (sent, early) = sent;
    let times = times(rows);
    let (mut trades, mut quotes) = (Vec::new(), Vec::new());
    for (row, at) in rows.iter().zip(&times) {
        let price = BASE + row.price;
        if files == Files::Trades || (files == Files::Both && row.is_trade) {
            trades.push(Trade { at: *at, price, quantity: row.sizes[0] });
        } else {
            let level = |side: usize, price: i64| (!row.absent[side]).then_some((price, row.sizes[side]));
            quotes.push(Quote { at: *at, bid: level(0, price), ask: level(1, price + row.spread) });
        }
    }
    let start = times[early.min(times.len() - 1)];
    let mut history = History { start, trades, quotes, rules, sent: Vec::new() };
    let mut spots: Vec<(i64, &DrawnSent)> =
        sent.iter().map(|drawn| (spot(drawn, &times, start), drawn)).collect();
    spots.sort_by_key(|(at, _)| *at);
    let mut last = start;
    for (at, drawn) in spots {
        let at = at.max(last + 1);
        last = at;
        let number = history.sent.len();
        let act = act(drawn, &history, (number, at));
        history.sent.push(Sent { at, owner: drawn.owner, act });
    }
    history
}

/// When something is sent: a little before, at, or after a row.
fn spot(drawn: &DrawnSent, times: &[i64], start: i64) -> i64 {
    let at = times[drawn.row.min(times.len() - 1)];
    (at + [-SECOND / 2, 0, SECOND / 2][drawn.spot]).max(start)
}

fn act(drawn: &DrawnSent, history: &History, place: (usize, i64)) -> Act {
    let (number, at) = place;
    let earlier = |back: usize| number.checked_sub(back);
    let target = |back| earlier(back).and_then(|number| Some((number, submitted(history, number)?)));
    match drawn.act {
        DrawnAct::Cancel(back) if target(back).is_some() => Act::Cancel(number - back),
        DrawnAct::Replace(back, up, less) => match target(back) {
            Some((number, order)) if order.link == Link::None && !is_paired(history, number) => {
                let price = BASE + drawn.offset + up;
                let quantity = order.quantity.saturating_add_signed(-less).max(1);
                Act::Replace { number, price, quantity }
            }
            _ => Act::Submit(order(drawn, at, Link::None)),
        },
        DrawnAct::Bracket(profit, loss) => {
            let (base, sign) = (BASE + drawn.offset, drawn.side.sign());
            let link = Link::Bracket { profit: base + sign * profit, loss: base - sign * loss };
            Act::Submit(order(drawn, at, link))
        }
        DrawnAct::Pair(back) => match target(back) {
            // What is open of an order that is being replaced, the gate does not know before the answer.
            Some((number, other)) if !is_replaced(history, number) => {
                let mut own = order(drawn, at, Link::Pair(number));
                (own.side, own.quantity) = (other.side, other.quantity);
                if matches!(own.tif, Tif::Ioc | Tif::Fok | Tif::AtOpen | Tif::AtClose) {
                    own.tif = Tif::Gtc;
                }
                if matches!(own.kind, Kind::Market | Kind::MarketToLimit) {
                    own.kind = Kind::Limit(BASE + drawn.offset);
                }
                Act::Submit(own)
            }
            _ => Act::Submit(order(drawn, at, Link::None)),
        },
        _ => Act::Submit(order(drawn, at, Link::None)),
    }
}

fn submitted(history: &History, number: usize) -> Option<Order> {
    match history.sent.get(number)?.act {
        Act::Submit(order) => Some(order),
        _ => None,
    }
}

/// Whether a later order is linked with that one.
fn is_paired(history: &History, number: usize) -> bool {
    let names = |sent: &Sent| matches!(sent.act, Act::Submit(order) if order.link == Link::Pair(number));
    history.sent.iter().any(names)
}

/// Whether that order has been given another price or total.
fn is_replaced(history: &History, number: usize) -> bool {
    history.sent.iter().any(|sent| matches!(sent.act, Act::Replace { number: named, .. } if named == number))
}

fn order(drawn: &DrawnSent, at: i64, link: Link) -> Order {
    let (price, sign) = (BASE + drawn.offset, drawn.side.sign());
    let kind = match drawn.kind {
        0..=4 => Kind::Market,
        5..=10 => Kind::Limit(price),
        11..=13 => Kind::Stop(price),
        14 | 15 => Kind::StopLimit { trigger: price, limit: price + sign * (drawn.distance - 1) },
        16 | 17 => Kind::Trailing(drawn.distance + 1),
        _ => Kind::MarketToLimit,
    };
    let is_plain = matches!(kind, Kind::Market | Kind::MarketToLimit | Kind::Limit(_));
    let tif = match drawn.tif {
        0..=4 => Tif::Gtc,
        5 | 6 => Tif::Day,
        7 | 8 => Tif::Ioc,
        9 => Tif::Fok,
        10 | 11 => Tif::Gtd(at + drawn.distance * SECOND),
        12 if is_plain => Tif::AtOpen,
        13 if is_plain => Tif::AtClose,
        _ => Tif::Gtc,
    };
    Order { side: drawn.side, quantity: drawn.quantity, kind, tif, link }
}
