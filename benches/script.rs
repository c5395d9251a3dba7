//! The cost of a script's callback: an EMA cross on every quote, as a scripted trader that computes in its
//! own state, with the host's averages, or with averages that the host feeds, as a plain call of Rhai
//! without a market, and as a native actor. A million quotes to one strategy, everything included. And what
//! it takes to seat ten thousand script traders of one strategy, beside as many noise traders.
//!
//! `cargo bench --bench script`
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::hint::black_box;
use std::time::Instant;

use actix::{Actor, Handler};
use bearpit::account::AccountConfig;
use bearpit::agents::{NoiseConfig, NoiseTrader, Wakeups};
use bearpit::exchange::{Market, MarketBuilder};
use bearpit::kernel::Wakeup;
use bearpit::market::{ExecutionReport, Fees, Instrument, OrderTerms, Side};
use bearpit::participant::{Context, Feed, Latencies, MarketData, ParticipantConfig, Update};
use bearpit::script::{ScriptConfig, ScriptSource, ScriptTrader, Scripts};
use bearpit::units::{ListingId, Money, Price, Quantity, Seed, SimDuration, SimTime};
use rhai::{CallFnOptions, Dynamic, Engine, Scope};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const QUOTES: i64 = 100_000;
const MILLION: i64 = 1_000_000;
const REPETITIONS: usize = 5;
const TRADERS: usize = 10_000;
const STRATEGY: &str = include_str!("../strategies/avellaneda_stoikov.rhai");
const LISTING: ListingId = ListingId::new(0);

const ON_MAP: &str = r"
    fn on_start() { this.fast = 100.0; this.slow = 100.0; this.long = false; }
    fn on_quote(quote) {
        let bid = quote.bid;
        if bid == () { return; }
        this.fast += (bid - this.fast) * 0.15;
        this.slow += (bid - this.slow) * 0.07;
        this.long = this.fast > this.slow;
    }
";

const ON_UPDATES: &str = r"
    fn on_start() { this.fast = ema(12); this.slow = ema(26); this.long = false; }
    fn on_quote(quote) {
        let bid = quote.bid;
        if bid == () { return; }
        let fast = this.fast.update(bid);
        let slow = this.slow.update(bid);
        if slow != () { this.long = fast > slow; }
    }
";

const ON_FED: &str = r#"
    fn on_start() {
        this.fast = feed(ema(12), "quote.bid");
        this.slow = feed(ema(26), "quote.bid");
        this.long = false;
    }
    fn on_quote(quote) {
        let slow = this.slow.value;
        if slow != () { this.long = this.fast.value > slow; }
    }
"#;

/// What a backtest does on each bar: reads two averages that the host feeds, compares, looks at its position.
const ON_CROSS: &str = r#"
    fn on_start() {
        this.fast = feed(sma(10), "quote.bid");
        this.slow = feed(sma(30), "quote.bid");
        this.crossed = 0;
    }
    fn on_quote(quote) {
        let fast = this.fast.value;
        let slow = this.slow.value;
        if slow == () { return; }
        if fast > slow && position() <= 0 { this.crossed = 1; }
        else if fast < slow && position() > 0 { this.crossed = -1; }
    }
"#;

const PLAIN: &str = r"
    fn on_quote(bid) {
        this.fast += (bid - this.fast) * 0.15;
        this.slow += (bid - this.slow) * 0.07;
        this.long = this.fast > this.slow;
    }
";

/// Changes the bid every millisecond.
struct Flipper {
    order: Option<bearpit::units::OrderId>,
    turn: i64,
}

impl Actor for Flipper {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        self.order =
            ctx.submit(LISTING, OrderTerms::limit(Side::Buy, Quantity::new(1), Price::new(10_000))).ok();
        ctx.wake_after(SimDuration::from_millis(1), 0);
    }
}

impl Handler<Wakeup> for Flipper {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        self.turn += 1;
        if let Some(order) = self.order {
            ctx.replace(order, Price::new(10_000 + self.turn % 7), Quantity::new(1)).ok();
        }
        ctx.wake_after(SimDuration::from_millis(1), 0);
    }
}

bearpit::ignore_messages!(Flipper: ExecutionReport, MarketData);

