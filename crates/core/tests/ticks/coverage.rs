//! That the histories reach what they are for: every kind and time in force fills, every end comes about, by
//! trades and by quotes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::histories::history;
use super::history::*;
use super::reference::fates;

fn name(order: &Order) -> String {
    let kind = match order.kind {
        Kind::Market => "market",
        Kind::MarketToLimit => "market_to_limit",
        Kind::Limit(_) => "limit",
        Kind::Stop(_) => "stop",
        Kind::StopLimit { .. } => "stop_limit",
        Kind::Trailing(_) => "trailing",
    };
    let tif = match order.tif {
        Tif::Gtc => "gtc",
        Tif::Day => "day",
        Tif::Ioc => "ioc",
        Tif::Fok => "fok",
        Tif::Gtd(_) => "gtd",
        Tif::AtOpen => "at_open",
        Tif::AtClose => "at_close",
    };
    format!("{kind} {tif}")
}

/// Returns what an order of a history stands for.
fn reached(history: &History, fate: &Fate) -> Vec<String> {
    let Act::Submit(order) = history.sent[fate.number].act else { return Vec::new() };
    let files = match (history.trades.is_empty(), history.quotes.is_empty()) {
        (false, false) => "both",
        (false, true) => "trades",
        _ => "quotes",
    };
    let mut reached = match fate.end {
        End::Refused | End::Filled => vec![],
        End::Expired => vec![format!("{files}: expired")],
        End::Canceled(reason) => vec![format!("{files}: {reason}")],
        End::Rejected(reason) => vec![format!("rejected {reason}")],
    };
    if !fate.fills.is_empty() {
        reached.push(match fate.part {
            Part::Entry => format!("{files}: {}", name(&order)),
            Part::Profit => format!("{files}: take profit"),
            Part::Loss => format!("{files}: stop loss"),
        });
    }
    for fill in &fate.fills {
        reached.push(format!("{files}: {}", if fill.is_maker { "maker" } else { "taker" }));
    }
    if fate.fills.len() > 1 {
        reached.push(format!("{files}: filled in parts"));
    }
    reached
}

#[test]
fn the_histories_reach_everything() {
    let mut runner = TestRunner::deterministic();
    let strategy = history();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..20_000 {
        let history = strategy.new_tree(&mut runner).unwrap().current();
        for fate in fates(&history, None) {
            for what in reached(&history, &fate) {
                *counts.entry(what).or_default() += 1;
            }
        }
    }
    let mut missing = Vec::new();
    let mut need = |what: String| {
        if counts.get(&what).is_none_or(|count| *count < 3) {
            missing.push(what);
        }
    };
    for files in ["trades", "quotes", "both"] {
        for kind in ["market", "market_to_limit", "limit", "stop", "stop_limit", "trailing"] {
            for tif in ["gtc", "day", "ioc", "fok", "gtd"] {
                need(format!("{files}: {kind} {tif}"));
            }
        }
        for kind in ["market", "market_to_limit", "limit"] {
            for tif in ["at_open", "at_close"] {
                need(format!("{files}: {kind} {tif}"));
            }
        }
        for other in [
            "take profit",
            "stop loss",
            "maker",
            "taker",
            "filled in parts",
            "expired",
            "requested",
            "linked",
            "replaced_to_filled",
            "volume_exhausted",
            "fok_unfillable",
            "ioc_remainder",
        ] {
            need(format!("{files}: {other}"));
        }
    }
    need("rejected no_more_data".to_owned());
    need("rejected expiry_passed".to_owned());
    assert_eq!(missing, Vec::<String>::new(), "reached too seldom");
}
