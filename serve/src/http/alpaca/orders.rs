//! `/v2/orders`.

use std::collections::BTreeSet;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web;
use serde::Serialize;
use uuid::Uuid;

use super::super::answers::{answer, nothing, ok};
use super::super::dialect::AlpacaFailure;
use super::fields::{Body, Fields, Query, invalid};
use super::order_body::OrderWriter;
use super::order_request::{client_of, needed, new_order};
use super::{Answer, Caller, Desk};
use crate::domain::{Problem, ProblemKind, TimeInForceName};
use crate::services::alpaca::{OrdersQuery, Replacement, Which};
use crate::services::market_data::SideName;
use crate::services::trading::VenueWait;

/// How long an answer to an order waits for the venue's word: longer than that takes in a market that is
/// open.
pub(super) const WAIT: VenueWait = VenueWait(Duration::from_millis(500));

/// How many orders are answered if nothing is said, and how many at most.
const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 500;

pub(super) const SIDES: [(&str, SideName); 2] = [("buy", SideName::Buy), ("sell", SideName::Sell)];
pub(super) const TIMES: [(&str, TimeInForceName); 6] = [
    ("day", TimeInForceName::Day),
    ("gtc", TimeInForceName::Gtc),
    ("opg", TimeInForceName::AtOpen),
    ("cls", TimeInForceName::AtClose),
    ("ioc", TimeInForceName::Ioc),
    ("fok", TimeInForceName::Fok),
];

/// Enters an order.
pub(super) async fn enter(desk: Desk, caller: Caller, Body(mut fields): Body) -> Answer {
    let order = new_order(&mut fields)?;
    let found = match desk.enter(caller.account, order, Some(WAIT)).await {
        Err(problem) if problem.code == "insufficient_cash" => {
            let free = desk.trading().account(caller.account).await.map(|it| it.free_cash.to_string());
            let failure = AlpacaFailure::from(problem);
            return Err(failure.with("buying_power", free.unwrap_or_default()));
        }
        // A field of the body, not the path, is at fault.
        Err(problem) if problem.code == "unknown_symbol" => {
            let found = invalid("symbol", &problem.message);
            return Err(Problem { hint: problem.hint, ..found }.into());
        }
        found => found?,
    };
    let writer = OrderWriter::of(&desk, caller.account).await;
    Ok(ok(&writer.found(&found)))
}

/// Lists orders.
pub(super) async fn list(desk: Desk, caller: Caller, Query(mut fields): Query) -> Answer {
    let zone = desk.data().zone();
    let which = [("open", Which::Open), ("closed", Which::Closed), ("all", Which::All)];
    let directions = [("asc", true), ("desc", false)];
    let is_nested = fields.flag("nested")?;
    let query = OrdersQuery {
        which: fields.word("status", &which)?.unwrap_or(Which::Open),
        limit: fields.count("limit", 1..=LIMIT_MAX)?.unwrap_or(LIMIT_DEFAULT),
        after: fields.instant("after", zone)?,
        until: fields.instant("until", zone)?,
        is_ascending: fields.word("direction", &directions)?.unwrap_or(false),
        side: fields.word("side", &SIDES)?,
        symbols: symbols(&desk, &mut fields)?,
    };
    let orders = desk.orders(caller.account, &query).await?;
    let writer = OrderWriter::of(&desk, caller.account).await;
    if !is_nested {
        return Ok(ok(&orders.iter().map(|order| writer.order(order)).collect::<Vec<_>>()));
    }
    // Exits stand in their entry, where that is in the list.
    let mut inner = BTreeSet::new();
    let mut bodies = Vec::new();
    for order in &orders {
        let legs = desk.legs(caller.account, order).await?;
        let mut body = writer.order(order);
        if !legs.is_empty() {
            inner.extend(legs.iter().map(|leg| leg.view.order_id.clone()));
            body = body.with_legs(&writer, &legs);
        }
        bodies.push((order.order_id.clone(), body));
    }
    bodies.retain(|(order, _)| !inner.contains(order));
    Ok(ok(&bodies.iter().map(|(_, body)| body).collect::<Vec<_>>()))
}

/// Returns the market's symbols for those that a request names.
fn symbols(desk: &Desk, fields: &mut Fields) -> Result<Vec<String>, Problem> {
    let names = fields.list("symbols")?;
    let symbol =
        |name: &String| desk.instrument(name).map(|it| it.symbol).map_err(|problem| problem.at("symbols"));
    names.iter().map(symbol).collect()
}

/// Returns an order.
pub(super) async fn one(
    desk: Desk,
    caller: Caller,
    path: web::Path<String>,
    Query(mut fields): Query,
) -> Answer {
    fields.skip(&["nested"]);
    let found = desk.order(caller.account, id_of(&path)?).await?;
    Ok(ok(&OrderWriter::of(&desk, caller.account).await.found(&found)))
}

/// Returns the order that was entered under an id of its sender's.
pub(super) async fn of_client(desk: Desk, caller: Caller, Query(mut fields): Query) -> Answer {
    fields.skip(&["nested"]);
    let client = client_of(&mut fields)?.ok_or_else(|| needed("client_order_id"))?;
    let found = desk.order_of_client(caller.account, client).await?;
    Ok(ok(&OrderWriter::of(&desk, caller.account).await.found(&found)))
}

/// Replaces an order.
pub(super) async fn replace(
    desk: Desk,
    caller: Caller,
    path: web::Path<String>,
    Body(mut fields): Body,
) -> Answer {
    // A `client_order_id` is among what is ignored: the order keeps the one that its sender gave it.
    let change = Replacement {
        quantity: fields.number("qty")?,
        limit_price: fields.number("limit_price")?,
        stop_price: fields.number("stop_price")?,
        trail: fields.number("trail")?,
        time_in_force: fields.word("time_in_force", &TIMES)?,
    };
    let found = desk.replace(caller.account, id_of(&path)?, &change).await?;
    Ok(ok(&OrderWriter::of(&desk, caller.account).await.found(&found)))
}

/// Cancels an order; the venue's word comes later.
pub(super) async fn cancel(desk: Desk, caller: Caller, path: web::Path<String>) -> Answer {
    desk.cancel(caller.account, id_of(&path)?).await?;
    Ok(nothing())
}

/// What became of the cancel of an order.
#[derive(Debug, Serialize)]
struct CanceledBody {
    id: Uuid,
    status: u16,
}

/// Cancels all orders.
pub(super) async fn cancel_all(desk: Desk, caller: Caller) -> Answer {
    let canceled = desk.cancel_all(caller.account).await?;
    let bodies: Vec<_> = canceled.into_iter().map(|id| CanceledBody { id, status: 200 }).collect();
    Ok(answer(StatusCode::MULTI_STATUS, &bodies))
}

fn id_of(text: &str) -> Result<Uuid, Problem> {
    let bad = |_| Problem::new(ProblemKind::NotFound, "unknown_order", format!("order not found for {text}"));
    Uuid::try_parse(text).map_err(bad)
}
