//! Quotes of values from outside, which move processes of the kind `feed`.

use thiserror::Error;

use super::context::Context;
use super::message::Message;
use super::operator::OperatorRefusal;
use super::request::{Outcome, RequestError, RequestRefusal, Tagged};
use super::state::MarketState;
use crate::kernel::{Arrival, RequestTag};
use crate::market::{Fact, ValueQuote};
use crate::process::QuoteOutcome;
use crate::units::{Decimal, InstrumentId, Money, SimTime};

/// What an instrument is worth in a market outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotedValue {
    /// The instrument.
    pub instrument: InstrumentId,
    /// What it is worth.
    pub quote: ValueQuote,
    /// Whether it is taken however far it is from the last one.
    pub is_forced: bool,
}

/// The last quote of an instrument's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastQuote {
    /// When it came.
    pub at: SimTime,
    /// What the instrument is worth.
    pub quote: ValueQuote,
}

/// Says why the value of an instrument did not follow a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum QuoteRefusal {
    /// The value of the instrument moves by itself, or it has none.
    #[error("the value of the instrument takes no quotes: its process must be of the kind `feed`")]
    NotAFeed,
    /// A price is none that the instrument can have.
    #[error("{price} is no price of the instrument, whose lowest is {lowest}")]
    OutOfRange {
        /// The price.
        price: Money,
        /// The lowest price.
        lowest: Money,
    },
    /// The bid is above the ask.
    #[error("the bid {bid} is above the ask {ask}")]
    Crossed {
        /// The bid.
        bid: Money,
        /// The ask.
        ask: Money,
    },
    /// The value is further from the last one than the process allows.
    #[error(
        "{value} is too far from the last value {last}: by `max_jump` it must lie between {lowest} and {highest}, unless it is \
         forced"
    )]
    TooFar {
        /// The value.
        value: Money,
        /// The last value.
        last: Money,
        /// The lowest that is taken.
        lowest: Money,
        /// The highest that is taken.
        highest: Money,
    },
}

impl MarketState {
    /// Returns the last quote of an instrument's value in this day of the market.
    #[must_use]
    pub fn value_quote(&self, instrument: InstrumentId) -> Option<LastQuote> {
        self.instruments.get(instrument.index())?.last_quote
    }

    /// Returns whether the value of an instrument follows quotes from outside.
    #[must_use]
    pub fn takes_quotes(&self, instrument: InstrumentId) -> bool {
        let value = self.instruments.get(instrument.index()).and_then(|state| state.value.as_ref());
        value.is_some_and(|value| value.kind() == Some("feed"))
    }

    /// Returns what arrives at the venue of an instrument's first listing.
    pub(super) fn route_quote(
        &self,
        tag: Option<RequestTag>,
        what: QuotedValue,
    ) -> Result<Arrival<Self>, RequestError> {
        let unknown = RequestError::UnknownInstrument(what.instrument);
        let primary = self.instruments.get(what.instrument.index()).and_then(|state| state.primary);
        let listing = primary.and_then(|listing| self.listing(listing)).ok_or(unknown)?;
        let message = Message::Quote(Box::new(Tagged { tag, what }));
        Ok(Arrival::Message { to: listing.exchange, message })
    }

    /// Has a value follow a quote, if that is one of its instrument and near enough.
    fn follow_quote(&mut self, now: SimTime, asked: &QuotedValue) -> Result<(), RequestRefusal> {
        if self.closed {
            return Err(OperatorRefusal::Closed.into());
        }
        let QuotedValue { instrument, quote, is_forced } = *asked;
        let Some(state) = self.instruments.get_mut(instrument.index()) else {
            return Err(QuoteRefusal::NotAFeed.into());
        };
        for price in [Some(quote.value), quote.bid, quote.ask].into_iter().flatten() {
            let nearest = state.instrument.nearest_price(price.to_f64());
            if !nearest.is_some_and(|nearest| state.instrument.allows(nearest)) {
                let lowest = state.instrument.price_decimal(state.instrument.min_price());
                let lowest = Money::from_decimal(lowest).unwrap_or(Money::ZERO);
                return Err(QuoteRefusal::OutOfRange { price, lowest }.into());
            }
        }
        if let Some((bid, ask)) = quote.touch().filter(|(bid, ask)| bid > ask) {
            return Err(QuoteRefusal::Crossed { bid, ask }.into());
        }
        let value = state.value.as_mut().ok_or(QuoteRefusal::NotAFeed)?;
        match value.quote(now, quote.value.to_f64(), is_forced) {
            QuoteOutcome::Moved(_) => {
                state.last_quote = Some(LastQuote { at: now, quote });
                Ok(())
            }
            QuoteOutcome::NotAFeed => Err(QuoteRefusal::NotAFeed.into()),
            QuoteOutcome::TooFar { last, lowest, highest } => {
                let [last, lowest, highest] = [last, lowest, highest].map(in_currency);
                Err(QuoteRefusal::TooFar { value: quote.value, last, lowest, highest }.into())
            }
        }
    }
}

/// Returns a value in currency at six decimals; zero for one that is too large.
fn in_currency(value: f64) -> Money {
    let decimal: Option<Decimal> = format!("{value:.6}").parse().ok();
    decimal.and_then(Money::from_decimal).unwrap_or(Money::ZERO)
}

impl Context {
    /// Takes a quote of a value from outside, and answers.
    pub(crate) fn take_value_quote(&mut self, request: Tagged<QuotedValue>) {
        let Tagged { tag, what } = request;
        let now = self.now();
        let followed = self.domain_mut().follow_quote(now, &what);
        if followed.is_ok() {
            let QuotedValue { instrument, quote, .. } = what;
            self.publish(Fact::ValueQuoted { instrument, quote });
        }
        self.domain_mut().answer(now, tag, followed.map(|()| Outcome::Quoted));
    }
}
