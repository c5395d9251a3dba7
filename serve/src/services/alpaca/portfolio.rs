//! What an account was worth over time, in steps.

use bearpit_core::units::{Money, SimTime};

use super::{Alpaca, Timeframe};
use crate::domain::{AccountId, Number, Problem, ProblemKind};
use crate::services::identity::of_store;
use crate::store::database::Amount;
use crate::store::projection::MarkRow;

/// Which time is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PortfolioQuery {
    /// How long, as `1D`, `2W`, `1M`, `1A` or `all`; a month if nothing is said.
    pub period: Option<String>,
    /// How long a step is; by the length of the time if nothing is said.
    pub timeframe: Option<Timeframe>,
    /// From when.
    pub start: Option<SimTime>,
    /// Until when.
    pub end: Option<SimTime>,
}

/// What an account was worth, step by step.
#[derive(Debug, Clone, PartialEq)]
pub struct PortfolioHistory {
    /// The steps that have a sample, the oldest first.
    pub steps: Vec<PortfolioStep>,
    /// What it was worth before the first.
    pub base: Number,
    /// How long a step is.
    pub timeframe: Timeframe,
}

/// What an account was worth at the end of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortfolioStep {
    /// When the step began.
    pub start: SimTime,
    /// Cash and all holdings.
    pub equity: Number,
    /// What was won since the first step: cash that came from outside is none of it.
    pub profit: Number,
}

const DAY: i64 = 86_400;
/// How many pages of samples are read at most, and how many samples one has.
const PAGES_MAX: usize = 400;
const PAGE: u32 = 1_000;

impl Alpaca {
    /// Returns what an account was worth over time.
    ///
    /// # Errors
    /// [`Problem`] if the query does not fit, or the market or the database cannot answer.
    pub async fn portfolio(
        &self,
        account: AccountId,
        query: &PortfolioQuery,
    ) -> Result<PortfolioHistory, Problem> {
        let summary = self.trading.account(account).await?;
        let now = summary.at.map_or(SimTime::from_nanos(0), |at| at.instant());
        let end = query.end.unwrap_or(SimTime::from_nanos(i64::MAX));
        let begin = match (query.start, query.period.as_deref()) {
            (Some(start), _) => start,
            (None, period) => begin_of(period.unwrap_or("1M"), end.min(now))?,
        };
        let secs = end.min(now).nanos().saturating_sub(begin.nanos()) / 1_000_000_000;
        let timeframe = query.timeframe.unwrap_or_else(|| default_timeframe(secs));
        let before = self.database.last_account_mark(account, begin).await.map_err(of_store)?;
        let opening = summary.opening_cash.0.scaled(Money::SCALE).map_or(Amount(0), Amount);
        let mut track =
            Track { timeframe, base: before.map(|mark| mark.equity), funded: 0, steps: Vec::new() };
        let mut from = Some(begin);
        for _ in 0..PAGES_MAX {
            let Some(start) = from.take() else { break };
            let page = self.database.account_marks(account, start, end, PAGE).await.map_err(of_store)?;
            page.rows.iter().for_each(|row| track.take(row));
            from = page.next;
        }
        if from.is_some() {
            let message = "this is too long a time: give `start` and `end`";
            return Err(Problem::new(ProblemKind::Refused, "invalid_parameter", message).at("period"));
        }
        let worth = summary.equity.filter(|_| end > now).and_then(|it| it.0.scaled(Money::SCALE));
        if let Some(equity) = worth {
            track.base.get_or_insert(opening);
            track.note(now, Amount(equity));
        }
        let base = Number(track.base.unwrap_or(opening).decimal());
        Ok(PortfolioHistory { base, steps: track.steps, timeframe })
    }

    /// Returns what an account was worth last before today.
    ///
    /// # Errors
    /// [`Problem`] if the database is away.
    pub async fn last_equity(&self, account: AccountId) -> Result<Option<Number>, Problem> {
        let Some(open) = self.data.market_status().day.and_then(|day| day.open) else { return Ok(None) };
        let mark = self.database.last_account_mark(account, open.instant()).await;
        Ok(mark.map_err(of_store)?.map(|mark| Number(mark.equity.decimal())))
    }
}

