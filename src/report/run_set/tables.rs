//! The tables of several runs: all runs of an account, and the markets.

use super::html::gain;
use super::overview::spans_long;
use crate::analysis::{AccountOutline, MarketOutline, RunOutline, RunSet, Spread};
use crate::report::page::{CardTable, PageBuilder, put};
use crate::report::text::{count_text, escape, number, number_or_dash, percent};

/// How many runs are listed at most: half of them the best, half the worst.
const LISTED_MAX: usize = 200;

const COLUMNS: [&str; 9] = [
    "run",
    "digest",
    "P&amp;L",
    "return",
    "max drawdown",
    "Sharpe ratio, annualised",
    "fees",
    "fills",
    "turnover",
];

const RUNS: CardTable<'_> = CardTable { columns: &COLUMNS, class: "" };

/// The table of markets.
const MARKETS: CardTable<'_> = CardTable {
    columns: &[
        "market",
        "runs",
        "volume",
        "mean spread, bps",
        "mean size at the touch",
        "volatility, annualised",
    ],
    class: "",
};

/// Lists the runs of an account, best first.
pub(super) fn runs(page: &mut PageBuilder, several: &RunSet, owner: &str) {
    let is_long = several.batches.iter().all(spans_long);
    let mut runs: Vec<(String, &RunOutline, &AccountOutline)> = Vec::new();
    for batch in &several.batches {
        let label = |run: &RunOutline| match several.batches.len() {
            1 => format!("seed {}", run.seed),
            _ => format!("{} <small>seed {}</small>", escape(&batch.label), run.seed),
        };
        runs.extend(batch.account(owner).map(|(run, account)| (label(run), run, account)));
    }
    runs.sort_by(|(.., a), (.., b)| b.profit.total_cmp(&a.profit));
    let total = runs.len();
    put!(page, "<h3>Runs of {}, by P&amp;L</h3>", escape(owner));
    RUNS.begin(page);
    RUNS.begin_body(page, None);
    for (place, (label, run, account)) in runs.iter().enumerate() {
        if total <= LISTED_MAX || place < LISTED_MAX / 2 || place >= total - LISTED_MAX / 2 {
            let failed = if account.failed { " <span class=\"loss\">failed</span>" } else { "" };
            RUNS.row(page, &format!("{label}{failed}"), &cells(run, account, is_long));
        } else if place == LISTED_MAX / 2 {
            let (best, worst) = (account.profit, runs[total - LISTED_MAX / 2 - 1].2.profit);
            put!(
                page,
                "<tr><th class=\"group\" colspan=\"{}\">… {} more runs, with P&amp;L from {} down to {}</th></tr>",
                COLUMNS.len(),
                count_text((total - LISTED_MAX) as u64),
                number(best, 2),
                number(worst, 2)
            );
        }
    }
    RUNS.end_body(page);
    RUNS.end(page);
}

fn cells(run: &RunOutline, account: &AccountOutline, is_long: bool) -> [String; 8] {
    let digest = escape(&run.digest);
    let short: String = digest.chars().take(12).collect();
    [
        format!("<code title=\"{digest}\">{short}…</code>"),
        gain(account.profit),
        percent(account.total_return, 2),
        number_or_dash(account.max_drawdown, 2),
        number_or_dash(account.sharpe.filter(|_| is_long), 2),
        number(account.fees, 2),
        count_text(account.fills),
        number_or_dash(account.turnover, 0),
    ]
}

/// Writes the markets, as means over the runs.
pub(super) fn markets(page: &mut PageBuilder, several: &RunSet) {
    put!(page, "<section><h2>Markets over all runs</h2>");
    let mut titles: Vec<&str> = Vec::new();
    for market in several.runs().flat_map(|run| &run.markets) {
        if !titles.contains(&market.title.as_str()) {
            titles.push(&market.title);
        }
    }
    if titles.is_empty() {
        put!(page, "<p class=\"none\">Nothing was quoted or traded in any run.</p></section>");
        return;
    }
    MARKETS.begin(page);
    MARKETS.begin_body(page, None);
    for title in titles {
        for batch in &several.batches {
            let markets =
                batch.runs.iter().flat_map(|run| &run.markets).filter(|market| market.title == title);
            let markets: Vec<&MarketOutline> = markets.collect();
            if markets.is_empty() {
                continue;
            }
            let label = if several.batches.len() > 1 { escape(&batch.label) } else { String::new() };
            MARKETS.row(page, &format!("{} <small>{label}</small>", escape(title)), &means(&markets));
        }
    }
    MARKETS.end_body(page);
    MARKETS.end(page);
    put!(page, "<p class=\"note\">Means over the runs in which the value is defined.</p></section>");
}

fn means(markets: &[&MarketOutline]) -> [String; 5] {
    let mean = |of: fn(&MarketOutline) -> Option<f64>| {
        Spread::of(markets.iter().filter_map(|market| of(market))).map(|spread| spread.mean)
    };
    [
        count_text(markets.len() as u64),
        number_or_dash(mean(|market| market.volume), 0),
        number_or_dash(mean(|market| market.spread_bps), 2),
        number_or_dash(mean(|market| market.depth), 0),
        percent(mean(|market| market.volatility), 1),
    ]
}
