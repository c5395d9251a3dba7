//! Contests over HTTP: entering, trading under limits, a restart and a turn of the day, the final ranking.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use bearpit_core::exchange::Market;
use bearpit_core::market::{Fact, MarkCause};
use bearpit_core::units::{ActorId, Money, SimTime};
use bearpit_serve::driver::{ScenarioSource, Segment};
use bearpit_serve::live::{Output, Viewer};
use serde_json::{Value, json};

use crate::harness::{Place, Served};
use crate::wire::{follow_announcements, open_websocket, read_until};

const PATIENCE: Duration = Duration::from_secs(120);
const PASSWORD: &str = "correct horse battery";

/// Who asks, and by which headers.
#[derive(Clone)]
struct Asker {
    address: SocketAddr,
    headers: String,
}

impl Asker {
    fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
             {}Content-Length: {}\r\n\r\n{body}",
            self.headers,
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    #[track_caller]
    fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask("GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask("POST", path, body);
        assert!((200..300).contains(&status), "{path} {body}: {status} {answer}");
        answer
    }

    #[track_caller]
    fn refused(&self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let (status, answer) = self.ask(method, path, body);
        assert!(status >= 400, "{path} {body}: {status} {answer}");
        assert!(answer["message"].as_str().is_some_and(|it| it.len() > 10), "{answer}");
        (status, answer["code"].as_str().unwrap_or_default().to_owned())
    }

    /// The same person in another account.
    fn in_account(&self, account: &str) -> Self {
        Self { address: self.address, headers: format!("{}X-Account: {account}\r\n", self.headers) }
    }
}

/// Somebody, and the account in which they take part in a contest.
struct Entrant<'a> {
    person: &'a Asker,
    account: &'a str,
}

impl Entrant<'_> {
    /// Asks in the account of the contest.
    fn seat(&self) -> Asker {
        self.person.in_account(self.account)
    }
}

/// A process in which contests are held, with its operator.
struct Stage {
    place: Place,
    served: Served,
    olga: Asker,
}

impl Stage {
    /// Starts a market whose day has two hours, as slow as time.
    fn open() -> Self {
        let place = Place::new();
        place.scenario_with("end = 2025-03-04T00:00:00", "end = 2025-03-03T02:00:00");
        let served = place.start_with(&["--set", "live.speed=2"]);
        served.await_ready(200);
        let made = place.run_with_input(&["admin", "create", "olga"], &format!("{PASSWORD}\n"));
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        let olga = log_in(&served, "olga");
        Self { place, served, olga }
    }

    fn person(&self, name: &str) -> Asker {
        let (status, body) = Asker { address: self.served.address, headers: String::new() }.ask(
            "POST",
            "/api/auth/register",
            &json!({ "username": name, "password": PASSWORD }),
        );
        assert_eq!(status, 201, "{body}");
        log_in(&self.served, name)
    }

    fn contest(&self, change: &Value) -> String {
        let mut request = json!({
            "name": "Week one", "ranking": "return", "cash": "50000",
            "starts_at": "2025-03-03T00:30:00Z", "ends_day": "2025-03-03",
        });
        for (key, value) in change.as_object().unwrap() {
            request[key] = value.clone();
        }
        let made = self.olga.post("/api/contests", &request);
        format!("/api/contests/{}", made["contest_id"].as_str().unwrap())
    }

    /// Lets the market come to a time, and makes it slow again.
    fn run_to(&self, time: &str) {
        self.place.admin(&["speed", "600"]);
        until(|| self.place.admin(&["status"])["day"]["now"].as_str() >= Some(time));
        self.place.admin(&["speed", "2"]);
    }

    /// Waits until a contest is that far.
    fn await_status(&self, contest: &str, status: &str) -> Value {
        until(|| self.olga.get(contest)["status"] == status);
        self.olga.get(contest)
    }
}

