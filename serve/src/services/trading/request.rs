//! [`OrderRequest`]: an order as the outside writes it, and the terms that it means.

use bearpit_core::market::{
    Instrument, Link, OrderKind, OrderTerms, Peg, PostOnly, SelfTrade, Side, TimeInForce, TrailingDistance,
};
use bearpit_core::units::{Decimal, OrderId, Price, Quantity};
use serde::Deserialize;
use utoipa::ToSchema;

use super::exits::{BracketRequest, PairRequest};
use crate::domain::{
    ClientOrderId, KindName, Number, PegName, PostOnlyName, Problem, ProblemKind, SelfTradeName,
    TimeInForceName, instant_of,
};
use crate::services::market_data::SideName;

/// An order to be entered.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRequest {
    /// What is traded: `ALFA`, or `ALFA@PIT` where several venues list it.
    #[schema(example = "ALFA")]
    pub symbol: String,
    /// Whether it buys or sells.
    pub side: SideName,
    /// Its kind; without one it is a limit order if it has a price, and else a market order.
    #[serde(rename = "type")]
    pub kind: Option<KindName>,
    /// How much.
    #[schema(example = "10")]
    pub quantity: Number,
    /// The limit of `limit` and `stop_limit`; the worst price that any other kind accepts.
    pub price: Option<Number>,
    /// The price of a trade that elects a `stop` or `stop_limit`.
    pub stop_price: Option<Number>,
    /// How far the trigger of a `trailing_stop` stays behind the market, in units of the price.
    pub trail_amount: Option<Number>,
    /// The same in percent of the price, in steps of 0.01.
    pub trail_percent: Option<Number>,
    /// What the price of a `pegged` order follows.
    pub peg: Option<PegName>,
    /// How far behind that it stays, in units of the price; ahead of it if negative.
    pub peg_offset: Option<Number>,
    /// How long it stays; `gtc` if nothing is said.
    pub time_in_force: Option<TimeInForceName>,
    /// Until when a `gtd` order rests, in the market's time, as of RFC 3339.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    /// How much of it is displayed at a time (an iceberg); all if nothing is said.
    pub display_quantity: Option<Number>,
    /// How much must trade at entry at least, or it is rejected.
    pub minimum_quantity: Option<Number>,
    /// What becomes of it if it would take liquidity; it takes it if nothing is said.
    pub post_only: Option<PostOnlyName>,
    /// What happens if it meets an order of the same account; `cancel_newest` if nothing is said.
    pub self_trade: Option<SelfTradeName>,
    /// Whether it may only bring a position nearer to zero.
    #[serde(default)]
    pub reduce_only: bool,
    /// An open order of the same side and open quantity: when one trades, the other is reduced by as much.
    pub one_cancels_other: Option<String>,
    /// Exits that enter as it trades: to take profit, to limit the loss, or both.
    pub bracket: Option<BracketRequest>,
    /// A stop that enters together with this limit order; when one trades, the other is reduced by as much.
    pub pair: Option<PairRequest>,
    /// An id of one's own, 1 to 128 characters: the same order under the same id is entered once, however
    /// often it is sent; another order under it is a conflict.
    #[schema(value_type = Option<String>, max_length = 128)]
    pub client_order_id: Option<ClientOrderId>,
}

/// Reads numbers on the scale of an instrument, and says which field is at fault.
#[derive(Debug, Clone, Copy)]
pub(in crate::services) struct Reader<'a>(pub(in crate::services) &'a Instrument);

