//! Prices that people wait for: each is told once.

use super::database::{Amount, Database, Row, StoreError, args, statements};
use super::notices::{self, NewNotice};
use crate::domain::{AlertId, AlertNotice, AlertTrigger, NoticeContent, Number, UserId, WallTime};

statements! {
    // Of two that are added at once the second waits here, and counts the first.
    LOCK = "UPDATE users SET role = role WHERE id = $1 AND blocked_at IS NULL";
    COUNT = "SELECT COUNT(*) AS count FROM price_alerts WHERE user_id = $1 AND state = 'active'";
    ADD = "INSERT INTO price_alerts (id, user_id, symbol, venue, kind, value, reference, upper, lower, state,
        created_at, lapses_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'active', $10, $11)";
    TRIM = "DELETE FROM price_alerts WHERE user_id = $1 AND state <> 'active' AND id <= (
        SELECT o.id FROM price_alerts o WHERE o.user_id = $1 AND o.state <> 'active'
        ORDER BY o.id DESC LIMIT 1 OFFSET $2)";
    OF_USER = "SELECT * FROM price_alerts WHERE user_id = $1 ORDER BY id DESC";
    DELETE = "DELETE FROM price_alerts WHERE user_id = $1 AND id = $2";
    ACTIVE = "SELECT * FROM price_alerts WHERE state = 'active' ORDER BY id";
    FIRE = "UPDATE price_alerts SET state = 'fired', fired_at = $2, fired_price = $3
        WHERE id = $1 AND state = 'active' AND (lapses_at IS NULL OR lapses_at > $2)";
    LAPSE = "UPDATE price_alerts SET state = 'lapsed' WHERE state = 'active' AND lapses_at <= $1";
}

/// How far a price alert has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertState {
    /// It waits.
    Active,
    /// Its price was seen.
    Fired,
    /// Its price was not seen in time.
    Lapsed,
}

impl AlertState {
    /// Returns the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Fired => "fired",
            Self::Lapsed => "lapsed",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        [Self::Active, Self::Fired, Self::Lapsed].into_iter().find(|state| state.name() == name)
    }
}

/// A price that a person waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRow {
    /// Its id.
    pub id: AlertId,
    /// Whose it is.
    pub user: UserId,
    /// The symbol.
    pub symbol: String,
    /// The venue.
    pub venue: String,
    /// What it waits for.
    pub trigger: AlertTrigger,
    /// The price or the percentage, as it was given.
    pub value: Amount,
    /// The price that a percentage counts from.
    pub reference: Option<Amount>,
    /// The price that a trade must reach from below.
    pub upper: Option<Amount>,
    /// The price that a trade must reach from above.
    pub lower: Option<Amount>,
    /// How far it has come.
    pub state: AlertState,
    /// When it was made.
    pub created_at: WallTime,
    /// After when it is not told any more.
    pub lapses_at: Option<WallTime>,
    /// When its price was seen, and which that was.
    pub fired: Option<(WallTime, Amount)>,
}

impl AlertRow {
    /// Returns whether a trade at a price is what it waits for.
    #[must_use]
    pub fn is_met_by(&self, price: Amount) -> bool {
        self.upper.is_some_and(|upper| price >= upper) || self.lower.is_some_and(|lower| price <= lower)
    }
}

impl Database {
    /// Adds an alert, if fewer than so many of its person wait. Those that wait no longer are kept, as many.
    /// Returns whether it was added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_alert(&self, row: &AlertRow, most: u32) -> Result<bool, StoreError> {
        let AlertRow { id, user, symbol, venue, trigger, value, reference, .. } = row;
        let AlertRow { upper, lower, created_at, lapses_at, .. } = row;
        let mut transaction = self.begin().await?;
        if transaction.execute(LOCK, args![*user]).await? == 0 {
            return Ok(false);
        }
        let count = transaction.row(COUNT, args![*user]).await?;
        let count: i64 = count.map_or(Ok(0), |row| row.get("count"))?;
        if count >= i64::from(most) {
            return Ok(false);
        }
        transaction.execute(TRIM, args![*user, most]).await?;
        let (symbol, venue, kind) = (symbol.as_str(), venue.as_str(), trigger.name());
        let arguments = args![
            *id,
            *user,
            symbol,
            venue,
            kind,
            *value,
            *reference,
            *upper,
            *lower,
            *created_at,
            *lapses_at
        ];
        transaction.execute(ADD, arguments).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Returns a person's alerts, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn alerts(&self, user: UserId) -> Result<Vec<AlertRow>, StoreError> {
        self.rows(OF_USER, args![user]).await?.iter().map(of_row).collect()
    }

    /// Deletes an alert of a person. Returns whether there was such a one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_alert(&self, user: UserId, alert: AlertId) -> Result<bool, StoreError> {
        Ok(self.execute(DELETE, args![user, alert]).await? == 1)
    }

    /// Returns all alerts that wait.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn active_alerts(&self) -> Result<Vec<AlertRow>, StoreError> {
        self.rows(ACTIVE, args![]).await?.iter().map(of_row).collect()
    }

    /// Notes that the price of an alert was seen, and tells its person: both or neither, and once. Returns
    /// whether it still waited.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn fire_alert(&self, row: &AlertRow, price: Amount, now: WallTime) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        if transaction.execute(FIRE, args![row.id, now, price]).await? == 0 {
            return Ok(false);
        }
        let content = NoticeContent::PriceAlert(AlertNotice {
            alert_id: row.id.to_string(),
            symbol: row.symbol.clone(),
            venue: row.venue.clone(),
            trigger: row.trigger,
            value: Number(row.value.decimal()),
            price: Number(price.decimal()),
        });
        let source = Some(format!("alert:{}", row.id));
        let notice = NewNotice { user: row.user, account: None, at: now, source, content };
        notices::add(&mut transaction, &notice).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Ends the alerts whose time has passed; returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lapse_alerts(&self, now: WallTime) -> Result<u64, StoreError> {
        self.execute(LAPSE, args![now]).await
    }
}