fn log_in(served: &Served, name: &str) -> Asker {
    let nobody = Asker { address: served.address, headers: String::new() };
    let tokens = nobody.post("/api/auth/login", &json!({ "username": name, "password": PASSWORD }));
    let token = tokens["access_token"].as_str().unwrap();
    Asker { address: served.address, headers: format!("Authorization: Bearer {token}\r\n") }
}

fn until(holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "it does not come about");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Enters, and returns the account of the contest.
fn enter(who: &Asker, contest: &str, body: &Value) -> String {
    let entry = who.post(&format!("{contest}/enter"), body);
    entry["account_id"].as_str().unwrap().to_owned()
}

fn await_playing(who: &Asker, contest: &str) {
    until(|| who.get(&format!("{contest}/me"))["status"] == "playing");
}

fn order(side: &str, quantity: &str) -> Value {
    json!({ "symbol": "ACME", "side": side, "quantity": quantity })
}

fn limit(side: &str, quantity: &str, price: &str) -> Value {
    json!({ "symbol": "ACME", "side": side, "quantity": quantity, "price": price })
}

/// What the accounts of a market were worth, by their names: read from the facts of a replay.
#[derive(Default)]
struct Worth {
    names: BTreeMap<ActorId, String>,
    marks: BTreeMap<String, BTreeMap<SimTime, Money>>,
}

impl Viewer for &mut Worth {
    fn begin(&mut self, market: &Market) {
        self.names = market.participants().iter().map(|it| (it.id, it.name.clone())).collect();
    }

    fn show(&mut self, output: Output) {
        let Output::Fact { at, fact, .. } = output else { return };
        match &fact {
            Fact::AccountOpened(opening) => {
                self.names.insert(opening.owner, opening.name.to_string());
            }
            Fact::AccountMarked(mark) if mark.cause == MarkCause::Sample => {
                let name = self.names[&mark.owner].clone();
                self.marks.entry(name).or_default().insert(at, mark.equity);
            }
            _ => {}
        }
    }
}

/// Replays all segments of a journal.
fn replay(place: &Path) -> (Worth, Vec<String>) {
    let mut worth = Worth::default();
    let mut digests = Vec::new();
    let mut paths: Vec<_> =
        std::fs::read_dir(place.join("data/journal")).unwrap().map(|it| it.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == "journal"));
    paths.sort();
    for path in paths {
        let segment = Segment::open(&path).unwrap();
        let scan = segment.scan().unwrap();
        let source = ScenarioSource::of_segment(&segment.header, &place.join("small.toml"));
        let source = source.map_err(|error| error.render(false)).unwrap();
        let live = segment.rebuild(&source, &scan.voids, Duration::ZERO, &mut worth).unwrap();
        digests.push(live.market().digest().to_string());
    }
    (worth, digests)
}

/// Ranks by the last worth of each before the end over the cash, and compares.
fn assert_ranked_by_hand(last: &Value, worth: &Worth, accounts: [(String, &str); 3]) {
    let end: SimTime = "2025-03-04T02:00:00".parse().unwrap();
    let cash = Money::from_whole(50_000).units();
    let mut by_hand: Vec<(&str, f64)> = accounts
        .into_iter()
        .map(|(account, name)| {
            let equity = worth.marks[&account].range(..=end).next_back().unwrap().1;
            (name, (equity.units() - cash) as f64 / cash as f64)
        })
        .collect();
    by_hand.sort_by(|a, b| b.1.total_cmp(&a.1));
    let found = last["entrants"].as_array().unwrap();
    for ((name, made), (place, ranked)) in by_hand.iter().zip((1..).zip(found)) {
        assert_eq!((&ranked["name"], &ranked["place"]), (&json!(name), &json!(place)), "{last} {by_hand:?}");
        let value = ranked["value"].as_f64().unwrap();
        assert!((value - made).abs() < 1e-12, "{name}: {value}, by hand {made}");
    }
    let is_changed = by_hand.iter().any(|(_, made)| made.abs() > 0.0);
    assert!(is_changed, "somebody has made or lost something: {by_hand:?}");
}

