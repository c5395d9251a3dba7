//! Cancels and replaces: which order they mean, and what is to change of it.

use super::Unfit;
use super::entry::{lifetime, name_of, number, unfit};
use crate::domain::{KindName, Number};
use crate::fix::codec::{Message, tags};
use crate::services::trading::{OrderView, ReplaceRequest};

/// Returns the name of a request, and what it says of the order that it means: its number in the market, and
/// its name.
///
/// # Errors
/// [`Unfit`].
pub(in crate::fix) fn target_of(message: &Message) -> Result<(&str, Option<u64>, &str), Unfit> {
    message.once(&[])?;
    let name = name_of(message)?;
    let order = message.get(tags::ORDER_ID).and_then(|it| it.parse().ok());
    let original = message.get(tags::ORIG_CL_ORD_ID);
    if order.is_none() && original.is_none() {
        message.need(tags::ORIG_CL_ORD_ID)?;
    }
    Ok((name, order, original.unwrap_or("NONE")))
}

/// Returns what a replace changes of an order: what it says again stays as it is.
///
/// # Errors
/// [`Unfit`].
pub(in crate::fix) fn changes_of(message: &Message, order: &OrderView) -> Result<ReplaceRequest, Unfit> {
    if message.get(tags::SYMBOL).is_some_and(|symbol| symbol != order.symbol) {
        return unfit("Symbol (55) is not that of the order, and cannot be replaced");
    }
    let side = if order.side == crate::services::market_data::SideName::Buy { "1" } else { "2" };
    if message.get(tags::SIDE).is_some_and(|it| it != side) {
        return unfit("Side (54) is not that of the order, and cannot be replaced");
    }
    let new = |tag: u32, old: Option<Number>| -> Result<Option<Number>, Unfit> {
        Ok(number(message, tag)?.filter(|new| old.is_none_or(|old| old.0 != new.0)))
    };
    let mut change = ReplaceRequest {
        quantity: new(tags::ORDER_QTY, Some(order.quantity))?,
        price: new(tags::PRICE, order.price)?,
        stop_price: new(tags::STOP_PX, order.stop_price)?,
        ..ReplaceRequest::default()
    };
    if order.kind == KindName::TrailingStop {
        change.trail_amount = new(tags::PEG_OFFSET_VALUE, order.trail_amount)?;
    }
    if message.get(tags::TIME_IN_FORCE).is_some() {
        let (time, until) = lifetime(message)?;
        if time != Some(order.time_in_force) || until.is_some() {
            (change.time_in_force, change.expires_at) = (time, until);
        }
    }
    if change == ReplaceRequest::default() {
        return unfit("nothing of the order would change");
    }
    Ok(change)
}
