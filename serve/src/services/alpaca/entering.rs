//! Entering orders, by quantity or by an amount of money.

use std::time::Duration;

use bearpit_core::units::Decimal;
use uuid::Uuid;

use super::{Alpaca, Found};
use crate::domain::{AccountId, ClientOrderId, Number, Problem, ProblemKind, WallTime};
use crate::services::identity::of_store;
use crate::services::market_data::SideName;
use crate::services::trading::{OrderRequest, VenueWait};
use crate::services::wall_now;
use crate::store::database::Amount as StoredAmount;
use crate::store::notional_orders::NotionalOrder;

/// For how long it is known what amounts of money were, at most: nobody sends an order again later.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// For how long an order may be on its way to the market.
const UNDER_WAY: Duration = Duration::from_secs(30);

/// How much is to be traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// A quantity.
    Quantity(Number),
    /// As much as an amount of money buys at the worst price that the order accepts, in whole lots.
    Notional(Number),
}

/// An order to be entered. The symbol in the request is the one by which it is named outside; its quantity
/// does not count.
#[derive(Debug, Clone, PartialEq)]
pub struct NewOrder {
    /// The order.
    pub request: OrderRequest,
    /// How much.
    pub amount: Amount,
}

impl Alpaca {
    /// Enters an order.
    ///
    /// # Errors
    /// [`Problem`] if it is refused, or whether it was entered is not known.
    pub async fn enter(
        &self,
        account: AccountId,
        order: NewOrder,
        wait: Option<VenueWait>,
    ) -> Result<Found, Problem> {
        let NewOrder { mut request, amount } = order;
        let named = self.find(&request.symbol)?;
        let listing = &named.snapshot.listing;
        let (symbol, lot) = (listing.instrument.symbol().to_owned(), listing.instrument.lot_size());
        request.symbol = format!("{symbol}@{}", listing.venue);
        let sent_id = request.client_order_id.clone();
        if request.client_order_id.is_none() {
            request.client_order_id = ClientOrderId::try_from(Uuid::new_v4().to_string()).ok();
        }
        request.quantity = match amount {
            Amount::Quantity(quantity) => quantity,
            Amount::Notional(notional) => {
                request.quantity = Number(lot);
                self.quantity_of(account, &request, notional, sent_id.as_ref()).await?
            }
        };
        // Before the order is seen by anybody who follows it.
        self.note_name(account, &symbol, named.naming).await;
        let view = self.trading.enter(account, &request, wait).await?;
        Ok(self.taken(account, view).await)
    }

    /// Returns how much an amount of money buys. Sent again under an id of its sender's, it buys what it
    /// bought at first, whatever the price has become: it is the same order.
    async fn quantity_of(
        &self,
        account: AccountId,
        request: &OrderRequest,
        notional: Number,
        client: Option<&ClientOrderId>,
    ) -> Result<Number, Problem> {
        let lot = request.quantity.0;
        let Some(client) = client else {
            return quantity_for(notional, self.worst_price(account, request).await?, lot);
        };
        if let Some(known) = self.known_quantity(account, client, notional).await? {
            return Ok(known);
        }
        let quantity = quantity_for(notional, self.worst_price(account, request).await?, lot)?;
        let Some((money, units)) = StoredAmount::of(notional.0).zip(StoredAmount::of(quantity.0)) else {
            let message = format!("notional {notional} has more than ten decimals");
            return Err(Problem::new(ProblemKind::Refused, "invalid_field", message).at("notional"));
        };
        let now = wall_now();
        let noted = NotionalOrder { notional: money, quantity: units, made_at: now };
        let kept = i64::try_from(KEPT.as_nanos()).unwrap_or(i64::MAX);
        let forget_before = WallTime::from_nanos(now.nanos().saturating_sub(kept));
        if let Err(error) = self.database.add_notional_order(account, client, noted, forget_before).await {
            tracing::warn!(%error, "a quantity is not noted: the same notional sent again may be another order");
            return Ok(quantity);
        }
        // Of two that are sent at once, both are what the first was.
        Ok(self.known_quantity(account, client, notional).await?.unwrap_or(quantity))
    }

