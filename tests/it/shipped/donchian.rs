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
        // The strategy's own sales print below the day's low now and then, by the half-spread of ten cents.
        assert!((distance - allowed).abs() <= 0.05, "{at}: {distance}, {allowed}");
        // Equity never reached 1.2 million.
        assert!(terms.side == Side::Sell && terms.quantity.lots() as f64 * distance < 0.02 * 1.2e6);
        stops += 1;
    }
    assert!(stops > 30, "{stops}");
    // Long or in cash, all of a position goes at once, and each entry has its stop.
    let holdings = ran.deeds.holdings(0, 0);
    assert!(holdings.iter().all(|held| *held >= 0));
    let entries = ran.deeds.accepted.iter().filter(|(_, _, terms)| terms.side == Side::Buy).count();
    assert_eq!(entries, stops);
}
