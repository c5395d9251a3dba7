//! Orders that were carried over: what the market counts from where it began or went on, and what was before.

use std::time::Duration;

use bearpit_core::units::{Money, SimTime};

use super::Trading;
use super::order_view::OrderView;
use crate::domain::{AccountId, Number, Problem, ProblemKind, StatusName};
use crate::services::identity::of_store;
use crate::store::database::Amount;
use crate::store::projection::{CarriedRow, OrderRow};

/// How long the database may be behind the opening of a market, and how often it is looked.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(50);
/// How long a database that is away may hold up what can go on without it.
const MOMENT: Duration = Duration::from_millis(250);

impl Trading {
    /// Adds what was before the market began, or went on, to an order that was carried over: how often it had
    /// been replaced, what had traded of it, when it was sent. One to which it was added is left as it is.
    ///
    /// # Errors
    /// [`Problem`] if the database is away, or has not come to that opening yet.
    pub async fn complete(&self, account: AccountId, view: &mut OrderView) -> Result<(), Problem> {
        let end = tokio::time::Instant::now() + PATIENCE;
        while !self.complete_now(account, view).await? {
            if tokio::time::Instant::now() >= end {
                let message = "the database has not come to where the market went on: ask again";
                let problem = Problem::new(ProblemKind::Unavailable, "catching_up", message);
                return Err(problem.retry_after(PATIENCE));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Adds the same if the database says it now, and returns whether it did.
    async fn complete_now(&self, account: AccountId, view: &mut OrderView) -> Result<bool, Problem> {
        if !view.is_since_opening || view.sent_at.is_some() {
            return Ok(true);
        }
        let (Ok(order), Some(accepted_at)) = (view.order_id.parse(), view.accepted_at) else {
            return Ok(true);
        };
        let Some(row) = self.database.order(account, order).await.map_err(of_store)? else {
            // An exit that entered a moment ago.
            return Ok(true);
        };
        let Some(carried) = row.carried_at(accepted_at.instant().nanos()) else { return Ok(false) };
        self.add(view, &row, carried);
        Ok(true)
    }

    /// Adds the same if the database says it within a moment, and returns whether it did: what must not wait
    /// for the database goes on without.
    pub(in crate::services) async fn complete_if_known(
        &self,
        account: AccountId,
        view: &mut OrderView,
    ) -> bool {
        let look = self.complete_now(account, view);
        matches!(tokio::time::timeout(MOMENT, look).await, Ok(Ok(true)))
    }

    fn add(&self, view: &mut OrderView, row: &OrderRow, carried: CarriedRow) {
        let time = |nanos| self.data.time(SimTime::from_nanos(nanos));
        view.is_since_opening = false;
        view.revision += carried.revision;
        view.sent_at = row.sent_at.map(time);
        view.accepted_at = row.accepted_at.map(time).or(view.accepted_at);
        if view.client_order_id.is_none() {
            view.client_order_id.clone_from(&row.client);
        }
        view.fees = plus(view.fees, carried.fees);
        if carried.filled.0 == 0 {
            return;
        }
        let today = (view.filled_quantity, view.average_price);
        view.average_price = average(carried, today).or(view.average_price);
        view.quantity = plus(view.quantity, carried.filled);
        view.filled_quantity = plus(view.filled_quantity, carried.filled);
        if view.status == StatusName::Open {
            view.status = StatusName::PartiallyFilled;
        }
    }
}

/// Returns a sum; the first where it is out of range, which none of an order's numbers is.
fn plus(number: Number, amount: Amount) -> Number {
    let sum = Amount::of(number.0).and_then(|it| it.0.checked_add(amount.0));
    sum.map_or(number, |sum| Number(Amount(sum).decimal()))
}

/// Returns the average price of what had traded and of what has traded since.
fn average(carried: CarriedRow, (filled, price): (Number, Option<Number>)) -> Option<Number> {
    let filled = Amount::of(filled.0)?;
    let since = match price {
        Some(price) => Amount::of(price.0)?.money().share(filled.0, Money::UNITS),
        None => Money::ZERO,
    };
    let value = carried.traded_value.money() + since;
    let average: Amount = value.share(Money::UNITS, carried.filled.0.checked_add(filled.0)?).into();
    Some(Number(average.decimal()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_price_is_over_all_that_has_traded() {
        let whole = |number: i128| Amount(number * Money::UNITS);
        let number = |text: &str| Number(text.parse().unwrap());
        let carried =
            CarriedRow { filled: whole(4), traded_value: whole(400), revision: 2, ..CarriedRow::default() };
        for (filled, price, expected) in [("0", None, "100"), ("4", Some("110.5"), "105.25")] {
            let found = average(carried, (number(filled), price.map(number)));
            assert_eq!(found.map(|it| it.to_string()).as_deref(), Some(expected));
        }
    }
}
