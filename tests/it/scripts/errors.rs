//! The errors of scripts that fail.

use std::cell::RefCell;
use std::fs;
use std::rc::Rc;

use bearpit::participant::ParticipantConfig;
use bearpit::script::{OnError, ScriptConfig};
use bearpit::script::{ScriptSource, ScriptTrader, compile};

use super::{LogSink, config, holding, logged, run, run_config};
use crate::market::{account, crowd, desks};

#[test]
fn a_failing_script_is_reported_with_its_place_and_leaves_the_market() {
    let (market, lines) = run(
        "fn on_start() { buy_limit(5, 99.0); }\nfn on_bar(bar) {\n    let x = bar.colse;\n}\nfn on_stop() { log(\"never\"); }\n",
        &[],
    );
    assert_eq!(lines.len(), 1, "{lines:?}");
    let expected = "FAILED s.rhai:3:17: the type Bar has no field `colse` \
        (did you mean `close`? there is: symbol, venue, start, end, interval, time_ns, seconds, open, high, low, close, volume), \
        in on_bar at 2025-03-03T09:30:20\n3 |     let x = bar.colse;\n  |                 ^";
    assert_eq!(lines[0], expected);
    let id = market.participant("script").unwrap().id;
    let pit = market.world().domain();
    assert!(pit.account(id).unwrap().open_orders().is_empty());
    assert!(pit.failure(id).unwrap().contains("colse"));
    assert_eq!(holding(&market), 10, "the position is kept");
}

#[test]
fn the_others_go_on_when_a_script_fails() {
    let digests = |source: &str| {
        let mut builder = crowd(4, 60);
        let counts = Rc::new(RefCell::new(Vec::new()));
        builder.sink(Box::new(LogSink(Rc::clone(&counts))));
        let trader = ScriptTrader::new(config(source, &[]));
        builder
            .agent("script", ParticipantConfig::new("script").with_account(account(1_000, &[])), trader)
            .unwrap();
        let mut market = builder.open().unwrap();
        market.run().unwrap();
        (market.world().domain().tape().trades(), counts.borrow().len())
    };
    let (idle, silent) = digests("fn on_start() { let x = 1; }");
    let (failed, failures) = digests("fn on_start() { this.x.y = 1; }");
    assert_eq!(idle, failed);
    assert_eq!((silent, failures), (0, 1));
}

#[test]
fn a_run_may_end_with_the_script() {
    let mut builder = desks(60);
    let config = ScriptConfig { on_error: OnError::Abort, ..config("fn on_start() { throw \"no\"; }", &[]) };
    builder
        .agent(
            "script",
            ParticipantConfig::new("script").with_account(account(1_000, &[])),
            ScriptTrader::new(config),
        )
        .unwrap();
    let mut market = builder.open().unwrap();
    let error = market.run().unwrap_err().to_string();
    assert!(error.contains("strategy `script` failed: s.rhai:1:17: no, in on_start"), "{error}");
}

#[test]
fn errors_of_orders_say_what_is_allowed() {
    check_errors(&[
        ("buy(1.5)", "buy: a quantity of 1.5 is not allowed; it must be a multiple of 1, above 0"),
        ("buy(-1)", "buy: a quantity of -1 is not allowed"),
        ("buy(0)", "buy: a quantity of 0 is not allowed"),
        ("buy(\"ten\")", "buy: the quantity must be a number, but is a text (ten)"),
        ("buy(())", "buy: the quantity must be a number, but is absent, ()"),
        ("buy_limit(1, 0.0/0.0)", "buy_limit: a price of NaN is not allowed"),
        ("buy_limit(1, 1e300)", "buy_limit: a price of 1"),
        ("buy_limit(1, 5, \"dya\")", "buy_limit: `dya` is not a time in force; allowed: `GTC`, `DAY`"),
        ("buy_limit(1, 5, \"day\")", "buy_limit: `day` is not a time in force; write it as `DAY`"),
        ("buy_limit(1, 5, \"GTD\")", "buy_limit: GTD needs `good_for`"),
        ("buy_limit(1, 5, 7)", "options are a time in force such as \"IOC\", or a map"),
        ("buy_limit(1, 5, #{ postonly: true })", "there is no option `postonly`; did you mean `post_only`?"),
        ("buy_limit(1, 5, #{ post_only: 1 })", "`post_only` must be true or false, but is a number (1)"),
        ("buy_limit(1, 5, #{ self_trade: \"cancel_new\" })", "`self_trade` cannot be `cancel_new`"),
        (
            "buy_limit(1, 5, #{ stop_limit: 4 })",
            "`stop_limit` is the limit of a stop: it goes with `stop_loss`",
        ),
        ("sell_pair(1, 5, 4, #{ take_profit: 6 })", "the order has its exits, or its pair, already"),
        (
            "replace(sell_limit(1, 5), #{ trail: 1 })",
            "a replace changes no `trail`; allowed: `quantity`, `price`",
        ),
        ("replace(sell_limit(1, 5), #{})", "there is nothing to change in an empty map"),
        ("replace(sell_limit(1, 5), 3)", "without a price, what is to change is a map"),
        ("buy_limit(1, 5, #{ oco: 4 })", "`oco` must be an order, but is a number (4)"),
        ("buy_pegged(1, \"middle\", 0)", "`middle` is nothing to follow; allowed: `mid`, `touch`"),
        ("cancel(77)", "cancel: the order must be what buy_limit and its kin return, but is a number (77)"),
    ]);
}

