//! Positions, and closing them as a whole or in part.

use std::time::Duration;

use bearpit_core::units::Decimal;

use super::orders::is_open;
use super::{Alpaca, Amount, Found, NamedListing, Naming, NewOrder};
use crate::domain::{AccountId, Number, Problem, ProblemKind, SelfTradeName, TimeInForceName};
use crate::publication::{CandleInterval, ListingSnapshot};
use crate::services::market_data::SideName;
use crate::services::trading::{OrderRequest, PositionLine, VenueWait};

/// A position, and how it is named.
#[derive(Debug, Clone, PartialEq)]
pub struct Holding {
    /// The position.
    pub line: PositionLine,
    /// How its instrument is named.
    pub naming: Naming,
    /// The last price of the day before, if it traded then.
    pub last_day_price: Option<Number>,
}

/// How much of a position is to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseAmount {
    /// All of it.
    All,
    /// A quantity.
    Quantity(Number),
    /// So many hundredths of it, in whole lots, rounded down.
    Percentage(Number),
}

/// What came of closing a position.
#[derive(Debug)]
pub struct ClosedPosition {
    /// The position.
    pub holding: Holding,
    /// The order that closes it, or why there is none.
    pub outcome: Result<Found, Problem>,
}

/// An instrument that somebody outside has named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedInstrument {
    /// Its symbol.
    pub symbol: String,
    /// The venue, if the name means one.
    pub venue: Option<String>,
}

/// How a position is closed.
struct Closing {
    /// The venue, if one was named.
    venue: Option<String>,
    amount: CloseAmount,
    wait: Option<VenueWait>,
}

/// How long cancels are waited for before positions are closed, and how often it is looked.
const CANCEL_PATIENCE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(20);

impl Alpaca {
    /// Returns the positions of an account.
    ///
    /// # Errors
    /// [`Problem`] if the market takes nothing at the moment.
    pub async fn holdings(&self, account: AccountId) -> Result<Vec<Holding>, Problem> {
        let names = self.names(account).await;
        let lines = self.trading.positions(account).await?.positions;
        let holding = |line: PositionLine| Holding {
            naming: names.of(&line.symbol),
            last_day_price: self.last_day_price(&line.symbol),
            line,
        };
        Ok(lines.into_iter().map(holding).collect())
    }

    /// Returns the position in an instrument, by any of its names or the id of its asset.
    ///
    /// # Errors
    /// [`Problem`] if there is none.
    pub async fn holding(&self, account: AccountId, text: &str) -> Result<Holding, Problem> {
        let NamedInstrument { symbol, .. } = self.instrument(text)?;
        self.holding_of(account, &symbol).await
    }

    async fn holding_of(&self, account: AccountId, symbol: &str) -> Result<Holding, Problem> {
        let found = self.holdings(account).await?.into_iter().find(|it| it.line.symbol == symbol);
        found.ok_or_else(|| Problem::new(ProblemKind::NotFound, "no_position", "position does not exist"))
    }

    /// Returns the instrument that a text names, as [`Alpaca::asset`] does, or without its venue where
    /// several list it: a position is in all of them.
    ///
    /// # Errors
    /// [`Problem`] if there is none.
    pub fn instrument(&self, text: &str) -> Result<NamedInstrument, Problem> {
        let unknown = match self.asset(text) {
            Ok(named) => {
                let listing = &named.snapshot.listing;
                let (symbol, venue) = (listing.instrument.symbol().to_owned(), listing.venue.clone());
                return Ok(NamedInstrument { symbol, venue: Some(venue) });
            }
            Err(problem) => problem,
        };
        let pair = text.strip_suffix(self.data.currency());
        let forms = [Some(text), pair.map(|base| base.strip_suffix('/').unwrap_or(base))];
        let symbol = forms.into_iter().flatten().find(|symbol| self.data.find_symbol(symbol).is_some());
        symbol.map(|symbol| NamedInstrument { symbol: symbol.to_owned(), venue: None }).ok_or(unknown)
    }

    /// Returns the venue at which a position is closed best: where the other side has the best price.
    fn closing_venue(&self, symbol: &str, is_short: bool) -> Result<String, Problem> {
        let snapshots = self.data.publication().snapshots();
        let listings = snapshots.iter().filter(|it| it.listing.instrument.symbol() == symbol);
        let price = |it: &ListingSnapshot| {
            let level = if is_short { it.ask() } else { it.bid() };
            level.map(|level| if is_short { -level.price.ticks() } else { level.price.ticks() })
        };
        // Of those that are alike, the first.
        let best = listings.rev().max_by_key(|it| price(it));
        best.map(|it| it.listing.venue.clone()).ok_or_else(|| {
            Problem::new(ProblemKind::NotFound, "unknown_symbol", format!("nobody lists {symbol} today"))
        })
    }

    /// Returns the listing of an asset, by any of its names or its id.
    ///
    /// # Errors
    /// [`Problem`] if there is none.
    pub fn asset(&self, text: &str) -> Result<NamedListing, Problem> {
        let Ok(id) = uuid::Uuid::try_parse(text) else { return self.find(text) };
        let found = self.assets().into_iter().find(|(name, _)| self.ids.asset(name) == id);
        found.map(|(_, named)| named).ok_or_else(|| {
            Problem::new(ProblemKind::NotFound, "unknown_symbol", format!("asset not found for {text}"))
        })
    }

    /// Returns all listings under all of their names.
    #[must_use]
    pub fn assets(&self) -> Vec<(String, NamedListing)> {
        let publication = self.data.publication();
        let snapshots = publication.snapshots();
        let both = snapshots.iter().flat_map(|snapshot| {
            [Naming::Symbol, Naming::Pair].map(|naming| {
                let name = self.name_of(snapshot, naming);
                (name, NamedListing { naming, snapshot: snapshot.clone() })
            })
        });
        both.collect()
    }

