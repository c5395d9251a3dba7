//! The commands for strategy authors: what they print, what they write, how they fail.

use std::fs;
use std::path::{Path, PathBuf};

use bearpit::script::{ApiEntry, test_functions};
use tempfile::TempDir;

use crate::cli::{bearpit, run};

/// Runs the program in a directory.
fn run_in(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    run(bearpit().current_dir(directory).args(arguments))
}

/// Writes a script, and returns its directory.
fn script(text: &str) -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("s.rhai");
    fs::write(&path, text).unwrap();
    (directory, path)
}

fn on_script(text: &str, arguments: &[&str]) -> (i32, String, String) {
    let (directory, _) = script(text);
    run_in(directory.path(), arguments)
}

/// Runs the tests of a script.
fn tested(text: &str) -> (i32, String) {
    let (code, stdout, stderr) = on_script(text, &["strategy", "test", "s.rhai"]);
    assert_eq!(stderr, "");
    (code, stdout)
}

const BUYER: &str = "const SIZE = param(\"size\", 10, 1..=100, \"how much\");\n\
    const WHEN = param(\"when\", \"dip\", [\"dip\", \"rise\"], \"when it buys\");\n\
    fn on_init(params) { this.bars = 0; }\n\
    fn on_bar(bar) { this.bars += 1; if bar.close < bar.open { buy(SIZE); } log(WHEN); }\n\
    fn on_order_filled(event) { this.paid = event.price; }\n";

