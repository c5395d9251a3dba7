//! Markets on the wall clock that have fallen behind it.

use std::time::Duration;

use bearpit_core::market::Fact;
use bearpit_core::units::{SimDuration, SimTime};

use super::{Clock, LiveMarket, Output, PACING, PaceChange, Pacing, Start, Voids, header, laid_out, open};
use crate::store::journal::{SegmentReader, SegmentWriter};

/// Returns when, on the wall clock, the market has been open for so many milliseconds.
fn wall_after(millis: u64) -> Duration {
    Duration::from_nanos(u64::try_from(open().nanos()).unwrap()) + Duration::from_millis(millis)
}

fn begin_on_wall(wall: Duration, beyond: i64) -> LiveMarket {
    let clock = Clock::Wall { halt_beyond: Some(SimDuration::from_secs(beyond)) };
    let start = Start { pacing: Pacing { clock, ..PACING }, wall };
    LiveMarket::begin(laid_out(), SegmentWriter::begin(&header()), start).unwrap()
}

fn catch_up(live: &mut LiveMarket, wall: Duration) {
    live.advance(wall).unwrap();
    while live.behind(wall) > SimDuration::ZERO {
        live.advance(wall).unwrap();
    }
}

fn outputs(live: &mut LiveMarket) -> Vec<Output> {
    live.synced(u64::MAX);
    std::iter::from_fn(|| live.next_output()).collect()
}

fn trades_between(outputs: &[Output], from: SimTime, to: SimTime) -> usize {
    let is_trade = |output: &&Output| matches!(output, Output::Fact { at, fact: Fact::Traded(_), .. } if (from..to).contains(at));
    outputs.iter().filter(is_trade).count()
}

#[test]
fn a_market_that_opens_late_has_traded_meanwhile() {
    let late = wall_after(50_000);
    let mut live = begin_on_wall(late, 10);
    assert!(!live.has_been_in_step());
    catch_up(&mut live, late);
    assert!(live.has_been_in_step());
    let seen = outputs(&mut live);
    assert!(
        trades_between(&seen, open() + SimDuration::from_secs(30), open() + SimDuration::from_secs(50)) > 0
    );
}

#[test]
fn nothing_trades_in_an_outage() {
    let early = wall_after(5_000);
    let mut live = begin_on_wall(early, 10);
    catch_up(&mut live, early);
    let late = wall_after(45_000);
    live.advance(late).unwrap();
    assert!(live.is_in_outage());
    catch_up(&mut live, late);
    assert!(!live.is_in_outage());
    let seen = outputs(&mut live);
    let gap = open() + SimDuration::from_secs(6);
    assert!(trades_between(&seen, open(), gap) > 0);
    assert_eq!(trades_between(&seen, gap, open() + SimDuration::from_secs(45)), 0);
    let pace =
        |change| seen.iter().any(|it| matches!(it, Output::Pace { change: found, .. } if *found == change));
    assert!(pace(PaceChange::OutageBegan) && pace(PaceChange::OutageEnded));
    // A short delay is caught up.
    let mut live = begin_on_wall(early, 10);
    catch_up(&mut live, early);
    live.advance(wall_after(14_000)).unwrap();
    assert!(!live.is_in_outage());
}

#[test]
fn an_outage_goes_on_after_a_crash_at_any_of_its_records() {
    let early = wall_after(5_000);
    let late = wall_after(45_000);
    let clock = Clock::Wall { halt_beyond: Some(SimDuration::from_secs(10)) };
    let mut live = begin_on_wall(early, 10);
    catch_up(&mut live, early);
    let mut journal = live.take_appended();
    let before = journal.len();
    catch_up(&mut live, late);
    journal.extend(live.take_appended());
    let mut ends = vec![before];
    let mut reader = SegmentReader::open(journal.as_slice()).unwrap();
    while reader.next_frame().unwrap().is_some() {
        ends.push(usize::try_from(reader.at()).unwrap());
    }
    for end in ends.into_iter().filter(|end| *end >= before) {
        let reader = SegmentReader::open(&journal[..end]).unwrap();
        let start = Start { pacing: Pacing { clock, ..PACING }, wall: late };
        let mut seen = Vec::new();
        let show = |output| seen.push(output);
        let mut live = LiveMarket::recover(laid_out(), reader, &Voids::default(), start, show).unwrap();
        catch_up(&mut live, late);
        seen.extend(outputs(&mut live));
        assert!(!live.is_in_outage());
        let gap = open() + SimDuration::from_secs(6);
        assert_eq!(trades_between(&seen, gap, open() + SimDuration::from_secs(45)), 0, "cut at {end}");
    }
}

#[test]
fn a_clock_that_was_set_back_does_not_stop_a_market() {
    let late = wall_after(20_000);
    let mut live = begin_on_wall(late, 10);
    catch_up(&mut live, late);
    let journal = live.take_appended();
    let reader = SegmentReader::open(journal.as_slice()).unwrap();
    let early = wall_after(2_000);
    let clock = Clock::Wall { halt_beyond: Some(SimDuration::from_secs(10)) };
    let start = Start { pacing: Pacing { clock, ..PACING }, wall: early };
    let mut live = LiveMarket::recover(laid_out(), reader, &Voids::default(), start, |_| {}).unwrap();
    let now = live.market().world().now();
    catch_up(&mut live, early + Duration::from_secs(3));
    assert_eq!(live.market().world().now(), now + SimDuration::from_secs(3));
    assert!(!live.is_in_outage());
}
