//! What an account was worth over time, and how it did.
//!
//! Returns are of what is left without the cash that came from outside or left in a period, which counts from
//! the period's end on. Metrics are those of a report, over the same returns.

use std::collections::BTreeMap;

use bearpit::analysis::TradingYear;
use bearpit::analysis::metrics::{Measures, Sample, account};
use bearpit_core::units::SimTime;
use serde::Serialize;
use utoipa::ToSchema;

use super::Trading;
use super::history::{HistoryQuery, instant, limit_of};
use crate::domain::{AccountId, MarketTime, Number, Problem};
use crate::services::identity::of_store;
use crate::store::database::Amount;
use crate::store::projection::MarkRow;

/// What an account was worth over time, the oldest first, and how it did.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PortfolioView {
    /// The values.
    pub values: Vec<ValueLine>,
    /// What to send as `from` for the next page; absent on the last.
    pub next: Option<MarketTime>,
    /// How it did over all that was asked for, not this page alone; absent before the first value.
    pub performance: Option<Performance>,
}

/// What an account was worth at a moment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ValueLine {
    /// The moment.
    pub at: MarketTime,
    /// Cash and all holdings.
    pub equity: Number,
    /// The cash.
    pub cash: Number,
    /// Fees paid until then, less rebates.
    pub fees: Number,
    /// The cash that came from outside since the value before, less what left; the first of an account has
    /// what it began with.
    pub funded: Number,
}

/// How an account did over a time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Performance {
    /// The first moment.
    pub from: MarketTime,
    /// The last.
    pub to: MarketTime,
    /// What it was worth at first, or began with.
    pub opening_equity: Number,
    /// What it was worth in the end.
    pub closing_equity: Number,
    /// The cash that came from outside meanwhile, less what left.
    pub funded: Number,
    /// The difference that is left: what it made, after fees.
    pub pnl: Number,
    /// The fees paid meanwhile, less rebates.
    pub fees: Number,
    /// What returns are taken over: `sample`, the market's sample interval, or `day` from 20 days on.
    pub period: &'static str,
    /// How many such periods a year has: what annualised metrics are multiplied by, or by the root of.
    pub periods_per_year: f64,
    /// The metrics of a report's page over these returns, by key; null where one is not defined.
    pub metrics: BTreeMap<&'static str, Option<f64>>,
}

const DAY_NANOS: i64 = 86_400_000_000_000;
/// A day that lasts longer is one of a market that trades round the clock; another counts as a usual session.
const LONG_DAY_NANOS: i64 = 20 * 3_600_000_000_000;
const SESSION_HOURS: f64 = 6.5;
/// From so many days on, returns are taken over days.
const DAYS_MIN: usize = 20;
/// More moments than this are not looked at one by one: then returns are over days, too.
const SAMPLES_MAX: u32 = 100_000;
/// More days than this are not looked at.
const DAYS_MAX: u32 = 10_000;

impl Trading {
    /// Returns what an account was worth over time, and how it did.
    ///
    /// # Errors
    /// [`Problem`] if the query does not fit, or the database is away.
    pub async fn portfolio(
        &self,
        account: AccountId,
        query: &HistoryQuery,
    ) -> Result<PortfolioView, Problem> {
        let (from, to) = (instant("from", query.from.as_deref())?, instant("to", query.to.as_deref())?);
        let (first, end) = (from.unwrap_or(i64::MIN), to.unwrap_or(i64::MAX));
        let (first, end) = (SimTime::from_nanos(first), SimTime::from_nanos(end));
        let page = self.database.account_marks(account, first, end, limit_of(query)?).await;
        let page = page.map_err(of_store)?;
        let number = |amount: Amount| Number(amount.decimal());
        let values = page.rows.iter().map(|row| ValueLine {
            at: self.data.time(SimTime::from_nanos(row.at)),
            equity: number(row.equity),
            cash: number(row.cash),
            fees: number(row.fees),
            funded: number(row.funded),
        });
        let (values, next) = (values.collect(), page.next.map(|next| self.data.time(next)));
        let track = self.track(account, first, end).await?;
        let performance = track.performance(from.is_none(), |at| self.data.time(SimTime::from_nanos(at)));
        Ok(PortfolioView { values, next, performance })
    }

    /// Returns how an account did that was worth what rows say from its beginning on, the oldest first.
    pub(in crate::services) fn performance_of(&self, rows: Vec<MarkRow>) -> Option<Performance> {
        let (interval, hours) = self.periods();
        let track = Track::of(rows, interval, hours);
        track.performance(true, |at| self.data.time(SimTime::from_nanos(at)))
    }

