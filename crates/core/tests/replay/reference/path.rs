//! The path of a bar, tick by tick (rules 2 and 3), and the calendar of a file (rule 11).

use super::super::history::{Bar, DAY, History, Path, Rules};

/// A bar begins to trade, its price moves, or it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    Open(usize),
    Tick(i64),
    /// To the open of the next finer bar, with no price between.
    Jump(i64),
    Close(usize),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) at: i64,
    pub(super) instrument: usize,
    pub(super) what: Move,
}

/// A bar's open is dealt at the end of its opening auction.
pub(super) fn open_at(bar: &Bar, rules: &Rules) -> i64 {
    bar.start + rules.auction
}

/// A bar's close is dealt in its last nanosecond.
pub(super) fn close_at(bar: &Bar) -> i64 {
    bar.end - 1
}

/// The extremes of a bar, in the order of its path.
fn extremes(bar: &Bar, rules: &Rules) -> (i64, i64) {
    let high_is_nearer = bar.high - bar.open <= bar.open - bar.low;
    let high_first = match rules.path {
        Path::Nearer | Path::Worst => high_is_nearer,
        Path::Farther => !high_is_nearer,
    };
    if high_first { (bar.high, bar.low) } else { (bar.low, bar.high) }
}

/// The points of a bar's path: four, or those of the finer bars that begin within it.
fn points(bar: &Bar, finer: &[Bar], rules: &Rules) -> Vec<(i64, i64)> {
    let four = |bar: &Bar| {
        let (first, second) = extremes(bar, rules);
        let length = bar.end - bar.start;
        [
            (bar.start, bar.open),
            (bar.start + length / 3, first),
            (bar.start + 2 * length / 3, second),
            (close_at(bar), bar.close),
        ]
    };
    let (opens, closes) = (open_at(bar, rules), close_at(bar));
    let mut within: Vec<(i64, i64)> =
        finer.iter().filter(|it| bar.start <= it.start && it.start < bar.end).flat_map(four).collect();
    if within.is_empty() {
        within = four(bar)[1..3].to_vec();
    }
    let between = within.into_iter().filter(|(at, _)| opens < *at && *at < closes);
    std::iter::once((opens, bar.open)).chain(between).chain([(closes, bar.close)]).collect()
}

/// Lists all that the price of an instrument does, in the order of time.
pub(super) fn steps(instrument: usize, history: &History) -> Vec<Step> {
    let (file, finer, rules) = (&history.files[instrument], &history.finer[instrument], &history.rules);
    let mut steps = Vec::new();
    for (index, bar) in file.iter().enumerate() {
        let points = points(bar, finer, rules);
        steps.push(Step { at: points[0].0, instrument, what: Move::Open(index) });
        for leg in points.windows(2) {
            let [(t, p), (u, q)] = [leg[0], leg[1]];
            if u - t <= (q - p).abs() {
                steps.push(Step { at: u, instrument, what: Move::Jump(q) });
                continue;
            }
            let ticks = i128::from((q - p).abs());
            for moved in 1..=ticks {
                // The first time at which floor(ticks * (at - t) / (u - t)) is `moved`.
                let span = i128::from(u - t);
                let at = t + i64::try_from((moved * span + ticks - 1) / ticks).unwrap();
                let price = p + (q - p).signum() * i64::try_from(moved).unwrap();
                steps.push(Step { at, instrument, what: Move::Tick(price) });
            }
        }
        steps.push(Step { at: close_at(bar), instrument, what: Move::Close(index) });
    }
    steps
}

fn day(bar: &Bar) -> i64 {
    bar.start.div_euclid(DAY)
}

/// Returns the last bar of each day.
fn lasts(file: &[Bar]) -> impl Iterator<Item = usize> {
    (0..file.len()).filter(|index| file.get(index + 1).is_none_or(|next| day(next) != day(&file[*index])))
}

/// Returns the last bar of the day of what arrives at `at`: of the first day that is not over.
pub(super) fn day_end(file: &[Bar], at: i64) -> Option<usize> {
    lasts(file).find(|index| close_at(&file[*index]) > at)
}

/// Returns the next first bar of a day whose open is to come at `at`.
pub(super) fn day_open(file: &[Bar], at: i64, rules: &Rules) -> Option<usize> {
    let firsts = (0..file.len()).filter(|index| *index == 0 || day(&file[index - 1]) != day(&file[*index]));
    firsts.into_iter().find(|index| open_at(&file[*index], rules) > at)
}