impl Reader<'_> {
    /// Reads a price.
    pub(super) fn price(self, field: &str, number: Number) -> Result<Price, Problem> {
        let ticks = self.ticks(field, number)?;
        let price = Price::new(ticks);
        if ticks.abs() > Price::MAX_TICKS {
            return Err(refused("price_out_of_range", format!("{number} is beyond 2^40 ticks"), field));
        }
        if !self.0.allows(price) {
            let least = self.0.least_price();
            return Err(refused(
                "price_out_of_range",
                format!("{number} is below {least}, the least price"),
                field,
            ));
        }
        Ok(price)
    }

    /// Reads a distance between prices.
    fn ticks(self, field: &str, number: Number) -> Result<i64, Problem> {
        let tick = self.0.tick_size();
        number.0.in_units_of(tick).ok_or_else(|| {
            let message = format!("{number} is no multiple of the tick size of {}, {tick}", self.0.symbol());
            refused("off_tick", message, field).hint("GET /api/instruments says the tick size of each")
        })
    }

    /// Reads a quantity.
    pub(in crate::services) fn quantity(self, field: &str, number: Number) -> Result<Quantity, Problem> {
        let lot = self.0.lot_size();
        if !number.0.is_positive() {
            return Err(refused("quantity_out_of_range", format!("{number} is not above zero"), field));
        }
        let lots = number.0.in_units_of(lot).and_then(|lots| u64::try_from(lots).ok());
        let quantity = lots.map(Quantity::new).ok_or_else(|| {
            let message = format!("{number} is no multiple of the lot size of {}, {lot}", self.0.symbol());
            refused("off_lot", message, field).hint("GET /api/instruments says the lot size of each")
        })?;
        if quantity.lots() > Quantity::MAX_LOTS {
            return Err(refused("quantity_out_of_range", format!("{number} is above 2^40 lots"), field));
        }
        Ok(quantity)
    }

    /// Reads the distance of a trailing stop, if there is one.
    pub(super) fn distance(
        self,
        amount: Option<Number>,
        percent: Option<Number>,
    ) -> Result<Option<TrailingDistance>, Problem> {
        match (amount, percent) {
            (None, None) => Ok(None),
            (Some(amount), None) => {
                let ticks = self.ticks("trail_amount", amount)?;
                positive(TrailingDistance::Ticks(ticks), "trail_amount").map(Some)
            }
            (None, Some(percent)) => {
                let points = percent.0.in_units_of(Decimal::new(1, 2));
                let points = points.and_then(|points| u32::try_from(points).ok()).ok_or_else(|| {
                    refused(
                        "invalid_field",
                        format!("{percent} is no percentage in steps of 0.01"),
                        "trail_percent",
                    )
                })?;
                positive(TrailingDistance::BasisPoints(points), "trail_percent").map(Some)
            }
            (Some(_), Some(_)) => Err(no_distance()),
        }
    }
}

fn no_distance() -> Problem {
    refused("missing_field", "a trailing stop needs either trail_amount or trail_percent", "trail_amount")
}

fn positive(distance: TrailingDistance, field: &str) -> Result<TrailingDistance, Problem> {
    if distance.is_legal() {
        return Ok(distance);
    }
    Err(refused("invalid_field", "the distance must be above zero, and below 100%", field))
}

pub(super) fn refused(code: &'static str, message: impl std::fmt::Display, field: &str) -> Problem {
    Problem::new(ProblemKind::Refused, code, message).at(field)
}

impl OrderRequest {
    /// A market order with nothing special.
    #[must_use]
    pub fn market(symbol: String, side: SideName, quantity: Number) -> Self {
        Self {
            symbol,
            side,
            kind: Some(KindName::Market),
            quantity,
            price: None,
            stop_price: None,
            trail_amount: None,
            trail_percent: None,
            peg: None,
            peg_offset: None,
            time_in_force: None,
            expires_at: None,
            display_quantity: None,
            minimum_quantity: None,
            post_only: None,
            self_trade: None,
            reduce_only: false,
            one_cancels_other: None,
            bracket: None,
            pair: None,
            client_order_id: None,
        }
    }

    /// Returns the terms that it means for an instrument.
    ///
    /// # Errors
    /// [`Problem`] that names the field that does not fit.
    pub fn terms(&self, instrument: &Instrument) -> Result<OrderTerms, Problem> {
        let read = Reader(instrument);
        let quantity = read.quantity("quantity", self.quantity)?;
        let optional = |field, number: Option<Number>| number.map(|it| read.quantity(field, it)).transpose();
        let terms = OrderTerms {
            side: Side::from(self.side),
            quantity,
            kind: self.order_kind(read)?,
            time_in_force: time_in_force(self.time_in_force, self.expires_at.as_deref())?
                .unwrap_or(TimeInForce::Gtc),
            display: optional("display_quantity", self.display_quantity)?,
            minimum: optional("minimum_quantity", self.minimum_quantity)?,
            post_only: self.post_only.map_or(PostOnly::No, Into::into),
            self_trade: self.self_trade.map_or(SelfTrade::CancelNewest, Into::into),
            reduce_only: self.reduce_only,
            link: self.link(read)?,
        };
        match terms.reject_reason() {
            None => Ok(terms),
            Some(reason) => Err(Problem::new(ProblemKind::Refused, reason.name(), reason)
                .hint("docs/matching.md says which terms go together")),
        }
    }

