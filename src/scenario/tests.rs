//! Loading, and every kind of bad input: file, line, column, the value, what is allowed.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::{Diagnostics, Located, Override, Scenario};
use crate::script::ScriptConfig;
use bearpit_agents::{BarReplay, MarketMakerConfig};

const GOOD: &str = r#"[scenario]
name = "test"
seed = 5
start = 2025-03-03T09:30:00
end = 2025-03-03T10:30:00

[[instruments]]
symbol = "ACME"
tick_size = "0.01"
process = { kind = "ou", initial = 100, mean = 100, half_life = "2h", volatility = 0.2 }

[[venues]]
name = "PIT"
instruments = ["ACME"]
fees = { maker_bps = -0.1, taker_bps = 0.3 }

[[agents]]
kind = "market_maker"
half_spread = "0.02"
quantity = 100
max_inventory = 500
latency = { entry = "50us", feed = { min = "1us", max = "9us" } }

[[agents]]
kind = "noise"
count = 3
max_quantity = 10
depth = "0.05"

[[agents]]
name = "s"
kind = "script"
file = "s.rhai"
params = { fast = 3, share = 0.5, word = "x", flag = true }

[[agents]]
kind = "replay"
data = "bars.csv"
bar_length = "1m"
half_spread = "0.05"
participation = 1
"#;

const SCRIPT: &str = "fn on_bar(bar) {\n    log(bar.close);\n}\n";
const BARS: &str = "date,open,high,low,close,volume\n\
                    2025-03-03T09:30:00,100,101,99,100.5,1000\n\
                    2025-03-03T09:31:00,100.5,102,100,101,900\n";

struct Case {
    directory: TempDir,
}

impl Case {
    fn new(scenario: &str, script: &str, bars: &str) -> Self {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join("t.toml"), scenario).unwrap();
        fs::write(directory.path().join("s.rhai"), script).unwrap();
        fs::write(directory.path().join("bars.csv"), bars).unwrap();
        Self { directory }
    }

    fn load(&self, changes: &[&str]) -> Result<Scenario, Diagnostics> {
        let changes: Vec<Override> = changes.iter().map(|change| change.parse().unwrap()).collect();
        Scenario::load(&self.directory.path().join("t.toml"), &changes)
    }
}

fn load(scenario: &str) -> Result<Scenario, Diagnostics> {
    Case::new(scenario, SCRIPT, BARS).load(&[])
}

/// Returns each finding as `file:line:column: message`, without directories.
fn findings(result: Result<Scenario, Diagnostics>) -> Vec<String> {
    let Err(diagnostics) = result else { return Vec::new() };
    let shown = |Located { source, line, column, message }: Located<'_>| {
        let name = Path::new(source).file_name();
        let file = name.map_or(source.to_owned(), |name| name.to_string_lossy().into_owned());
        format!("{file}:{line}:{column}: {message}")
    };
    diagnostics.iter().map(shown).collect()
}

/// Loads the good scenario with one text in it changed.
fn changed(from: &str, to: &str) -> Vec<String> {
    assert_eq!(GOOD.matches(from).count(), 1, "{from}");
    findings(load(&GOOD.replace(from, to)))
}

