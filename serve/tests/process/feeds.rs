//! Values that follow quotes from elsewhere: by the operator's command, and by a file of feeds.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Place, Served};

/// A market of one instrument that follows a feed, with the agent that quotes it.
const MARKET: &str = r#"
[scenario]
name = "small"
seed = 7
start = 2025-03-03T00:00:00
end = 2025-03-04T00:00:00
[live]
clock = "scaled"
speed = 10
[[instruments]]
symbol = "ACME"
tick_size = "0.01"
process = { kind = "feed", initial = 100 }
[[instruments]]
symbol = "OTHER"
tick_size = "0.01"
[[venues]]
name = "PIT"
instruments = ["ACME", "OTHER"]
[[agents]]
kind = "feed"
instrument = "ACME"
cash = 5_000_000
max_short = { ACME = 25_000 }
half_spread = "0.05"
quantity = 300
max_inventory = 20_000
stale_after = "23h"
"#;

fn market() -> Place {
    let place = Place::new();
    place.write("small.toml", MARKET);
    place
}

/// Waits until a market shows a bid.
fn await_bid(served: &Served, bid: &str) {
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        let (status, body) = served.get("/api/quotes/ACME");
        let quote: Value = serde_json::from_str(&body).unwrap();
        if status == 200 && quote["bid"] == bid {
            return;
        }
        assert!(Instant::now() < until, "no bid of {bid}: {body}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_quote_moves_the_market_outlives_a_crash_and_replays_to_the_same_digest() {
    let place = market();
    let served = place.start_ready();
    assert_eq!(place.admin(&["quote", "ACME", "104.5"])["done"]["value"], "104.5");
    await_bid(&served, "104.45");
    place.admin(&["quote", "ACME", "103", "--bid", "102.9", "--ask", "103.25"]);
    await_bid(&served, "102.9");
    for (arguments, expected) in [
        (["ACME", "1_000"], "is no price: a decimal number"),
        (["OTHER", "5"], "its process must be of the kind `feed`"),
        (["NONE", "5"], "there is no instrument"),
        (["ACME", "0"], "no price of the instrument"),
    ] {
        place.run(&[&["admin", "quote"][..], &arguments].concat()).assert_fails(1, &[expected]);
    }
    served.crash();
    let served = place.start_ready();
    let far = place.run(&["admin", "quote", "ACME", "200"]);
    far.assert_fails(1, &["200.00 is too far from the last value 103.00"]);
    place.admin(&["quote", "ACME", "200", "--force"]);
    await_bid(&served, "199.95");
    assert_eq!(served.stop(), Some(0));
    let segment = place.newest_segment();
    let replayed = place.run(&["replay", segment.to_str().unwrap()]);
    assert!(replayed.stdout.contains("settled, with the digest of the journal"), "{}", replayed.stdout);
}

#[test]
fn what_is_wrong_with_the_file_of_feeds_is_said_before_anything_starts() {
    let place = market();
    let feed = |symbol: &str| {
        format!("[[feeds]]\nname = \"a\"\npreset = \"alpaca_bars\"\nsymbols = [\"{symbol}\"]\n")
    };
    let check = |text: &str| {
        place.write("feeds.toml", text);
        place.run(&["small.toml", "--check", "--feeds-file", "feeds.toml"])
    };
    let valid = check(&feed("ACME"));
    assert_eq!(valid.code, Some(0), "{}", valid.stderr);
    check(&feed("OTHER")).assert_fails(2, &["feeds.toml:4:11", "names `OTHER`, whose process is no `feed`"]);
    let keyed = format!("{}headers = {{ K = \"BEARPIT_NO_SUCH\" }}\n", feed("ACME"));
    check(&keyed).assert_fails(2, &["needs the variable `BEARPIT_NO_SUCH` of the environment"]);
    let missing = place.run(&["small.toml", "--feeds-file", "none.toml"]);
    missing.assert_fails(2, &["the file of feeds none.toml cannot be read"]);
}
