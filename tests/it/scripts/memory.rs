//! What a strategy keeps, and when it is told that a day is over.

use std::cell::RefCell;
use std::rc::Rc;

use bearpit::participant::ParticipantConfig;
use bearpit::script::ScriptTrader;
use bearpit::units::SimDuration;

use super::{LogSink, config, logged};
use crate::market::{account, desks, open};

#[test]
fn what_was_saved_is_found_with_its_types() {
    let lines = logged(
        r#"
        fn on_start() {
            log(`first ${saved()}`);
            save(#{ n: 3, x: 2.0, "$": 0.1 + 0.2, "$$a": 1.0 / 3.0, name: "a\"b", on: true, none: (), list: [1, [2.5, #{ k: "v" }]] });
            set_timer("later", "5s");
        }
        fn on_timer(name) {
            let s = saved();
            log(`${type_of(s.n)} ${type_of(s.x)} ${s.name} ${s.on} ${s.none == ()} ${s.list[1][1].k} ${s.list.len()}`);
            log(s["$"] == 0.1 + 0.2 && s["$$a"] == 1.0 / 3.0);
            s.n += 1;
            log(saved().n);
            save(#{});
            log(saved().len());
        }
        "#,
    );
    assert_eq!(lines, ["first ", "i64 f64 a\"b true true v 2", "true", "3", "0"]);
}

#[test]
fn what_cannot_be_saved_is_refused_and_says_why() {
    for (what, why) in [
        ("save(5)", "save: what is kept must be a map such as #{ trades: 3 }, but is a number (5)"),
        ("save(#{ a: 0.0 / 0.0 })", "save: `a` is not a finite number"),
        (
            "save(#{ a: [bid()], f: |x| x })",
            "save: `f` must be a number, a text, a boolean, an array or a map",
        ),
        (
            "let t = \"\"; t.pad(60000, 'x'); save(#{ a: t, b: t })",
            "save: what is kept takes more than 65536 bytes",
        ),
        (
            "let t = \"\"; t.pad(60000, '\\n'); save(#{ a: t })",
            "save: what is kept takes more than 65536 bytes",
        ),
    ] {
        let lines = logged(&format!("fn on_start() {{ {what}; }}"));
        assert!(lines[0].contains(why), "{what}: {lines:?}");
    }
    // It costs operations, by its length.
    let many =
        "fn on_start() { let t = \"\"; t.pad(60000, 'x'); for i in 0..200 { save(#{ a: t }); } log(1); }";
    assert!(logged(many)[0].contains("200000 operations"), "{:?}", logged(many));
}

/// The example of docs/strategies.md, over three midnights.
#[test]
fn a_day_is_over_at_midnight_and_when_the_run_ends() {
    let source = r#"
        fn on_start() { this.days = (saved() ?? #{ days: 0 }).days; }
        fn on_day_end() { this.days += 1; save(#{ days: this.days }); log(`${now()} ${saved().days}`); }
        fn on_stop() { log("stop"); }
    "#;
    let page = include_str!("../../../docs/strategies.md");
    assert!(page.contains("fn on_day_end() { this.days += 1; save(#{ days: this.days }); }"));
    let run = |seconds| {
        let mut builder = desks(seconds);
        let log = Rc::new(RefCell::new(Vec::new()));
        builder.sink(Box::new(LogSink(Rc::clone(&log))));
        let trader = ScriptTrader::new(config(source, &[]));
        let role = ParticipantConfig::new("script").with_account(account(1_000, &[]));
        builder.agent("script", role, trader).unwrap();
        let mut market = builder.open().unwrap();
        market.start();
        market.step(open() + SimDuration::from_secs(seconds), 1_000_000).unwrap();
        market.settle().unwrap();
        log.take()
    };
    let midnights = ["2025-03-04T00:00:00 1", "2025-03-05T00:00:00 2"];
    let until_noon = run(2 * 86_400 + 9_000);
    assert_eq!(until_noon, [&midnights[..], &["2025-03-05T12:00:00 3", "stop"]].concat());
    // From half past nine to midnight: the end of the run is that of the day.
    assert_eq!(run(86_400 + 52_200), [&midnights[..], &["stop"]].concat());
}
