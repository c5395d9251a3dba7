//! Where entrants stand: a pure function of what their accounts were worth over time.
//!
//! Metrics are those of a report's page. Those whose values are equal share a place, and as many places
//! behind it are left out; among them the lower number stands first.

use std::cmp::Ordering;
use std::time::Duration;

use bearpit_core::units::SimTime;

use super::Contests;
use super::views::{LeaderboardView, RankedView};
use crate::domain::{ContestId, Number, Problem, ProblemKind, WallTime};
use crate::services::identity::of_store;
use crate::services::trading::Performance;
use crate::store::contests::entries::EntryRow;
use crate::store::contests::{ContestRow, Ranking};
use crate::store::projection::MarkRow;

/// How many marks a Sharpe ratio needs.
const SHARPE_MARKS_MIN: usize = 30;
/// For how long a leaderboard is shown as it was made.
const FRESH: Duration = Duration::from_secs(2);
/// How many marks of an account are read at once.
const PAGE: u32 = 50_000;

impl Contests {
    /// Returns where everybody stands, `now`: the final ranking if there is one.
    ///
    /// # Errors
    /// [`Problem`] if there is no such contest, or the database is away.
    pub async fn leaderboard(&self, id: ContestId, now: WallTime) -> Result<LeaderboardView, Problem> {
        let mut boards = self.boards.lock().await;
        if let Some((made_at, board)) = boards.get(&id)
            && (board.is_final || made_at.until(now) < FRESH)
        {
            return Ok(board.clone());
        }
        let row = self.row(id).await?;
        let ranking = self.database.final_ranking(id).await.map_err(of_store)?;
        let (entrants, is_final) = match ranking {
            Some(text) => {
                let unreadable = |error| {
                    Problem::new(ProblemKind::Internal, "internal", format!("the final ranking: {error}"))
                };
                (serde_json::from_str(&text).map_err(unreadable)?, true)
            }
            None => (self.live_ranking(&row).await?, false),
        };
        let board = LeaderboardView {
            contest_id: id,
            status: row.status.into(),
            ranking: row.ranking.into(),
            is_final,
            digest: row.settled.as_ref().map(|(digest, _)| digest.clone()),
            entrants,
        };
        boards.insert(id, (now, board.clone()));
        Ok(board)
    }

    /// Ranks by the marks that the database has so far.
    pub(super) async fn live_ranking(&self, row: &ContestRow) -> Result<Vec<RankedView>, Problem> {
        let mut entrants = Vec::new();
        for entry in self.database.entries(row.id).await.map_err(of_store)? {
            let (mut from, end) = (SimTime::from_nanos(row.starts_at), SimTime::from_nanos(row.ends_at + 1));
            let mut marks = Vec::new();
            loop {
                let page = self.database.account_marks(entry.account, from, end, PAGE).await;
                let page = page.map_err(of_store)?;
                marks.extend(page.rows);
                match page.next {
                    Some(next) => from = next,
                    None => break,
                }
            }
            entrants.push(self.standing(row, &entry, marks));
        }
        Ok(placed(entrants))
    }

    /// Ranks by the marks of the settled journal.
    pub(super) async fn settled_ranking(&self, row: &ContestRow) -> Result<Vec<RankedView>, Problem> {
        let mut entrants = Vec::new();
        for entry in self.database.entries(row.id).await.map_err(of_store)? {
            let marks = self.database.settled_marks(row.id, entry.account, row.ends_at).await;
            entrants.push(self.standing(row, &entry, marks.map_err(of_store)?));
        }
        Ok(placed(entrants))
    }

    /// Returns how an entrant did, without a place.
    fn standing(&self, row: &ContestRow, entry: &EntryRow, marks: Vec<MarkRow>) -> RankedView {
        // An account is marked as it is opened, before it has its cash.
        let marks: Vec<MarkRow> =
            marks.into_iter().skip_while(|mark| mark.equity.0 == 0 && mark.funded.0 == 0).collect();
        let count = marks.len();
        let equity = marks.last().map(|mark| Number::of_money(mark.equity.money()));
        let has_moved = marks.iter().any(|mark| mark.equity != row.cash);
        let performance = self.trading.performance_of(marks);
        let metric = |key| metric_of(performance.as_ref(), key);
        let total_return = metric("cumulative_return");
        let (value, missing) = match row.ranking {
            Ranking::Return => (total_return, "there is no mark yet".to_owned()),
            Ranking::Sharpe if count < SHARPE_MARKS_MIN => {
                (None, format!("a Sharpe ratio needs {SHARPE_MARKS_MIN} marks: there are {count}"))
            }
            Ranking::Sharpe => {
                (metric("sharpe_annualised"), "what the account is worth has never changed".to_owned())
            }
            Ranking::MaxDrawdown if !has_moved => {
                (None, "what the account is worth has never changed".to_owned())
            }
            Ranking::MaxDrawdown => (metric("max_drawdown"), "there is no mark yet".to_owned()),
        };
        let disqualified = entry.disqualified.as_ref().map(|why| format!("disqualified: {why}"));
        let missing = value.is_none().then_some(missing);
        RankedView {
            place: None,
            number: entry.number,
            name: entry.name.clone().unwrap_or_else(|| format!("Entrant {}", entry.number)),
            value,
            total_return,
            equity,
            marks: u32::try_from(count).unwrap_or(u32::MAX),
            reason: disqualified.or(missing),
        }
    }
}

fn metric_of(performance: Option<&Performance>, key: &str) -> Option<f64> {
    performance?.metrics.get(key).copied().flatten()
}

/// Gives places: the highest value has the first.
fn placed(mut entrants: Vec<RankedView>) -> Vec<RankedView> {
    let has_place = |entrant: &RankedView| entrant.reason.is_none() && entrant.value.is_some();
    entrants.sort_by(|a, b| {
        let by_value = match (has_place(a), has_place(b)) {
            (true, true) => total(b.value).total_cmp(&total(a.value)),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => Ordering::Equal,
        };
        by_value.then(a.number.cmp(&b.number))
    });
    let mut last: Option<(f64, u32)> = None;
    for (entrant, place) in entrants.iter_mut().zip(1_u32..) {
        if !has_place(entrant) {
            break;
        }
        let value = total(entrant.value);
        let shared = last.filter(|(before, _)| before.total_cmp(&value).is_eq()).map(|(_, place)| place);
        let place = shared.unwrap_or(place);
        last = Some((value, place));
        entrant.place = Some(place);
    }
    entrants
}

/// Returns a value with one zero.
fn total(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NEG_INFINITY) + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entrant(number: u32, value: Option<f64>, reason: Option<&str>) -> RankedView {
        RankedView {
            place: None,
            number,
            name: format!("Entrant {number}"),
            value,
            total_return: None,
            equity: None,
            marks: 1,
            reason: reason.map(str::to_owned),
        }
    }

    #[test]
    fn equal_values_share_a_place_and_those_without_one_come_last() {
        let entrants = vec![
            entrant(1, Some(0.5), Some("disqualified: two accounts")),
            entrant(2, Some(-0.0), None),
            entrant(3, None, Some("there is no mark yet")),
            entrant(4, Some(0.25), None),
            entrant(5, Some(0.0), None),
            entrant(6, Some(-0.1), None),
        ];
        let places: Vec<_> = placed(entrants).iter().map(|it| (it.number, it.place)).collect();
        let expected = [(4, Some(1)), (2, Some(2)), (5, Some(2)), (6, Some(4)), (1, None), (3, None)];
        assert_eq!(places, expected);
    }
}
