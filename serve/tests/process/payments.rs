//! Payments from outside: the whole flow in the sandbox, by what a browser and a client do; what is refused
//! at the start; and processes that are killed at any point of the flow.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bearpit_serve::config::DatabaseUrl;
use bearpit_serve::store::database::{Database, Statement};
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::harness::{Place, Served};

/// What a process is started with: withdrawals at once, and nothing is waited for longer than it must.
const SETTINGS: [&str; 6] = [
    "--payments-withdrawals",
    "automatic",
    "--payments-refund-doubt",
    "0s",
    "--payments-follow-up-after",
    "1s",
];
/// How long what was left half-way may take to end on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(180);
/// So many processes are killed; `BEARPIT_PAYMENT_KILLS` says another number.
const KILLS: u64 = 6;

fn ask(served: &Served, method: &str, path: &str, who: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (status, _, body) = served.ask(method, path, who, &body);
    (status, serde_json::from_str(&body).unwrap_or_default())
}

/// Sends a form as a browser does; returns status, head and body.
fn form(served: &Served, path: &str, fields: &str) -> (u16, String, String) {
    let (path, fields) = (format!("{path}?"), fields.to_owned());
    let head = format!(
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{fields}",
        fields.len()
    );
    served.ask("POST", path.trim_end_matches('?'), &head, "")
}

/// Chooses on the page of the sandbox, and returns where the browser goes next.
fn choose(served: &Served, token: &str, choice: &str) -> String {
    let (status, head, body) =
        form(served, "/sandbox/webpay/choose", &format!("token_ws={token}&choice={choice}"));
    assert_eq!(status, 303, "{body}");
    let location = head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
    let path = location.find("/api/payments/return").unwrap();
    location[path..].to_owned()
}

fn begin(served: &Served, who: &str, amount: &str, key: &str) -> (String, String) {
    let body = json!({ "amount": amount, "idempotency_key": key });
    let (status, view) = ask(served, "POST", "/api/payments", who, &body);
    assert_eq!(status, 201, "{view}");
    let token = view["redirect"]["fields"]["token_ws"].as_str().unwrap().to_owned();
    (view["payment_id"].as_str().unwrap().to_owned(), token)
}

fn cash(served: &Served, who: &str) -> String {
    let (status, view) = ask(served, "GET", "/api/account", who, &Value::Null);
    assert_eq!(status, 200, "{view}");
    view["cash"].as_str().unwrap().to_owned()
}

