//! What is sent, as it is drawn: small numbers that shrink.

use proptest::prelude::*;

use super::super::history::Side;

/// Something sent, as drawn.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    pub(super) owner: usize,
    pub(super) instrument: usize,
    /// The bar near which it arrives, and where.
    pub(super) bar: usize,
    pub(super) spot: Spot,
    pub(super) side: Side,
    pub(super) quantity: u64,
    /// Ticks from the bar's open.
    pub(super) offset: i64,
    pub(super) distance: i64,
    pub(super) kind: DrawnKind,
    pub(super) tif: DrawnTif,
    pub(super) link: DrawnLink,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Spot {
    /// A little before the open.
    Before,
    /// Exactly at the beginning, open, first extreme, second, close or end.
    Exact(usize),
    /// So many thousandths into it.
    Within(i64),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum DrawnKind {
    Market,
    Limit,
    Stop,
    StopLimit,
    Trailing,
    TrailingBps,
    MarketToLimit,
    Pegged,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum DrawnTif {
    Gtc,
    Day,
    Ioc,
    Fok,
    /// Until so many bars later, and so many thousandths.
    Gtd(usize, i64),
    AtOpen,
    AtClose,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum DrawnLink {
    None,
    /// With which exits, and how far away they are.
    Bracket(DrawnExits, i64, i64),
    /// With the order so many before.
    Pair(usize),
    /// Not an order, but the cancel of the one so many before.
    Cancel(usize),
    /// Nor this: so many ticks are added to its price, and lots taken from it.
    Replace(usize, i64, i64),
    /// Nor this: another change of the one so many before.
    Change(usize, DrawnChange),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum DrawnChange {
    /// Of a trigger, or a distance.
    Terms(i64),
    Gtc,
    Day,
    /// Until that bar, and so many thousandths.
    Gtd(usize, i64),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum DrawnExits {
    Both,
    Profit,
    Loss,
    /// Both, or the second alone; its limit is so many ticks from its trigger.
    Limited(bool, i64),
}

/// One thing that somebody sends.
pub(super) fn sending() -> impl Strategy<Value = Drawn> {
    let spot = prop_oneof![
        3 => Just(Spot::Before),
        2 => (0..6_usize).prop_map(Spot::Exact),
        3 => (0..1_000_i64).prop_map(Spot::Within),
    ];
    let kind = prop_oneof![
        8 => Just(DrawnKind::Market),
        8 => Just(DrawnKind::Limit),
        6 => Just(DrawnKind::Stop),
        4 => Just(DrawnKind::StopLimit),
        4 => Just(DrawnKind::Trailing),
        2 => Just(DrawnKind::TrailingBps),
        3 => Just(DrawnKind::MarketToLimit),
        1 => Just(DrawnKind::Pegged),
    ];
    let tif = prop_oneof![
        5 => Just(DrawnTif::Gtc),
        2 => Just(DrawnTif::Day),
        2 => Just(DrawnTif::Ioc),
        1 => Just(DrawnTif::Fok),
        2 => (0..3_usize, 0..1_000_i64).prop_map(|(bar, part)| DrawnTif::Gtd(bar, part)),
        1 => Just(DrawnTif::AtOpen),
        1 => Just(DrawnTif::AtClose),
    ];
    let change = prop_oneof![
        3 => (-6..=6_i64).prop_map(DrawnChange::Terms),
        1 => Just(DrawnChange::Gtc),
        1 => Just(DrawnChange::Day),
        1 => (0..5_usize, 0..1_000_i64).prop_map(|(bar, part)| DrawnChange::Gtd(bar, part)),
    ];
    let exits = prop_oneof![
        3 => Just(DrawnExits::Both),
        1 => Just(DrawnExits::Profit),
        1 => Just(DrawnExits::Loss),
        2 => (prop::bool::ANY, -3..=3_i64).prop_map(|(has_both, ticks)| DrawnExits::Limited(has_both, ticks)),
    ];
    let link = prop_oneof![
        4 => Just(DrawnLink::None),
        3 => (exits, 1..=8_i64, 1..=8_i64)
            .prop_map(|(exits, profit, loss)| DrawnLink::Bracket(exits, profit, loss)),
        2 => (1..=3_usize).prop_map(DrawnLink::Pair),
        1 => (1..=3_usize).prop_map(DrawnLink::Cancel),
        1 => (1..=3_usize, -6..=6_i64, -6..=11_i64)
            .prop_map(|(back, up, less)| DrawnLink::Replace(back, up, less)),
        1 => (1..=3_usize, change).prop_map(|(back, change)| DrawnLink::Change(back, change)),
    ];
    let who = (0..3_usize, 0..2_usize, 0..5_usize, spot);
    let what = (prop::bool::ANY, 1..=12_u64, -10..=10_i64, 1..=6_i64);
    (who, what, kind, tif, link).prop_map(|((owner, instrument, bar, spot), what, kind, tif, link)| {
        let (buys, quantity, offset, distance) = what;
        let side = if buys { Side::Buy } else { Side::Sell };
        Drawn { owner, instrument, bar, spot, side, quantity, offset, distance, kind, tif, link }
    })
}
