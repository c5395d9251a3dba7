//! The stylized facts of a market: autocorrelation, density, and a table with a verdict on each fact.

use crate::analysis::{ListingData, Margin, Statistic, StylizedFact, StylizedFacts, Verdict};
use crate::report::figures::{Chart, Color, Series, SeriesStyle};
use crate::report::page::{PageBuilder, ReportError, put};
use crate::report::text::{NONE, count_text, decimals_for, duration_text, escape, number};

/// Writes the stylized facts of a listing.
pub(super) fn listing(page: &mut PageBuilder, listing: &ListingData) -> Result<(), ReportError> {
    section(page, &listing.stylized, &listing.title())
}

fn section(page: &mut PageBuilder, facts: &StylizedFacts, title: &str) -> Result<(), ReportError> {
    put!(page, "<h3>Stylized facts of {}</h3>", escape(title));
    if let Some(reasons) = reasons_for_no_verdict(facts) {
        put!(page, "<p class=\"none\">This market cannot be compared with real ones: {reasons}.</p>");
        return Ok(());
    }
    let closed = if facts.holds_closed_times() { "with" } else { "without" };
    put!(
        page,
        "<p class=\"note\">Properties that real markets share (Cont 2001, and others), and whether this market shows them. \
         Returns r are the {} log returns of the mid over {}, {closed} those over closed times. “±” is the 95 % \
         confidence interval, [ ] one that is found by resampling; “chance” is the range that would contain 95 % of such values by chance alone, so that \
         of many values some are outside. “Not seen” means that the data do not show the property, not that it is \
         absent. Rules and formulas are in <code>docs/stylized.md</code>.</p>",
        count_text(facts.returns as u64),
        duration_text(facts.interval.nanos()).replace(' ', "\u{a0}"),
    );
    if !facts.autocorrelation.is_empty() {
        page.begin_figures();
        correlogram(page, facts, title)?;
        density(page, facts, title)?;
        page.end_figures();
    }
    if !(facts.impact_of_orders.is_empty() && facts.impact_of_runs.is_empty() && facts.day_profile.is_empty())
    {
        page.begin_figures();
        impact(page, facts, title)?;
        day_profile(page, facts, title)?;
        page.end_figures();
    }
    table(page, facts);
    Ok(())
}

/// Returns the reasons, each once, if there is no verdict on any fact.
fn reasons_for_no_verdict(facts: &StylizedFacts) -> Option<String> {
    let mut reasons = Vec::new();
    for fact in &facts.facts {
        let Verdict::CannotTell(why) = fact.verdict else { return None };
        if !reasons.contains(&why) {
            reasons.push(why);
        }
    }
    Some(reasons.join("; "))
}

fn correlogram(page: &mut PageBuilder, facts: &StylizedFacts, title: &str) -> Result<(), ReportError> {
    let series = |label: &str, values: &[f64], style, color| Series {
        label: label.to_owned(),
        points: (1_u32..).map(f64::from).zip(values.iter().copied()).collect(),
        style,
        color,
    };
    let chance = 1.96 / libm::sqrt(facts.returns as f64);
    let figure = Chart {
        title: format!("Autocorrelation of returns, {title}"),
        x_label: format!("lag (intervals of {})", duration_text(facts.interval.nanos())),
        y_label: "autocorrelation".to_owned(),
        band: Some((chance, "by chance".to_owned())),
        log_y: false,
        series: vec![
            series("of returns", &facts.autocorrelation, SeriesStyle::Dots, Color::Line(0)),
            series(
                "of absolute returns",
                &facts.autocorrelation_of_sizes,
                SeriesStyle::Triangles,
                Color::Line(1),
            ),
        ],
    };
    let caption = format!(
        "If returns were independent, 95% of values would lie within ±{}; with changing volatility the range is slightly wider.",
        number(chance, 3)
    );
    page.figure(&format!("{title} autocorrelation"), &figure, &caption, "there are too few returns.")
}

