//! From one day to the next: in one process, or handed over to another.

use bearpit_core::market::{Instrument, Phase};
use bearpit_core::units::{ListingId, SimDuration};

use super::reader::Reader;
use super::recorded::{LISTINGS, Recorded, SEATS, Step, open_of_day, publisher, record, take};
use crate::publication::{
    CandleInterval, Channel, CloseReason, Content, ListingInfo, Position, PublicationConfig,
    PublicationState, Publisher, SubscribeError,
};

fn acts(salt: u64) -> Vec<u64> {
    (1..120).map(|number: u64| (number + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect()
}

fn days(count: i64) -> Vec<Recorded> {
    (0..count).map(|day| record(day, 2, &acts(day.unsigned_abs() * 1_000))).collect()
}

/// Writes a state down and reads it in another process, as it were.
fn handed_over(publisher: &Publisher) -> Publisher {
    let bytes = postcard::to_stdvec(&publisher.state()).unwrap();
    let state: PublicationState = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(state, publisher.state());
    let mut handed = super::recorded::publisher();
    handed.restore(state);
    handed
}

#[test]
fn a_publication_that_is_handed_over_each_day_is_the_one_that_was_kept() {
    let (mut kept, mut handed) = (publisher(), publisher());
    for recorded in days(4) {
        recorded.publish(&mut kept, &[7], |_| {});
        recorded.publish(&mut handed, &[13], |_| {});
        assert_eq!(kept.state(), handed.state());
        for (kept, handed) in kept.publication().snapshots().iter().zip(handed.publication().snapshots()) {
            assert_eq!(**kept, *handed);
        }
        for listing in (0..LISTINGS).map(ListingId::new) {
            for interval in CandleInterval::ALL {
                let candles =
                    |publisher: &Publisher| publisher.publication().candles(listing, interval, usize::MAX);
                assert_eq!(candles(&kept), candles(&handed));
            }
        }
        assert_eq!(kept.publication().own("anne"), handed.publication().own("anne"));
        handed = handed_over(&handed);
    }
}

#[test]
fn a_reader_goes_on_over_the_turn_of_a_day_in_another_process_too() {
    let recorded = days(2);
    let listing = ListingId::new(1);
    let channels = [
        Channel::Book(listing),
        Channel::Trades(listing),
        Channel::Phases(listing),
        Channel::Candles(listing, CandleInterval::Minute),
        Channel::Own("anne".into()),
    ];
    let mut stayed = publisher();
    let mut first = publisher();
    recorded[0].publish(&mut stayed, &[1], |_| {});
    recorded[0].publish(&mut first, &[1], |_| {});
    let mut kept = channels.clone().map(|channel| Reader::new(stayed.publication(), &channel));
    let mut moved = channels.map(|channel| Reader::new(first.publication(), &channel));
    kept.iter_mut().chain(&mut moved).for_each(|reader| assert_eq!(reader.read_all(), None));
    let mut second = handed_over(&first);
    second.begin_day(&recorded[1].day);
    stayed.begin_day(&recorded[1].day);
    moved.iter_mut().for_each(|reader| reader.resume(second.publication()));
    for (number, step) in recorded[1].steps.iter().enumerate() {
        for publisher in [&mut stayed, &mut second] {
            take(publisher, step);
            publisher.publish(step.now);
        }
        if number % 50 == 0 {
            kept.iter_mut().chain(&mut moved).for_each(|reader| assert_eq!(reader.read_all(), None));
        }
    }
    for (mut kept, mut moved) in kept.into_iter().zip(moved) {
        assert_eq!((kept.read_all(), moved.read_all()), (None, None));
        assert_eq!(kept.learnt, moved.learnt, "{:?}", kept.channel);
        assert_eq!(kept.subscription.position(), moved.subscription.position());
    }
}

#[test]
fn a_day_begins_with_empty_books_and_orders_and_its_first_phase() {
    let recorded = days(1).remove(0);
    let mut publisher = publisher();
    publisher.begin_day(&recorded.day);
    let is_late = |step: &Step| step.now > open_of_day(0) + SimDuration::from_secs(50);
    let end = recorded.steps.iter().position(is_late).unwrap();
    recorded.steps[..end].iter().for_each(|step| take(&mut publisher, step));
    publisher.publish(recorded.steps[end].now);
    let publication = publisher.publication().clone();
    let before = publication.snapshot(ListingId::new(2)).unwrap();
    assert!(!before.book.is_empty());
    let open = SEATS.map(|seat| publication.own(seat).unwrap().state.orders.len());
    assert!(open.into_iter().any(|open| open > 0));
    publisher.begin_day(&recorded.day);
    for snapshot in publication.snapshots() {
        assert!(snapshot.book.is_empty());
        assert_eq!((snapshot.phase.phase, snapshot.sequence), (Phase::Continuous, None));
        assert_eq!(publication.book(snapshot.id).unwrap().state, snapshot.book);
    }
    let after = publication.snapshot(ListingId::new(2)).unwrap();
    assert_eq!(after.statistics.last, before.statistics.last);
    assert_eq!(after.trades, before.trades);
    assert_eq!(SEATS.map(|seat| publication.own(seat).unwrap().state.orders.len()), [0, 0]);
}

/// Returns the day with another tick size of its first listing, and without its last.
fn changed(recorded: &Recorded) -> Recorded {
    let mut changed = recorded.clone();
    let info = ListingInfo::clone(&changed.day.listings[0]);
    let instrument = Instrument::new("ACME", "0.02".parse().unwrap(), info.instrument.lot_size()).unwrap();
    changed.day.listings[0] = ListingInfo { instrument, ..info }.into();
    changed.day.listings.pop();
    changed
}

#[test]
fn a_listing_that_is_another_or_gone_does_not_go_on() {
    let recorded = days(1).remove(0);
    let mut publisher = publisher();
    recorded.publish(&mut publisher, &[1], |_| {});
    let publication = publisher.publication().clone();
    let mut readers = [0, 1, 2].map(|id| Reader::new(&publication, &Channel::Trades(ListingId::new(id))));
    publisher.begin_day(&changed(&recorded).day);
    let closed = readers.each_mut().map(|reader| reader.read_all().map(|closed| closed.reason));
    assert_eq!(closed, [Some(CloseReason::Ended), None, Some(CloseReason::Ended)]);
    assert_eq!(publication.snapshots().len(), 2);
    assert_eq!(publication.snapshot(ListingId::new(0)).unwrap().statistics.trades, 0);
    assert_ne!(publication.snapshot(ListingId::new(1)).unwrap().statistics.trades, 0);
    assert_eq!(publication.snapshot(ListingId::new(2)), None);
    let unknown = publication.subscribe(&Channel::Book(ListingId::new(2)), None);
    assert_eq!(unknown.unwrap_err(), SubscribeError::UnknownChannel);
}

#[test]
fn a_position_of_another_numbering_is_refused() {
    let recorded = days(2);
    let mut first = publisher();
    recorded[0].publish(&mut first, &[1], |_| {});
    let channel = Channel::Trades(ListingId::new(1));
    let position = first.publication().subscribe(&channel, None).unwrap().position().unwrap();
    assert!(first.publication().subscribe(&channel, Some(position)).is_ok());
    // The state was lost: the numbers begin anew.
    let mut second = publisher();
    recorded[1].publish(&mut second, &[1], |_| {});
    let publication = second.publication();
    let next = publication.snapshot(ListingId::new(1)).unwrap().trades[0].number + 1;
    let refused = publication.subscribe(&channel, Some(Position { next: 1, ..position })).unwrap_err();
    assert_eq!(refused, SubscribeError::StartOver { next });
}

#[test]
fn a_later_day_takes_no_more_memory_than_the_one_before() {
    // Fewer events are kept than a day has, and candles of seconds as many as three days have.
    // Fewer events, trades and quotes are kept than a day has, and candles of seconds as many as three days
    // have.
    let config = PublicationConfig { events_max: 256, history_max: 128, ..PublicationConfig::default() };
    let mut publisher = Publisher::new(config).unwrap();
    let days = days(8);
    let mut grown = Vec::new();
    for recorded in &days {
        let used = allocation_counter::measure(|| recorded.publish(&mut publisher, &[3], |_| {}));
        grown.push(used.bytes_current);
    }
    println!("bytes that each day added: {grown:?}");
    // What goes on to grow are candles, up to as many as are kept: 60 trades' seconds of 100 bytes a day.
    let most = i64::from(LISTINGS) * 90 * 128;
    // The orders that ended last are more on one day than on another, but never more than so many.
    assert!(grown[4..].iter().sum::<i64>() < 4 * most, "{grown:?}");
}

#[test]
fn closed_candles_are_handed_out_once_each() {
    use std::sync::{Arc, Mutex};

    struct Sink(Arc<Mutex<Vec<(String, CandleInterval, crate::publication::Candle)>>>);
    impl crate::publication::CandleSink for Sink {
        fn take(
            &mut self,
            listing: &ListingInfo,
            interval: CandleInterval,
            candle: &crate::publication::Candle,
        ) {
            let name = format!("{}@{}", listing.instrument.symbol(), listing.venue);
            self.0.lock().unwrap().push((name, interval, *candle));
        }
    }

    let taken = Arc::default();
    let mut publisher = publisher();
    publisher.candle_sink(Sink(Arc::clone(&taken)));
    for recorded in days(2) {
        recorded.publish(&mut publisher, &[5], |_| {});
    }
    let publication = publisher.publication();
    for (listing, name) in [(0, "ACME@PIT"), (1, "BETA@PIT"), (2, "ACME@HALL")] {
        for interval in CandleInterval::ALL {
            let handed: Vec<_> = taken
                .lock()
                .unwrap()
                .iter()
                .filter(|it| it.0 == name && it.1 == interval)
                .map(|it| it.2)
                .collect();
            let mut known = publication.candles(ListingId::new(listing), interval, usize::MAX).unwrap();
            if publication.snapshot(ListingId::new(listing)).unwrap().candle(interval).is_some() {
                known.pop();
            }
            assert_eq!(handed, known, "{name} {}", interval.name());
        }
    }
    assert!(!taken.lock().unwrap().is_empty());
}

#[test]
fn own_numbers_go_on_by_name() {
    let recorded = days(2);
    let mut publisher = publisher();
    recorded[0].publish(&mut publisher, &[1], |_| {});
    let before = publisher.publication().own("bert").unwrap().next;
    let mut reader = publisher.publication().subscribe(&Channel::Own("bert".into()), None).unwrap();
    assert!(reader.try_next().is_some());
    // The market of the next day has them in another order.
    let mut second = recorded[1].clone();
    second.day.participants.reverse();
    publisher.begin_day(&second.day);
    let update = reader.try_next().unwrap().unwrap();
    assert_eq!(update.numbers, before..before + 1);
    assert!(matches!(update.content, Content::Own(_)));
}
