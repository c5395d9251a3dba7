//! Price alerts: a person names a price, and is told once when a trade reaches it.
//!
//! [`Alerts`] keeps them; its watch follows the trades of each listing that somebody waits for. State and
//! notice are written together, so each is told once, whatever ends in between and however many processes
//! watch. What traded while nobody watched counts if the price is still there.

#[cfg(test)]
mod tests;
mod views;
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bearpit_core::units::Decimal;
use tokio::sync::Notify;

use super::identity::{self, Clock, of_store};
use super::market_data::MarketData;
use crate::domain::{Actor, AlertId, AlertTrigger, Problem, ProblemKind};
use crate::publication::ListingSnapshot;
use crate::store::database::{Amount, Database};
use crate::store::price_alerts::{AlertRow, AlertState};

pub use views::{AlertRequest, AlertView, AlertsView};
use watch::Since;

/// How many alerts of a person wait at most.
pub const ALERTS_MAX: u32 = 50;
/// The longest window of a move, in minutes: a week.
const WINDOW_MAX: u32 = 7 * 24 * 60;

/// Keeps price alerts, and watches prices.
pub struct Alerts {
    database: Database,
    data: Arc<MarketData>,
    clock: Clock,
    /// Is woken when there is another alert.
    changed: Notify,
    /// Those that the watch does not know yet.
    fresh: Mutex<BTreeMap<AlertId, Since>>,
}

impl fmt::Debug for Alerts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alerts").field("database", &self.database).finish_non_exhaustive()
    }
}

impl Alerts {
    /// Makes it.
    #[must_use]
    pub fn new(database: Database, data: Arc<MarketData>, clock: Clock) -> Self {
        Self { database, data, clock, changed: Notify::new(), fresh: Mutex::default() }
    }

    /// Returns the alerts of whoever asks, the newest first.
    ///
    /// # Errors
    /// [`Problem`] if a key of an account of a contest asks, or the database is away.
    pub async fn all(&self, who: &Actor) -> Result<AlertsView, Problem> {
        identity::refuse_contest_key(&self.database, who).await?;
        let rows = self.database.alerts(who.user).await.map_err(of_store)?;
        Ok(AlertsView { alerts: rows.iter().map(AlertView::from).collect() })
    }

