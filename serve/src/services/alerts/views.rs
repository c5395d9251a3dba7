//! Price alerts as they are shown and asked for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{AlertId, AlertTrigger, Number};
use crate::store::price_alerts::AlertRow;

/// A price alert that is asked for: one of `above`, `below` and `percent_move`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertRequest {
    /// The symbol, or `SYMBOL@VENUE`.
    pub symbol: String,
    /// The venue, where a symbol has several.
    pub venue: Option<String>,
    /// Told by the first trade at this price or above.
    pub above: Option<Number>,
    /// Told by the first trade at this price or below.
    pub below: Option<Number>,
    /// Told by the first trade so many percent, 0.01 to 1,000, above or below the last price of now.
    pub percent_move: Option<Number>,
    /// Within how many minutes the price must move so far, 1 to 10,080: a week, if nothing is said.
    pub window_minutes: Option<u32>,
}

/// A price alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlertView {
    /// Its id.
    pub alert_id: AlertId,
    /// The symbol.
    pub symbol: String,
    /// The venue.
    pub venue: String,
    /// What it waits for.
    pub trigger: AlertTrigger,
    /// The price, or the percentage.
    pub value: Number,
    /// The price that a percentage counts from.
    pub reference: Option<Number>,
    /// A trade at this price or above is told.
    pub upper: Option<Number>,
    /// A trade at this price or below is told.
    pub lower: Option<Number>,
    /// `active`, `fired` or `lapsed`.
    pub state: String,
    /// When it was made.
    pub created_at: String,
    /// After when it is not told any more.
    pub lapses_at: Option<String>,
    /// When its price was seen.
    pub fired_at: Option<String>,
    /// The price that was seen.
    pub fired_price: Option<Number>,
}

/// The alerts of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AlertsView {
    /// The alerts, the newest first: those that wait, and of the others the last 50.
    pub alerts: Vec<AlertView>,
}

impl From<&AlertRow> for AlertView {
    fn from(row: &AlertRow) -> Self {
        let number = |amount: crate::store::database::Amount| Number(amount.decimal());
        Self {
            alert_id: row.id,
            symbol: row.symbol.clone(),
            venue: row.venue.clone(),
            trigger: row.trigger,
            value: number(row.value),
            reference: row.reference.map(number),
            upper: row.upper.map(number),
            lower: row.lower.map(number),
            state: row.state.name().to_owned(),
            created_at: row.created_at.to_string(),
            lapses_at: row.lapses_at.map(|at| at.to_string()),
            fired_at: row.fired.map(|(at, _)| at.to_string()),
            fired_price: row.fired.map(|(_, price)| number(price)),
        }
    }
}