    /// Returns what an amount of money was when an order was entered under an id.
    async fn known_quantity(
        &self,
        account: AccountId,
        client: &ClientOrderId,
        notional: Number,
    ) -> Result<Option<Number>, Problem> {
        let noted = match self.database.notional_order(account, client).await {
            Ok(noted) => noted,
            Err(error) => {
                tracing::warn!(%error, "what an amount of money was as a quantity cannot be read");
                let order = self.trading.order_by_client(account, client.clone()).await.ok();
                return Ok(order.map(|order| order.quantity));
            }
        };
        let Some(noted) = noted else { return Ok(None) };
        let is_under_way = noted.made_at.until(wall_now()) < UNDER_WAY;
        if !is_under_way && !self.trading.knows(account, client.clone()).await? {
            // The market has forgotten the id, or the order never came to it: the id is free.
            self.database.drop_notional_order(account, client, noted).await.map_err(of_store)?;
            return Ok(None);
        }
        if StoredAmount::of(notional.0) != Some(noted.notional) {
            let message = "another order was entered under this client_order_id";
            let problem = Problem::new(ProblemKind::Conflict, "client_order_id_in_use", message);
            return Err(problem.at("client_order_id"));
        }
        Ok(Some(Number(noted.quantity.decimal())))
    }

    /// Returns the worst price that an order accepts; of one that accepts any, the best that is there.
    async fn worst_price(&self, account: AccountId, request: &OrderRequest) -> Result<Number, Problem> {
        if let Some(price) = request.price {
            return Ok(price);
        }
        let preview = self.trading.preview(account, request).await?;
        if let Some(price) = preview.price {
            return Ok(price);
        }
        let quote = self.data.quote(&request.symbol)?;
        let touch = match request.side {
            SideName::Buy => quote.ask,
            SideName::Sell => quote.bid,
        };
        touch.or(quote.last).ok_or_else(|| {
            let message = "nothing has traded yet, so an amount of money is no quantity: give qty";
            Problem::new(ProblemKind::Refused, "no_reference_price", message).at("notional")
        })
    }
}

/// Returns how much an amount of money buys at a price, in whole lots.
fn quantity_for(notional: Number, price: Number, lot: Decimal) -> Result<Number, Problem> {
    let refused = |code, message: String| Problem::new(ProblemKind::Refused, code, message).at("notional");
    if !notional.0.is_positive() {
        return Err(refused("quantity_out_of_range", format!("notional {notional} is not above zero")));
    }
    let out_of_range = || refused("quantity_out_of_range", format!("notional {notional} is out of range"));
    let cost = price.0.checked_mul(lot).filter(|cost| cost.is_positive()).ok_or_else(out_of_range)?;
    let scale = cost.scale().max(notional.0.scale());
    let (money, cost_units) = notional.0.scaled(scale).zip(cost.scaled(scale)).ok_or_else(out_of_range)?;
    let lots = money / cost_units;
    if lots == 0 {
        let message = format!("cost basis must be >= minimal amount of order {cost}: a lot costs as much");
        return Err(Problem::new(ProblemKind::Refused, "below_one_lot", message).at("notional"));
    }
    lot.checked_mul(Decimal::new(lots, 0)).map(Number).ok_or_else(out_of_range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number(text.parse().unwrap())
    }

    #[test]
    fn money_becomes_whole_lots_rounded_down() {
        for (notional, price, lot, expected) in [
            ("1000", "100.10", "1", Ok("9")),
            ("100.10", "100.10", "1", Ok("1")),
            ("100.09", "100.10", "1", Err("below_one_lot")),
            ("10", "3", "0.001", Ok("3.333")),
            ("0", "3", "1", Err("quantity_out_of_range")),
            ("-5", "3", "1", Err("quantity_out_of_range")),
            ("10", "0", "1", Err("quantity_out_of_range")),
            ("9999999999999999999999999999", "0.0000000001", "0.0000000001", Err("quantity_out_of_range")),
        ] {
            let found = quantity_for(number(notional), number(price), number(lot).0);
            let found = found.map(|it| it.to_string()).map_err(|problem| problem.code.into_owned());
            assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{notional} at {price}");
        }
    }
}
