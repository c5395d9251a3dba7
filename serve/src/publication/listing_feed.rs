//! [`ListingWriter`]: from the facts of one listing to what everybody sees of it.

use std::collections::VecDeque;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bearpit_core::market::{Fact, Ladders, Phase, QuoteLevel, Stamped, Trade};
use bearpit_core::units::{ListingId, SimTime};

use super::book::{BookChange, Displayed};
use super::candle::{Addition, Candle, CandleInterval, CandleSeries, ClosedCandle};
use super::config::PublicationConfig;
use super::day::ListingInfo;
use super::log::{Log, LogWriter, Retention};
use super::replica::{Replica, ReplicaWriter};
use super::signal::{Signal, Waking};
use super::snapshot::ListingSnapshot;
use super::state::{CandleState, ListingKey, ListingState};
use super::statistics::RollingStatistics;
use super::trade::{Indicative, PhaseState, QuotePrint, TradePrint};

/// What readers have of one listing.
#[derive(Debug)]
pub(super) struct ListingFeed {
    pub(super) snapshot: ArcSwap<ListingSnapshot>,
    pub(super) book: Arc<Replica<Ladders>>,
    pub(super) book_signal: Arc<Signal>,
    pub(super) trades: Arc<Log<TradePrint>>,
    pub(super) trades_signal: Arc<Signal>,
    /// The trades and quotes that can be looked up, however old.
    pub(super) trade_history: Arc<Log<TradePrint>>,
    pub(super) quote_history: Arc<Log<QuotePrint>>,
    pub(super) phases: Arc<Log<PhaseState>>,
    pub(super) phases_signal: Arc<Signal>,
    /// Of each interval, the closed ones.
    pub(super) candles: [Arc<Log<ClosedCandle>>; 6],
    pub(super) candle_signals: [Arc<Signal>; 6],
}

/// What has changed since the last commit.
#[derive(Debug, Clone, Copy, Default)]
struct Changed {
    any: bool,
    book: bool,
    trades: bool,
    phase: bool,
    /// Of each interval.
    candles: [bool; 6],
}

/// What one listing publishes.
#[derive(Debug)]
pub(super) struct ListingWriter {
    id: ListingId,
    info: Arc<ListingInfo>,
    feed: Arc<ListingFeed>,
    /// The number on the tape of its last fact.
    sequence: Option<u64>,
    displayed: Displayed,
    book: ReplicaWriter<Ladders>,
    trades: LogWriter<TradePrint>,
    /// The newest first.
    last_trades: VecDeque<TradePrint>,
    trade_history: LogWriter<TradePrint>,
    quote_history: LogWriter<QuotePrint>,
    /// The last bid and ask that were published.
    quote: (Option<QuoteLevel>, Option<QuoteLevel>),
    phases: LogWriter<PhaseState>,
    phase: PhaseState,
    statistics: RollingStatistics,
    candles: [CandleSeries; 6],
    changed: Changed,
    depth: usize,
    trades_max: usize,
}

/// What is done with candles that close.
pub(super) type Close<'a> = dyn FnMut(&ListingInfo, CandleInterval, &Candle) + 'a;

const BLOCK: u64 = 128;

