//! Batches by hand, on both kinds of database.

mod auctions;
mod notices;

use bearpit_core::market::Side;
use bearpit_core::units::SimTime;
use uuid::Uuid;

use super::*;
use crate::domain::AccountId;
use crate::store::database::testing::on_each_database;
use crate::store::database::{Amount, Database};

const UNIT: i128 = 10_000_000_000;

fn account(number: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(number))
}

fn whole(number: i128) -> Amount {
    Amount(number * UNIT)
}

fn order(number: i64, owner: u128, quantity: i128) -> OrderRow {
    OrderRow {
        order: number,
        account: account(owner),
        day: 1,
        symbol: "ACME".to_owned(),
        venue: "PIT".to_owned(),
        client: Some(format!("mine-{number}")),
        side: Side::Buy,
        terms: OrderTermsRow {
            kind: "limit".to_owned(),
            time_in_force: "gtc".to_owned(),
            expires_at: None,
            price: Some(whole(100)),
            trigger_price: None,
            displayed: None,
            minimum: Some(whole(1)),
            post_only: "no".to_owned(),
            self_trade: "allow".to_owned(),
            reduce_only: false,
            details: OrderDetails { take_profit: Some(whole(120)), ..OrderDetails::default() },
        },
        status: OrderStatus::Open,
        is_triggered: false,
        quantity: whole(quantity),
        leaves: whole(quantity),
        filled: Amount(0),
        traded_value: Amount(0),
        fees: Amount(0),
        reason: None,
        sent_at: Some(number * 10),
        accepted_at: Some(number * 10 + 1),
        ended_at: None,
    }
}

fn fill(trade: i64, order: &OrderRow, price: i128, quantity: i128) -> Change {
    Change::Filled(Box::new(FillRow {
        trade,
        order: order.order,
        account: order.account,
        day: 1,
        symbol: order.symbol.clone(),
        venue: order.venue.clone(),
        side: order.side,
        price: whole(price),
        quantity: whole(quantity),
        traded_value: whole(price * quantity),
        liquidity: "maker".to_owned(),
        fee: Amount(-5),
        queue_ahead: Some(whole(7)),
        at: trade * 100,
    }))
}

fn entered(row: &OrderRow) -> Change {
    Change::Entered(Box::new(row.clone()))
}

fn candle(start: i64, high: i128) -> Change {
    Change::Candle(Box::new(CandleRow {
        symbol: "ACME".to_owned(),
        venue: "PIT".to_owned(),
        interval: "1m".to_owned(),
        start,
        open: whole(100),
        high: whole(high),
        low: whole(90),
        close: whole(95),
        volume: whole(3),
        notional: whole(300),
        trades: 2,
    }))
}

/// A batch with a change for each fact, from fact number `from`.
fn batch(segment: u64, from: u64, ends: bool, changes: Vec<Change>) -> Batch {
    let changes: Vec<_> = (from..).zip(changes).collect();
    let to = from + changes.len() as u64;
    Batch { segment, voids: 0, fine_from: 0, from, to, ends, is_all: false, written_at: 7, changes }
}

