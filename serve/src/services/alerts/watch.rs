//! The watch: follows the trades of each listing that somebody waits for.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bearpit_core::market::Instrument;
use bearpit_core::units::{Price, SimTime};
use tracing::{info, warn};

use super::{Alerts, last_price};
use crate::publication::{
    CandleInterval, Channel, CloseReason, Content, ListingSnapshot, Publication, Subscription,
};
use crate::store::database::{Amount, StoreError};
use crate::store::price_alerts::AlertRow;

/// How often trades are looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How often it is looked for alerts that other processes have taken, and for those whose time has passed, in
/// looks.
const LOOKS_BETWEEN: u32 = 20;
/// How many trades of a listing are looked at in one go.
const TRADES_MAX: usize = 10_000;
/// How many seconds of prices are looked at where trades are no longer kept.
const SECONDS_MAX: usize = 3_600;

/// The listings that somebody waits for.
#[derive(Debug, Default)]
pub(super) struct Watched {
    listings: BTreeMap<(String, String), Watching>,
}

/// What is followed of a listing.
#[derive(Debug)]
struct Watching {
    alerts: Vec<AlertRow>,
    following: Option<Following>,
}

/// The trades of a listing from some time on.
#[derive(Debug)]
struct Following {
    publication: Publication,
    subscription: Subscription,
    snapshot: Arc<ListingSnapshot>,
    /// When the last trade that was looked at was executed.
    seen: SimTime,
}

