//! What holds for every history: the market does what the rules say, publishes what the files have, and does
//! not know what comes later.

use bearpit_core::market::{Fact, Quote as MarketQuote};
use proptest::prelude::*;

use super::histories::history;
use super::history::*;
use super::{driver, reference};

/// Makes one of the two ways in which a link with an order that is over fails: by the gate or by the venue,
/// whichever knows first; at one instant, which it is is nobody's promise.
pub(crate) fn agreed(history: &History, mut fates: Vec<Fate>) -> Vec<Fate> {
    for fate in &mut fates {
        let is_linked =
            matches!(history.sent[fate.number].act, Act::Submit(Order { link: Link::Pair(_), .. }));
        if is_linked && matches!(fate.end, End::Refused | End::Rejected(_)) {
            fate.end = End::Refused;
        }
    }
    fates
}

/// The prints of the file that a market published: when, price, quantity.
fn prints(facts: &driver::Facts) -> Vec<(i64, i64, u64)> {
    let print = |(at, fact): &(i64, Fact)| match fact {
        Fact::Traded(trade) if trade.maker == trade.taker => {
            Some((*at, trade.price.ticks(), trade.quantity.lots()))
        }
        _ => None,
    };
    facts.iter().filter_map(print).collect()
}

/// The quotes that a market published.
fn quotes(facts: &driver::Facts) -> Vec<(i64, MarketQuote)> {
    let quote = |(at, fact): &(i64, Fact)| match fact {
        Fact::TouchChanged { quote, .. } => Some((*at, *quote)),
        _ => None,
    };
    facts.iter().filter_map(quote).collect()
}

fn facts_before(facts: &driver::Facts, time: i64) -> Vec<String> {
    facts.iter().filter(|(at, _)| *at < time).map(|fact| format!("{fact:?}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(super::HISTORIES)
    })]

    #[test]
    fn prop_a_history_comes_out_as_the_rules_say(history in history()) {
        let market = agreed(&history, driver::run(&history).fates);
        prop_assert_eq!(market, agreed(&history, reference::fates(&history, None)));
    }

    #[test]
    fn prop_what_is_published_is_the_files(history in history()) {
        let facts = driver::run(&history).facts;
        let sized = history.rules.sized;
        let trades = history.trades.iter().filter(|row| row.at >= history.start);
        let trades: Vec<_> =
            trades.map(|row| (row.at, row.price, if sized { row.quantity } else { 0 })).collect();
        prop_assert_eq!(prints(&facts), trades);

        let config = driver::config(&history);
        let mut last = MarketQuote::default();
        let mut expected = Vec::new();
        let nanos = |row: &bearpit_core::replay::QuoteTick| (row.time() - driver::time(0)).nanos();
        let early = config.quotes.iter().rev().find(|row| nanos(row) < history.start);
        let rows = config.quotes.iter().filter(|row| nanos(row) >= history.start);
        for (at, quote) in
            early.map(|row| (history.start, row.quote())).into_iter().chain(rows.map(|row| (nanos(row), row.quote())))
        {
            if quote != last {
                expected.push((at, quote));
                last = quote;
            }
        }
        if last != MarketQuote::default() {
            let end = history.trades.iter().map(|row| row.at).chain(history.quotes.iter().map(|row| row.at)).max();
            expected.push((end.unwrap(), MarketQuote::default()));
        }
        prop_assert_eq!(quotes(&facts), expected);
    }

    #[test]
    fn prop_what_comes_later_changes_nothing_before(history in history(), keep in 1..14_usize) {
        let mut cut = history.clone();
        // That a row is the last of its day for market orders is known from the next such row on.
        let of_market: Vec<i64> = if history.quotes.is_empty() {
            history.trades.iter().map(|row| row.at).collect()
        } else {
            history.quotes.iter().map(|row| row.at).collect()
        };
        let last = of_market[keep.min(of_market.len() - 1)].max(history.start);
        cut.trades.retain(|row| row.at <= last);
        cut.quotes.retain(|row| row.at <= last);
        // What files have, and what they know, is decided for the whole of them.
        prop_assume!(cut.trades.is_empty() == history.trades.is_empty());
        prop_assume!(cut.quotes.is_empty() == history.quotes.is_empty());
        let [whole, part] = [&history, &cut].map(|it| facts_before(&driver::run(it).facts, last));
        prop_assert_eq!(whole, part);
    }
}