#[test]
fn money_comes_in_by_the_sandboxs_page_and_goes_back() {
    let place = Place::new();
    let served = place.start_with(&SETTINGS);
    served.await_ready(200);
    let anne = served.register("anne");
    let (id, token) = begin(&served, &anne, "25", "a");

    let (status, head, page) = form(&served, "/sandbox/webpay/pay", &format!("token_ws={token}"));
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("25000 CLP") && page.contains("width=device-width"), "{page}");
    assert!(head.contains("content-security-policy: default-src 'none'"), "{head}");
    let back = choose(&served, &token, "pay");
    assert_eq!(form(&served, "/sandbox/webpay/pay", &format!("token_ws={token}")).0, 409, "it is over");
    for _ in 0..2 {
        let (status, head, page) = served.ask("GET", &back, "", "");
        assert_eq!(status, 200, "{page}");
        assert!(page.contains("<dd>settled</dd>") && page.contains("25 USD"), "{page}");
        assert!(!page.contains("anne") && head.contains("no-store"), "{page}");
    }
    assert_eq!(cash(&served, &anne), "100025");
    let (_, view) = ask(&served, "GET", &format!("/api/payments/{id}"), &anne, &Value::Null);
    assert_eq!((&view["state"], &view["card"]), (&json!("settled"), &json!("6623")));

    for (choice, state) in [("decline", "refused"), ("abort", "aborted")] {
        let (_, token) = begin(&served, &anne, "5", choice);
        let back = choose(&served, &token, choice);
        // Webpay sends some browsers back by a form.
        let (path, fields) = back.split_once('?').unwrap();
        let (status, _, page) = form(&served, path, fields);
        assert!(status == 200 && page.contains(&format!("<dd>{state}</dd>")), "{page}");
    }
    assert_eq!(served.ask("GET", "/api/payments/return?token_ws=abc", "", "").0, 404);
    assert_eq!(served.ask("GET", "/api/payments/return", "", "").0, 404);

    let ben = served.register("ben");
    let body = json!({ "amount": "10", "idempotency_key": "w" });
    let (status, problem) = ask(&served, "POST", "/api/payments/withdrawals", &ben, &body);
    assert_eq!((status, &problem["code"]), (422, &json!("more_than_paid_in")));
    assert_eq!(ask(&served, "GET", &format!("/api/payments/{id}"), &ben, &Value::Null).0, 404);
    let (status, view) = ask(&served, "POST", "/api/payments/withdrawals", &anne, &body);
    assert_eq!((status, &view["refunds"][0]["state"]), (201, &json!("done")), "{view}");
    assert_eq!(cash(&served, &anne), "100015");

    // Whoever leaves has no money under way; what was paid stays, and is in the export before.
    let (_, token) = begin(&served, &anne, "5", "last");
    let leave = json!({ "password": "correct horse battery" });
    let (status, problem) = ask(&served, "POST", "/api/profile/leave", &anne, &leave);
    assert_eq!((status, &problem["code"]), (409, &json!("payments_open")));
    let back = choose(&served, &token, "abort");
    assert_eq!(served.ask("GET", &back, "", "").0, 200);
    let (status, _, export) = served.ask("GET", "/api/profile/export", &anne, "");
    assert!(status == 200 && export.contains("\"payments\":[") && export.contains(&id), "{export}");
    assert!(!export.contains(&token), "{export}");
    assert_eq!(ask(&served, "POST", "/api/profile/leave", &anne, &leave).0, 200);
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn what_cannot_take_payments_does_not_start() {
    let place = Place::new();
    let base = ["small.toml", "--listen", "127.0.0.1:0"];
    let with = |more: &[&str]| place.run(&[&base, more].concat());
    with(&["--payments-environment", "production"]).assert_fails(2, &["the provider is not `webpay`"]);
    with(&["--payments-provider", "webpay"])
        .assert_fails(2, &["needs `payments.api_key`", "needs `public_url`"]);
    place.write("key", "secret-of-the-merchant\n");
    let webpay = [
        "--payments-provider",
        "webpay",
        "--payments-environment",
        "production",
        "--payments-commerce-code",
        "597055555532",
        "--payments-api-key-file",
        "key",
        "--public-url",
    ];
    let plain = with(&[&webpay[..], &["http://trade.example.org"]].concat());
    plain.assert_fails(2, &["`public_url` must begin with https://"]);
    let no_rate = with(&[&webpay[..], &["https://trade.example.org"]].concat());
    no_rate.assert_fails(2, &["currency is USD", "payments.clp_per_unit = \"950\""]);
    assert!(!no_rate.stderr.contains("secret-of-the-merchant"));
}

/// Asks a process that may be killed meanwhile; nothing once it is.
fn try_ask(served: SocketAddr, path: &str, head: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(served).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let method = if body.is_empty() { "GET" } else { "POST" };
    let form = if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
    let length = body.len();
    let head = format!("{head}Content-Type: {form}\r\nContent-Length: {length}\r\n");
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}\r\n{body}").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer))
}

/// Moves money until the process is killed. Of some payments no browser comes back, and some are not paid.
fn move_money(
    (served, who): (SocketAddr, &str),
    first: u64,
    dice: &mut Dice,
    rounds: &AtomicU64,
) -> Option<()> {
    for number in first.. {
        let body = json!({ "amount": "10", "idempotency_key": format!("p{number}") });
        let (_, answer) = try_ask(served, "/api/payments", who, &body.to_string())?;
        let token = answer.split("\"token_ws\":\"").nth(1)?.split('"').next()?.to_owned();
        if dice.below(8) > 0 {
            let fields = format!("token_ws={token}&choice=pay");
            try_ask(served, "/sandbox/webpay/choose", "", &fields)?;
            if dice.below(4) > 0 {
                try_ask(served, &format!("/api/payments/return?token_ws={token}"), "", "")?;
            }
        }
        let body = json!({ "amount": "3", "idempotency_key": format!("w{number}") });
        try_ask(served, "/api/payments/withdrawals", who, &body.to_string())?;
        rounds.fetch_add(1, Ordering::SeqCst);
    }
    None
}

