//! That the histories reach what they are for: every kind and time in force fills, every end comes about.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::histories::history;
use super::history::{Act, End, Fate, History, Kind, Link, Outcome, Part, Path, Rules, Tif};
use super::reference::outcome;

fn name(kind: Kind, tif: Tif) -> String {
    let kind = match kind {
        Kind::Market => "market",
        Kind::MarketToLimit => "market_to_limit",
        Kind::Limit(_) => "limit",
        Kind::Stop(_) => "stop",
        Kind::StopLimit { .. } => "stop_limit",
        Kind::Trailing(_) => "trailing",
        Kind::TrailingBps(_) => "trailing_bps",
        Kind::Pegged(_) => "pegged",
    };
    let tif = match tif {
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
    let mut reached = match fate.end {
        End::Open => vec!["open".to_owned()],
        End::Filled => vec![],
        End::Expired => vec!["expired".to_owned()],
        End::Canceled(reason) => vec![format!("canceled {reason}")],
        End::Rejected(reason) => vec![format!("rejected {reason}")],
        End::Refused(reason) => vec![format!("refused {reason}")],
    };
    let (is_only, is_limited) = match order.link {
        Link::Bracket { profit, loss } => {
            (profit.is_none() || loss.is_none(), loss.is_some_and(|loss| loss.limit.is_some()))
        }
        _ => (false, false),
    };
    if !fate.fills.is_empty() {
        reached.push(match fate.part {
            Part::Entry => name(order.kind, order.tif),
            Part::Profit if is_only => "take profit alone".to_owned(),
            Part::Profit => "take profit".to_owned(),
            Part::Loss if is_limited && is_only => "stop-limit loss alone".to_owned(),
            Part::Loss if is_limited => "stop-limit loss".to_owned(),
            Part::Loss if is_only => "stop loss alone".to_owned(),
            Part::Loss => "stop loss".to_owned(),
        });
    }
    if fate.fills.len() > 1 {
        reached.push("filled in parts".to_owned());
    }
    if fate.fills.iter().any(|fill| fill.clamped > 0) {
        reached.push("filled clamped".to_owned());
    }
    if !fate.fills.is_empty() && !history.finer[order.instrument].is_empty() {
        reached.push("filled on finer bars".to_owned());
    }
    if !fate.fills.is_empty() && fate.end == End::Canceled("insufficient_cash") {
        reached.push("cut to cash".to_owned());
    }
    reached
}

/// Says what would become of a history on another path.
fn with_path(history: &History, path: Path) -> Outcome {
    outcome(&History { rules: Rules { path, ..history.rules }, ..history.clone() }, None)
}

/// Everything that must come about, in at least three of the histories that a debug build goes through.
fn wanted() -> Vec<String> {
    let ends = [
        "canceled linked",
        "canceled requested",
        "canceled volume_exhausted",
        "canceled fok_unfillable",
        "canceled ioc_remainder",
        "canceled insufficient_cash",
        "canceled ruined",
        "ruined",
        "expired",
        "rejected no_more_data",
        "rejected no_quotes",
        "rejected expiry_passed",
        "rejected ruined",
        "refused ruined",
        "refused insufficient_cash",
        "refused insufficient_shares",
        "take profit",
        "stop loss",
        "stop-limit loss",
        "take profit alone",
        "stop loss alone",
        "stop-limit loss alone",
        "filled in parts",
        "filled clamped",
        "cut to cash",
        "passed over",
        "filled on finer bars",
    ];
    let kinds = [
        Kind::Market,
        Kind::MarketToLimit,
        Kind::Limit(0),
        Kind::Stop(0),
        Kind::StopLimit { trigger: 0, limit: 0 },
        Kind::Trailing(1),
        Kind::TrailingBps(1),
    ];
    let tifs = [Tif::Gtc, Tif::Day, Tif::Ioc, Tif::Fok, Tif::Gtd(0), Tif::AtOpen, Tif::AtClose];
    let agree = |kind: &Kind, tif: &Tif| {
        let is_plain = matches!(kind, Kind::Market | Kind::MarketToLimit | Kind::Limit(_));
        is_plain || !matches!(tif, Tif::AtOpen | Tif::AtClose)
    };
    let pairs = kinds.iter().flat_map(|kind| tifs.iter().map(move |tif| (*kind, *tif)));
    let fills = pairs.filter(|(kind, tif)| agree(kind, tif)).map(|(kind, tif)| name(kind, tif));
    ends.into_iter().map(str::to_owned).chain(fills).collect()
}

#[test]
fn every_kind_time_in_force_and_end_comes_about() {
    let mut runner = TestRunner::deterministic();
    let strategy = history();
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..super::HISTORIES.max(1_000) {
        let history = strategy.new_tree(&mut runner).unwrap().current();
        let outcome = outcome(&history, None);
        if history.rules.path == Path::Worst && outcome != with_path(&history, Path::Nearer) {
            *counts.entry("passed over".to_owned()).or_default() += 1;
        }
        *counts.entry("ruined".to_owned()).or_default() +=
            outcome.ruined.iter().flatten().fold(0, |sum, _| sum + 1);
        for fate in outcome.fates {
            for reached in reached(&history, &fate) {
                *counts.entry(reached).or_default() += 1;
            }
        }
    }
    let rare = |name: &String| counts.get(name).is_none_or(|count| *count < 3);
    let missing: Vec<String> = wanted().into_iter().filter(rare).collect();
    assert!(missing.is_empty(), "{missing:?} of {counts:#?}");
}