/// A key that is made for the account of a contest plays, too.
fn play_by_key(bert: &Asker, berts: &str) {
    let key = json!({ "name": "bot", "scopes": ["read", "trade"], "account_id": berts });
    let secret = bert.post("/api/keys", &key)["secret"].as_str().unwrap().to_owned();
    let bot = Asker { headers: format!("X-API-Key: {secret}\r\n"), ..bert.clone() };
    bot.post("/api/orders?wait=venue&ms=5000", &order("buy", "20"));
    until(|| bot.get("/api/positions")["positions"][0]["quantity"] == "20");
}

/// Follows what everybody is told, of which there is nothing yet.
fn follow(address: SocketAddr) -> TcpStream {
    let mut socket = open_websocket(address, "");
    follow_announcements(&mut socket);
    read_until(&mut socket, "\"announcements\":[]");
    socket
}

/// Returns what everybody is told: that a contest is settled, once, and who has which place.
fn announcement(nobody: &Asker, last: &Value) -> Value {
    let announced = nobody.get("/api/announcements");
    assert_eq!(announced["announcements"].as_array().unwrap().len(), 1, "{announced}");
    let text = announced["announcements"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("The contest \"Week one\" is settled. By return: 1. "), "{text}");
    for entrant in last["entrants"].as_array().unwrap() {
        let named = format!("{}. {} (", entrant["place"], entrant["name"].as_str().unwrap());
        assert!(text.contains(&named), "{named}: {text}");
    }
    announced
}

fn digest_over(digests: &[String]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("bearpit contest, digests of its segments 1");
    digests.iter().for_each(|digest| {
        hasher.update(digest.as_bytes());
    });
    hasher.finalize().to_hex().to_string()
}

/// Nothing comes into an account of a contest, by a strategy or by a transfer, and nothing leaves it.
fn assert_sealed(who: &Asker, account: &str) {
    let sealed = (422, "sealed_account".to_owned());
    let strategy = json!({ "name": "s", "source": "fn on_start() { }", "cash": "5" });
    assert_eq!(who.in_account(account).refused("POST", "/api/strategies", &strategy), sealed);
    let own = who.get("/api/wallet")["account_id"].as_str().unwrap().to_owned();
    for (from, to) in [(&*own, account), (account, &*own)] {
        let transfer = json!({ "from": from, "to": to, "amount": "1", "idempotency_key": from });
        assert_eq!(who.refused("POST", "/api/wallet/transfers", &transfer), sealed);
    }
}

