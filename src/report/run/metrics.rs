//! The metrics of an account or listing, in groups, each with what it says.

use super::metric_names::{Group, Name, Shortening};
use super::scope::{Annual, Hidden, Scope};
use crate::analysis::metrics::{Absence, Measure, Measures, Unit};
use crate::analysis::{AccountData, ListingData, RunData};
use crate::report::page::{PageBuilder, put};
use crate::report::text::{NONE, duration_text, escape, number, seconds_text, significant};

/// Writes the metrics of an account.
pub(super) fn account(page: &mut PageBuilder, account: &AccountData, data: &RunData) {
    put!(page, "<h3>Metrics of {}</h3>", escape(&account.summary.owner));
    list(page, &account.metrics, Scope::of_returns(account, data), data);
}

/// Writes the metrics of a listing.
pub(super) fn listing(page: &mut PageBuilder, listing: &ListingData, data: &RunData) {
    put!(page, "<h3>Metrics of {}</h3>", escape(&listing.title()));
    list(page, &listing.metrics, Scope::of_market(data), data);
}

/// A metric that has no value to show.
#[derive(Default)]
struct Missing {
    undefined: Vec<&'static str>,
    few_periods: Vec<&'static str>,
    too_short: Vec<&'static str>,
    absent: Vec<(&'static str, Absence)>,
}

fn list(page: &mut PageBuilder, measures: &Measures, scope: Scope, data: &RunData) {
    let mut missing = Missing::default();
    for group in Group::ALL {
        let of_group =
            measures.iter().filter_map(|measure| Some((measure, Name::of(measure.definition.key)?)));
        let mut entries = String::new();
        for (measure, name) in of_group.filter(|(_, name)| name.group == group) {
            match (scope.shown(measure, name), measure.absence) {
                (Ok(Some(value)), _) => entries.push_str(&entry(measure, name, value, scope)),
                (Ok(None), Some(why)) => missing.absent.push((name.title, why)),
                (Ok(None), None) => missing.undefined.push(name.title),
                (Err(Hidden::FewPeriods), _) => missing.few_periods.push(name.title),
                (Err(Hidden::TooShort), _) => missing.too_short.push(name.title),
            }
        }
        if !entries.is_empty() {
            put!(page, "<h4>{}</h4><div class=\"metrics\">{entries}</div>", group.title());
        }
    }
    note(page, &missing, scope, data);
}

fn note(page: &mut PageBuilder, missing: &Missing, scope: Scope, data: &RunData) {
    let period = duration_text(data.period.nanos());
    let annual = match scope.annual() {
        Annual::Yes => format!(
            "Annualised figures take {} periods a year.",
            number(data.periods_per_year, if data.periods_per_year < 1_000.0 { 2 } else { 0 })
        ),
        Annual::Daily => {
            "The run is too short to be annualised: figures that would be yearly are those of one day of \
                          trading."
                .to_owned()
        }
    };
    put!(
        page,
        "<p class=\"note\">A period lasts {period}. {annual} A click on a metric says what it is.</p>"
    );
    let list = |page: &mut PageBuilder, why: &str, titles: &[&str]| {
        if !titles.is_empty() {
            put!(page, "<p class=\"note\">{why}: {}.</p>", titles.join(", "));
        }
    };
    let few = format!("Not shown, since they mean little with fewer than {} periods", Scope::PERIODS_MIN);
    list(page, &few, &missing.few_periods);
    list(page, "Not shown, since they only have a meaning over weeks, months or years", &missing.too_short);
    list(page, "Not defined for this run", &missing.undefined);
    if let Some((_, why)) = missing.absent.first() {
        let titles: Vec<&str> = missing.absent.iter().map(|(title, _)| *title).collect();
        list(page, &format!("Absent, since {why}"), &titles);
    }
}

/// Returns what an annualised metric is called beside its name.
const fn kind(name: &Name, scope: Scope) -> &'static str {
    match (scope.annual(), name.daily) {
        (_, Shortening::None) => "",
        (Annual::Yes, _) => ", annualised",
        (Annual::Daily, _) => ", daily",
    }
}

/// Returns a metric: its name and value, and what it says when it is opened.
fn entry(measure: &Measure, name: &Name, value: f64, scope: Scope) -> String {
    let definition = measure.definition;
    let kind = if definition.is_annualised() { kind(name, scope) } else { "" };
    format!(
        "<details><summary><span>{}{kind}</span><b>{}</b></summary><p>{} Formula: {}. Source: {}. Key: <code>{}</code>.</p></details>\n",
        name.title,
        with_unit(value, definition.unit),
        name.help,
        escape(definition.formula),
        escape(definition.source),
        definition.key
    )
}