async fn row(database: &Database, number: i64) -> OrderRow {
    database.order(account(1), number).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_order_is_followed_from_its_entry_to_its_end() {
    on_each_database(|database| async move {
        let mut projection = Projection::new(database.clone());
        let (first, second) = (order(1, 1, 10), order(2, 1, 10));
        let changes = vec![entered(&first), entered(&second), fill(1, &first, 100, 4)];
        assert_eq!(projection.apply(&batch(1, 0, false, changes)).await, Ok(3));
        assert_eq!(row(&database, 2).await, second);
        let partly = row(&database, 1).await;
        assert_eq!((partly.leaves, partly.filled, partly.status), (whole(6), whole(4), OrderStatus::Open));
        let replaced = Change::Replaced { order: 1, price: whole(103), leaves: whole(8) };
        let reason = "canceled by its owner".to_owned();
        let canceled = Change::Ended { order: 2, status: OrderStatus::Canceled, reason, at: 77 };
        let changes = vec![replaced, fill(2, &first, 103, 8), canceled];
        projection.apply(&batch(1, 3, false, changes)).await.unwrap();
        let filled = row(&database, 1).await;
        assert_eq!((filled.quantity, filled.leaves, filled.ended_at), (whole(12), whole(0), Some(200)));
        assert_eq!((filled.status, filled.fees), (OrderStatus::Filled, Amount(-10)));
        assert_eq!(filled.average_price(), Some(whole(102)));
        assert_eq!(filled.terms.price, Some(whole(103)));
        let over = row(&database, 2).await;
        assert_eq!((over.reason.as_deref(), over.ended_at), (Some("canceled by its owner"), Some(77)));
        assert_eq!(database.order(account(2), 1).await, Ok(None), "it is somebody else's");
        let named = database.order_of_client(account(1), "mine-2").await.unwrap().unwrap();
        assert_eq!(named.order, 2);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_order_keeps_what_a_replace_of_its_terms_has_left() {
    on_each_database(|database| async move {
        let mut projection = Projection::new(database.clone());
        let first = order(1, 1, 10);
        let terms = Box::new(ReplacedTermsRow {
            time_in_force: "gtd".to_owned(),
            expires_at: Some(900),
            price: None,
            trigger_price: Some(whole(95)),
            trail: Some(whole(5)),
            trail_bps: None,
        });
        let replaced = Change::TermsReplaced { order: 1, terms, leaves: whole(4) };
        let changes = vec![entered(&first), fill(1, &first, 100, 4), replaced];
        projection.apply(&batch(1, 0, false, changes)).await.unwrap();
        let row = row(&database, 1).await;
        assert_eq!((row.quantity, row.leaves, row.terms.details.revision), (whole(8), whole(4), 1));
        assert_eq!((row.terms.time_in_force.as_str(), row.terms.expires_at), ("gtd", Some(900)));
        assert_eq!((row.terms.price, row.terms.trigger_price), (None, Some(whole(95))));
        assert_eq!(row.terms.details.trail, Some(whole(5)));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_was_applied_is_not_applied_again() {
    on_each_database(|database| async move {
        let first = order(1, 1, 10);
        let changes = vec![entered(&first), fill(1, &first, 100, 4), fill(2, &first, 101, 1)];
        let whole_batch = batch(1, 0, false, changes.clone());
        let mut projection = Projection::new(database.clone());
        projection.apply(&batch(1, 0, false, changes[..2].to_vec())).await.unwrap();
        // By another process, which has the longer batch.
        let mut other = Projection::new(database.clone());
        assert_eq!(other.apply(&whole_batch).await, Ok(1));
        assert_eq!(other.apply(&whole_batch).await, Ok(0));
        assert_eq!(row(&database, 1).await.filled, whole(5));
        // The first one still takes the database to be where it left it.
        let stale = projection.apply(&whole_batch).await.unwrap_err();
        assert!(stale.is_conflict_on("fills.trade_id, fills.order_id"), "{stale}");
        assert_eq!(projection.apply(&whole_batch).await, Ok(0));
        assert_eq!(projection.position().await, Position::read(&database).await);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_order_goes_on_on_the_next_day() {
    on_each_database(|database| async move {
        let mut projection = Projection::new(database.clone());
        let first = order(1, 1, 10);
        let changes = vec![entered(&first), fill(1, &first, 100, 4), candle(60, 110)];
        projection.apply(&batch(1, 0, true, changes)).await.unwrap();
        let before = row(&database, 1).await;
        let carried = OrderRow { sent_at: None, client: None, day: 2, ..order(1, 1, 6) };
        let unknown = OrderRow { sent_at: None, ..order(9, 1, 5) };
        let changes = vec![entered(&carried), entered(&unknown), fill(2, &carried, 130, 2), candle(60, 120)];
        projection.apply(&batch(2, 0, true, changes)).await.unwrap();
        let after = row(&database, 1).await;
        assert_eq!((after.client, after.day, after.sent_at), (Some("mine-1".to_owned()), 1, Some(10)));
        assert_eq!((after.quantity, after.filled, after.leaves), (whole(10), whole(6), whole(4)));
        assert_eq!(row(&database, 9).await.leaves, whole(5));
        let filter = CandleFilter {
            symbol: "ACME".to_owned(),
            venue: "PIT".to_owned(),
            interval: "1m".to_owned(),
            from: SimTime::from_nanos(0),
            to: SimTime::from_nanos(1_000),
            limit: 10,
        };
        let candles = database.candles(&filter).await.unwrap().rows;
        assert_eq!((candles.len(), candles[0].high, candles[0].trades), (1, whole(120), 4));
        // All that the second day has brought is dropped again.
        projection.forget_from(2).await.unwrap();
        assert_eq!(row(&database, 1).await, before);
        assert_eq!(database.order(account(1), 9).await, Ok(None));
        assert_eq!(database.candles(&filter).await.unwrap().rows[0].high, whole(110));
        let position = Position { segment: 1, ..Position::START };
        assert_eq!(projection.position().await, Ok(position));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_segment_begins_anew_once_a_request_is_void() {
    on_each_database(|database| async move {
        let mut projection = Projection::new(database.clone());
        let (first, second) = (order(1, 1, 10), order(2, 1, 10));
        let changes = vec![entered(&first), entered(&second), fill(1, &second, 100, 4)];
        projection.apply(&batch(1, 0, false, changes)).await.unwrap();
        let again = Batch { voids: 1, ..batch(1, 0, false, vec![entered(&first)]) };
        projection.apply(&again).await.unwrap();
        assert_eq!(database.order(account(1), 2).await, Ok(None));
        assert_eq!(row(&database, 1).await, first);
        assert!(database.fills(&FillFilter::of(account(1), 9)).await.unwrap().rows.is_empty());
        assert_eq!(projection.position().await, Ok(again.end()));
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn fine_candles_of_old_days_are_deleted() {
    on_each_database(|database| async move {
        let mut projection = Projection::new(database.clone());
        projection.apply(&batch(1, 0, true, vec![candle(60, 110), candle(120, 110)])).await.unwrap();
        let next = Batch { fine_from: 100, ..batch(2, 0, false, Vec::new()) };
        projection.apply(&next).await.unwrap();
        let filter = CandleFilter {
            symbol: "ACME".to_owned(),
            venue: "PIT".to_owned(),
            interval: "1m".to_owned(),
            from: SimTime::from_nanos(0),
            to: SimTime::from_nanos(1_000),
            limit: 10,
        };
        let starts: Vec<_> =
            database.candles(&filter).await.unwrap().rows.iter().map(|row| row.start).collect();
        assert_eq!(starts, [120]);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn orders_and_fills_are_found_by_filters_and_in_pages() {
    on_each_database(|database| async move {
        let mut projection = Projection::new(database.clone());
        let mut changes = Vec::new();
        for number in 1..=7 {
            let mut row = order(number, if number == 4 { 2 } else { 1 }, 10);
            row.symbol = if number % 2 == 0 { "EVEN" } else { "ODD" }.to_owned();
            changes.push(entered(&row));
            changes.push(fill(number, &row, 100, if number == 7 { 10 } else { 1 }));
            if number == 5 {
                // Both sides of a trade of one's own.
                let other = OrderRow { order: 6, ..row };
                changes.push(fill(number, &other, 100, 1));
            }
        }
        // The fill of order 6 came before the order itself.
        let moved = changes.remove(10);
        changes.push(moved);
        projection.apply(&batch(1, 0, false, changes)).await.unwrap();
        let orders = async |filter: OrderFilter| {
            let page = database.orders(&filter).await.unwrap();
            (page.rows.iter().map(|row| row.order).collect::<Vec<_>>(), page.next)
        };
        let all = OrderFilter::of(account(1), 4);
        let place = OrderPlace { entered_at: 30, order: 3 };
        assert_eq!(orders(all.clone()).await, (vec![7, 6, 5, 3], Some(place)));
        assert_eq!(orders(OrderFilter { behind: Some(place), ..all.clone() }).await, (vec![2, 1], None));
        let filled = OrderFilter { status: Some(OrderStatus::Filled), ..all.clone() };
        assert_eq!(orders(filled).await, (vec![7], None));
        let even =
            OrderFilter { symbol: Some("EVEN".to_owned()), venue: Some("PIT".to_owned()), ..all.clone() };
        assert_eq!(orders(even).await, (vec![6, 2], None));
        let early = OrderFilter { from: Some(20), to: Some(50), ..all };
        assert_eq!(orders(early).await, (vec![3, 2], None));

        let mut filter = FillFilter::of(account(1), 3);
        let mut seen = Vec::new();
        loop {
            let page = database.fills(&filter).await.unwrap();
            assert!(page.rows.len() <= 3);
            seen.extend(page.rows.iter().map(|row| (row.trade, row.order)));
            filter.behind = page.next;
            if page.next.is_none() {
                break;
            }
        }
        assert_eq!(seen, [(7, 7), (6, 6), (5, 6), (5, 5), (3, 3), (2, 2), (1, 1)]);
        let of_order = FillFilter { order: Some(6), ..FillFilter::of(account(1), 9) };
        assert_eq!(database.fills(&of_order).await.unwrap().rows.len(), 2);
        let late = FillFilter { from: Some(300), to: Some(600), ..FillFilter::of(account(1), 9) };
        assert_eq!(database.fills(&late).await.unwrap().rows.len(), 3);
    })
    .await
    .unwrap();
}

fn mark(at: i64, equity: i128, funded: i128) -> Change {
    let (account, fees) = (account(1), Amount(0));
    Change::Marked(MarkRow {
        account,
        at,
        equity: whole(equity),
        cash: whole(1),
        fees,
        funded: whole(funded),
    })
}

#[tokio::test]
async fn the_closings_of_days_are_found_and_what_came_from_outside_is_kept() {
    on_each_database(|database| async move {
        let mut projection = Projection::new(database.clone());
        let day = 86_400_000_000_000;
        let changes = vec![
            mark(1, 100, 100),
            mark(10, 101, 0),
            mark(20, 202, 100),
            mark(day - 1, 203, 0),
            mark(day, 204, 0),
            mark(day + 1, 205, 0),
            mark(day + 9, 206, 7),
        ];
        projection.apply(&batch(1, 0, false, changes)).await.unwrap();
        // The market goes on after a stop: it is marked at the same moment.
        projection.apply(&batch(2, 0, false, vec![mark(day + 9, 206, 0)])).await.unwrap();
        let (from, to) = (SimTime::from_nanos(0), SimTime::from_nanos(2 * day));
        let rows = database.account_closings(account(1), from, to, 100).await.unwrap();
        let found: Vec<_> = rows.iter().map(|row| (row.at, row.equity, row.funded)).collect();
        let wanted = [(1, 100, 100), (20, 202, 100), (day, 204, 0), (day + 9, 206, 7)];
        assert_eq!(found, wanted.map(|(at, equity, funded)| (at, whole(equity), whole(funded))));
        let until = SimTime::from_nanos(day);
        let rows = database.account_closings(account(1), from, until, 2).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.at).collect::<Vec<_>>(), [1, 20]);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn the_worth_of_an_account_is_read_in_pages() {
    on_each_database(|database| async move {
        let mut projection = Projection::new(database.clone());
        let mark = |at, equity| mark(at, equity, 0);
        // The last one comes again as the first of a market that goes on.
        let changes = vec![mark(10, 100), mark(20, 101), mark(30, 102), mark(30, 102)];
        projection.apply(&batch(1, 0, false, changes)).await.unwrap();
        let end = SimTime::from_nanos(1_000);
        let page = database.account_marks(account(1), SimTime::from_nanos(0), end, 2).await.unwrap();
        assert_eq!(page.rows.iter().map(|row| row.at).collect::<Vec<_>>(), [10, 20]);
        let rest = database.account_marks(account(1), page.next.unwrap(), end, 2).await.unwrap();
        assert_eq!((rest.rows.len(), rest.rows[0].equity, rest.next), (1, whole(102), None));
        assert!(
            database.account_marks(account(2), SimTime::from_nanos(0), end, 2).await.unwrap().rows.is_empty()
        );
    })
    .await
    .unwrap();
}

/// Prints how many changes a second each database takes, in batches as the projector makes them.
#[tokio::test]
#[ignore = "measures"]
#[expect(clippy::disallowed_methods, reason = "it measures")]
async fn measure_the_rate_of_changes() {
    on_each_database(|database| async move {
        let mut projection = Projection::new(database.clone());
        let began = std::time::Instant::now();
        let (mut from, mut changes) = (0, 0);
        for round in 0..50 {
            let rows: Vec<_> = (0..341).map(|number| order(round * 1_000 + number, 1, 10)).collect();
            let of_round = rows.iter().flat_map(|row| {
                let reason = "canceled by its owner".to_owned();
                let end = Change::Ended { order: row.order, status: OrderStatus::Canceled, reason, at: 1 };
                [entered(row), fill(row.order, row, 100, 1), end]
            });
            let batch = batch(1, from, false, of_round.collect());
            from = batch.to;
            changes += projection.apply(&batch).await.unwrap();
        }
        let seconds = began.elapsed().as_secs_f64();
        eprintln!("{}: {changes} changes in {seconds:.2} s", database.kind());
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_an_order_was_when_a_segment_began_is_known_and_outlasts_that_segment_being_forgotten() {
    on_each_database(|database| async move {
        let mut projection = Projection::new(database.clone());
        let first = order(1, 1, 10);
        let replaced = |leaves| Change::Replaced { order: 1, price: whole(101), leaves: whole(leaves) };
        let changes = vec![entered(&first), replaced(10), fill(1, &first, 100, 4), replaced(6)];
        projection.apply(&batch(1, 0, true, changes)).await.unwrap();
        let carried = |at, leaves| {
            let again =
                OrderRow { sent_at: None, accepted_at: Some(at), leaves: whole(leaves), ..first.clone() };
            entered(&OrderRow { quantity: whole(leaves), ..again })
        };
        // Nothing happens to it in the second.
        projection.apply(&batch(2, 0, true, vec![carried(2_000, 6)])).await.unwrap();
        let third = vec![carried(3_000, 6), replaced(6), fill(2, &first, 102, 1)];
        projection.apply(&batch(3, 0, false, third.clone())).await.unwrap();
        let before = |row: &OrderRow, at| {
            row.carried_at(at).map(|it| (it.revision, it.filled, it.traded_value, it.fees))
        };
        let found = row(&database, 1).await;
        assert_eq!(before(&found, 3_000), Some((2, whole(4), whole(400), Amount(-5))));
        assert_eq!(before(&found, 4_000), None, "the database has not come to that segment");
        assert_eq!((found.terms.details.revision, found.filled), (3, whole(5)));
        projection.forget_from(3).await.unwrap();
        let found = row(&database, 1).await;
        assert_eq!((found.terms.details.revision, found.filled), (2, whole(4)), "as it was");
        projection.apply(&batch(3, 0, false, third)).await.unwrap();
        let found = row(&database, 1).await;
        assert_eq!((found.terms.details.revision, found.filled), (3, whole(5)), "nothing counts twice");
        assert_eq!(before(&found, 3_000).unwrap().0, 2);
        // An exit that entered in this segment was nothing before.
        let exit = OrderRow { sent_at: None, accepted_at: Some(3_100), ..order(2, 1, 5) };
        projection.apply(&batch(3, 3, false, vec![entered(&exit)])).await.unwrap();
        assert_eq!(before(&row(&database, 2).await, 3_100), Some((0, Amount(0), Amount(0), Amount(0))));
    })
    .await
    .unwrap();
}
