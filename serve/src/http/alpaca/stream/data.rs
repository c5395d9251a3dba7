//! [`DataConnection`]: the task of a client that follows market data.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use actix_ws::AggregatedMessageStream;
use serde::Serialize;
use tokio::sync::oneshot;

use super::super::super::ws::{Bell, ListingTopic, Over, Reader, Topic};
use super::codec::Codec;
use super::messages::{Notice, format};
use super::outgoing::{NotHeld, Outgoing, Received, TICK};
use super::request::DataRequest;
use crate::publication::ListingSnapshot;
use crate::services::alpaca::{Alpaca, Naming, listing_name};
use crate::services::market_data::IntervalName;

/// What can be followed of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Channel {
    Trades,
    Quotes,
    Bars,
    UpdatedBars,
    DailyBars,
    Statuses,
    Lulds,
    Orderbooks,
}

/// What a client follows of a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Followed {
    /// All listings.
    all: bool,
    /// Those of these names, whether there are such or not.
    names: BTreeSet<String>,
}

/// One client.
pub(super) struct DataConnection {
    desk: Arc<Alpaca>,
    outgoing: Outgoing,
    naming: Naming,
    codec: Codec,
    channels: BTreeMap<Channel, Followed>,
    readers: BTreeMap<(Channel, Topic), Reader>,
    bell: Rc<Bell>,
    age_secs: u32,
}

/// What is followed, as a client is told.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    #[serde(rename = "T")]
    kind: &'static str,
    trades: Vec<String>,
    quotes: Vec<String>,
    bars: Vec<String>,
    updated_bars: Vec<String>,
    daily_bars: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statuses: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lulds: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    corrections: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_errors: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    orderbooks: Option<Vec<String>>,
}

/// How long a client may take to say who it is, in seconds.
const AUTH_SECS: u32 = 10;
/// How many symbols a channel may name, and all channels of a client together.
const NAMES_MAX: usize = 10_000;
const ALL_NAMES_MAX: usize = 20_000;
/// How long such a name may be, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// How many readers a connection has at most.
const READERS_MAX: usize = 2_000;
/// How many messages are sent before it is looked what has come.
const SENT_AT_ONCE: usize = 64;
/// How long it may take to make room for the reason why it is closed.
const CLOSE_MAX: Duration = Duration::from_secs(5);

impl DataConnection {
    pub(super) fn new(desk: Arc<Alpaca>, outgoing: Outgoing, naming: Naming, codec: Codec) -> Self {
        Self {
            desk,
            outgoing,
            naming,
            codec,
            channels: BTreeMap::new(),
            readers: BTreeMap::new(),
            bell: Rc::new(Bell::new()),
            age_secs: 0,
        }
    }

    /// Serves the client until it goes, or is to go; `has_ended` is ready when nothing is sent any more.
    pub(super) async fn run(
        mut self,
        mut stream: AggregatedMessageStream,
        mut has_ended: oneshot::Receiver<()>,
        keys: Option<[String; 2]>,
    ) {
        // A server that stops waits until each client has been told.
        let answering = self.outgoing.shared.in_flight.enter();
        let over = match self.serve(&mut stream, keys).await {
            Ok(never) => match never {},
            Err(over) => over,
        };
        std::mem::take(&mut self.readers).values().for_each(|reader| reader.end(&self.bell));
        if matches!(over, Over::FellBehind | Over::Stalled) {
            let slow = self.codec.write(&Notice::error(407, "slow client"));
            rt::time::timeout(CLOSE_MAX, self.outgoing.send(slow)).await.ok();
        }
        rt::time::timeout(CLOSE_MAX, self.outgoing.session.close(over.reason())).await.ok();
        if rt::time::timeout(TICK, &mut has_ended).await.is_err() {
            drop(answering);
            // Whoever stalls keeps its socket for a while, but not its place.
            self.outgoing.held = None;
            has_ended.await.ok();
        }
        drop(stream);
        tracing::debug!(?over, "a stream of market data has ended");
    }

    async fn serve(
        &mut self,
        stream: &mut AggregatedMessageStream,
        keys: Option<[String; 2]>,
    ) -> Result<Infallible, Over> {
        self.say(&Notice::success("connected")).await?;
        if let Some([key, secret]) = keys {
            self.authenticate(&key, &secret).await?;
        }
        // The first tick is at once.
        self.outgoing.ticks.tick().await;
        let bell = Rc::clone(&self.bell);
        loop {
            tokio::select! {
                biased;
                _ = self.outgoing.ticks.tick() => self.tick().await?,
                message = stream.recv() => {
                    if let Received::Message(bytes) = self.outgoing.take(message).await? {
                        self.answer(&bytes).await?;
                    }
                }
                () = bell.notified() => self.send_news().await?,
            }
        }
    }

