//! The table of an account's deepest drawdowns.

use crate::analysis::metrics::{Drawdown, Sample, drawdowns};
use crate::report::page::{PageBuilder, put};
use crate::report::text::{count_text, duration_text, percent, time_text};
use bearpit_core::units::{SimDuration, SimTime};

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
    put!(page, "<div class=\"scroll\"><table class=\"trips\"><thead><tr><th>depth</th><th>began</th>");
    put!(page, "<th>deepest</th><th>recovered</th><th>lasted</th></tr></thead><tbody>");
    found.sort_by(|a, b| a.depth.total_cmp(&b.depth));
    found.iter().take(LISTED).for_each(|drawdown| row(page, drawdown, &sample.ends, period));
    put!(page, "</tbody></table></div>");
}

fn row(page: &mut PageBuilder, drawdown: &Drawdown, ends: &[i64], period: SimDuration) {
    let end_of = |index: usize| ends.get(index).copied();
    let began = end_of(drawdown.start).map(|end| end.saturating_sub(period.nanos()));
    let deepest = end_of(drawdown.valley);
    let recovered = end_of(drawdown.end + 1).filter(|_| drawdown.recovered);
    let last = recovered.or(end_of(drawdown.end));
    let time = |at: Option<i64>, none: &str| {
        at.map_or_else(|| none.to_owned(), |at| time_text(&SimTime::from_nanos(at).to_string()))
    };
    let lasted = last.zip(began).map_or_else(String::new, |(last, began)| duration_text(last - began));
    put!(
        page,
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{lasted}</td></tr>",
        percent(Some(drawdown.depth), 2),
        time(began, ""),
        time(deepest, ""),
        time(recovered, "not yet"),
    );
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
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("<tr><td>")).collect();
        assert_eq!(
            rows,
            [
                "<tr><td>−19.00 %</td><td>1970-01-01 00:04:00</td><td>1970-01-01 00:06:00</td><td>not yet</td><td>3 min</td></tr>",
                "<tr><td>−2.00 %</td><td>1970-01-01 00:01:00</td><td>1970-01-01 00:02:00</td><td>1970-01-01 00:03:00</td><td>2 min</td></tr>",
            ]
        );
    }

    #[test]
    fn without_any_a_sentence_says_so_and_without_returns_nothing() {
        assert!(page(&[0.0, 0.01]).contains("None: equity"));
        assert_eq!(page(&[]), "");
        let many = page(&[0.1, -0.01, 0.1, -0.02, 0.1, -0.03, 0.1, -0.04, 0.1, -0.05, 0.1, -0.06, 0.1]);
        assert_eq!(many.matches("<tr><td>").count(), LISTED);
    }
}
