//! Files that people or programs would give to bring the program down: each ends within a second, with an
//! exit code that says how, and without a panic.
#![expect(clippy::disallowed_methods, reason = "measures other processes, for a bounded time")]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::cli::{bearpit, with_script};

/// How long the program may compute for a file.
const TIME_MAX: Duration = Duration::from_secs(1);
/// When it is ended.
const WALL_MAX: Duration = Duration::from_secs(30);
/// How many bytes may be said about a file.
const SAID_MAX: usize = 20_000;

/// What is done with a file.
#[derive(Debug, Clone, Copy)]
enum Use {
    /// It is a strategy, which is simulated.
    Strategy,
    /// The same, with keys at its agent.
    Keys(&'static str),
    /// It is a scenario, which is simulated.
    Scenario,
    /// It is a file of data, which is described.
    Data,
}

struct Case {
    name: &'static str,
    what: Use,
    content: Vec<u8>,
    /// The exit code.
    code: i32,
}

fn case(name: &'static str, what: Use, content: impl Into<Vec<u8>>, code: i32) -> Case {
    Case { name, what, content: content.into(), code }
}

/// Strategies that never come to an end by themselves.
fn endless() -> Vec<Case> {
    let strategy = |name, text: &str, code| case(name, Use::Strategy, text, code);
    vec![
        strategy(
            "canceled, entered",
            "fn on_start() { buy_limit(1, 9.0); } fn on_order_accepted(e) { e.order.cancel(); }
             fn on_order_canceled(e) { buy_limit(1, 9.0); }",
            3,
        ),
        strategy(
            "IOC again",
            "fn on_start() { buy_limit(1, 9.0, \"IOC\"); } fn on_order(e) { buy_limit(1, 9.0, \"IOC\"); }",
            3,
        ),
        strategy(
            "replace again",
            "fn on_start() { buy_limit(1, 9.0); }
             fn on_order(e) { e.order.replace(1, if e.order.price == 9.0 { 8.0 } else { 9.0 }); }",
            3,
        ),
        strategy(
            "trades with itself",
            "fn on_start() { buy_limit(10, 1.0); } fn on_order(e) { sell_limit(1, 1.0); buy_limit(1, 1.0); }",
            3,
        ),
        strategy("refused again", "fn on_start() { buy(1e9); } fn on_order(e) { buy(1e9); buy(1e9); }", 3),
        strategy(
            "stops again",
            "fn on_start() { buy_stop(1, 1.0); } fn on_order(e) { buy_stop(1, 1.0); }",
            3,
        ),
        strategy(
            "cancels all",
            "fn on_start() { buy_limit(1, 9.0); } fn on_order(e) { cancel_all(); buy_limit(1, 9.0); }",
            3,
        ),
        strategy("loop", "fn on_quote(q) { loop { } }", 3),
        strategy("loop at the top", "loop { }\nfn on_start() { }", 2),
        strategy("loop at the end", "fn on_stop() { while true { } }", 3),
        strategy("calls itself", "fn f(n) { f(n + 1) } fn on_start() { f(0); }", 3),
        strategy("text that doubles", "fn on_start() { let t = \"x\"; loop { t += t; } }", 3),
        strategy("array that grows", "fn on_start() { let a = []; loop { a.push(a); } }", 3),
        strategy(
            "state that grows",
            "fn on_init(params) { this.a = [1, 2, 3]; } fn on_start() { every(\"a\", \"1ms\"); }
             fn on_timer(name) { let b = this.a; this.a.append(b); }",
            3,
        ),
        strategy("logs", "fn on_quote(q) { for i in 0..1000 { log(i); } }", 3),
        strategy("plots", "fn on_quote(q) { for i in 0..100000 { plot(\"x\", i); } }", 3),
        case(
            "wakes each microsecond",
            Use::Keys("run_operations = 20_000\n"),
            "fn on_start() { every(\"a\", \"1us\"); } fn on_timer(name) { let n = 1 + 1; this.n = n; }",
            3,
        ),
        case(
            "aborts in a loop",
            Use::Keys("on_error = \"abort\"\n"),
            "fn on_start() { buy_limit(1, 9.0, \"IOC\"); } fn on_order(e) { buy_limit(1, 9.0, \"IOC\"); }",
            1,
        ),
    ]
}

/// Texts that are no strategies.
fn broken_scripts() -> Vec<Case> {
    let strategy = |name, text: Vec<u8>| case(name, Use::Strategy, text, 2);
    vec![
        strategy("smart quotes", "fn on_bar(bar) { log(\u{201c}x\u{201d}); }\n".into()),
        strategy("a mark alone", "\u{feff}".into()),
        strategy("a lone carriage return", "fn on_bar(bar) { \u{e9} }\r".into()),
        strategy("turned around", "fn on_bar(bar) { /*\u{202e} } */ \u{2066}x }".into()),
        strategy("no UTF-8", b"fn on_bar(bar) { \xff\xfe }".to_vec()),
        strategy("zeros", vec![0; 100_000]),
        strategy("parentheses", "(".repeat(100_000).into()),
        strategy("blocks", format!("fn on_bar(b) {{ {} }}", "if true {".repeat(50_000)).into()),
        strategy("a text without an end", format!("fn on_bar(b) {{ \"{}", "x".repeat(200_000)).into()),
        strategy("a comment without an end", "/*".repeat(100_000).into()),
        strategy("a template in a template", "`${".repeat(20_000).into()),
        strategy("imports itself", "import \"s\" as s;\nfn on_bar(b) { }".into()),
        strategy("imports from above", "import \"../../../etc/passwd\" as s;\nfn on_bar(b) { }".into()),
        strategy("ten megabytes", "x".repeat(10 << 20).into()),
    ]
}

/// Scenarios that are none.
fn broken_scenarios() -> Vec<Case> {
    let scenario = |name, text: Vec<u8>| case(name, Use::Scenario, text, 2);
    vec![
        scenario("a lone carriage return", "[scenario]\nname = \"min > max\"\r".into()),
        scenario("a mark alone", "\u{feff}".into()),
        scenario("arrays", format!("a = {}", "[".repeat(100_000)).into()),
        scenario("inline tables", format!("a = {}", "{ a = ".repeat(50_000)).into()),
        scenario("dotted keys", format!("{} = 1", vec!["a"; 50_000].join(".")).into()),
        scenario("the same table", "[[agents]]\n".repeat(100_000).into()),
        scenario("a long key", format!("{} = 1", "a".repeat(5 << 20)).into()),
        scenario("zeros", vec![0; 1 << 20]),
        #[cfg(unix)]
        scenario(
            "a script without an end",
            "[scenario]\nname = \"x\"\nstart = 2024-01-01\nend = 2024-01-02\n[[instruments]]\nsymbol = \"A\"\n\
             tick_size = 1\n[[venues]]\nname = \"P\"\ninstruments = [\"A\"]\n[[agents]]\nkind = \"script\"\n\
             file = \"/dev/zero\"\n"
                .into(),
        ),
        scenario("no UTF-8", b"[scenario]\nname = \"\xff\"".to_vec()),
        scenario(
            "stars",
            format!(
                "[scenario]\nname = \"x\"\nstart = 2024-01-01\nend = 2024-01-02\n[[instruments]]\nfiles = \"{}b\"\n",
                "*a".repeat(200)
            )
            .into(),
        ),
    ]
}

/// Tables that are none, or odd.
fn broken_tables() -> Vec<Case> {
    let data = |name, text: Vec<u8>, code| case(name, Use::Data, text, code);
    vec![
        data("commas", ",".repeat(2 << 20).into(), 2),
        data("line ends", "\n".repeat(4 << 20).into(), 2),
        data(
            "a quote without an end",
            format!("time,open,high,low,close\n\"{}", "1,\n".repeat(500_000)).into(),
            2,
        ),
        data("a header without rows", "time,open,high,low,close\n".into(), 2),
        data("a line of megabytes", "x".repeat(8 << 20).into(), 2),
        data("zeros", vec![0; 1 << 20], 2),
        data("an odd UTF-16", b"\xff\xfet\x00i\x00m".to_vec(), 2),
        data("damaged Parquet", b"PAR1 and no more PAR1".to_vec(), 2),
        data("a lone carriage return", "time,open,high,low,close\r2024-01-02,1,1,1,1\r".into(), 0),
        data("huge numbers", "time,open,high,low,close\n2024-01-02,1e308,1e309,1e-400,-1e308\n".into(), 2),
    ]
}

/// Writes a file, and returns the command that uses it.
fn command(here: &Path, case: &Case) -> Command {
    let mut command = bearpit();
    match case.what {
        Use::Strategy | Use::Keys(_) => {
            let path = with_script(here, "");
            if let Use::Keys(keys) = case.what {
                fs::write(&path, fs::read_to_string(&path).unwrap() + keys).unwrap();
            }
            fs::write(here.join("s.rhai"), &case.content).unwrap();
            command.arg("simulate").arg(path).args(["--no-report", "--force", "--out"]).arg(here.join("out"));
        }
        Use::Scenario => {
            fs::write(here.join("t.toml"), &case.content).unwrap();
            fs::write(here.join("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), "").unwrap();
            command.arg("simulate").arg(here.join("t.toml")).arg("--out").arg(here.join("out"));
        }
        Use::Data => {
            fs::write(here.join("d.csv"), &case.content).unwrap();
            command.arg("data").arg(here.join("d.csv"));
        }
    }
    command
}

/// Returns the time that a process has computed so far, where the system tells.
pub(crate) fn computed(child: &Child) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).ok()?;
    // After the name in brackets; user and system time are the 14th and 15th field, in hundredths.
    let fields = stat.rsplit(')').next()?.split_whitespace().skip(11).take(2);
    let hundredths: u64 = fields.map(|field| field.parse::<u64>().unwrap_or(0)).sum();
    Some(Duration::from_millis(10 * hundredths))
}

/// Waits for a process; returns its exit code, and how long it has computed: others work on the machine, too.
fn wait_computing(child: &mut Child) -> (Option<i32>, Duration) {
    let begin = Instant::now();
    let mut seen = None;
    loop {
        seen = computed(child).or(seen);
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code(), seen.unwrap_or_else(|| begin.elapsed()));
        }
        if begin.elapsed() > WALL_MAX {
            child.kill().unwrap();
            child.wait().unwrap();
            return (None, begin.elapsed());
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Returns what is wrong with how the program takes a file.
fn complaint(case: &Case) -> Option<String> {
    let here = TempDir::new().unwrap();
    let output = fs::File::create(here.path().join("stderr")).unwrap();
    let mut child = command(here.path(), case).stdout(Stdio::null()).stderr(output).spawn().unwrap();
    let (code, took) = wait_computing(&mut child);
    let stderr = fs::read(here.path().join("stderr")).unwrap();
    let stderr = String::from_utf8_lossy(&stderr);
    let said: String = stderr.chars().take(600).collect();
    let wrong = if code != Some(case.code) || stderr.contains("panicked") || stderr.contains("bug in bearpit")
    {
        format!("exit code {code:?}: {said}")
    } else if stderr.len() > SAID_MAX {
        format!("{} bytes are said: {said}", stderr.len())
    } else if took > TIME_MAX {
        format!("it took {took:?}")
    } else {
        return None;
    };
    Some(format!("{} ({:?}): {wrong}", case.name, case.what))
}

fn check(cases: &[Case]) {
    let found: Vec<String> = cases.iter().filter_map(complaint).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn there_are_many_of_them() {
    let count = [endless(), broken_scripts(), broken_scenarios(), broken_tables()].map(|cases| cases.len());
    assert!(count.iter().sum::<usize>() >= 48, "{count:?}");
}

#[test]
fn strategies_without_an_end_end_within_a_second() {
    check(&endless());
}

#[test]
fn what_is_no_strategy_is_refused_within_a_second() {
    check(&broken_scripts());
}

#[test]
fn what_is_no_scenario_is_refused_within_a_second() {
    check(&broken_scenarios());
}

#[test]
fn what_is_no_table_is_refused_within_a_second() {
    check(&broken_tables());
}
