//! The scripts, with the expected outcome of each.

/// One hostile script.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) source: String,
    /// What stands in a line that is logged, or in the error.
    pub(super) expected: &'static str,
}

const ENDLESS: &str = "the callback ran for more than 200000 operations";
const TOO_DEEP: &str = "expressions and blocks nest deeper than 128";
const CALLS: &str = "nest deeper than 100";
const TEXT: &str = "a text would have more than 65536 bytes";
const STATE: &str = "`this` holds about";
const VALUES: &str = "arrays and maps nest deeper than 16";

/// Makes a case of what `on_start` does; what comes after it must not be reached if an error is expected.
fn start(name: &'static str, body: &str, expected: &'static str) -> Case {
    let source = format!("fn g(x) {{ x }} fn on_start() {{ {body}; log(\"SURVIVED\"); }}");
    Case { name, source, expected }
}

/// Makes a case of what is done once there is a market, in which orders far from the touch move nothing.
fn later(name: &'static str, body: &str, expected: &'static str) -> Case {
    let source = format!(
        "fn on_start() {{ set_timer(\"a\", \"3s\") }} fn on_timer(name) {{ {body}; log(\"SURVIVED\"); }}"
    );
    Case { name, source, expected }
}

/// Makes a case that does no harm, and says what it found.
fn harmless(name: &'static str, body: &str, expected: &'static str) -> Case {
    Case { name, source: format!("fn on_start() {{ {body}; }}"), expected }
}

fn whole(name: &'static str, source: &str, expected: &'static str) -> Case {
    Case { name, source: source.to_owned(), expected }
}

