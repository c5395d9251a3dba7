//! `/v2/positions`.

use actix_web::http::StatusCode;
use actix_web::web;
use bearpit_core::units::Decimal;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::answers::{answer, ok};
use super::super::dialect::AlpacaFailure;
use super::assets::exchange_of;
use super::fields::{Query, invalid};
use super::order_body::{OrderWriter, class_of};
use super::orders::WAIT;
use super::{Answer, Caller, Desk};
use crate::domain::Number;
use crate::services::alpaca::{Alpaca, CloseAmount, Holding, Naming};

/// A position as Alpaca's API shows it.
#[derive(Debug, Serialize)]
struct PositionBody {
    asset_id: Uuid,
    symbol: String,
    exchange: &'static str,
    asset_class: &'static str,
    asset_marginable: bool,
    avg_entry_price: Number,
    qty: Number,
    qty_available: Number,
    side: &'static str,
    market_value: Option<Number>,
    cost_basis: Number,
    unrealized_pl: Option<Number>,
    unrealized_plpc: Option<String>,
    /// Of today: since the close of the day before.
    unrealized_intraday_pl: Option<String>,
    unrealized_intraday_plpc: Option<String>,
    current_price: Option<String>,
    lastday_price: Option<Number>,
    change_today: Option<String>,
}

fn position(alpaca: &Alpaca, holding: &Holding) -> PositionBody {
    let line = &holding.line;
    let (quantity, cost) = (line.quantity.0.to_f64(), line.cost.0.to_f64());
    let price = line.market_value.map(|value| value.0.to_f64() / quantity);
    let last = holding.last_day_price.map(|price| price.0.to_f64());
    let change = price.zip(last).map(|(price, last)| price - last);
    let part = |part: f64, whole: f64| (whole.abs() > 0.0).then(|| decimal(part / whole.abs()));
    let name = alpaca.name(&line.symbol, holding.naming);
    PositionBody {
        asset_id: alpaca.ids().asset(&alpaca.asset_name(&line.symbol, holding.naming)),
        // Of pairs, positions have the name without the slash.
        symbol: name.replace('/', ""),
        exchange: exchange_of(holding.naming),
        asset_class: class_of(holding.naming),
        asset_marginable: false,
        avg_entry_price: line.average_price.unwrap_or(Number(Decimal::new(0, 0))),
        qty: line.quantity,
        qty_available: line.sellable,
        side: if quantity < 0.0 { "short" } else { "long" },
        market_value: line.market_value,
        cost_basis: line.cost,
        unrealized_pl: line.unrealized_pnl,
        unrealized_plpc: line.unrealized_pnl.and_then(|gain| part(gain.0.to_f64(), cost)),
        unrealized_intraday_pl: change.map(|change| decimal(change * quantity)),
        unrealized_intraday_plpc: change.zip(last).and_then(|(change, last)| part(change, last)),
        current_price: price.map(decimal),
        lastday_price: holding.last_day_price,
        change_today: change.zip(last).and_then(|(change, last)| part(change, last)),
    }
}

/// Writes a quotient to nine places.
fn decimal(number: f64) -> String {
    let text = format!("{number:.9}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Lists the positions.
pub(super) async fn list(desk: Desk, caller: Caller) -> Answer {
    let holdings = desk.holdings(caller.account).await?;
    Ok(ok(&holdings.iter().map(|holding| position(&desk, holding)).collect::<Vec<_>>()))
}

/// Returns a position, by any name of its instrument or the id of its asset.
pub(super) async fn one(desk: Desk, caller: Caller, path: web::Path<String>) -> Answer {
    Ok(ok(&position(&desk, &desk.holding(caller.account, &path).await?)))
}

/// Closes a position, or a part of it.
pub(super) async fn close(
    desk: Desk,
    caller: Caller,
    path: web::Path<String>,
    Query(mut fields): Query,
) -> Answer {
    let amount = match (fields.number("qty")?, fields.number("percentage")?) {
        (None, None) => CloseAmount::All,
        (Some(quantity), None) => CloseAmount::Quantity(quantity),
        (None, Some(percentage)) => CloseAmount::Percentage(percentage),
        (Some(_), Some(_)) => return Err(invalid("percentage", "give qty or percentage, not both").into()),
    };
    let found = desk.close(caller.account, &path, amount, Some(WAIT)).await?;
    Ok(ok(&OrderWriter::of(&desk, caller.account).await.found(&found)))
}

/// Closes all positions.
pub(super) async fn close_all(desk: Desk, caller: Caller, Query(mut fields): Query) -> Answer {
    let cancels_orders = fields.flag("cancel_orders")?;
    let closed = desk.close_all(caller.account, cancels_orders, Some(WAIT)).await?;
    let writer = OrderWriter::of(&desk, caller.account).await;
    let bodies = closed.into_iter().map(|it| {
        let symbol = desk.name(&it.holding.line.symbol, it.holding.naming);
        let symbol = if it.holding.naming == Naming::Pair { symbol.replace('/', "") } else { symbol };
        match it.outcome {
            Ok(found) => {
                let body = writer.found(&found);
                json!({ "symbol": symbol, "order_id": body.id, "status": 200, "body": body })
            }
            Err(problem) => {
                let failure = AlpacaFailure::from(problem);
                let status = actix_web::ResponseError::status_code(&failure).as_u16();
                json!({ "symbol": symbol, "order_id": null, "status": status, "body": failure.body() })
            }
        }
    });
    Ok(answer(StatusCode::MULTI_STATUS, &bodies.collect::<Vec<Value>>()))
}
