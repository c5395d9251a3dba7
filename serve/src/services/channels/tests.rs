//! Requests of groups, and what is told, in a market that runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use ring::hmac;
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, channel};
use uuid::Uuid;

use super::*;
use crate::channels::mqtt::{Outcome, Received, Requests};
use crate::channels::{ChannelSink, Newest, Reader, Stretch, Teller};
use crate::config::{Config, PasswordConfig};
use crate::domain::{
    AccountId, Actor, Credential, ProblemKind, Role, Scope, Scopes, SessionId, UserId, WallTime,
};
use crate::services::auctions::Auctions;
use crate::services::identity::{Clock, Identity, IdentityParts, Newcomers};
use crate::services::trading::tests::Floor;
use crate::store::database::{Statement, args};
use crate::store::people::{NewUser, People};

struct Nobody;

impl Newcomers for Nobody {
    fn registered(&self, _: AccountId) {}
}

/// A market with channels, a person and a group.
struct Bench {
    floor: Floor,
    groups: Arc<Groups>,
    identity: Arc<Identity>,
    requests: ChannelRequests,
    anne: Actor,
    secret: String,
    millis: Arc<AtomicI64>,
    news: Receiver<Stretch>,
    _data: tempfile::TempDir,
}

const START: i64 = 1_764_424_800_000;

fn actor() -> Actor {
    Actor {
        user: UserId::draw(),
        account: AccountId::draw(),
        role: Role::User,
        scopes: Scopes::of_role(Role::User),
        credential: Credential::Session(SessionId::draw()),
    }
}

async fn add(people: &People, actor: &Actor, name: &str) {
    let user = NewUser {
        id: actor.user,
        username: name.to_owned(),
        username_key: name.to_owned(),
        mail: None,
        is_verified: true,
        role: actor.role,
        password_hash: None,
        account: actor.account,
        now: WallTime::from_nanos(0),
    };
    people.add(&user).await.unwrap();
}

impl Bench {
    async fn open(allow_keys: bool) -> Self {
        let (sender, news) = channel(1_000);
        let sink = ChannelSink::new(vec![Reader { known: None, wants_trades: true, news: sender }]);
        let floor = Floor::open_with_auctions_to(vec![Box::new(sink)]).await;
        let (database, data) = (floor.trading.database.clone(), tempfile::tempdir().unwrap());
        let millis = Arc::new(AtomicI64::new(START));
        let now = Arc::clone(&millis);
        let clock: Clock = Arc::new(move || WallTime::from_nanos(now.load(Ordering::SeqCst) * 1_000_000));
        let mut config = Config::defaults().unwrap();
        config.identity.passwords = PasswordConfig { memory_kib: 64, passes: 1, threads: 2 };
        let identity = IdentityParts {
            config: config.identity,
            data: data.path(),
            database: database.clone(),
            sessions: None,
            clock: Arc::clone(&clock),
            newcomers: Arc::new(Nobody),
        };
        let identity = Arc::new(Identity::new(identity).unwrap());
        let groups = Arc::new(Groups::new(database.clone(), false, Arc::clone(&clock)));
        let mut mqtt = config.channels.mqtt;
        (mqtt.allow_keys, mqtt.requests_per_second) = (allow_keys, 5);
        let requests = ChannelRequests::new(RequestsParts {
            auctions: Arc::new(Auctions::new(Arc::clone(&floor.trading))),
            identity: Arc::clone(&identity),
            groups: Arc::clone(&groups),
            config: mqtt,
            clock,
        });
        let anne = actor();
        add(&People::new(database), &anne, "anne").await;
        let drawn = groups.register(&anne, GroupRequest { name: "desk".to_owned() }).await.unwrap();
        assert_eq!(drawn.account_id, anne.account);
        let secret = drawn.secret.expose().to_owned();
        Self { floor, groups, identity, requests, anne, secret, millis, news, _data: data }
    }

    fn pass(&self, millis: i64) {
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }

