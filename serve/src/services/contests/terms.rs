//! What a contest is made of, from what an administrator asks for, and what the market is told of it.

use std::collections::BTreeMap;

use bearpit::scenario::CivilDate;
use bearpit_core::participant::{AccountLimits, OrderRate};
use bearpit_core::units::{Quantity, SimDuration, SimTime};

use super::views::{ContestRequest, InstrumentLimit, OrderRateLimit};
use super::{ContestView, Contests};
use crate::domain::{ContestId, Number, Problem, ProblemKind, UserId, WallTime, instant_of};
use crate::services::trading::request::Reader;
use crate::store::contests::{ContestRow, ContestStatus};
use crate::store::database::Amount;

/// The longest name of a contest, in characters.
const NAME_MAX: usize = 80;
/// The longest text about one.
const TEXT_MAX: usize = 4_000;
/// The longest span in which orders are counted, in seconds.
const RATE_SECONDS_MAX: u32 = 86_400;

/// What a moment is given by: a day of the market, or a time of it.
#[derive(Debug, Clone, Copy)]
struct Moment<'a> {
    day: (&'static str, Option<&'a str>),
    at: (&'static str, Option<&'a str>),
}

impl Contests {
    /// Reads the terms of a contest.
    pub(super) fn terms(
        &self,
        request: &ContestRequest,
        id: ContestId,
        created_by: UserId,
        created_at: WallTime,
    ) -> Result<ContestRow, Problem> {
        let name = text_of(&request.name, "name", 1..=NAME_MAX)?;
        let description = text_of(&request.text, "text", 0..=TEXT_MAX)?;
        let start = Moment {
            day: ("starts_day", request.starts_day.as_deref()),
            at: ("starts_at", request.starts_at.as_deref()),
        };
        let end = Moment {
            day: ("ends_day", request.ends_day.as_deref()),
            at: ("ends_at", request.ends_at.as_deref()),
        };
        let (starts_at, ends_at) = (self.moment(start, false)?, self.moment(end, true)?);
        if self.now().is_some_and(|now| starts_at <= now) {
            let message = "a contest begins later than now, by the market's time";
            return Err(refused(message, "starts_at").hint("GET /api/clock says what time it is there"));
        }
        if ends_at <= starts_at {
            return Err(refused("a contest ends after it has begun", "ends_at"));
        }
        let entry_until = match request.entry_until.as_deref() {
            Some(text) => instant("entry_until", text)?,
            None => starts_at,
        };
        if entry_until > ends_at {
            return Err(refused("nobody enters a contest that is over", "entry_until"));
        }
        let cash = Amount::of(request.cash.0).filter(|cash| cash.0 > 0);
        let cash = cash.ok_or_else(|| refused("each entrant gets an amount of cash above zero", "cash"))?;
        Ok(ContestRow {
            id,
            name,
            description,
            ranking: request.ranking.into(),
            cash,
            starts_at: starts_at.nanos(),
            ends_at: ends_at.nanos(),
            entry_until: entry_until.nanos(),
            instruments: self.instruments(&request.instruments)?,
            orders: request.orders.map(rate_of).transpose()?,
            status: ContestStatus::Announced,
            reason: None,
            created_by,
            created_at,
            settled: None,
        })
    }

    /// Reads a moment: the beginning or the end of a day of the market, or a time.
    fn moment(&self, moment: Moment<'_>, is_end: bool) -> Result<SimTime, Problem> {
        match (moment.day, moment.at) {
            ((_, None), (field, Some(text))) => instant(field, text),
            ((field, Some(text)), (_, None)) => {
                let date: CivilDate =
                    text.parse().map_err(|_| refused("a day is a date such as 2025-03-03", field))?;
                let days = self.trading.source.scenario().live_days();
                let days = days.ok_or_else(|| refused("this market has no days", field))?;
                let span = days.span(date).map_err(|error| refused(error, field))?;
                if !days.is_trading_day(date) {
                    return Err(refused(format!("nothing is traded on {date}"), field));
                }
                Ok(if is_end { span.end } else { span.start })
            }
            ((day, _), (at, _)) => Err(refused(format!("give `{day}` or `{at}`, one of the two"), at)),
        }
    }

    /// Reads what may be traded: all instruments if none is named. Returns it as JSON.
    fn instruments(&self, limits: &[InstrumentLimit]) -> Result<String, Problem> {
        let known = || self.trading.source.scenario().instruments.iter().map(|it| &it.instrument);
        let mut named: BTreeMap<&str, Option<Number>> = BTreeMap::new();
        for InstrumentLimit { symbol, position_max } in limits {
            let instrument = known().find(|it| it.symbol() == symbol).ok_or_else(|| {
                let problem = refused(format!("there is no instrument `{symbol}`"), "instruments");
                problem.hint("GET /api/instruments lists them")
            })?;
            if let Some(most) = position_max {
                Reader(instrument).quantity("instruments", *most)?;
            }
            if named.insert(instrument.symbol(), *position_max).is_some() {
                return Err(refused(format!("`{symbol}` is named twice"), "instruments"));
            }
        }
        if named.is_empty() {
            named.extend(known().map(|it| (it.symbol(), None)));
        }
        // Maps of texts are always written.
        Ok(serde_json::to_string(&named).unwrap_or_default())
    }