fn density(page: &mut PageBuilder, facts: &StylizedFacts, title: &str) -> Result<(), ReportError> {
    let series = |label: &str, points: &[(f64, f64)], style, color| Series {
        label: label.to_owned(),
        points: points.to_vec(),
        style,
        color,
    };
    let figure = Chart {
        title: format!("Density of returns, {title}"),
        x_label: "return (standard deviations from the mean)".to_owned(),
        y_label: "density".to_owned(),
        band: None,
        log_y: true,
        series: vec![
            series("normal", &facts.normal, SeriesStyle::Line, Color::Line(6)),
            series("returns", &facts.density, SeriesStyle::Dots, Color::Line(0)),
        ],
    };
    let caption = "On a logarithmic scale, for bins of half a standard deviation; the normal distribution has the same variance.";
    page.figure(&format!("{title} density"), &figure, caption, "there are too few returns.")
}

/// How much further larger orders move the mid.
fn impact(page: &mut PageBuilder, facts: &StylizedFacts, title: &str) -> Result<(), ReportError> {
    let series = |label: &str, points: &[(f64, f64)], style, color| Series {
        label: label.to_owned(),
        points: points.iter().map(|(size, moved)| (libm::log10(*size), moved * 1e4)).collect(),
        style,
        color,
    };
    let figure = Chart {
        title: format!("Impact by size, {title}"),
        x_label: "logarithm of the size (base 10)".to_owned(),
        y_label: "impact (basis points)".to_owned(),
        band: None,
        log_y: true,
        series: vec![
            series("of an order", &facts.impact_of_orders, SeriesStyle::Dots, Color::Line(0)),
            series("of orders in a row", &facts.impact_of_runs, SeriesStyle::Triangles, Color::Line(1)),
        ],
    };
    let caption = "How far the mid goes, on average, in the direction of an order until the next order, and of orders in a row on one side until one on the other side. \
                   A straight line is a power of the size.";
    page.figure(
        &format!("{title} impact"),
        &figure,
        caption,
        "the mid does not follow orders of different sizes.",
    )
}

/// How much is traded over the session.
fn day_profile(page: &mut PageBuilder, facts: &StylizedFacts, title: &str) -> Result<(), ReportError> {
    let parts = (1_u32..).map(f64::from).zip(facts.day_profile.iter().copied());
    let traded = Series {
        label: "traded".to_owned(),
        points: parts.collect(),
        style: SeriesStyle::Dots,
        color: Color::Line(0),
    };
    let figure = Chart {
        title: format!("Trading over the day, {title}"),
        x_label: "part of the session (thirteenths)".to_owned(),
        y_label: "traded (multiple of the mean)".to_owned(),
        band: None,
        log_y: false,
        series: vec![traded],
    };
    let caption = "What is traded in each thirteenth of a session, from its first to its last trade, as a multiple of the mean.";
    page.figure(&format!("{title} day"), &figure, caption, "no session lasts two hours.")
}

fn table(page: &mut PageBuilder, facts: &StylizedFacts) {
    put!(page, "<div class=\"scroll\"><table class=\"facts\"><thead><tr><th>fact</th><th>real markets</th>");
    put!(page, "<th>here</th><th>counts as seen if</th><th>verdict</th></tr></thead><tbody>");
    facts.facts.iter().for_each(|fact| row(page, fact, facts.interval(fact.fact)));
    put!(page, "</tbody></table></div>");
}

fn row(page: &mut PageBuilder, fact: &StylizedFact, interval: Option<[f64; 2]>) {
    let mut here: Vec<String> = fact.statistics.iter().map(statistic_text).collect();
    if let Some((first, [low, high])) = here.first_mut().zip(interval) {
        let points = decimals_for((high - low) / 6.0);
        first.push_str(&format!(" [{}\u{a0}to\u{a0}{}]", number(low, points), number(high, points)));
    }
    let here = if here.is_empty() { NONE.to_owned() } else { here.join("<br>") };
    let verdict = match fact.verdict {
        Verdict::Seen => "<b>seen</b>".to_owned(),
        Verdict::NotSeen => "not seen".to_owned(),
        Verdict::CannotTell(why) => format!("undetermined: {why}"),
    };
    let (name, sample) = (fact.fact.name(), count_text(fact.sample as u64));
    let counted = fact.fact.counted();
    put!(
        page,
        "<tr><th>{name}<small>{sample} {counted}</small></th><td>{}</td>",
        fact.fact.in_real_markets()
    );
    put!(page, "<td>{here}</td><td>{}</td><td>{verdict}</td></tr>", fact.fact.rule());
}