    fn now(&self) -> String {
        WallTime::from_nanos(self.millis.load(Ordering::SeqCst) * 1_000_000).to_string()
    }

    /// Makes a request of the group, signed with a secret.
    fn signed(&self, topic: &str, body: &Value, secret: &str) -> Received {
        let payload = body.to_string().into_bytes();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, &payload);
        let signature = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Received { topic: topic.to_owned(), payload, properties: vec![("signature".to_owned(), signature)] }
    }

    async fn answer(&self, received: Received) -> Value {
        match self.requests.take(received).await.0.await {
            Outcome::Answered(message) => {
                assert_eq!(message.topic, "validation");
                serde_json::from_slice(&message.payload).unwrap()
            }
            Outcome::Unanswerable(why) => panic!("{why}"),
        }
    }

    async fn ask(&self, body: &Value) -> Value {
        // So that no request is one too many of its second.
        self.pass(1_000);
        self.answer(self.signed("requests", body, &self.secret)).await
    }

    fn order(&self, id: Uuid, price: &str) -> Value {
        json!({ "request_id": id, "group": "desk", "sent_at": self.now(),
                "symbol": "ACME", "venue": "PIT", "side": "buy", "quantity": "10", "price": price })
    }
}

#[tokio::test]
async fn an_order_is_entered_once_for_its_request_id_and_is_answered_the_same_each_time() {
    let bench = Bench::open(false).await;
    let id = Uuid::now_v7();
    let order = bench.order(id, "99.50");
    let first = bench.ask(&order).await;
    assert_eq!((&first["accepted"], &first["status"]), (&json!(true), &json!("pending_new")), "{first}");
    assert_eq!((&first["request_id"], &first["group"]), (&json!(id), &json!("desk")));
    assert!(first["at"].is_string() && first["order_id"].is_string());
    assert_eq!(bench.ask(&order).await, first);
    let other = bench.ask(&bench.order(id, "99.40")).await;
    assert_eq!((&other["accepted"], &other["reason"]), (&json!(false), &json!("request_id_in_use")));
    let open = bench.floor.trading.open_orders(bench.anne.account).await.unwrap();
    assert_eq!(open.orders.len(), 1);
    assert_eq!(json!(open.orders[0].order_id), first["order_id"]);
    // A cancel has an id of its own, and is done once, too.
    let cancel = json!({ "request_id": Uuid::now_v7(), "group": "desk", "sent_at": bench.now(),
                         "cancel": first["order_id"] });
    let canceled = bench.ask(&cancel).await;
    assert_eq!((&canceled["status"], &canceled["order_id"]), (&json!("pending_cancel"), &first["order_id"]));
    assert_eq!(bench.ask(&cancel).await, canceled);
    bench.floor.end();
}

#[tokio::test]
async fn what_is_wrong_with_an_order_is_said_as_the_api_says_it() {
    let bench = Bench::open(false).await;
    let with = |change: Value| {
        let mut order = bench.order(Uuid::now_v7(), "99.50");
        order.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        order
    };
    for (change, reason, field) in [
        (json!({ "symbol": "NONE", "venue": null }), "unknown_symbol", "symbol"),
        (json!({ "price": "99.505" }), "off_tick", "price"),
        (json!({ "side": "hold" }), "invalid_field", "side"),
        (json!({ "quantity": 100_000_000 }), "insufficient_cash", "quantity"),
        (json!({ "cancel": "x" }), "unknown_field", "price"),
    ] {
        let answer = bench.ask(&with(change)).await;
        assert_eq!(answer["accepted"], false, "{answer}");
        assert_eq!((&answer["reason"], &answer["field"]), (&json!(reason), &json!(field)), "{answer}");
        assert!(answer["explanation"].as_str().unwrap().len() > 5);
    }
    let refused = with(json!({ "quantity": 100_000_000 }));
    let first = bench.ask(&refused).await;
    assert!(first["order_id"].as_str().unwrap().starts_with('R'));
    assert_eq!(bench.ask(&refused).await, first);
    bench.floor.end();
}

