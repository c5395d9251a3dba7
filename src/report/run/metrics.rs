//! The list of all metrics, with their units.

use crate::analysis::metrics::{Measure, Measures, Unit};
use crate::analysis::{AccountData, ListingData, RunData};
use crate::report::page::{PageBuilder, put};
use crate::report::text::{NONE, duration_text, escape, number, seconds_text, significant};

/// Writes the metrics of an account.
pub(super) fn account(page: &mut PageBuilder, account: &AccountData, data: &RunData) {
    put!(page, "<h3>Metrics of {}</h3>", escape(&account.summary.owner));
    list(page, &account.metrics, data);
}

/// Writes the metrics of a listing.
pub(super) fn listing(page: &mut PageBuilder, listing: &ListingData, data: &RunData) {
    put!(page, "<h3>Metrics of {}</h3>", escape(&listing.title()));
    list(page, &listing.metrics, data);
}

fn list(page: &mut PageBuilder, measures: &Measures, data: &RunData) {
    let known = measures.iter().filter(|measure| measure.value.is_some());
    put!(page, "<ul class=\"metrics\">");
    known.for_each(|measure| entry(page, measure));
    put!(page, "</ul>");
    let missing: Vec<String> = measures
        .iter()
        .filter(|measure| measure.value.is_none())
        .map(|measure| named(measure.definition.key))
        .collect();
    put!(
        page,
        "<p class=\"note\">Periods last {}; “× {}” marks values that are annualised with that many periods a year. Formulas and sources are in <code>docs/metrics.md</code>.{}</p>",
        duration_text(data.period.nanos()),
        number(data.periods_per_year, 0),
        if missing.is_empty() {
            String::new()
        } else {
            format!(" Not defined for this run: {}.", missing.join(", "))
        }
    );
}

fn entry(page: &mut PageBuilder, measure: &Measure) {
    let Some(value) = measure.value else { return };
    let definition = measure.definition;
    let yearly = measure.periods_per_year.map_or_else(String::new, |periods| {
        format!(" <small title=\"periods per year\">× {}</small>", number(periods, 0))
    });
    let formula = escape(definition.formula);
    put!(
        page,
        "<li><span title=\"{formula}\">{}</span><b>{}{yearly}</b></li>",
        named(definition.key),
        with_unit(value, definition.unit)
    );
}

/// Formats a key as words.
fn named(key: &str) -> String {
    key.replace('_', " ")
}

fn with_unit(value: f64, unit: Unit) -> String {
    match unit {
        // Annualised growth of a short run can be astronomically large; it is shown in scientific notation.
        Unit::Share if value.abs() >= 1e4 => format!("{value:.2e} ×100 %").replace('-', "−"),
        Unit::Share => format!("{} %", significant(value * 100.0)),
        Unit::Ratio if value.abs() >= 1e9 => format!("{value:.2e}"),
        Unit::Ratio => significant(value),
        Unit::Count => whole_number(value),
        Unit::Currency => number(value, 2),
        Unit::Price => format!("{} <small>currency</small>", significant(value)),
        Unit::Quantity => significant(value),
        Unit::BasisPoints => format!("{} bps", significant(value)),
        Unit::Seconds => seconds_text(value),
        Unit::SharePerMillion => format!("{} % <small>per million</small>", significant(value * 100.0)),
        Unit::PricePerQuantity => format!("{} <small>price per unit</small>", significant(value)),
    }
}

fn whole_number(value: f64) -> String {
    if value.is_finite() { number(value, 0) } else { NONE.to_owned() }
}