impl ListingWriter {
    /// Begins what a listing publishes; with a state, where another has ended.
    pub(super) fn new(
        config: &PublicationConfig,
        id: ListingId,
        info: Arc<ListingInfo>,
        state: Option<&ListingState>,
        open: SimTime,
    ) -> Self {
        let retention =
            Retention { span: Some(config.retention), items_max: config.events_max, block: BLOCK };
        let next = |number: fn(&ListingState) -> u64| state.map_or(0, number);
        let book = ReplicaWriter::new(next(|state| state.book_next), retention);
        let trades = LogWriter::new(next(|state| state.trades_next), retention);
        let phases = LogWriter::new(next(|state| state.phases_next), retention);
        let looked_up = Retention { span: None, items_max: config.history_max, block: BLOCK };
        let trade_history = LogWriter::new(trades.next(), looked_up);
        let quote_history = LogWriter::new(0, looked_up);
        let mut candles = CandleInterval::ALL.map(|interval| {
            let left = state.and_then(|state| state.candles.get(interval.index()));
            let progress = left.map(|left| left.progress).unwrap_or_default();
            let closed = left.map_or(&[][..], |left| &left.closed);
            CandleSeries::resume(interval, progress, closed.iter().copied())
        });
        let minutes = state.into_iter().flat_map(|state| state.minutes.iter().copied());
        let statistics = RollingStatistics::resume(state.and_then(|state| state.last), minutes);
        let last_trades: VecDeque<_> = state.into_iter().flat_map(|state| state.trades.clone()).collect();
        let phase = PhaseState { at: open, phase: Phase::default(), indicative: None };
        let first = ListingSnapshot {
            id,
            listing: Arc::clone(&info),
            at: open,
            sequence: None,
            book_number: book.next().checked_sub(1),
            book: Ladders::default(),
            trades: last_trades.iter().copied().collect(),
            statistics: statistics.statistics(),
            phase,
            candles: candles.each_ref().map(CandleSeries::progress),
        };
        let feed = ListingFeed {
            snapshot: ArcSwap::from_pointee(first),
            book: book.replica(),
            book_signal: Arc::default(),
            trades: trades.log(),
            trades_signal: Arc::default(),
            trade_history: trade_history.log(),
            quote_history: quote_history.log(),
            phases: phases.log(),
            phases_signal: Arc::default(),
            candles: candles.each_mut().map(|series| series.closed().log()),
            candle_signals: std::array::from_fn(|_| Arc::default()),
        };
        let displayed = Displayed::new(id, info.is_replayed);
        Self {
            id,
            info,
            feed: Arc::new(feed),
            sequence: None,
            displayed,
            book,
            trades,
            last_trades,
            trade_history,
            quote_history,
            quote: (None, None),
            phases,
            phase,
            statistics,
            candles,
            changed: Changed::default(),
            depth: config.depth,
            trades_max: config.trades,
        }
    }

    /// Returns what must be the same for the listing to go on.
    pub(super) fn key(&self) -> ListingKey {
        ListingKey::of(&self.info)
    }

    /// Returns what readers have.
    pub(super) fn feed(&self) -> Arc<ListingFeed> {
        Arc::clone(&self.feed)
    }

    /// Returns what is left of it at the end of a day.
    pub(super) fn state(&self) -> ListingState {
        let candles = |series: &CandleSeries, interval: CandleInterval, log: &Log<ClosedCandle>| {
            let view = log.view();
            let from = view.first().max(view.next().saturating_sub(interval.kept()));
            let closed = view.since(from).into_iter().flatten().copied().collect();
            CandleState { progress: series.progress(), closed }
        };
        let candles = CandleInterval::ALL.map(|interval| {
            let index = interval.index();
            candles(&self.candles[index], interval, &self.feed.candles[index])
        });
        ListingState {
            key: self.key(),
            book_next: self.book.next(),
            trades_next: self.trades.next(),
            phases_next: self.phases.next(),
            last: self.statistics.statistics().last,
            trades: self.last_trades.iter().copied().collect(),
            minutes: self.statistics.minutes().iter().copied().collect(),
            candles: candles.into(),
        }
    }

    /// Begins a day: the book is empty, and filled by the facts that follow.
    pub(super) fn begin_day(&mut self, id: ListingId, info: Arc<ListingInfo>, open: SimTime) {
        self.displayed = Displayed::new(id, info.is_replayed);
        self.id = id;
        self.info = info;
        self.sequence = None;
        self.book.push(open, BookChange::Cleared);
        self.changed.book = true;
        self.set_phase(PhaseState { at: open, phase: Phase::default(), indicative: None });
        self.changed.any = true;
    }

    /// Applies a fact of this listing; candles that had ended before it are handed to `close`.
    pub(super) fn follow(&mut self, stamped: Stamped<'_>, close: &mut Close<'_>) {
        let Stamped { at, sequence, fact } = stamped;
        self.sequence = Some(sequence);
        self.changed.any = true;
        let (book, changed) = (&mut self.book, &mut self.changed.book);
        self.displayed.follow(fact, |change| {
            book.push(at, change);
            *changed = true;
        });
        match *fact {
            // Of a replay, what the file has is printed; fills there are between a participant and the venue.
            Fact::Traded(ref trade) if !self.info.is_replayed || trade.maker == trade.taker => {
                self.trade(at, trade, close);
            }
            Fact::PhaseChanged { phase, .. } => {
                self.set_phase(PhaseState { at, phase, indicative: None });
            }
            Fact::IndicativeChanged { indicative, .. } => {
                let indicative = indicative.map(|(price, volume)| Indicative { price, volume });
                self.set_phase(PhaseState { at, indicative, ..self.phase });
            }
            _ => {}
        }
    }

