//! Wallets over HTTP: what one has, what was moved, transfers, statements; and the ledger beside the journal.

use std::time::{Duration, Instant};

use bearpit_serve::config::DatabaseUrl;
use bearpit_serve::store::database::{Database, Statement};
use serde_json::{Value, json};

use crate::harness::{Place, Served};

fn ask(served: &Served, method: &str, path: &str, who: &str, body: &Value) -> (u16, Value) {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let (status, _, answer) = served.ask(method, path, who, &text);
    (status, serde_json::from_str(&answer).unwrap_or(Value::Null))
}

fn get(served: &Served, who: &str, path: &str) -> Value {
    let (status, body) = ask(served, "GET", path, who, &Value::Null);
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// Waits until the ledger has so many entries that a query finds, and returns them.
fn await_entries(served: &Served, who: &str, query: &str, count: usize) -> Vec<Value> {
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        let page = get(served, who, &format!("/api/wallet/history?{query}"));
        let entries = page["entries"].as_array().unwrap();
        if entries.len() >= count {
            return entries.clone();
        }
        assert!(Instant::now() < until, "{query}: {page}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Puts the pieces of a body together.
fn unchunked(body: &str) -> String {
    let (mut left, mut whole) = (body, String::new());
    while let Some((length, rest)) = left.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        whole.push_str(&rest[..length]);
        left = &rest[length + 2..];
    }
    whole
}

fn start_strategy(served: &Served, who: &str) -> String {
    let strategy = json!({ "name": "still", "source": "fn on_start() { }", "cash": "1000" });
    let (status, started) = ask(served, "POST", "/api/strategies", who, &strategy);
    assert_eq!(status, 201, "{started}");
    started["strategy_id"].as_str().unwrap().to_owned()
}

fn check_transfers(served: &Served, anne: &str, bert: &str) {
    let own = get(served, anne, "/api/wallet")["account_id"].as_str().unwrap().to_owned();
    let theirs = get(served, bert, "/api/wallet")["account_id"].as_str().unwrap().to_owned();
    let strategy = start_strategy(served, anne);
    let send = |who: &str, from: &str, to: &str, amount: &str, key: &str| {
        let body = json!({ "from": from, "to": to, "amount": amount, "idempotency_key": key });
        let (status, answer) = ask(served, "POST", "/api/wallet/transfers", who, &body);
        (status, answer["code"].as_str().unwrap_or_default().to_owned(), answer)
    };
    let (status, _, done) = send(anne, &own, &strategy, "250.5", "one");
    assert_eq!((status, &done["status"], &done["amount"]), (201, &json!("done"), &json!("250.5")), "{done}");
    let (status, _, again) = send(anne, &own, &strategy, "250.5", "one");
    assert_eq!((status, &again["transfer_id"]), (201, &done["transfer_id"]), "it is done once");
    let (status, code, _) = send(anne, &own, &strategy, "251", "one");
    assert_eq!((status, code.as_str()), (409, "idempotency_key_in_use"));
    assert_eq!(send(anne, &strategy, &own, "0.5", "two").0, 201);
    let wallet = get(served, anne, "/api/wallet");
    assert_eq!(wallet["sub_accounts"][0]["cash"], json!("1250"), "{wallet}");

    let nobody = "0190c7a4-5e4f-7c50-9a3e-1f6f0a4d2b11";
    let (status, _, unknown) = send(anne, &own, nobody, "1", "three");
    let (_, _, of_other) = send(anne, &own, &theirs, "1", "three");
    assert_eq!((status, &unknown["code"], &unknown["field"]), (404, &json!("unknown_account"), &json!("to")));
    let message = |problem: &Value, id: &str| problem["message"].as_str().unwrap().replace(id, "ID");
    assert_eq!(message(&unknown, nobody), message(&of_other, &theirs), "others are as unknown ones");
    for (from, to, amount, status, code) in [
        (own.as_str(), strategy.as_str(), "1e9", 422, "invalid_field"),
        (&own, &strategy, "0", 422, "invalid_field"),
        (&own, &strategy, "-1", 422, "invalid_field"),
        (&own, &own, "1", 422, "invalid_field"),
        (&own, &strategy, "100000000", 422, "funding_refused"),
        (&strategy, &own, "1250.01", 422, "funding_refused"),
        (&theirs, &own, "1", 404, "unknown_account"),
    ] {
        let (found, word, answer) = send(anne, from, to, amount, &format!("{from}{to}{amount}"));
        assert_eq!((found, word.as_str()), (status, code), "{amount}: {answer}");
    }
    let (status, _) = ask(served, "POST", &format!("/api/strategies/{strategy}/stop"), anne, &json!({}));
    assert_eq!(status, 200);
    let (status, code, _) = send(anne, &own, &strategy, "1", "four");
    assert_eq!((status, code.as_str()), (409, "strategy_ended"));
    assert_eq!(get(served, anne, "/api/wallet")["sub_accounts"], json!([]));

    let listed = get(served, anne, "/api/wallet/transfers?limit=1");
    let next = listed["next"].as_str().unwrap();
    let rest = get(served, anne, &format!("/api/wallet/transfers?cursor={next}"));
    let rest = rest["transfers"].as_array().unwrap();
    assert!(rest.iter().any(|it| it["transfer_id"] == done["transfer_id"]), "{rest:?}");
    assert_eq!(get(served, bert, "/api/wallet/transfers")["transfers"], json!([]));
    let into = await_entries(served, anne, &format!("account_id={strategy}&kind=transfer_in"), 2);
    let reference = format!("transfer:{}", done["transfer_id"].as_str().unwrap());
    assert_eq!((&into[0]["reference"], &into[0]["balance"]), (&json!(reference), &json!("1250.5")));
    let (status, _) =
        ask(served, "GET", &format!("/api/wallet/history?account_id={strategy}"), bert, &Value::Null);
    assert_eq!(status, 404);
}

fn check_history(served: &Served, anne: &str) {
    let order = json!({ "symbol": "ACME", "side": "buy", "quantity": "10" });
    let (status, entered) = ask(served, "POST", "/api/orders?wait=venue&ms=5000", anne, &order);
    assert_eq!(status, 201, "{entered}");
    let bought = await_entries(served, anne, "kind=buy&symbol=ACME", 2);
    let shares: Vec<&Value> = bought.iter().filter(|it| it["asset"] == "shares").collect();
    let cash: Vec<&Value> = bought.iter().filter(|it| it["asset"] == "cash").collect();
    assert!(!shares.is_empty() && shares.len() == cash.len(), "{bought:?}");
    assert_eq!(cash[0]["order_id"], entered["order_id"]);
    assert!(cash[0]["amount"].as_str().unwrap().starts_with('-') && cash[0]["symbol"] == "ACME");

    // Page by page, and as one document of CSV, it is the same.
    let mut ids: Vec<String> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = get(served, anne, &format!("/api/wallet/history?limit=3{cursor}"));
        ids.extend(
            page["entries"].as_array().unwrap().iter().map(|it| it["entry_id"].as_str().unwrap().into()),
        );
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let (status, head, body) =
        served.ask("GET", "/api/wallet/history", &format!("{anne}Accept: text/csv\r\n"), "");
    assert_eq!(status, 200, "{body}");
    assert!(head.to_lowercase().contains("content-type: text/csv"), "{head}");
    let csv = unchunked(&body);
    let lines: Vec<&str> = csv.trim_end().split("\r\n").collect();
    assert!(lines[0].starts_with("at,kind,asset,symbol,amount,balance,"), "{}", lines[0]);
    let of_lines: Vec<&str> = lines[1..].iter().map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!(of_lines, ids);
    let (_, head, page) = served.ask("GET", "/api/wallet/history?format=csv&limit=2", anne, "");
    assert_eq!(page.lines().count(), 3, "{page}");
    assert!(head.to_lowercase().contains("x-next-cursor: "), "{head}");
    for query in ["kind=gift", "limit=0", "cursor=x", "from=monday", "format=html", "account_id=1", "page=2"]
    {
        let (status, problem) =
            ask(served, "GET", &format!("/api/wallet/history?{query}"), anne, &Value::Null);
        assert_eq!(status, 422, "{query}: {problem}");
    }
}

fn check_statements(served: &Served, anne: &str) {
    let path = |month: &str, format: &str| format!("/api/wallet/statements/{month}?format={format}");
    let (status, head, body) = served.ask("GET", &path("2025-03", "html"), anne, "");
    assert_eq!(status, 200, "{body}");
    assert!(head.to_lowercase().contains("content-security-policy: default-src 'none'"), "{head}");
    let page = unchunked(&body);
    for text in ["Statement 2025-03, so far", "Opening balance", "grant", "Totals", "Balance now", "</html>"]
    {
        assert!(page.contains(text), "no {text} in {page}");
    }
    let (status, _, body) = served.ask("GET", &path("2025-03", "csv"), anne, "");
    assert_eq!(status, 200);
    let csv = unchunked(&body);
    let cash = get(served, anne, "/api/wallet")["cash"].as_str().unwrap().to_owned();
    assert!(csv.contains(&format!(",,cash,,,{cash},,,,closing_balance\r\n")), "{cash} is not in {csv}");
    assert!(csv.contains(",,cash,,,0,,,,opening_balance\r\n"), "{csv}");
    for (month, status, code) in [
        ("2025-02", 404, "before_account"),
        ("2025-04", 404, "month_not_begun"),
        ("2025-13", 422, "invalid_parameter"),
        ("march", 422, "invalid_parameter"),
    ] {
        let (found, problem) = ask(served, "GET", &path(month, "html"), anne, &Value::Null);
        assert_eq!((found, &problem["code"]), (status, &json!(code)), "{month}: {problem}");
    }
    let (status, _) = ask(served, "GET", &path("2025-03", "json"), anne, &Value::Null);
    assert_eq!(status, 422);
}

/// Changes the last balance of one account, as nothing of this program does.
fn spoil(place: &Place) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let url = DatabaseUrl::Sqlite(place.path().join("data/bearpit.db"));
        let database = Database::open(&url).await.unwrap();
        let last = "UPDATE ledger SET balance = '1' WHERE asset = '' AND (segment, sequence, line) IN
            (SELECT segment, sequence, line FROM ledger WHERE asset = ''
             ORDER BY segment DESC, sequence DESC, line DESC LIMIT 1)";
        assert_eq!(database.execute(Statement::new(last), &[]).await, Ok(1));
        database.close().await;
    });
}