/// The same strategy as a native actor.
struct Native {
    fast: f64,
    slow: f64,
    long: bool,
}

impl Actor for Native {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        ctx.subscribe(LISTING, Feed::Quotes).ok();
    }
}

impl Handler<MarketData> for Native {
    type Result = ();

    fn handle(&mut self, data: MarketData, ctx: &mut Context) {
        let Update::Quote(quote) = data.update else { return };
        let Some((level, instrument)) = quote.bid.zip(ctx.instrument(LISTING)) else { return };
        let bid = instrument.price_f64(level.price);
        self.fast += (bid - self.fast) * 0.15;
        self.slow += (bid - self.slow) * 0.07;
        self.long = black_box(self.fast > self.slow);
    }
}

bearpit::ignore_messages!(Native: Wakeup, ExecutionReport);

/// Who hears of the quotes.
enum Listener {
    Nobody,
    Native,
    Script(&'static str),
}

/// Runs a market of so many quotes; returns nanoseconds a quote.
fn market(listener: &Listener, quotes: i64) -> Result<f64> {
    let open = SimTime::from_nanos(0);
    let mut builder = MarketBuilder::new(Seed::new(1), open, open + SimDuration::from_millis(quotes))?;
    let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, None);
    builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    let account = || AccountConfig { cash: Money::from_whole(1_000), ..AccountConfig::default() };
    builder.agent(
        "flipper",
        ParticipantConfig::new("native").with_account(account()),
        Flipper { order: None, turn: 0 },
    )?;
    match listener {
        Listener::Nobody => {}
        Listener::Native => {
            let native = Native { fast: 100.0, slow: 100.0, long: false };
            builder.agent("ema", ParticipantConfig::new("native").with_account(account()), native)?;
        }
        Listener::Script(source) => {
            let config = ScriptConfig::new(ScriptSource::alone("ema.rhai", *source), LISTING);
            builder.agent(
                "ema",
                ParticipantConfig::new("script").with_account(account()),
                ScriptTrader::new(config),
            )?;
        }
    }
    let mut market = builder.open()?;
    let begin = Instant::now();
    market.run()?;
    let nanos = begin.elapsed().as_secs_f64() * 1e9 / quotes as f64;
    let id = market.participants().last().ok_or("nobody took part")?.id;
    match market.world().domain().failure(id) {
        Some(why) => Err(why.into()),
        None => Ok(nanos),
    }
}

/// Calls the function on its own; returns nanoseconds a call.
fn plain() -> Result<f64> {
    let engine = Engine::new();
    let ast = engine.compile(PLAIN)?;
    let mut scope = Scope::new();
    let mut state = Dynamic::from_map(rhai::Map::from([
        ("fast".into(), Dynamic::from_float(100.0)),
        ("slow".into(), Dynamic::from_float(100.0)),
        ("long".into(), Dynamic::from_bool(false)),
    ]));
    let begin = Instant::now();
    for turn in 0..QUOTES {
        let bid = 100.0 + (turn % 7) as f64 / 100.0;
        let options = CallFnOptions::new().eval_ast(false).bind_this_ptr(&mut state);
        engine.call_fn_with_options::<()>(options, &mut scope, &ast, "on_quote", (bid,))?;
    }
    Ok(begin.elapsed().as_secs_f64() * 1e9 / QUOTES as f64)
}

/// What the seats of a population take.
struct Seats {
    bytes: f64,
    micros: f64,
}

/// The memory that this process has in use, in bytes; zero where the system does not tell.
fn resident_bytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
    kilobytes.unwrap_or_default() * 1_024.0
}

/// Seats so many traders and starts them; returns what each takes, and the market, which keeps them.
fn seat(traders: usize, seat: impl Fn(&mut MarketBuilder, &str) -> Result<()>) -> Result<(Seats, Market)> {
    let open = SimTime::from_nanos(0);
    let mut builder = MarketBuilder::new(Seed::new(1), open, open + SimDuration::from_secs(1))?;
    let acme = builder.instrument(Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?, None);
    builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    let (resident, begin) = (resident_bytes(), Instant::now());
    for number in 0..traders {
        seat(&mut builder, &format!("trader-{number}"))?;
    }
    let mut market = builder.open()?;
    market.start();
    let count = traders as f64;
    let micros = begin.elapsed().as_secs_f64() * 1e6 / count;
    let bytes = (resident_bytes() - resident) / count;
    let failed = market.participants().iter().find_map(|it| market.world().domain().failure(it.id));
    match failed {
        Some(why) => Err(why.into()),
        None => Ok((Seats { bytes, micros }, market)),
    }
}

