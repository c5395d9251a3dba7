//! Market data of a market whose facts are made by hand, for tests here and of faces.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bearpit::scenario::Scenario;
use bearpit_core::kernel::{RequestTag, Speed};
use bearpit_core::market::{
    CancelReason, Fact, Instrument, OrderTerms, Phase, Refusal, Side, Stamped, Trade,
};
use bearpit_core::units::{
    ActorId, ListingId, Money, OrderId, Price, Quantity, SimDuration, SimTime, TradeId,
};

use super::{CandleArchive, MarketData, MarketDataParts, MarketView, NoArchive};
use crate::domain::{AccountId, RefusalId, RefusedOrder};
use crate::driver::{DayStatus, MarketStatus, ScenarioSource, Stage};
use crate::publication::{Day, DayParticipant, ListingInfo, Publication, PublicationConfig, Publisher};

/// Who has a channel of its own.
pub(crate) const ANNE: ActorId = ActorId::new(1);
/// Who has none.
pub(crate) const CROWD: ActorId = ActorId::new(0);
pub(crate) const ALFA: ListingId = ListingId::new(0);

/// ALFA and BETA at one venue with sessions in New York, GAMA at two.
pub(crate) const SCENARIO: &str = r#"
[scenario]
name = "by-hand"
start = 2025-03-03T09:00:00
end = 2025-03-03T17:00:00
[live]
zone = "America/New_York"
[[instruments]]
symbol = "ALFA"
tick_size = 0.01
[[instruments]]
symbol = "BETA"
tick_size = 0.5
lot_size = 0.001
issued = "2500000.5"
[[instruments]]
symbol = "GAMA"
tick_size = 0.01
[[venues]]
name = "PIT"
instruments = ["ALFA", "BETA", "GAMA"]
sessions = { open = "9h30m", close = "16h" }
[[venues]]
name = "HALL"
instruments = ["GAMA"]
"#;

pub(crate) fn source(text: &str) -> ScenarioSource {
    let scenario = Scenario::from_text(Path::new("by-hand.toml"), text, &[]);
    ScenarioSource::new(scenario.map_err(|error| error.render(false)).unwrap(), text.to_owned())
}

/// The publisher of a market, and the facts that it is told.
pub(crate) struct Hand {
    pub(crate) publisher: Publisher,
    pub(crate) now: SimTime,
    pub(crate) status: Arc<Mutex<Arc<MarketStatus>>>,
    /// The account of [`ANNE`], by which her channel is named.
    pub(crate) anne: AccountId,
    /// What others see: another one may take its place.
    published: Arc<Mutex<Publication>>,
    sequence: u64,
    next_id: u64,
}

struct Shown {
    published: Arc<Mutex<Publication>>,
    status: Arc<Mutex<Arc<MarketStatus>>>,
}

impl MarketView for Shown {
    fn publication(&self) -> Publication {
        self.published.lock().unwrap().clone()
    }

    fn status(&self) -> Arc<MarketStatus> {
        Arc::clone(&self.status.lock().unwrap())
    }

    fn wall(&self) -> Duration {
        Duration::from_secs(1_741_012_200)
    }
}

fn instrument(symbol: &str, tick: &str, lot: &str) -> Instrument {
    Instrument::new(symbol, tick.parse().unwrap(), lot.parse().unwrap()).unwrap()
}

fn listing(venue: &str, symbol: &str, tick: &str, lot: &str) -> Arc<ListingInfo> {
    let plain = instrument(symbol, tick, lot);
    let instrument = match symbol {
        "BETA" => plain.with_issued("2500000.5".parse().unwrap()).unwrap(),
        _ => plain,
    };
    Arc::new(ListingInfo { venue: venue.to_owned(), instrument, is_replayed: false })
}

fn day(open: SimTime, anne: AccountId) -> Day {
    let participant = |id, name: &str, has_channel| DayParticipant { id, name: name.into(), has_channel };
    Day {
        open,
        instruments: vec![
            instrument("ALFA", "0.01", "1"),
            instrument("BETA", "0.5", "0.001"),
            instrument("GAMA", "0.01", "1"),
        ],
        listings: vec![
            listing("PIT", "ALFA", "0.01", "1"),
            listing("PIT", "BETA", "0.5", "0.001"),
            listing("PIT", "GAMA", "0.01", "1"),
            listing("HALL", "GAMA", "0.01", "1"),
        ],
        participants: vec![participant(CROWD, "crowd", false), participant(ANNE, &anne.to_string(), true)],
    }
}

impl Hand {
    pub(crate) fn new() -> Self {
        Self::with(PublicationConfig::default())
    }

