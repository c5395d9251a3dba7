//! The report of one's own trading on a day: what a back-test's report says of a strategy, said of a person.

use std::path::PathBuf;
use std::time::Duration;

use bearpit::report::render;

use super::Trading;
use super::asking::seat_of;
use crate::domain::{AccountId, Problem, ProblemKind};
use crate::driver::{DriveError, Segment};
use crate::replay::{ReplayError, replay_whole};
use crate::store::journal::segments_in;

/// How long somebody waits for the reports of others.
const PATIENCE: Duration = Duration::from_secs(60);

impl Trading {
    /// Returns the report of an account's trading on a day, by the day's name, as a page of its own: without
    /// a day, of today so far. It is made by replaying the journal, all parts of a day that was stopped and
    /// went on.
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
            let segments = segments_of(journal, wanted)?;
            let mut data = replay_whole(&segments, &source).map_err(unreplayed)?;
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

/// Returns the segments of a day, or of today: the newest. What cannot be read is told to its operator.
fn segments_of(journal: PathBuf, day: Option<String>) -> Result<Vec<PathBuf>, Problem> {
    let mut segments = segments_in(&journal).map_err(failed)?.into_iter().map(|(_, path)| path);
    let name = |path: &PathBuf| Segment::open(path).ok().map(|segment| segment.header.day_name);
    let wanted = day.clone().or_else(|| segments.clone().rev().find_map(|path| name(&path)));
    let found: Vec<_> = segments.by_ref().filter(|path| wanted.is_some() && name(path) == wanted).collect();
    if found.is_empty() {
        let message = format!("no day `{}` is kept", day.as_deref().unwrap_or("of today"));
        return Err(Problem::new(ProblemKind::NotFound, "unknown_day", message)
            .at("day")
            .hint("GET /api/days lists those that are"));
    }
    Ok(found)
}

/// Says why the market of a day cannot be made again. A part of another version is nobody's fault: the
/// program was changed in the middle of the day, or since.
fn unreplayed(error: ReplayError) -> Problem {
    match error {
        ReplayError::Drive(DriveError::Engine { found, own, .. }) => {
            let message = format!(
                "the day, or a part of it, was recorded by engine {found}; this server has engine {own}, which \
                 cannot replay it"
            );
            let problem = Problem::new(ProblemKind::Conflict, "other_engine", message).at("day");
            problem.hint("its operator can, with that version: `bearpit-serve replay JOURNAL`")
        }
        error => failed(error),
    }
}

fn failed(error: impl std::fmt::Display) -> Problem {
    tracing::error!(%error, "a report cannot be made");
    Problem::new(ProblemKind::Internal, "report_failed", "the report cannot be made")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_another_version_is_said_to_be_one() {
        let (found, own) = ("0.1.0+1".to_owned(), "0.1.0+2".to_owned());
        let path = PathBuf::from("000001.journal");
        let problem = unreplayed(ReplayError::Drive(DriveError::Engine { path, found, own }));
        assert_eq!((problem.kind, &*problem.code), (ProblemKind::Conflict, "other_engine"));
        assert!(problem.message.contains("0.1.0+1") && problem.message.contains("0.1.0+2"), "{problem}");
        assert!(!problem.message.contains("journal"), "where files are is the operator's: {problem}");
    }
}