fn of_row(row: &Row) -> Result<AlertRow, StoreError> {
    let moment = |column| row.get::<Option<i64>>(column).map(|at| at.map(WallTime::from_nanos));
    let price: Option<Amount> = row.get("fired_price")?;
    Ok(AlertRow {
        id: AlertId::new(row.get("id")?),
        user: UserId::new(row.get("user_id")?),
        symbol: row.get("symbol")?,
        venue: row.get("venue")?,
        trigger: row.read("kind", |kind: String| AlertTrigger::of_name(&kind))?,
        value: row.get("value")?,
        reference: row.get("reference")?,
        upper: row.get("upper")?,
        lower: row.get("lower")?,
        state: row.read("state", |state: String| AlertState::of_name(&state))?,
        created_at: WallTime::from_nanos(row.get("created_at")?),
        lapses_at: moment("lapses_at")?,
        fired: moment("fired_at")?.zip(price),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::testing::{add_user, on_each_database};
    use crate::store::notices::NoticeFilter;

    fn at(seconds: i64) -> WallTime {
        WallTime::from_nanos(seconds * 1_000_000_000)
    }

    fn above(user: UserId, price: i128, lapses_at: Option<WallTime>) -> AlertRow {
        AlertRow {
            id: AlertId::draw(),
            user,
            symbol: "ALFA".to_owned(),
            venue: "PIT".to_owned(),
            trigger: AlertTrigger::Above,
            value: Amount(price),
            reference: None,
            upper: Some(Amount(price)),
            lower: None,
            state: AlertState::Active,
            created_at: at(1),
            lapses_at,
            fired: None,
        }
    }

    #[tokio::test]
    async fn an_alert_is_told_once_and_not_after_its_time() {
        on_each_database(|database| async move {
            let anne = UserId::draw();
            add_user(&database, anne, "anne").await.unwrap();
            let [first, late] = [above(anne, 5, None), above(anne, 6, Some(at(10)))];
            for row in [&first, &late] {
                assert_eq!(database.add_alert(row, 2).await, Ok(true));
            }
            assert_eq!(database.add_alert(&above(anne, 7, None), 2).await, Ok(false), "two wait");
            assert_eq!(database.add_alert(&above(UserId::draw(), 7, None), 2).await, Ok(false), "nobody");
            assert_eq!(database.active_alerts().await, Ok(vec![first.clone(), late.clone()]));
            assert_eq!(database.fire_alert(&first, Amount(8), at(9)).await, Ok(true));
            assert_eq!(database.fire_alert(&first, Amount(9), at(9)).await, Ok(false));
            assert_eq!(database.fire_alert(&late, Amount(9), at(10)).await, Ok(false), "it is too late");
            assert_eq!(database.lapse_alerts(at(9)).await, Ok(0));
            assert_eq!(database.lapse_alerts(at(10)).await, Ok(1));
            let states: Vec<_> =
                database.alerts(anne).await.unwrap().iter().map(|row| (row.state, row.fired)).collect();
            assert_eq!(states, [(AlertState::Lapsed, None), (AlertState::Fired, Some((at(9), Amount(8))))]);
            let filter = NoticeFilter { limit: 9, ..NoticeFilter::default() };
            assert_eq!(database.notices(anne, &filter).await.unwrap().len(), 1);
            assert_eq!(database.remove_alert(UserId::draw(), first.id).await, Ok(false));
            assert_eq!(database.remove_alert(anne, first.id).await, Ok(true));
        })
        .await
        .unwrap();
    }

    #[test]
    fn a_trade_meets_what_it_reaches() {
        let row = AlertRow { lower: Some(Amount(2)), ..above(UserId::draw(), 5, None) };
        let met: Vec<_> = (1..=6).filter(|price| row.is_met_by(Amount(*price))).collect();
        assert_eq!(met, [1, 2, 5, 6]);
    }
}