#[tokio::test]
async fn an_unknown_group_and_a_wrong_signature_are_answered_alike() {
    let bench = Bench::open(false).await;
    let order = bench.order(Uuid::now_v7(), "99.50");
    let mut unknown = order.clone();
    unknown["group"] = json!("nobody");
    let mut answers = Vec::new();
    for (body, secret) in
        [(&order, "wrong"), (&unknown, "wrong"), (&unknown, bench.secret.as_str()), (&unknown, "")]
    {
        let mut answer = bench.answer(bench.signed("requests", body, secret)).await;
        assert_eq!(answer["reason"], "not_authorized");
        answer["group"] = Value::Null;
        answers.push(answer);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    // A rotated secret counts, the one before does not.
    let drawn = bench.groups.rotate(&bench.anne, "desk").await.unwrap();
    assert_eq!(bench.ask(&order).await["reason"], "not_authorized");
    let accepted = bench.answer(bench.signed("requests", &order, drawn.secret.expose())).await;
    assert_eq!(accepted["accepted"], true, "{accepted}");
    // Nor does one of somebody who was shut out.
    let block = Statement::new("UPDATE users SET blocked_at = 1 WHERE id = $1");
    bench.floor.trading.database.execute(block, args![bench.anne.user]).await.unwrap();
    bench.pass(2_000);
    let blocked = bench.answer(bench.signed("requests", &order, drawn.secret.expose())).await;
    assert_eq!(blocked["reason"], "blocked");
    bench.floor.end();
}

#[tokio::test]
async fn an_old_request_enters_nothing_but_is_answered_if_it_was_carried_out() {
    let bench = Bench::open(false).await;
    let (done, late) = (bench.order(Uuid::now_v7(), "99.50"), bench.order(Uuid::now_v7(), "99.40"));
    let first = bench.ask(&done).await;
    bench.pass(10 * 60_000);
    assert_eq!(bench.ask(&done).await, first);
    let answer = bench.ask(&late).await;
    assert_eq!((&answer["reason"], &answer["field"]), (&json!("too_old"), &json!("sent_at")));
    let mut early = bench.order(Uuid::now_v7(), "99.30");
    early["sent_at"] = json!("2099-01-01T00:00:00Z");
    assert_eq!(bench.ask(&early).await["reason"], "too_old");
    assert_eq!(bench.floor.trading.open_orders(bench.anne.account).await.unwrap().orders.len(), 1);
    bench.floor.end();
}

#[tokio::test]
async fn a_group_makes_so_many_requests_in_a_second_and_a_key_is_taken_where_that_is_allowed() {
    let bench = Bench::open(true).await;
    let mut reasons = Vec::new();
    for _ in 0..7 {
        let order = bench.order(Uuid::now_v7(), "1.00");
        reasons.push(bench.answer(bench.signed("requests", &order, &bench.secret)).await["reason"].clone());
    }
    assert_eq!(reasons[..5], vec![Value::Null; 5]);
    assert_eq!(reasons[5..], vec![json!("too_many_requests"); 2]);
    let key = |scope: Scope| bench.identity.create_key(&bench.anne, "k", [scope].into_iter().collect());
    let (trade, read) = (key(Scope::Trade).await.unwrap(), key(Scope::Read).await.unwrap());
    let wrong = trade.secret.expose().replace("bpk_", "bpk_A");
    for (id, secret, reason) in [
        (trade.id, trade.secret.expose(), Value::Null),
        (read.id, read.secret.expose(), json!("insufficient_scope")),
        (read.id, trade.secret.expose(), json!("not_authorized")),
        (trade.id, wrong.as_str(), json!("not_authorized")),
    ] {
        let body = json!({ "request_id": Uuid::now_v7(), "key_id": id, "key_secret": secret,
                           "symbol": "ACME", "side": "buy", "quantity": 1, "price": 1 });
        let payload = body.to_string().into_bytes();
        let received = Received { topic: "requests".to_owned(), payload, properties: Vec::new() };
        let answer = bench.answer(received).await;
        assert_eq!(answer["reason"], reason, "{answer}");
        assert!(!answer.to_string().contains("bpk_"));
    }
    bench.floor.end();
}

#[tokio::test]
async fn keys_are_not_taken_unless_that_is_allowed_and_garbage_has_no_answer() {
    let bench = Bench::open(false).await;
    let body = json!({ "request_id": Uuid::now_v7(), "key_id": "k", "key_secret": "bpk_x", "cancel": "1" });
    let received = |payload: &[u8]| Received {
        topic: "requests".to_owned(),
        payload: payload.to_vec(),
        properties: Vec::new(),
    };
    let answer = bench.answer(received(body.to_string().as_bytes())).await;
    assert_eq!(answer["reason"], "keys_not_allowed");
    for garbage in [b"".as_slice(), b"\xff\xfe", b"[1,2", b"{}", b"null", &[b'['; 10_000]] {
        let outcome = bench.requests.take(received(garbage)).await.0.await;
        assert!(matches!(outcome, Outcome::Unanswerable(_)), "{outcome:?}");
    }
    bench.floor.end();
}

impl Bench {
    /// Asks something of auctions in the name of the group.
    async fn auction(&self, body: Value) -> Value {
        let mut whole = json!({ "request_id": Uuid::now_v7(), "group": "desk", "sent_at": self.now() });
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        self.pass(1_000);
        let first = self.answer(self.signed("auctions", &whole, &self.secret)).await;
        self.pass(1_000);
        let again = self.answer(self.signed("auctions", &whole, &self.secret)).await;
        assert_eq!(first, again, "it is done once, and answered the same each time");
        first
    }

    async fn give_shares(&self, account: AccountId) {
        let shares = bearpit_core::market::Transfer::Shares {
            instrument: bearpit_core::units::InstrumentId::new(0),
            quantity: bearpit_core::units::NetQuantity::new(100),
        };
        let reference = bearpit_core::market::Reference::new("shares").unwrap();
        let funding = bearpit_core::market::Funding { transfer: shares, reference };
        self.floor.trading.ask(account, crate::driver::What::Fund(funding), None).await.unwrap();
    }
}

#[tokio::test]
async fn a_group_offers_and_accepts_proposes_and_withdraws_and_everybody_is_told() {
    let mut bench = Bench::open(false).await;
    bench.give_shares(bench.anne.account).await;
    let offered = bench.auction(json!({ "type": "offer", "symbol": "ACME", "quantity": 5 })).await;
    assert_eq!(
        (&offered["accepted"], &offered["status"]),
        (&json!(true), &json!("auction_open")),
        "{offered}"
    );
    let auction = offered["auction_id"].clone();
    let auctions = Arc::clone(&bench.requests.parts.auctions);
    let other = AccountId::draw();
    bench.give_shares(other).await;
    let cash = |cash: u32| serde_json::from_value(json!({ "cash": cash })).unwrap();
    let id = crate::services::auctions::path_auction(auction.as_str().unwrap()).unwrap();
    let mut proposals = Vec::new();
    for amount in [20, 30] {
        let request = crate::services::auctions::AuctionRequest::Propose(id, cash(amount));
        proposals.push(auctions.act(other, &request, None).await.unwrap().proposal_id);
    }
    let of = |kind: &str, proposal: &Option<String>| json!({ "type": kind, "auction_id": auction, "proposal_id": proposal });
    assert_eq!(bench.auction(of("rejection", &proposals[0])).await["status"], "proposal_rejected");
    let accepted = bench.auction(of("acceptance", &proposals[1])).await;
    assert_eq!(
        (&accepted["status"], &accepted["proposal_id"]),
        (&json!("proposal_accepted"), &json!(proposals[1]))
    );

    let request = json!({ "symbol": "ACME", "quantity": 2 });
    let request = crate::services::auctions::AuctionRequest::Offer(serde_json::from_value(request).unwrap());
    let theirs = auctions.act(other, &request, None).await.unwrap().auction_id;
    let proposed = bench.auction(json!({ "type": "proposal", "auction_id": theirs, "cash": "4" })).await;
    assert_eq!(proposed["status"], "proposal_open", "{proposed}");
    let back = json!({ "type": "withdrawal", "auction_id": theirs, "proposal_id": proposed["proposal_id"] });
    assert_eq!(bench.auction(back).await["status"], "proposal_withdrawn");

    let mut teller = UpdateTeller::new(Arc::clone(&bench.floor.trading.data));
    for (kind, field, expected) in [
        ("offered", "quantity", "5"),
        ("proposed", "cash", "20"),
        ("proposal_ended", "reason", "rejected"),
        ("accepted", "value", "30"),
        ("ended", "reason", "withdrawn"),
    ] {
        if kind == "ended" {
            let mine = bench.auction(json!({ "type": "offer", "symbol": "ACME", "quantity": 1 })).await;
            bench.auction(json!({ "type": "withdrawal", "auction_id": mine["auction_id"] })).await;
        }
        let event = told(&mut bench.news, &mut teller, kind).await;
        assert_eq!(event[field], json!(expected), "{event}");
        assert!(!event.to_string().contains(&other.to_string()));
    }
    bench.floor.end();
}

#[tokio::test]
async fn what_is_wrong_with_a_message_about_auctions_is_said_with_its_field() {
    let bench = Bench::open(false).await;
    for (body, reason, field) in [
        (json!({ "type": "bid" }), "invalid_field", Some("type")),
        (json!({ "type": "offer", "symbol": "ACME" }), "missing_field", Some("quantity")),
        (json!({ "type": "offer", "symbol": "NONE", "quantity": 1 }), "unknown_symbol", Some("symbol")),
        (
            json!({ "type": "offer", "symbol": "ACME", "quantity": 5 }),
            "insufficient_shares",
            Some("quantity"),
        ),
        (
            json!({ "type": "offer", "symbol": "ACME", "quantity": 5, "price": 1 }),
            "unknown_field",
            Some("price"),
        ),
        (json!({ "type": "acceptance", "auction_id": "1" }), "missing_field", Some("proposal_id")),
        (
            json!({ "type": "acceptance", "auction_id": "9", "proposal_id": "1" }),
            "unknown_auction",
            Some("auction_id"),
        ),
        (json!({ "type": "proposal", "auction_id": "x", "cash": 1 }), "unknown_auction", Some("auction_id")),
        (json!({ "type": "proposal", "auction_id": "9", "cash": 0 }), "cash_out_of_range", Some("cash")),
        (json!({ "type": "withdrawal" }), "missing_field", Some("auction_id")),
    ] {
        let answer = bench.auction(body).await;
        assert_eq!((&answer["accepted"], &answer["reason"]), (&json!(false), &json!(reason)), "{answer}");
        assert_eq!(answer["field"].as_str(), field, "{answer}");
    }
    bench.floor.end();
}

#[tokio::test]
async fn a_name_is_of_one_group_and_a_person_has_five() {
    let bench = Bench::open(false).await;
    let register = |name: &str| bench.groups.register(&bench.anne, GroupRequest { name: name.to_owned() });
    for name in ["", "Desk", "a b", "\u{e9}", &"a".repeat(33)] {
        assert_eq!(register(name).await.unwrap_err().code, "invalid_name", "{name}");
    }
    assert_eq!(register("desk").await.unwrap_err().code, "name_in_use");
    for name in ["b", "c", "d", "e"] {
        register(name).await.unwrap();
    }
    assert_eq!(register("f").await.unwrap_err().code, "too_many_groups");
    let stranger = actor();
    for problem in [
        bench.groups.delete(&stranger, "desk").await.unwrap_err(),
        bench.groups.rotate(&stranger, "desk").await.unwrap_err(),
    ] {
        assert_eq!((&*problem.code, problem.kind), ("unknown_group", ProblemKind::NotFound));
    }
    bench.groups.delete(&bench.anne, "desk").await.unwrap();
    let order = bench.order(Uuid::now_v7(), "99.50");
    assert_eq!(bench.ask(&order).await["reason"], "not_authorized");
    let left: Vec<_> =
        bench.groups.all(&bench.anne).await.unwrap().groups.into_iter().map(|it| it.name).collect();
    assert_eq!(left, ["b", "c", "d", "e"]);
    bench.floor.end();
}

/// Waits for news that are told with a message.
async fn told(news: &mut Receiver<Stretch>, teller: &mut impl Teller, what: &str) -> Value {
    let waiting = async {
        loop {
            let stretch = news.recv().await.unwrap();
            for one in &stretch.news {
                for message in teller.tell(one) {
                    let document: Value = serde_json::from_slice(&message.payload).unwrap();
                    if what.is_empty() || document["type"] == what {
                        return document;
                    }
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(120), waiting).await.unwrap()
}

#[tokio::test]
async fn listings_phases_halts_and_trades_are_told_and_the_newest_prices() {
    let mut bench = Bench::open(false).await;
    let data = Arc::clone(&bench.floor.trading.data);
    let mut updates = UpdateTeller::new(Arc::clone(&data));
    let listing = told(&mut bench.news, &mut updates, "listing").await;
    assert_eq!(
        (&listing["symbol"], &listing["venue"], &listing["day"]),
        (&json!("ACME"), &json!("PIT"), &json!(1))
    );
    assert_eq!((&listing["tick_size"], &listing["id"]), (&json!("0.01"), &json!("1-0-ACME@PIT")));
    let (mut board, mut last) =
        (BoardPrices::new(Arc::clone(&data)), LastPrices::of_redis(Arc::clone(&data)));
    assert_eq!((board.messages().len(), last.messages().len()), (1, 2));
    assert_eq!((board.messages().len(), last.messages().len()), (0, 0));
    let (buyer, seller) = (AccountId::draw(), bench.anne.account);
    let order = |side: &str| json!({ "symbol": "ACME", "side": side, "quantity": 3, "price": "12.50" });
    bench.floor.enter(buyer, order("buy")).await.unwrap();
    let mut sold = order("sell");
    sold["type"] = json!("limit");
    // Nobody has shares here; a short sale is refused, so the seller is given some.
    bench.give_shares(seller).await;
    bench.floor.enter(seller, sold).await.unwrap();
    let trade = told(&mut bench.news, &mut TradeTeller::new(Arc::clone(&data)), "").await;
    assert_eq!(
        (&trade["symbol"], &trade["price"], &trade["quantity"]),
        (&json!("ACME"), &json!("12.5"), &json!("3"))
    );
    assert_eq!(trade["aggressor"], "sell");
    assert!(trade["id"].as_str().unwrap().starts_with("1-"));
    let waiting = async {
        loop {
            let changed = last.messages();
            if let Some(message) =
                changed.iter().find(|it| String::from_utf8_lossy(&it.payload).contains("12.5"))
            {
                return message.clone();
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let price = tokio::time::timeout(Duration::from_secs(120), waiting).await.unwrap();
    assert_eq!((price.topic.as_str(), price.key.as_deref()), ("prices", Some("ACME")));
    let board = board.messages();
    assert!(board[0].is_retained && board[0].topic == "info");
    let halt = crate::driver::What::Halt { listing: Some("ACME".parse().unwrap()) };
    bench.floor.trading.ask(seller, halt, None).await.unwrap();
    assert_eq!(told(&mut bench.news, &mut updates, "halt").await["symbol"], "ACME");
    last.forget();
    assert_eq!(last.messages().len(), 2);
    bench.floor.end();
}