    async fn say(&mut self, message: &impl Serialize) -> Result<(), Over> {
        self.outgoing.send(self.codec.write(message)).await
    }

    async fn tick(&mut self) -> Result<(), Over> {
        self.outgoing.tick().await?;
        self.age_secs = self.age_secs.saturating_add(1);
        if self.outgoing.held.is_none() && self.age_secs >= AUTH_SECS {
            self.say(&Notice::error(404, "auth timeout")).await?;
            return Err(Over::NoToken);
        }
        // Listings come and go with days.
        self.follow();
        Ok(())
    }

    async fn answer(&mut self, bytes: &[u8]) -> Result<(), Over> {
        let Some(request) = self.codec.read::<DataRequest>(bytes) else {
            return self.say(&Notice::error(400, "invalid syntax")).await;
        };
        match &*request.action {
            "auth" => self.authenticate(&request.key, &request.secret).await,
            "subscribe" | "unsubscribe" if self.outgoing.held.is_none() => {
                self.say(&Notice::error(401, "not authenticated")).await
            }
            "subscribe" => self.subscribe(&request).await,
            "unsubscribe" => {
                self.unsubscribe(&request);
                self.tell_subscription().await
            }
            _ => self.say(&Notice::error(400, "invalid syntax")).await,
        }
    }

    async fn authenticate(&mut self, key: &str, secret: &str) -> Result<(), Over> {
        if self.outgoing.held.is_some() {
            return self.say(&Notice::error(403, "already authenticated")).await;
        }
        match self.outgoing.authenticate(key, secret).await {
            Ok(()) => self.say(&Notice::success("authenticated")).await,
            Err(NotHeld::Wrong) => {
                self.say(&Notice::error(402, "auth failed")).await?;
                Err(Over::BadToken)
            }
            Err(NotHeld::TooMany) => {
                self.say(&Notice::error(406, "connection limit exceeded")).await?;
                Err(Over::TooMany)
            }
            Err(NotHeld::Unknown) => {
                self.say(&Notice::error(500, "internal error")).await?;
                Err(Over::Stopping)
            }
        }
    }

    /// Adds to what is followed.
    async fn subscribe(&mut self, request: &DataRequest) -> Result<(), Over> {
        let mut channels = self.channels.clone();
        let known = self.known();
        for (channel, names) in named(request) {
            if channel == Channel::Orderbooks && self.naming == Naming::Symbol && !names.is_empty() {
                let message = Notice::error(410, "invalid subscribe action for this feed");
                return self.say(&message).await;
            }
            let followed = channels.entry(channel).or_default();
            for name in names {
                if name == "*" {
                    followed.all = true;
                } else {
                    followed.names.insert(known.get(name).unwrap_or(name).clone());
                }
            }
            if followed.names.len() > NAMES_MAX || names.iter().any(|name| name.len() > NAME_BYTES_MAX) {
                return self.say(&Notice::error(405, "symbol limit exceeded")).await;
            }
        }
        if channels.values().map(|followed| followed.names.len()).sum::<usize>() > ALL_NAMES_MAX {
            return self.say(&Notice::error(405, "symbol limit exceeded")).await;
        }
        self.channels = channels;
        self.tell_subscription().await?;
        self.follow();
        // What is there already is sent at once.
        self.bell.notify_one();
        Ok(())
    }

    fn unsubscribe(&mut self, request: &DataRequest) {
        let known = self.known();
        for (channel, names) in named(request) {
            let Some(followed) = self.channels.get_mut(&channel) else { continue };
            followed.all &= !names.iter().any(|name| name == "*");
            for name in names {
                followed.names.remove(known.get(name).unwrap_or(name));
            }
        }
        self.follow();
    }

    /// Returns the names by which listings are known here, by all that they may be called.
    fn known(&self) -> BTreeMap<String, String> {
        let data = self.desk.data();
        let mut known = BTreeMap::new();
        for snapshot in data.publication().snapshots() {
            let listing = &snapshot.listing;
            let (symbol, venue) = (listing.instrument.symbol(), &listing.venue);
            let name = self.name_of(&snapshot);
            for naming in [Naming::Symbol, Naming::Pair] {
                let short = listing_name(data, symbol, venue, naming);
                let whole = format!("{}@{venue}", self.desk.name(symbol, naming));
                let bare = short.replace('/', "");
                known.extend([short, whole, bare].map(|called| (called, name.clone())));
            }
        }
        known
    }