#[test]
fn errors_of_the_language_say_what_is_allowed() {
    check_errors(&[
        ("byu(1)", "there is no function `byu` for (number) (did you mean `buy`?)"),
        ("buy()", "`buy` takes (quantity: number, options?: text | map), but is given ()"),
        ("set_timer(\"a\")", "`set_timer` takes (name: text, span: text), but is given (text)"),
        ("helper(1, 2)", "`helper` takes 1 arguments, but is given (number, number)"),
        ("quote().bdi", "the type Quote has no field `bdi` (did you mean `bid`?"),
        ("let q = quote(); q.bid = 5;", "the field `bid` of the type Quote cannot be set"),
        (
            "ask() + 1",
            "`+` is not defined for (), number (`ask()` is absent, (); compare it with == () first)",
        ),
        ("2.0 * quote().bid", "`*` is not defined for number, () (`quote().bid` is absent, ()"),
        ("bid() < 5", "`bid()` is absent, (), so `<` is not defined: compare it with == () first"),
        ("position() > ()", "`>` is not defined for an absent value, (): compare it with == () first"),
        ("let f = |x| x * this.count; [1].map(f)", "`this` is not defined in a closure (write a loop"),
        ("5 >= quote().ask", "`quote().ask` is absent, (), so `>=` is not defined"),
        ("this.high = (); this.high > 5.0", "`this.high` is absent, (), so `>` is not defined"),
        (
            "this.n += 1",
            "`this.n` is changed with `+=`, but has no value (set it first, in on_init or on_start",
        ),
        ("let n = (); n += 1", "`+` is not defined for (), number (`n` is absent, ()"),
        ("let y = 1; [1].map(|x| x + y)", "there is no variable `y` here (a closure sees its own arguments"),
        ("let x = None", "there is no variable `None` here (an absent value is written ())"),
        ("quote().bid()", "`bid` is a field of the type Quote, not a function (write it without"),
        ("this.cuont + 1", "the map has no entry `cuont` (did you mean `count`?)"),
        ("set_timer(\"x\", \"5\")", "set_timer: `5` lacks a unit"),
        ("every(\"x\", \"0s\")", "every: 0s is too short; the least is 1us"),
        ("market(\"ACNE\")", "market: there is no ACNE; did you mean ACME? there is ACME at PIT"),
        (
            "history(-1)",
            "history: a number of bars of -1 is not allowed; it must be a whole number from 0 to 1000",
        ),
        ("random(2, 1)", "random: there is no number from 2 up to 1"),
        ("nothing", "there is no variable `nothing` here"),
        ("bid > 5", "there is no variable `bid` here (`bid` is a function: write bid())"),
        ("throw \"my own\"", "my own"),
        ("loop { }", "the callback ran for more than 200000 operations"),
        ("eval(\"1\")", "eval"),
        ("for i in 0..200 { log(i) }", "more than 100 lines in one callback"),
        ("for i in 0..2000 { buy_limit(1, 1) }", "more than 1000 orders in one callback"),
    ]);
}

/// Calls each in a callback, which fails with what is expected, at its place.
fn check_errors(cases: &[(&str, &str)]) {
    for (call, expected) in cases {
        let source = format!("fn helper(x) {{ x }} fn on_start() {{ this.count = 1;\n  {call};\n}}");
        let lines = logged(&source);
        let failed: Vec<&String> = lines.iter().filter(|line| line.starts_with("FAILED")).collect();
        assert!(!failed.is_empty(), "{call}: {lines:?}");
        let failure = failed[0];
        assert!(failure.contains(expected), "{call} gave {failure}");
        assert!(failure.contains("s.rhai:2:"), "{call} gave {failure}");
    }
}