/// Beyond this, a number of percent is not worth its digits.
const PERCENT_MAX: f64 = 1_000_000.0;
/// Below this, a number of percent is none that anybody would notice.
const PERCENT_MIN: f64 = 0.000_1;

fn percent_text(percent: f64) -> String {
    match percent.abs() {
        size if size > PERCENT_MAX => {
            let way = if percent > 0.0 { "above" } else { "below" };
            format!("{way} {} %", number(PERCENT_MAX.copysign(percent), 0))
        }
        size if size > 0.0 && size < PERCENT_MIN => "under 0.0001 %".to_owned(),
        _ => format!("{} %", significant(percent)),
    }
}

fn with_unit(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Share => percent_text(value * 100.0),
        Unit::Ratio if value.abs() >= 1e6 => format!("above {}", number(1e6_f64.copysign(value), 0)),
        Unit::Ratio => significant(value),
        Unit::Count => whole_number(value),
        Unit::Currency => number(value, 2),
        Unit::Price => format!("{} <small>currency</small>", significant(value)),
        Unit::Quantity => significant(value),
        Unit::BasisPoints => format!("{} bps", significant(value)),
        Unit::Seconds => seconds_text(value),
        Unit::SharePerMillion => format!("{} <small>per million</small>", percent_text(value * 100.0)),
        Unit::PricePerQuantity => format!("{} <small>price per unit</small>", significant(value)),
    }
}

fn whole_number(value: f64) -> String {
    if value.is_finite() { number(value, 0) } else { NONE.to_owned() }
}

/// The columns of the comparison with the market.
pub(super) struct Beside<'a> {
    /// What it is called.
    pub(super) name: String,
    pub(super) measures: &'a Measures,
}

/// The metrics that are compared: of returns alone.
const COMPARED: [&str; 14] = [
    "cumulative_return",
    "cagr_annualised",
    "volatility_annualised",
    "sharpe_annualised",
    "sortino_annualised",
    "calmar_annualised",
    "max_drawdown",
    "drawdown_periods_max",
    "best_return_monthly",
    "worst_return_monthly",
    "win_rate_monthly",
    "best_return_daily",
    "worst_return_daily",
    "var_95_historical",
];

/// Writes the account beside buy and hold, and beside the benchmark if one was chosen.
pub(super) fn compared(page: &mut PageBuilder, columns: &[Beside<'_>], scope: Scope) {
    let heads: String = columns.iter().map(|it| format!("<th>{}</th>", it.name)).collect();
    put!(
        page,
        "<div class=\"scroll\"><table class=\"beside\"><thead><tr><th></th>{heads}</tr></thead><tbody>"
    );
    for key in COMPARED {
        let Some(name) = Name::of(key) else { continue };
        let mut title = name.title.to_owned();
        let cell = |it: &Beside<'_>| {
            let measure = it.measures.iter().find(|measure| measure.definition.key == key)?;
            let value = scope.shown(measure, name).ok().flatten()?;
            Some((with_unit(value, measure.definition.unit), measure.definition.is_annualised()))
        };
        let cells: Vec<Option<(String, bool)>> = columns.iter().map(cell).collect();
        if cells.iter().all(Option::is_none) {
            continue;
        }
        if cells.iter().flatten().any(|(_, is_annualised)| *is_annualised) {
            title.push_str(kind(name, scope));
        }
        let cells: String = cells
            .into_iter()
            .map(|it| format!("<td>{}</td>", it.map_or(NONE.to_owned(), |it| it.0)))
            .collect();
        put!(page, "<tr><th>{title}</th>{cells}</tr>");
    }
    put!(page, "</tbody></table></div>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_is_written_with_digits_that_mean_nothing() {
        for (percent, expected) in [
            (4.39e-176, "under 0.0001 %"),
            (-1e-9, "under 0.0001 %"),
            (0.0, "0 %"),
            (12.345_67, "12.35 %"),
            (3.2e40, "above 1,000,000 %"),
            (-3.2e7, "below −1,000,000 %"),
        ] {
            assert_eq!(percent_text(percent), expected);
        }
        assert_eq!(with_unit(1e30, Unit::Ratio), "above 1,000,000");
    }
}
