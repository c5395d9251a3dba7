//! What the marks of an account say of all that it has.

use super::*;

use bearpit_core::exchange::ClosingState;
use bearpit_core::market::{AccountMark, MarkCause};

const BETA: InstrumentId = InstrumentId::new(1);

/// A market of two instruments in which Anne has cash, and a dealer has shares of both.
fn day(millis: i64, left: Option<ClosingState>) -> (Live, Facts) {
    let mut builder = MarketBuilder::new(Seed::new(7), after(millis), after(millis + 60_000)).unwrap();
    let instruments = ["ACME", "BETA"].map(|symbol| {
        let instrument = Instrument::new(symbol, "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
        builder.instrument(instrument, None)
    });
    builder.venue("PIT", Fees::default(), Latencies::NONE, &instruments);
    builder.agent("anne", desk(10_000, 0), Desk).unwrap();
    let holdings = vec![(ACME, Quantity::new(1_000)), (BETA, Quantity::new(1_000))];
    let dealer = AccountConfig { holdings, ..account(100_000, 0) };
    builder.agent("dealer", ParticipantConfig::new("desk").with_account(dealer), Desk).unwrap();
    let facts = Facts::default();
    builder.sink(Box::new(facts.clone()));
    builder.goes_on();
    if let Some(left) = left {
        builder.opening(left);
    }
    (Live::start(builder), facts)
}

fn enter(live: &mut Live, millis: i64, name: &str, instrument: InstrumentId, terms: OrderTerms) {
    let instruction = Instruction::Submit { listing: ListingId::new(instrument.get()), terms };
    live.instruct(millis, name, instruction).unwrap();
}

/// Anne gains in one instrument; on the next day she buys of another before anything else is marked.
#[test]
fn a_mark_says_what_an_account_gained_in_all_instruments_since_its_first_day() {
    let (mut live, _) = day(0, None);
    enter(&mut live, 1, "dealer", ACME, limit(Side::Sell, 10, 10_000));
    enter(&mut live, 2, "anne", ACME, limit(Side::Buy, 10, 10_000));
    enter(&mut live, 3, "dealer", ACME, limit(Side::Buy, 4, 10_100));
    enter(&mut live, 4, "anne", ACME, limit(Side::Sell, 4, 10_100));
    enter(&mut live, 5, "dealer", ACME, limit(Side::Buy, 50, 10_200));
    enter(&mut live, 6, "dealer", ACME, limit(Side::Sell, 50, 10_400));
    enter(&mut live, 7, "dealer", BETA, limit(Side::Sell, 5, 5_000));
    live.market.step(after(8), u64::MAX).unwrap();
    live.market.settle().unwrap();
    let left = live.market.closing_state().unwrap().clone();

    let (mut live, facts) = day(8, Some(left));
    enter(&mut live, 9, "anne", BETA, limit(Side::Buy, 5, 5_000));
    let anne = live.id("anne");
    let facts = facts.0.borrow();
    let marks: Vec<&AccountMark> = facts
        .iter()
        .filter_map(|(_, fact)| match fact {
            Fact::AccountMarked(mark) if mark.owner == anne => Some(mark),
            _ => None,
        })
        .collect();
    assert_eq!(marks.len(), 1, "{marks:?}");
    assert_eq!((marks[0].instrument, marks[0].cause), (BETA, MarkCause::Fill));
    assert_eq!((marks[0].realized, marks[0].unrealized), (Money::ZERO, Money::ZERO));
    // Four sold for one more than they had cost, six that are worth three more.
    let totals = [4, 18].map(Money::from_whole);
    assert_eq!([marks[0].total_realized, marks[0].total_unrealized], totals);
    assert_eq!(marks[0].equity, Money::from_whole(10_000) + totals[0] + totals[1]);
    assert_eq!(live.market.world().domain().account(anne).unwrap().realized(), totals[0]);
}
