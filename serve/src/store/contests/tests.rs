//! Contests in the database.

use super::entries::{EntryStatus, NewEntry};
use super::settled::{ContestResult, SettledSegment};
use super::trades::PairRow;
use super::*;
use crate::domain::{AccountId, AnnouncementId};
use crate::store::announcements::AnnouncementRow;
use crate::store::database::testing::{add_user, on_each_database};
use crate::store::projection::MarkRow;

fn contest(user: UserId) -> ContestRow {
    ContestRow {
        id: ContestId::draw(),
        name: "week".to_owned(),
        description: String::new(),
        ranking: Ranking::Sharpe,
        cash: Amount(10),
        starts_at: 100,
        ends_at: 200,
        entry_until: 150,
        instruments: "{}".to_owned(),
        orders: Some((5, 60)),
        status: ContestStatus::Announced,
        reason: None,
        created_by: user,
        created_at: WallTime::from_nanos(1),
        settled: None,
    }
}

fn entry(contest: &ContestRow, user: UserId, name: Option<&str>) -> NewEntry {
    NewEntry {
        contest: contest.id,
        user,
        account: AccountId::draw(),
        name: name.map(str::to_owned),
        now: WallTime::from_nanos(3),
    }
}

#[tokio::test]
async fn a_contest_only_goes_on() {
    on_each_database(|database| async move {
        let olga = UserId::draw();
        add_user(&database, olga, "olga").await.unwrap();
        let row = contest(olga);
        database.add_contest(&row).await.unwrap();
        assert_eq!(database.contest(row.id).await, Ok(Some(row.clone())));
        let changed = ContestRow { name: "month".to_owned(), orders: None, ..row.clone() };
        assert_eq!(database.change_contest(&changed).await, Ok(true));
        assert_eq!(database.contests(9).await, Ok(vec![changed.clone()]));
        for (status, is_new) in [
            (ContestStatus::Running, true),
            (ContestStatus::Running, false),
            (ContestStatus::Ended, true),
            (ContestStatus::Running, false),
        ] {
            assert_eq!(
                database.move_contest(row.id, status, None, WallTime::from_nanos(8)).await,
                Ok(is_new),
                "{status:?}"
            );
        }
        assert_eq!(database.change_contest(&row).await, Ok(false), "it has begun");
        assert_eq!(database.open_contests().await.unwrap().len(), 1);
        let now = WallTime::from_nanos(9);
        let result = |digest: &str, ranking: &str| ContestResult {
            contest: row.id,
            digest: digest.to_owned(),
            ranking: ranking.to_owned(),
            places: vec![(1, 1)],
            announcement: AnnouncementRow {
                id: AnnouncementId::draw(),
                text: digest.to_owned(),
                level: "info".to_owned(),
                created_at: now,
                expires_at: None,
                ended_at: None,
            },
        };
        assert_eq!(database.settle_contest(&result("d1", "[1]")).await, Ok(true));
        assert_eq!(database.settle_contest(&result("d2", "[2]")).await, Ok(false), "once");
        let shown = database.shown_announcements(now).await.unwrap();
        assert_eq!(shown.iter().map(|it| it.text.as_str()).collect::<Vec<_>>(), ["d1"]);
        let own = |text: &str| result(text, "").announcement;
        assert_eq!(database.add_announcement(&own("first"), 1).await, Ok(true), "a result does not count");
        assert_eq!(database.add_announcement(&own("second"), 1).await, Ok(false));
        assert_eq!(database.final_ranking(row.id).await, Ok(Some("[1]".to_owned())));
        assert_eq!(database.move_contest(row.id, ContestStatus::Canceled, Some("no"), now).await, Ok(false));
        let settled = database.contest(row.id).await.unwrap().unwrap();
        assert_eq!((settled.status, settled.settled), (ContestStatus::Settled, Some(("d1".to_owned(), now))));
        assert!(database.open_contests().await.unwrap().is_empty());
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn entrants_have_numbers_and_names_of_their_own_and_keep_their_accounts() {
    on_each_database(|database| async move {
        let [olga, anne, bert] = [UserId::draw(), UserId::draw(), UserId::draw()];
        for (user, name) in [(olga, "olga"), (anne, "anne"), (bert, "bert")] {
            add_user(&database, user, name).await.unwrap();
        }
        let row = contest(olga);
        database.add_contest(&row).await.unwrap();
        let first = entry(&row, anne, Some("Bear"));
        assert_eq!(database.add_entry(&first).await, Ok(true));
        assert_eq!(database.add_entry(&entry(&row, anne, None)).await, Ok(false), "entered already");
        let taken = database.add_entry(&entry(&row, bert, Some("BEAR"))).await.unwrap_err();
        assert!(taken.is_conflict_on("contest_entries.contest_id, contest_entries.name_key"), "{taken}");
        assert_eq!(database.add_entry(&entry(&row, bert, None)).await, Ok(true));
        assert_eq!(database.withdraw_entry(row.id, anne).await, Ok(true));
        assert_eq!(database.entry(row.id, anne).await, Ok(None));
        let known = database.entry_of_account(first.account).await.unwrap().unwrap();
        assert_eq!(known.status, EntryStatus::Withdrawn, "its account stays one of a contest");
        assert_eq!(database.rename_entry(row.id, bert, Some("Bear")).await, Ok(true));
        assert_eq!(database.add_entry(&entry(&row, anne, Some("Bull"))).await, Ok(true));
        let entries = database.entries(row.id).await.unwrap();
        let drawn: Vec<_> =
            entries.iter().map(|it| (it.number, it.username.as_str(), it.name.as_deref())).collect();
        assert_eq!(drawn, [(1, "anne", Some("Bull")), (2, "bert", Some("Bear"))]);
        assert_eq!(entries[0].account, first.account);
        database.move_entry(first.account, EntryStatus::Playing).await.unwrap();
        assert_eq!(database.withdraw_entry(row.id, anne).await, Ok(false), "it plays");
        assert_eq!(database.disqualify_entry(row.id, 2, "why").await, Ok(true));
        assert_eq!(database.disqualify_entry(row.id, 2, "why not").await, Ok(false));
        database.move_contest(row.id, ContestStatus::Ended, None, WallTime::from_nanos(8)).await.unwrap();
        assert_eq!(database.add_entry(&entry(&row, olga, None)).await, Ok(false), "it is over");
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_segment_counts_once_and_what_came_in_stays() {
    on_each_database(|database| async move {
        let olga = UserId::draw();
        add_user(&database, olga, "olga").await.unwrap();
        let row = contest(olga);
        database.add_contest(&row).await.unwrap();
        let account = AccountId::draw();
        let mark = |at, equity, funded| MarkRow {
            account,
            at,
            equity: Amount(equity),
            cash: Amount(equity),
            fees: Amount(0),
            funded: Amount(funded),
        };
        let segment =
            |segment, digest: &str, marks| SettledSegment { segment, digest: digest.to_owned(), marks };
        let first = segment(1, "a", vec![mark(110, 10, 10), mark(120, 11, 0)]);
        database.add_settled_segment(row.id, &first).await.unwrap();
        let again = segment(1, "b", vec![mark(110, 99, 0)]);
        database.add_settled_segment(row.id, &again).await.unwrap();
        let second = segment(2, "c", vec![mark(120, 12, 0), mark(201, 13, 0)]);
        database.add_settled_segment(row.id, &second).await.unwrap();
        let segments = database.settled_segments(row.id).await.unwrap();
        assert_eq!(segments, [(1, "a".to_owned()), (2, "c".to_owned())]);
        let marks = database.settled_marks(row.id, account, 200).await.unwrap();
        assert_eq!(marks, [mark(110, 10, 10), mark(120, 12, 0)]);
        let users = [UserId::new(uuid::Uuid::nil()), olga];
        let pair = PairRow { users, reason: "x".to_owned(), flagged_at: WallTime::from_nanos(1) };
        assert_eq!(database.flag_pair(row.id, &pair).await, Ok(true));
        assert_eq!(database.flag_pair(row.id, &pair).await, Ok(false));
        assert_eq!(database.flagged_pairs(row.id).await, Ok(vec![pair]));
        assert_eq!(database.watched_trades(row.id, -1, 500, 9).await, Ok(vec![]));
    })
    .await
    .unwrap();
}
