//! [`Wanted`]: what a MarketDataRequest asks for.

use crate::fix::codec::{Body, Message, tags, tags::kind};
use crate::fix::orders::Said;

/// How many listings one request may name.
const SYMBOLS_MAX: usize = 100;

/// Which entries are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Entries {
    pub(super) bids: bool,
    pub(super) offers: bool,
    pub(super) trades: bool,
    pub(super) open: bool,
    pub(super) high: bool,
    pub(super) low: bool,
    pub(super) volume: bool,
}

impl Entries {
    /// Returns whether levels of the book are wanted.
    pub(super) const fn has_book(self) -> bool {
        self.bids || self.offers
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::fix) struct Wanted {
    /// The name of the request.
    pub(in crate::fix) id: String,
    /// Whether changes follow.
    pub(in crate::fix) subscribes: bool,
    /// Levels of each side; all if zero.
    pub(super) depth: usize,
    /// Whether only what has changed is sent.
    pub(super) is_incremental: bool,
    pub(super) entries: Entries,
    /// The listings.
    pub(in crate::fix) symbols: Vec<String>,
}

/// Why nothing comes of a request: `MDReqRejReason`, and the same in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::fix) struct Rejection {
    pub(in crate::fix) reason: char,
    pub(in crate::fix) text: String,
}

impl Rejection {
    pub(in crate::fix) fn new(reason: char, text: impl Into<String>) -> Self {
        Self { reason, text: text.into() }
    }
}

impl Wanted {
    /// Reads a request for a snapshot or a subscription.
    ///
    /// # Errors
    /// [`Rejection`].
    pub(in crate::fix) fn read(message: &Message, id: &str) -> Result<Self, Rejection> {
        let subscribes = match message.get(tags::SUBSCRIPTION_REQUEST_TYPE) {
            Some("0") => false,
            Some("1") => true,
            _ => {
                let text = "SubscriptionRequestType (263) is 0 (snapshot), 1 (subscribe) or 2 (unsubscribe)";
                return Err(Rejection::new('4', text));
            }
        };
        let depth = message.get(tags::MARKET_DEPTH).and_then(|it| it.parse().ok());
        let depth = depth.filter(|depth| *depth <= 10_000);
        let Some(depth) = depth else {
            return Err(Rejection::new(
                '5',
                "MarketDepth (264) is 0 for the whole book, or a number of levels",
            ));
        };
        let is_incremental = match message.get(tags::MD_UPDATE_TYPE).unwrap_or("1") {
            "0" => false,
            "1" => true,
            _ => return Err(Rejection::new('6', "MDUpdateType (265) is 0 (whole) or 1 (incremental)")),
        };
        let symbols = symbols(message)?;
        Ok(Self { id: id.to_owned(), subscribes, depth, is_incremental, entries: entries(message)?, symbols })
    }
}

fn entries(message: &Message) -> Result<Entries, Rejection> {
    let mut wanted = Entries::default();
    for word in message.all(tags::MD_ENTRY_TYPE) {
        match word {
            "0" => wanted.bids = true,
            "1" => wanted.offers = true,
            "2" => wanted.trades = true,
            "4" => wanted.open = true,
            "7" => wanted.high = true,
            "8" => wanted.low = true,
            "B" => wanted.volume = true,
            other => {
                let text = format!("MDEntryType (269) is 0, 1, 2, 4, 7, 8 or B, not `{other}`");
                return Err(Rejection::new('8', text));
            }
        }
    }
    if wanted == Entries::default() {
        return Err(Rejection::new('8', "NoMDEntryTypes (267) says which MDEntryType (269) are wanted"));
    }
    Ok(wanted)
}

/// Returns the listings of a group of symbols, each with the venue behind it.
fn symbols(message: &Message) -> Result<Vec<String>, Rejection> {
    let symbols: Vec<&str> = message.all(tags::SYMBOL).collect();
    let venues: Vec<&str> = message.all(tags::SECURITY_EXCHANGE).collect();
    if symbols.is_empty() || symbols.len() > SYMBOLS_MAX {
        let text = format!("NoRelatedSym (146) is 1 to {SYMBOLS_MAX}, each with Symbol (55)");
        return Err(Rejection::new('0', text));
    }
    if !venues.is_empty() && venues.len() != symbols.len() {
        return Err(Rejection::new('0', "either each Symbol (55) has a SecurityExchange (207), or none has"));
    }
    Ok(match venues.is_empty() {
        true => symbols.into_iter().map(str::to_owned).collect(),
        false => symbols.iter().zip(venues).map(|(symbol, venue)| format!("{symbol}@{venue}")).collect(),
    })
}

/// Says that nothing comes of a request.
pub(in crate::fix) fn rejected(id: &str, why: &Rejection) -> Said {
    let mut body = Body::default();
    body.put(tags::MD_REQ_ID, id).put(tags::MD_REQ_REJ_REASON, why.reason).put(tags::TEXT, &why.text);
    (kind::MARKET_DATA_REQUEST_REJECT, body)
}
