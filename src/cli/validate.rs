//! `bearpit validate`: the stylized facts of markets, beside what real ones show.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::ValidateArguments;
use super::console::{new_table, print, print_diagnostics, print_error, report_page_error};
use super::exit::Failure;
use super::number_text::thousands;
use crate::analysis::{
    ListingData, RecordedFacts, RunData, StylizedFact, StylizedFactKind, StylizedFacts, Verdict,
};
use crate::record::{OpenError, StoredRun};
use crate::run::{ReportFileError, find_runs};
use crate::scenario::OrderFlow;

/// A market with its facts, and an interval for each of them if it is to be printed.
struct Validated {
    title: String,
    facts: StylizedFacts,
    intervals: Vec<Option<[f64; 2]>>,
}

impl Validated {
    fn new(title: String, mut facts: StylizedFacts, wants_intervals: bool) -> Self {
        let interval = |kind| if wants_intervals { facts.interval(kind) } else { None };
        let intervals = StylizedFactKind::ALL.map(interval).to_vec();
        // Of many markets only what is printed is kept.
        facts.forget_observations();
        Self { title, facts, intervals }
    }

    fn has(&self, kind: StylizedFactKind) -> bool {
        self.facts.verdict(kind) == Some(Verdict::Seen)
    }

    fn passed(&self) -> usize {
        StylizedFactKind::ALL.into_iter().filter(|kind| self.has(*kind)).count()
    }
}

/// Prints the facts of the markets of runs, or of recorded order flow.
///
/// # Errors
/// [`Failure::Input`] if nothing can be read; [`Failure::Run`] if a run cannot be read, or if fewer markets
/// than `--in` show as many facts as `--at-least` says.
pub(super) fn run(arguments: &ValidateArguments) -> Result<(), Failure> {
    let markets = match arguments.lobster.as_deref() {
        Some([messages, book]) => vec![recorded(messages, book)?],
        _ => of_runs(&arguments.runs, arguments.json)?,
    };
    let needed = arguments.markets.map_or(markets.len(), usize::from);
    if needed > markets.len() {
        let all = markets.len();
        print_error(&format!("error: --in asks for {needed} markets, but there are only {all}"));
        return Err(Failure::Input);
    }
    let wanted = arguments.at_least.map(usize::from);
    let reached =
        markets.iter().filter(|market| wanted.is_none_or(|wanted| market.passed() >= wanted)).count();
    let text = if arguments.json {
        json!({ "markets": markets.iter().map(outcome).collect::<Value>() }).to_string()
    } else {
        describe(&markets)
    };
    print(&text)?;
    match wanted {
        Some(wanted) if reached < needed => {
            let all = markets.len();
            let facts = StylizedFactKind::ALL.len();
            print_error(&format!(
                "error: {reached} of {all} markets show {wanted} of {facts} facts or more; {needed} should"
            ));
            Err(Failure::Run)
        }
        _ => Ok(()),
    }
}

fn of_runs(paths: &[PathBuf], json: bool) -> Result<Vec<Validated>, Failure> {
    let runs = find_runs(paths);
    let mut markets = Vec::new();
    for directory in &runs {
        match read(directory, json || runs.len() == 1) {
            Ok(found) => markets.extend(found),
            Err(error) => {
                report_page_error(&ReportFileError::Open(error));
                return Err(Failure::Run);
            }
        }
    }
    if runs.is_empty() {
        report_page_error(&ReportFileError::NoRuns);
        return Err(Failure::Run);
    }
    if markets.is_empty() {
        print_error(
            "error: nothing was quoted or traded in these runs, or quotes and trades were not recorded",
        );
        return Err(Failure::Run);
    }
    Ok(markets)
}

fn read(directory: &Path, wants_intervals: bool) -> Result<Vec<Validated>, OpenError> {
    let data = RunData::read(&StoredRun::open(directory)?)?;
    let (scenario, seed) = (&data.manifest.scenario, data.manifest.seed);
    let market = |listing: ListingData| {
        let title = format!("{scenario} (seed {seed}), {}", listing.title());
        Validated::new(title, listing.stylized, wants_intervals)
    };
    Ok(data.listings.into_iter().map(market).collect())
}

fn recorded(messages: &Path, book: &Path) -> Result<Validated, Failure> {
    let flow = OrderFlow::load(messages, book, None).map_err(|diagnostics| {
        print_diagnostics(&diagnostics);
        Failure::Input
    })?;
    let ends = flow.messages().first().zip(flow.messages().last());
    let Some((first, last)) = ends else { return Err(Failure::Input) };
    let mut facts = RecordedFacts::new(first.since_midnight, last.since_midnight);
    for (message, row) in flow.messages().iter().zip(flow.rows()) {
        facts.observe(message, &row);
    }
    Ok(Validated::new(messages.display().to_string(), facts.finish(), true))
}