    fn name_of(&self, snapshot: &ListingSnapshot) -> String {
        let listing = &snapshot.listing;
        listing_name(self.desk.data(), listing.instrument.symbol(), &listing.venue, self.naming)
    }

    async fn tell_subscription(&mut self) -> Result<(), Over> {
        let names = |channel: Channel| -> Vec<String> {
            let Some(followed) = self.channels.get(&channel) else { return Vec::new() };
            let all = followed.all.then(|| "*".to_owned());
            all.into_iter().chain(followed.names.iter().cloned()).collect()
        };
        let is_stocks = self.naming == Naming::Symbol;
        let message = Subscription {
            kind: "subscription",
            trades: names(Channel::Trades),
            quotes: names(Channel::Quotes),
            bars: names(Channel::Bars),
            updated_bars: names(Channel::UpdatedBars),
            daily_bars: names(Channel::DailyBars),
            statuses: is_stocks.then(|| names(Channel::Statuses)),
            lulds: is_stocks.then(|| names(Channel::Lulds)),
            // They come with trades; no trade is ever corrected or canceled here.
            corrections: is_stocks.then(|| names(Channel::Trades)),
            cancel_errors: is_stocks.then(|| names(Channel::Trades)),
            orderbooks: (!is_stocks).then(|| names(Channel::Orderbooks)),
        };
        self.say(&[message]).await
    }

    /// Begins and ends readers, so that there are those of what is followed.
    fn follow(&mut self) {
        let snapshots = self.desk.data().publication().snapshots();
        let mut wanted = BTreeSet::new();
        for (channel, followed) in &self.channels {
            let is_wanted =
                |it: &&Arc<ListingSnapshot>| followed.all || followed.names.contains(&self.name_of(it));
            for snapshot in snapshots.iter().filter(is_wanted) {
                wanted.extend(topic(*channel, snapshot).map(|topic| (*channel, topic)));
            }
        }
        let gone: Vec<_> = self.readers.keys().filter(|key| !wanted.contains(key)).cloned().collect();
        for key in gone {
            if let Some(reader) = self.readers.remove(&key) {
                reader.end(&self.bell);
            }
        }
        for key in wanted {
            if self.readers.contains_key(&key) || self.readers.len() >= READERS_MAX {
                continue;
            }
            let format = format(self.naming, self.codec, key.0 == Channel::DailyBars);
            // A listing that has just gone is looked for again in a second.
            if let Ok(reader) = Reader::begin(self.outgoing.hub(), (&key.1, format), None, &self.bell) {
                self.readers.insert(key, reader);
            }
        }
    }

    /// Sends what is new, each topic in turn.
    async fn send_news(&mut self) -> Result<(), Over> {
        let mut sent = 0;
        for ((_, topic), reader) in &mut self.readers {
            while sent < SENT_AT_ONCE
                && let Some(frame) = reader.read(topic)?
            {
                self.outgoing.send(frame).await?;
                sent += 1;
            }
        }
        if sent == SENT_AT_ONCE {
            self.bell.notify_one();
        }
        Ok(())
    }
}

/// Returns the names of a request by channel.
fn named(request: &DataRequest) -> impl Iterator<Item = (Channel, &Vec<String>)> {
    let all = [
        (Channel::Trades, &request.trades),
        (Channel::Quotes, &request.quotes),
        (Channel::Bars, &request.bars),
        (Channel::UpdatedBars, &request.updated_bars),
        (Channel::DailyBars, &request.daily_bars),
        (Channel::Statuses, &request.statuses),
        (Channel::Lulds, &request.lulds),
        (Channel::Orderbooks, &request.orderbooks),
    ];
    all.into_iter().filter_map(|(channel, names)| Some((channel, names.as_ref()?)))
}

/// Returns what has the messages of a channel; none where there are never any.
fn topic(channel: Channel, snapshot: &ListingSnapshot) -> Option<Topic> {
    let listing = &snapshot.listing;
    let listing =
        ListingTopic { symbol: listing.instrument.symbol().into(), venue: listing.venue.as_str().into() };
    match channel {
        Channel::Trades => Some(Topic::Trades(listing)),
        Channel::Quotes => Some(Topic::Quote(listing)),
        Channel::Bars | Channel::DailyBars => Some(Topic::Candles(listing, IntervalName::Minute)),
        Channel::Statuses => Some(Topic::Phase(listing)),
        Channel::Orderbooks => Some(Topic::Book(listing)),
        // No trade comes late, and no price is out of bounds.
        Channel::UpdatedBars | Channel::Lulds => None,
    }
}