#[test]
fn what_a_strategy_declares_is_listed() {
    let text = format!(
        "{BUYER}fn on_start() {{ bars(\"5m\"); quotes(); this.e = feed(ema(3), \"bar.close\"); }}\nfn test_it() {{}}\n"
    );
    let (code, stdout, stderr) = on_script(&text, &["strategy", "s.rhai"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    for line in [
        "  size       10       1 to 100       how much",
        "  when       \"dip\"    \"dip\", \"rise\"  when it buys",
        "callbacks  on_init, on_start, on_bar, on_order_filled",
        "feeds      bars(\"5m\"), quotes(), feed(.., \"bar.close\")",
        "imports    none",
        "tests      test_it",
    ] {
        assert!(stdout.lines().any(|it| it == line), "{line}\n{stdout}");
    }
    let (_, stdout, _) = on_script(&text, &["strategy", "s.rhai", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(json["params"][0]["range"], serde_json::json!([1, 100]));
    assert_eq!((&json["params"][1]["default"], &json["tests"][0]), (&"dip".into(), &"test_it".into()));
}

#[test]
fn a_new_strategy_is_valid_and_passes_its_tests_and_its_scenario_runs() {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    let (code, stdout, stderr) = run_in(here, &["new", "strategy", "dip_buyer", "--scenario"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains("bearpit strategy test strategies/dip_buyer.rhai"), "{stdout}");
    let files = ["strategies/dip_buyer.rhai", "scenarios/dip_buyer.toml"];
    let (code, stdout, stderr) = run_in(here, &["check", files[0], files[1]]);
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    let (code, stdout, _) = run_in(here, &["strategy", "test", files[0]]);
    assert!(code == 0 && stdout.contains("test result: ok. 2 passed; 0 failed"), "{stdout}");
    let (code, stdout, stderr) = run_in(here, &["simulate", files[1], "--json"]);
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert!(json[0].to_string().contains("dip_buyer"));
    let before = fs::read(here.join(files[0])).unwrap();
    let (code, _, stderr) = run_in(here, &["new", "strategy", "dip_buyer"]);
    assert!(code == 2 && stderr.contains("exists already"), "{stderr}");
    assert_eq!(fs::read(here.join(files[0])).unwrap(), before);
}

#[test]
fn a_new_strategy_needs_a_plain_name_and_says_how_to_run_it() {
    let directory = TempDir::new().unwrap();
    for name in ["../up", "Big", "a b", "", "x.rhai"] {
        let (code, _, stderr) = run_in(directory.path(), &["new", "strategy", name]);
        assert!(code == 2 && stderr.contains("must "), "{name}: {stderr}");
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    let (code, stdout, _) = run_in(directory.path(), &["new", "strategy", "mine", "--dir", "my \"own\""]);
    assert!(code == 0 && stdout.contains(r#"file = "../my \"own\"/mine.rhai""#), "{stdout}");
}

#[test]
fn a_check_names_everything_in_a_script_with_its_line() {
    let text =
        "const A = param(\"a\", 1);\nfn on_bar(bar) { byu(bar.clos); log(params.b); }\nfn on_tick(x) {}\n";
    let (code, stdout, stderr) = on_script(text, &["check", "s.rhai"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    for part in [
        "s.rhai:2:18",
        "there is no function `byu`",
        "did you mean `buy`?",
        "fn on_bar(bar) { byu(bar.clos);",
        "the type Bar has no field `clos`",
        "did you mean `close`?",
        "s.rhai:3:4",
        "`on_tick` is not a callback",
    ] {
        assert!(stderr.contains(part), "{part}\n{stderr}");
    }
    let (code, stdout, stderr) =
        on_script("const A = param(\"a\", 1);\nfn on_start() {}", &["check", "s.rhai"]);
    assert!(code == 0 && stdout.contains("s.rhai: valid; 1 parameter, 1 callback, 0 tests"), "{stdout}");
    assert!(stderr.contains("warning") && stderr.contains("`a` is never read"), "{stderr}");
}

#[test]
fn nothing_is_found_in_the_strategies_that_ship() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("strategies");
    let files = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
    let scripts: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|it| it == "rhai")).collect();
    assert!(scripts.len() >= 3);
    let (code, stdout, stderr) = run(bearpit().arg("check").args(&scripts));
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!(stdout.lines().count(), scripts.len());
}

#[test]
fn the_tests_of_the_strategies_that_ship_pass() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("strategies");
    for name in ["ema_cross", "twap"] {
        let file = directory.join(format!("{name}.rhai"));
        let (code, stdout, stderr) = run(bearpit().args(["strategy", "test"]).arg(file));
        assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
        assert!(stdout.contains("test result: ok."), "{stdout}");
    }
}

#[test]
fn constants_are_seen_in_anonymous_functions_and_variables_are_not() {
    let text = "const LIMIT = 3;\nfn on_start() {}\n\
        fn test_constant() { assert_eq([1, 5, 7].filter(|n| n > LIMIT).len(), 2); let f = || LIMIT; assert_eq(f.call(), 3); }\n\
        fn test_variable() { let y = 4; let f = |x| x > y; f.call(1); }\n";
    let (code, stdout, _) = on_script(text, &["strategy", "test", "s.rhai"]);
    assert_eq!(code, 1, "{stdout}");
    assert!(stdout.contains("test test_constant ... ok"), "{stdout}");
    assert!(stdout.contains("there is no variable `y` here (a closure sees its own arguments"), "{stdout}");
}

#[test]
fn the_check_of_a_scenario_checks_its_scripts_and_what_they_import() {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    assert_eq!(run_in(here, &["new", "strategy", "mine", "--scenario"]).0, 0);
    fs::create_dir(here.join("strategies/lib")).unwrap();
    fs::write(here.join("strategies/lib/h.rhai"), "fn half(x) { x / towo }").unwrap();
    let text = "import \"lib/h\" as h;\nfn on_bar(bar) { log(h::half(1)); h::haff(2); h::half(1, 2); }";
    fs::write(here.join("strategies/mine.rhai"), text).unwrap();
    let (code, stdout, stderr) = run_in(here, &["check", "scenarios/mine.toml", "--json"]);
    assert_eq!((code, stderr.as_str()), (2, ""));
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let errors = json[0]["errors"].as_array().unwrap();
    let messages: Vec<&str> = errors.iter().map(|error| error["message"].as_str().unwrap()).collect();
    assert_eq!(
        messages,
        [
            "`lib/h` has no function `haff`",
            "`h::half` is given 2 arguments, but takes 1",
            "there is no variable `towo` here",
        ]
    );
    assert!(errors[2]["file"].as_str().unwrap().ends_with("strategies/lib/h.rhai"), "{stdout}");
}

#[test]
fn what_is_no_script_is_an_error_that_says_so() {
    let directory = TempDir::new().unwrap();
    let here = directory.path();
    fs::create_dir(here.join("dir.rhai")).unwrap();
    fs::write(here.join("empty.rhai"), "").unwrap();
    fs::write(here.join("bytes.rhai"), b"fn on_bar(bar) {}\n\xff").unwrap();
    fs::write(here.join("prose.rhai"), "This is not a script.\n").unwrap();
    let cases = [
        ("gone.rhai", "`gone.rhai` cannot be read"),
        ("dir.rhai", "`dir.rhai` cannot be read"),
        ("empty.rhai", "the script defines no callback"),
        ("bytes.rhai", "byte 0xff is not valid UTF-8"),
        ("prose.rhai", "prose.rhai:1:"),
    ];
    for (file, part) in cases {
        for command in [&["check"][..], &["strategy"], &["strategy", "test"]] {
            let (code, stdout, stderr) = run_in(here, &[command, &[file]].concat());
            assert_eq!((code, stdout.as_str()), (2, ""), "{command:?} {file}");
            assert!(stderr.contains(part), "{command:?} {file}: {stderr}");
        }
    }
}

#[test]
fn tests_trade_on_a_real_book_and_see_what_the_strategy_sees() {
    let (code, stdout) = tested(&format!(
        "{BUYER}\
         fn test_a_dip_is_bought() {{\n\
             mock_bar(100.0, 100.5, 99.0, 99.5, 400);\n\
             assert_eq(position(), 10);\n\
             assert_eq(state().bars, 1);\n\
             assert_close(state().paid, 99.5, 0.011);\n\
             assert_close(equity(), 1000000.0, 1.0);\n\
             let bar = history(1)[0];\n\
             assert_eq([bar.open, bar.high, bar.low, bar.close, bar.volume], [100.0, 100.5, 99.0, 99.5, 400.0]);\n\
         }}\n\
         fn test_a_rise_is_not() {{ mock_bar(100.0, 100.5, 99.0, 100.5, 400); assert_eq(position(), 0); }}\n\
         fn test_orders_of_the_test_are_the_strategys() {{\n\
             mock_quote(99.9, 100.1, 50, 60);\n\
             assert_eq(quote().ask_size, 60);\n\
             let resting = buy_limit(20, 99.5);\n\
             advance(\"1s\");\n\
             assert_eq(resting.status, \"open\");\n\
             fill(resting, 5);\n\
             assert_eq(resting.filled, 5);\n\
             fill(resting);\n\
             assert_eq([resting.status, resting.average_price, position()], [\"filled\", 99.5, 20.0]);\n\
             assert_eq(bid(), 99.9);\n\
             let first = sell_limit(5, 100.1);\n\
             mock_trade(100.1, 60);\n\
             assert(first.is_open, \"who was there first is served first\");\n\
             mock_trade(100.1, 5);\n\
             assert_eq(first.status, \"filled\");\n\
             mock_quote((), 101.0);\n\
             assert_eq(bid(), ());\n\
         }}\n"
    ));
    assert!(code == 0 && stdout.contains("test result: ok. 3 passed; 0 failed; 0 filtered out"), "{stdout}");
}

#[test]
fn a_stop_inside_a_bar_of_a_test_fills_at_its_trigger() {
    let (code, stdout) = tested(&format!(
        "{BUYER}\
         fn test_a_stop() {{\n\
             mock_bar(100.0, 100.5, 99.5, 100.2, 400);\n\
             buy(10);\n\
             advance(\"1s\");\n\
             let stop = sell_stop(10, 95.0);\n\
             mock_bar(100.0, 101.0, 90.0, 92.0, 400);\n\
             assert_eq([stop.status, stop.filled], [\"filled\", 10.0]);\n\
             assert_close(stop.average_price, 94.99, 0.0001);\n\
         }}\n"
    ));
    assert!(code == 0 && stdout.contains("test result: ok. 1 passed"), "{stdout}");
}

#[test]
fn a_trailing_stop_inside_a_bar_of_a_test_fills_where_it_has_followed_to() {
    let (code, stdout) = tested(&format!(
        "{BUYER}\
         fn test_it_trails() {{\n\
             mock_bar(100.0, 100.5, 99.5, 100.2, 400);\n\
             buy(10);\n\
             advance(\"1s\");\n\
             let stop = sell_trailing_stop(10, 3.0);\n\
             let percent = sell_trailing_stop(10, percent(50));\n\
             mock_bar(100.0, 104.0, 99.0, 100.5, 400);\n\
             assert_eq([stop.status, percent.status], [\"filled\", \"open\"]);\n\
             assert_close(stop.average_price, 100.99, 0.0001);\n\
         }}\n"
    ));
    assert!(code == 0 && stdout.contains("test result: ok. 1 passed"), "{stdout}");
}

#[test]
fn a_failed_test_says_where_and_with_which_values() {
    let text = format!(
        "{BUYER}fn test_fails() {{\n    mock_bar(100.0, 101.0, 99.0, 99.5, 400);\n    assert_eq(position(), 7);\n}}\n\
         fn test_passes() {{}}\n"
    );
    let (code, stdout) = tested(&text);
    assert_eq!(code, 1);
    for part in [
        "running 2 tests of s.rhai",
        "test test_fails ... FAILED",
        "test test_passes ... ok",
        "s.rhai:8:5: assert_eq: 10.0 is not 7",
        "8 |     assert_eq(position(), 7);\n  |     ^",
        "logged:\n  dip",
        "test result: FAILED. 1 passed; 1 failed; 0 filtered out",
    ] {
        assert!(stdout.contains(part), "{part}\n{stdout}");
    }
    let arguments = ["strategy", "test", "s.rhai", "fails", "--json", "--set", "size=7"];
    let (code, stdout, _) = on_script(&text, &arguments);
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &json[0]["passed"], json.as_array().unwrap().len()), (0, &true.into(), 1));
    let (code, _, stderr) = on_script(&text, &["strategy", "test", "s.rhai", "--set", "size=700"]);
    assert!(code == 2 && stderr.contains("1 to 100"), "{stderr}");
}

#[test]
fn a_strategy_that_fails_fails_its_test() {
    let (code, stdout) = tested(
        "fn on_bar(bar) { this.count += 1; }\n\
         fn test_it() { mock_bar(1.0, 1.0, 1.0, 1.0, 10); }\nfn test_calm() {}\n",
    );
    assert_eq!(code, 1);
    assert!(stdout.contains("s.rhai:2:16: mock_bar: the strategy failed"), "{stdout}");
    assert!(stdout.contains("the strategy failed: s.rhai:1:29") && stdout.contains("in on_bar"), "{stdout}");
    let (code, stdout) = tested("fn on_stop() { this.gone.x; }\nfn test_it() {}\n");
    assert!(code == 1 && stdout.contains("in on_stop"), "{stdout}");
    let (code, stdout) = tested("fn on_start() { advance(\"1s\"); }\nfn test_it() { advance(\"1s\"); }\n");
    assert!(code == 1 && stdout.contains("this is for tests"), "{stdout}");
}

#[test]
fn tests_are_bounded_and_their_mistakes_are_errors() {
    let cases = [
        ("loop { }", "200000 operations"),
        ("for i in 0..100000 { advance(\"1us\"); }", "operations"),
        ("advance(\"1000d\");", "the market closes"),
        ("mock_quote(2.0, 1.0);", "the bid must be below the ask"),
        ("mock_quote(99.0, 101.0); mock_trade(102.0, 1);", "nobody trades outside of the quotes"),
        ("mock_bar(1.0, 0.5, 2.0, 1.0, 10);", "high must be the highest"),
        ("mock_bar(1.0, 4.0, 1.0, 2.0, 1);", "less than a lot at each price"),
        ("mock_quote(\"a\", 1.0);", "the price must be a number"),
        ("mock_quote(0.0, 1.0);", "is not allowed"),
        ("mock_quote(-1.0, 1.0);", "is not allowed"),
        ("mock_quote(1e300, ());", "is not allowed"),
        ("mock_trade(1.0, 0.5);", "multiple of 1"),
        ("fill(1);", "must be an Order"),
        ("fill(buy(1));", "does not rest at a price"),
        ("assert(false, \"so much\");", "assert: so much"),
        ("assert_close(1.0, 0.0 / 0.0, 1.0);", "not within"),
        ("assert_eq(1, \"1\");", "1 is not \"1\""),
        ("mock_qoute(1.0, 2.0);", "did you mean `mock_quote`"),
    ];
    for (body, part) in cases {
        let (code, stdout) = tested(&format!("fn on_start() {{}}\nfn test_it() {{ {body} }}\n"));
        assert!(code == 1 && stdout.contains(part), "{body}: {stdout}");
    }
}

#[test]
fn tests_can_have_several_markets() {
    let text = "fn on_init(params) { this.far = market(\"ACME\", \"FAR\"); this.far.quotes(); }\n\
        fn on_quote(quote) { if quote.ask != () && this.far.orders().len() == 0 && position() == 0 { this.far.buy(1); } }\n\
        fn test_it() { market(\"ACME\", \"FAR\").mock_quote(9.0, 10.0); assert_eq(position(), 1); }\n";
    let arguments =
        ["strategy", "test", "s.rhai", "--market", "ACME@NEAR", "--market", "ACME@FAR", "--tick-size", "0.5"];
    let (code, stdout, _) = on_script(text, &arguments);
    assert_eq!(code, 0, "{stdout}");
    let (code, _, stderr) =
        on_script(text, &["strategy", "test", "s.rhai", "--market", "A@X", "--market", "A@X"]);
    assert!(code == 2 && stderr.contains("twice"), "{stderr}");
}

#[test]
fn definitions_are_written_for_editors() {
    let directory = TempDir::new().unwrap();
    for _ in 0..2 {
        let (code, stdout, stderr) = run_in(directory.path(), &["definitions", "--dir", "editor"]);
        assert_eq!((code, stderr.as_str()), (0, ""));
        assert!(stdout.contains("bearpit.d.rhai"), "{stdout}");
    }
    let text = fs::read_to_string(directory.path().join("editor/bearpit.d.rhai")).unwrap();
    assert!(text.starts_with("module static;\n"));
    for line in [
        "fn on_bar(bar: Bar) -> ();",
        "fn buy_limit(quantity: ?, price: ?) -> Order;",
        "fn buy_limit(market: Market, quantity: ?, price: ?, options: ?) -> Order;",
        "fn random() -> ?;",
        "fn get close(object: Bar) -> ?;",
        "fn advance(span: String) -> ();",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}");
    }
    fs::write(directory.path().join("file"), "").unwrap();
    let (code, _, stderr) = run_in(directory.path(), &["definitions", "--dir", "file"]);
    assert!(code == 1 && stderr.contains("cannot be written"), "{stderr}");
}

const PAGE: &str = include_str!("../../docs/writing-strategies.md");

#[test]
fn the_page_lists_what_tests_can_call_and_the_examples_run() {
    let listed: Vec<&str> = PAGE.lines().filter(|line| line.starts_with("| `")).collect();
    let cell = |text: &str| text.replace('|', "\\|");
    let functions = test_functions().functions;
    let row = |it: &ApiEntry| {
        let market = if it.on_markets { "yes" } else { "" };
        format!("| `{}{}` | {} | {market} | `{}` |", it.name, cell(it.signature), it.about, it.example)
    };
    assert_eq!(listed, functions.iter().map(row).collect::<Vec<_>>(), "docs/writing-strategies.md");
    let mut text = "fn on_init(params) { this.bars = 3; }\n".to_owned();
    for entry in &functions {
        let (name, example) = (entry.name, entry.example);
        text.push_str(&format!(
            "fn test_{name}() {{ mock_quote(99.9, 100.1); buy_limit(20, 99.5); advance(\"1s\"); {example}; }}\n"
        ));
    }
    let (code, stdout) = tested(&text);
    assert_eq!(code, 0, "{stdout}");
}

#[test]
fn the_test_on_the_page_passes() {
    let test = PAGE.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let strategy = "fn on_bar(bar) { if bar.close < bar.open { buy(100); } }\n\
        fn on_order_filled(event) { this.paid = event.price; }\n";
    let (code, stdout) = tested(&format!("{strategy}{test}"));
    assert!(code == 0 && stdout.contains("1 passed"), "{stdout}");
}