    /// Returns what may be traded in a contest.
    pub(super) fn limits_of(row: &ContestRow) -> Vec<InstrumentLimit> {
        let named: BTreeMap<String, Option<Number>> =
            serde_json::from_str(&row.instruments).unwrap_or_default();
        named.into_iter().map(|(symbol, position_max)| InstrumentLimit { symbol, position_max }).collect()
    }

    /// Returns what the market is told about the account of an entrant, sealed or before that.
    pub(super) fn account_limits(&self, row: &ContestRow, is_sealed: bool) -> AccountLimits {
        let scenario = self.trading.source.scenario();
        let lots = |symbol: &str, most: Number| {
            let instrument = scenario.instruments.iter().find(|it| it.instrument.symbol() == symbol)?;
            Reader(&instrument.instrument).quantity("instruments", most).ok()
        };
        let instruments: BTreeMap<String, Option<Quantity>> = Self::limits_of(row)
            .into_iter()
            .filter_map(|InstrumentLimit { symbol, position_max }| {
                // One whose lot size is another by now is not traded.
                let most = match position_max {
                    None => None,
                    Some(most) => Some(lots(&symbol, most)?),
                };
                Some((symbol, most))
            })
            .collect();
        let rate = row.orders.map(|(count, per)| OrderRate { count, per: SimDuration::from_nanos(per) });
        let until = Some(SimTime::from_nanos(row.ends_at));
        AccountLimits { instruments: Some(instruments), rate, until, is_sealed }
    }

    /// Returns what would have to be asked for to make a contest as it is.
    pub(super) fn request_of(&self, row: &ContestRow) -> ContestRequest {
        let time = |at: i64| Some(self.trading.data.time(SimTime::from_nanos(at)).to_string());
        ContestRequest {
            name: row.name.clone(),
            text: row.description.clone(),
            ranking: row.ranking.into(),
            cash: Number::of_money(row.cash.money()),
            starts_day: None,
            starts_at: time(row.starts_at),
            ends_day: None,
            ends_at: time(row.ends_at),
            entry_until: time(row.entry_until),
            instruments: Self::limits_of(row),
            orders: row.orders.map(|(count, per)| OrderRateLimit {
                count,
                seconds: u32::try_from(per / 1_000_000_000).unwrap_or(RATE_SECONDS_MAX),
            }),
        }
    }

    /// Returns a contest as it is shown.
    pub(super) fn view(&self, row: &ContestRow) -> ContestView {
        let time = |at: i64| self.trading.data.time(SimTime::from_nanos(at));
        let asked = self.request_of(row);
        ContestView {
            contest_id: row.id,
            name: asked.name,
            text: asked.text,
            status: row.status.into(),
            reason: row.reason.clone(),
            ranking: asked.ranking,
            cash: asked.cash,
            currency: self.trading.data.currency().to_owned(),
            starts_at: time(row.starts_at),
            ends_at: time(row.ends_at),
            entry_until: time(row.entry_until),
            instruments: asked.instruments,
            orders: asked.orders,
            digest: row.settled.as_ref().map(|(digest, _)| digest.clone()),
            created_at: row.created_at.to_string(),
        }
    }
}

fn rate_of(rate: OrderRateLimit) -> Result<(u32, i64), Problem> {
    let OrderRateLimit { count, seconds } = rate;
    if count == 0 || seconds == 0 || seconds > RATE_SECONDS_MAX {
        let message = "at least one order in 1 to 86,400 seconds of the market's time";
        return Err(refused(message, "orders"));
    }
    Ok((count, i64::from(seconds) * 1_000_000_000))
}

fn instant(field: &'static str, text: &str) -> Result<SimTime, Problem> {
    instant_of(text).map_err(|error| refused(error, field))
}

fn text_of(text: &str, field: &str, lengths: std::ops::RangeInclusive<usize>) -> Result<String, Problem> {
    let text = text.trim();
    let is_plain = |c: char| !c.is_control() || c == '\n';
    if lengths.contains(&text.chars().count()) && text.chars().all(is_plain) {
        return Ok(text.to_owned());
    }
    let message = format!(
        "a text of {} to {} characters, none of them a control character",
        lengths.start(),
        lengths.end()
    );
    Err(refused(message, field))
}

pub(super) fn refused(message: impl std::fmt::Display, field: &str) -> Problem {
    Problem::new(ProblemKind::Refused, "invalid_field", message).at(field)
}
