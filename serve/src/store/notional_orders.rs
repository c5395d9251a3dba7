//! What amounts of money were as quantities when orders were first entered under ids of their senders'.

use super::database::{Amount, Database, StoreError, args, statements};
use crate::domain::{AccountId, ClientOrderId, WallTime};

statements! {
    PUT = "INSERT INTO notional_orders (account_id, client_id, notional, quantity, made_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id, client_id) DO NOTHING";
    GET = "SELECT notional, quantity, made_at FROM notional_orders WHERE account_id = $1 AND client_id = $2";
    DROP = "DELETE FROM notional_orders WHERE account_id = $1 AND client_id = $2 AND made_at = $3";
    FORGET = "DELETE FROM notional_orders WHERE made_at < $1";
}

/// An amount of money, and the quantity that it was when its order was first entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotionalOrder {
    /// The amount of money.
    pub notional: Amount,
    /// The quantity.
    pub quantity: Amount,
    /// When, in wall time.
    pub made_at: WallTime,
}

impl Database {
    /// Returns the quantity that an order under an id was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notional_order(
        &self,
        account: AccountId,
        client: &ClientOrderId,
    ) -> Result<Option<NotionalOrder>, StoreError> {
        let row = self.row(GET, args![account, client.as_str()]).await?;
        let read = |row: super::database::Row| {
            Ok(NotionalOrder {
                notional: row.get("notional")?,
                quantity: row.get("quantity")?,
                made_at: WallTime::from_nanos(row.get("made_at")?),
            })
        };
        row.map(read).transpose()
    }

    /// Notes the quantity that an order under an id is, unless one is noted; what was noted before a moment
    /// is forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_notional_order(
        &self,
        account: AccountId,
        client: &ClientOrderId,
        order: NotionalOrder,
        forget_before: WallTime,
    ) -> Result<(), StoreError> {
        let NotionalOrder { notional, quantity, made_at } = order;
        self.execute(FORGET, args![forget_before]).await?;
        self.execute(PUT, args![account, client.as_str(), notional, quantity, made_at]).await.map(drop)
    }

    /// Drops what was noted under an id, if nobody has noted another quantity since.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drop_notional_order(
        &self,
        account: AccountId,
        client: &ClientOrderId,
        order: NotionalOrder,
    ) -> Result<(), StoreError> {
        self.execute(DROP, args![account, client.as_str(), order.made_at]).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::testing::on_each_database;

    #[tokio::test]
    async fn the_first_quantity_under_an_id_stays_until_it_is_dropped_or_too_old() {
        on_each_database(|database| async move {
            let (anne, id) = (AccountId::draw(), ClientOrderId::try_from("mine".to_owned()).unwrap());
            let order = |quantity, at| NotionalOrder {
                notional: Amount(1_000),
                quantity: Amount(quantity),
                made_at: WallTime::from_nanos(at),
            };
            let begin = WallTime::from_nanos(0);
            for (quantity, at) in [(5, 10), (6, 11)] {
                database.add_notional_order(anne, &id, order(quantity, at), begin).await.unwrap();
            }
            assert_eq!(database.notional_order(anne, &id).await, Ok(Some(order(5, 10))));
            assert_eq!(database.notional_order(AccountId::draw(), &id).await, Ok(None));
            database.drop_notional_order(anne, &id, order(6, 11)).await.unwrap();
            assert_eq!(database.notional_order(anne, &id).await, Ok(Some(order(5, 10))), "another one's");
            database.drop_notional_order(anne, &id, order(5, 10)).await.unwrap();
            assert_eq!(database.notional_order(anne, &id).await, Ok(None));
            database.add_notional_order(anne, &id, order(7, 12), begin).await.unwrap();
            database.add_notional_order(anne, &id, order(8, 99), WallTime::from_nanos(50)).await.unwrap();
            assert_eq!(database.notional_order(anne, &id).await, Ok(Some(order(8, 99))));
        })
        .await
        .unwrap();
    }
}
