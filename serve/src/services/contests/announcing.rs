//! What everybody is told of a contest once it is settled.

use std::fmt::Write;
use std::time::Duration;

use super::views::RankedView;
use crate::domain::{AnnouncementId, WallTime};
use crate::services::admin::LevelName;
use crate::store::announcements::AnnouncementRow;
use crate::store::contests::{ContestRow, Ranking};

/// The last place whose entrants are named.
const PLACE_MAX: u32 = 3;
/// How many entrants are named at most.
const NAMED_MAX: usize = 10;
/// For how long it is shown.
const SHOWN_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Returns the announcement of a contest that is settled `now`, with this ranking.
pub(super) fn announcement_of(row: &ContestRow, ranking: &[RankedView], now: WallTime) -> AnnouncementRow {
    let shown_for = i64::try_from(SHOWN_FOR.as_nanos()).unwrap_or(i64::MAX);
    AnnouncementRow {
        id: AnnouncementId::draw(),
        text: text_of(row, ranking),
        level: LevelName::Info.name().to_owned(),
        created_at: now,
        expires_at: Some(WallTime::from_nanos(now.nanos().saturating_add(shown_for))),
        ended_at: None,
    }
}

fn text_of(row: &ContestRow, ranking: &[RankedView]) -> String {
    let is_named = |entrant: &&RankedView| entrant.place.is_some_and(|place| place <= PLACE_MAX);
    let count = ranking.iter().filter(is_named).count();
    let mut named: Vec<String> = ranking
        .iter()
        .filter(is_named)
        .take(NAMED_MAX)
        .map(|entrant| {
            let place = entrant.place.unwrap_or_default();
            format!(
                "{place}. {} ({})",
                entrant.name,
                value_of(row.ranking, entrant.value.unwrap_or_default())
            )
        })
        .collect();
    if count > NAMED_MAX {
        named.push(format!("and {} more", count - NAMED_MAX));
    }
    let mut text = format!("The contest \"{}\" is settled. ", row.name);
    let written = if named.is_empty() {
        write!(text, "Nobody has a place.")
    } else {
        let by = match row.ranking {
            Ranking::Return => "return",
            Ranking::Sharpe => "Sharpe ratio",
            Ranking::MaxDrawdown => "maximum drawdown",
        };
        write!(text, "By {by}: {}.", named.join(", "))
    };
    // A string takes whatever is written to it.
    written
        .and_then(|()| write!(text, " The ranking: /api/contests/{}/leaderboard", row.id))
        .unwrap_or_default();
    text
}

fn value_of(ranking: Ranking, value: f64) -> String {
    // One zero, not two.
    let rounded = |value: f64| (value * 100.0).round() / 100.0 + 0.0;
    match ranking {
        Ranking::Return | Ranking::MaxDrawdown => format!("{:.2} %", rounded(value * 100.0)),
        Ranking::Sharpe => format!("{:.2}", rounded(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ContestId, UserId};
    use crate::store::contests::ContestStatus;
    use crate::store::database::Amount;

    fn contest(ranking: Ranking) -> ContestRow {
        ContestRow {
            id: ContestId::draw(),
            name: "Spring".to_owned(),
            description: String::new(),
            ranking,
            cash: Amount(1),
            starts_at: 1,
            ends_at: 2,
            entry_until: 2,
            instruments: "{}".to_owned(),
            orders: None,
            status: ContestStatus::Ended,
            reason: None,
            created_by: UserId::draw(),
            created_at: WallTime::from_nanos(1),
            settled: None,
        }
    }

    fn entrant(number: u32, place: Option<u32>, value: f64) -> RankedView {
        RankedView {
            place,
            number,
            name: format!("Entrant {number}"),
            value: Some(value),
            total_return: None,
            equity: None,
            marks: 1,
            reason: place.is_none().then(|| "disqualified: x".to_owned()),
        }
    }

    #[test]
    fn the_first_three_places_are_named_and_nobody_else() {
        let row = contest(Ranking::Return);
        let ranking = [
            entrant(4, Some(1), 0.123_45),
            entrant(2, Some(2), -0.000_01),
            entrant(5, Some(2), -0.000_01),
            entrant(6, Some(4), -0.5),
            entrant(1, None, 0.9),
        ];
        let now = WallTime::from_nanos(5);
        let told = announcement_of(&row, &ranking, now);
        assert_eq!(
            told.text,
            format!(
                "The contest \"Spring\" is settled. By return: 1. Entrant 4 (12.35 %), 2. Entrant 2 (0.00 %), \
                 2. Entrant 5 (0.00 %). The ranking: /api/contests/{}/leaderboard",
                row.id
            )
        );
        assert_eq!(now.until(told.expires_at.unwrap()), SHOWN_FOR);
    }

    #[test]
    fn a_text_stays_short_however_many_share_a_place_and_without_anybody() {
        let row = contest(Ranking::Sharpe);
        let ranking: Vec<_> = (1..=500).map(|number| entrant(number, Some(1), 1.5)).collect();
        let text = text_of(&row, &ranking);
        assert!(text.contains("1. Entrant 10 (1.50), and 490 more."), "{text}");
        assert!(text_of(&row, &[entrant(1, None, 1.0)]).contains("Nobody has a place."));
    }
}