/// Steps that are being made of samples.
struct Track {
    timeframe: Timeframe,
    base: Option<Amount>,
    /// The cash that came from outside since.
    funded: i128,
    steps: Vec<PortfolioStep>,
}

impl Track {
    fn take(&mut self, row: &MarkRow) {
        match self.base {
            Some(_) => self.funded += row.funded.0,
            // The first sample of an account has what it began with.
            None => self.base = Some(row.funded),
        }
        self.note(SimTime::from_nanos(row.at), row.equity);
    }

    fn note(&mut self, at: SimTime, equity: Amount) {
        let base = self.base.unwrap_or_default();
        let profit = Amount(equity.0 - base.0 - self.funded);
        let start = self.timeframe.floor(at);
        let step =
            PortfolioStep { start, equity: Number(equity.decimal()), profit: Number(profit.decimal()) };
        match self.steps.last_mut().filter(|last| last.start >= start) {
            Some(last) => *last = step,
            None => self.steps.push(step),
        }
    }
}

/// Returns when a period that ends then begins.
fn begin_of(period: &str, end: SimTime) -> Result<SimTime, Problem> {
    if period == "all" {
        // Before all samples, and with a date that can be written.
        return Ok(SimTime::from_nanos(0));
    }
    let bad = || {
        let message = format!("period {period:?} is none: write a number and D, W, M or A, as 1M");
        Problem::new(ProblemKind::Refused, "invalid_parameter", message).at("period")
    };
    let unit = period.chars().next_back().ok_or_else(bad)?;
    let days = match unit {
        'D' => 1,
        'W' => 7,
        'M' => 30,
        'A' | 'Y' => 365,
        _ => return Err(bad()),
    };
    let digits = &period[..period.len() - unit.len_utf8()];
    let count: i64 = digits.parse().ok().filter(|count| (1..=1_000).contains(count)).ok_or_else(bad)?;
    let nanos = (count * days * DAY).saturating_mul(1_000_000_000);
    // Not before a date that can be written.
    Ok(SimTime::from_nanos(end.nanos().saturating_sub(nanos).max(0)))
}

fn default_timeframe(secs: i64) -> Timeframe {
    match secs / DAY {
        ..7 => Timeframe::minutes(1),
        7..30 => Timeframe::minutes(15),
        _ => Timeframe::days(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_its_last_sample_and_cash_from_outside_is_no_profit() {
        let mut track = Track { timeframe: Timeframe::minutes(1), base: None, funded: 0, steps: Vec::new() };
        let whole = |units: i128| Amount(units * Money::UNITS);
        for (secs, equity, funded) in [(0, 100, 100), (30, 101, 0), (60, 153, 50), (200, 150, 0)] {
            track.take(&MarkRow {
                account: AccountId::draw(),
                at: secs * 1_000_000_000,
                equity: whole(equity),
                cash: whole(equity),
                fees: whole(0),
                funded: whole(funded),
            });
        }
        let told = track.steps.iter().map(|it| (it.equity.to_string(), it.profit.to_string()));
        let told: Vec<_> = told.collect();
        let told: Vec<_> = told.iter().map(|(equity, profit)| (equity.as_str(), profit.as_str())).collect();
        assert_eq!(told, [("101", "1"), ("153", "3"), ("150", "0")]);
    }

    #[test]
    fn a_period_is_a_number_and_a_letter() {
        let end: SimTime = "2025-03-03T12:00:00".parse().unwrap();
        for (period, begin) in [
            ("1D", "2025-03-02T12:00:00"),
            ("2W", "2025-02-17T12:00:00"),
            ("1M", "2025-02-01T12:00:00"),
            ("1A", "2024-03-03T12:00:00"),
            ("300A", "1970-01-01T00:00:00"),
            ("1000A", "1970-01-01T00:00:00"),
        ] {
            assert_eq!(begin_of(period, end), Ok(begin.parse().unwrap()), "{period}");
        }
        for period in ["", "D", "0D", "-1D", "1", "1X", "1001D", "1.5D", "D1", "1é", "9999999999999999999D"]
        {
            assert!(begin_of(period, end).is_err(), "{period}");
        }
    }
}