#[test]
fn two_entrants_play_over_a_restart_and_a_turn_of_the_day_and_the_journal_has_the_last_word() {
    let mut stage = Stage::open();
    let contest = stage.contest(&json!({
        "ends_day": "2025-03-04", "entry_until": "2025-03-03T01:30:00Z",
        "instruments": [{ "symbol": "ACME", "position_max": "400" }],
    }));
    let [anne, bert, cleo] = ["anne", "bert", "cleo"].map(|name| stage.person(name));
    let annes = enter(&anne, &contest, &json!({ "display_name": "The Bear" }));
    let berts = enter(&bert, &contest, &json!({}));
    // Nothing is open before the start.
    assert_eq!(
        anne.in_account(&annes).refused("POST", "/api/orders", &order("buy", "1")),
        (409, "contest_not_begun".to_owned())
    );
    stage.run_to("2025-03-03T00:30:00");
    await_playing(&anne, &contest);
    await_playing(&bert, &contest);
    let in_contest = anne.in_account(&annes);
    assert_eq!(in_contest.get("/api/account")["cash"], "50000");
    assert_eq!(anne.get("/api/account")["cash"], "100000", "the first account has no part in it");
    in_contest.post("/api/orders?wait=venue&ms=5000", &order("buy", "300"));
    until(|| in_contest.get("/api/positions")["positions"][0]["quantity"] == "300");
    play_by_key(&bert, &berts);

    // The process is stopped and started in the middle.
    assert_eq!(stage.served.stop(), Some(0));
    stage.served = stage.place.start_with(&["--set", "live.speed=2"]);
    stage.served.await_ready(200);
    let [anne, bert, cleo, olga] = [&anne, &bert, &cleo, &stage.olga]
        .map(|who| Asker { address: stage.served.address, headers: who.headers.clone() });
    stage.olga = olga;
    let in_contest = anne.in_account(&annes);
    assert_eq!(in_contest.get("/api/positions")["positions"][0]["quantity"], "300");
    // Limits outlast the restart, and nothing enters a sealed account.
    let beyond = (422, "position_limit".to_owned());
    assert_eq!(in_contest.refused("POST", "/api/orders", &order("buy", "101")), beyond);
    assert_sealed(&anne, &annes);
    stage.run_to("2025-03-03T01:00:00");
    let cleos = enter(&cleo, &contest, &json!({ "display_name": "late" }));
    await_playing(&cleo, &contest);
    assert_eq!(
        bert.refused("DELETE", &format!("{contest}/enter"), &Value::Null),
        (409, "contest_begun".to_owned())
    );

    // The day turns, and what everybody has goes on.
    stage.run_to("2025-03-04T00:10:00");
    until(|| anne.ask("GET", "/api/account", &Value::Null).0 == 200);
    let board = format!("{contest}/leaderboard");
    let nobody = Asker { headers: String::new(), ..anne.clone() };
    let live = nobody.get(&board);
    assert_eq!((&live["is_final"], live["entrants"].as_array().unwrap().len()), (&json!(false), 3));
    assert_eq!(in_contest.refused("POST", "/api/orders", &order("buy", "101")), beyond);
    in_contest.post("/api/orders?wait=venue&ms=5000", &order("sell", "100"));
    until(|| in_contest.get("/api/positions")["positions"][0]["quantity"] == "200");
    let mut socket = follow(stage.served.address);
    stage.place.admin(&["speed", "600"]);
    let settled = stage.await_status(&contest, "settled");
    let last = nobody.get(&board);
    read_until(&mut socket, "is settled");
    let announced = announcement(&nobody, &last);
    stage.place.admin(&["speed", "2"]);
    assert_eq!(
        (&last["is_final"], &last["digest"], &last["status"]),
        (&json!(true), &settled["digest"], &json!("settled"))
    );
    assert_eq!(in_contest.refused("POST", "/api/orders", &order("buy", "1")), (403, "ended".to_owned()));

    // By hand: the last worth of each before the end, over the cash.
    assert_eq!(stage.served.stop(), Some(0));
    let (worth, digests) = replay(stage.place.path());
    assert_ranked_by_hand(&last, &worth, [(annes, "The Bear"), (berts, "Entrant 2"), (cleos, "late")]);
    // The contest took place in the first three segments: two of the first day, one of the second.
    assert_eq!(last["digest"], digest_over(&digests[..3]));

    // It stands after another start.
    let served = stage.place.start_ready();
    let nobody = Asker { address: served.address, ..nobody };
    assert_eq!(nobody.get(&board), last);
    until(|| nobody.get("/api/announcements") == announced);
    assert_eq!(served.stop(), Some(0));
}

/// Both enter, and one withdraws and comes back. Returns their accounts.
fn enter_and_come_back(contest: &str, anne: &Asker, bert: &Asker) -> [String; 2] {
    let annes = enter(anne, contest, &json!({ "display_name": "anne" }));
    let berts = enter(bert, contest, &json!({}));
    assert_eq!(
        bert.refused("PATCH", &format!("{contest}/enter"), &json!({ "display_name": "ANNE" })),
        (409, "name_taken".to_owned())
    );
    assert_eq!(anne.refused("POST", &format!("{contest}/enter"), &json!({})), (409, "entered".to_owned()));
    // Who withdraws before the start can come back.
    assert_eq!(bert.ask("DELETE", &format!("{contest}/enter"), &Value::Null).0, 204);
    assert_eq!(bert.refused("GET", &format!("{contest}/me"), &Value::Null), (404, "not_entered".to_owned()));
    assert_eq!(
        bert.in_account(&berts).refused("GET", "/api/account", &Value::Null),
        (404, "unknown_account".to_owned())
    );
    assert_eq!(enter(bert, contest, &json!({})), berts);
    [annes, berts]
}