#[test]
fn a_wallet_has_its_history_transfers_and_statements_and_the_ledger_is_that_of_the_journal() {
    let place = Place::new();
    let served = place.start_ready();
    let (anne, bert) = (served.register("anne"), served.register("bert"));
    let fresh = get(&served, &anne, "/api/wallet");
    assert_eq!(
        (&fresh["cash"], &fresh["value"], &fresh["total_value"]),
        (&fresh["value"], &fresh["cash"], &fresh["cash"])
    );
    assert_eq!((&fresh["holdings"], &fresh["sub_accounts"]), (&json!([]), &json!([])));
    await_entries(&served, &anne, "kind=grant", 1);
    check_transfers(&served, &anne, &bert);
    check_history(&served, &anne);
    check_statements(&served, &anne);
    // Killed in the middle, and gone on.
    served.crash();
    let segment = place.newest_segment();
    let path = segment.to_str().unwrap();
    let audited = place.run(&["audit", path, "--data", "data"]);
    assert_eq!(audited.code, Some(0), "{}", audited.stderr);
    assert!(audited.stdout.contains("difference 0"), "{}", audited.stdout);
    let served = place.start_ready();
    assert_eq!(served.stop(), Some(0));
    let audited = place.run(&["audit", path, "--data", "data"]);
    assert_eq!(audited.code, Some(0), "{}", audited.stderr);
    assert!(audited.stdout.contains("ledger: 3 accounts: difference 0"), "{}", audited.stdout);
    let audited = place.run(&["audit", path, "--data", "data", "--json"]);
    let found: Value = serde_json::from_str(&audited.stdout).unwrap();
    let ledger = json!({ "extent": "whole", "number": null, "accounts": 3, "differences": [] });
    assert_eq!(found["ledger"], ledger);
    place.run(&["audit", path, "--data", "none"]).assert_fails(2, &["there is no database"]);
    spoil(&place);
    let spoiled = ["its facts add up to ", " of cash, but the ledger has 0.0000000001"];
    place.run(&["audit", path, "--data", "data"]).assert_fails(1, &spoiled);
}

