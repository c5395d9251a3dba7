//! Whether a market looks like real ones: autocorrelation, density, and the table of stylized facts.

use super::ReportError;
use super::figures::{Chart, Look, Series, Tone};
use super::sheet::{Sheet, put};
use super::text::{escape, number, significant, span, whole};
use crate::analysis::{ListingData, Margin, Statistic, StylizedFact, StylizedFacts, Verdict};

/// Writes the stylized facts of a listing.
pub(super) fn listing(sheet: &mut Sheet, listing: &ListingData) -> Result<(), ReportError> {
    let (facts, title) = (&listing.stylized, listing.title());
    put!(sheet, "<h3>Stylized facts of {}</h3>", escape(&title));
    if let Some(reasons) = nothing_told(facts) {
        put!(sheet, "<p class=\"none\">Whether it looks like a real market cannot be told: {reasons}.</p>");
        return Ok(());
    }
    put!(
        sheet,
        "<p class=\"note\">What real markets have in common (Cont 2001; Lillo and Farmer 2004), and whether it is seen here. \
         Returns r are the {} log returns of the mid over {}, without those over times in which the market was closed. “±” \
         is the 95 % interval; “chance” is where 95 in 100 such numbers would lie by chance alone, so that of many \
         some are outside. Not seen says that the numbers do not show it, not that it is absent. Rules and formulas are in \
         <code>docs/stylized.md</code>.</p>",
        whole(facts.returns as u64),
        span(facts.interval.nanos()),
    );
    if !facts.autocorrelation.is_empty() {
        sheet.begin_figures();
        correlogram(sheet, facts, &title)?;
        density(sheet, facts, &title)?;
        sheet.end_figures();
    }
    table(sheet, facts);
    Ok(())
}

/// Returns why nothing can be told, if so: each reason once.
fn nothing_told(facts: &StylizedFacts) -> Option<String> {
    let mut reasons = Vec::new();
    for fact in &facts.facts {
        let Verdict::CannotTell(why) = fact.verdict else { return None };
        if !reasons.contains(&why) {
            reasons.push(why);
        }
    }
    Some(reasons.join("; "))
}

fn correlogram(sheet: &mut Sheet, facts: &StylizedFacts, title: &str) -> Result<(), ReportError> {
    let series = |label: &str, values: &[f64], look, tone| Series {
        label: label.to_owned(),
        places: (1_u32..).map(f64::from).zip(values.iter().copied()).collect(),
        look,
        tone,
    };
    let chance = 1.96 / libm::sqrt(facts.returns as f64);
    let figure = Chart {
        title: format!("Autocorrelation of returns, {title}"),
        across: format!("lag (intervals of {})", span(facts.interval.nanos())),
        up: "autocorrelation".to_owned(),
        band: Some((chance, "by chance".to_owned())),
        in_powers: false,
        series: vec![
            series("of returns", &facts.autocorrelation, Look::Dots, Tone::Line(0)),
            series("of their sizes", &facts.autocorrelation_of_sizes, Look::Triangles, Tone::Line(1)),
        ],
    };
    let caption = format!(
        "Of independent returns, 95 in 100 would lie within ±{}; where volatility changes, returns stray a little further.",
        number(chance, 3)
    );
    sheet.figure(&format!("{title} autocorrelation"), &figure, &caption, "there are too few returns.")
}

fn density(sheet: &mut Sheet, facts: &StylizedFacts, title: &str) -> Result<(), ReportError> {
    let series = |label: &str, places: &[(f64, f64)], look, tone| Series {
        label: label.to_owned(),
        places: places.to_vec(),
        look,
        tone,
    };
    let figure = Chart {
        title: format!("Density of returns, {title}"),
        across: "return (standard deviations from the mean)".to_owned(),
        up: "density".to_owned(),
        band: None,
        in_powers: true,
        series: vec![
            series("normal", &facts.normal, Look::Line, Tone::Line(6)),
            series("returns", &facts.density, Look::Dots, Tone::Line(0)),
        ],
    };
    let caption = "On a scale of powers of ten, for bars half a deviation wide; the normal distribution has the same variance.";
    sheet.figure(&format!("{title} density"), &figure, caption, "there are too few returns.")
}

fn table(sheet: &mut Sheet, facts: &StylizedFacts) {
    put!(sheet, "<div class=\"scroll\"><table class=\"facts\"><thead><tr><th>fact</th><th>real markets</th>");
    put!(sheet, "<th>here</th><th>counts as seen if</th><th>verdict</th></tr></thead><tbody>");
    facts.facts.iter().for_each(|fact| row(sheet, fact));
    put!(sheet, "</tbody></table></div>");
}

fn row(sheet: &mut Sheet, fact: &StylizedFact) {
    let here: Vec<String> = fact.statistics.iter().map(told).collect();
    let verdict = match fact.verdict {
        Verdict::Seen => "seen".to_owned(),
        Verdict::NotSeen => "not seen".to_owned(),
        Verdict::CannotTell(why) => format!("cannot be told: {why}"),
    };
    put!(
        sheet,
        "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{verdict}</td></tr>",
        fact.fact.name(),
        fact.fact.in_real_markets(),
        if here.is_empty() { super::text::NONE.to_owned() } else { here.join("<br>") },
        fact.fact.rule(),
    );
}

/// Writes a statistic with what chance does to it.
fn told(statistic: &Statistic) -> String {
    let (name, value) = (escape(&statistic.name), significant(statistic.value));
    match statistic.margin {
        Margin::Around(margin) => format!("{name}: <b>{value}</b> ± {}", significant(margin)),
        Margin::Chance(margin) => format!("{name}: <b>{value}</b> (chance: ±{})", significant(margin)),
        Margin::Probability(share) if share < 0.001 => format!("{name}: <b>{value}</b> (p &lt; 0.001)"),
        Margin::Probability(share) => format!("{name}: <b>{value}</b> (p = {})", number(share, 3)),
    }
}
