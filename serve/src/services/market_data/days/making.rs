//! [`make`]: the replay of a segment, from its journal.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use bearpit::data::Zone;
use bearpit_core::exchange::Market;
use bearpit_core::market::{LevelChange, QuoteLevel, Side, Stamped};
use bearpit_core::units::{ListingId, SimDuration, SimTime};
use thiserror::Error;

use super::reading::{Index, Minute, data_file, index_file};
use super::views::{ReplayLineKind, ReplayLineView};
use crate::driver::{DriveError, ScenarioSource, Segment};
use crate::live::{LiveError, Output, Viewer};
use crate::publication::{
    Channel, Closed, Content, Day, Publication, PublicationConfig, Publisher, SubscribeError, Subscription,
};
use crate::services::market_data::scale::Scale;
use crate::services::market_data::views::LevelView;

/// Why there is no replay.
#[derive(Debug, Error)]
pub(super) enum MakeError {
    /// Another version wrote the journal.
    #[error("the journal of this day was written by another version of the engine, which alone replays it")]
    OtherEngine,
    /// The journal cannot be read, or is of another scenario.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// What was replayed does not balance.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// A file cannot be written or read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A listing cannot be followed.
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    /// A listing had more trades within a second than are kept.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// The thread that made it panicked.
    #[error("the thread that made it has panicked")]
    Panicked,
}

const SECOND: SimDuration = SimDuration::from_secs(1);
const MINUTE: SimDuration = SimDuration::from_secs(60);

/// Enough for what happens within a second.
const CONFIG: PublicationConfig = PublicationConfig {
    retention: SimDuration::from_secs(2),
    events_max: 1 << 20,
    depth: 1,
    trades: 0,
    history_max: 0,
};

/// Makes the replay of a segment, all of its listings. The directory appears when it is whole.
pub(super) fn make(
    source: &ScenarioSource,
    segment: &Segment,
    zone: &Zone,
    directory: &Path,
) -> Result<(), MakeError> {
    segment.check_engine().map_err(|_| MakeError::OtherEngine)?;
    let unnamed = directory.with_extension("new");
    if unnamed.exists() {
        fs::remove_dir_all(&unnamed)?;
    }
    fs::create_dir_all(&unnamed)?;
    let scan = segment.scan()?;
    let mut maker = Maker { directory: &unnamed, zone, day: None, fault: None };
    let mut live = segment.rebuild(source, &scan.voids, Duration::ZERO, Borrowed(&mut maker))?;
    live.settle()?;
    while let Some(output) = live.settled_output() {
        maker.show(output);
    }
    maker.finish()?;
    fs::rename(&unnamed, directory)?;
    Ok(())
}

/// Lends a maker to a market that is rebuilt.
struct Borrowed<'a, 'b>(&'a mut Maker<'b>);

impl Viewer for Borrowed<'_, '_> {
    fn begin(&mut self, market: &Market) {
        self.0.begin(market);
    }

    fn show(&mut self, output: Output) {
        self.0.show(output);
    }
}

/// Follows a market, and writes what it sees.
struct Maker<'a> {
    directory: &'a Path,
    zone: &'a Zone,
    day: Option<DayWriter>,
    /// The first fault; nothing is written after it.
    fault: Option<MakeError>,
}

impl Maker<'_> {
    fn begin(&mut self, market: &Market) {
        match DayWriter::begin(market, self.directory) {
            Ok(day) => self.day = Some(day),
            Err(fault) => self.fault = Some(fault),
        }
    }

    fn show(&mut self, output: Output) {
        let Output::Fact { sequence, at, fact } = output else { return };
        let Some(day) = self.day.as_mut().filter(|_| self.fault.is_none()) else { return };
        self.fault = day.pass(at, self.zone).err();
        day.publisher.take(Stamped { at, sequence, fact: &fact });
    }

    fn finish(mut self) -> Result<(), MakeError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let Some(day) = &mut self.day else { return Ok(()) };
        day.write(day.due, self.zone)?;
        day.listings.drain(..).try_for_each(ListingFile::finish)
    }
}

struct DayWriter {
    publisher: Publisher,
    publication: Publication,
    listings: Vec<ListingFile>,
    /// When the second at hand ends.
    due: SimTime,
}

impl DayWriter {
    fn begin(market: &Market, directory: &Path) -> Result<Self, MakeError> {
        let open = market.world().now();
        let day = Day::of(market, open, |_| false);
        let mut publisher = Publisher::new(CONFIG)?;
        publisher.begin_day(&day);
        let publication = publisher.publication().clone();
        let mut listings = Vec::new();
        for id in (0..).map(ListingId::new).take(day.listings.len()) {
            listings.push(ListingFile::begin(&publication, id, directory)?);
        }
        Ok(Self { publisher, publication, listings, due: open.floor_to(SECOND) + SECOND })
    }

