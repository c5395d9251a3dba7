//! [`ListingName`]: how somebody outside names a listing.

use std::fmt;
use std::str::FromStr;

use bearpit_core::participant::MarketState;
use bearpit_core::units::ListingId;
use thiserror::Error;

/// A listing by its symbol, and by its venue where several list it: `ACME`, `ACME@PIT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingName {
    /// The symbol of its instrument.
    pub symbol: String,
    /// Its venue.
    pub venue: Option<String>,
}

/// A text that names no listing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} names no listing: write SYMBOL or SYMBOL@VENUE")]
pub struct BadListingName(String);

impl FromStr for ListingName {
    type Err = BadListingName;

    fn from_str(text: &str) -> Result<Self, BadListingName> {
        let (symbol, venue) = match text.split_once('@') {
            Some((symbol, venue)) => (symbol, Some(venue)),
            None => (text, None),
        };
        if symbol.is_empty() || venue.is_some_and(str::is_empty) {
            return Err(BadListingName(text.to_owned()));
        }
        Ok(Self { symbol: symbol.to_owned(), venue: venue.map(str::to_owned) })
    }
}

impl fmt::Display for ListingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.venue {
            Some(venue) => write!(f, "{}@{venue}", self.symbol),
            None => f.write_str(&self.symbol),
        }
    }
}

impl ListingName {
    /// Returns the listing of that name, if there is exactly one.
    pub(super) fn find(&self, market: &MarketState) -> Option<ListingId> {
        let is_named = |symbol: &str, venue: &str| {
            symbol == self.symbol && self.venue.as_ref().is_none_or(|named| named == venue)
        };
        let mut found = (0..).map(ListingId::new).zip(market.listings()).filter(|(_, listing)| {
            let symbol = market.instrument(listing.instrument).map(|it| it.symbol());
            let venue = market.venues().get(listing.venue.index()).map(|it| it.name.as_str());
            symbol.zip(venue).is_some_and(|(symbol, venue)| is_named(symbol, venue))
        });
        let (first, _) = found.next()?;
        found.next().is_none().then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_they_are_read() {
        for text in ["ACME", "ACME@PIT"] {
            assert_eq!(text.parse::<ListingName>().map(|name| name.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "@PIT", "ACME@"] {
            assert!(text.parse::<ListingName>().is_err(), "{text}");
        }
    }
}
