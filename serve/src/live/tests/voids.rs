//! Markets that are rebuilt without a request.

use super::*;

/// A market that is rebuilt without one of its requests goes on as if it had never been made, and its journal
/// gives the same market ever after.
#[test]
fn a_void_request_is_left_away_and_told_so() {
    let mut exchange = Exchange::begin();
    for lots in 1..6 {
        exchange.act(&Act::Pass(700));
        let participant = exchange.seat(0);
        let terms = OrderTerms::market(Side::Buy, Quantity::new(lots));
        exchange.request(RequestKind::Instruct {
            participant,
            instruction: Instruction::Submit { listing: LISTING, terms },
        });
    }
    exchange.act(&Act::Pass(700));
    exchange.sync();
    let journal = exchange.file.into_medium().crash(&[true]);
    let frames = |bytes: &[u8]| {
        let mut reader = SegmentReader::open(bytes).unwrap();
        let mut records = Vec::new();
        while let Some(payload) = reader.next_frame().unwrap() {
            records.push(Record::from_bytes(payload).unwrap());
        }
        records
    };
    let is_third = |record: &Record| matches!(record, Record::Request { entry, .. } if entry.request.tag == Some(RequestTag::new(2)));
    let records = frames(&journal);
    let third = records.iter().position(is_third).unwrap() as u64;
    let voids = Voids::default().with(third, records.len() as u64);
    let wall = exchange.wall;
    let reader = SegmentReader::open(journal.as_slice()).unwrap();
    let start = Start { pacing: PACING, wall };
    let mut outputs = Vec::new();
    let mut live =
        LiveMarket::recover(laid_out(), reader, &voids, start, |output| outputs.push(output)).unwrap();
    assert_eq!(live.records(), records.len() as u64);
    live.void(third).unwrap();
    assert!(outputs.contains(&Output::Voided(RequestTag::new(2))));
    let bought = |live: &LiveMarket| {
        let anne = live.market().participant("anne").unwrap().id;
        live.market().world().domain().account(anne).unwrap().holding(ACME).lots()
    };
    assert_eq!(bought(&live), bought(&exchange.live) - 3);
    // It goes on, and is rebuilt from its journal with what was said there.
    live.advance(wall + Duration::from_secs(3)).unwrap();
    live.settle().unwrap();
    let mut journal = journal;
    journal.extend(live.take_appended());
    let read = || SegmentReader::open(journal.as_slice()).unwrap();
    let said = Voids::read(read()).unwrap();
    assert_eq!(said, voids);
    let again = LiveMarket::recover(laid_out(), read(), &said, start, |_| {}).unwrap();
    assert_eq!(again.market().digest(), live.market().digest());
}