fn describe(markets: &[Validated]) -> String {
    match markets {
        [market] => format!("{}\n\n{}\n\n{}", heading(market), single(market), summary(market)),
        _ => {
            let lines: Vec<String> = markets.iter().map(summary).collect();
            format!("{}\n\n{}", several(markets), lines.join("\n"))
        }
    }
}

fn heading(market: &Validated) -> String {
    let Validated { title, facts, .. } = market;
    format!("{title}: {} returns over {}", thousands(facts.returns as u64), facts.interval)
}

fn summary(market: &Validated) -> String {
    let names: Vec<&str> = StylizedFactKind::ALL
        .into_iter()
        .filter(|kind| market.has(*kind))
        .map(StylizedFactKind::name)
        .collect();
    let (passed, all) = (names.len(), StylizedFactKind::ALL.len());
    let which = if names.is_empty() { String::new() } else { format!(": {}", names.join("; ")) };
    format!("{} shows {passed} of {all}{which}", market.title)
}

/// A table of the facts of one market.
fn single(market: &Validated) -> String {
    let mut table = new_table(&["fact", "measured", "value", "95 %", "real markets", "verdict"], 6);
    for (fact, interval) in market.facts.facts.iter().zip(&market.intervals) {
        let kind = fact.fact;
        let first = fact.statistics.first();
        let value = first.map_or_else(|| "-".to_owned(), |first| decimal_text(first.value));
        let interval = interval.map_or_else(|| "-".to_owned(), range_text);
        let verdict = match fact.verdict {
            Verdict::Seen => "seen".to_owned(),
            Verdict::NotSeen => "not seen".to_owned(),
            Verdict::CannotTell(why) => format!("undetermined: {why}"),
        };
        let real = range_text(kind.band());
        table.add_row([kind.name(), kind.measured(), &value, &interval, &real, &verdict]);
    }
    table.to_string()
}

/// A table of how many of several markets show each fact, with the middle of their values.
fn several(markets: &[Validated]) -> String {
    let mut table =
        new_table(&["fact", "measured", "median", "real markets", "seen", "not seen", "undetermined"], 4);
    for (place, kind) in StylizedFactKind::ALL.into_iter().enumerate() {
        let facts = || markets.iter().filter_map(|market| market.facts.facts.get(place));
        let values = facts().filter_map(|fact| fact.statistics.first()).map(|first| first.value);
        let median = median(values.collect()).map_or_else(|| "-".to_owned(), decimal_text);
        let seen = facts().filter(|fact| fact.verdict == Verdict::Seen).count();
        let not = facts().filter(|fact| fact.verdict == Verdict::NotSeen).count();
        let open = markets.len() - seen - not;
        let [seen, not, open] = [seen, not, open].map(|count| count.to_string());
        let real = range_text(kind.band());
        table.add_row([kind.name(), kind.measured(), &median, &real, &seen, &not, &open]);
    }
    table.to_string()
}

/// Formats a statistic with three decimals, or two where it is not small.
fn decimal_text(value: f64) -> String {
    if value.abs() < 0.1 { format!("{value:.3}") } else { format!("{value:.2}") }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get((values.len() - 1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

fn range_text([low, high]: [f64; 2]) -> String {
    if high.is_infinite() {
        return format!("above {}", decimal_text(low));
    }
    format!("{} to {}", decimal_text(low), decimal_text(high))
}

/// Returns the facts of a market as JSON.
fn outcome(market: &Validated) -> Value {
    let fact = |(fact, interval): (&StylizedFact, &Option<[f64; 2]>)| {
        let kind = fact.fact;
        let first = fact.statistics.first();
        let (verdict, reason) = match fact.verdict {
            Verdict::Seen => ("seen", None),
            Verdict::NotSeen => ("not seen", None),
            Verdict::CannotTell(why) => ("undetermined", Some(why)),
        };
        let band = kind.band().map(|end| end.is_finite().then_some(end));
        json!({
            "fact": kind.name(), "measured": kind.measured(), "value": first.map(|first| first.value),
            "interval": interval, "real_markets": band,
            "rule": kind.rule(), "sample": fact.sample, "counted": kind.counted(),
            "verdict": verdict, "reason": reason,
        })
    };
    json!({
        "market": market.title, "seen": market.passed(), "returns": market.facts.returns,
        "interval_ns": market.facts.interval.nanos(),
        "facts": market.facts.facts.iter().zip(&market.intervals).map(fact).collect::<Value>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_in_the_middle() {
        assert_eq!((median(vec![]), median(vec![3.0])), (None, Some(3.0)));
        assert_eq!((median(vec![4.0, 1.0]), median(vec![9.0, 1.0, 2.0])), (Some(2.5), Some(2.0)));
    }
}