impl Alerts {
    /// Watches prices, for as long as the process runs.
    pub async fn watch(self: Arc<Self>) {
        let mut watched = Watched::default();
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut until_load, mut was_well) = (0, true);
        loop {
            tokio::select! {
                _ = looks.tick() => {}
                () = self.changed.notified() => until_load = 0,
            }
            let looked = if until_load == 0 { self.load(&mut watched).await } else { Ok(()) };
            until_load = if looked.is_err() || until_load == 0 { LOOKS_BETWEEN } else { until_load - 1 };
            let looked = looked.and(self.look(&mut watched).await);
            if let Err(error) = &looked
                && was_well
            {
                warn!(%error, "price alerts are told later");
            }
            was_well = looked.is_ok();
        }
    }

    /// Looks which alerts wait. What is new is compared with the last price: it may have been reached while
    /// nobody watched.
    pub(super) async fn load(&self, watched: &mut Watched) -> Result<(), StoreError> {
        let mut fresh = std::mem::take(&mut *self.fresh.lock().unwrap_or_else(PoisonError::into_inner));
        self.database.lapse_alerts((self.clock)()).await?;
        let rows = self.database.active_alerts().await?;
        let mut left = std::mem::take(&mut watched.listings);
        // What was met and could not be told is not in the database.
        let of_left = left.values().flat_map(|it| &it.alerts);
        let met: BTreeMap<_, _> = of_left.filter_map(|alert| Some((alert.id, alert.fired?))).collect();
        for mut row in rows {
            row.fired = met.get(&row.id).copied();
            let key = (row.symbol.clone(), row.venue.clone());
            let watching = watched.listings.entry(key.clone()).or_insert_with(|| {
                let following = left.remove(&key).and_then(|it| it.following);
                Watching { alerts: Vec::new(), following }
            });
            watching.alerts.push(row);
        }
        for ((symbol, venue), watching) in &mut watched.listings {
            // Trades from here on are followed, and what was before is in the last price.
            if watching.following.is_none() {
                watching.following = self.follow(symbol, venue);
            }
            let Ok((publication, snapshot)) = self.data.find(&format!("{symbol}@{venue}")) else { continue };
            for alert in &mut watching.alerts {
                let Some(since) = fresh.remove(&alert.id) else { continue };
                let prices = since.prices(&publication, &snapshot);
                alert.fired =
                    prices.into_iter().find(|it| alert.is_met_by(*it)).map(|it| ((self.clock)(), it));
            }
            let last: Vec<_> = last_price(&snapshot).into_iter().collect();
            self.tell(&mut watching.alerts, &last).await?;
        }
        Ok(())
    }

    /// Looks at the trades that have come. After an error the next look begins with the last prices.
    pub(super) async fn look(&self, watched: &mut Watched) -> Result<(), StoreError> {
        for ((symbol, venue), watching) in &mut watched.listings {
            let Some(following) = &mut watching.following else {
                watching.following = self.follow(symbol, venue);
                if let Some(last) = watching.following.as_ref().and_then(|it| last_price(&it.snapshot)) {
                    self.tell(&mut watching.alerts, &[last]).await?;
                }
                continue;
            };
            let (prices, goes_on) = following.read();
            if !goes_on {
                watching.following = None;
            }
            if let Err(error) = self.tell(&mut watching.alerts, &prices).await {
                // These trades are not read again: what they reached is compared once more.
                watching.following = None;
                self.keep_extremes(&mut watching.alerts, &prices);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Keeps those that a price has met among the first to be told.
    fn keep_extremes(&self, alerts: &mut [AlertRow], prices: &[Amount]) {
        for alert in alerts {
            if let Some(price) = prices.iter().find(|price| alert.is_met_by(**price)) {
                alert.fired = Some(((self.clock)(), *price));
            }
        }
    }

    fn follow(&self, symbol: &str, venue: &str) -> Option<Following> {
        let (publication, snapshot) = self.data.find(&format!("{symbol}@{venue}")).ok()?;
        let subscription = publication.subscribe(&Channel::Trades(snapshot.id), None).ok()?;
        let snapshot = publication.snapshot(snapshot.id)?;
        let seen = snapshot.trades.first().map_or(snapshot.at, |trade| trade.at);
        Some(Following { publication, subscription, snapshot, seen })
    }

    /// Tells the people whose alerts a price meets, in the order of the prices.
    async fn tell(&self, alerts: &mut Vec<AlertRow>, prices: &[Amount]) -> Result<(), StoreError> {
        let mut place = 0;
        while let Some(alert) = alerts.get(place) {
            let known = alert.fired.map(|(_, price)| price);
            let met = known.or_else(|| prices.iter().copied().find(|price| alert.is_met_by(*price)));
            let Some(price) = met else {
                place += 1;
                continue;
            };
            if self.database.fire_alert(alert, price, (self.clock)()).await? {
                info!(alert = %alert.id, "a price alert is told");
            }
            alerts.swap_remove(place);
        }
        Ok(())
    }
}

/// Up to where a listing had traded when an alert was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since {
    at: SimTime,
    /// The number of the last trade.
    number: Option<u64>,
}

impl Since {
    pub(super) fn of(snapshot: &ListingSnapshot) -> Self {
        let last = snapshot.trades.first();
        Self { at: last.map_or(snapshot.at, |trade| trade.at), number: last.map(|trade| trade.number) }
    }

    /// Returns the prices that have traded since.
    fn prices(&self, publication: &Publication, snapshot: &ListingSnapshot) -> Vec<Amount> {
        let prints = publication.trade_history(snapshot.id, self.at, SimTime::from_nanos(i64::MAX));
        let later = prints.iter().filter(|it| self.number.is_none_or(|number| it.number > number));
        later.filter_map(|print| amount(&snapshot.listing.instrument, print.price)).collect()
    }
}

impl Following {
    /// Returns the prices that have traded since, and whether it goes on. Where trades are no longer kept,
    /// these are the highest and the lowest of each second.
    fn read(&mut self) -> (Vec<Amount>, bool) {
        let mut prices = Vec::new();
        while prices.len() < TRADES_MAX {
            match self.subscription.try_next() {
                None => return (prices, true),
                Some(Ok(update)) => {
                    if let Content::Trade(print) = &update.content {
                        self.seen = print.at;
                        prices.extend(amount(self.instrument(), print.price));
                    }
                }
                Some(Err(closed)) => {
                    if closed.reason == CloseReason::FellBehind {
                        prices.extend(self.extremes());
                    }
                    return (prices, false);
                }
            }
        }
        (prices, true)
    }

    /// Returns the highest and lowest price of each second since the last trade that was looked at.
    fn extremes(&self) -> Vec<Amount> {
        let candles = self
            .publication
            .candles(self.snapshot.id, CandleInterval::Second, SECONDS_MAX)
            .unwrap_or_default();
        let from = self.seen.floor_to(CandleInterval::Second.length());
        let since = candles.iter().filter(|candle| candle.start >= from);
        since
            .flat_map(|candle| [candle.high, candle.low])
            .filter_map(|it| amount(self.instrument(), it))
            .collect()
    }

    fn instrument(&self) -> &Instrument {
        &self.snapshot.listing.instrument
    }
}

fn amount(instrument: &Instrument, price: Price) -> Option<Amount> {
    Amount::of(instrument.price_decimal(price))
}
