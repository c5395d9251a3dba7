//! The metrics of two runs, side by side.

use super::inputs::{Difference, Found};
use crate::analysis::Summary;
use crate::analysis::metrics::{Definition, Measure, Measures};
use crate::record::AccountSummary;

/// An account or a market of both runs, with its metrics.
#[derive(Debug, Clone)]
pub struct SubjectComparison {
    /// What: `account ema`, `market ACME at PIT`.
    pub name: String,
    /// What the manifests say of an account's end: what of it differs.
    pub results: Vec<Difference>,
    /// How many metrics are the same, those included that are defined for neither.
    pub same: usize,
    /// Those that differ, in the order of the lists.
    pub different: Vec<MeasureDifference>,
}

/// A metric that differs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeasureDifference {
    /// Which.
    pub definition: &'static Definition,
    /// Its values; none where it is not defined.
    pub values: [Option<f64>; 2],
}

impl MeasureDifference {
    /// Returns by how much the second is more than the first, where both are defined.
    #[must_use]
    pub fn difference(&self) -> Option<f64> {
        let [a, b] = self.values;
        Some(b? - a?).filter(|difference| difference.is_finite())
    }
}

/// The accounts and markets of two runs.
pub(super) struct Subjects {
    /// Those that both have.
    pub(super) both: Vec<SubjectComparison>,
    /// The names of those that only one has.
    pub(super) alone: [Vec<String>; 2],
}

/// Compares the accounts by owner, then the markets by venue and symbol.
pub(super) fn compare(summaries: &[Summary; 2]) -> Subjects {
    let [a, b] = summaries.each_ref().map(subjects);
    let mut both = Vec::new();
    let mut alone = [Vec::new(), Vec::new()];
    for subject in &a {
        match b.iter().find(|other| other.name == subject.name) {
            Some(other) => both.push(subject.beside(other)),
            None => alone[0].push(subject.name.clone()),
        }
    }
    let lacks = |name: &String| a.iter().all(|known| known.name != *name);
    alone[1].extend(b.iter().map(|subject| &subject.name).filter(|name| lacks(name)).cloned());
    Subjects { both, alone }
}

/// An account or a market of a run.
struct Subject<'a> {
    name: String,
    account: Option<&'a AccountSummary>,
    measures: &'a Measures,
}

fn subjects(summary: &Summary) -> Vec<Subject<'_>> {
    let accounts = summary.accounts.iter().map(|it| Subject {
        name: format!("account {}", it.account.owner),
        account: Some(&it.account),
        measures: &it.metrics,
    });
    let markets = summary.markets.iter().map(|it| Subject {
        name: format!("market {} at {}", it.symbol, it.venue),
        account: None,
        measures: &it.metrics,
    });
    accounts.chain(markets).collect()
}

impl Subject<'_> {
    fn beside(&self, other: &Self) -> SubjectComparison {
        let (a, b) = (self.measures, other.measures);
        let results = self.account.zip(other.account).map_or_else(Vec::new, |(a, b)| results(a, b));
        let mut subject =
            SubjectComparison { name: self.name.clone(), results, same: 0, different: Vec::new() };
        let only_second = b.iter().filter(|it| a.iter().all(|known| known.definition != it.definition));
        for Measure { definition, .. } in a.iter().chain(only_second) {
            let values = [a, b].map(|measures| measures.get(definition.key));
            if values[0].map(f64::to_bits) == values[1].map(f64::to_bits) {
                subject.same += 1;
            } else {
                subject.different.push(MeasureDifference { definition, values });
            }
        }
        subject
    }
}

/// Compares how an account ended, exactly.
fn results(a: &AccountSummary, b: &AccountSummary) -> Vec<Difference> {
    let mut found = Found(Vec::new());
    let both = [a, b];
    found.note("P&L", both.map(|it| it.profit.to_string()));
    found.note("final equity", both.map(|it| it.final_equity.to_string()));
    found.note("fees", both.map(|it| it.fees.to_string()));
    found.note("financing", both.map(|it| it.financing.to_string()));
    found.note("fills", both.map(|it| it.fills.to_string()));
    found.note("refused orders", both.map(|it| it.refused.to_string()));
    found.note("failure", both.map(|it| it.failure.clone().unwrap_or_default()));
    found.0
}
