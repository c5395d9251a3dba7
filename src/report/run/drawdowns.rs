//! The table of an account's deepest drawdowns.

use crate::analysis::metrics::{Drawdown, Sample, drawdowns};
use crate::report::page::{CardTable, PageBuilder, put};
use crate::report::text::{count_text, duration_text, end_text, moment_text, percent};
use bearpit_core::units::SimDuration;

/// How many drawdowns are listed.
const LISTED: usize = 5;

/// Writes the table of the deepest drawdowns; nothing if there are no returns.
pub(super) fn table(page: &mut PageBuilder, sample: &Sample, period: SimDuration) {
    if sample.returns.is_empty() {
        return;
    }
    let mut found = drawdowns(&sample.returns);
    put!(page, "<h3>Deepest drawdowns</h3>");
    if found.is_empty() {
        put!(page, "<p class=\"none\">None: equity was never below its peak at the end of a period.</p>");
        return;
    }
    put!(
        page,
        "<p class=\"note\">The deepest of {}, by equity at the ends of periods of {}. A drawdown lasts from the peak to the first period \
         end at which equity is as high again.</p>",
        count_text(found.len() as u64),
        duration_text(period.nanos()),
    );
    TABLE.begin(page);
    TABLE.begin_body(page, None);
    found.sort_by(|a, b| a.depth.total_cmp(&b.depth));
    found.iter().take(LISTED).for_each(|drawdown| row(page, drawdown, &sample.ends, period));
    TABLE.end_body(page);
    TABLE.end(page);
}

const TABLE: CardTable<'_> =
    CardTable { columns: &["depth", "began", "deepest", "recovered", "lasted"], class: "list" };

fn row(page: &mut PageBuilder, drawdown: &Drawdown, ends: &[i64], period: SimDuration) {
    let end_of = |index: usize| ends.get(index).copied();
    let began = end_of(drawdown.start).map(|end| end.saturating_sub(period.nanos()));
    let deepest = end_of(drawdown.valley);
    let recovered = end_of(drawdown.end + 1).filter(|_| drawdown.recovered);
    let last = recovered.or(end_of(drawdown.end));
    let time = |at: Option<i64>, none: &str| at.map_or_else(|| none.to_owned(), |at| end_text(at, period));
    let start = began.map_or_else(String::new, |at| moment_text(at, period));
    let lasted = last.zip(began).map_or_else(String::new, |(last, began)| duration_text(last - began));
    let cells = [start, time(deepest, ""), time(recovered, "not yet"), lasted];
    TABLE.row(page, &percent(Some(drawdown.depth), 2), &cells);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(returns: &[f64]) -> String {
        const MINUTE: i64 = 60_000_000_000;
        let mut page = PageBuilder::default();
        let ends = (1..).map(|minute| minute * MINUTE).take(returns.len()).collect();
        let sample = Sample { returns: returns.to_vec(), ends, ..Sample::default() };
        table(&mut page, &sample, SimDuration::from_nanos(MINUTE));
        page.finish().0
    }

    #[test]
    fn the_deepest_stands_first_and_says_when_it_was_over() {
        let page = page(&[0.01, -0.02, 0.05, 0.0, -0.1, -0.1, 0.05]);
        assert!(page.contains("The deepest of 2, by equity at the ends of periods of 1 min"), "{page}");
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("<tr><th>−")).collect();
        assert_eq!(
            rows,
            [
                "<tr><th>−19.00 %</th><td data-name=\"began\">1970-01-01 00:04:00</td><td data-name=\"deepest\">1970-01-01 00:06:00</td><td data-name=\"recovered\">not yet</td><td data-name=\"lasted\">3 min</td></tr>",
                "<tr><th>−2.00 %</th><td data-name=\"began\">1970-01-01 00:01:00</td><td data-name=\"deepest\">1970-01-01 00:02:00</td><td data-name=\"recovered\">1970-01-01 00:03:00</td><td data-name=\"lasted\">2 min</td></tr>",
            ]
        );
    }

    #[test]
    fn without_any_a_sentence_says_so_and_without_returns_nothing() {
        assert!(page(&[0.0, 0.01]).contains("None: equity"));
        assert_eq!(page(&[]), "");
        let many = page(&[0.1, -0.01, 0.1, -0.02, 0.1, -0.03, 0.1, -0.04, 0.1, -0.05, 0.1, -0.06, 0.1]);
        assert_eq!(many.matches("<tr><th>−").count(), LISTED);
    }

    #[test]
    fn a_day_is_that_of_its_bar_and_not_the_midnight_after_it() {
        const DAY: i64 = 86_400_000_000_000;
        let mut page = PageBuilder::default();
        let ends = (1..=3).map(|day| day * DAY).collect();
        let sample = Sample { returns: vec![0.1, -0.1, 0.2], ends, ..Sample::default() };
        table(&mut page, &sample, SimDuration::from_nanos(DAY));
        let row = "<td data-name=\"began\">1970-01-02</td><td data-name=\"deepest\">1970-01-02</td><td \
                   data-name=\"recovered\">1970-01-03</td>";
        assert!(page.finish().0.contains(row));
    }
}
