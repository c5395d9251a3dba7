//! [`order_of`]: a NewOrderSingle as the market's order.

use crate::domain::{ClientOrderId, KindName, Number, PegName, PostOnlyName, TimeInForceName};
use crate::fix::codec::{Fault, Message, iso_of, reason, tags};
use crate::services::market_data::SideName;
use crate::services::trading::OrderRequest;

/// The longest `ClOrdID`.
const NAME_MAX: usize = 64;

/// Fields of an order that change nothing of it here.
const HARMLESS: [u32; 15] = [1, 15, 21, 22, 47, 48, 58, 77, 100, 109, 114, 167, 460, 528, 529];
/// Fields that an order is made of.
const TAKEN: [u32; 16] = [
    tags::CL_ORD_ID,
    tags::SYMBOL,
    tags::SECURITY_EXCHANGE,
    tags::SIDE,
    tags::ORDER_QTY,
    tags::ORD_TYPE,
    tags::PRICE,
    tags::STOP_PX,
    tags::TIME_IN_FORCE,
    tags::EXPIRE_TIME,
    tags::MAX_FLOOR,
    tags::MAX_SHOW,
    tags::MIN_QTY,
    tags::EXEC_INST,
    tags::PEG_OFFSET_VALUE,
    tags::PEG_OFFSET_TYPE,
];
/// Fields of every message, and those that name others.
const HEADER: [u32; 20] =
    [8, 9, 34, 35, 41, 37, 43, 49, 50, 52, 56, 57, 60, 97, 115, 122, 128, 129, 142, 143];

/// Why a message is no order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::fix) enum Unfit {
    /// It is not of the form of FIX.
    Session(Fault),
    /// It asks for what there is not: `OrdRejReason`, and the same in words.
    Order(u32, String),
}

impl From<Fault> for Unfit {
    fn from(fault: Fault) -> Self {
        Self::Session(fault)
    }
}

pub(super) fn unfit<T>(text: impl Into<String>) -> Result<T, Unfit> {
    Err(Unfit::Order(11, text.into()))
}

/// Reads an order, named for the market.
///
/// # Errors
/// [`Unfit`].
pub(in crate::fix) fn order_of(message: &Message, prefix: &str) -> Result<OrderRequest, Unfit> {
    message.once(&[])?;
    let required = [tags::CL_ORD_ID, tags::SYMBOL, tags::SIDE, tags::ORDER_QTY, tags::ORD_TYPE];
    for tag in required.into_iter().chain([tags::TRANSACT_TIME]) {
        message.need(tag)?;
    }
    let name = name_of(message)?;
    if let Some(odd) = message.tags().find(|tag| is_odd(*tag)) {
        return unfit(format!("tag {odd} means nothing in an order here: leave it out"));
    }
    let quantity = number(message, tags::ORDER_QTY)?;
    let Some(quantity) = quantity else { return unfit("OrderQty (38) is missing") };
    let mut order = OrderRequest::market(symbol_of(message)?, side(message)?, quantity);
    order.client_order_id = ClientOrderId::try_from(format!("{prefix}{name}")).ok();
    order.kind = Some(kind(message)?);
    order.price = number(message, tags::PRICE)?;
    order.stop_price = number(message, tags::STOP_PX)?;
    (order.time_in_force, order.expires_at) = lifetime(message)?;
    order.display_quantity = match number(message, tags::MAX_FLOOR)? {
        None => number(message, tags::MAX_SHOW)?,
        floor => floor,
    };
    order.minimum_quantity = number(message, tags::MIN_QTY)?;
    instructions(message, &mut order)?;
    Ok(order)
}

fn is_odd(tag: u32) -> bool {
    let is_own = tag >= 5_000;
    !is_own && !TAKEN.contains(&tag) && !HARMLESS.contains(&tag) && !HEADER.contains(&tag)
}

