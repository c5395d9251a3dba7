//! What administrators do over HTTP, to a process that is killed meanwhile.

use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::described::Described;
use crate::harness::{Place, Served};
use crate::wire::{Wire, follow_announcements, open_websocket, read_until};

const PASSWORD: &str = "correct horse battery";

/// A process, an administrator, and a person.
struct Office {
    place: Place,
    served: Served,
    wire: Wire,
    described: Described,
    admin: String,
    anne: String,
    anne_id: String,
}

impl Office {
    fn open() -> Self {
        let place = Place::new();
        let served = place.start_ready();
        let made = place.run_with_input(&["admin", "create", "olga"], &format!("{PASSWORD}\n"));
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        let described = Described(serde_json::from_str(&served.get("/api/openapi.json").1).unwrap());
        let mut wire = Wire::to(served.address);
        let anne = json!({ "username": "anne", "mail": "anne@example.org", "password": PASSWORD });
        let registered = wire.json("POST", "/api/auth/register", "", &anne.to_string());
        assert_eq!(registered.0, 201, "{}", registered.1);
        let registered: Value = serde_json::from_str(&registered.1).unwrap();
        let anne_id = registered["user_id"].as_str().unwrap().to_owned();
        let (admin, anne) = (log_in(&mut wire, "olga"), log_in(&mut wire, "anne"));
        Self { place, served, wire, described, admin, anne, anne_id }
    }

    /// Asks, and checks that the answer is as it is described.
    fn ask(&mut self, token: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.wire.json(method, path, token, &body);
        self.described.check(method, path, &answer);
        (answer.0, serde_json::from_str(&answer.1).unwrap_or_default())
    }

    fn admin(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let token = self.admin.clone();
        self.ask(&token, method, path, body)
    }

    /// Does something to Anne.
    fn on_anne(&mut self, what: &str, body: &Value) -> (u16, Value) {
        let path = format!("/api/admin/users/{}/{what}", self.anne_id);
        self.admin("POST", &path, body)
    }

    fn see_anne(&mut self) -> Value {
        let path = format!("/api/admin/users/{}", self.anne_id);
        let (status, seen) = self.admin("GET", &path, &Value::Null);
        assert_eq!(status, 200, "{seen}");
        seen
    }

    fn anne(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let token = self.anne.clone();
        self.ask(&token, method, path, body)
    }

    /// Waits until Anne holds something, which the crowd sells her.
    fn buy(&mut self, quantity: u32) {
        let order = json!({ "symbol": "ACME", "side": "buy", "quantity": quantity });
        let until = Instant::now() + Duration::from_secs(120);
        loop {
            // Before there is a quote, there is nothing to buy.
            self.anne("POST", "/api/orders?wait=venue&ms=2000", &order);
            if self.see_anne()["positions"][0]["quantity"].is_string() {
                return;
            }
            assert!(Instant::now() < until, "nobody sells");
        }
    }

