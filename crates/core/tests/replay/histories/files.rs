//! Files of bars, on schedules of all sorts.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::history::{Bar, DAY, SECOND};

/// The price around which the files begin, low enough that a gap of a few ticks is one of five percent.
const BASE: i64 = 200;

/// When the bars of a file begin, and how long they are.
#[derive(Debug, Clone, Copy)]
struct Schedule {
    /// The first bar of each day, since midnight.
    first: i64,
    length: i64,
    pause: i64,
    bars_a_day: usize,
}

/// Hours with pauses; contiguous bars; days round the clock; seven seconds that three does not divide; bars
/// past midnight.
const SCHEDULES: [Schedule; 5] = [
    Schedule { first: 9 * 3_600 * SECOND, length: 3_600 * SECOND, pause: 600 * SECOND, bars_a_day: 2 },
    Schedule { first: 9 * 3_600 * SECOND, length: 3_600 * SECOND, pause: 0, bars_a_day: 3 },
    Schedule { first: 0, length: DAY, pause: 0, bars_a_day: 1 },
    Schedule { first: 9 * 3_600 * SECOND, length: 7 * SECOND + 1, pause: 5 * SECOND, bars_a_day: 2 },
    Schedule { first: 22 * 3_600 * SECOND, length: 3 * 3_600 * SECOND, pause: SECOND, bars_a_day: 1 },
];

/// A bar as drawn: gap, high over the body, low under it, close.
type DrawnBar = (i64, i64, i64, i64, u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Volumes {
    Absent,
    ZeroThroughout,
    Given,
}

fn raw_bars() -> impl Strategy<Value = Vec<DrawnBar>> {
    let volume = prop_oneof![4 => 1..=40_u64, 1 => Just(0)];
    vec((-14..=14_i64, 0..=9_i64, 0..=9_i64, -8..=8_i64, volume), 1..=5)
}

fn file(schedule: Schedule, shift: i64, drawn: &[DrawnBar], volumes: Volumes) -> Vec<Bar> {
    let mut last = BASE;
    let bar = |(index, drawn): (usize, &DrawnBar)| {
        let (gap, above, below, change, volume) = *drawn;
        let (day, of_day) = (index / schedule.bars_a_day, index % schedule.bars_a_day);
        let slot = i64::try_from(of_day).unwrap() * (schedule.length + schedule.pause);
        let start = i64::try_from(day).unwrap() * DAY + schedule.first + slot + shift;
        let open = last + gap;
        let close = open + change;
        last = close;
        let volume = match volumes {
            Volumes::Absent => None,
            Volumes::ZeroThroughout => Some(0),
            Volumes::Given => Some(volume),
        };
        let (high, low) = (open.max(close) + above, open.min(close) - below);
        Bar { start, end: start + schedule.length, open, high, low, close, volume }
    };
    drawn.iter().enumerate().map(bar).collect()
}

/// A finer bar as drawn: prices in thousandths of the way from the low to the high of the bar around it.
type DrawnFiner = [i64; 4];

/// How finer bars are drawn: how many in each bar, and what each is; those without prices are missing.
fn raw_finer() -> impl Strategy<Value = Option<(i64, Vec<Option<DrawnFiner>>)>> {
    let part = || 0..=1_000_i64;
    let bar = prop::option::weighted(0.8, [part(), part(), part(), part()]);
    prop::option::weighted(0.3, (2..=4_i64, vec(bar, 20)))
}

/// Puts finer bars into those of a file.
fn finer(file: &[Bar], drawn: Option<&(i64, Vec<Option<DrawnFiner>>)>) -> Vec<Bar> {
    let Some((parts, drawn)) = drawn else { return Vec::new() };
    let mut finer = Vec::new();
    for (bar, number) in file.iter().flat_map(|bar| (0..*parts).map(move |number| (bar, number))) {
        let Some(shares) = drawn[finer.len() % drawn.len()].or(drawn[usize::try_from(number).unwrap()])
        else {
            continue;
        };
        let price = |share: i64| bar.low + (bar.high - bar.low) * share / 1_000;
        let [open, close, one, other] = shares.map(price);
        let length = (bar.end - bar.start) / parts;
        let start = bar.start + number * length;
        let (high, low) = (open.max(close).max(one), open.min(close).min(other));
        finer.push(Bar { start, end: start + length, open, high, low, close, volume: None });
    }
    finer
}

/// Two files, of equal or of different bar times, and finer bars of each.
pub(super) fn files() -> impl Strategy<Value = [Vec<Vec<Bar>>; 2]> {
    let volumes = || {
        let all = [Volumes::Given, Volumes::Absent, Volumes::ZeroThroughout];
        prop_oneof![5 => Just(all[0]), 2 => Just(all[1]), 1 => Just(all[2])]
    };
    let schedule = (select(SCHEDULES.to_vec()), prop::option::of(select(SCHEDULES.to_vec())));
    // A shift of the second file: none, within the auction, within the first leg.
    let shift = select(vec![0, SECOND / 2, 2 * SECOND]);
    (schedule, shift, [raw_bars(), raw_bars()], [volumes(), volumes()], [raw_finer(), raw_finer()]).prop_map(
        |(schedule, shift, drawn, volumes, parts)| {
            let (first, second) = schedule;
            let files = vec![
                file(first, 0, &drawn[0], volumes[0]),
                file(second.unwrap_or(first), shift, &drawn[1], volumes[1]),
            ];
            let within = files.iter().zip(&parts).map(|(file, parts)| finer(file, parts.as_ref())).collect();
            [files, within]
        },
    )
}