    /// Adds an alert.
    ///
    /// # Errors
    /// [`Problem`] if it does not fit, the price is there already, or too many wait.
    pub async fn add(&self, who: &Actor, request: &AlertRequest) -> Result<AlertView, Problem> {
        identity::refuse_contest_key(&self.database, who).await?;
        let name = match &request.venue {
            Some(venue) => format!("{}@{venue}", request.symbol),
            None => request.symbol.clone(),
        };
        let (_, snapshot) = self.data.find(&name)?;
        let row = self.row_of(who, request, &snapshot)?;
        if let Some(last) = last_price(&snapshot).filter(|last| row.is_met_by(*last)) {
            let message = format!("the price is {} already", last.decimal());
            let problem = Problem::new(ProblemKind::Conflict, "price_reached", message);
            return Err(problem.hint("name a price that the market has not reached"));
        }
        if !self.database.add_alert(&row, ALERTS_MAX).await.map_err(of_store)? {
            let message = format!("{ALERTS_MAX} alerts of a person wait at most");
            let problem = Problem::new(ProblemKind::Conflict, "too_many_alerts", message);
            return Err(problem.hint("delete one first"));
        }
        // What trades until the watch knows of it counts too.
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner).insert(row.id, Since::of(&snapshot));
        self.changed.notify_one();
        Ok(AlertView::from(&row))
    }

    /// Deletes an alert of whoever asks.
    ///
    /// # Errors
    /// [`Problem`] if there is no such one, or the database is away.
    pub async fn delete(&self, who: &Actor, id: AlertId) -> Result<(), Problem> {
        identity::refuse_contest_key(&self.database, who).await?;
        if self.database.remove_alert(who.user, id).await.map_err(of_store)? {
            return Ok(());
        }
        Err(unknown(&id.to_string()))
    }

    fn row_of(
        &self,
        who: &Actor,
        request: &AlertRequest,
        snapshot: &ListingSnapshot,
    ) -> Result<AlertRow, Problem> {
        let now = (self.clock)();
        let AlertRequest { above, below, percent_move, window_minutes, .. } = request;
        let price = |field, value: crate::domain::Number| amount(field, value.0);
        let row = |trigger, value| AlertRow {
            id: AlertId::draw(),
            user: who.user,
            symbol: snapshot.listing.instrument.symbol().to_owned(),
            venue: snapshot.listing.venue.clone(),
            trigger,
            value,
            reference: None,
            upper: None,
            lower: None,
            state: AlertState::Active,
            created_at: now,
            lapses_at: None,
            fired: None,
        };
        if window_minutes.is_some() && percent_move.is_none() {
            return Err(refused("window_minutes", "only a move in percent has a window"));
        }
        match (*above, *below, *percent_move) {
            (Some(above), None, None) => {
                let value = price("above", above)?;
                Ok(AlertRow { upper: Some(value), ..row(AlertTrigger::Above, value) })
            }
            (None, Some(below), None) => {
                let value = price("below", below)?;
                Ok(AlertRow { lower: Some(value), ..row(AlertTrigger::Below, value) })
            }
            (None, None, Some(percent)) => {
                let value = price("percent_move", percent)?;
                let window = window_minutes.unwrap_or(WINDOW_MAX);
                if !(1..=WINDOW_MAX).contains(&window) {
                    let message = format!("a window has 1 to {WINDOW_MAX} minutes");
                    return Err(refused("window_minutes", &message));
                }
                let Some(reference) = last_price(snapshot) else {
                    let message = "there is no price yet to count from: nothing has traded";
                    return Err(Problem::new(ProblemKind::Conflict, "no_price", message));
                };
                let (upper, lower) = bounds(reference, value)
                    .ok_or_else(|| refused("percent_move", "a move has 0.01 to 1000 percent"))?;
                let lapses_at = Some(now.after(Duration::from_secs(u64::from(window) * 60)));
                let row = row(AlertTrigger::PercentMove, value);
                Ok(AlertRow { reference: Some(reference), upper: Some(upper), lower, lapses_at, ..row })
            }
            _ => Err(refused("above", "an alert has one of `above`, `below` and `percent_move`")),
        }
    }
}

/// Returns how far a price moves at least that moves by so many percent, up and down: away from where it was,
/// where that is no whole number. Down there is none from a hundred percent on.
fn bounds(reference: Amount, percent: Amount) -> Option<(Amount, Option<Amount>)> {
    let one = Amount::of(Decimal::new(1, 0))?.0;
    let is_fit = percent.0 >= one / 100 && percent.0 <= one.checked_mul(1_000)?;
    let moved = reference.0.checked_mul(percent.0).filter(|_| is_fit && reference.0 > 0)?;
    let divisor = one.checked_mul(100)?;
    let distance = moved.checked_add(divisor - 1)? / divisor;
    let lower = reference.0 - distance;
    Some((Amount(reference.0.checked_add(distance)?), (lower > 0).then_some(Amount(lower))))
}

/// Returns the price of the last trade of a listing, if it has traded.
fn last_price(snapshot: &ListingSnapshot) -> Option<Amount> {
    let trade = snapshot.trades.first()?;
    Amount::of(snapshot.listing.instrument.price_decimal(trade.price))
}

fn amount(field: &'static str, value: Decimal) -> Result<Amount, Problem> {
    let fits = |amount: &Amount| amount.0 > 0 && amount.0 < i128::from(i64::MAX) * 10_000_000_000;
    Amount::of(value).filter(fits).ok_or_else(|| {
        refused(field, "it must be above zero, with at most ten decimals, and below 9223372036854775807")
    })
}

/// Says that there is no such alert.
#[must_use]
pub fn unknown(id: &str) -> Problem {
    let message = format!("there is no alert `{id}`");
    Problem::new(ProblemKind::NotFound, "unknown_alert", message).at("alert_id")
}

fn refused(field: &'static str, message: &str) -> Problem {
    Problem::new(ProblemKind::Refused, "invalid_field", message).at(field)
}
