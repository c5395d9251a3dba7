//! Random histories, small enough to read: two files of a few bars, up to three owners, a dozen orders.
//!
//! Everything is drawn as small numbers and put together afterwards, so that a failing history shrinks to
//! few orders, small moves and no costs.

mod drawn;
mod files;
mod put_together;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::history::*;

/// More than any history can spend.
const PLENTY: u64 = 1_000_000;

fn rules() -> impl Strategy<Value = Rules> {
    let slippage = prop_oneof![
        3 => (0..=3_i64).prop_map(Slippage::Ticks),
        1 => select(vec![1, 50, 120]).prop_map(Slippage::Bps),
        1 => (1..=3_i64).prop_map(Slippage::Impact),
    ];
    let path = prop_oneof![2 => Just(Path::Nearer), 1 => Just(Path::Farther), 2 => Just(Path::Worst)];
    let fees = select(vec![[0; 3], [-3_007, 25_013, 10_009], [100_003, 0, 50_021]]);
    let limits = (select(vec![8_u64, 4, 2, 1]), prop::bool::weighted(0.25), prop::bool::weighted(0.3));
    (0..=2_i64, slippage, limits, path, fees, prop::bool::weighted(0.2)).prop_map(
        |(half_spread, slippage, (participation, through, cancels), path, fees, close_at_end)| Rules {
            auction: SECOND,
            half_spread,
            slippage,
            participation,
            through,
            path,
            on_short_cash: if cancels { Short::Cancel } else { Short::Cut },
            close_at_end,
            fees,
        },
    )
}

/// An owner has plenty of everything, or little; little without latency of reports, since the gate's view of
/// an order that ended without a trade follows its report.
fn owner() -> impl Strategy<Value = Owner> {
    let entry = select(vec![0, 0, 2 * SECOND]);
    let plenty = (entry.clone(), select(vec![0, 3 * SECOND])).prop_map(|(entry, report)| Owner {
        cash: i128::from(PLENTY) * 1_000 * TICK_LOT,
        shares: vec![PLENTY; 2],
        max_short: PLENTY,
        entry,
        report,
        on_ruin: OnRuin::Nothing,
    });
    let little =
        (entry, 0..=6_000_i64, vec(0..=20_u64, 2), 0..=6_u64).prop_map(|(entry, cash, shares, short)| {
            Owner {
                cash: i128::from(cash) * TICK_LOT,
                shares,
                max_short: short,
                entry,
                report: 0,
                on_ruin: OnRuin::Liquidate,
            }
        });
    prop_oneof![1 => plenty, 1 => little, 1 => exposed()]
}

/// An owner who owes most of what it holds, or may sell more short than it can pay back.
fn exposed() -> impl Strategy<Value = Owner> {
    let entry = select(vec![0, 1_200 * SECOND, 1_200 * SECOND]);
    (entry, 150..=205_i64, 0..=400_i64, vec(1..=20_u64, 2), 0..=40_u64).prop_map(
        |(entry, debt, cash, shares, max_short)| {
            let lots: u64 = shares.iter().sum();
            let cash = i128::from(cash) - i128::from(debt) * i128::from(lots);
            Owner { cash: cash * TICK_LOT, shares, max_short, entry, report: 0, on_ruin: OnRuin::Liquidate }
        },
    )
}

/// All histories.
pub(crate) fn history() -> impl Strategy<Value = History> {
    (files::files(), rules(), vec(owner(), 1..=3), vec(drawn::sending(), 1..=12)).prop_map(
        |([files, finer], rules, owners, drawn)| {
            let mut history = History { files, finer, rules, owners, sent: Vec::new() };
            history.sent = put_together::sent(&history, &drawn);
            history
        },
    )
}