    pub(crate) fn with(config: PublicationConfig) -> Self {
        // Half past nine in New York.
        let now: SimTime = "2025-03-03T14:30:00".parse().unwrap();
        let mut publisher = Publisher::new(config).unwrap();
        let anne = AccountId::draw();
        publisher.begin_day(&day(now, anne));
        let status = MarketStatus {
            stage: Stage::Open,
            disk: None,
            day: Some(DayStatus {
                number: 1,
                name: "2025-03-03".to_owned(),
                now,
                close: "2025-03-03T22:00:00".parse().unwrap(),
                speed: Speed::REAL_TIME,
                is_paused: false,
                behind: SimDuration::from_millis(3),
                is_in_outage: false,
                events: 0,
            }),
        };
        let published = Arc::new(Mutex::new(publisher.publication().clone()));
        let status = Arc::new(Mutex::new(Arc::new(status)));
        Self { publisher, now, status, anne, published, sequence: 0, next_id: 1 }
    }

    /// Takes all back that was published, as a market does that is rebuilt without a request.
    pub(crate) fn begin_anew(&mut self) {
        let mut publisher = Publisher::new(PublicationConfig::default()).unwrap();
        publisher.restore(self.publisher.state().anew());
        publisher.begin_day(&day(self.now, self.anne));
        *self.published.lock().unwrap() = publisher.publication().clone();
        self.sequence = 0;
        self.publisher = publisher;
    }

    pub(crate) fn service(&self, archive: impl CandleArchive + 'static) -> MarketData {
        self.service_of(archive, PathBuf::from("no-journal"), PathBuf::from("no-replays"))
    }

    pub(crate) fn service_of(
        &self,
        archive: impl CandleArchive + 'static,
        journal: PathBuf,
        replays: PathBuf,
    ) -> MarketData {
        let shown = Shown { published: Arc::clone(&self.published), status: Arc::clone(&self.status) };
        MarketData::new(MarketDataParts {
            market: Box::new(shown),
            source: source(SCENARIO),
            archive: Box::new(archive),
            journal,
            replays,
            currency: "USD".to_owned(),
        })
    }

    pub(crate) fn plain_service(&self) -> MarketData {
        self.service(NoArchive)
    }

    pub(crate) fn change_status(&self, change: impl FnOnce(&mut MarketStatus)) {
        let mut status = self.status.lock().unwrap();
        let mut changed = MarketStatus::clone(&status);
        change(&mut changed);
        *status = Arc::new(changed);
    }

    pub(crate) fn take(&mut self, fact: &Fact) {
        self.publisher.take(Stamped { at: self.now, sequence: self.sequence, fact });
        self.sequence += 1;
    }

    /// Lets time pass, and readers see what has happened.
    pub(crate) fn pass(&mut self, span: SimDuration) {
        self.now += span;
        self.publisher.publish(self.now);
    }

    pub(crate) fn publish(&mut self) {
        self.pass(SimDuration::ZERO);
    }

    /// Enters an order, and returns its id.
    pub(crate) fn enter(&mut self, owner: ActorId, side: Side, ticks: i64, lots: u64) -> OrderId {
        self.enter_at(ALFA, owner, OrderTerms::limit(side, Quantity::new(lots), Price::new(ticks)))
    }

    pub(crate) fn enter_at(&mut self, listing: ListingId, owner: ActorId, terms: OrderTerms) -> OrderId {
        let order = OrderId::new(self.next_id);
        self.next_id += 1;
        self.take(&Fact::OrderAccepted { order, owner, listing, terms, sent_at: None });
        order
    }

    /// Has the gate of an account refuse an order, as the market says it: first that it was refused, with the
    /// number of its request, then the fact.
    pub(crate) fn refuse(&mut self, owner: ActorId, tag: RequestTag, terms: OrderTerms) {
        let (listing, reason) = (ALFA, Refusal::QuantityOutOfRange(terms.quantity));
        let id = RefusalId::of(tag);
        let refused = RefusedOrder { id, owner, listing, terms, reason, client: None, at: self.now };
        self.publisher.refused(&refused);
        self.take(&Fact::OrderRefused { owner, listing, terms, reason });
    }

    pub(crate) fn cancel(&mut self, order: OrderId, lots: u64) {
        let quantity = Quantity::new(lots);
        self.take(&Fact::OrderCanceled { order, listing: ALFA, quantity, reason: CancelReason::Requested });
    }

    /// Has the crowd sell to an order of which `lots` or more are open.
    pub(crate) fn hit(&mut self, maker: ActorId, maker_order: OrderId, ticks: i64, lots: u64) {
        let taker_order = OrderId::new(self.next_id);
        self.next_id += 1;
        self.take(&Fact::Traded(Trade {
            id: TradeId::new(taker_order.get()),
            listing: ALFA,
            price: Price::new(ticks),
            quantity: Quantity::new(lots),
            aggressor: Side::Sell,
            phase: Phase::Continuous,
            maker_order,
            maker,
            maker_fee: Money::ZERO,
            maker_queue_ahead: Quantity::ZERO,
            taker_order,
            taker: CROWD,
            taker_fee: Money::ZERO,
            clamped: 0,
        }));
    }

    /// A trade out of nothing, which leaves the book as it is.
    pub(crate) fn print(&mut self, ticks: i64, lots: u64) {
        let order = OrderId::new(1 << 40);
        self.hit(CROWD, order, ticks, lots);
    }
}
