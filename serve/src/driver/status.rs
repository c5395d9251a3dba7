//! [`MarketStatus`]: what a market is doing, for whoever asks.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bearpit_core::kernel::Speed;
use bearpit_core::units::{SimDuration, SimTime};
use thiserror::Error;

use super::sync_thread::DiskTrouble;

/// What a market is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct MarketStatus {
    /// Whether it takes requests, and else why not.
    pub stage: Stage,
    /// What is wrong with the disk, if anything is.
    pub disk: Option<DiskTrouble>,
    /// The day that is open, or was last.
    pub day: Option<DayStatus>,
}

/// How far a day has come.
#[derive(Debug, Clone, PartialEq)]
pub struct DayStatus {
    /// Its number in this market, from one.
    pub number: u32,
    /// Its name: its date, where days are dates.
    pub name: String,
    /// The virtual time.
    pub now: SimTime,
    /// When it closes.
    pub close: SimTime,
    /// How fast virtual time runs.
    pub speed: Speed,
    /// Whether virtual time stands still.
    pub is_paused: bool,
    /// How far virtual time is behind where it should be.
    pub behind: SimDuration,
    /// Whether trading is halted since the market has fallen behind.
    pub is_in_outage: bool,
    /// How many events have been delivered.
    pub events: u64,
}

/// Where a market stands in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// It is rebuilt from its journal, or opened, or stepped through the part of its first day that has
    /// passed.
    Opening,
    /// It takes requests.
    Open,
    /// The next day has not begun.
    BetweenDays {
        /// The wall time when it does, since 1970.
        opens_at: Duration,
    },
    /// It was asked to stop, and is closing its books.
    Stopping,
    /// It has stopped in good order.
    Stopped,
    /// It cannot go on.
    Failed(String),
}

/// Why a market takes no request at the moment; nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unavailable {
    /// It is not open yet.
    #[error("the market is opening: its day is rebuilt, or caught up with")]
    Opening,
    /// The next day has not begun.
    #[error("the market is closed between two days")]
    BetweenDays,
    /// It is paused.
    #[error("the market is paused: orders can be canceled, but not entered")]
    Paused,
    /// The disk takes nothing more, or is full.
    #[error(transparent)]
    Disk(#[from] DiskTrouble),
    /// More requests wait than the market takes at once.
    #[error("too many requests wait: try again")]
    Busy,
    /// It has stopped, or is stopping.
    #[error("the market has stopped")]
    Stopped,
    /// It cannot go on.
    #[error("the market has stopped: {0}")]
    Failed(String),
}

impl Stage {
    /// All of them, as words.
    pub const NAMES: [&'static str; 6] = ["opening", "open", "between_days", "stopping", "stopped", "failed"];

    /// Returns it as a word.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Open => "open",
            Self::BetweenDays { .. } => "between_days",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed(_) => "failed",
        }
    }
}

impl Unavailable {
    /// Returns it as a word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Opening => "recovering",
            Self::BetweenDays => "between_days",
            Self::Paused => "paused",
            Self::Disk(DiskTrouble::Full) => "disk_full",
            Self::Disk(DiskTrouble::Failing(_)) => "journal_failing",
            Self::Busy => "busy",
            Self::Stopped => "stopped",
            Self::Failed(_) => "failed",
        }
    }
}

impl MarketStatus {
    /// Returns why no order is taken at the moment, if none is.
    #[must_use]
    pub fn unavailable(&self) -> Option<Unavailable> {
        match &self.stage {
            Stage::Opening => Some(Unavailable::Opening),
            Stage::BetweenDays { .. } => Some(Unavailable::BetweenDays),
            Stage::Stopping | Stage::Stopped => Some(Unavailable::Stopped),
            Stage::Failed(why) => Some(Unavailable::Failed(why.clone())),
            Stage::Open => match &self.disk {
                Some(trouble) => Some(trouble.clone().into()),
                None => self.day.as_ref().filter(|day| day.is_paused).map(|_| Unavailable::Paused),
            },
        }
    }
}

/// The status as it stands, shared between the market's thread and those who ask.
#[derive(Debug, Clone)]
pub(super) struct SharedStatus(Arc<RwLock<Arc<MarketStatus>>>);

impl SharedStatus {
    pub(super) fn new() -> Self {
        let status = MarketStatus { stage: Stage::Opening, disk: None, day: None };
        Self(Arc::new(RwLock::new(Arc::new(status))))
    }

    pub(super) fn get(&self) -> Arc<MarketStatus> {
        // A pointer is replaced while it is locked, which cannot fail half-way.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set(&self, status: MarketStatus) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(status);
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut MarketStatus)) {
        let mut status = MarketStatus::clone(&self.get());
        change(&mut status);
        self.set(status);
    }
}