fn assert_limited_on_every_way(contest: &str, own: &Asker, bot: &Asker, annes: &str) {
    // The key is for trading in that account: it does nothing else for its person.
    for (method, path, body) in [
        ("POST", "/api/strategies", json!({ "name": "s", "source": "fn on_start() { }" })),
        ("GET", "/api/strategies", Value::Null),
        ("GET", "/api/watchlists", Value::Null),
        ("POST", "/api/watchlists", json!({ "name": "n", "symbols": [] })),
        ("PATCH", &*format!("{contest}/enter"), json!({})),
    ] {
        assert_eq!(bot.refused(method, path, &body), (403, "account_of_key".to_owned()), "{method} {path}");
    }
    let (status, answer) = bot.ask("GET", "/v2/watchlists", &Value::Null);
    assert_eq!((status, &answer["error"]), (403, &json!("account_of_key")), "{answer}");
    // By REST, by Alpaca's API and from a script: the same limit, in words.
    assert_eq!(own.refused("POST", "/api/orders", &order("buy", "51")), (422, "position_limit".to_owned()));
    assert_eq!(
        own.refused("POST", "/api/orders/preview", &order("buy", "51")),
        (422, "position_limit".to_owned())
    );
    let alpaca =
        json!({ "symbol": "ACME", "side": "buy", "qty": "51", "type": "market", "time_in_force": "gtc" });
    let (status, answer) = bot.ask("POST", "/v2/orders", &alpaca);
    assert!(status >= 400 && answer["message"].as_str().unwrap().contains("its limit is 50"), "{answer}");
    let script = "fn on_start() { buy(51); }";
    let strategy = own.post("/api/strategies", &json!({ "name": "big", "source": script }));
    assert_eq!(strategy["strategy_id"], json!(annes), "it trades in the account of the contest");
    let strategy = format!("/api/strategies/{annes}");
    assert_eq!(
        own.refused("POST", "/api/strategies", &json!({ "name": "two", "source": script })),
        (409, "strategy_running".to_owned())
    );
    assert_eq!(own.get("/api/positions")["positions"].as_array().unwrap().len(), 0);
    own.post(&format!("{strategy}/stop"), &json!({}));
    assert_eq!(own.ask("DELETE", &strategy, &Value::Null).0, 204, "what it has stays where it is");
    assert_eq!(own.get("/api/account")["cash"], "50000");
}

/// Has one sell a share at the best price, and another buy it, unless somebody else is faster.
fn cross(seller: &Asker, buyer: &Asker) {
    seller.post("/api/orders?wait=venue&ms=5000", &order("buy", "1"));
    let bid = seller.get("/api/book/snapshot?symbol=ACME")["bids"][0][0].as_str().unwrap().to_owned();
    let price = format!("{:.2}", bid.parse::<f64>().unwrap() + 0.01);
    seller.ask("POST", "/api/orders?wait=venue&ms=5000", &limit("sell", "1", &price));
    let bought = buyer.post("/api/orders?wait=venue&ms=5000", &order("buy", "1"));
    if bought["filled_quantity"] != "0" {
        // Both sides of a trade come to the database at once.
        let is_there = |fill: &Value| fill["order_id"] == bought["order_id"];
        until(|| buyer.get("/api/trades/history")["fills"].as_array().unwrap().iter().any(is_there));
    }
}

