//! Populations whose members draw their parameters: what an event costs as there are more of them.

use bearpit_agents::{AgentKind, AgentSite, DrawnParam, DrawnParams, KINDS, Law, ParamDistribution, Shared};
use bearpit_core::exchange::{Market, MarketBuilder};
use bearpit_core::market::Instrument;
use bearpit_core::params::Values;
use bearpit_core::units::{Decimal, Quantity, Seed, SimDuration};

use super::markets::{add_makers, lay_out, participant};
use super::{Result, resident_bytes, timed};

/// How often the members of a population act in a run, all together.
const ACTIONS: u32 = 3_000_000;
/// The mean of their mean times between two actions, in seconds.
const INTERVAL_MEAN: f64 = 20.0;
const SIZES: [u32; 3] = [1_000, 10_000, 100_000];
const REPETITIONS: usize = 3;

/// What each member draws: how often it acts, how much it trades at most, how far from the touch it quotes,
/// how often it takes, and how long it waits.
fn drawn(noise: &AgentKind) -> Result<DrawnParams> {
    let laws = [
        ("interval", Law::LogNormal { median: INTERVAL_MEAN, sigma: 0.5 }),
        ("max_quantity", Law::Uniform { min: 1.0, max: 40.0 }),
        ("depth", Law::Exponential { mean: 0.05 }),
        ("market_share", Law::Uniform { min: 0.1, max: 0.5 }),
        ("patience", Law::Gamma { mean: 60.0, shape: 2.0 }),
    ];
    let drawn = laws.into_iter().map(|(name, law)| {
        let spec = noise.params.iter().find(|spec| spec.name == name).ok_or("no such parameter")?;
        let (least, most) = DrawnParam::bounds(&spec.value);
        Ok(DrawnParam::new(spec, ParamDistribution::new(law, least, most)?))
    });
    let common = Values::new().with("max_quantity", Quantity::new(20)).with("depth", Decimal::new(5, 2));
    Ok(DrawnParams { common, drawn: drawn.collect::<Result<_>>()? })
}

/// Lays out a market of so many noise traders with two market makers.
fn population(members: u32) -> Result<MarketBuilder> {
    let noise = KINDS.iter().find(|kind| kind.name == "noise").ok_or("no such kind")?;
    let params = drawn(noise)?;
    let seconds = INTERVAL_MEAN * f64::from(ACTIONS) / f64::from(members);
    let (mut builder, acme) = lay_out(SimDuration::from_secs_f64(seconds))?;
    let listing = builder.listings()[0];
    add_makers(&mut builder, acme)?;
    let instrument = Instrument::new("ACME", "0.01".parse()?, "1".parse()?)?;
    let site = AgentSite::new(listing, &instrument);
    for number in 1..=members {
        let name = format!("noise-{number}");
        let values = params.draws(Seed::new(42), &name).next().ok_or("no draws")?;
        let configured = (noise.configure)(&values.complete(noise.params)?, &site)?;
        let actor = configured.actor(&mut Shared::default()).ok_or("no actor")?;
        builder.any_agent(&name, participant("noise", acme, 100), actor)?;
    }
    Ok(builder)
}

/// What a population took.
struct Took {
    members: u32,
    nanos_per_event: f64,
    events: u64,
    bytes_per_member: f64,
}

/// What populations of some sizes took.
///
/// They run by turns, so that what else the machine does meanwhile slows all of them alike; the largest
/// first: it then has the memory of a new process.
fn run(sizes: &[u32]) -> Result<Vec<Took>> {
    let mut all: Vec<Took> = Vec::new();
    for repetition in 0..REPETITIONS {
        for (place, members) in sizes.iter().copied().enumerate() {
            let before = resident_bytes();
            let mut market: Market = population(members)?.open()?;
            let (seconds, ()) = timed(|| Ok(market.run()?))?;
            let events = market.world().events();
            let nanos_per_event = seconds * 1e9 / events as f64;
            if repetition == 0 {
                let bytes_per_member = (resident_bytes() - before) / f64::from(members);
                all.push(Took { members, nanos_per_event, events, bytes_per_member });
            } else {
                all[place].nanos_per_event = all[place].nanos_per_event.min(nanos_per_event);
            }
        }
    }
    Ok(all)
}

/// Returns the sizes that are among `named`, or all if none is; the largest first.
fn sizes(named: &[String]) -> Vec<u32> {
    let is_any_named = SIZES.iter().any(|size| named.contains(&size.to_string()));
    let sizes = SIZES.into_iter().rev();
    sizes.filter(|size| !is_any_named || named.contains(&size.to_string())).collect()
}

/// The markets of populations of the sizes that are among `named`, by their sizes.
pub(crate) fn markets(named: &[String]) -> impl Iterator<Item = Result<(u32, Market)>> {
    sizes(named).into_iter().map(|members| Ok((members, population(members)?.open()?)))
}

/// Prints what an event takes in populations of some sizes, which act as often all together. If some sizes
/// are among `named`, these alone.
pub(crate) fn measure(named: &[String]) -> Result<()> {
    let sizes = sizes(named);
    let took = run(&sizes)?;
    let base = took.last().map_or(f64::NAN, |took| took.nanos_per_event);
    println!(
        "noise traders that draw five parameters each, about {ACTIONS} actions (fastest of {REPETITIONS}):"
    );
    for Took { members, nanos_per_event, events, bytes_per_member } in took.iter().rev() {
        println!(
            "  {members:>7} traders  {nanos_per_event:6.0} ns an event of {events}   ratio to {} traders {:.2}   {bytes_per_member:.0} bytes a trader",
            sizes[sizes.len() - 1],
            nanos_per_event / base
        );
    }
    println!("  (bytes of small populations are what the allocator has not given back)");
    Ok(())
}