fn seat_noise(builder: &mut MarketBuilder, name: &str) -> Result<()> {
    let config = NoiseConfig {
        listing: LISTING,
        wakeups: Wakeups::every(SimDuration::from_secs(1)),
        market_share: 0.3,
        max_quantity: Quantity::new(20),
        depth_ticks: 5.0,
        patience: SimDuration::from_secs(60),
    };
    builder.agent(name, ParticipantConfig::new("noise"), NoiseTrader::new(config))?;
    Ok(())
}

/// Prints what ten thousand seats take.
fn populations() -> Result<()> {
    let (noise, kept) = seat(TRADERS, seat_noise)?;
    let scripts = Scripts::default();
    let source = ScriptSource::alone("avellaneda_stoikov.rhai", STRATEGY);
    let seat_script = |builder: &mut MarketBuilder, name: &str| -> Result<()> {
        let config = ScriptConfig::new(source.clone(), LISTING);
        let trader = ScriptTrader::sharing(config, scripts.clone());
        builder.agent(name, ParticipantConfig::new("script"), trader)?;
        Ok(())
    };
    let (script, kept_too) = seat(TRADERS, seat_script)?;
    println!("{TRADERS} traders of one strategy (avellaneda_stoikov.rhai), seated and started:");
    for (name, seats) in [("noise trader", &noise), ("script trader", &script)] {
        let megabytes = seats.bytes * TRADERS as f64 / 1e6;
        let seconds = seats.micros * TRADERS as f64 / 1e6;
        println!(
            "  {name:<14} {:8.0} bytes {:8.1} us each; {megabytes:6.0} MB {seconds:6.2} s in all",
            seats.bytes, seats.micros
        );
    }
    println!(
        "  ratio          {:8.1}       {:8.1}",
        script.bytes / noise.bytes,
        script.micros / noise.micros
    );
    drop((kept, kept_too));
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() -> Result<()> {
    populations()?;
    callbacks()
}

/// Prints what callbacks take.
fn callbacks() -> Result<()> {
    let listeners = [
        Listener::Nobody,
        Listener::Native,
        Listener::Script(ON_MAP),
        Listener::Script(ON_UPDATES),
        Listener::Script(ON_FED),
        Listener::Script(ON_CROSS),
    ];
    let mut measured = [const { Vec::new() }; 6];
    let mut bare = Vec::new();
    for _ in 0..REPETITIONS {
        for (nanos, listener) in measured.iter_mut().zip(&listeners) {
            nanos.push(market(listener, QUOTES)?);
        }
        bare.push(plain()?);
    }
    let [nobody, native, on_map, on_updates, on_fed, on_cross] = measured.map(median);
    let bare = median(bare);
    println!("an EMA cross on each of {QUOTES} quotes (median of {REPETITIONS}), nanoseconds a quote:");
    println!("  market without a listener  {nobody:8.0}");
    println!("  native actor               {:8.0} more", native - nobody);
    println!("  plain call of Rhai         {bare:8.0}");
    let scripts = [
        ("script, state in a map", on_map),
        ("script, updates averages", on_updates),
        ("script, averages are fed", on_fed),
        ("script, cross and position", on_cross),
    ];
    for (name, nanos) in scripts {
        let more = nanos - nobody;
        println!("  {name:<26} {more:8.0} more   {:.2} of the plain call", more / bare);
    }
    println!("a million quotes to one strategy, everything included:");
    for (how, source) in [("updates", ON_UPDATES), ("fed", ON_FED)] {
        let seconds = market(&Listener::Script(source), MILLION)? * MILLION as f64 / 1e9;
        println!("  {how:<26} {seconds:8.2} s");
    }
    Ok(())
}