    /// Waits until Anne's history is as it should be.
    fn portfolio_until(&mut self, is_so: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + Duration::from_secs(120);
        loop {
            let (status, portfolio) = self.anne("GET", "/api/portfolio", &Value::Null);
            assert_eq!(status, 200, "{portfolio}");
            if is_so(&portfolio) {
                return portfolio;
            }
            assert!(Instant::now() < until, "{portfolio}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn cash(&mut self) -> String {
        self.see_anne()["account"]["cash"].as_str().unwrap().to_owned()
    }

    /// Ends the process as a crash would, and starts another.
    fn crash_and_start(&mut self) {
        self.served.kill();
        self.served = self.place.start_ready();
        self.wire = Wire::to(self.served.address);
        self.admin = log_in(&mut self.wire, "olga");
    }
}

fn log_in(wire: &mut Wire, name: &str) -> String {
    let body = json!({ "username": name, "password": PASSWORD }).to_string();
    let (status, answer) = wire.json("POST", "/api/auth/login", "", &body);
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

fn funds(amount: &str, key: &str) -> Value {
    json!({ "amount": amount, "reference": "prize", "reason": "won", "idempotency_key": key })
}

#[test]
fn funds_are_moved_once_for_each_key_also_across_a_crash() {
    let mut office = Office::open();
    let (status, first) = office.on_anne("fund", &funds("500.25", "k1"));
    assert_eq!((status, &first["repeated"]), (200, &json!(false)), "{first}");
    assert_eq!((office.cash().as_str(), &first["account"]["cash"]), ("100500.25", &json!("100500.25")));
    assert_eq!(office.on_anne("fund", &funds("500.25", "k1")).1["repeated"], json!(true));
    let (status, other) = office.on_anne("fund", &funds("501", "k1"));
    assert_eq!((status, &other["code"]), (409, &json!("idempotency_key_in_use")));
    let (status, refused) = office.on_anne("fund", &funds("-100500.26", "k2"));
    assert_eq!((status, &refused["code"]), (422, &json!("funding_refused")), "{refused}");
    // What a key was refused for once, it is refused for again.
    assert_eq!(office.on_anne("fund", &funds("-100500.26", "k2")).0, 422);
    let (status, unfit) = office.on_anne("fund", &funds("0", "k3"));
    assert_eq!((status, &unfit["field"]), (422, &json!("amount")));
    office.crash_and_start();
    assert_eq!(office.on_anne("fund", &funds("500.25", "k1")).1["repeated"], json!(true));
    assert_eq!(office.on_anne("fund", &funds("-0.25", "k4")).0, 200);
    assert_eq!(office.cash(), "100500");
    office.replay();
}

#[test]
fn an_account_is_reset_with_its_history_kept_and_the_journal_agrees() {
    let mut office = Office::open();
    assert_eq!(office.admin("POST", "/api/admin/market/speed", &json!({ "speed": "60" })).0, 204);
    office.buy(5);
    // There is a value before, to which the reset comes in the next.
    office.portfolio_until(|portfolio| !portfolio["values"].as_array().unwrap().is_empty());
    let bid = json!({ "symbol": "ACME", "side": "buy", "quantity": "3", "price": "1.00" });
    assert_eq!(office.anne("POST", "/api/orders", &bid).0, 201);
    let before = office.see_anne();
    assert_eq!(before["open_orders"].as_array().unwrap().len(), 1, "{before}");
    assert!(!before["account"]["cash"].as_str().unwrap().starts_with("100000"), "{before}");

    let (status, after) = office.on_anne("reset", &json!({ "reason": "a new term" }));
    assert_eq!(status, 200, "{after}");
    assert_eq!((&after["account"]["cash"], &after["account"]["blocked"]), (&json!("100000"), &Value::Null));
    assert_eq!((&after["positions"], &after["open_orders"]), (&json!([]), &json!([])));
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        let history = office.anne("GET", "/api/trades/history", &Value::Null).1;
        if !history["fills"].as_array().unwrap().is_empty() {
            break;
        }
        assert!(Instant::now() < until, "the trades are gone: {history}");
    }
    // What left and what came in is no loss: five shares are five hundred.
    let number = |portfolio: &Value, field: &str| -> f64 {
        portfolio["performance"][field].as_str().map_or(0.0, |text| text.parse().unwrap())
    };
    let portfolio = office.portfolio_until(|portfolio| number(portfolio, "funded").abs() > 0.0);
    assert_eq!(portfolio["performance"]["closing_equity"], "100000", "{portfolio}");
    assert!(number(&portfolio, "pnl").abs() < 50.0, "{portfolio}");
    // What was asked for before is over, and the account trades on.
    assert_eq!(office.anne("POST", "/api/orders", &bid).0, 201);
    assert_eq!(office.on_anne("reset", &json!({ "reason": "once more" })).0, 200);
    office.crash_and_start();
    assert_eq!(office.cash(), "100000");
    office.replay();
}

#[test]
fn who_is_blocked_is_out_at_once_and_an_open_websocket_ends() {
    let mut office = Office::open();
    let bid = json!({ "symbol": "ACME", "side": "buy", "quantity": "3", "price": "1.00" });
    assert_eq!(office.anne("POST", "/api/orders", &bid).0, 201);
    let mut socket = office.websocket();
    let (status, own) = office.admin("GET", "/api/auth/me", &Value::Null);
    assert_eq!(status, 200);
    let own = format!("/api/admin/users/{}/block", own["user_id"].as_str().unwrap());
    let (status, refused) = office.admin("POST", &own, &json!({ "reason": "me" }));
    assert_eq!((status, &refused["code"]), (409, &json!("own_account")));
    let by_operator = office.place.run(&["admin", "block", "olga"]);
    by_operator.assert_fails(2, &["the last administrator"]);

    let block = json!({ "reason": "shared the account", "cancel_orders": true });
    let (status, blocked) = office.on_anne("block", &block);
    assert_eq!(
        (status, &blocked["orders"], &blocked["sessions_ended"]),
        (200, &json!("canceled"), &json!(1))
    );
    assert_eq!(office.anne("GET", "/api/account", &Value::Null).0, 401);
    let mut said = Vec::new();
    socket.read_to_end(&mut said).unwrap();
    assert!(
        String::from_utf8_lossy(&said).contains("session_ended"),
        "no reason why the connection was closed"
    );
    let seen = office.see_anne();
    assert!(seen["user"]["blocked_at"].is_string() && seen["account"]["blocked"].is_string(), "{seen}");
    assert_eq!(office.on_anne("unblock", &json!({ "reason": "it was a mistake" })).0, 200);
    office.anne = log_in(&mut office.wire, "anne");
    assert_eq!(office.anne("POST", "/api/orders", &bid).0, 201);
    office.replay();
}

/// Does what can be done to a market, and some of what cannot.
fn operate_market(office: &mut Office) {
    for (path, body, status) in [
        ("market/halt", json!({ "symbol": "ACME", "reason": "news" }), 204),
        ("market/halt", json!({ "symbol": "ACME" }), 409),
        ("market/halt", json!({ "symbol": "NONE" }), 404),
        ("market/reopen", json!({ "symbol": "ACME", "auction_ms": 0 }), 204),
        ("quotes", json!({ "quotes": [{ "symbol": "ACME", "value": 100.5 }], "reason": "the close" }), 200),
        ("quotes", json!({ "quotes": [] }), 422),
        ("market/speed", json!({ "speed": "20" }), 204),
        ("market/speed", json!({ "speed": "0" }), 422),
        ("market/pause", json!({}), 204),
        ("market/resume", json!({}), 204),
    ] {
        let answer = office.admin("POST", &format!("/api/admin/{path}"), &body);
        assert_eq!(answer.0, status, "{path} {body}: {}", answer.1);
    }
    assert_eq!(office.admin("GET", "/api/admin/market", &Value::Null).0, 200);
}

#[test]
fn all_that_is_done_or_refused_is_in_the_audit_log() {
    let mut office = Office::open();
    let (_, page) = office.admin("GET", "/api/admin/users?search=ANN", &Value::Null);
    assert_eq!(page["users"].as_array().unwrap().len(), 1, "{page}");
    assert!(page["users"][0]["signed_in_at"].is_string() && page["users"][0]["mail"] == "anne@example.org");
    assert_eq!(
        office.admin("GET", "/api/admin/users?limit=1", &Value::Null).1["next"].as_str().unwrap().len(),
        36
    );
    operate_market(&mut office);
    office.place.admin(&["speed", "10"]);
    let cancel = json!({ "symbol": "ACME", "entries_only": true });
    assert_eq!(office.on_anne("cancel-orders", &cancel).0, 200);
    assert_eq!(office.anne("POST", "/api/admin/market/pause", &json!({})).0, 403);

    let mut socket = office.websocket();
    follow_announcements(&mut socket);
    read_until(&mut socket, "\"announcements\":[]");
    let note = json!({ "text": "Trading ends at noon.", "level": "warning" });
    let (status, note) = office.admin("POST", "/api/admin/announcements", &note);
    assert_eq!(status, 201, "{note}");
    let shown = office.ask("", "GET", "/api/announcements", &Value::Null).1;
    assert_eq!(shown["announcements"][0]["text"], "Trading ends at noon.");
    read_until(&mut socket, "Trading ends at noon.");
    let path = format!("/api/admin/announcements/{}", note["id"].as_str().unwrap());
    assert_eq!(office.admin("DELETE", &path, &Value::Null).0, 204);
    assert_eq!(office.admin("DELETE", &path, &Value::Null).0, 404);
    read_until(&mut socket, "\"announcements\":[]");
    assert_eq!(office.ask("", "GET", "/api/announcements", &Value::Null).1, json!({ "announcements": [] }));
    let all = office.admin("GET", "/api/admin/announcements", &Value::Null).1;
    assert!(all["announcements"][0]["ended_at"].is_string(), "{all}");

    let (status, log) = office.admin("GET", "/api/admin/audit", &Value::Null);
    assert_eq!(status, 200, "{log}");
    let entries = log["entries"].as_array().unwrap();
    let told: Vec<_> =
        entries.iter().rev().map(|it| [&it["action"], &it["outcome"], &it["source"]]).collect();
    let expected = [
        ["user.create", "done", "operator"],
        ["market.halt", "done", "session"],
        ["market.halt", "refused", "session"],
        ["market.halt", "refused", "session"],
        ["market.reopen", "done", "session"],
        ["market.quotes", "done", "session"],
        ["market.speed", "done", "session"],
        ["market.speed", "refused", "session"],
        ["market.pause", "done", "session"],
        ["market.resume", "done", "session"],
        ["market.speed", "done", "operator"],
        ["user.cancel_orders", "done", "session"],
        ["announcement.create", "done", "session"],
        ["announcement.end", "done", "session"],
        ["announcement.end", "refused", "session"],
    ];
    assert_eq!(
        told,
        expected.map(|it| it.map(Value::from)).iter().map(|it| [&it[0], &it[1], &it[2]]).collect::<Vec<_>>()
    );
    let halted = "/api/admin/audit?action=market.halt&target=ACME&outcome=done";
    let (_, halted) = office.admin("GET", halted, &Value::Null);
    assert_eq!((&halted["entries"][0]["reason"], &halted["entries"][1]), (&json!("news"), &Value::Null));
    assert_eq!(halted["entries"][0]["username"], "olga");
    office.replay();
}

impl Office {
    /// Opens a WebSocket with Anne's token, and waits until it is open.
    fn websocket(&self) -> TcpStream {
        open_websocket(self.served.address, &format!("Authorization: Bearer {}\r\n", self.anne))
    }

    /// Stops the process; a replay of the journal comes to the same, and what accounts have adds up.
    fn replay(self) {
        assert_eq!(self.served.stop(), Some(0));
        let segment = self.place.newest_segment();
        let path = segment.to_str().unwrap();
        let replayed = self.place.run(&["replay", path]);
        assert_eq!(replayed.code, Some(0), "{}", replayed.stderr);
        assert!(replayed.stdout.contains("settled, with the digest of the journal"), "{}", replayed.stdout);
        let audited = self.place.run(&["audit", path]);
        assert_eq!(audited.code, Some(0), "{}", audited.stderr);
    }
}
