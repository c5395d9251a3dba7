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
use super::{Answer, Caller, Desk};
use crate::domain::{ClientOrderId, KindName, Number, Problem, ProblemKind, TimeInForceName};
use crate::services::alpaca::{Amount, NewOrder, OrdersQuery, Replacement, Which};
use crate::services::market_data::SideName;
use crate::services::trading::{BracketRequest, OrderRequest, PairRequest, VenueWait};

/// How long an answer to an order waits for the venue's word: longer than that takes in a market that is
/// open.
pub(super) const WAIT: VenueWait = VenueWait(Duration::from_millis(500));

/// How many orders are answered if nothing is said, and how many at most.
const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 500;

const SIDES: [(&str, SideName); 2] = [("buy", SideName::Buy), ("sell", SideName::Sell)];
const KINDS: [(&str, KindName); 5] = [
    ("market", KindName::Market),
    ("limit", KindName::Limit),
    ("stop", KindName::Stop),
    ("stop_limit", KindName::StopLimit),
    ("trailing_stop", KindName::TrailingStop),
];
const TIMES: [(&str, TimeInForceName); 6] = [
    ("day", TimeInForceName::Day),
    ("gtc", TimeInForceName::Gtc),
    ("opg", TimeInForceName::AtOpen),
    ("cls", TimeInForceName::AtClose),
    ("ioc", TimeInForceName::Ioc),
    ("fok", TimeInForceName::Fok),
];

/// What an order enters besides itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Simple,
    Bracket,
    OneTriggersOther,
    OneCancelsOther,
    Legs,
}

const CLASSES: [(&str, Class); 5] = [
    ("simple", Class::Simple),
    ("bracket", Class::Bracket),
    ("oto", Class::OneTriggersOther),
    ("oco", Class::OneCancelsOther),
    ("mleg", Class::Legs),
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
            return Err(invalid("symbol", &problem.message).into());
        }
        found => found?,
    };
    let writer = OrderWriter::of(&desk, caller.account).await;
    Ok(ok(&writer.found(&found)))
}

/// Reads an order.
fn new_order(fields: &mut Fields) -> Result<NewOrder, Problem> {
    let symbol = fields.needed("symbol")?;
    let needed = |name: &str| {
        Problem::new(ProblemKind::Refused, "missing_field", format!("{name} is required")).at(name)
    };
    let side = fields.word("side", &SIDES)?.ok_or_else(|| needed("side"))?;
    let kind = fields.word("type", &KINDS)?.ok_or_else(|| needed("type"))?;
    let amount = match (fields.number("qty")?, fields.number("notional")?) {
        (Some(quantity), None) => Amount::Quantity(quantity),
        (None, Some(notional)) => Amount::Notional(notional),
        (None, None) => return Err(needed("qty").hint("give qty, or notional")),
        (Some(_), Some(_)) => return Err(invalid("notional", "give qty or notional, not both")),
    };
    let placeholder = match amount {
        Amount::Quantity(number) | Amount::Notional(number) => number,
    };
    let mut request = OrderRequest { kind: Some(kind), ..OrderRequest::market(symbol, side, placeholder) };
    request.time_in_force =
        Some(fields.word("time_in_force", &TIMES)?.ok_or_else(|| needed("time_in_force"))?);
    request.price = fields.number("limit_price")?;
    request.stop_price = fields.number("stop_price")?;
    request.trail_amount = fields.number("trail_price")?;
    request.trail_percent = fields.number("trail_percent")?;
    request.client_order_id = client_of(fields)?;
    // Trading has no other hours here than its sessions, and what an order does to a position is seen by it.
    fields.flag("extended_hours")?;
    fields.skip(&["position_intent"]);
    if kind == KindName::Market && request.price.is_some() {
        return Err(invalid("limit_price", "market orders have no limit_price"));
    }
    read_class(fields, &mut request)?;
    Ok(NewOrder { request, amount })
}

/// Reads the id that the sender gives an order.
fn client_of(fields: &mut Fields) -> Result<Option<ClientOrderId>, Problem> {
    let id = fields.text("client_order_id").map(ClientOrderId::try_from).transpose();
    id.map_err(|error| invalid("client_order_id", &error.to_string()))
}

/// Reads the exits of an order, and the stop that enters together with it.
fn read_class(fields: &mut Fields, request: &mut OrderRequest) -> Result<(), Problem> {
    let class = fields.word("order_class", &CLASSES)?.unwrap_or(Class::Simple);
    let profit =
        fields.object("take_profit")?.map(|mut it| needed_number(&mut it, "take_profit", "limit_price"));
    let profit = profit.transpose()?;
    let loss = fields.object("stop_loss")?.map(|mut loss| {
        Ok::<_, Problem>((needed_number(&mut loss, "stop_loss", "stop_price")?, loss.number("limit_price")?))
    });
    let loss = loss.transpose()?;
    let bracket = BracketRequest {
        take_profit: profit,
        stop_loss: loss.map(|(trigger, _)| trigger),
        stop_limit: None,
        stop_loss_limit: loss.and_then(|(_, limit)| limit),
    };
    match (class, profit, loss) {
        (Class::Simple, None, None) => {}
        (Class::Simple, ..) => {
            let message = "take_profit and stop_loss need order_class bracket, oto or oco";
            return Err(invalid("order_class", message));
        }
        (Class::Bracket, Some(_), Some(_)) => request.bracket = Some(bracket),
        (Class::Bracket, ..) => {
            return Err(invalid("take_profit", "bracket orders need take_profit and stop_loss"));
        }
        (Class::OneTriggersOther, Some(_), None) | (Class::OneTriggersOther, None, Some(_)) => {
            request.bracket = Some(bracket);
        }
        (Class::OneTriggersOther, ..) => {
            return Err(invalid("take_profit", "oto orders need either take_profit or stop_loss"));
        }
        (Class::OneCancelsOther, profit, Some((stop_loss, stop_loss_limit))) => {
            if request.kind != Some(KindName::Limit) {
                return Err(invalid("type", "oco orders are limit orders"));
            }
            request.price = profit.or(request.price);
            request.pair = Some(PairRequest { stop_loss, stop_limit: None, stop_loss_limit });
        }
        (Class::OneCancelsOther, ..) => return Err(invalid("stop_loss", "oco orders need stop_loss")),
        (Class::Legs, ..) => {
            let message = "orders of several legs cannot be entered here";
            return Err(
                Problem::new(ProblemKind::Refused, "unsupported_order_class", message).at("order_class")
            );
        }
    }
    Ok(())
}

fn needed_number(fields: &mut Fields, of: &str, name: &str) -> Result<Number, Problem> {
    fields.number(name)?.ok_or_else(|| invalid(&format!("{of}.{name}"), "it is required"))
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
    let needed = || {
        let message = "client_order_id is required";
        Problem::new(ProblemKind::Refused, "missing_field", message).at("client_order_id")
    };
    let client = client_of(&mut fields)?.ok_or_else(needed)?;
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
    // The order keeps the id that its sender gave it.
    client_of(&mut fields)?;
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
