//! A book drawn as text, the way traders see it.

use std::fmt::Write;

use super::event::MatchingEngine;
use crate::market::{Instrument, Side};

/// Draws a book: asks above bids, prices in the middle, sizes on their side.
///
/// ```text
///   bid |  price | ask
///       | 100.02 |  30
///       | 100.01 |  10
///    25 | 100.00 |
/// ```
#[must_use]
pub fn ladder(book: &impl MatchingEngine, instrument: &Instrument) -> String {
    let places = instrument.tick_size().scale() as usize;
    let mut rows: Vec<[String; 3]> = vec![["bid".into(), "price".into(), "ask".into()]];
    for level in book.levels(Side::Sell).iter().rev() {
        let price = format!("{:.places$}", instrument.price_f64(level.price));
        rows.push([String::new(), price, instrument.quantity_f64(level.size).to_string()]);
    }
    for level in book.levels(Side::Buy) {
        let price = format!("{:.places$}", instrument.price_f64(level.price));
        rows.push([instrument.quantity_f64(level.size).to_string(), price, String::new()]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let [bids, prices, asks] = [width(0), width(1), width(2)];
    let mut text = String::new();
    for [bid, price, ask] in &rows {
        // Writing to a string cannot fail.
        writeln!(text, "{bid:>bids$} | {price:>prices$} | {ask:>asks$}").ok();
    }
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}
