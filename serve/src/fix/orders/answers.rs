//! What is answered where nothing came of a request.

use super::Said;
use super::report::status_of;
use crate::domain::StatusName;
use crate::fix::codec::{Body, Message, tags, tags::kind, timestamp};

/// What of an order's message its rejection says again.
#[derive(Debug, Clone, Default)]
pub(in crate::fix) struct Outline {
    fields: Vec<(u32, String)>,
}

impl Outline {
    /// Takes it from a message.
    pub(in crate::fix) fn of(message: &Message) -> Self {
        let wanted = [
            tags::CL_ORD_ID,
            tags::SYMBOL,
            tags::SIDE,
            tags::ORDER_QTY,
            tags::ORD_TYPE,
            tags::PRICE,
            tags::STOP_PX,
            tags::TIME_IN_FORCE,
        ];
        let field = |tag: u32| Some((tag, message.get(tag)?.to_owned()));
        Self { fields: wanted.into_iter().filter_map(field).collect() }
    }

    /// Returns the `ClOrdID`.
    pub(in crate::fix) fn name(&self) -> &str {
        let named = self.fields.iter().find(|(tag, _)| *tag == tags::CL_ORD_ID);
        named.map_or("", |(_, name)| name)
    }
}

/// An order that never came to the market.
pub(in crate::fix) fn order_rejected(outline: &Outline, (now, id): (i64, &str), why: (u32, &str)) -> Said {
    let (reason, text) = why;
    let mut body = Body::default();
    body.put(tags::ORDER_ID, "NONE")
        .put(tags::EXEC_ID, id)
        .put(tags::EXEC_TYPE, '8')
        .put(tags::ORD_STATUS, '8')
        .put(tags::ORD_REJ_REASON, reason);
    for (tag, value) in &outline.fields {
        body.put(*tag, value);
    }
    body.put(tags::LEAVES_QTY, 0)
        .put(tags::CUM_QTY, 0)
        .put(tags::AVG_PX, 0)
        .put(tags::TRANSACT_TIME, timestamp(now))
        .put(tags::TEXT, text);
    (kind::EXECUTION_REPORT, body)
}

/// A cancel or a replace that is not done.
#[derive(Debug)]
pub(in crate::fix) struct CancelRejection<'a> {
    /// The order and how it stands, if it is known.
    pub(in crate::fix) order: Option<(&'a str, StatusName)>,
    /// `ClOrdID` of the request.
    pub(in crate::fix) name: &'a str,
    /// `ClOrdID` of the order.
    pub(in crate::fix) original: &'a str,
    /// Whether it was to be replaced.
    pub(in crate::fix) is_replace: bool,
    /// `CxlRejReason`.
    pub(in crate::fix) reason: u32,
    /// The same in words.
    pub(in crate::fix) text: &'a str,
}

/// Says that a cancel or a replace is not done.
pub(in crate::fix) fn cancel_reject(it: &CancelRejection<'_>) -> Said {
    let mut body = Body::default();
    body.put(tags::ORDER_ID, it.order.map_or("NONE", |(id, _)| id))
        .put(tags::CL_ORD_ID, it.name)
        .put(tags::ORIG_CL_ORD_ID, it.original)
        .put(tags::ORD_STATUS, it.order.map_or('8', |(_, status)| status_of(status)))
        .put(tags::CXL_REJ_RESPONSE_TO, if it.is_replace { '2' } else { '1' })
        .put(tags::CXL_REJ_REASON, it.reason)
        .put(tags::TEXT, it.text);
    (kind::ORDER_CANCEL_REJECT, body)
}

/// Says that a message is not acted upon: `BusinessRejectReason`, and the same in words.
pub(in crate::fix) fn business_reject(message: &Message, reason: u32, text: &str) -> Said {
    let mut body = Body::default();
    body.put(tags::REF_SEQ_NUM, message.get(tags::MSG_SEQ_NUM).unwrap_or("0"))
        .put(tags::REF_MSG_TYPE, message.kind())
        .put_some(tags::BUSINESS_REJECT_REF_ID, message.get(tags::CL_ORD_ID))
        .put(tags::BUSINESS_REJECT_REASON, reason)
        .put(tags::TEXT, text);
    (kind::BUSINESS_MESSAGE_REJECT, body)
}

/// Returns `OrdRejReason` for the market's word.
pub(in crate::fix) fn reject_reason(word: &str) -> u32 {
    match word {
        "unknown_symbol" | "ambiguous_symbol" | "bad_symbol" | "unknown_listing" => 1,
        "closed" | "between_days" | "paused" | "recovering" | "warming_up" | "stopped" | "halted" => 2,
        "insufficient_cash" | "insufficient_shares" | "position_limit" | "insufficient_margin" => 3,
        "client_order_id_in_use" | "duplicate_order" => 6,
        "quantity_out_of_range" | "off_lot" | "below_one_lot" | "zero_quantity" => 13,
        "contradictory_terms" | "display_out_of_range" | "minimum_out_of_range" => 11,
        _ => 99,
    }
}
