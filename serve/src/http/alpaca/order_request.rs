//! Orders to be entered, as they are read from a request.

use super::fields::{Fields, invalid};
use super::orders::{SIDES, TIMES};
use crate::domain::{ClientOrderId, KindName, Number, Problem, ProblemKind};
use crate::services::alpaca::{Amount, NewOrder};
use crate::services::trading::{BracketRequest, OrderRequest, PairRequest};

const KINDS: [(&str, KindName); 5] = [
    ("market", KindName::Market),
    ("limit", KindName::Limit),
    ("stop", KindName::Stop),
    ("stop_limit", KindName::StopLimit),
    ("trailing_stop", KindName::TrailingStop),
];

/// What an order enters besides itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Simple,
    Bracket,
    OneTriggersOther,
    OneCancelsOther,
}

/// The classes by their names; nothing for one that is not there.
const CLASSES: [(&str, Option<Class>); 5] = [
    ("simple", Some(Class::Simple)),
    ("bracket", Some(Class::Bracket)),
    ("oto", Some(Class::OneTriggersOther)),
    ("oco", Some(Class::OneCancelsOther)),
    ("mleg", None),
];

/// Reads an order.
pub(super) fn new_order(fields: &mut Fields) -> Result<NewOrder, Problem> {
    // An order of several legs has no symbol.
    let class = class_of(fields)?;
    let symbol = fields.needed("symbol")?;
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
    read_class(fields, class, &mut request)?;
    check_prices(kind, &request)?;
    Ok(NewOrder { request, amount })
}

/// Says that a field is missing.
pub(super) fn needed(name: &str) -> Problem {
    Problem::new(ProblemKind::Refused, "missing_field", format!("{name} is required")).at(name)
}

fn class_of(fields: &mut Fields) -> Result<Class, Problem> {
    fields.word("order_class", &CLASSES)?.unwrap_or(Some(Class::Simple)).ok_or_else(|| {
        let message = "orders of several legs cannot be entered here";
        Problem::new(ProblemKind::Refused, "unsupported_order_class", message).at("order_class")
    })
}

/// Says which price an order of a type lacks.
fn check_prices(kind: KindName, request: &OrderRequest) -> Result<(), Problem> {
    let has_limit = request.price.is_some();
    let has_trail = request.trail_amount.is_some() || request.trail_percent.is_some();
    let lacking = match kind {
        KindName::Limit if !has_limit => "limit_price",
        KindName::Stop | KindName::StopLimit if request.stop_price.is_none() => "stop_price",
        KindName::StopLimit if !has_limit => "limit_price",
        KindName::TrailingStop if !has_trail => "trail_price",
        _ => return Ok(()),
    };
    let message = format!("orders of type {} need {lacking}", kind.name());
    let problem = Problem::new(ProblemKind::Refused, "missing_field", message).at(lacking);
    Err(if lacking == "trail_price" { problem.hint("or trail_percent") } else { problem })
}

/// Reads the id that the sender gives an order.
pub(super) fn client_of(fields: &mut Fields) -> Result<Option<ClientOrderId>, Problem> {
    let id = fields.text("client_order_id").map(ClientOrderId::try_from).transpose();
    id.map_err(|error| invalid("client_order_id", &error.to_string()))
}

/// Reads the exits of an order, and the stop that enters together with it.
fn read_class(fields: &mut Fields, class: Class, request: &mut OrderRequest) -> Result<(), Problem> {
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
    }
    Ok(())
}

fn needed_number(fields: &mut Fields, of: &str, name: &str) -> Result<Number, Problem> {
    fields.number(name)?.ok_or_else(|| invalid(&format!("{of}.{name}"), "it is required"))
}