    /// Lets time pass: closes candles that have ended, and drops what is too old.
    pub(super) fn pass(&mut self, now: SimTime, close: &mut Close<'_>) {
        for interval in CandleInterval::ALL {
            if let Some(candle) = self.candles[interval.index()].close(now) {
                self.changed.candles[interval.index()] = true;
                self.changed.any = true;
                close(&self.info, interval, &candle);
            }
        }
    }

    /// Drops what is too old to resume from; the next snapshot has the statistics of the new minute.
    pub(super) fn forget(&mut self, now: SimTime) {
        self.book.forget(now);
        self.trades.forget(now);
        self.phases.forget(now);
        self.changed.any = true;
    }

    /// Lets readers see all that has happened, and wakes them.
    pub(super) fn commit(&mut self, now: SimTime, waking: &Waking) {
        let changed = std::mem::take(&mut self.changed);
        if !changed.any {
            return;
        }
        if changed.book {
            self.book.commit(|| self.displayed.ladders(usize::MAX));
        }
        if changed.trades {
            self.trades.commit();
            self.trade_history.commit();
        }
        if changed.phase {
            self.phases.commit();
        }
        for (series, _) in self.candles.iter_mut().zip(changed.candles).filter(|(_, changed)| *changed) {
            series.closed().commit();
        }
        self.statistics.roll(now);
        let snapshot = self.snapshot(now, changed);
        self.follow_quote(&snapshot);
        self.feed.snapshot.store(Arc::new(snapshot));
        let feed = &self.feed;
        let channels = [
            (changed.book, &feed.book_signal),
            (changed.trades, &feed.trades_signal),
            (changed.phase, &feed.phases_signal),
        ];
        let channels = channels.into_iter().chain(changed.candles.into_iter().zip(&feed.candle_signals));
        channels.filter(|(changed, _)| *changed).for_each(|(_, signal)| waking.raise(signal));
    }

    /// Keeps a quote that is another than the last.
    fn follow_quote(&mut self, snapshot: &ListingSnapshot) {
        let quote = (snapshot.bid(), snapshot.ask());
        if std::mem::replace(&mut self.quote, quote) != quote {
            let (bid, ask) = quote;
            self.quote_history.push(snapshot.at, QuotePrint { at: snapshot.at, bid, ask });
            self.quote_history.commit();
        }
    }

    /// Says that there will be no more news.
    pub(super) fn end(&self, waking: &Waking) {
        let feed = &self.feed;
        let signals = [&feed.book_signal, &feed.trades_signal, &feed.phases_signal];
        signals.into_iter().chain(&feed.candle_signals).for_each(|signal| waking.end(signal));
    }

    fn snapshot(&self, now: SimTime, changed: Changed) -> ListingSnapshot {
        let before = self.feed.snapshot.load();
        let book = if changed.book { self.displayed.ladders(self.depth) } else { before.book.clone() };
        let trades = if changed.trades {
            self.last_trades.iter().copied().collect()
        } else {
            Arc::clone(&before.trades)
        };
        ListingSnapshot {
            id: self.id,
            listing: Arc::clone(&self.info),
            at: now,
            sequence: self.sequence,
            book_number: self.book.next().checked_sub(1),
            book,
            trades,
            statistics: self.statistics.statistics(),
            phase: self.phase,
            candles: self.candles.each_ref().map(CandleSeries::progress),
        }
    }

    fn trade(&mut self, at: SimTime, trade: &Trade, close: &mut Close<'_>) {
        let print = TradePrint::of(self.trades.next(), at, trade);
        self.trades.push(at, print);
        self.trade_history.push(at, print);
        self.last_trades.truncate(self.trades_max.saturating_sub(1));
        if self.trades_max > 0 {
            self.last_trades.push_front(print);
        }
        let notional = self.info.instrument.notional(trade.price, trade.quantity);
        let added = Addition { at, price: trade.price, quantity: trade.quantity, notional };
        self.statistics.add(&added);
        for interval in CandleInterval::ALL {
            if let Some(candle) = self.candles[interval.index()].add(&added) {
                close(&self.info, interval, &candle);
            }
        }
        self.changed.trades = true;
        self.changed.candles = [true; 6];
    }

    fn set_phase(&mut self, phase: PhaseState) {
        self.phase = phase;
        self.phases.push(phase.at, phase);
        self.changed.phase = true;
    }
}
