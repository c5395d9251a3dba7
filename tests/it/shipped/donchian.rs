//! The stops of the Donchian breakout against average true ranges computed here from the file's rows.

use bearpit::market::{OrderKind, Side, TrailingDistance};

use super::run;

/// High, low and close of each day.
fn rows() -> Vec<(String, [f64; 3])> {
    let text = std::fs::read_to_string("scenarios/data/sp500_daily.csv").unwrap();
    let rows = text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let cents = |index: usize| (cells[index].parse::<f64>().unwrap() * 100.0).round() / 100.0;
        (cells[0].to_owned(), [cents(2), cents(3), cents(4)])
    });
    rows.collect()
}

/// Wilder's average true range of the rows before `day`.
fn range_before(rows: &[(String, [f64; 3])], day: &str, period: usize) -> f64 {
    let true_range = |pair: &[(String, [f64; 3])]| {
        let ([high, low, _], [_, _, close]) = (pair[1].1, pair[0].1);
        (high - low).max((high - close).abs()).max((low - close).abs())
    };
    let before = rows.iter().take_while(|row| row.0.as_str() < day).count();
    let ranges: Vec<f64> = rows[..before].windows(2).map(true_range).collect();
    let (first, rest) = ranges.split_at(period);
    let seed = first.iter().sum::<f64>() / period as f64;
    rest.iter().fold(seed, |average, range| average + (range - average) / period as f64)
}

#[test]
fn every_stop_is_three_true_ranges_away_and_risks_two_percent() {
    let ran = run("donchian", "donchian", &[]);
    let rows = rows();
    let mut stops = 0;
    for (at, _, terms) in &ran.deeds.accepted {
        let OrderKind::TrailingStop { distance, .. } = terms.kind else { continue };
        let allowed = 3.0 * range_before(&rows, &at.to_string()[..10], 20);
        let TrailingDistance::Ticks(distance) = distance else { panic!("{distance}") };
        let distance = distance as f64 / 100.0;
        // Prices are in cents, and the distance is rounded to them.
        assert!((distance - allowed).abs() <= 0.01, "{at}: {distance}, {allowed}");
        // Equity never reached 1.3 million.
        assert!(terms.side == Side::Sell && terms.quantity.lots() as f64 * distance < 0.02 * 1.3e6);
        stops += 1;
    }
    assert!(stops > 30, "{stops}");
    // Long or in cash, all of a position goes at once, and each entry has its stop.
    let holdings = ran.deeds.holdings(0, 0);
    assert!(holdings.iter().all(|held| *held >= 0));
    let entries = ran.deeds.accepted.iter().filter(|(_, _, terms)| terms.side == Side::Buy).count();
    assert_eq!(entries, stops);
}

/// A day, in cents.
struct Day {
    date: String,
    open: i64,
    high: i64,
    low: i64,
    close: i64,
}

fn days() -> Vec<Day> {
    let text = std::fs::read_to_string("scenarios/data/sp500_daily.csv").unwrap();
    let rows = text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        #[expect(clippy::cast_possible_truncation, reason = "prices of the file are small")]
        let cents = |index: usize| (cells[index].parse::<f64>().unwrap() * 100.0).round() as i64;
        Day { date: cells[0].to_owned(), open: cents(1), high: cents(2), low: cents(3), close: cents(4) }
    });
    rows.collect()
}

/// Returns when and where a stop sells that trails the price at a distance from the open of the first day on:
/// at its trigger less ten cents, but not below the day's low; at the open, where a day opens beyond it.
fn plain_exit(days: &[Day], distance: i64) -> Option<(&str, i64)> {
    let mut best = days.first()?.open;
    for (number, day) in days.iter().enumerate() {
        if number > 0 && day.open <= best - distance {
            return Some((&day.date, day.open));
        }
        let is_high_first = day.high - day.open <= day.open - day.low;
        let [first, second] = if is_high_first { [day.high, day.low] } else { [day.low, day.high] };
        for price in [day.open, first, second, day.close] {
            if price <= best - distance {
                return Some((&day.date, (best - distance - 10).max(day.low)));
            }
            best = best.max(price);
        }
    }
    None
}

#[test]
fn every_trailing_stop_fills_where_a_plain_loop_fills_it() {
    let ran = run("donchian", "donchian", &[]);
    let days = days();
    let distances = ran.deeds.accepted.iter().filter_map(|(_, _, terms)| match terms.kind {
        OrderKind::TrailingStop { distance: TrailingDistance::Ticks(ticks), .. } => Some(ticks),
        _ => None,
    });
    let mut sold = 0;
    for (trip, distance) in ran.deeds.deals.chunks(2).zip(distances) {
        let day = trip[0].at.to_string()[..10].to_owned();
        let entered = days.iter().position(|it| it.date == day).unwrap();
        assert_eq!((trip[0].lots.signum(), trip[0].ticks), (1, days[entered].open));
        let expected = plain_exit(&days[entered..], distance).map(|(day, cents)| (day.to_owned(), cents));
        let found = trip.get(1).map(|sale| (sale.at.to_string()[..10].to_owned(), sale.ticks));
        assert_eq!(found, expected);
        sold += usize::from(found.is_some());
    }
    assert!(sold > 50, "{sold}");
}
