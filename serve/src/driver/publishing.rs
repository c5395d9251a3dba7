//! [`Publishing`]: shows what happens in a market to whoever reads its publication.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use bearpit_core::exchange::Market;
use bearpit_core::market::Stamped;
use bearpit_core::units::{SimDuration, SimTime};

use super::audience::{Begun, OutputSink};
use crate::live::{Clock, Output};
use crate::publication::{Day, Publication, PublicationConfig, PublicationState, Publisher};
use crate::store::files;
use crate::store::journal::SegmentHeader;

/// The publication of a market, for readers: another one once a market has been rebuilt without a request,
/// since what was published may not have happened then.
#[derive(Debug, Clone)]
pub struct Published(Arc<RwLock<Publication>>);

impl Published {
    /// Returns the publication.
    #[must_use]
    pub fn get(&self) -> Publication {
        // A value is replaced while it is locked, which cannot fail half-way.
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Publishes what happens in a market, over days and restarts.
///
/// What a segment leaves to the next is kept in a file of its directory, which goes by the state of the
/// market at that moment. Where it is missing, numbering begins anew, and readers start over.
#[derive(Debug)]
pub(super) struct Publishing {
    config: PublicationConfig,
    publisher: Publisher,
    published: Published,
    directory: PathBuf,
    /// The segment at hand.
    segment: Option<SegmentHeader>,
}

/// What the names of the files begin with; the number is that of their form.
const PREFIX: &str = "publication-1-";

impl Publishing {
    /// Makes one whose files are in a directory. The span for which subscriptions can be resumed is taken as
    /// wall time here, at the speed that the market begins with.
    ///
    /// # Errors
    /// If the directory cannot be made, or a thread be started.
    pub(super) fn new(mut config: PublicationConfig, clock: Clock, directory: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&directory)?;
        if let Clock::Scaled(speed) = clock {
            let nanos = i128::from(config.retention.nanos()) * i128::from(speed.thousandths()) / 1_000;
            // A century is as good as for ever, and no sum with it overflows.
            let most = 100 * 365 * 86_400 * 1_000_000_000;
            config.retention = SimDuration::from_nanos(i64::try_from(nanos).unwrap_or(most).min(most));
        }
        let publisher = Publisher::new(config)?;
        let published = Published(Arc::new(RwLock::new(publisher.publication().clone())));
        Ok(Self { config, publisher, published, directory, segment: None })
    }

    /// Returns where readers find the publication.
    pub(super) fn published(&self) -> Published {
        self.published.clone()
    }

    /// Takes back all that was published: readers start over.
    fn begin_anew(&mut self) {
        match Publisher::new(self.config) {
            Ok(mut publisher) => {
                publisher.restore(self.publisher.state().anew());
                let publication = publisher.publication().clone();
                *self.published.0.write().unwrap_or_else(PoisonError::into_inner) = publication;
                self.publisher = publisher;
            }
            Err(error) => tracing::error!(%error, "what was published cannot be taken back: no thread"),
        }
    }

    /// Returns the file of what was left with a state of the market.
    fn file(&self, left: &[u8]) -> PathBuf {
        self.directory.join(format!("{PREFIX}{}", &blake3::hash(left).to_hex()[..32]))
    }

    fn restore(&mut self, left: &[u8]) {
        let path = self.file(left);
        let read = match fs::read(&path) {
            Ok(bytes) => state_of(bytes).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match read {
            Ok(state) => self.publisher.restore(state),
            Err(error) => {
                let path = path.display();
                tracing::warn!(%path, error, "what was published before is lost: readers start over");
            }
        }
    }

    /// Keeps what is left for another process, and no more than that.
    fn keep(&self, left: &[u8]) -> io::Result<()> {
        let bytes = postcard::to_stdvec(&self.publisher.state()).map_err(io::Error::other)?;
        let path = self.file(left);
        files::put(&path, &bytes)?;
        for entry in fs::read_dir(&self.directory)? {
            let other = entry?.path();
            let is_of_us = other.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
            if is_of_us && other != path {
                fs::remove_file(other)?;
            }
        }
        Ok(())
    }
}

/// Reads what was left. A file from before there were auctions ends before their number, which is zero.
fn state_of(mut bytes: Vec<u8>) -> postcard::Result<PublicationState> {
    postcard::from_bytes(&bytes).or_else(|error| {
        bytes.push(0);
        postcard::from_bytes(&bytes).map_err(|_| error)
    })
}

impl OutputSink for Publishing {
    fn begin(&mut self, market: &Market, begun: &Begun<'_>) {
        let header = begun.header;
        if begun.is_another {
            self.begin_anew();
        } else if self.segment.as_ref() == Some(header) {
            // Rebuilt: all comes again, of which readers notice nothing.
            return;
        }
        if self.segment.is_none() && !header.opening.is_empty() {
            self.restore(&header.opening);
        }
        let day = Day::of(market, market.world().now(), |participant| participant.seat.is_some());
        self.publisher.begin_day(&day);
        self.segment = Some(header.clone());
    }

    fn take(&mut self, output: &Output) {
        match output {
            Output::Fact { sequence, at, fact } => {
                self.publisher.take(Stamped { at: *at, sequence: *sequence, fact });
            }
            Output::Named { owner, order, client } => self.publisher.named(*owner, *order, client.clone()),
            Output::Sent(sent) => self.publisher.sent(sent),
            Output::Refused(refused) => self.publisher.refused(refused),
            Output::Answer(_) | Output::Again(_) | Output::Voided(_) | Output::Pace { .. } => {}
        }
    }

    fn flush(&mut self, reached: SimTime) {
        self.publisher.publish(reached);
    }

    fn end(&mut self, left: &[u8]) {
        if let Err(error) = self.keep(left) {
            let path = self.directory.display();
            tracing::error!(%path, %error, "what was published cannot be kept: after a restart, readers start over");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use bearpit::scenario::Scenario;
    use bearpit_core::market::{OrderTerms, Side};
    use bearpit_core::participant::{Instruction, RequestKind};
    use bearpit_core::units::{ListingId, Price, Quantity};

    use super::*;
    use crate::driver::{
        Ask, Driver, DriverConfig, Metrics, Refused, ScenarioSource, SyncPolicy, SystemClock, Unavailable,
        What,
    };
    use crate::publication::{Channel, Content, Position, SubscribeError, Subscription, Update};

    const PATIENCE: Duration = Duration::from_secs(120);
    const LISTING: ListingId = ListingId::new(0);
    const PLAIN: &str = r#"
[scenario]
name = "plain"
start = 2025-03-03T00:00:00
end = 2025-03-04T00:00:00
[live]
clock = "scaled"
speed = 1
[[instruments]]
symbol = "ACME"
tick_size = 0.01
[[venues]]
name = "PIT"
instruments = ["ACME"]
"#;

    fn source() -> ScenarioSource {
        let scenario = Scenario::from_text(Path::new("plain.toml"), PLAIN, &[]);
        ScenarioSource::new(scenario.map_err(|error| error.render(false)).unwrap(), PLAIN.to_owned())
    }

    fn start(directory: &Path) -> (Driver, Publication) {
        let driver = Driver::start(DriverConfig {
            journal: directory.join("journal"),
            sync: SyncPolicy::AtOnce,
            queue: 100,
            clock: Box::new(SystemClock::new()),
            source: Box::new(source()),
            wrap: Box::new(|file| Box::new(file)),
            publication: PublicationConfig::default(),
            sinks: Vec::new(),
            settled: Box::new(|_| {}),
            metrics: Metrics::default(),
        })
        .unwrap();
        let publication = driver.handle.publication();
        (driver, publication)
    }

    /// Asks until the market is open, and the answer is there.
    fn ask(driver: &Driver, what: &What) {
        loop {
            let ask = Ask { seat: "anne".into(), what: what.clone(), client: None };
            match driver.handle.ask(ask).unwrap().blocking_recv().unwrap() {
                Err(Refused::Unavailable(Unavailable::Opening)) => std::thread::yield_now(),
                answer => {
                    answer.unwrap().outcome.unwrap();
                    return;
                }
            }
        }
    }

    fn join(driver: &Driver) {
        let RequestKind::Join { spec, config, .. } = source().live().join("anne") else { panic!("no join") };
        ask(driver, &What::Join { spec, config: Box::new(config) });
    }

    fn buy(driver: &Driver, lots: u64) {
        let terms = OrderTerms::limit(Side::Buy, Quantity::new(lots), Price::new(100));
        ask(driver, &What::Instruct(Instruction::Submit { listing: LISTING, terms }));
    }

    fn stop(driver: Driver) {
        driver.handle.stop();
        driver.join();
    }

    fn next(subscription: &mut Subscription) -> Update {
        subscription.next_timeout(PATIENCE).unwrap().unwrap()
    }

    fn subscribe(publication: &Publication, from: Option<Position>) -> Subscription {
        loop {
            match publication.subscribe(&Channel::Own("anne".into()), from) {
                Ok(subscription) => return subscription,
                // The market has not opened yet.
                Err(SubscribeError::UnknownChannel) => std::thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn a_reader_goes_on_where_it_was_after_a_stop() {
        let directory = tempfile::tempdir().unwrap();
        let (driver, publication) = start(directory.path());
        join(&driver);
        let mut subscription = subscribe(&publication, None);
        next(&mut subscription);
        buy(&driver, 5);
        while !matches!(next(&mut subscription).content, Content::Own(_)) {}
        let open = publication.own("anne").unwrap().state.orders;
        assert_eq!(open.len(), 1);
        stop(driver);
        while subscription.try_next().unwrap().is_ok() {}
        let position = subscription.position().unwrap();

        let (driver, publication) = start(directory.path());
        let mut subscription = subscribe(&publication, Some(position));
        let update = next(&mut subscription);
        assert_eq!(update.numbers.start, position.next);
        buy(&driver, 6);
        while publication.own("anne").unwrap().state.orders.len() < 2 {
            next(&mut subscription);
        }
        assert_eq!(publication.epoch(), position.epoch);
        let bids = publication.snapshot(LISTING).unwrap().book.bids.clone();
        assert_eq!(bids.iter().map(|level| level.size.lots()).collect::<Vec<_>>(), [11]);
        stop(driver);

        // What was left is lost.
        for entry in fs::read_dir(directory.path().join("journal")).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with(PREFIX) {
                fs::remove_file(path).unwrap();
            }
        }
        let (driver, publication) = start(directory.path());
        buy(&driver, 7);
        drop(subscribe(&publication, None));
        let refused = publication.subscribe(&Channel::Own("anne".into()), Some(position));
        assert!(matches!(refused, Err(SubscribeError::StartOver { .. })), "{refused:?}");
        stop(driver);
    }
}