/// Between two accounts of one person, and between two who are flagged, in the contest and beside it.
fn assert_reported(stage: &Stage, contest: &str, anne: &Entrant<'_>, bert: &Entrant<'_>) {
    let reports = format!("{contest}/reports");
    let found = |why: &str, buyer: &Value| {
        let report = stage.olga.get(&reports);
        let trades = report["trades"].as_array().unwrap().iter();
        let is_meant = |it: &&Value| it["why"] == why && it["buyer"]["account_id"] == *buyer;
        trades.rev().find(is_meant).cloned()
    };
    let own = anne.person.get("/api/account")["account_id"].clone();
    until(|| {
        cross(&anne.seat(), anne.person);
        found("one_person", &own).is_some()
    });
    let report = found("one_person", &own).unwrap();
    assert_eq!(
        (&report["seller"]["account_id"], &report["seller"]["number"]),
        (&json!(anne.account), &json!(1))
    );
    assert_eq!((&report["buyer"]["number"], &report["buyer"]["username"]), (&Value::Null, &json!("anne")));
    let flag = json!({ "first": 1, "second": 2, "reason": "they sit together" });
    assert_eq!(stage.olga.ask("POST", &format!("{contest}/pairs"), &flag).0, 204);
    assert_eq!(stage.olga.get(&reports)["pairs"][0]["numbers"].as_array().unwrap().len(), 2);
    let berts_own = bert.person.get("/api/account")["account_id"].clone();
    for (buyer, account, number) in
        [(bert.seat(), json!(bert.account), json!(2)), (bert.person.clone(), berts_own, Value::Null)]
    {
        until(|| {
            cross(&anne.seat(), &buyer);
            found("flagged_pair", &account).is_some()
        });
        let report = found("flagged_pair", &account).unwrap();
        assert_eq!(report["seller"]["account_id"], json!(anne.account));
        assert_eq!(
            (&report["buyer"]["number"], &report["buyer"]["username"]),
            (&number, &json!("bert")),
            "{report}"
        );
    }
    assert_eq!(anne.person.refused("GET", &reports, &Value::Null), (403, "forbidden".to_owned()));
}