    /// Closes a position, or a part of it, with a market order that can only reduce it.
    ///
    /// # Errors
    /// [`Problem`] if nothing is held, or the order is refused.
    pub async fn close(
        &self,
        account: AccountId,
        text: &str,
        amount: CloseAmount,
        wait: Option<VenueWait>,
    ) -> Result<Found, Problem> {
        let NamedInstrument { symbol, venue } = self.instrument(text)?;
        let holding = self.holding_of(account, &symbol).await?;
        self.close_holding(account, &holding, Closing { venue, amount, wait }).await
    }

    async fn close_holding(
        &self,
        account: AccountId,
        holding: &Holding,
        closing: Closing,
    ) -> Result<Found, Problem> {
        let Closing { venue, amount, wait } = closing;
        let (symbol, quantity) = (&holding.line.symbol, holding.line.quantity);
        let is_short = !quantity.0.is_positive();
        let venue = venue.map_or_else(|| self.closing_venue(symbol, is_short), Ok)?;
        let name = format!("{}@{venue}", self.name(symbol, holding.naming));
        let held = if is_short { negated(quantity) } else { quantity };
        let quantity = match amount {
            CloseAmount::All => held,
            CloseAmount::Quantity(quantity) => quantity,
            CloseAmount::Percentage(percentage) => {
                let named = self.find(&name)?;
                part(held, percentage, named.snapshot.listing.instrument.lot_size())?
            }
        };
        let side = if is_short { SideName::Buy } else { SideName::Sell };
        let request = OrderRequest {
            time_in_force: Some(TimeInForceName::Ioc),
            reduce_only: true,
            self_trade: Some(SelfTradeName::CancelOldest),
            ..OrderRequest::market(name, side, quantity)
        };
        self.enter(account, NewOrder { request, amount: Amount::Quantity(quantity) }, wait).await
    }

    /// Closes all positions; first cancels all orders if that is wanted.
    ///
    /// # Errors
    /// [`Problem`] if the market takes nothing at the moment.
    pub async fn close_all(
        &self,
        account: AccountId,
        cancels_orders: bool,
        wait: Option<VenueWait>,
    ) -> Result<Vec<ClosedPosition>, Problem> {
        if cancels_orders {
            self.trading.cancel_all(account, None).await?;
            // Shares that orders hold cannot be sold before those are over.
            tokio::time::timeout(CANCEL_PATIENCE, self.without_orders(account)).await.ok();
        }
        let mut closed = Vec::new();
        for holding in self.holdings(account).await? {
            let closing = Closing { venue: None, amount: CloseAmount::All, wait };
            let outcome = self.close_holding(account, &holding, closing).await;
            closed.push(ClosedPosition { holding, outcome });
        }
        Ok(closed)
    }

    /// Waits until an account has no open order.
    async fn without_orders(&self, account: AccountId) {
        while self.trading.recent_orders(account).await.is_ok_and(|orders| orders.iter().any(is_open)) {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Returns the last price of the day before.
    fn last_day_price(&self, symbol: &str) -> Option<Number> {
        let publication = self.data.publication();
        let snapshots = publication.snapshots();
        let snapshot = snapshots.iter().find(|it| it.listing.instrument.symbol() == symbol)?;
        let days = publication.candles(snapshot.id, CandleInterval::Day, 2)?;
        let today = snapshot.candle(CandleInterval::Day).map(|candle| candle.start);
        let before = days.into_iter().rev().find(|day| Some(day.start) != today)?;
        Some(self.data.scale(&snapshot.listing.instrument).price(before.close))
    }
}

fn negated(number: Number) -> Number {
    Number(number.0.checked_mul(Decimal::new(-1, 0)).unwrap_or(number.0))
}

/// Returns so many hundredths of a quantity, in whole lots, rounded down.
fn part(held: Number, percentage: Number, lot: Decimal) -> Result<Number, Problem> {
    let refused =
        |message: &str| Problem::new(ProblemKind::Refused, "invalid_parameter", message).at("percentage");
    let whole = Decimal::new(100, 0);
    let scale = percentage.0.scale();
    let is_percentage = percentage.0.is_positive() && percentage.0.scaled(scale) <= whole.scaled(scale);
    if !is_percentage {
        return Err(refused("percentage must be above 0, and 100 at most"));
    }
    let product = held.0.checked_mul(percentage.0).and_then(|it| it.checked_mul(Decimal::new(1, 2)));
    let product = product.ok_or_else(|| refused("percentage is out of range"))?;
    let scale = product.scale().max(lot.scale());
    let lots = product.scaled(scale).zip(lot.scaled(scale)).map(|(product, lot)| product / lot);
    match lots.filter(|lots| *lots > 0).and_then(|lots| lot.checked_mul(Decimal::new(lots, 0))) {
        Some(quantity) => Ok(Number(quantity)),
        None => Err(refused("so little of the position is less than a lot")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number(text.parse().unwrap())
    }

    #[test]
    fn a_part_of_a_position_is_whole_lots() {
        for (held, percentage, lot, expected) in [
            ("10", "50", "1", Some("5")),
            ("10", "33", "1", Some("3")),
            ("10", "100", "1", Some("10")),
            ("0.01", "12.5", "0.001", Some("0.001")),
            ("10", "5", "1", None),
            ("10", "0", "1", None),
            ("10", "-5", "1", None),
            ("10", "100.01", "1", None),
        ] {
            let found = part(number(held), number(percentage), number(lot).0);
            let found = found.ok().map(|it| it.to_string());
            assert_eq!(found.as_deref(), expected, "{percentage}% of {held}");
        }
    }
}