#[test]
fn a_good_scenario_loads_in_ticks_and_lots() {
    let scenario = load(GOOD).unwrap();
    assert_eq!((scenario.name.as_str(), scenario.seed.get()), ("test", 5));
    assert_eq!(scenario.agents.len(), 4);
    let maker: &MarketMakerConfig = scenario.agents[0].config().unwrap();
    assert_eq!((maker.half_spread_ticks, maker.quantity.lots()), (2, 100));
    assert_eq!(scenario.agents[1].member_names().collect::<Vec<_>>(), ["noise-1", "noise-2", "noise-3"]);
    let script: &ScriptConfig = scenario.agents[2].config().unwrap();
    assert_eq!(script.params.len(), 4);
    let mut market = scenario.lay_out().unwrap().open().unwrap();
    market.run().unwrap();
    assert!(market.world().domain().tape().trades() > 0);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn each_fault_names_its_place_value_and_what_is_allowed() {
    for (from, to, expected) in [
        ("seed = 5", "seed = -5", "t.toml:3:8: `seed` is -5, but must be a whole number from 0 to 2^64 - 1"),
        ("seed = 5", "sead = 5", "t.toml:3:1: [scenario] has no key `sead`"),
        (
            "seed = 5",
            "seed = \"x\"",
            "t.toml:3:8: `seed` is a text (`x`), but must be a whole number from 0 to 2^64 - 1",
        ),
        (
            "volatility = 0.2",
            "volatility = -0.2",
            "t.toml:10:84: `volatility` is `-0.2`, but must be from 0 to 100",
        ),
        (
            "volatility = 0.2",
            "volatility = nan",
            "t.toml:10:84: `volatility` is nan, but must be a finite number",
        ),
        (
            "half_life = \"2h\"",
            "half_life = \"2\"",
            "t.toml:10:65: `half_life` is not valid: `2` lacks a unit: write for example 2ms, 2s or 2m",
        ),
        (
            "half_life = \"2h\"",
            "half_life = 2",
            "t.toml:10:65: `half_life` lacks a unit: write it as a text, such as \"2ms\" or \"2s\"",
        ),
        (
            "half_spread = \"0.02\"",
            "half_spread = \"0.025\"",
            "t.toml:19:15: `half_spread` is `0.025`, which is off tick: it must be a multiple of the tick size 0.01",
        ),
        (
            "quantity = 100\n",
            "quantity = 1.5\n",
            "t.toml:20:12: `quantity` is `1.5`, but must be a multiple of the lot size 1, above 0",
        ),
        (
            "instruments = [\"ACME\"]",
            "instruments = [\"ACNE\"]",
            "t.toml:14:16: an instrument is `ACNE`, which does not exist; did you mean `ACME`? allowed: `ACME`",
        ),
        (
            "kind = \"noise\"",
            "kind = \"noisy\"",
            "t.toml:25:8: `kind` is `noisy`, which does not exist; did you mean `noise`? allowed: \
             `market_maker`, `noise`, `value`, `momentum`, `chiarella_iori`, `extended_chiarella`, \
             `adaptive_maker`, `avellaneda_stoikov`, `glft`, `feed`, `zic`, `zip`, `gd`, `aa`, `twap`, `vwap`, \
             `pov`, `almgren_chriss`, `smart_order_router`, `metaorders`, `farmer_patelli_zovko`, `cont_stoikov_talreja`, `hawkes`, \
             `queue_reactive`, `latency_arbitrageur`, `spoofer`, `replay`, `ticks`, `order_flow`, `script`",
        ),
        (
            "taker_bps = 0.3",
            "taker_bps = 0.05",
            "t.toml:15:8: the fees pay out more than they take: maker -0.1 bps and taker 0.05 bps; their sum must be at or above 0",
        ),
        (
            "end = 2025-03-03T10:30:00",
            "end = 2025-03-03T09:30:00",
            "t.toml:5:7: `end` is 2025-03-03T09:30:00, but must come after `start`, 2025-03-03T09:30:00",
        ),
        ("count = 3", "count = 0", "t.toml:26:9: `count` is 0, but must be a whole number from 1 to 1000000"),
        ("name = \"s\"", "name = \"noise-2\"", "t.toml:31:8: another agent is called `noise-2`"),
        (
            "name = \"s\"",
            "name = \"../x\"",
            "t.toml:31:8: `name` is `../x`, but must be at most 64 of letters, digits, `-`, `_` and `.`, not beginning with a dot",
        ),
        (
            "min = \"1us\", max = \"9us\"",
            "min = \"9us\", max = \"1us\"",
            "t.toml:22:36: `feed` has min 9us above max 1us",
        ),
        (
            "bar_length = \"1m\"",
            "bar_length = \"2m\"",
            "t.toml:39:14: `bar_length` is 2m, longer than the time between the bars of 2025-03-03T09:30:00 and 2025-03-03T09:31:00",
        ),
    ] {
        let found = changed(from, to);
        assert!(
            found.iter().any(|it| it == expected),
            "{from} -> {to} gave\n{}\nnot\n{expected}",
            found.join("\n")
        );
    }
}

#[test]
fn each_fault_of_a_venues_rules_names_its_place_value_and_what_is_allowed() {
    let venue = |rules: &str| {
        let found = changed("instruments = [\"ACME\"]", &format!("instruments = [\"ACME\"]\n{rules}"));
        // The last agent replays bars, which forbids sessions; here the rest matters.
        found.into_iter().filter(|line| !line.contains("sessions of their own")).collect::<Vec<_>>()
    };
    for (rules, expected) in [
        (
            "matching = \"fifo\"",
            "t.toml:15:12: `matching` is `fifo`, which does not exist; allowed: `price_time`, `pro_rata`, `top_share`",
        ),
        (
            "matching = \"top_share\"",
            "t.toml:15:12: matching \"top_share\" needs `top_share_percent`, from 0 to 100",
        ),
        (
            "top_share_percent = 40",
            "t.toml:15:21: `top_share_percent` has a meaning only with matching = \"top_share\"",
        ),
        ("bands = { static_percent = -1 }", "t.toml:15:28: `static_percent` is `-1`, but must be above 0"),
        (
            "bands = { dynamic_percent = 0.001 }",
            "t.toml:15:29: `dynamic_percent` is `0.001`, but must be a percentage from 0.01 to 10000, with at most two places",
        ),
        ("bands = { percent = 1 }", "t.toml:15:11: the bands has no key `percent`"),
        ("halt = \"0s\"", "t.toml:15:8: `halt` is `0s`, but must be above 0"),
        ("fees2 = 1", "t.toml:15:1: venue 1 has no key `fees2`"),
        (
            "sessions = { open = \"16h\", close = \"9h\" }",
            "t.toml:15:36: `close` is 9h, but must come after `open`, 16h",
        ),
        (
            "sessions = { open = \"9h\", close = \"16h\", opening_auction = \"5m\", pre_open = \"1m\" }",
            "t.toml:15:77: `pre_open` is 1m, shorter than `opening_auction`, 5m",
        ),
        (
            "sessions = { open = \"1h\", close = \"23h\", closing_auction = \"3h\" }",
            "t.toml:15:35: a session with its auctions must fit into 24 hours",
        ),
        (
            "sessions = { open = \"9h\", close = \"16h\", days = [\"mo\"] }",
            "t.toml:15:49: `days` has a day that is `mo`, which does not exist; did you mean `mon`? allowed: `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`",
        ),
        (
            "sessions = { open = \"9h\", close = \"16h\", holidays = [2025-12-25T01:00:00] }",
            "t.toml:15:53: `holidays` has an item that is 2025-12-25T01:00:00, but must be a date without a time of day, such as 2025-12-25",
        ),
    ] {
        assert_eq!(venue(rules), [expected], "{rules}");
    }
}

/// Loads the good scenario with an instrument added that follows another.
fn linked(leader: &str, more: &str) -> Vec<String> {
    let process = format!("{{ kind = \"linked\", leader = \"{leader}\", volatility = 0.1, {more} }}");
    let added = format!("[[instruments]]\nsymbol = \"BETA\"\ntick_size = \"0.01\"\nprocess = {process}");
    let scenario = GOOD.replace("[[venues]]", &format!("{added}\n\n[[venues]]"));
    let venue = "instruments = [\"ACME\", \"BETA\"]";
    // Agents name their instrument where there are two.
    let named = scenario
        .replace("instruments = [\"ACME\"]", venue)
        .replace("[[agents]]", "[[agents]]\ninstrument = \"ACME\"");
    findings(load(&named))
}

#[test]
fn a_linked_process_follows_an_instrument_that_stands_before_it() {
    assert_eq!(linked("ACME", "half_life = \"5m\", ratio = 0.5"), [""; 0]);
    assert_eq!(
        linked("ACMA", "half_life = \"5m\""),
        [
            "t.toml:15:39: `leader` is `ACMA`, but must be an instrument before this one that has a process; did you mean `ACME`? allowed: `ACME`"
        ]
    );
    assert_eq!(
        linked("BETA", "half_life = \"5m\""),
        [
            "t.toml:15:39: `leader` is `BETA`, but must be an instrument before this one that has a process; allowed: `ACME`"
        ]
    );
    assert_eq!(
        linked("ACME", "ratio = 0.5"),
        ["t.toml:15:1: the process has no `half_life`, which is required"]
    );
    assert_eq!(
        linked("ACME", "half_life = \"5m\", ratio = 0"),
        ["t.toml:15:91: `ratio` is `0`, but must be above 0"]
    );
    let step = linked("ACME", "half_life = \"5m\", step = \"2s\"");
    assert!(step[0].starts_with("t.toml:15:83: the process has no key `step`"), "{step:?}");
}

#[test]
fn a_replay_needs_its_listing_and_its_time_for_itself() {
    let sessions = "instruments = [\"ACME\"]\nsessions = { open = \"9h\", close = \"16h\" }";
    assert_eq!(
        changed("instruments = [\"ACME\"]", sessions),
        ["t.toml:38:8: a file is replayed in sessions of its own, but `PIT` has sessions"]
    );
    assert_eq!(
        changed("half_spread = \"0.05\"", "half_spread = \"0.05\"\nlatency = { entry = \"1ms\" }"),
        ["t.toml:37:8: a replay sends and receives nothing, so it cannot have a latency"]
    );
    let long = changed("bar_length = \"1m\"", "bar_length = \"1m\"\nauction = \"20s\"");
    assert_eq!(long, ["t.toml:40:11: `auction` is 20s, but must be less than a third of `bar_length`, 1m"]);
    let again = format!(
        "{GOOD}\n[[agents]]\nname = \"again\"\nkind = \"replay\"\ndata = \"bars.csv\"\nbar_length = \"1m\"\nhalf_spread = \"0.05\"\nparticipation = 1\n"
    );
    assert_eq!(
        findings(load(&again)),
        ["t.toml:45:8: a listing can have only one `replay`, and this one has another already"]
    );
}

#[test]
fn a_key_that_a_kind_had_once_is_refused_with_what_to_do() {
    let text = GOOD.replace("half_spread = \"0.02\"", "half_spread = \"0.02\"\nmodel = \"symmetric\"");
    let errors = load(&text).unwrap_err();
    assert_eq!(
        errors.iter().map(|it| it.message).collect::<Vec<_>>(),
        ["agent 1 has no key `model` any more"]
    );
    assert!(errors.render(false).contains("leave it out"), "{errors}");
}

#[test]
fn a_listing_has_one_replay_at_most() {
    let many = changed("data = \"bars.csv\"", "data = \"bars.csv\"\ncount = 2");
    assert_eq!(many, ["t.toml:39:9: `count` is 2, but a listing can have only one `replay`"]);
}

#[test]
fn a_missing_file_is_found_at_its_key() {
    let found = changed("file = \"s.rhai\"", "file = \"t.rhai\"");
    assert!(
        found[0].starts_with("t.toml:33:8: `file` names `") && found[0].contains("cannot be read"),
        "{found:?}"
    );
    let found = findings(Scenario::load(Path::new("/nowhere/x.toml"), &[]));
    assert!(found[0].contains("x.toml:1:1") && found[0].contains("cannot be read"), "{found:?}");
}

#[test]
fn all_errors_come_at_once_in_the_order_of_the_file() {
    let bad = GOOD
        .replace("seed = 5", "seed = 5.5")
        .replace("volatility = 0.2", "volatilty = 0.2")
        .replace("quantity = 100\n", "quantity = 0\n")
        .replace("bar_length = \"1m\"", "");
    let found = findings(load(&bad));
    let lines: Vec<&str> = found.iter().map(|it| it.split(':').nth(1).unwrap()).collect();
    assert_eq!(lines, ["3", "10", "20", "36"], "{found:#?}");
}

#[test]
fn a_rendered_error_shows_the_line_and_what_was_meant() {
    let drawn = load(&GOOD.replace("volatility", "volatilty")).unwrap_err().render(false);
    assert!(drawn.contains("volatilty = 0.2") && drawn.contains('^'), "{drawn}");
    assert!(drawn.contains("did you mean `volatility`?"), "{drawn}");
    assert!(!drawn.contains('\u{1b}'), "plain where it is asked for");
}

#[test]
fn text_that_is_no_toml_is_an_error_with_its_place() {
    let found = findings(load("[scenario]\nname = \n"));
    assert!(!found.is_empty() && found[0].starts_with("t.toml:2:"), "{found:?}");
}

#[test]
fn scripts_are_compiled_and_their_errors_have_a_place() {
    let load = |script: &str| findings(Case::new(GOOD, script, BARS).load(&[]));
    let found = load("fn on_bar(bar) {\n    let x = ;\n}\n");
    assert!(found[0].starts_with("s.rhai:2:13: "), "{found:?}");
    let found = load("\nfn on_barz(bar) { }\n");
    assert_eq!(found, ["s.rhai:2:4: `on_barz` is not a callback, so it would never be called"]);
    let found = load("fn on_bar() { }\n");
    assert_eq!(found, ["s.rhai:1:4: `on_bar` has 0 arguments"]);
    assert!(load("let x = 1;")[0].contains("defines no callback"));
}

#[test]
fn every_fault_of_a_csv_names_its_cell() {
    let header = "date,open,high,low,close,volume\n";
    let row = "2025-03-03T09:30:00,100,101,99,100.5,1000\n";
    for (rows, expected) in [
        ("2025-03-03T09:31:00,100,101,99\n", "bars.csv:3:1: the row has 4 fields, but the header has 6"),
        (
            "2025-03-03T09:31:00,100,101,99,100,1\n2025-03-03T09:29:00,100,101,99,100,1\n\
             2025-03-03T09:32:00,100,101,99,100,1\n",
            "bars.csv:4:1: 2025-03-03T09:29:00 comes before 2025-03-03T09:31:00 of the row above; times must ascend",
        ),
        (
            "2025-03-03T09:30:00,100,101,99,100,1\n",
            "bars.csv:3:1: 2025-03-03T09:30:00 repeats the time 2025-03-03T09:30:00 of the row above; times must ascend",
        ),
        (
            "2025-03-03T09:31:00,100,,99,100,1\n",
            "bars.csv:3:25: high: the number is empty; it must be a number above 0",
        ),
        ("2025-03-03T09:31:00,100,NaN,99,100,1\n", "bars.csv:3:25: high: `NaN` must be a number above 0"),
        ("2025-03-03T09:31:00,100,inf,99,100,1\n", "bars.csv:3:25: high: `inf` must be a number above 0"),
        ("2025-03-03T09:31:00,100,101,-1,100,1\n", "bars.csv:3:29: low: `-1` must be a number above 0"),
        (
            "2025-03-03T09:31:00,100,101,99,100,-1\n",
            "bars.csv:3:36: volume: `-1` must be a number at or above 0",
        ),
        (
            "2025-03-03T09:31:00,100,101,99,102,1\n",
            "bars.csv:3:32: close 102 lies outside low 99 to high 101 of its row",
        ),
        (
            "yesterday,100,101,99,100,1\n",
            "bars.csv:3:1: `yesterday` is not a time such as 2025-03-03T09:30:00",
        ),
    ] {
        let bars = format!("{header}{row}{rows}");
        let found = findings(Case::new(GOOD, SCRIPT, &bars).load(&[]));
        assert_eq!(found, [expected], "{rows}");
    }
}

#[test]
fn a_csv_without_a_column_or_rows_or_utf8_is_an_error() {
    let load = |bars: &str| findings(Case::new(GOOD, SCRIPT, bars).load(&[]));
    assert!(load("date,open,high,close\n2025-03-03,1,1,1\n")[0].contains("the column `low` is missing"));
    assert!(load("date,open,high,low,close,volume\n")[0].contains("the file has no rows"));
    assert!(load("")[0].contains("the file has no rows"));
    let case = Case::new(GOOD, SCRIPT, BARS);
    fs::write(case.directory.path().join("bars.csv"), b"date,op\xffen\n").unwrap();
    assert_eq!(
        findings(case.load(&[])),
        ["bars.csv:1:8: byte 0xff is not valid UTF-8; the file must be UTF-8 or UTF-16 text"]
    );
}

#[test]
fn many_errors_of_a_csv_are_summed_up() {
    let rows: String = (10..59).map(|minute| format!("2025-03-03T10:{minute},x,1,1,1,1\n")).collect();
    let found =
        findings(Case::new(GOOD, SCRIPT, &format!("date,open,high,low,close,volume\n{rows}")).load(&[]));
    assert_eq!(found.len(), 21);
    assert!(found[20].contains("more errors in this file"), "{}", found[20]);
}

#[test]
fn columns_may_stand_in_any_order_and_case() {
    let bars = "Volume,CLOSE,low,high,open,note,Time\n1000,100.5,99,101,100,x,2025-03-03 09:30:00\n";
    let scenario = Case::new(GOOD, SCRIPT, bars).load(&[]).unwrap();
    let replay: &BarReplay = scenario.agents[3].config().unwrap();
    assert_eq!(replay.config.bars[0].high.ticks(), 10_100);
}

#[test]
fn set_changes_values_by_name_or_index() {
    let case = Case::new(GOOD, SCRIPT, BARS);
    let scenario = case.load(&["scenario.seed=9", "agents.s.params.fast=7", "agents.1.count=2"]).unwrap();
    assert_eq!(scenario.seed.get(), 9);
    assert_eq!(scenario.agents[1].count, 2);
    let script: &ScriptConfig = scenario.agents[2].config().unwrap();
    assert!(format!("{:?}", script.params).contains("(\"fast\", Int(7))"));
    assert_ne!(scenario.inputs_digest, case.load(&[]).unwrap().inputs_digest);
}

#[test]
fn set_has_a_short_form_for_parameters() {
    let case = Case::new(GOOD, SCRIPT, BARS);
    let scenario = case.load(&["s.fast=7", "s.new=0.5"]).unwrap();
    let script: &ScriptConfig = scenario.agents[2].config().unwrap();
    let params = format!("{:?}", script.params);
    assert!(params.contains("(\"fast\", Int(7))") && params.contains("(\"new\", Float(0.5))"), "{params}");
    assert_eq!(scenario.changes, ["s.fast=7", "s.new=0.5"]);
    assert_ne!(scenario.inputs_digest, case.load(&["s.fast=7"]).unwrap().inputs_digest);
}

const DECLARING: &str = "const FAST = param(\"fast\", 4, 1..=5);\nconst SHARE = param(\"share\", 1.0);\n\
                         const WORD = param(\"word\", \"x\");\nconst FLAG = param(\"flag\", false);\n\
                         fn on_bar(bar) { }\n";

#[test]
fn parameters_are_checked_against_their_declarations_where_they_are_given() {
    let case = Case::new(GOOD, DECLARING, BARS);
    case.load(&[]).unwrap();
    let found = findings(case.load(&["s.fast=7"]));
    assert_eq!(found, ["command line:1:14: the parameter `fast` is 7, but must be in the range 1 to 5"]);
    let found = findings(case.load(&["s.fsat=3"]));
    assert_eq!(found, ["command line:1:14: the script has no parameter `fsat`"]);
    let text = GOOD.replace("share = 0.5", "share = true");
    let found = findings(Case::new(&text, DECLARING, BARS).load(&[]));
    assert_eq!(found, ["t.toml:34:30: the parameter `share` is a boolean, but must be a number"]);
    let found = findings(Case::new(GOOD, &format!("const N = 1 + \"\".x;\n{DECLARING}"), BARS).load(&[]));
    assert!(found[0].starts_with("s.rhai:1:"), "{found:?}");
}

#[test]
fn imported_files_are_inputs_and_their_errors_have_a_place() {
    let case = Case::new(GOOD, "import \"lib\" as lib;\nfn on_bar(bar) { }\n", BARS);
    let found = findings(case.load(&[]));
    assert!(
        found[0].starts_with("s.rhai:1:1: there is no file `") && found[0].ends_with("lib.rhai`"),
        "{found:?}"
    );
    let digest = |text: &str| {
        fs::write(case.directory.path().join("lib.rhai"), text).unwrap();
        case.load(&[]).unwrap().inputs_digest
    };
    assert_ne!(digest("fn f() { 1 }"), digest("fn f() { 2 }"));
    fs::write(case.directory.path().join("lib.rhai"), "fn f() {\n  let = 1;\n}").unwrap();
    let found = findings(case.load(&[]));
    assert!(found[0].starts_with("lib.rhai:2:7: "), "{found:?}");
}

#[test]
fn what_becomes_of_a_failed_script_is_one_of_three() {
    let text = GOOD.replace("file = \"s.rhai\"", "file = \"s.rhai\"\non_error = \"flaten\"");
    let found = findings(Case::new(&text, SCRIPT, BARS).load(&[]));
    assert!(found[0].contains("did you mean `flatten`?"), "{found:?}");
}

#[test]
fn a_wrong_set_is_found_on_the_command_line() {
    let case = Case::new(GOOD, SCRIPT, BARS);
    let found = findings(case.load(&["agents.t.count=2"]));
    assert_eq!(found, ["command line:1:14: there is nothing called `t`"]);
    let found = findings(case.load(&["t.fast=2"]));
    assert_eq!(found, ["command line:1:7: there is no section and no agent called `t`"]);
    let found = findings(case.load(&["scenario.sead=2"]));
    assert_eq!(found, ["command line:1:16: [scenario] has no key `sead`"]);
    let found = findings(case.load(&["scenario.seed=x"]));
    assert_eq!(
        found[0],
        "command line:1:21: `seed` is a text (`x`), but must be a whole number from 0 to 2^64 - 1"
    );
    assert!("seed".parse::<Override>().is_err() && "=5".parse::<Override>().is_err());
}

#[test]
fn the_shipped_scenarios_load() {
    for name in ["quickstart", "sp500_backtest", "two_venues"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(format!("{name}.toml"));
        if let Err(diagnostics) = Scenario::load(&path, &[]) {
            panic!("{name}: {diagnostics}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn prop_no_text_makes_loading_panic(
        cut in 0..GOOD.len(), length in 0..40_usize, insert in "\\PC{0,12}", bars in "[0-9,.:\\-T\n a-z\"]{0,200}",
    ) {
        let end = (cut + length).min(GOOD.len());
        let mutated = format!("{}{insert}{}", &GOOD[..cut], &GOOD[end..]);
        let result = Case::new(&mutated, SCRIPT, &bars).load(&[]);
        if let Err(diagnostics) = result {
            prop_assert!(!diagnostics.is_empty(), "an error says what is wrong");
            prop_assert!(!diagnostics.render(false).is_empty());
        }
    }
}
