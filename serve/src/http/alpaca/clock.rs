//! `/v2/clock` and `/v2/calendar`.

use bearpit::scenario::CivilDate;
use bearpit_core::units::SimTime;
use serde_json::json;

use super::super::answers::ok;
use super::fields::Query;
use super::{Answer, Caller, Desk};
use crate::services::alpaca::TradingDay;

/// Says what time it is in the market, by its own clock.
pub(super) async fn clock(desk: Desk, _: Caller) -> Answer {
    let hours = desk.market_hours();
    Ok(ok(&json!({
        "timestamp": hours.now,
        "is_open": hours.is_open,
        "next_open": hours.next_open,
        "next_close": hours.next_close,
    })))
}

/// How many days a calendar has from its start on if no end is given.
const DAYS_DEFAULT: u32 = 365;

/// Lists days with trading; without a start, from today on.
pub(super) async fn calendar(desk: Desk, _: Caller, Query(mut fields): Query) -> Answer {
    fields.skip(&["date_type"]);
    let (start, end) = (fields.date("start")?, fields.date("end")?);
    let zone = desk.data().zone();
    let today = || CivilDate::of(zone.clock_at(desk.market_hours().now.instant().nanos()));
    let start = start.unwrap_or_else(today);
    let end = end.or_else(|| start.days_later(DAYS_DEFAULT)).unwrap_or(start);
    // By the market's own clock; a day that ends at midnight ends a minute before it, so that it ends on its
    // date.
    let time = |day: &TradingDay, at: SimTime| {
        let shown = zone.clock_at(at.nanos());
        let text = shown.to_string();
        let clock = text.split_once('T').map_or("00:00", |(_, clock)| clock.get(..5).unwrap_or("00:00"));
        if CivilDate::of(shown) > day.date { "23:59".to_owned() } else { clock.to_owned() }
    };
    let days = desk.calendar(start, end);
    let body = days.iter().map(|day| {
        let (open, close) = (time(day, day.open), time(day, day.close));
        json!({ "date": day.date.to_string(), "open": open, "close": close, "session_open": open.replace(':', ""),
                "session_close": close.replace(':', "") })
    });
    Ok(ok(&body.collect::<Vec<_>>()))
}
