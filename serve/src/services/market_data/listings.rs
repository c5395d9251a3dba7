//! Which listing a name means; instruments and quotes.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bearpit_core::units::{Decimal, ListingId, Price};

use super::MarketData;
use super::views::{InstrumentView, InstrumentsView, QuoteView, QuotesView};
use crate::domain::{Number, Problem, ProblemKind};
use crate::driver::ListingName;
use crate::publication::{ListingSnapshot, Publication};

/// Names that were looked up, and what they meant. Only names that mean a listing are kept.
#[derive(Debug, Default)]
pub(super) struct Names(ArcSwap<BTreeMap<String, ListingId>>);

/// How many names one request may have.
const NAMES_MAX: usize = 200;

impl MarketData {
    /// Returns the listing that a name means, and the publication that it is of.
    ///
    /// # Errors
    /// [`Problem`] if it means none, or several.
    pub fn find(&self, name: &str) -> Result<(Publication, Arc<ListingSnapshot>), Problem> {
        let publication = self.publication();
        let known = self.names.0.load().get(name).copied();
        if let Some(snapshot) = known.and_then(|id| publication.snapshot(id))
            && means(&parsed(name)?, &snapshot)
        {
            return Ok((publication, snapshot));
        }
        let snapshot = search(&publication, name)?;
        self.names.0.rcu(|names| {
            let mut names = BTreeMap::clone(names);
            names.insert(name.to_owned(), snapshot.id);
            names
        });
        Ok((publication, snapshot))
    }

    /// Returns the first listing of a symbol.
    #[must_use]
    pub fn find_symbol(&self, symbol: &str) -> Option<(Publication, Arc<ListingSnapshot>)> {
        let publication = self.publication();
        let mut snapshots = publication.snapshots();
        let place = snapshots.iter().position(|it| it.listing.instrument.symbol() == symbol)?;
        Some((publication, snapshots.swap_remove(place)))
    }

    /// Returns all instruments.
    #[must_use]
    pub fn instruments(&self) -> InstrumentsView {
        let view = |snapshot: &Arc<ListingSnapshot>| {
            let listing = &snapshot.listing;
            let (instrument, scale) = (&listing.instrument, self.scale(&listing.instrument));
            InstrumentView {
                symbol: instrument.symbol().to_owned(),
                venue: listing.venue.clone(),
                // Scenarios give instruments no other name.
                name: instrument.symbol().to_owned(),
                currency: self.currency.clone(),
                tick_size: Number(instrument.tick_size()),
                lot_size: Number(instrument.lot_size()),
                min_price: scale.price(instrument.min_price()),
                issued: instrument.issued().map(Number),
                hours: self.sessions.hours(&listing.venue, &self.zone),
                phase: snapshot.phase.phase.into(),
                is_replayed: listing.is_replayed,
            }
        };
        InstrumentsView { instruments: self.publication().snapshots().iter().map(view).collect() }
    }

    /// Returns the quote of a listing.
    ///
    /// # Errors
    /// [`Problem`] if there is no such listing.
    pub fn quote(&self, name: &str) -> Result<QuoteView, Problem> {
        let (_, snapshot) = self.find(name)?;
        Ok(self.quote_of(&snapshot))
    }

    /// Returns the quotes of listings, whose names are separated by commas; of all without names.
    ///
    /// # Errors
    /// [`Problem`] if a name means no listing, or there are too many.
    pub fn quotes(&self, names: Option<&str>) -> Result<QuotesView, Problem> {
        let Some(names) = names else {
            let quotes = self.publication().snapshots().iter().map(|it| self.quote_of(it)).collect();
            return Ok(QuotesView { quotes });
        };
        let names: Vec<_> = names.split(',').map(str::trim).collect();
        if names.len() > NAMES_MAX {
            let message = format!("at most {NAMES_MAX} symbols are answered at a time");
            return Err(Problem::new(ProblemKind::Refused, "too_many_symbols", message).at("symbols"));
        }
        let quote = |name: &&str| self.quote(name).map_err(|problem| problem.at("symbols"));
        Ok(QuotesView { quotes: names.iter().map(quote).collect::<Result<_, _>>()? })
    }