    /// Returns the interval at which accounts are marked, and how many hours a day of the market has.
    fn periods(&self) -> (i64, f64) {
        let scenario = self.source.scenario();
        let day = scenario.end.nanos() - scenario.start.nanos();
        (scenario.sample_interval.nanos(), if day >= LONG_DAY_NANOS { 24.0 } else { SESSION_HOURS })
    }

    /// Reads what returns are taken of: all moments, or the last of each day.
    async fn track(&self, account: AccountId, from: SimTime, to: SimTime) -> Result<Track, Problem> {
        let (interval, hours) = self.periods();
        let closings = self.database.account_closings(account, from, to, DAYS_MAX).await.map_err(of_store)?;
        let mut days: Vec<i64> = closings.iter().map(|row| day_of(row.at)).collect();
        days.dedup();
        if days.len() < DAYS_MIN {
            let samples =
                self.database.account_marks(account, from, to, SAMPLES_MAX).await.map_err(of_store)?;
            if samples.next.is_none() {
                return Ok(Track { rows: samples.rows, interval, hours });
            }
        }
        Ok(Track { rows: closings, interval: DAY_NANOS, hours })
    }
}

/// The day of a moment; the end of a day belongs to it.
const fn day_of(at: i64) -> i64 {
    at.saturating_sub(1).div_euclid(DAY_NANOS)
}

/// What an account was worth, as returns are taken of it.
#[derive(Debug, Clone, PartialEq)]
struct Track {
    /// All rows; of periods of a day only the last of each, and those at which cash came from outside.
    rows: Vec<MarkRow>,
    /// The length of a period.
    interval: i64,
    /// How many hours a day of the market has.
    hours: f64,
}

impl Track {
    /// Takes all rows or, from so many days on, the last of each day and those with cash from outside.
    fn of(rows: Vec<MarkRow>, interval: i64, hours: f64) -> Self {
        let mut days: Vec<i64> = rows.iter().map(|row| day_of(row.at)).collect();
        days.dedup();
        if days.len() < DAYS_MIN {
            return Self { rows, interval, hours };
        }
        let closes = |(place, row): &(usize, &MarkRow)| {
            row.funded.0 != 0 || rows.get(place + 1).is_none_or(|next| day_of(next.at) != day_of(row.at))
        };
        let closings = rows.iter().enumerate().filter(closes).map(|(_, row)| row.clone()).collect();
        Self { rows: closings, interval: DAY_NANOS, hours }
    }

    /// Returns how the account did; from the cash that it began with on, if the first row is its first.
    fn performance(&self, is_whole: bool, time: impl Fn(i64) -> MarketTime) -> Option<Performance> {
        let (first, last) = (self.rows.first()?, self.rows.last()?);
        let (opening, rest) =
            if is_whole { (first.funded, &self.rows[..]) } else { (first.equity, &self.rows[1..]) };
        let later: i128 = self.rows[1..].iter().map(|row| row.funded.0).sum();
        let number = |units: i128| Number(Amount(units).decimal());
        let sample = self.sample(opening, rest);
        let metrics = Measures::take(account::METRICS, &sample, sample.periods_per_year);
        let fees = last.fees.0 - if is_whole { 0 } else { first.fees.0 };
        Some(Performance {
            from: time(first.at),
            to: time(last.at),
            opening_equity: number(opening.0),
            closing_equity: number(last.equity.0),
            funded: number(later),
            pnl: number(last.equity.0 - opening.0 - later),
            fees: number(fees),
            period: if self.is_daily() { "day" } else { "sample" },
            periods_per_year: sample.periods_per_year,
            metrics: metrics.iter().map(|measure| (measure.definition.key, measure.value)).collect(),
        })
    }

    /// Returns the returns of an account that was worth `opening` before the first of `rows`. The return of
    /// the period in which it has lost all is -1, and the last.
    fn sample(&self, opening: Amount, rows: &[MarkRow]) -> Sample {
        let (mut returns, mut ends): (Vec<f64>, Vec<i64>) = (Vec::new(), Vec::new());
        let mut before = currency(opening);
        let mut growth = 1.0;
        for (place, row) in rows.iter().enumerate() {
            if before <= 0.0 {
                break;
            }
            // What an account begins with was there before.
            let funded = if place == 0 && row.funded == opening { 0.0 } else { currency(row.funded) };
            growth *= ((currency(row.equity) - funded) / before).max(0.0);
            before = if growth > 0.0 { currency(row.equity) } else { 0.0 };
            let goes_on = self.is_daily()
                && before > 0.0
                && rows.get(place + 1).is_some_and(|next| day_of(next.at) == day_of(row.at));
            if !goes_on {
                returns.push(growth - 1.0);
                ends.push(row.at);
                growth = 1.0;
            }
        }
        let periods_per_year = self.periods_per_year();
        Sample { returns, ends, benchmark: Vec::new(), periods_per_year, trials: None }
    }