/// All payments, or withdrawals, of somebody.
fn all_of(served: &Served, path: &str, list: &str, who: &str) -> Vec<Value> {
    let (status, page) = ask(served, "GET", &format!("{path}?limit=1000"), who, &Value::Null);
    assert_eq!(status, 200, "{page}");
    page[list].as_array().unwrap().clone()
}

/// Returns payments and refunds that have not ended.
fn open_ones(served: &Served, who: &str) -> usize {
    let ends = ["settled", "refused", "aborted", "expired", "done", "returned"];
    let is_open = |it: &Value| !ends.contains(&it["state"].as_str().unwrap());
    let payments = all_of(served, "/api/payments", "payments", who);
    let withdrawals = all_of(served, "/api/payments/withdrawals", "withdrawals", who);
    let refunds = withdrawals.iter().flat_map(|it| it["refunds"].as_array().unwrap());
    payments.iter().chain(refunds).filter(|it| is_open(it)).count()
}

/// Rows of two columns, a text and a number, of a database that nobody else has open.
fn ledger(place: &Place, sql: &'static str) -> BTreeMap<String, i64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let url = DatabaseUrl::Sqlite(place.path().join("data/bearpit.db"));
        let database = Database::open(&url).await.unwrap();
        let rows = database.rows(Statement::new(sql), &[]).await.unwrap();
        let rows = rows.iter().map(|row| (row.get("name").unwrap(), row.get("clp").unwrap())).collect();
        database.close().await;
        rows
    })
}

#[test]
fn processes_that_are_killed_fund_each_payment_once_and_pay_nothing_out_twice() {
    let kills = std::env::var("BEARPIT_PAYMENT_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let place = Place::new();
    let settings =
        [&SETTINGS[..], &["--payments-expire-after", "5s", "--payments-open-per-user", "1000"]].concat();
    let mut dice = Dice::new(20);
    let mut who = None;
    for kill in 0..kills {
        let mut served = place.start_with(&settings);
        served.await_ready(200);
        let who = who.get_or_insert_with(|| served.register("anne")).clone();
        let (address, seed) = (served.address, dice.below(1 << 20));
        let rounds = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&rounds);
        let mover = thread::spawn(move || {
            move_money((address, &who), 1_000 * kill, &mut Dice::new(seed), &counted);
        });
        // Some rounds are whole; the one that comes then is cut off anywhere.
        let whole = 1 + dice.below(6);
        let until = Instant::now() + PATIENCE;
        while rounds.load(Ordering::SeqCst) < whole && !mover.is_finished() {
            assert!(Instant::now() < until, "no money moves");
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_micros(dice.below(60_000)));
        served.kill();
        mover.join().unwrap();
    }
    let who = who.unwrap();
    let served = place.start_with(&settings);
    served.await_ready(200);
    let until = Instant::now() + PATIENCE;
    while open_ones(&served, &who) > 0 {
        assert!(Instant::now() < until, "{} are still open", open_ones(&served, &who));
        thread::sleep(Duration::from_millis(200));
    }
    let cash: f64 = cash(&served, &who).parse().unwrap();
    assert_eq!(served.stop(), Some(0));

    // The sandbox has a ledger of its own, which says what was paid and what was paid back.
    let paid =
        ledger(&place, "SELECT token AS name, clp FROM sandbox_transactions WHERE status = 'authorized'");
    let back = ledger(&place, "SELECT token AS name, SUM(clp) AS clp FROM sandbox_refunds GROUP BY token");
    let settled = ledger(&place, "SELECT token AS name, clp FROM payments WHERE state = 'settled'");
    let done = ledger(
        &place,
        "SELECT p.token AS name, SUM(r.clp) AS clp FROM refunds r JOIN payments p ON p.id = r.payment_id
         WHERE r.state = 'done' GROUP BY p.token",
    );
    assert!(
        paid.len() as u64 >= kills && !back.is_empty(),
        "the processes lived too short: {paid:?} {back:?}"
    );
    assert_eq!((&settled, &done), (&paid, &back));
    let moved = paid.values().sum::<i64>() - back.values().sum::<i64>();
    let expected = 100_000.0 + moved as f64 / 1_000.0;
    assert!((cash - expected).abs() < 1e-6, "{cash}, but {expected} by what the sandbox has");
}
