//! [`MarketThread`]: the loop that drives a market.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use bearpit_core::kernel::RequestTag;
use bearpit_core::participant::RequestKind;
use bearpit_core::units::{ActorId, SimDuration};

use super::clock::{WallClock, instant};
use super::day::OpenDay;
use super::days::{Days, DriveError};
use super::handle::{Ask, Refused, ToMarket, Waiter, What};
use super::metrics::Metrics;
use super::sink::OutputSink;
use super::status::{DayStatus, MarketStatus, SharedStatus, Stage, Unavailable};
use super::sync_thread::{DiskReport, DiskTrouble, SyncThread};
use crate::live::{Control, Output, Taken};

/// How many messages are taken between two steps.
const MESSAGES_PER_STEP: usize = 4_096;

/// How long the thread sleeps at most: the journal says as often how far the market has come.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// How many outputs may wait for a disk that fails before virtual time waits too.
const OUTPUTS_MAX: usize = 1_000_000;

/// How far the clock of the system may be from the market's before somebody must have set it.
const OFFSET_MAX: Duration = Duration::from_secs(1);
