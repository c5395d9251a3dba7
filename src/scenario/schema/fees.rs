//! The schema of what venues and brokers charge.

use serde_json::{Value, json};

use super::{Object, decimal};
use crate::scenario::sections::{MEASURES, SIDES};

/// One charge, or a list of them.
pub(super) fn fees() -> Value {
    json!({ "oneOf": [charge(), { "type": "array", "items": charge() }] })
}

fn charge() -> Value {
    let tier = rates(Object::default().required("from", decimal(), "traded in the month from how much on"));
    rates(Object::default())
        .key("on", json!({ "enum": SIDES.map(|(word, _)| word) }), "which orders pay")
        .key("per_order", decimal(), "paid once by an order that trades")
        .key("minimum", decimal(), "the least that an order pays")
        .key("maximum", decimal(), "the most that an order pays")
        .key("maximum_bps", decimal(), "the most that an order pays, in basis points of its notional")
        .key("round", decimal(), "what an order pays is rounded to multiples of this")
        .key("tiers", json!({ "type": "array", "items": tier.build() }), "rates of accounts that trade more")
        .key("tier_by", json!({ "enum": MEASURES.map(|(word, _)| word) }), "what is counted for tiers")
        .build()
}

fn rates(object: Object) -> Object {
    object
        .key("bps", decimal(), "fee of every fill, in basis points of notional")
        .key("maker_bps", decimal(), "fee of the maker, in basis points of notional; negative is a rebate")
        .key("taker_bps", decimal(), "fee of the taker, in basis points of notional")
        .key("auction_bps", decimal(), "fee of both sides of an auction, in basis points of notional")
        .key("per_share", decimal(), "fee of every fill for each unit of quantity")
        .key("maker_per_share", decimal(), "fee of the maker for each unit; negative is a rebate")
        .key("taker_per_share", decimal(), "fee of the taker for each unit")
        .key("auction_per_share", decimal(), "fee of both sides of an auction for each unit")
}
