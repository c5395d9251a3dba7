//! The displayed levels of a book, followed change by change.

use bearpit_core::market::{Fact, Ladders, LevelChange, Phase, Quote, QuoteLevel, Side, VisibleBook};
use bearpit_core::units::{ListingId, Price, Quantity};

use super::replica::State;

/// One change of what a book displays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BookChange {
    /// Nothing is displayed any more: an auction call or a new day began.
    Cleared,
    /// A level has another size.
    Level(LevelChange),
}

impl State for Ladders {
    type Change = BookChange;

    fn apply(&mut self, change: &BookChange) {
        match *change {
            BookChange::Cleared => *self = Self::default(),
            BookChange::Level(LevelChange { side: Side::Buy, price, size }) => {
                resize(&mut self.bids, price, size, |level| level.price > price);
            }
            BookChange::Level(LevelChange { side: Side::Sell, price, size }) => {
                resize(&mut self.asks, price, size, |level| level.price < price);
            }
        }
    }

    fn size(&self) -> usize {
        self.bids.len() + self.asks.len()
    }
}

fn resize(
    levels: &mut Vec<QuoteLevel>,
    price: Price,
    size: Quantity,
    is_better: impl Fn(&QuoteLevel) -> bool,
) {
    let place = levels.partition_point(is_better);
    let is_there = levels.get(place).is_some_and(|level| level.price == price);
    match (is_there, size.is_zero()) {
        (true, true) => {
            levels.remove(place);
        }
        (true, false) => levels[place].size = size,
        (false, true) => {}
        (false, false) => levels.insert(place, QuoteLevel { price, size }),
    }
}

/// What a listing displays, from the facts.
#[derive(Debug)]
pub(super) enum Displayed {
    /// The levels of its orders.
    Orders(Box<VisibleBook>),
    /// The quotes of the file that it replays; the orders there meet no others.
    Quotes(Quote),
}

impl Displayed {
    pub(super) fn new(listing: ListingId, is_replayed: bool) -> Self {
        if is_replayed {
            return Self::Quotes(Quote::default());
        }
        Self::Orders(Box::new(VisibleBook::new(listing)))
    }

    /// Applies a fact of the listing, and hands out what that changes.
    pub(super) fn follow(&mut self, fact: &Fact, mut out: impl FnMut(BookChange)) {
        match self {
            Self::Orders(book) => {
                let was_shown = book.phase() == Phase::Continuous;
                book.follow(fact);
                match (was_shown, book.phase() == Phase::Continuous) {
                    (true, true) => book.changes().iter().for_each(|change| out(BookChange::Level(*change))),
                    (true, false) => out(BookChange::Cleared),
                    (false, true) => all_levels(&book.ladders(usize::MAX), out),
                    (false, false) => {}
                }
            }
            Self::Quotes(quote) => {
                if let Fact::TouchChanged { quote: new, .. } = fact {
                    requote(Side::Buy, quote.bid, new.bid, &mut out);
                    requote(Side::Sell, quote.ask, new.ask, &mut out);
                    *quote = *new;
                }
            }
        }
    }

    /// Returns up to `count` levels of both sides.
    pub(super) fn ladders(&self, count: usize) -> Ladders {
        match self {
            Self::Orders(book) => book.ladders(count),
            Self::Quotes(quote) => {
                Ladders { bids: quote.bid.into_iter().collect(), asks: quote.ask.into_iter().collect() }
            }
        }
    }
}

fn all_levels(ladders: &Ladders, mut out: impl FnMut(BookChange)) {
    for (side, levels) in Side::BOTH.into_iter().zip([&ladders.bids, &ladders.asks]) {
        for &QuoteLevel { price, size } in levels {
            out(BookChange::Level(LevelChange { side, price, size }));
        }
    }
}

/// Replaces the one level of a side.
fn requote(side: Side, old: Option<QuoteLevel>, new: Option<QuoteLevel>, out: &mut impl FnMut(BookChange)) {
    if let Some(QuoteLevel { price, .. }) = old
        && new.is_none_or(|new| new.price != price)
    {
        out(BookChange::Level(LevelChange { side, price, size: Quantity::ZERO }));
    }
    if let Some(QuoteLevel { price, size }) = new
        && old != new
    {
        out(BookChange::Level(LevelChange { side, price, size }));
    }
}
