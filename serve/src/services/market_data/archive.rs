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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publication::CandleInterval;
    use crate::store::database::testing::on_each_database;
    use crate::store::projection::{Batch, Change, Projection};

    const MINUTE: i64 = 60_000_000_000;

    fn amount(text: &str) -> Amount {
        Amount::of(text.parse().unwrap()).unwrap()
    }

    fn stored(minute: i64) -> Change {
        Change::Candle(Box::new(CandleRow {
            symbol: "ALFA".to_owned(),
            venue: "PIT".to_owned(),
            interval: "1m".to_owned(),
            start: minute * MINUTE,
            open: amount("100.02"),
            high: amount("101"),
            low: amount("99.5"),
            close: amount("100"),
            volume: amount("3"),
            notional: amount("300.06"),
            trades: 2,
        }))
    }

    fn instrument(tick: &str) -> Instrument {
        Instrument::new("ALFA", tick.parse().unwrap(), "1".parse().unwrap()).unwrap()
    }

    fn wanted(span: std::ops::Range<i64>, limit: usize, end: End) -> ArchivedCandles {
        ArchivedCandles {
            venue: "PIT".to_owned(),
            symbol: "ALFA".to_owned(),
            interval: CandleInterval::Minute,
            span: SimTime::from_nanos(span.start)..SimTime::from_nanos(span.end),
            limit,
            end,
        }
    }

    #[tokio::test]
    async fn both_ends_of_a_series_are_read_in_ticks_and_lots() {
        on_each_database(|database| async move {
            // A busy hour, a long night, and three minutes of the morning.
            let minutes: Vec<i64> = (0..60).chain([1_000, 1_001, 1_002]).collect();
            let changes: Vec<_> = (0..).zip(minutes.iter().map(|minute| stored(*minute))).collect();
            let to = changes.len() as u64;
            let batch = Batch {
                segment: 1,
                voids: 0,
                fine_from: 0,
                from: 0,
                to,
                ends: false,
                is_all: true,
                written_at: 0,
                changes,
            };
            Projection::new(database.clone()).apply(&batch).await.unwrap();
            let archive = |tick: &str| DatabaseArchive::new(database.clone(), [&instrument(tick)]);
            let coarse = archive("0.05");
            let archive = archive("0.01");
            let all = 0..2_000 * MINUTE;
            for (end, limit, expected) in [
                (End::Oldest, 5, &minutes[..5]),
                (End::Newest, 2, &minutes[61..]),
                (End::Newest, 10, &minutes[53..]),
                (End::Newest, 500, &minutes[..]),
            ] {
                let found = archive.candles(wanted(all.clone(), limit, end)).await.unwrap();
                let starts: Vec<_> = found.iter().map(|candle| candle.start.nanos() / MINUTE).collect();
                assert_eq!(starts, expected, "{end:?} {limit}");
            }
            let part = archive.candles(wanted(3 * MINUTE..5 * MINUTE, 9, End::Newest)).await.unwrap();
            assert_eq!(part.len(), 2);
            let candle = part[0];
            assert_eq!((candle.open, candle.low), (Price::new(10_002), Price::new(9_950)));
            assert_eq!((candle.volume, candle.notional.to_string()), (Quantity::new(3), "300.06".to_owned()));
            // What was traded in other ticks does not go on.
            assert_eq!(coarse.candles(wanted(all, 1, End::Oldest)).await.unwrap(), []);
        })
        .await
        .unwrap();
    }
}
