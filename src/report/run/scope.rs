//! [`Scope`]: which metrics a run is long enough for.

use super::metric_names::{Name, Shortening};
use crate::analysis::metrics::{Measure, Measures};
use crate::analysis::{AccountData, AccountMetrics, RunData, Summary};
use crate::record::Manifest;

/// What is annualised in a run of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Annual {
    /// Yearly figures.
    Yes,
    /// Figures of one day of trading: a year would be extrapolated from hours.
    Daily,
}

/// How long a run is, and what follows from that for its metrics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scope {
    /// How many periods there are.
    periods: usize,
    /// How many days of trading a year has.
    days_per_year: f64,
    annual: Annual,
}

/// Why a metric is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hidden {
    /// There are fewer than [`Scope::PERIODS_MIN`] periods.
    FewPeriods,
    /// It only has a meaning over weeks, months or years.
    TooShort,
}

impl Scope {
    /// Fewer periods say nothing about ratios and tails.
    pub(super) const PERIODS_MIN: usize = 20;
    /// A shorter run is not extrapolated to a year.
    const DAYS_MIN: i64 = 20;

    fn new(span_nanos: i64, periods: usize, days_per_year: f64) -> Self {
        const DAY: i64 = 86_400_000_000_000;
        let annual = if span_nanos >= Self::DAYS_MIN * DAY { Annual::Yes } else { Annual::Daily };
        Self { periods, days_per_year, annual }
    }

    /// Returns the scope of a run.
    pub(super) fn of(data: &RunData) -> Self {
        let periods = data.accounts.iter().map(|account| account.sample.returns.len()).max().unwrap_or(0);
        Self::new(data.extent.end() - data.extent.start(), periods, data.days_per_year())
    }

    /// Returns the scope of an account.
    pub(super) fn of_returns(account: &AccountData, data: &RunData) -> Self {
        Self { periods: account.sample.returns.len(), ..Self::of(data) }
    }

    /// Returns the scope of the listings.
    pub(super) fn of_market(data: &RunData) -> Self {
        let span = data.extent.end() - data.extent.start();
        let periods = span / data.period.nanos().max(1);
        Self { periods: usize::try_from(periods).unwrap_or(0), ..Self::of(data) }
    }

    /// Returns what annualised metrics are.
    pub(super) const fn annual(&self) -> Annual {
        self.annual
    }

    /// Returns an annualised deviation as it is shown.
    pub(super) fn deviation(&self, annualised: f64) -> f64 {
        match self.annual {
            Annual::Yes => annualised,
            Annual::Daily => annualised / self.days_per_year.sqrt(),
        }
    }

    /// Returns a metric of an account as it is shown.
    pub(super) fn of_account(&self, account: &AccountData, key: &str) -> Option<f64> {
        Self { periods: account.sample.returns.len(), ..*self }.value(&account.metrics, key)
    }

    /// Returns a metric as it is shown, by its key.
    pub(super) fn value(&self, measures: &Measures, key: &str) -> Option<f64> {
        let measure = measures.iter().find(|measure| measure.definition.key == key)?;
        self.shown(measure, Name::of(key)?).ok().flatten()
    }

    /// Returns the value of a metric as it is shown; none where it is not defined.
    ///
    /// # Errors
    /// [`Hidden`] where the run is too short for it.
    pub(super) fn shown(&self, measure: &Measure, name: &Name) -> Result<Option<f64>, Hidden> {
        let Some(value) = measure.value else { return Ok(None) };
        if name.needs_periods && self.periods < Self::PERIODS_MIN {
            return Err(Hidden::FewPeriods);
        }
        if self.annual == Annual::Yes {
            return Ok(Some(value));
        }
        // The only month of a run of days is the run itself.
        if ["_weekly", "_monthly"].iter().any(|period| measure.definition.key.ends_with(period)) {
            return Err(Hidden::TooShort);
        }
        if !measure.definition.is_annualised() {
            return Ok(Some(value));
        }
        match name.daily {
            Shortening::ByRoot => Ok(Some(value / self.days_per_year.sqrt())),
            Shortening::Compounded => Ok(Some((1.0 + value).powf(1.0 / self.days_per_year) - 1.0)),
            Shortening::None => Err(Hidden::TooShort),
        }
    }
}

/// Returns the Sharpe ratio of an account for a table of several runs, as it is on the page of the run:
/// annualised, or that of a day with `/day` behind it; a dash if it means nothing.
pub(crate) fn sharpe_text(manifest: &Manifest, summary: &Summary, account: &AccountMetrics) -> String {
    let measures = &account.metrics;
    let periods = measures.get("periods").and_then(|count| format!("{count:.0}").parse().ok()).unwrap_or(0);
    let span = manifest.end.nanos() - manifest.start.nanos();
    let scope = Scope::new(span, periods, summary.days_per_year);
    match (scope.value(measures, "sharpe_annualised"), scope.annual) {
        (None, _) => "-".to_owned(),
        (Some(ratio), Annual::Yes) => format!("{ratio:.2}"),
        (Some(ratio), Annual::Daily) => format!("{ratio:.2}/day"),
    }
}
