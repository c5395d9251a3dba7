//! Native agents that answer themselves at one instant end the run, which says who, what and how often; those
//! that let time pass, and busy instants, do not.

use actix::{Actor, Handler};

use super::{Market, MarketBuilder, MarketError};
use crate::account::AccountConfig;
use crate::kernel::{LatencyModel, Wakeup, WorldFault};
use crate::market::{ExecutionReport, Fees, Instrument, OrderTerms, ReportKind, Side};
use crate::participant::{Context, Latencies, MarketData, MarketFault, ParticipantConfig};
use crate::units::{InstrumentId, ListingId, Money, Price, Quantity, Seed, SimDuration, SimTime};

const LISTING: ListingId = ListingId::new(0);

/// What an agent does without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// It cancels what is accepted, and sends again what is canceled.
    Resend,
    /// It wakes itself at once.
    Wake,
    /// It sells at 100 what it has, and buys it back.
    Turn(Side),
    /// It sends so many orders when it is woken, once.
    Burst(u32),
}

struct Agent(Habit);

impl Agent {
    fn enter(ctx: &mut Context, side: Side) {
        let price = Price::new(if side == Side::Buy { 9_990 } else { 10_010 });
        ctx.submit(LISTING, OrderTerms::limit(side, Quantity::new(1), price)).unwrap();
    }

    fn turn(ctx: &mut Context, side: Side) {
        ctx.submit(LISTING, OrderTerms::limit(side, Quantity::new(1), Price::new(10_000))).unwrap();
    }
}

impl Actor for Agent {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        match self.0 {
            Habit::Resend => Self::enter(ctx, Side::Buy),
            Habit::Wake | Habit::Burst(_) => ctx.wake_at(ctx.now(), 7),
            Habit::Turn(side) => Self::turn(ctx, side),
        }
    }
}

impl Handler<Wakeup> for Agent {
    type Result = ();

    fn handle(&mut self, _: Wakeup, ctx: &mut Context) {
        match self.0 {
            Habit::Burst(orders) => (0..orders).for_each(|_| Self::enter(ctx, Side::Buy)),
            _ => ctx.wake_at(ctx.now(), 7),
        }
    }
}

impl Handler<ExecutionReport> for Agent {
    type Result = ();

    fn handle(&mut self, report: ExecutionReport, ctx: &mut Context) {
        match (self.0, report.kind) {
            (Habit::Resend, ReportKind::Accepted) => ctx.cancel(report.order).unwrap(),
            (Habit::Resend, ReportKind::Canceled(_)) => Self::enter(ctx, Side::Buy),
            (Habit::Turn(side), ReportKind::Filled { .. }) => {
                let next = side.opposite();
                self.0 = Habit::Turn(next);
                Self::turn(ctx, next);
            }
            _ => {}
        }
    }
}

crate::ignore_messages!(Agent: MarketData);

fn open() -> SimTime {
    "2025-03-03T09:30:00".parse().unwrap()
}

/// A market of a second with agents of these habits, each with its entry latency.
fn market(agents: &[(Habit, SimDuration)], answers_max: Option<u64>) -> Market {
    let mut builder = MarketBuilder::new(Seed::new(1), open(), open() + SimDuration::from_secs(1)).unwrap();
    let instrument = Instrument::new("ACME", "0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let acme = builder.instrument(instrument, None);
    builder.venue("PIT", Fees::default(), Latencies::NONE, &[acme]);
    if let Some(most) = answers_max {
        builder.instant_answers_max(most);
    }
    for (number, (habit, latency)) in agents.iter().enumerate() {
        let holdings = vec![(InstrumentId::new(0), Quantity::new(5))];
        let account =
            AccountConfig { cash: Money::from_whole(1_000_000_000), holdings, ..AccountConfig::default() };
        let latencies = Latencies { entry: LatencyModel::Constant(*latency), ..Latencies::NONE };
        let config = ParticipantConfig::new("agent").with_account(account).with_latencies(latencies);
        builder.agent(&format!("agent-{number}"), config, Agent(*habit)).unwrap();
    }
    builder.open().unwrap()
}

/// Returns who answered what how often when the run ended.
fn endless(mut market: Market) -> (String, Vec<(&'static str, u64)>, String) {
    let error = market.run().unwrap_err();
    let MarketError::World(WorldFault { at, cause: MarketFault::Endless { agent, answers } }) = &error else {
        panic!("{error}");
    };
    assert_eq!(*at, open(), "no time has passed");
    (agent.clone(), answers.clone(), error.to_string())
}

#[test]
fn an_agent_that_answers_itself_ends_the_run_which_says_what_it_answers() {
    let (agent, answers, text) = endless(market(&[(Habit::Resend, SimDuration::ZERO)], Some(1_000)));
    let total: u64 = answers.iter().map(|(_, count)| count).sum();
    assert_eq!((agent.as_str(), total), ("agent-0", 1_001));
    let mut kinds: Vec<&str> = answers.iter().map(|(kind, _)| *kind).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["orders accepted", "orders canceled"]);
    assert!(
        text.starts_with(
            "at 2025-03-03T09:30:00: agent `agent-0` answers itself without end: at this instant it has answered 50"
        ),
        "{text}"
    );
}

#[test]
fn the_default_bound_is_reached_in_a_run() {
    let (_, answers, _) = endless(market(&[(Habit::Wake, SimDuration::ZERO)], None));
    assert_eq!(answers, [("wake-ups", 250_001)]);
}

#[test]
fn two_agents_that_trade_with_each_other_without_end_are_found() {
    let turns = [Side::Buy, Side::Sell].map(|side| (Habit::Turn(side), SimDuration::ZERO));
    let (agent, answers, _) = endless(market(&turns, Some(1_000)));
    assert!(agent.starts_with("agent-"));
    assert_eq!(answers, [("fills", 1_001)]);
}

#[test]
fn who_lets_time_pass_may_go_on() {
    let mut slow = market(&[(Habit::Resend, SimDuration::from_micros(5))], Some(1_000));
    slow.run().unwrap();
    assert!(slow.world().events() > 100_000);
}

#[test]
fn a_busy_instant_is_no_loop() {
    let mut burst = market(&[(Habit::Burst(30_000), SimDuration::ZERO)], Some(1_000));
    burst.run().unwrap();
    assert!(burst.world().events() > 60_000);
}
