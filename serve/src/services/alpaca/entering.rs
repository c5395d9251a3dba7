//! Entering orders, by quantity or by an amount of money.

use uuid::Uuid;

use super::{Alpaca, Found};
use crate::domain::{AccountId, ClientOrderId, Number, Problem};
use crate::services::trading::{OrderRequest, VenueWait};

/// How much is to be traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// A quantity.
    Quantity(Number),
    /// As many whole lots as an amount of money pays for at the worst price that the order accepts.
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
        let symbol = listing.instrument.symbol().to_owned();
        request.symbol = format!("{symbol}@{}", listing.venue);
        if request.client_order_id.is_none() {
            request.client_order_id = ClientOrderId::try_from(Uuid::new_v4().to_string()).ok();
        }
        // Before the order is seen by anybody who follows it.
        self.note_name(account, &symbol, named.naming).await;
        let view = match amount {
            Amount::Quantity(quantity) => {
                request.quantity = quantity;
                self.trading.enter(account, &request, wait).await?
            }
            Amount::Notional(notional) => {
                self.trading.enter_notional(account, &request, notional, wait).await?
            }
        };
        Ok(self.taken(account, view).await)
    }
}
