//! The metrics of two runs, side by side.

use crate::analysis::Summary;
use crate::analysis::metrics::{Definition, Measure, Measures};

/// An account or a market of both runs, with its metrics.
#[derive(Debug, Clone)]
pub struct SubjectComparison {
    /// What: `account ema`, `market ACME at PIT`.
    pub name: String,
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

/// Compares the accounts by owner, then the markets by venue and symbol; returns those that both have, and the names
/// of those that only one has.
pub(super) fn compare(summaries: &[Summary; 2]) -> (Vec<SubjectComparison>, [Vec<String>; 2]) {
    let [a, b] = summaries.each_ref().map(subjects);
    let mut both = Vec::new();
    let mut alone = [Vec::new(), Vec::new()];
    for (name, measures) in &a {
        match b.iter().find(|(other, _)| other == name) {
            Some((_, others)) => both.push(subject(name, measures, others)),
            None => alone[0].push(name.clone()),
        }
    }
    let lacks = |name: &String| a.iter().all(|(known, _)| known != name);
    alone[1].extend(b.iter().map(|(name, _)| name).filter(|name| lacks(name)).cloned());
    (both, alone)
}

fn subjects(summary: &Summary) -> Vec<(String, &Measures)> {
    let accounts = summary.accounts.iter().map(|it| (format!("account {}", it.account.owner), &it.metrics));
    let markets =
        summary.markets.iter().map(|it| (format!("market {} at {}", it.symbol, it.venue), &it.metrics));
    accounts.chain(markets).collect()
}

fn subject(name: &str, a: &Measures, b: &Measures) -> SubjectComparison {
    let mut subject = SubjectComparison { name: name.to_owned(), same: 0, different: Vec::new() };
    let only_second = b.iter().filter(|other| a.iter().all(|measure| measure.definition != other.definition));
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