    fn order_kind(&self, read: Reader<'_>) -> Result<OrderKind, Problem> {
        let without_kind = if self.price.is_some() { KindName::Limit } else { KindName::Market };
        let kind = self.kind.unwrap_or(without_kind);
        self.check_fields(kind)?;
        let price = self.price.map(|price| read.price("price", price)).transpose()?;
        let limit = || price.ok_or_else(|| missing("price", kind));
        let trigger = || {
            let trigger = self.stop_price.ok_or_else(|| missing("stop_price", kind))?;
            read.price("stop_price", trigger)
        };
        Ok(match kind {
            KindName::Limit => OrderKind::Limit(limit()?),
            KindName::Market => OrderKind::Market { protection: price },
            KindName::MarketToLimit => OrderKind::MarketToLimit { protection: price },
            KindName::Stop => OrderKind::Stop { trigger: trigger()?, protection: price },
            KindName::StopLimit => OrderKind::StopLimit { trigger: trigger()?, limit: limit()? },
            KindName::TrailingStop => {
                let distance = read.distance(self.trail_amount, self.trail_percent)?;
                OrderKind::TrailingStop { distance: distance.ok_or_else(no_distance)?, protection: price }
            }
            KindName::Pegged => {
                let to = self.peg.map(Peg::from).ok_or_else(|| missing("peg", kind))?;
                let offset = self.peg_offset.map_or(Ok(0), |offset| read.ticks("peg_offset", offset))?;
                let offset = i32::try_from(offset);
                let offset =
                    offset.map_err(|_| refused("price_out_of_range", "it is too far away", "peg_offset"))?;
                OrderKind::Pegged { to, offset, limit: price }
            }
        })
    }

    /// Refuses fields that mean nothing for a kind: whoever sends them expects something of them.
    fn check_fields(&self, kind: KindName) -> Result<(), Problem> {
        let is_stop = matches!(kind, KindName::Stop | KindName::StopLimit);
        let trails = kind == KindName::TrailingStop;
        let is_pegged = kind == KindName::Pegged;
        let odd = [
            ("stop_price", self.stop_price.is_some() && !is_stop),
            ("trail_amount", self.trail_amount.is_some() && !trails),
            ("trail_percent", self.trail_percent.is_some() && !trails),
            ("peg", self.peg.is_some() && !is_pegged),
            ("peg_offset", self.peg_offset.is_some() && !is_pegged),
        ];
        match odd.into_iter().find(|(_, is_odd)| *is_odd) {
            None => Ok(()),
            Some((field, _)) => Err(refused(
                "invalid_field",
                format!("an order of type {} has no {field}", kind.name()),
                field,
            )),
        }
    }

    fn link(&self, read: Reader<'_>) -> Result<Link, Problem> {
        match (&self.one_cancels_other, self.bracket, self.pair) {
            (None, None, None) => Ok(Link::None),
            (Some(other), None, None) => order_id(other, "one_cancels_other").map(Link::OneCancelsOther),
            (None, Some(bracket), None) => bracket.link(read),
            (None, None, Some(pair)) => pair.link(read),
            (_, bracket, _) => {
                let field = if bracket.is_some() { "bracket" } else { "pair" };
                Err(refused("invalid_field", "an order is linked in one way, not in two", field))
            }
        }
    }
}

/// Reads a time in force, if there is one; a date goes with `gtd` only.
pub(super) fn time_in_force(
    name: Option<TimeInForceName>,
    expires_at: Option<&str>,
) -> Result<Option<TimeInForce>, Problem> {
    let time = match (name, expires_at) {
        (Some(TimeInForceName::Gtd), Some(until)) => match instant_of(until) {
            Ok(until) => TimeInForce::Gtd(until),
            Err(error) => return Err(refused("invalid_field", error, "expires_at")),
        },
        (Some(TimeInForceName::Gtd), None) => {
            let message = "an order with time_in_force gtd needs expires_at";
            return Err(refused("missing_field", message, "expires_at"));
        }
        (_, Some(_)) => {
            return Err(refused("invalid_field", "expires_at needs time_in_force gtd", "expires_at"));
        }
        (None, None) => return Ok(None),
        (Some(TimeInForceName::Gtc), None) => TimeInForce::Gtc,
        (Some(TimeInForceName::Day), None) => TimeInForce::Day,
        (Some(TimeInForceName::Ioc), None) => TimeInForce::Ioc,
        (Some(TimeInForceName::Fok), None) => TimeInForce::Fok,
        (Some(TimeInForceName::AtOpen), None) => TimeInForce::AtOpen,
        (Some(TimeInForceName::AtClose), None) => TimeInForce::AtClose,
    };
    Ok(Some(time))
}

fn missing(field: &str, kind: KindName) -> Problem {
    refused("missing_field", format!("an order of type {} needs {field}", kind.name()), field)
}

/// Reads the id of an order.
///
/// # Errors
/// [`Problem`] if it is none: no order has it.
pub(super) fn order_id(text: &str, field: &str) -> Result<OrderId, Problem> {
    let is_plain = !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit());
    let id = text.parse().ok().filter(|_| is_plain).map(OrderId::new);
    id.ok_or_else(|| {
        Problem::new(ProblemKind::NotFound, "unknown_order", format!("there is no order `{text}`")).at(field)
    })
}