/// Lets virtual time run fast until a time of day has come.
fn run_to(place: &Place, time: &str) {
    place.admin(&["speed", "600"]);
    let until = Instant::now() + Duration::from_secs(120);
    while place.admin(&["status"])["day"]["now"].as_str().unwrap_or_default() < time {
        assert!(Instant::now() < until, "it is not {time} yet");
        std::thread::sleep(Duration::from_millis(50));
    }
    place.admin(&["speed", "1"]);
}

#[test]
fn a_statement_ends_with_its_month_and_the_next_begins_with_what_it_closed_with() {
    let place = Place::new();
    let edges = "start = 2025-03-03T00:00:00\nend = 2025-03-04T00:00:00";
    place.scenario_with(edges, "start = 2025-03-31T23:00:00\nend = 2025-04-01T22:00:00");
    let served = place.start_with(&["--set", "live.speed=1"]);
    served.await_ready(200);
    let anne = served.register("anne");
    let buy = |quantity: &str| {
        let order = json!({ "symbol": "ACME", "side": "buy", "quantity": quantity });
        let (status, entered) = ask(&served, "POST", "/api/orders?wait=venue&ms=5000", &anne, &order);
        assert_eq!(status, 201, "{entered}");
        entered["order_id"].as_str().unwrap().to_owned()
    };
    let before = buy("10");
    await_entries(&served, &anne, "kind=buy&symbol=ACME", 2);
    run_to(&place, "2025-04-01T00:01:00");
    let behind = buy("7");
    await_entries(&served, &anne, "kind=buy&symbol=ACME", 4);
    let statement = |month: &str| {
        let path = format!("/api/wallet/statements/{month}?format=csv");
        let (status, _, body) = served.ask("GET", &path, &anne, "");
        assert_eq!(status, 200, "{body}");
        unchunked(&body)
    };
    let [march, april] = ["2025-03", "2025-04"].map(statement);
    let has = |statement: &str, order: &str| {
        statement.lines().any(|line| line.split(',').nth(6).is_some_and(|found| found == order))
    };
    assert_eq!((has(&march, &before), has(&march, &behind)), (true, false), "{march}");
    assert_eq!((has(&april, &before), has(&april, &behind)), (false, true), "{april}");
    // What March closes with, at its very end, is what April opens with.
    let balances = |statement: &str, what: &str| {
        let lines = statement.lines().filter_map(|line| line.strip_suffix(what));
        lines.map(str::to_owned).collect::<Vec<String>>()
    };
    let closing = balances(&march, ",closing_balance");
    assert_eq!(closing, balances(&april, ",opening_balance"), "{march}\n{april}");
    assert!(closing.iter().all(|line| line.starts_with("2025-04-01T00:00:00")), "{closing:?}");
    assert!(closing.iter().any(|line| line.contains(",shares,ACME,,10,")), "{closing:?}");
    assert!(
        balances(&april, ",closing_balance").iter().any(|line| line.contains(",shares,ACME,,17,")),
        "{april}"
    );
}
