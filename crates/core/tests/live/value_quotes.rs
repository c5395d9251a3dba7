//! Quotes of values from outside: the process that follows them, the maker that quotes by it, the journal.

use super::*;

use bearpit_agents::{FeedMaker, FeedMakerConfig};
use bearpit_core::exchange::ProcessConfig;
use bearpit_core::kernel::{InjectError, MemoryJournal};
use bearpit_core::market::ValueQuote;
use bearpit_core::participant::{OperatorRefusal, QuoteRefusal, RequestError};
use bearpit_core::process::{FeedProcess, Gbm};
use bearpit_core::units::Decimal;
use proptest::prelude::*;

fn money(text: &str) -> Money {
    Money::from_decimal(text.parse().unwrap()).unwrap()
}

fn at(value: &str) -> ValueQuote {
    ValueQuote::of(money(value))
}

fn touch(value: &str, bid: &str, ask: &str) -> ValueQuote {
    ValueQuote { value: money(value), bid: Some(money(bid)), ask: Some(money(ask)) }
}

/// A feed of ACME, at a tenth of itself a jump, a maker that follows it, and GBM of another kind; a minute.
fn market() -> (MarketBuilder, Facts) {
    let facts = Facts::default();
    let mut builder = MarketBuilder::new(Seed::new(7), after(0), after(60_000)).unwrap();
    let instrument = |symbol| Instrument::new(symbol, "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let grid = SimDuration::from_secs(1);
    let feed = ProcessConfig { process: Box::new(FeedProcess::new(100.0, 0.1)), initial: 100.0, grid };
    let gbm = ProcessConfig { process: Box::new(Gbm::new(100.0, 0.0, 0.3, 1_638.0)), initial: 100.0, grid };
    let listed = [
        builder.instrument(instrument("ACME"), Some(feed)),
        builder.instrument(instrument("GBM"), Some(gbm)),
        builder.instrument(instrument("NONE"), None),
    ];
    builder.venue("PIT", Fees::default(), Latencies::NONE, &listed);
    let maker = FeedMakerConfig {
        listing: LISTING,
        half_spread_ticks: 5,
        quantity: Quantity::new(10),
        max_inventory: Quantity::new(15),
        follows_touch: true,
        levels: 2,
        level_ticks: 3,
        stale_after: SimDuration::from_secs(10),
        interval: SimDuration::from_millis(100),
    };
    builder
        .agent(
            "maker",
            ParticipantConfig::new("feed").with_account(account(100_000, 1_000)),
            FeedMaker::new(maker),
        )
        .unwrap();
    builder.agent("b", desk(100_000, 1_000), Desk).unwrap();
    builder.factory(Factory);
    builder.sink(Box::new(facts.clone()));
    (builder, facts)
}

impl Live {
    fn hear(&mut self, millis: i64, quote: ValueQuote) -> Result<Outcome, RequestRefusal> {
        self.ask(millis, RequestKind::Quote { instrument: ACME, quote, is_forced: false }).outcome
    }

    /// The prices of the maker's orders, in ticks, at a time.
    fn shown(&mut self, millis: i64) -> Vec<i64> {
        self.market.step(after(millis), u64::MAX).unwrap();
        let account = self.market.world().domain().account(self.id("maker")).unwrap();
        let mut prices: Vec<i64> =
            account.open_orders().iter().filter_map(|order| order.price).map(Price::ticks).collect();
        prices.sort_unstable();
        prices
    }
}

#[test]
fn the_maker_shows_what_the_feed_says_and_nothing_while_it_is_silent() {
    let (builder, facts) = market();
    let mut live = Live::start(builder);
    assert_eq!(live.shown(1_000), [0_i64; 0], "it has not been heard");
    // 101.20 less and more 0.05, and 0.03 further away.
    assert_eq!(live.hear(1_050, at("101.2")), Ok(Outcome::Quoted));
    assert_eq!(live.shown(1_200), [10_112, 10_115, 10_125, 10_128]);
    // The feed's own bid and ask; what lies between two ticks is rounded away from the other side.
    assert_eq!(live.hear(2_050, touch("102", "101.995", "102.031")), Ok(Outcome::Quoted));
    assert_eq!(live.shown(2_200), [10_196, 10_199, 10_204, 10_207]);
    assert_eq!(live.hear(3_050, touch("100", "99.99", "100.01")), Ok(Outcome::Quoted));
    assert_eq!(live.shown(3_200), [9_996, 9_999, 10_001, 10_004]);
    assert_eq!(live.shown(13_000), [9_996, 9_999, 10_001, 10_004]);
    assert_eq!(live.shown(13_200), [0_i64; 0], "ten seconds later it is silent");
    assert_eq!(live.hear(14_000, at("100")), Ok(Outcome::Quoted));
    assert_eq!(live.shown(14_200), [9_992, 9_995, 10_005, 10_008]);
    let line = |(_, fact): &(SimTime, Fact)| match fact {
        Fact::Logged { text, .. } => Some(text.to_string()),
        Fact::ValueQuoted { instrument, quote } => Some(format!("{instrument}: {}", quote.value)),
        _ => None,
    };
    let told: Vec<String> = facts.0.borrow().iter().filter_map(line).collect();
    let expected = [
        "the feed has not been heard yet: no orders",
        "0: 101.20",
        "the feed is heard: quoting",
        "0: 102.00",
        "0: 100.00",
        "the feed is silent since 2025-03-03T09:30:03.05: orders canceled",
        "0: 100.00",
        "the feed is heard: quoting",
    ];
    assert_eq!(told, expected);
}

#[test]
fn the_maker_stops_on_the_side_on_which_it_has_enough() {
    let (builder, _) = market();
    let mut live = Live::start(builder);
    live.hear(1_000, at("100")).unwrap();
    live.shown(1_200);
    // It sells all that it shows, 20 lots: more than 15 short, it only buys.
    live.submit(1_300, "b", limit(Side::Buy, 20, 10_100)).unwrap();
    assert_eq!(live.shown(1_500), [9_992, 9_995]);
}

#[test]
fn quotes_that_are_none_are_refused_and_move_nothing() {
    let (builder, facts) = market();
    let mut live = Live::start(builder);
    let quoted = |live: &mut Live, instrument, quote| {
        let kind = RequestKind::Quote { instrument: InstrumentId::new(instrument), quote, is_forced: true };
        live.ask(1_000, kind).outcome.unwrap_err()
    };
    for other in [1, 2] {
        assert_eq!(quoted(&mut live, other, at("100")), QuoteRefusal::NotAFeed.into());
    }
    for (text, said) in [
        ("0", "0.00 is no price of the instrument, whose lowest is 0.01"),
        ("-5", "-5.00 is no price of the instrument, whose lowest is 0.01"),
        ("0.004", "0.004 is no price of the instrument, whose lowest is 0.01"),
        ("99999999999999", "99999999999999.00 is no price of the instrument, whose lowest is 0.01"),
    ] {
        assert_eq!(quoted(&mut live, 0, at(text)).to_string(), said);
    }
    let crossed = quoted(&mut live, 0, touch("100", "100.1", "99.9"));
    assert_eq!(crossed.to_string(), "the bid 100.10 is above the ask 99.90");
    live.hear(1_100, at("100")).unwrap();
    let far = live.hear(1_200, at("110.01")).unwrap_err();
    let expected = "110.01 is too far from the last value 100.00: by `max_jump` it must lie between 90.00 and 110.00, unless it \
                    is forced";
    assert_eq!(far.to_string(), expected);
    let unknown = RequestKind::Quote { instrument: InstrumentId::new(3), quote: at("1"), is_forced: false };
    let now = live.market.world().now();
    let error = live.market.request(now, Request { tag: None, kind: unknown }).unwrap_err();
    assert!(matches!(error, InjectError::Request(RequestError::UnknownInstrument(_))), "{error}");
    let count = facts.0.borrow().iter().filter(|(_, fact)| matches!(fact, Fact::ValueQuoted { .. })).count();
    assert_eq!(count, 1);
    let forced = RequestKind::Quote { instrument: ACME, quote: at("250"), is_forced: true };
    assert_eq!(live.ask(1_300, forced).outcome, Ok(Outcome::Quoted));
    let late = RequestKind::Quote { instrument: ACME, quote: at("250"), is_forced: false };
    live.market.request(after(60_001), Request { tag: Some(RequestTag::new(90)), kind: late }).unwrap();
    let answers: Vec<Answer> = live.finish().take_answers().collect();
    assert_eq!(answers[0].outcome, Err(OperatorRefusal::Closed.into()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn prop_the_journal_of_quotes_gives_the_same_digest(
        quotes in prop::collection::vec((1..400_i64, 9_000..11_000_i64, any::<bool>()), 1..30),
    ) {
        let journal = MemoryJournal::new();
        let (mut journalled, _) = market();
        journalled.journal(journal.clone());
        let mut live = Live::start(journalled);
        let mut millis = 0;
        for (after_last, ticks, is_forced) in &quotes {
            millis += after_last;
            let quote = ValueQuote::of(Money::from_decimal(Decimal::new(i128::from(*ticks), 2)).unwrap());
            let kind = RequestKind::Quote { instrument: ACME, quote, is_forced: *is_forced };
            // What is refused is in the journal, too.
            live.ask(millis, kind).outcome.ok();
        }
        live.market.step(live.market.close(), u64::MAX).unwrap();
        live.market.settle().unwrap();
        let (builder, _) = market();
        let mut again = builder.open().unwrap();
        again.start();
        let entries = journal.entries();
        prop_assert_eq!(entries.len(), quotes.len());
        for entry in entries {
            again.replay(entry).unwrap();
        }
        again.step(again.close(), u64::MAX).unwrap();
        again.settle().unwrap();
        prop_assert_eq!(again.digest(), live.market.digest());
    }
}
