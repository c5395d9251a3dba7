//! [`LiveConfig`]: how a scenario runs as a live market.

use crate::data::Zone;
use bearpit_core::kernel::Speed;
use bearpit_core::units::{Money, SimDuration};

/// How a scenario runs as a live market: its `[live]`. A simulation does not use it.
///
/// ```
/// use std::path::Path;
///
/// use bearpit::scenario::{LiveClock, LiveConfig, Scenario};
///
/// let text = r#"
///     [scenario]
///     name = "day"
///     start = 2025-03-03T09:30:00
///     end = 2025-03-03T16:00:00
///     [live]
///     clock = "scaled"
///     speed = 60
///     [[instruments]]
///     symbol = "ACME"
///     tick_size = 0.01
///     [[venues]]
///     name = "PIT"
///     instruments = ["ACME"]
/// "#;
/// let scenario = Scenario::from_text(Path::new("day.toml"), text, &[]).map_err(|it| it.render(false))?;
/// let live = scenario.live.ok_or("no [live]")?;
/// assert_eq!(live.starting_cash, LiveConfig::STARTING_CASH);
/// let LiveClock::Scaled { speed } = live.clock else { return Err("not scaled".into()) };
/// assert_eq!(speed.thousandths(), 60_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveConfig {
    /// What virtual time follows.
    pub clock: LiveClock,
    /// The cash with which a person's account is opened.
    pub starting_cash: Money,
    /// When an answer may be given.
    pub durability: Durability,
    /// For how many days journals, tables and fine candles are kept; at least one.
    pub keep_days: u32,
    /// What the scripts of users may take together in a second of virtual time, in operations; at least one.
    pub script_operations: u64,
}

/// What the virtual time of a live market follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveClock {
    /// The clock on the wall: virtual time is UTC. The dates, hours and sessions of the scenario are those of
    /// the clock of `zone`, and each day of the calendar has the scenario's hours.
    Wall {
        /// The zone.
        zone: Zone,
        /// What happens when the market was not running, or could not keep up.
        after_outage: AfterOutage,
    },
    /// A clock of its own, which begins at the scenario's start and stands still while the market does not
    /// run. One day follows the other.
    Scaled {
        /// How fast it runs.
        speed: Speed,
    },
}

/// What a market on the wall clock does about time in which it could not trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterOutage {
    /// If it is behind by more than `beyond`, trading is halted for the time that is missing, and an auction
    /// ends the halt. What is shorter is caught up.
    Halt {
        /// The longest time that is caught up.
        beyond: SimDuration,
    },
    /// It is stepped through the time that is missing, as if nothing had happened.
    CatchUp,
}

/// When a live market may show what follows from a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// When the request is on disk.
    Synced,
    /// At once; a power cut or a crash of the system can lose what was accepted in the last `loses_max`.
    Relaxed {
        /// The longest time between two syncs.
        loses_max: SimDuration,
    },
}

impl AfterOutage {
    /// What happens unless the scenario says otherwise: more than 30 s halt the market.
    pub const DEFAULT: Self = Self::Halt { beyond: SimDuration::from_secs(30) };
}

impl Default for AfterOutage {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl LiveConfig {
    /// The cash of a new account unless the scenario says otherwise.
    pub const STARTING_CASH: Money = Money::from_whole(100_000);

    /// For how many days journals, tables and fine candles are kept unless the scenario says otherwise.
    pub const KEEP_DAYS: u32 = 30;

    /// What the scripts of users may take together in a second of real time, in operations, unless the
    /// scenario says otherwise: some hundredths of a core.
    pub const SCRIPT_OPERATIONS: u64 = 1_000_000;

    /// The most that a scenario can allow them in a second of virtual time.
    pub const SCRIPT_OPERATIONS_MAX: u64 = 1_000_000_000;

    /// Returns what the scripts of users may take together in a second of virtual time unless the scenario
    /// says otherwise: less where that passes faster, so that it is the same on the wall clock.
    #[must_use]
    pub fn default_script_operations(clock: &LiveClock) -> u64 {
        let LiveClock::Scaled { speed } = clock else { return Self::SCRIPT_OPERATIONS };
        let thousandths = u64::from(speed.thousandths()).max(1);
        (Self::SCRIPT_OPERATIONS * 1_000 / thousandths).clamp(1, Self::SCRIPT_OPERATIONS)
    }
}
