//! The report of one's own trading on a day: what a back-test's report says of a strategy, said of a person.

use std::path::PathBuf;
use std::time::Duration;

use bearpit::report::render;

use super::Trading;
use super::asking::seat_of;
use crate::domain::{AccountId, Problem, ProblemKind};
use crate::driver::Segment;
use crate::replay::replay;
use crate::store::journal::segments_in;

/// How long somebody waits for the reports of others.
const PATIENCE: Duration = Duration::from_secs(60);

impl Trading {
    /// Returns the report of an account's trading on a day, by the day's name, as a page of its own: without
    /// a day, of today so far. It is made by replaying the journal; of a day that was stopped and went on, of
    /// the last part.
    ///
    /// # Errors
    /// [`Problem`] if no such day is kept, the account has not traded there, or too many reports are made.
    pub async fn report(&self, account: AccountId, day: Option<&str>) -> Result<String, Problem> {
        let (journal, wanted) = (self.journal.clone(), day.map(str::to_owned));
        let places = std::sync::Arc::clone(&self.reports);
        let place = tokio::time::timeout(PATIENCE, places.acquire_owned()).await;
        let Ok(Ok(place)) = place else {
            let message = "many reports are being made: try again";
            let problem = Problem::new(ProblemKind::Unavailable, "busy", message);
            return Err(problem.retry_after(Duration::from_secs(10)));
        };
        let (source, seat) = (self.source.clone(), seat_of(account));
        let made = tokio::task::spawn_blocking(move || {
            let _place = place;
            let segment = segment_of(journal, wanted.as_deref())?;
            let finished = replay(&segment, &source, None).map_err(failed)?;
            let mut data = finished.data;
            // What others did is theirs.
            data.accounts.retain(|it| it.summary.owner == *seat);
            data.manifest.accounts.retain(|it| it.owner == *seat);
            data.logs.retain(|log| log.owner == *seat);
            if data.accounts.is_empty() {
                let message = "the account had not been opened on that day";
                return Err(Problem::new(ProblemKind::NotFound, "no_account", message).at("day"));
            }
            render(&data).map(|report| report.page).map_err(failed)
        });
        made.await.map_err(failed)?
    }
}

/// Returns the last segment of a day, or of today.
fn segment_of(journal: PathBuf, day: Option<&str>) -> Result<PathBuf, Problem> {
    let mut segments = segments_in(&journal).map_err(failed)?;
    segments.reverse();
    let is_meant = |path: &PathBuf| {
        // What cannot be read is told to its operator.
        Segment::open(path).is_ok_and(|segment| day.is_none_or(|day| segment.header.day_name == day))
    };
    let found = segments.into_iter().map(|(_, path)| path).find(is_meant);
    found.ok_or_else(|| {
        let message = format!("no day `{}` is kept", day.unwrap_or("of today"));
        Problem::new(ProblemKind::NotFound, "unknown_day", message)
            .at("day")
            .hint("GET /api/days lists those that are")
    })
}

fn failed(error: impl std::fmt::Display) -> Problem {
    tracing::error!(%error, "a report cannot be made");
    Problem::new(ProblemKind::Internal, "report_failed", "the report cannot be made")
}
