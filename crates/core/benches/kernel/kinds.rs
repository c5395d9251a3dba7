//! Each kind of agent beside noise traders: what an event of it costs.

use bearpit_agents::{AgentKind, AgentSite, KINDS, Shared, SiteSpan};
use bearpit_core::account::AccountConfig;
use bearpit_core::exchange::Market;
use bearpit_core::market::Instrument;
use bearpit_core::params::{ParamSpec, ParamType, ParamValue, Values};
use bearpit_core::participant::ParticipantConfig;
use bearpit_core::units::{Quantity, SimDuration};

use super::markets::{add_makers, lay_out, open, participant};
use super::{Result, fastest, timed};

const SPAN: SimDuration = SimDuration::from_secs(1_200);
const INTERVAL: SimDuration = SimDuration::from_secs(2);
/// The noise traders that are always there, and the agents of the kind that come to them.
const BACKGROUND: u32 = 200;
const MEMBERS: u32 = 200;
/// With fewer events than that, what a kind costs is less than what times vary.
const EVENTS_MIN: u64 = 20_000;
const REPETITIONS: usize = 3;

/// Kinds that are compared: those that act by themselves at a listing that has a value, without a file.
fn is_compared(kind: &AgentKind) -> bool {
    !matches!(
        kind.name,
        "noise" | "replay" | "ticks" | "order_flow" | "latency_arbitrageur" | "smart_order_router"
    )
}

/// Returns a value of each parameter that a kind needs, and an interval if it has one.
fn values(kind: &AgentKind) -> Result<Values> {
    let mut values = Values::new();
    for spec in kind.params {
        if spec.name == "interval" {
            values.set(spec.name, ParamValue::Duration(INTERVAL));
        } else if spec.is_required() {
            values.set(spec.name, given(kind.name, spec)?);
        }
    }
    Ok(values)
}

fn given(kind: &str, spec: &ParamSpec) -> Result<ParamValue> {
    let row = |numbers: &[f64]| ParamValue::List(numbers.iter().map(|it| ParamValue::Number(*it)).collect());
    Ok(match (kind, spec.name, spec.value) {
        ("hawkes", "mu", _) => row(&[0.1; 6]),
        ("hawkes", "alpha", _) => ParamValue::List(vec![row(&[0.1; 6]); 6]),
        ("hawkes", "beta", _) => ParamValue::Number(1.0),
        ("vwap", "profile", _) => row(&[0.5, 0.25, 0.25]),
        ("queue_reactive", "market", _) => row(&[0.0, 0.2]),
        ("queue_reactive", "limit", _) => ParamValue::List(vec![row(&[0.5]); 3]),
        ("queue_reactive", "cancel", _) => ParamValue::List(vec![row(&[0.0, 0.3, 0.6]); 3]),
        ("almgren_chriss" | "twap" | "vwap" | "pov", "duration", _) => ParamValue::Duration(SPAN),
        ("almgren_chriss" | "twap" | "vwap" | "pov", "quantity", _) => {
            ParamValue::Quantity(Quantity::new(2_000))
        }
        (_, "value", _) => ParamValue::Decimal("101".parse()?),
        (_, "max_price", _) => ParamValue::Decimal("200".parse()?),
        (_, _, ParamType::TickDistance) => ParamValue::Integer(2),
        (_, _, ParamType::Price) => ParamValue::Decimal("0.05".parse()?),
        (_, _, ParamType::Quantity) => ParamValue::Quantity(Quantity::new(10)),
        (_, _, ParamType::Choice(choices)) => ParamValue::from(choices[0].name),
        (_, _, ParamType::List(_)) => row(&[0.3, 0.2]),
        _ => ParamValue::Number(0.02),
    })
}

/// Opens a market of noise traders, to which some agents of a kind have come.
fn market(kind: &AgentKind, members: u32) -> Result<Market> {
    let (mut builder, acme) = lay_out(SPAN)?;
    add_makers(&mut builder, acme)?;
    let noise = kind_of("noise")?;
    let instrument = Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?;
    let span = SiteSpan { start: open()?, end: open()? + SPAN };
    let site =
        AgentSite { has_value: true, span: Some(span), ..AgentSite::new(builder.listings()[0], &instrument) };
    for (kind, group, members) in [(noise, "background", BACKGROUND), (kind, "member", members)] {
        let configured = (kind.configure)(&values(kind)?.complete(kind.params)?, &site)?;
        for number in 1..=members {
            let actor = configured.actor(&mut Shared::default()).ok_or("no actor")?;
            let config: ParticipantConfig = participant(kind.name, acme, 100);
            let account = AccountConfig { credit: kind.account.credit, ..config.account.clone() };
            builder.any_agent(&format!("{group}-{number}"), config.with_account(account), actor)?;
        }
    }
    Ok(builder.open()?)
}

fn kind_of(name: &str) -> Result<&'static AgentKind> {
    KINDS.into_iter().find(|kind| kind.name == name).ok_or_else(|| format!("no kind {name}").into())
}

/// The seconds and the events of a market.
fn run(kind: &AgentKind, members: u32) -> Result<(f64, u64)> {
    let (mut seconds, mut events) = (Vec::new(), 0);
    for _ in 0..REPETITIONS {
        let mut market = market(kind, members)?;
        let (took, ()) = timed(|| Ok(market.run()?))?;
        seconds.push(took);
        events = market.world().events();
    }
    Ok((fastest(&seconds), events))
}

/// The markets of the kinds among `named`, by their names.
pub(crate) fn markets(named: &[String]) -> impl Iterator<Item = Result<(&'static str, Market)>> {
    let kinds = KINDS.into_iter().filter(|kind| named.iter().any(|name| name == kind.name));
    kinds.map(|kind| Ok((kind.name, market(kind, MEMBERS)?)))
}

/// Prints what an event of each kind costs: what its agents add to the time of a market of noise traders, by
/// the events that they add to it. If some kinds are among `named`, these alone.
pub(crate) fn measure(named: &[String]) -> Result<()> {
    let is_named = |kind: &AgentKind| named.iter().any(|name| name == kind.name);
    let is_any_named = KINDS.iter().any(|kind| is_named(kind));
    let noise = kind_of("noise")?;
    let (base_seconds, base_events) = run(noise, 0)?;
    let nanos = |(seconds, events): (f64, u64)| {
        let added = events.saturating_sub(base_events);
        (added, (seconds - base_seconds) * 1e9 / added as f64)
    };
    let (noise_events, noise_nanos) = nanos(run(noise, MEMBERS)?);
    println!("{MEMBERS} agents of each kind beside {BACKGROUND} noise traders (fastest of {REPETITIONS}):");
    println!("  {:<22} {noise_nanos:6.0} ns an event of {noise_events}", "noise");
    for kind in KINDS.iter().filter(|kind| is_compared(kind) && (!is_any_named || is_named(kind))) {
        let (events, nanos) = nanos(run(kind, MEMBERS)?);
        let ratio = nanos / noise_nanos;
        if events < EVENTS_MIN {
            println!("  {:<22} has {events} events: too few", kind.name);
        } else {
            println!("  {:<22} {nanos:6.0} ns an event of {events}   ratio {ratio:.2}", kind.name);
        }
    }
    Ok(())
}
