//! [`Interner`]: names and other words by number, so that no row carries text.

use rustc_hash::FxHashMap;

use crate::record::names::Names;
use bearpit_core::market::Listing;
use bearpit_core::units::{ActorId, InstrumentId, ListingId};

/// All words of a run, in the order in which they come: first the actors of the start.
#[derive(Debug)]
pub(in crate::record) struct Interner {
    words: Vec<Box<str>>,
    /// The number of each actor's name, by its id.
    actors: Vec<Option<u32>>,
    numbers: FxHashMap<Box<str>, u32>,
    /// The same for words of the program, by where they stand: that is quicker than to read them.
    fixed: FxHashMap<(usize, usize), u32>,
    /// The last of those whose places end in the same bits: nearly always the same.
    recent: [((usize, usize), u32); RECENT],
    /// Venue and symbol of each listing.
    places: Vec<(u32, u32)>,
    symbols: Vec<u32>,
}

/// More than there are words of the program in the rows of a market.
const RECENT: usize = 512;

impl Interner {
    pub(in crate::record) fn new(names: &Names) -> Self {
        let words: Vec<Box<str>> = names.actors.iter().map(|name| name.as_str().into()).collect();
        let mut all = Self {
            actors: (0..).take(words.len()).map(Some).collect(),
            words,
            numbers: FxHashMap::default(),
            fixed: FxHashMap::default(),
            recent: [((0, 0), 0); RECENT],
            places: Vec::new(),
            symbols: Vec::new(),
        };
        all.symbols = names.instruments.iter().map(|instrument| all.number(instrument.symbol())).collect();
        let venues: Vec<u32> = names.venues.iter().map(|venue| all.number(venue)).collect();
        let place = |listing: &Listing| {
            let symbol = all.symbols.get(listing.instrument.index());
            venues.get(listing.venue.index()).copied().zip(symbol.copied())
        };
        all.places = names.listings.iter().filter_map(place).collect();
        all
    }

    /// Returns the numbers of a listing's venue and symbol, if there is such a listing.
    pub(in crate::record) fn place(&self, id: ListingId) -> Option<(u32, u32)> {
        self.places.get(id.index()).copied()
    }

    /// Returns the number of an instrument's symbol, if there is such an instrument.
    pub(in crate::record) fn symbol(&self, id: InstrumentId) -> Option<u32> {
        self.symbols.get(id.index()).copied()
    }

    /// Returns the number of a word of the program.
    #[inline]
    pub(in crate::record) fn fixed(&mut self, word: &'static str) -> u32 {
        let place = (word.as_ptr().addr(), word.len());
        let recent = place.0 % RECENT;
        let (last, number) = self.recent[recent];
        if last == place {
            return number;
        }
        self.look_up(word, place)
    }

    #[cold]
    fn look_up(&mut self, word: &'static str, place: (usize, usize)) -> u32 {
        let number = match self.fixed.get(&place) {
            Some(number) => *number,
            None => {
                let number = self.number(word);
                self.fixed.insert(place, number);
                number
            }
        };
        self.recent[place.0 % RECENT] = (place, number);
        number
    }

    /// Returns the number of an actor's name, if there is such an actor.
    #[inline]
    pub(in crate::record) fn actor(&self, id: ActorId) -> Option<u32> {
        self.actors.get(id.index()).copied().flatten()
    }

    /// Adds the name of an actor that has joined.
    pub(in crate::record) fn join(&mut self, id: ActorId, name: &str) {
        let number = self.push(name);
        if self.actors.len() <= id.index() {
            self.actors.resize(id.index() + 1, None);
        }
        self.actors[id.index()] = Some(number);
    }

    fn push(&mut self, word: &str) -> u32 {
        // Dictionary columns hold 32-bit numbers; 2^32 words fit in no memory, so this never saturates.
        let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.words.push(word.into());
        number
    }

    /// Returns the number of a word, one of a few.
    pub(in crate::record) fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = self.push(word);
        self.numbers.insert(word.into(), number);
        number
    }

    /// Returns the word of a number that was given out.
    pub(in crate::record) fn get(&self, number: u32) -> &str {
        self.words.get(number as usize).map_or("", |word| word)
    }
}