#[cfg(test)]
mod tests {
    use bearpit_core::market::StopLoss;

    use super::*;

    fn terms(order: &str) -> Result<OrderTerms, Problem> {
        let gram = Instrument::new("GRAM", "0.5".parse().unwrap(), "0.001".parse().unwrap()).unwrap();
        let request: OrderRequest = serde_json::from_str(order).unwrap();
        request.terms(&gram)
    }

    #[test]
    fn distances_and_quantities_are_counted_on_the_scale_of_the_instrument() {
        let order = |rest: &str| format!(r#"{{"symbol":"GRAM","side":"sell","quantity":"1.25",{rest}}}"#);
        let read = terms(&order(r#""type":"trailing_stop","trail_amount":2,"price":"90""#)).unwrap();
        let distance = TrailingDistance::Ticks(4);
        assert_eq!(read.quantity, Quantity::new(1_250));
        assert_eq!(read.kind, OrderKind::TrailingStop { distance, protection: Some(Price::new(180)) });
        let read = terms(&order(r#""type":"trailing_stop","trail_percent":"1.5""#)).unwrap();
        let distance = TrailingDistance::BasisPoints(150);
        assert_eq!(read.kind, OrderKind::TrailingStop { distance, protection: None });
        let read = terms(&order(r#""type":"pegged","peg":"mid","peg_offset":"-1""#)).unwrap();
        assert_eq!(read.kind, OrderKind::Pegged { to: Peg::Mid, offset: -2, limit: None });
    }

    #[test]
    fn an_order_without_a_type_is_what_its_price_says() {
        let kind =
            |rest| terms(&format!(r#"{{"symbol":"GRAM","side":"buy","quantity":1{rest}}}"#)).unwrap().kind;
        assert_eq!(kind(""), OrderKind::Market { protection: None });
        assert_eq!(kind(r#","price":7.5"#), OrderKind::Limit(Price::new(15)));
    }

    #[test]
    fn exits_are_both_or_one_with_a_worst_price_or_a_limit() {
        let order =
            |rest: &str| format!(r#"{{"symbol":"GRAM","side":"buy","quantity":1,"price":10,{rest}}}"#);
        let link = |rest: &str| terms(&order(rest)).map(|terms| terms.link);
        let (trigger, worst) = (Price::new(16), Price::new(14));
        let profit = Some(Price::new(24));
        for (rest, take_profit, stop_loss) in [
            (r#""bracket":{"take_profit":12}"#, profit, None),
            (r#""bracket":{"stop_loss":8}"#, None, Some(StopLoss::at(trigger))),
            (
                r#""bracket":{"take_profit":12,"stop_loss":8,"stop_limit":7}"#,
                profit,
                Some(StopLoss::Market { trigger, protection: Some(worst) }),
            ),
            (
                r#""bracket":{"stop_loss":8,"stop_loss_limit":7}"#,
                None,
                Some(StopLoss::Limit { trigger, limit: worst }),
            ),
        ] {
            assert_eq!(link(rest), Ok(Link::Bracket { take_profit, stop_loss }), "{rest}");
        }
        let pair = link(r#""pair":{"stop_loss":12,"stop_loss_limit":13}"#);
        let stop = StopLoss::Limit { trigger: Price::new(24), limit: Price::new(26) };
        assert_eq!(pair, Ok(Link::Pair(stop)));
        for (rest, code, field) in [
            (r#""bracket":{}"#, "missing_field", Some("bracket")),
            (r#""bracket":{"stop_limit":7}"#, "missing_field", Some("bracket.stop_loss")),
            (
                r#""bracket":{"stop_loss":8,"stop_limit":7,"stop_loss_limit":7}"#,
                "invalid_field",
                Some("bracket.stop_loss_limit"),
            ),
            (r#""pair":{"stop_loss":12},"one_cancels_other":"4""#, "invalid_field", Some("pair")),
            (r#""pair":{"stop_loss":8}"#, "exits_cross", None),
            (r#""bracket":{"take_profit":8,"stop_loss":12}"#, "exits_cross", None),
        ] {
            let problem = link(rest).unwrap_err();
            assert_eq!((&*problem.code, problem.field.as_deref()), (code, field), "{rest}");
        }
    }

    #[test]
    fn an_id_of_an_order_is_a_plain_number() {
        assert_eq!(order_id("4711", "order_id"), Ok(OrderId::new(4711)));
        for text in ["", "-1", "+1", "1e3", " 1", "99999999999999999999", "x"] {
            assert_eq!(order_id(text, "order_id").unwrap_err().kind, ProblemKind::NotFound, "{text}");
        }
    }
}
