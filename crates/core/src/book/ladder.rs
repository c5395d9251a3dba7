//! Ladders: a book drawn as text.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::event::{MatchingEngine, OpenState};
use crate::market::{Instrument, Side};
use crate::units::{Price, Quantity};

/// The bid and ask columns of each price, the lowest price first.
type Rows = BTreeMap<Price, [String; 2]>;

/// Draws a book: asks above bids, prices in the middle, displayed sizes on their side.
///
/// ```text
/// bid |  price | ask
///     | 100.02 |  30
///     | 100.01 |   5
///  25 | 100.00 |
/// ```
///
/// During an auction call bids and asks may stand at one price.
///
/// ```
/// use bearpit_core::book::{MatchingEngine, OrderBook, ladder};
/// use bearpit_core::market::{Command, CommandKind, Instrument, OrderTerms, Side};
/// use bearpit_core::units::{ActorId, ListingId, OrderId, Price, Quantity, SimTime};
///
/// let mut book = OrderBook::default();
/// for (order, side, lots, ticks) in [(1, Side::Buy, 25, 10_000), (2, Side::Sell, 5, 10_001)] {
///     let kind = CommandKind::New(OrderTerms::limit(side, Quantity::new(lots), Price::new(ticks)));
///     let (order, owner, listing) = (OrderId::new(order), ActorId::new(0), ListingId::new(0));
///     book.execute(SimTime::from_nanos(0), &Command { order, owner, listing, kind }, &mut Vec::new());
/// }
/// let acme = Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?;
/// let expected = [
///     "bid |  price | ask",
///     "    | 100.01 |   5",
///     " 25 | 100.00 |",
/// ];
/// assert_eq!(ladder(&book, &acme), expected.join("\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn ladder(book: &impl MatchingEngine, instrument: &Instrument) -> String {
    let mut rows = Rows::new();
    for (column, side) in Side::BOTH.into_iter().enumerate() {
        for level in book.levels(side) {
            rows.entry(level.price).or_default()[column] = instrument.quantity_f64(level.size).to_string();
        }
    }
    let widest = rows.values().map(|[_, ask]| ask.len()).max().unwrap_or(0);
    drawn(&rows, widest.max("ask".len()), instrument)
}

/// Draws a book order by order (L3).
///
/// Each order is its id and displayed quantity, the oldest at the left; its hidden quantity follows after a
/// plus. Below the ladder are dormant orders: stops, orders for an auction, pegged orders without a reference
/// price.
///
/// ```text
///       bid |  price | ask
///           | 100.02 | 3:10 4:20
///           | 100.01 | 5:5+10
/// 1:10 2:15 | 100.00 |
/// waiting: buy 6:10, sell 7:5
/// ```
#[must_use]
pub fn ladder_by_order(book: &impl MatchingEngine, instrument: &Instrument) -> String {
    let mut rows = Rows::new();
    let mut waiting = Vec::new();
    for order in book.open_orders() {
        let label = label(&order, instrument);
        let Some(price) = order.price else {
            waiting.push(format!("{} {label}", order.side));
            continue;
        };
        let column = usize::from(order.side == Side::Sell);
        let queue = &mut rows.entry(price).or_default()[column];
        if !queue.is_empty() {
            queue.push(' ');
        }
        queue.push_str(&label);
    }
    let mut text = drawn(&rows, 0, instrument);
    if !waiting.is_empty() {
        text.push_str("\nwaiting: ");
        text.push_str(&waiting.join(", "));
    }
    text
}

fn label(order: &OpenState, instrument: &Instrument) -> String {
    let lots = |quantity: Quantity| instrument.quantity_f64(quantity);
    let mut label = format!("{}:{}", order.order.get(), lots(order.displayed));
    if !order.hidden.is_zero() {
        // Writing to a string cannot fail.
        write!(label, "+{}", lots(order.hidden)).ok();
    }
    label
}

/// Draws a table whose last column is right-aligned up to `asks` characters.
fn drawn(rows: &Rows, asks: usize, instrument: &Instrument) -> String {
    let places = instrument.tick_size().scale() as usize;
    let mut table: Vec<[String; 3]> = vec![["bid".into(), "price".into(), "ask".into()]];
    for (price, [bid, ask]) in rows.iter().rev() {
        table.push([bid.clone(), format!("{:.places$}", instrument.price_f64(*price)), ask.clone()]);
    }
    let width = |column: usize| table.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let (bids, prices) = (width(0), width(1));
    let lines =
        table.iter().map(|[bid, price, ask]| format!("{bid:>bids$} | {price:>prices$} | {ask:>asks$}"));
    lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::OrderBook;
    use crate::market::{Command, CommandKind, OrderKind, OrderTerms, Phase};
    use crate::units::{ActorId, ListingId, OrderId, SimTime};

    fn acme() -> Instrument {
        Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap()
    }

    fn enter(book: &mut OrderBook, order: u64, terms: OrderTerms) {
        let (order, owner, listing) = (OrderId::new(order), ActorId::new(0), ListingId::new(0));
        let command = Command { order, owner, listing, kind: CommandKind::New(terms) };
        book.execute(SimTime::from_nanos(0), &command, &mut Vec::new());
    }

    fn limit(side: Side, lots: u64, ticks: i64) -> OrderTerms {
        OrderTerms::limit(side, Quantity::new(lots), Price::new(ticks))
    }

    fn book() -> OrderBook {
        let mut book = OrderBook::default();
        enter(&mut book, 1, limit(Side::Buy, 10, 10_000));
        enter(&mut book, 2, limit(Side::Buy, 15, 10_000));
        enter(&mut book, 3, limit(Side::Sell, 10, 10_002));
        enter(&mut book, 4, limit(Side::Sell, 20, 10_002));
        let display = Some(Quantity::new(5));
        enter(&mut book, 5, OrderTerms { display, ..limit(Side::Sell, 15, 10_001) });
        for (order, side, trigger, lots) in [(6, Side::Buy, 10_005, 10), (7, Side::Sell, 9_000, 5)] {
            let kind = OrderKind::Stop { trigger: Price::new(trigger), protection: None };
            enter(&mut book, order, OrderTerms::new(side, Quantity::new(lots), kind));
        }
        book
    }

    #[test]
    fn the_market_sees_sizes() {
        let expected = ["bid |  price | ask", "    | 100.02 |  30", "    | 100.01 |   5", " 25 | 100.00 |"];
        assert_eq!(ladder(&book(), &acme()).lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_venue_sees_orders_and_what_they_hide_and_who_waits() {
        let expected = [
            "      bid |  price | ask",
            "          | 100.02 | 3:10 4:20",
            "          | 100.01 | 5:5+10",
            "1:10 2:15 | 100.00 |",
            "waiting: buy 6:10, sell 7:5",
        ];
        assert_eq!(ladder_by_order(&book(), &acme()).lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn bids_and_asks_that_meet_share_a_row() {
        let mut book = book();
        book.enter_phase(SimTime::from_nanos(1), Phase::ClosingAuction, &mut Vec::new());
        enter(&mut book, 8, limit(Side::Buy, 1_000, 10_002));
        let drawn = ladder(&book, &acme());
        assert!(drawn.contains("\n1000 | 100.02 |  30\n"), "{drawn}");
    }
}
