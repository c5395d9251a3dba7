//! What an account was worth over time, and what happened in it.

use actix_web::web;
use bearpit_core::units::Decimal;
use serde_json::{Value, json};

use super::super::answers::ok;
use super::fields::{Fields, Query, invalid};
use super::{Answer, Caller, Desk};
use crate::domain::Problem;
use crate::services::alpaca::{ActivityQuery, PortfolioQuery, Timeframe};

/// Returns what the account was worth over time.
pub(super) async fn portfolio(desk: Desk, caller: Caller, Query(mut fields): Query) -> Answer {
    fields.skip(&["extended_hours", "intraday_reporting", "pnl_reset", "cashflow_types"]);
    let zone = desk.data().zone();
    let start = fields.instant("start", zone)?.or(fields.instant("date_start", zone)?);
    let end = fields.instant("end", zone)?.or(fields.instant("date_end", zone)?);
    let timeframe = fields.text("timeframe").map(|text| Timeframe::read(&text)).transpose()?;
    let query = PortfolioQuery { period: fields.text("period"), timeframe, start, end };
    let history = desk.portfolio(caller.account, &query).await?;
    let base = history.base.0.to_f64();
    let equity: Vec<f64> = history.steps.iter().map(|step| step.equity.0.to_f64()).collect();
    let gains: Vec<f64> = history.steps.iter().map(|step| step.profit.0.to_f64()).collect();
    let parts: Vec<Option<f64>> = gains.iter().map(|gain| (base > 0.0).then(|| gain / base)).collect();
    let at = history.steps.iter().map(|step| step.start.nanos().div_euclid(1_000_000_000));
    Ok(ok(&json!({
        "timestamp": at.collect::<Vec<_>>(),
        "equity": equity,
        "profit_loss": gains,
        "profit_loss_pct": parts,
        "base_value": base,
        "timeframe": history.timeframe.to_string(),
    })))
}

/// Lists what happened in the account: fills.
pub(super) async fn activities(desk: Desk, caller: Caller, Query(mut fields): Query) -> Answer {
    let kinds = fields.list("activity_types")?;
    list(&desk, &caller, &kinds, fields).await
}

/// Lists what happened of one kind.
pub(super) async fn activities_of(
    desk: Desk,
    caller: Caller,
    path: web::Path<String>,
    Query(fields): Query,
) -> Answer {
    list(&desk, &caller, &[path.into_inner()], fields).await
}

async fn list(desk: &Desk, caller: &Caller, kinds: &[String], mut fields: Fields) -> Answer {
    let query = activity_query(desk, &mut fields)?;
    let is_fill =
        |kind: &String| ["FILL", "TRADE", "trade_activity"].iter().any(|it| kind.eq_ignore_ascii_case(it));
    if !kinds.is_empty() && !kinds.iter().any(is_fill) {
        return Ok(ok(&Value::Array(Vec::new())));
    }
    let names = desk.names(caller.account).await;
    let activities = desk.activities(caller.account, &query).await?;
    let body = activities.fills.iter().map(|it| {
        let is_whole = it.leaves.0 == Decimal::new(0, 0);
        json!({
            "id": it.id,
            "account_id": caller.account,
            "activity_type": "FILL",
            "transaction_time": it.fill.at.in_utc(),
            "type": if is_whole { "fill" } else { "partial_fill" },
            "price": it.fill.price,
            "qty": it.fill.quantity,
            "side": it.fill.side,
            "symbol": desk.traded_name(&it.fill.symbol, &it.fill.venue, names.of(&it.fill.symbol)),
            "leaves_qty": it.leaves,
            "cum_qty": it.cumulative,
            "order_id": it.order_id,
            "order_status": if is_whole { "filled" } else { "partially_filled" },
        })
    });
    Ok(ok(&body.collect::<Vec<_>>()))
}

fn activity_query(desk: &Desk, fields: &mut Fields) -> Result<ActivityQuery, Problem> {
    let zone = desk.data().zone();
    let (mut after, mut until) = (fields.instant("after", zone)?, fields.instant("until", zone)?);
    if let Some(date) = fields.date("date")? {
        let midnight = |date: bearpit::scenario::CivilDate| {
            bearpit_core::units::SimTime::from_nanos(zone.instant_of(date.midnight()))
        };
        let next = date.days_later(1).ok_or_else(|| invalid("date", "it is out of range"))?;
        let before = midnight(date).nanos().saturating_sub(1);
        (after, until) = (Some(bearpit_core::units::SimTime::from_nanos(before)), Some(midnight(next)));
    }
    let directions = [("asc", true), ("desc", false)];
    let page_size = fields.count("page_size", 1..=100)?.unwrap_or(100);
    fields.skip(&["category"]);
    Ok(ActivityQuery {
        after,
        until,
        is_ascending: fields.word("direction", &directions)?.unwrap_or(false),
        page_size: u32::try_from(page_size).unwrap_or(100),
        page_token: fields.text("page_token"),
    })
}