#[test]
fn limits_hold_on_every_way_and_trades_of_one_person_are_reported() {
    let stage = Stage::open();
    let contest = stage.contest(&json!({
        "instruments": [{ "symbol": "ACME", "position_max": "50" }], "orders": { "count": 200, "seconds": 7_200 },
    }));
    let [anne, bert] = ["anne", "bert"].map(|name| stage.person(name));
    let [annes, berts] = enter_and_come_back(&contest, &anne, &bert);
    stage.olga.ask("PATCH", &contest, &json!({ "text": "Fifty shares." }));
    assert_eq!(stage.olga.get(&contest)["text"], "Fifty shares.");
    stage.run_to("2025-03-03T00:30:00");
    await_playing(&anne, &contest);
    await_playing(&bert, &contest);
    assert_eq!(
        stage.olga.refused("PATCH", &contest, &json!({ "text": "no" })),
        (409, "contest_begun".to_owned())
    );

    let (own, others) = (anne.in_account(&annes), bert.in_account(&annes));
    assert_eq!(others.refused("GET", "/api/account", &Value::Null), (404, "unknown_account".to_owned()));
    let key = json!({ "name": "bot", "scopes": ["read", "trade"], "account_id": annes });
    assert_eq!(bert.refused("POST", "/api/keys", &key), (404, "unknown_account".to_owned()));
    let key = anne.post("/api/keys", &key);
    let [id, secret] = ["key_id", "secret"].map(|field| key[field].as_str().unwrap().to_owned());
    let bot = Asker {
        headers: format!("APCA-API-KEY-ID: {id}\r\nAPCA-API-SECRET-KEY: {secret}\r\nX-API-Key: {secret}\r\n"),
        ..anne.clone()
    };
    assert_limited_on_every_way(&contest, &own, &bot, &annes);
    let [first, second] =
        [(&anne, &annes), (&bert, &berts)].map(|(person, account)| Entrant { person, account });
    assert_reported(&stage, &contest, &first, &second);
    // An administrator reaches orders of contests, too.
    let resting = own.post("/api/orders?wait=venue&ms=5000", &limit("buy", "1", "80"));
    let person = stage.olga.get("/api/admin/users?search=anne")["users"][0]["user_id"].clone();
    let cancel = format!("/api/admin/users/{}/cancel-orders", person.as_str().unwrap());
    let canceled = stage.olga.post(&cancel, &json!({}));
    assert!(canceled["order_ids"].as_array().unwrap().contains(&resting["order_id"]), "{canceled}");
    // So many orders are refused at last, and cancels are not.
    let mut last = (0, String::new());
    for _ in 0..201 {
        let (status, answer) = own.ask("POST", "/api/orders", &limit("buy", "1", "80"));
        last = (status, answer["code"].as_str().unwrap_or_default().to_owned());
        if status == 422 {
            own.ask("DELETE", "/api/orders", &Value::Null);
        }
    }
    assert_eq!(last, (429, "order_rate".to_owned()));
    assert_eq!(own.ask("DELETE", "/api/orders", &Value::Null).0, 200);

    let disqualify = format!("{contest}/entrants/2/disqualify");
    assert_eq!(stage.olga.ask("POST", &disqualify, &json!({ "reason": "two accounts" })).0, 204);
    let bert_in = bert.in_account(&berts);
    until(|| bert_in.ask("POST", "/api/orders", &order("buy", "1")).1["code"] == "ended");
    let board = anne.get(&format!("{contest}/leaderboard"));
    let second = board["entrants"].as_array().unwrap().iter().find(|it| it["number"] == 2).unwrap().clone();
    assert_eq!((&second["place"], &second["reason"]), (&Value::Null, &json!("disqualified: two accounts")));
    let entrants = stage.olga.get(&format!("{contest}/entrants"));
    assert_eq!(entrants["entrants"][1]["username"], "bert");
    assert_reset_leaves_alone(&stage, &anne, &annes);
    stage.olga.post(&format!("{contest}/cancel"), &json!({ "reason": "the lesson was moved" }));
    assert_eq!(stage.olga.get(&contest)["status"], "canceled");
    until(|| own.ask("POST", "/api/orders", &order("buy", "1")).1["code"] == "ended");
    assert_audited(&stage.olga);
    assert_eq!(stage.served.stop(), Some(0));
}

/// What somebody has in a contest is not touched when the person's own account is set back.
fn assert_reset_leaves_alone(stage: &Stage, who: &Asker, account: &str) {
    let seat = who.in_account(account);
    let person = stage.olga.get("/api/admin/users?search=anne")["users"][0]["user_id"].clone();
    let has = || (seat.get("/api/account")["cash"].clone(), seat.get("/api/positions")["positions"].clone());
    let before = has();
    let reset = format!("/api/admin/users/{}/reset", person.as_str().unwrap());
    stage.olga.post(&reset, &json!({ "reason": "a new start" }));
    assert_eq!(who.get("/api/account")["cash"], "100000");
    assert_eq!(has().0, before.0);
    let quantities = |positions: &Value| {
        let positions = positions.as_array().unwrap().iter();
        positions.map(|it| (it["symbol"].clone(), it["quantity"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(quantities(&has().1), quantities(&before.1));
}

/// All that an operator has done here is in the audit log, with its reason.
fn assert_audited(olga: &Asker) {
    let log = olga.get("/api/admin/audit?limit=100");
    let told = |action: &str| {
        let entries = log["entries"].as_array().unwrap().iter();
        let done = entries.filter(|it| it["action"] == action && it["outcome"] == "done");
        done.map(|it| it["reason"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(told("contest.create").len(), 1, "{log}");
    assert_eq!(told("contest.change").len(), 1, "{log}");
    assert_eq!(told("contest.flag"), [json!("they sit together")], "{log}");
    assert_eq!(told("contest.disqualify"), [json!("two accounts")], "{log}");
    assert_eq!(told("contest.cancel"), [json!("the lesson was moved")], "{log}");
    assert_eq!(told("user.reset"), [json!("a new start")], "{log}");
}
