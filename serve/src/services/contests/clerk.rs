//! The clerk: begins and ends contests by the market's time, and has them settled.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tracing::{info, warn};

use super::Contests;
use crate::domain::Problem;
use crate::services::identity::of_store;
use crate::services::wall_now;
use crate::store::contests::entries::EntryStatus;
use crate::store::contests::{ContestRow, ContestStatus};

/// How often the clerk looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How many accounts are opened at once.
const OPENED_AT_ONCE: usize = 16;

impl Contests {
    /// Looks after all contests, for as long as it is polled.
    pub async fn look_after(self: Arc<Self>) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut was_well = true;
        loop {
            looks.tick().await;
            let looked = self.look().await;
            match &looked {
                // The same trouble is in the log once.
                Err(problem) if was_well => warn!(%problem, "contests are looked after later"),
                Ok(()) | Err(_) => {}
            }
            was_well = looked.is_ok();
        }
    }

    /// Looks after all contests once: what is due is done.
    ///
    /// # Errors
    /// The first [`Problem`] that kept something from being done; the next look does it.
    pub async fn look(&self) -> Result<(), Problem> {
        let mut first = Ok(());
        for row in self.database.open_contests().await.map_err(of_store)? {
            first = first.and(self.look_at(&row).await);
        }
        first
    }

    async fn look_at(&self, row: &ContestRow) -> Result<(), Problem> {
        let Some(now) = self.now() else { return Ok(()) };
        let now = now.nanos();
        if matches!(row.status, ContestStatus::Settled | ContestStatus::Canceled) {
            return self.close_all(row).await;
        }
        if now < row.starts_at {
            return Ok(());
        }
        if now >= row.ends_at {
            self.move_on(row, ContestStatus::Ended).await?;
            // A market between two days cancels nothing, and nothing trades there.
            let closed = self.close_all(row).await;
            let row = ContestRow { status: ContestStatus::Ended, ..row.clone() };
            return self.settle(&row, wall_now()).await.and(closed);
        }
        self.move_on(row, ContestStatus::Running).await?;
        // From here on its terms do not change any more; until then they may have.
        let Some(row) = &self.database.contest(row.id).await.map_err(of_store)? else { return Ok(()) };
        let entries = self.database.entries(row.id).await.map_err(of_store)?;
        let mut first = Ok(());
        let is_open = |status| matches!(status, EntryStatus::Entered | EntryStatus::Playing);
        for entry in entries.iter().filter(|it| it.disqualified.is_some() && is_open(it.status)) {
            first = first.and(self.close(row, entry).await);
        }
        let waiting: Vec<_> = entries
            .iter()
            .filter(|entry| entry.status == EntryStatus::Entered && entry.disqualified.is_none())
            .collect();
        for some in waiting.chunks(OPENED_AT_ONCE) {
            let opened = join_all(some.iter().map(|entry| self.open_account(row, entry))).await;
            // Whoever cannot be let in keeps nobody else out.
            first = opened.into_iter().fold(first, Result::and);
        }
        self.follow_settled(row).await.and(first)
    }

    async fn move_on(&self, row: &ContestRow, status: ContestStatus) -> Result<(), Problem> {
        if self.database.move_contest(row.id, status, None, wall_now()).await.map_err(of_store)? {
            info!(contest = %row.id, name = row.name, status = status.name(), "a contest");
            self.boards.lock().await.remove(&row.id);
        }
        Ok(())
    }
}