/// Returns the `ClOrdID` of a message.
pub(super) fn name_of(message: &Message) -> Result<&str, Unfit> {
    let name = message.need(tags::CL_ORD_ID)?;
    let is_fit = (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(|it| (b' '..=b'~').contains(&it));
    if is_fit {
        return Ok(name);
    }
    let text = format!("ClOrdID (11) has 1 to {NAME_MAX} characters of ASCII");
    Err(Fault::new(tags::CL_ORD_ID, reason::BAD_VALUE, text).into())
}

/// Returns the listing that a message names.
pub(in crate::fix) fn symbol_of(message: &Message) -> Result<String, Unfit> {
    let symbol = message.need(tags::SYMBOL)?;
    Ok(match message.get(tags::SECURITY_EXCHANGE) {
        Some(venue) => format!("{symbol}@{venue}"),
        None => symbol.to_owned(),
    })
}

pub(super) fn number(message: &Message, tag: u32) -> Result<Option<Number>, Unfit> {
    Ok(message.read(tag, "decimal number")?.map(Number))
}

fn side(message: &Message) -> Result<SideName, Unfit> {
    match message.need(tags::SIDE)? {
        "1" => Ok(SideName::Buy),
        "2" => Ok(SideName::Sell),
        other => unfit(format!("Side (54) is 1 (buy) or 2 (sell), not `{other}`")),
    }
}

fn kind(message: &Message) -> Result<KindName, Unfit> {
    let trails = message.get(tags::EXEC_INST).is_some_and(|it| it.split(' ').any(|it| it == "a"));
    Ok(match message.need(tags::ORD_TYPE)? {
        "1" => KindName::Market,
        "2" => KindName::Limit,
        "3" => KindName::Stop,
        "4" => KindName::StopLimit,
        "K" => KindName::MarketToLimit,
        "P" if trails => KindName::TrailingStop,
        "P" => KindName::Pegged,
        other => return unfit(format!("OrdType (40) is 1, 2, 3, 4, K or P, not `{other}`")),
    })
}

/// Returns how long an order stays, and until when.
pub(super) fn lifetime(message: &Message) -> Result<(Option<TimeInForceName>, Option<String>), Unfit> {
    let time = match message.get(tags::TIME_IN_FORCE).unwrap_or("0") {
        "0" => TimeInForceName::Day,
        "1" => TimeInForceName::Gtc,
        "2" => TimeInForceName::AtOpen,
        "3" => TimeInForceName::Ioc,
        "4" => TimeInForceName::Fok,
        "6" => TimeInForceName::Gtd,
        "7" => TimeInForceName::AtClose,
        other => {
            return unfit(format!("TimeInForce (59) is 0, 1, 2, 3, 4, 6 or 7, not `{other}`"));
        }
    };
    let Some(until) = message.get(tags::EXPIRE_TIME) else { return Ok((Some(time), None)) };
    let Some(until) = iso_of(until) else {
        let text = format!("ExpireTime (126) is a time such as 20250303-16:00:00 in UTC, not `{until}`");
        return Err(Fault::new(tags::EXPIRE_TIME, reason::BAD_FORMAT, text).into());
    };
    Ok((Some(time), Some(until)))
}

/// Takes what `ExecInst` says, and the offset of a peg.
fn instructions(message: &Message, order: &mut OrderRequest) -> Result<(), Unfit> {
    for word in message.get(tags::EXEC_INST).into_iter().flat_map(|it| it.split(' ')) {
        match word {
            "6" => order.post_only = Some(PostOnlyName::Reject),
            "E" => order.reduce_only = true,
            "M" => order.peg = Some(PegName::Mid),
            "R" => order.peg = Some(PegName::Touch),
            "a" => {}
            other => return unfit(format!("ExecInst (18) has 6, E, M, R and a, not `{other}`")),
        }
    }
    let offset = number(message, tags::PEG_OFFSET_VALUE)?;
    if order.kind != Some(KindName::TrailingStop) {
        order.peg_offset = offset;
        return Ok(());
    }
    match message.get(tags::PEG_OFFSET_TYPE).unwrap_or("0") {
        "0" => order.trail_amount = offset,
        "1" => {
            let hundredth = bearpit_core::units::Decimal::new(1, 2);
            order.trail_percent = offset.and_then(|it| it.0.checked_mul(hundredth)).map(Number);
        }
        other => {
            return unfit(format!("PegOffsetType (836) is 0 (price) or 1 (basis points), not `{other}`"));
        }
    }
    Ok(())
}