    const fn is_daily(&self) -> bool {
        self.interval == DAY_NANOS
    }

    /// Returns how many periods a year has, by whether the market was open on a weekend.
    fn periods_per_year(&self) -> f64 {
        let is_weekend = |row: &MarkRow| matches!((day_of(row.at) + 4).rem_euclid(7), 0 | 6);
        let days = if self.rows.iter().any(is_weekend) { 365.25 } else { 252.0 };
        TradingYear { days, hours: self.hours }.periods(self.interval)
    }
}

#[expect(clippy::cast_precision_loss, reason = "returns describe, and are no money")]
fn currency(amount: Amount) -> f64 {
    amount.0 as f64 / 1e10
}

#[cfg(test)]
mod tests {
    use super::*;
    use bearpit::data::Zone;

    const MINUTE: i64 = 60_000_000_000;

    fn row(at: i64, equity: i128, funded: i128) -> MarkRow {
        let whole = |number: i128| Amount(number * 10_i128.pow(10));
        MarkRow {
            account: AccountId::draw(),
            at,
            equity: whole(equity),
            cash: whole(equity),
            fees: Amount(0),
            funded: whole(funded),
        }
    }

    fn track(interval: i64, rows: Vec<MarkRow>) -> Track {
        Track { rows, interval, hours: 24.0 }
    }

    fn time(at: i64) -> MarketTime {
        MarketTime::new(SimTime::from_nanos(at), &Zone::utc())
    }

    fn near(found: &[f64], wanted: &[f64]) {
        assert_eq!(found.len(), wanted.len(), "{found:?}");
        let is_near = found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-12);
        assert!(is_near, "{found:?}, not {wanted:?}");
    }

    #[test]
    fn cash_from_outside_is_no_profit() {
        let rows = vec![row(MINUTE, 99, 100), row(2 * MINUTE, 199, 100), row(3 * MINUTE, 209, 0)];
        let track = track(MINUTE, rows);
        near(&track.sample(track.rows[0].funded, &track.rows).returns, &[-0.01, 0.0, 10.0 / 199.0]);
        let all = track.performance(true, time).unwrap();
        let texts = [all.opening_equity, all.closing_equity, all.funded, all.pnl].map(|it| it.to_string());
        assert_eq!(texts, ["100", "209", "100", "9"]);
        let later = track.performance(false, time).unwrap();
        assert_eq!([later.opening_equity, later.pnl].map(|it| it.to_string()), ["99", "10"]);
        let metric = later.metrics["cumulative_return"].unwrap();
        assert!((metric - 10.0 / 199.0).abs() < 1e-12, "{metric}");
    }

    #[test]
    fn a_day_with_cash_from_outside_is_one_return() {
        let day = |number: i64, part: i64| number * DAY_NANOS + part * MINUTE;
        let rows = vec![row(day(0, 600), 110, 100), row(day(1, 60), 221, 100), row(day(1, 600), 442, 0)];
        let track = track(DAY_NANOS, rows);
        let sample = track.sample(track.rows[0].funded, &track.rows);
        near(&sample.returns, &[0.1, 121.0 / 110.0 * 2.0 - 1.0]);
        assert_eq!(sample.ends, [day(0, 600), day(1, 600)]);
        assert!((sample.periods_per_year - 252.0).abs() < 1e-9, "a Thursday and a Friday");
    }

    #[test]
    fn who_has_lost_all_has_no_returns_after_that() {
        let rows = vec![row(MINUTE, 100, 100), row(2 * MINUTE, -5, 0), row(3 * MINUTE, 50, 0)];
        let track = track(MINUTE, rows);
        near(&track.sample(track.rows[0].funded, &track.rows).returns, &[0.0, -1.0]);
    }

    #[test]
    fn an_account_without_values_has_no_performance() {
        assert_eq!(track(MINUTE, Vec::new()).performance(true, time), None);
    }
}