/// Formats a statistic with its margin, with as many digits as the margin makes meaningful.
fn statistic_text(statistic: &Statistic) -> String {
    let written = |margin: f64| {
        let points = decimals_for(margin / 3.0);
        (number(statistic.value, points), number(margin, points))
    };
    let text = match statistic.margin {
        Margin::Around(margin) => {
            let (value, margin) = written(margin);
            format!("<b>{value}</b>\u{a0}±\u{a0}{margin}")
        }
        Margin::Chance(margin) => {
            let (value, margin) = written(margin);
            format!("<b>{value}</b> (chance\u{a0}±{margin})")
        }
        Margin::Probability(share) if share < 0.001 => {
            format!("<b>{}</b> (p &lt; 0.001)", number(statistic.value, 1))
        }
        Margin::Probability(share) => {
            format!("<b>{}</b> (p = {})", number(statistic.value, 1), number(share, 3))
        }
        Margin::Resampled => format!("<b>{}</b>", number(statistic.value, 2)),
    };
    format!("{}: {text}", escape(&statistic.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Material, StylizedFactKind};
    use bearpit_core::units::SimDuration;

    fn facts(verdict: impl Fn(StylizedFactKind) -> Verdict) -> StylizedFacts {
        let fact =
            |fact| StylizedFact { fact, statistics: Vec::new(), sample: 1_234, verdict: verdict(fact) };
        StylizedFacts {
            interval: SimDuration::from_secs(15),
            returns: 1_234,
            autocorrelation: Vec::new(),
            autocorrelation_of_sizes: Vec::new(),
            density: Vec::new(),
            normal: Vec::new(),
            impact_of_orders: Vec::new(),
            impact_of_runs: Vec::new(),
            day_profile: Vec::new(),
            material: Material::default(),
            facts: StylizedFactKind::ALL.map(fact).to_vec(),
        }
    }

    fn page(facts: &StylizedFacts) -> String {
        let mut page = PageBuilder::default();
        section(&mut page, facts, "ACME at PIT").unwrap();
        page.finish().0
    }

    #[test]
    fn where_nothing_can_be_measured_a_sentence_says_each_reason_once() {
        let page = page(&facts(|fact| match fact {
            StylizedFactKind::LongMemoryOfSigns => Verdict::CannotTell("no trades"),
            _ => Verdict::CannotTell("the mid never moved"),
        }));
        assert!(page.contains("with real ones: the mid never moved; no trades."), "{page}");
        assert!(!page.contains("<table") && !page.contains("1,234"), "{page}");
    }

    #[test]
    fn every_fact_has_a_row_with_its_verdict() {
        let mut facts = facts(|fact| match fact {
            StylizedFactKind::HeavyTails => Verdict::Seen,
            StylizedFactKind::Leverage => Verdict::CannotTell("there is no reason"),
            _ => Verdict::NotSeen,
        });
        facts.facts[1].statistics = vec![
            Statistic { name: "|r| < 1".to_owned(), value: 0.123_456, margin: Margin::Chance(0.05) },
            Statistic { name: "Q".to_owned(), value: 12.345, margin: Margin::Probability(1e-9) },
        ];
        let page = page(&facts);
        assert_eq!(
            (page.matches("<tr><th>").count(), page.matches("not seen</td>").count()),
            (16, 13),
            "{page}"
        );
        for part in [
            "1,234 log returns of the mid over 15\u{a0}s, without those over closed times.",
            "|r| &lt; 1: <b>0.123</b> (chance\u{a0}±0.050)<br>Q: <b>12.3</b> (p &lt; 0.001)",
            "<b>seen</b></td>",
            "undetermined: there is no reason</td>",
            "1,234 orders",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
}