#[test]
fn misspelt_callbacks_are_found_before_anything_runs() {
    for (source, expected) in [
        (
            "fn on_quotes(quote) { }",
            "1:4: `on_quotes` is not a callback, so it would never be called (did you mean `on_quote`?",
        ),
        ("fn on_fill(fill) { }", "fills come to `on_order_filled(event)`"),
        ("fn on_bar() { }", "1:4: `on_bar` has 0 arguments (write fn on_bar(bar))"),
        ("fn helper() { }", "1:1: the script defines no callback"),
        ("fn on_bar(bar) {\n", "2:1: "),
    ] {
        let error = compile(&ScriptSource::alone("s.rhai", source)).unwrap_err().to_string();
        assert!(error.starts_with("s.rhai:") && error.contains(expected), "{source}: {error}");
    }
}

#[test]
fn deep_recursion_and_growth_end_with_an_error() {
    for body in [
        "fn f(n) { f(n + 1) }\nfn on_start() { f(0) }",
        "fn on_start() { let s = \"x\"; loop { s += s; } }",
        "fn on_start() { let a = [0]; loop { a += a; } }",
        "fn on_start() { let x = 9223372036854775807; x + 1 }",
        "fn on_start() { 1 / 0 }",
    ] {
        let lines = logged(body);
        assert!(lines.len() == 1 && lines[0].starts_with("FAILED s.rhai:"), "{body}: {lines:?}");
    }
}

#[test]
fn log_lines_are_made_safe_for_a_terminal() {
    let lines =
        logged("fn on_start() { log(\"a\\x1b[31mb\\nc\"); let s = \"y\"; s.pad(1000, \"y\"); log(s); }");
    assert_eq!(lines[0], "a\\u{1b}[31mb\\nc");
    assert_eq!(lines[1].len(), 503);
}

#[test]
fn powers_are_those_of_one_library() {
    let lines = logged("fn on_start() { log(2.5 ** 0.3); log(2 ** 10); log(2 * 3 ** 2); log(2.0 ** -1); }");
    assert_eq!(lines, [libm::pow(2.5, 0.3).to_string().as_str(), "1024", "18", "0.5"]);
}

#[test]
fn imports_come_from_the_scripts_own_folder() {
    let here = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = here.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("strategies/lib/sizes.rhai", "import \"lib/base\" as base; fn size() { base::UNIT * 3 }");
    write("strategies/lib/base.rhai", "export const UNIT = 2; fn touch() { buy_limit(UNIT_OF, bid()) }");
    write("strategies/lib/wrong.rhai", "fn f(x) {\n  x.nope\n}");
    write("strategies/lib/round.rhai", "import \"lib/round\" as r;");
    write("outside.rhai", "fn f() { 1 }");
    let gather = |text: &str| ScriptSource::gather(here.path().join("strategies/s.rhai"), text);
    let run = |text: &str| {
        let config = ScriptConfig { source: gather(text).unwrap(), ..config("", &[]) };
        run_config(config, account(1_000, &[])).1
    };
    let lines = run(
        "import \"lib/sizes\" as sizes;\nfn helper() { sizes::size() }\nfn on_start() { log(helper()); log(sizes::size()); }",
    );
    assert_eq!(lines, ["6", "6"]);
    let lines = run("import \"lib/wrong\" as w;\nfn on_start() { w::f(quote()); }");
    assert!(
        lines[0].contains("strategies/lib/wrong.rhai:2:5: the type Quote has no field `nope`"),
        "{lines:?}"
    );
    assert!(lines[0].ends_with("2 |   x.nope\n  |     ^"), "{lines:?}");
    for (path, expected) in [
        ("\"../outside\"", "`../outside` cannot be imported (an import names a file in the script's folder"),
        ("\"/etc/passwd\"", "`/etc/passwd` cannot be imported"),
        ("\"lib/size\"", "size.rhai` (in "),
        ("\"lib/round\"", "`lib/round` imports itself: lib/round -> lib/round"),
        ("name", "what is imported must be written as a text"),
    ] {
        let error = gather(&format!("import {path} as x;\nfn on_start() {{ }}")).unwrap_err().to_string();
        assert!(error.contains(expected), "{path}: {error}");
    }
    let error = gather("import \"lib/size\" as x;").unwrap_err();
    assert!(error.help.unwrap().ends_with("there is: base.rhai, round.rhai, sizes.rhai, wrong.rhai"));
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_out_of_the_folder_is_not_followed() {
    let here = tempfile::tempdir().unwrap();
    let folder = here.path().join("strategies");
    fs::create_dir(&folder).unwrap();
    fs::write(here.path().join("secret.rhai"), "fn f() { 1 }").unwrap();
    std::os::unix::fs::symlink(here.path().join("secret.rhai"), folder.join("inside.rhai")).unwrap();
    let error = ScriptSource::gather(folder.join("s.rhai"), "import \"inside\" as x;").unwrap_err();
    assert_eq!(error.message, "`inside` is not a file in the script's folder");
}
