//! What holds in any replay, whatever the orders: the file's bars come out as they are, its volume is printed
//! and no more, nothing trades outside of a bar, and nothing depends on what comes later.

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use bearpit_core::market::Fact;

use super::driver::{self, Run};
use super::histories::history;
use super::history::History;

const CASES: u32 = if cfg!(debug_assertions) { 200 } else { 3_000 };

/// Rules 1, 4, 12, 13 and 17: the bars come out as the file's rows; what is traded in each, by participants
/// or not, is its volume, at prices that it had; nothing is traded between them.
fn bars_are_the_files(history: &History, run: &Run) -> TestCaseResult {
    for (listing, file) in (0..).zip(&history.files) {
        let of_listing = |(_, fact): &&(i64, Fact)| fact.listing().is_some_and(|id| id.get() == listing);
        let facts: Vec<&(i64, Fact)> = run.facts.iter().filter(of_listing).collect();
        let bars = facts.iter().filter_map(|(_, fact)| match fact {
            Fact::BarReplayed { bar, .. } => Some(driver::bar(bar)),
            _ => None,
        });
        prop_assert_eq!(&bars.collect::<Vec<_>>(), &driver::as_read(file), "listing {}", listing);
        let trades = facts.iter().filter_map(|(at, fact)| match fact {
            Fact::Traded(trade) => Some((*at, trade.price, trade.quantity)),
            _ => None,
        });
        let trades: Vec<_> = trades.collect();
        for bar in driver::as_read(file) {
            let within = trades.iter().filter(|(at, ..)| (bar.start..bar.end).contains(at));
            let prices = bar.low..=bar.high;
            prop_assert!(
                within.clone().all(|(_, price, _)| prices.contains(&price.ticks())),
                "off {:?}",
                bar
            );
            let volume: u64 = within.map(|(.., quantity)| quantity.lots()).sum();
            // Positions that are closed at the end take none of the volume.
            let is_closing = history.rules.close_at_end && Some(bar.end) == file.last().map(|last| last.end);
            let printed = bar.volume.filter(|_| !is_closing).unwrap_or(volume);
            prop_assert_eq!(volume, printed, "in {:?}", bar);
        }
        let outside = trades.iter().filter(|(at, ..)| {
            !file.iter().any(|bar| (bar.start + history.rules.auction..bar.end).contains(at))
        });
        prop_assert_eq!(outside.count(), 0, "there is no price between bars");
    }
    Ok(())
}

/// Cuts a file after so many bars, at least one; returns when the last that is left closes.
fn cut(history: &mut History, file: usize, bars: usize) -> i64 {
    let file = &mut history.files[file];
    file.truncate(1 + bars % file.len());
    file.last().unwrap().end - 1
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    #[test]
    fn prop_the_bars_and_their_volume_are_the_files(history in history()) {
        bars_are_the_files(&history, &driver::run(&history))?;
    }

    #[test]
    fn prop_what_comes_later_changes_nothing_before(
        whole in history(),
        file in 0..2_usize,
        bars in 0..5_usize,
    ) {
        let mut history = whole.clone();
        let until = cut(&mut history, file, bars);
        // Whether a file knows volumes is decided for the whole of it.
        let knows_volumes = |history: &History| driver::as_read(&history.files[file])[0].volume.is_some();
        prop_assume!(knows_volumes(&whole) == knows_volumes(&history));
        let before = |run: Run| -> Vec<(i64, Fact)> {
            run.facts.into_iter().take_while(|(at, _)| *at < until).collect()
        };
        prop_assert_eq!(before(driver::run(&history)), before(driver::run(&whole)));
    }
}