fn around(open: &str, inner: &str, close: &str, times: usize) -> String {
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

pub(super) fn endless() -> Vec<Case> {
    vec![
        start("loop", "loop { }", ENDLESS),
        start("while", "while true { }", ENDLESS),
        start("do", "do { } while true", ENDLESS),
        start("for", "for i in 0..9223372036854775807 { let x = i; }", ENDLESS),
        start("try around a loop", "loop { try { loop { } } catch { } }", ENDLESS),
        start("try in a function", "try { loop { } } catch (e) { log(\"SURVIVED\") }", ENDLESS),
        start("throw in a loop", "loop { try { throw 1 } catch { } }", ENDLESS),
        start("called back", "let a = [1]; a.map(|x| { loop { } })", ENDLESS),
        start(
            "called back again and again",
            "let a = []; a.pad(900, 1); a.map(|x| { for i in 0..10000 { let y = i; } })",
            ENDLESS,
        ),
        start(
            "inconsistent sort, endless",
            "let a = []; a.pad(900, 1); a.sort(|x, y| { loop { } })",
            ENDLESS,
        ),
        start(
            "sort again and again",
            "let a = []; a.pad(900, 1); loop { a.sort(|x, y| random() - 0.5 < 0.0) }",
            ENDLESS,
        ),
        harmless(
            "inconsistent sort",
            "let a = []; for i in 0..500 { a.push(i) } a.sort(|x, y| -1); log(a.len)",
            "500",
        ),
        start("sort by nonsense", "[1, 2].sort(|x, y| \"no\")", "sort: the function must return a number"),
        start("copies of an array", "this.a = []; this.a.pad(990, 1); loop { let b = this.a; }", ENDLESS),
        start(
            "copies of a map",
            "this.m = #{}; for i in 0..190 { this.m[`k${i}`] = i } loop { let b = this.m; }",
            ENDLESS,
        ),
        start("copies into a function", "let a = []; a.pad(990, 1); loop { g(a) }", ENDLESS),
        start("copies compared", "let a = []; a.pad(990, 1); loop { a == a }", ENDLESS),
        start("sorting for ever", "let a = []; a.pad(990, 1); loop { a.sort() }", ENDLESS),
        start("characters of a text", "let s = \"x\"; s.pad(1000, 'x'); loop { s[999] = 'y' }", ENDLESS),
        start("splits of a text", "let s = \"x\"; s.pad(900, 'x'); loop { s.split('x') }", ENDLESS),
        start("history in a loop", "bars(); loop { let h = history(1000); }", ENDLESS),
    ]
}

/// What is large, and worked on in place again and again.
pub(super) fn large() -> Vec<Case> {
    const LIST: &str = "this.a = []; this.a.pad(300000, 1);";
    const TEXT: &str = "let s = \"x\"; s.pad(60000, 'x'); let t = s; for i in 0..50 { t += s }";
    let on_list = |name, body: &str| start(name, &format!("{LIST} {body}"), ENDLESS);
    let on_text = |name, body: &str| start(name, &format!("{TEXT} {body}"), ENDLESS);
    vec![
        on_list("sorted", "loop { this.a.sort() }"),
        on_list("searched", "loop { this.a.contains(2) }"),
        on_list("searched, as a function", "let b = this.a; loop { contains(b, 2) }"),
        on_list("shifted", "loop { this.a.shift(); this.a.push(1) }"),
        on_list("inserted into", "loop { this.a.insert(0, 1) }"),
        on_list("mapped", "loop { this.a.map(|x| x) }"),
        on_list("an item of a copy", "let b = [this.a]; loop { b.get(0).len() }"),
        on_list("in a list", "let b = [this.a, 1]; loop { b[0].sort() }"),
        on_list("in a list, by a sum", "let b = [this.a, 1]; let i = 1; loop { b[i - 1].sort() }"),
        on_list("in a list, by its length", "let b = [1, this.a]; loop { b[b.len() - 1].sort() }"),
        on_list("in a list, by a function", "let b = [this.a, 1]; loop { b[g(0)].sort() }"),
        on_list("in a map", "this.m = #{ k: this.a }; let k = \"k\"; loop { this.m[k].sort() }"),
        on_list("as a range", "loop { this.a.extract(0..2) ; this.a.drain(0..1) }"),
        on_text("the last character", "loop { t[3000000] }"),
        on_text("its length", "loop { t.len }"),
        on_text("its length, as a method", "loop { t.len() }"),
        on_text("its length, in a list", "let l = [t]; loop { l[g(0)].len }"),
        on_text("one of its characters", "loop { t[0] = 'y' }"),
        on_text("parts of it", "loop { t.sub_string(0, 1) }"),
        whole(
            "a large constant",
            "let l = []; l.pad(200000, 1); const LIST = l; fn on_start() { loop { LIST.len() } }",
            ENDLESS,
        ),
        whole(
            "a large literal",
            &format!("fn on_start() {{ let l = []; loop {{ l.push([{}]) }} }}", "0, ".repeat(50_000)),
            ENDLESS,
        ),
        whole(
            "a long literal",
            &format!("fn on_start() {{ let s = `a`; loop {{ let t = s + \"{}\"; }} }}", "x".repeat(20_000)),
            ENDLESS,
        ),
    ]
}

/// What honest scripts do.
pub(super) fn ordinary() -> Vec<Case> {
    vec![
        harmless("a list of 20,000", "let a = []; for i in 0..20000 { a.push(i) } log(a[19999])", "19999"),
        harmless(
            "a text of 20,000",
            "let s = \"\"; for i in 0..2000 { s += \"0123456789\" } log(s.len)",
            "20000",
        ),
        harmless("a map of 5,000", "for i in 0..5000 { this[`k${i}`] = i } log(this.len())", "5000"),
        whole(
            "recursion",
            "fn f(n) { if n == 0 { 0 } else { 1 + f(n - 1) } } fn on_start() { log(f(50)); }",
            "50",
        ),
        harmless("a long sum", &format!("let x = 1; log(x{})", " + x".repeat(99)), "100"),
        harmless("nested parentheses", &format!("log({})", around("(1 + ", "1", ")", 40)), "41"),
        harmless("printed", "print(\"to the log\")", "to the log"),
        harmless("printed for debugging", "debug(\"to the log\")", "to the log"),
    ]
}

pub(super) fn nested() -> Vec<Case> {
    let deep = |name, body: String| start(name, &body, TOO_DEEP);
    vec![
        deep("parentheses", around("(", "1", ")", 10_000)),
        deep("blocks", around("{", "1", "}", 10_000)),
        deep("arrays", around("[", "1", "]", 10_000)),
        deep("maps", around("#{ a: ", "1", "}", 10_000)),
        deep("not", around("!", "true", "", 10_000)),
        deep("sums", format!("let x = 1; x {}", "+ x".repeat(10_000))),
        deep("links", format!("let x = #{{}}; x{}", ".a".repeat(10_000))),
        deep("items", format!("let x = []; x{}", "[0]".repeat(10_000))),
        deep("methods", format!("let x = 1; x{}", ".abs()".repeat(10_000))),
        deep("else", format!("if false {{ }} {}", "else if false { } ".repeat(10_000))),
        deep("texts", around("`${", "1", "}`", 5_000)),
        deep("powers", format!("let x = 1; x {}", "** x".repeat(10_000))),
        whole("direct recursion", "fn f(n) { f(n + 1) } fn on_start() { f(1); }", CALLS),
        whole("mutual recursion", "fn f(n) { g(n) } fn g(n) { f(n) } fn on_start() { f(1); }", CALLS),
        whole(
            "recursion in try",
            "fn f(n) { try { f(n + 1) } catch { f(n + 1) } } fn on_start() { f(1); }",
            CALLS,
        ),
        whole("recursion by pointer", "fn f(n) { call(Fn(\"f\"), n + 1) } fn on_start() { f(1); }", CALLS),
        whole("recursion by closure", "fn f(n) { [n].map(|x| f(x + 1)) } fn on_start() { f(1); }", CALLS),
        whole("recursion by sort", "fn f(n) { [n, n].sort(|x, y| f(x)) } fn on_start() { f(1); }", CALLS),
        whole(
            "deep recursion",
            &format!("fn f(n) {{ {} }} fn on_start() {{ f(1); }}", around("(1 + ", "f(n)", ")", 12)),
            CALLS,
        ),
        start("an array in itself", "let a = []; loop { a = [a] }", VALUES),
        start("a map in itself", "let m = #{}; loop { m = #{ m: m } }", VALUES),
        start("pushed into itself", "let a = [1]; loop { a.push(a) }", VALUES),
        start("this in itself", "loop { this.x = this }", VALUES),
        whole(
            "this in itself, callback by callback",
            "fn on_start() { every(\"a\", \"10ms\") } fn on_timer(name) { this.x = this; }",
            VALUES,
        ),
    ]
}

pub(super) fn growing() -> Vec<Case> {
    vec![
        start("doubled text", "let s = \"x\"; loop { s += s }", ENDLESS),
        start("replace nothing", "let s = \"x\"; s.pad(1000, 'x'); let r = s; r.replace(\"\", s)", TEXT),
        start(
            "replace by much",
            "let s = \"x\"; s.pad(1000, 'x'); let r = s; try { r.replace(\"x\", s) } catch { }",
            TEXT,
        ),
        start("pad a text", "let s = \"x\"; s.pad(9223372036854775807, 'x')", TEXT),
        start("pad by a text", "let s = \"x\"; try { s.pad(1000000000, \"abc\") } catch { }", TEXT),
        start("pad an array", "let a = [1]; a.pad(1000000000, 1)", ENDLESS),
        start("blob", "blob(1000000000, 0)", "there is no function `blob`"),
        start("doubled array", "let a = [1]; loop { a += a }", ENDLESS),
        start("doubled by a literal", "let a = [1]; loop { a = [a, a] }", VALUES),
        start("pushed", "let a = []; loop { a.push(1) }", ENDLESS),
        start("a map by index", "loop { this[`k${this.len()}`] = 1 }", ENDLESS),
        start(
            "a map by index, in a variable",
            "let m = #{}; let i = 0; loop { m[`k${i}`] = i; i += 1 }",
            ENDLESS,
        ),
        start("a map of maps", "let m = #{ a: 1, b: 2, c: 3 }; loop { m = #{ a: m, b: m, c: m } }", ENDLESS),
        harmless("numbers as a text", "let s = ``; for i in 0..10000 { s += `${i}` } log(s.len)", "38890"),
        whole(
            "more and more",
            "fn on_start() { every(\"a\", \"1ms\"); this.n = 0; } fn on_timer(name) { for i in 0..900 { this.n += 1; let k = `k${this.n}`; this[k] = [1, 2, 3, 4, 5, 6, 7, 8]; } }",
            STATE,
        ),
        whole(
            "lists of lists",
            "fn on_start() { every(\"a\", \"1ms\"); this.l = #{}; this.n = 0; } fn big() { let a = []; a.pad(900, 1); a } fn on_timer(name) { this.n = this.l.len(); this.l[`k${this.n}`] = big(); }",
            STATE,
        ),
        start(
            "variables",
            &(0..300).map(|n| format!("let v{n} = 1;")).collect::<String>(),
            "there are more than 250 variables",
        ),
        start(
            "indicators without end",
            "this.a = []; for i in 0..900 { this.a.push(ema(100000)) }",
            "indicators",
        ),
        start("an indicator of huge period", "sma(9223372036854775807)", "sma"),
        harmless("a pointer kept", "this.f = |x| x + 1; log(this.f.call(4))", "5"),
        start(
            "a captured variable",
            "let y = 1; let f = |x| x + y; f.call(1)",
            "there is no variable `y` here",
        ),
        start("a partial application", "let f = |x| x; loop { f = f.curry(f) }", "curry"),
    ]
}

pub(super) fn reaching() -> Vec<Case> {
    vec![
        start("eval", "eval(\"1\")", "eval"),
        start("eval by pointer", "Fn(\"eval\").call(\"1\")", "eval"),
        start("sleep of NaN", "sleep(0.0 / 0.0)", "there is no function `sleep`"),
        start("sleep of 1e300", "sleep(1e300)", "there is no function `sleep`"),
        start("timestamp", "timestamp()", "there is no function `timestamp`"),
        start("parse_json", "parse_json(\"[[[[[[[[\")", "there is no function `parse_json`"),
        start("files", "open(\"/etc/passwd\")", "there is no function `open`"),
        start("an import in a callback", "import \"other\" as x", "there is no module `other`"),
        start("functions by name", "Fn(\"no such\").call()", "no such"),
        start(
            "a market that is not",
            &format!("market(\"{}\")", "M".repeat(1_000)),
            "market: there is no MMMM",
        ),
        start("an instrument of control characters", "market(\"\\x1b[2J\")", "market: there is no"),
        start("control characters thrown", "throw \"\\x1b[31m\"", "\\u{1b}[31m"),
        harmless("control characters logged", "log(\"\\x1b[2J\\r\\u0007\")", "\\u{1b}[2J\\r\\u{7}"),
        start("another's order", "cancel(1)", "cancel: the order must be what"),
        harmless("a series of nonsense", "plot(\"x\", 0.0 / 0.0); log(\"a gap\")", "a gap"),
    ]
}

pub(super) fn numbers() -> Vec<Case> {
    const MIN: &str = "let x = -9223372036854775808;";
    let least = |name, rest: &str, expected| start(name, &format!("{MIN} {rest}"), expected);
    vec![
        least("MIN / -1", "x / -1", "Division overflow"),
        least("MIN % -1", "x % -1", "Modulo division by zero or overflow"),
        least("abs(MIN)", "abs(x)", "Negation overflow"),
        least("-MIN", "-x", "integer overflow"),
        least("MIN - 1", "x - 1", "Subtraction overflow"),
        least("MIN * 2", "x * 2", "Multiplication overflow"),
        least("MIN ** 2", "x ** 2", "is no whole number in range"),
        start("MAX + 1", "let x = 9223372036854775807; x + 1", "Addition overflow"),
        start("1 / 0", "let x = 0; 1 / x", "Division by zero"),
        harmless("shifts", "let x = 1; log(x << 1000); log(x >> 1000); log(x << -9223372036854775808)", "0"),
        start("1e300 as a whole number", "(1e300).to_int()", "Integer overflow"),
        start("a step of zero", "for i in range(0, 10, 0) { }", "step value cannot be zero"),
        start(
            "a price that is no number",
            "buy_limit(1, 0.0 / 0.0)",
            "buy_limit: a price of NaN is not allowed",
        ),
        start("an infinite price", "buy_limit(1, 1e308 * 10.0)", "buy_limit: a price of inf is not allowed"),
        start("a quantity that is no number", "buy(0.0 / 0.0)", "buy: a quantity of NaN is not allowed"),
        start("a quantity beyond all", "buy(9223372036854775807)", "buy: a quantity of"),
        start("an infinite quantity", "sell(-1e308 * 10.0)", "sell: a quantity of -inf is not allowed"),
        start("a span beyond all", "set_timer(\"a\", \"99999999999999999999h\")", "set_timer"),
    ]
}

pub(super) fn floods() -> Vec<Case> {
    vec![
        start("log", "loop { log(\"x\") }", "log: more than 100 lines in one callback"),
        start("print", "loop { print(\"x\") }", "log: more than 100 lines in one callback"),
        start("debug", "loop { debug(1) }", "log: more than 100 lines in one callback"),
        start(
            "log in try",
            "loop { try { log(\"x\") } catch { } }",
            "log: more than 100 lines in one callback",
        ),
        later("orders", "loop { buy_limit(1, 0.01) }", "buy_limit: more than 1000 orders in one callback"),
        later(
            "orders in try",
            "loop { try { buy_limit(1, 0.01) } catch { } }",
            "buy_limit: more than 1000 orders in one callback",
        ),
        whole(
            "orders, callback by callback",
            "fn on_start() { every(\"a\", \"400ms\") } fn on_timer(name) { for i in 0..900 { buy_limit(1, 0.01) } }",
            "orders are open; at most 10000 are allowed",
        ),
        later(
            "cancels",
            "let o = buy_limit(1, 0.01); loop { o.cancel() }",
            "more than 1000 orders in one callback",
        ),
        start("timers", "for i in 0..2000 { set_timer(`t${i}`, \"1s\") }", "more than 1000 timers"),
        start("plot", "loop { plot(\"x\", 1) }", "plot: more than 1000 rows and points in one callback"),
        start(
            "record",
            "loop { record(\"x\", #{ a: 1 }) }",
            "record: more than 1000 rows and points in one callback",
        ),
        start("series", "for i in 0..200 { plot(`s${i}`, 1) }", "plot: more than 100 names"),
        start("feeds", "for i in 1..3000 { bars(`${i}s`) }", "bars: more than 1000 feeds"),
    ]
}