    /// Writes what happened in the seconds that have ended at `at`.
    fn pass(&mut self, at: SimTime, zone: &Zone) -> Result<(), MakeError> {
        while self.due <= at {
            self.write(self.due, zone)?;
            self.due += SECOND;
        }
        Ok(())
    }

    fn write(&mut self, at: SimTime, zone: &Zone) -> Result<(), MakeError> {
        self.publisher.publish(at);
        for listing in &mut self.listings {
            listing.write(&self.publication, at, zone)?;
        }
        Ok(())
    }
}

/// The replay of one listing, as it is written.
struct ListingFile {
    id: ListingId,
    book: Subscription,
    trades: Subscription,
    phases: Subscription,
    data: BufWriter<File>,
    written: u64,
    index: Index,
    index_path: std::path::PathBuf,
}

impl ListingFile {
    fn begin(publication: &Publication, id: ListingId, directory: &Path) -> Result<Self, MakeError> {
        let subscribe = |channel| publication.subscribe(&channel, None);
        let listing = publication.snapshot(id).ok_or(SubscribeError::UnknownChannel)?.listing.clone();
        let named = (listing.instrument.symbol(), listing.venue.as_str());
        Ok(Self {
            id,
            book: subscribe(Channel::Book(id))?,
            trades: subscribe(Channel::Trades(id))?,
            phases: subscribe(Channel::Phases(id))?,
            data: BufWriter::new(File::create(directory.join(data_file(named)))?),
            written: 0,
            index: Index::default(),
            index_path: directory.join(index_file(named)),
        })
    }

    /// Writes what is new at `at`, and at the beginning and each full minute the whole book behind it.
    fn write(&mut self, publication: &Publication, at: SimTime, zone: &Zone) -> Result<(), MakeError> {
        let Some(snapshot) = publication.snapshot(self.id) else { return Ok(()) };
        let scale = Scale { instrument: &snapshot.listing.instrument, zone };
        let mut line = ReplayLineView {
            kind: ReplayLineKind::Changes,
            at: scale.time(at),
            phase: snapshot.phase.phase.into(),
            bids: Vec::new(),
            asks: Vec::new(),
            trades: Vec::new(),
        };
        let (mut is_news, mut is_whole) = (false, false);
        while let Some(update) = self.phases.try_next() {
            update?;
            is_news = true;
        }
        while let Some(update) = self.trades.try_next() {
            if let Content::Trade(print) = update?.content {
                line.trades.push(scale.trade(&print));
                is_news = true;
            }
        }
        while let Some(update) = self.book.try_next() {
            is_news = true;
            match update?.content {
                Content::BookChanges(changes) => changes.iter().for_each(|it| change(&mut line, &scale, it)),
                _ => is_whole = true,
            }
        }
        let is_first = self.index.minutes.is_empty();
        let begins_minute = at.floor_to(MINUTE) == at;
        if is_news && !is_first {
            if is_whole {
                whole(&mut line, publication, self.id, &scale);
            }
            self.append(&line)?;
            line.trades.clear();
        }
        if is_first || begins_minute {
            self.index.minutes.push(Minute { begins: at.floor_to(MINUTE), offset: self.written });
            whole(&mut line, publication, self.id, &scale);
            self.append(&line)?;
        }
        Ok(())
    }

    fn append(&mut self, line: &ReplayLineView) -> Result<(), MakeError> {
        let mut text = serde_json::to_vec(line).map_err(io::Error::from)?;
        text.push(b'\n');
        self.data.write_all(&text)?;
        self.written += u64::try_from(text.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    fn finish(mut self) -> Result<(), MakeError> {
        self.data.flush()?;
        self.index.end = self.written;
        fs::write(self.index_path, self.index.to_bytes())?;
        Ok(())
    }
}

/// Makes a line one of the whole book.
fn whole(line: &mut ReplayLineView, publication: &Publication, id: ListingId, scale: &Scale<'_>) {
    let Some(book) = publication.book(id) else { return };
    line.kind = ReplayLineKind::Book;
    line.bids = book.state.bids.iter().map(|level| scale.level(*level)).collect();
    line.asks = book.state.asks.iter().map(|level| scale.level(*level)).collect();
}

fn change(line: &mut ReplayLineView, scale: &Scale<'_>, change: &LevelChange) {
    let LevelChange { side, price, size } = *change;
    let level: LevelView = scale.level(QuoteLevel { price, size });
    match side {
        Side::Buy => line.bids.push(level),
        Side::Sell => line.asks.push(level),
    }
}
