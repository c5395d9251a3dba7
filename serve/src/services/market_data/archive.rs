//! [`DatabaseArchive`]: the candles of the database, in ticks and lots again.

use std::collections::BTreeMap;

use bearpit_core::market::Instrument;
use bearpit_core::units::{Decimal, Price, Quantity, SimTime};

use super::candles::{ArchivedCandles, CandleArchive, End, ReadingArchive};
use crate::domain::Problem;
use crate::publication::Candle;
use crate::services::identity::of_store;
use crate::store::database::{Amount, Database};
use crate::store::projection::{CandleFilter, CandleRow};

/// How often the span is doubled in which the newest candles are looked for: there are none before.
const DOUBLINGS: u32 = 12;

/// The candles of a database.
#[derive(Debug)]
pub struct DatabaseArchive {
    database: Database,
    instruments: BTreeMap<String, Instrument>,
}

impl DatabaseArchive {
    /// Makes one for the instruments of a market.
    pub fn new<'a>(database: Database, instruments: impl IntoIterator<Item = &'a Instrument>) -> Self {
        let named = instruments.into_iter().map(|it| (it.symbol().to_owned(), it.clone()));
        Self { database, instruments: named.collect() }
    }

    /// Returns the first candles of a span.
    async fn page(
        &self,
        wanted: &ArchivedCandles,
        from: SimTime,
        limit: u32,
    ) -> Result<Vec<Candle>, Problem> {
        let Some(instrument) = self.instruments.get(&wanted.symbol) else { return Ok(Vec::new()) };
        let filter = CandleFilter {
            symbol: wanted.symbol.clone(),
            venue: wanted.venue.clone(),
            interval: wanted.interval.name().to_owned(),
            from,
            to: wanted.span.end,
            limit,
        };
        let page = self.database.candles(&filter).await.map_err(of_store)?;
        // What was traded in other ticks before the scenario was changed does not go on here.
        Ok(page.rows.iter().filter_map(|row| candle(row, instrument)).collect())
    }

    /// Returns the last candles of a span: looks where they are if none is missing, then further back.
    async fn newest(&self, wanted: &ArchivedCandles) -> Result<Vec<Candle>, Problem> {
        let (begin, end) = (wanted.span.start.nanos(), wanted.span.end.nanos());
        let limit = i64::try_from(wanted.limit).unwrap_or(i64::MAX);
        let mut span = wanted.interval.length().nanos().saturating_mul(limit);
        let mut found = Vec::new();
        for _ in 0..DOUBLINGS {
            let from = end.saturating_sub(span).max(begin);
            // In a span of so many intervals there can be no more candles than this.
            let most = span / wanted.interval.length().nanos();
            let most = u32::try_from(most).unwrap_or(u32::MAX);
            found = self.page(wanted, SimTime::from_nanos(from), most).await?;
            if found.len() >= wanted.limit || from == begin {
                break;
            }
            span = span.saturating_mul(2);
        }
        let skipped = found.len().saturating_sub(wanted.limit);
        Ok(found.into_iter().skip(skipped).collect())
    }
}

impl CandleArchive for DatabaseArchive {
    fn candles(&self, wanted: ArchivedCandles) -> ReadingArchive<'_> {
        Box::pin(async move {
            match wanted.end {
                End::Oldest => {
                    let limit = u32::try_from(wanted.limit).unwrap_or(u32::MAX);
                    self.page(&wanted, wanted.span.start, limit).await
                }
                End::Newest => self.newest(&wanted).await,
            }
        })
    }
}

fn candle(row: &CandleRow, instrument: &Instrument) -> Option<Candle> {
    let count = |amount: Amount, unit: Decimal| amount.decimal().in_units_of(unit);
    let price = |amount| count(amount, instrument.tick_size()).map(Price::new);
    let volume = count(row.volume, instrument.lot_size())?;
    Some(Candle {
        start: SimTime::from_nanos(row.start),
        open: price(row.open)?,
        high: price(row.high)?,
        low: price(row.low)?,
        close: price(row.close)?,
        volume: Quantity::new(u64::try_from(volume).ok()?),
        notional: row.notional.money(),
        trades: u64::try_from(row.trades).ok()?,
    })
}