    /// Returns the quote in a snapshot.
    #[must_use]
    pub fn quote_of(&self, snapshot: &ListingSnapshot) -> QuoteView {
        let instrument = &snapshot.listing.instrument;
        let scale = self.scale(instrument);
        let (bid, ask) = (snapshot.bid(), snapshot.ask());
        let statistics = &snapshot.statistics;
        let price = |price: Option<Price>| price.map(|it| scale.price(it));
        let moved = statistics.open.zip(statistics.last);
        let ticks = |(open, last): (Price, Price)| last.ticks() - open.ticks();
        let indicative = snapshot.phase.indicative;
        QuoteView {
            symbol: instrument.symbol().to_owned(),
            venue: snapshot.listing.venue.clone(),
            at: scale.time(snapshot.at),
            phase: snapshot.phase.phase.into(),
            bid: bid.map(|it| scale.price(it.price)),
            bid_size: bid.map(|it| scale.quantity(it.size)),
            ask: ask.map(|it| scale.price(it.price)),
            ask_size: ask.map(|it| scale.quantity(it.size)),
            last: price(statistics.last),
            change: moved.map(|moved| scale.price(Price::new(ticks(moved)))),
            change_percent: moved.and_then(|(open, last)| percent(open.ticks(), last.ticks() - open.ticks())),
            open: price(statistics.open),
            high: price(statistics.high),
            low: price(statistics.low),
            volume: scale.quantity(statistics.volume),
            notional: scale.money(statistics.notional),
            trades: statistics.trades,
            indicative_price: indicative.map(|it| scale.price(it.price)),
            indicative_volume: indicative.map(|it| scale.quantity(it.volume)),
        }
    }
}

/// Returns a change in percent of what it began with, to two places, halves away from zero.
fn percent(open: i64, change: i64) -> Option<Number> {
    let (open, change) = (i128::from(open), i128::from(change));
    if open <= 0 {
        return None;
    }
    let hundredths = (change.abs() * 20_000 + open) / (2 * open);
    Some(Number(Decimal::new(hundredths * change.signum(), 2)))
}

fn parsed(name: &str) -> Result<ListingName, Problem> {
    name.parse().map_err(|error| Problem::new(ProblemKind::Refused, "bad_symbol", error).at("symbol"))
}

fn means(name: &ListingName, snapshot: &ListingSnapshot) -> bool {
    let listing = &snapshot.listing;
    listing.instrument.symbol() == name.symbol && name.venue.as_ref().is_none_or(|it| *it == listing.venue)
}

fn full_name(snapshot: &ListingSnapshot) -> String {
    format!("{}@{}", snapshot.listing.instrument.symbol(), snapshot.listing.venue)
}

fn search(publication: &Publication, text: &str) -> Result<Arc<ListingSnapshot>, Problem> {
    let name = parsed(text)?;
    let mut snapshots = publication.snapshots();
    let mut found = (0..snapshots.len()).filter(|index| means(&name, &snapshots[*index]));
    if let Some(first) = found.next() {
        if found.next().is_none() {
            return Ok(snapshots.swap_remove(first));
        }
        let all: Vec<_> = snapshots.iter().filter(|it| means(&name, it)).map(|it| full_name(it)).collect();
        let problem = Problem::new(
            ProblemKind::Refused,
            "ambiguous_symbol",
            format!("several venues list {text}: {}", all.join(", ")),
        );
        return Err(problem.at("symbol").hint("write SYMBOL@VENUE"));
    }
    let problem =
        Problem::new(ProblemKind::NotFound, "unknown_symbol", format!("there is no listing {text:?}"));
    let names = snapshots.iter().flat_map(|it| [it.listing.instrument.symbol().to_owned(), full_name(it)]);
    let wanted = text.to_uppercase();
    let nearest = names
        .map(|name| (strsim::damerau_levenshtein(&wanted, &name.to_uppercase()), name))
        .min()
        .filter(|(distance, name)| *distance <= name.chars().count().div_ceil(2));
    Err(match nearest {
        Some((_, name)) => problem.at("symbol").hint(format!("did you mean {name}?")),
        None => problem.at("symbol").hint("GET /api/instruments lists what there is"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_in_percent_is_rounded_half_away_from_zero() {
        for (open, change, percentage) in [
            (10_000, 125, "1.25"),
            (10_000, -125, "-1.25"),
            (80_000, 4, "0.01"),
            (80_000, -4, "-0.01"),
            (3, 1, "33.33"),
        ] {
            assert_eq!(percent(open, change).unwrap().to_string(), percentage);
        }
        assert_eq!([percent(0, 5), percent(-10, 5)], [None, None]);
        assert_eq!(percent(80_000, 3).unwrap().to_string(), "0");
    }
}
