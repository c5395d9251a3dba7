//! The channel of auctions between participants.

use bearpit_core::market::{AuctionEvent, AuctionLot, Consideration, Fact, ProposalEnd};
use bearpit_core::units::{AuctionId, InstrumentId, Money, ProposalId, Quantity};
use serde_json::{Value, json};

use super::client::Fixture;
use crate::services::market_data::fixture::{ANNE, CROWD, Hand};

const SUBSCRIBE: &str = r#"{"op":"subscribe","channel":"auctions"}"#;
const AUCTION: AuctionId = AuctionId::new(1);

fn take(hand: &mut Hand, event: AuctionEvent) {
    hand.take(&Fact::Auction(event));
    hand.publish();
}

fn offer(hand: &mut Hand) {
    let lot = AuctionLot { instrument: InstrumentId::new(0), quantity: Quantity::new(5) };
    let deadline = "2025-03-03T15:00:00".parse().unwrap();
    take(hand, AuctionEvent::Offered { auction: AUCTION, owner: ANNE, lot, deadline });
}

fn propose(hand: &mut Hand, proposal: u64, consideration: Consideration) {
    let proposal = ProposalId::new(proposal);
    let (owner, proposer) = (ANNE, CROWD);
    take(hand, AuctionEvent::Proposed { auction: AUCTION, proposal, owner, proposer, consideration });
}

fn cash(units: i128) -> Consideration {
    Consideration::Cash(Money::from_units(units * 10_000_000_000))
}

#[test]
fn a_snapshot_of_what_is_open_comes_first_then_each_event_by_number_without_whose_it_is() {
    let mut fixture = Fixture::new();
    let anne = fixture.hand.anne.to_string();
    offer(&mut fixture.hand);
    propose(&mut fixture.hand, 1, cash(450));
    let mut client = fixture.connect();
    let subscribed = client.ask(SUBSCRIBE);
    assert_eq!((&subscribed["type"], &subscribed["channel"]), (&json!("subscribed"), &json!("auctions")));
    let snapshot = client.next();
    assert_eq!((&snapshot["type"], &snapshot["epoch"]), (&json!("snapshot"), &subscribed["epoch"]));
    let auction = &snapshot["auctions"][0];
    assert_eq!(
        (&auction["symbol"], &auction["quantity"], &auction["status"]),
        (&json!("ALFA"), &json!("5"), &json!("open"))
    );
    assert_eq!((&auction["proposals"][0]["cash"], &auction["yours"]), (&json!("450"), &Value::Null));
    assert!(!snapshot.to_string().contains(&anne) && !snapshot.to_string().contains("crowd"));

    let shares = Consideration::Shares { instrument: InstrumentId::new(1), quantity: Quantity::new(2_500) };
    propose(&mut fixture.hand, 2, shares);
    let rejected = AuctionEvent::ProposalEnded {
        auction: AUCTION,
        proposal: ProposalId::new(2),
        owner: ANNE,
        proposer: CROWD,
        why: ProposalEnd::Rejected,
    };
    take(&mut fixture.hand, rejected);
    take(
        &mut fixture.hand,
        AuctionEvent::Accepted {
            auction: AUCTION,
            proposal: ProposalId::new(1),
            owner: ANNE,
            proposer: CROWD,
            lot: AuctionLot { instrument: InstrumentId::new(0), quantity: Quantity::new(5) },
            consideration: cash(450),
            value: Money::from_units(4_500_000_000_000),
        },
    );
    let mut number = snapshot["next"].as_u64().unwrap();
    for (kind, field, value) in [
        ("proposed", "quantity", "2.5"),
        ("proposal_ended", "reason", "rejected"),
        ("accepted", "value", "450"),
    ] {
        let message = client.next();
        assert_eq!((&message["type"], &message[field]), (&json!(kind), &json!(value)), "{message}");
        assert_eq!((message["first"].as_u64(), message["next"].as_u64()), (Some(number), Some(number + 1)));
        assert!(!message.to_string().contains(&anne), "{message}");
        number += 1;
    }

    // Whoever was away goes on where it was, and whoever begins anew sees nothing open.
    let from = json!({ "epoch": snapshot["epoch"], "next": number - 1 });
    let mut again = fixture.connect();
    let resumed = json!({ "op": "subscribe", "channel": "auctions", "from": from });
    assert_eq!(again.ask(&resumed.to_string())["next"], json!(number - 1));
    assert_eq!(again.next()["type"], "accepted");
    let mut late = fixture.connect();
    late.ask(SUBSCRIBE);
    assert_eq!(late.next()["auctions"], json!([]));
}

#[test]
fn it_has_no_symbol_and_begins_anew_with_a_market_that_is_rebuilt() {
    let mut fixture = Fixture::new();
    let mut client = fixture.connect();
    let symbol = r#"{"op":"subscribe","channel":"auctions","symbol":"ALFA"}"#;
    assert_eq!(client.ask(symbol)["field"], "symbol");
    let other = r#"{"op":"subscribe","channel":"auctions","from":{"epoch":"1","next":1}}"#;
    assert_eq!(client.ask(other)["code"], "start_over");
    client.ask(SUBSCRIBE);
    let first = client.next();
    fixture.hand.begin_anew();
    fixture.hand.publish();
    let reset = client.next();
    assert_eq!((&reset["type"], &reset["channel"]), (&json!("reset"), &json!("auctions")), "{reset}");
    let snapshot = client.next();
    assert_eq!((&snapshot["type"], &snapshot["epoch"]), (&json!("snapshot"), &reset["epoch"]));
    assert_ne!(first["epoch"], snapshot["epoch"]);
}
