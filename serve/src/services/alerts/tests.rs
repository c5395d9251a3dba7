//! Prices that are reached by trades of a market made by hand.

use bearpit_core::units::SimDuration;

use super::watch::Watched;
use super::*;
use crate::domain::{AccountId, Credential, NoticeKind, Role, Scopes, SessionId, UserId, WallTime};
use crate::services::market_data::fixture::Hand;
use crate::store::database::testing::{add_user, on_each_database};
use crate::store::notices::NoticeFilter;

const NOW: WallTime = WallTime::from_nanos(1_764_424_800_000_000_000);

struct Desk {
    hand: Hand,
    alerts: Alerts,
    anne: Actor,
    database: Database,
}

impl Desk {
    async fn new(database: Database) -> Self {
        let mut hand = Hand::new();
        hand.print(10_000, 1);
        hand.publish();
        let user = UserId::draw();
        add_user(&database, user, "anne").await.unwrap();
        let alerts = Alerts::new(database.clone(), Arc::new(hand.plain_service()), Arc::new(|| NOW));
        let anne = Actor {
            user,
            account: AccountId::draw(),
            role: Role::User,
            scopes: Scopes::of_role(Role::User),
            credential: Credential::Session(SessionId::draw()),
        };
        Self { hand, alerts, anne, database }
    }

    async fn ask(&self, json: &str) -> Result<AlertView, Problem> {
        self.alerts.add(&self.anne, &serde_json::from_str(json).unwrap()).await
    }

    fn trade(&mut self, ticks: i64) {
        self.hand.print(ticks, 1);
        self.hand.pass(SimDuration::from_millis(10));
    }

    /// Returns the prices that anne was told, the oldest first.
    async fn told(&self) -> Vec<String> {
        let filter =
            NoticeFilter { kind: Some(NoticeKind::PriceAlert), limit: 99, ..NoticeFilter::default() };
        let rows = self.database.notices(self.anne.user, &filter).await.unwrap();
        let price = |row: &crate::store::notices::ListedNotice| {
            serde_json::to_value(&row.notice.content).unwrap()["data"]["price"].as_str().unwrap().to_owned()
        };
        rows.iter().rev().map(price).collect()
    }
}

#[tokio::test]
async fn the_first_trade_that_reaches_a_price_is_told_and_no_other() {
    on_each_database(|database| async move {
        let mut desk = Desk::new(database).await;
        let mut watched = Watched::default();
        desk.ask(r#"{"symbol":"ALFA","above":"101"}"#).await.unwrap();
        desk.ask(r#"{"symbol":"ALFA","below":"99"}"#).await.unwrap();
        desk.alerts.load(&mut watched).await.unwrap();
        for ticks in [10_050, 10_110, 10_200, 9_901, 9_850, 9_800] {
            desk.trade(ticks);
        }
        desk.alerts.look(&mut watched).await.unwrap();
        assert_eq!(desk.told().await, ["101.1", "98.5"]);
        desk.alerts.load(&mut watched).await.unwrap();
        desk.trade(10_300);
        desk.alerts.look(&mut watched).await.unwrap();
        assert_eq!(desk.told().await.len(), 2);
        let states: Vec<_> =
            desk.alerts.all(&desk.anne).await.unwrap().alerts.into_iter().map(|it| it.state).collect();
        assert_eq!(states, ["fired", "fired"]);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_traded_before_the_watch_knew_of_an_alert_counts() {
    on_each_database(|database| async move {
        let mut desk = Desk::new(database).await;
        desk.ask(r#"{"symbol":"ALFA","above":"101"}"#).await.unwrap();
        // There and back again.
        desk.trade(10_110);
        desk.trade(10_000);
        let mut watched = Watched::default();
        desk.alerts.load(&mut watched).await.unwrap();
        assert_eq!(desk.told().await, ["101.1"]);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_process_that_begins_anew_tells_what_is_still_beyond_and_once() {
    on_each_database(|database| async move {
        let mut desk = Desk::new(database.clone()).await;
        desk.ask(r#"{"symbol":"ALFA","above":"101"}"#).await.unwrap();
        desk.trade(10_110);
        // Two that know nothing of it, as after a restart.
        let data = Arc::new(desk.hand.plain_service());
        for _ in 0..2 {
            let other = Alerts::new(database.clone(), Arc::clone(&data), Arc::new(|| NOW));
            let mut watched = Watched::default();
            other.load(&mut watched).await.unwrap();
            other.look(&mut watched).await.unwrap();
        }
        assert_eq!(desk.told().await, ["101.1"]);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_market_that_is_rebuilt_is_followed_on() {
    on_each_database(|database| async move {
        let mut desk = Desk::new(database).await;
        let mut watched = Watched::default();
        desk.ask(r#"{"symbol":"ALFA","above":"101"}"#).await.unwrap();
        desk.alerts.load(&mut watched).await.unwrap();
        desk.hand.begin_anew();
        desk.alerts.look(&mut watched).await.unwrap();
        desk.alerts.look(&mut watched).await.unwrap();
        desk.trade(10_200);
        desk.alerts.look(&mut watched).await.unwrap();
        desk.alerts.look(&mut watched).await.unwrap();
        desk.alerts.load(&mut watched).await.unwrap();
        assert_eq!(desk.told().await, ["102"]);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn while_the_database_is_away_nothing_that_traded_is_forgotten() {
    on_each_database(|database| async move {
        let mut desk = Desk::new(database.clone()).await;
        let mut watched = Watched::default();
        desk.ask(r#"{"symbol":"ALFA","above":"101"}"#).await.unwrap();
        desk.alerts.load(&mut watched).await.unwrap();
        desk.trade(10_110);
        desk.trade(10_000);
        database.faults.fail_after(0);
        desk.alerts.look(&mut watched).await.unwrap_err();
        database.faults.heal();
        desk.alerts.load(&mut watched).await.unwrap();
        assert_eq!(desk.told().await, ["101.1"]);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_move_in_percent_counts_from_the_last_price_and_only_in_its_window() {
    on_each_database(|database| async move {
        let mut desk = Desk::new(database).await;
        let json = r#"{"symbol":"ALFA","percent_move":"2.5","window_minutes":60}"#;
        let alert = desk.ask(json).await.unwrap();
        let texts = [alert.reference, alert.upper, alert.lower].map(|it| it.unwrap().to_string());
        assert_eq!(texts, ["100", "102.5", "97.5"]);
        assert_eq!(alert.lapses_at.as_deref(), Some("2025-11-29T15:00:00Z"));
        let mut watched = Watched::default();
        desk.alerts.load(&mut watched).await.unwrap();
        desk.trade(9_751);
        desk.trade(9_750);
        desk.alerts.look(&mut watched).await.unwrap();
        assert_eq!(desk.told().await, ["97.5"]);
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_in_words() {
    on_each_database(|database| async move {
        let desk = Desk::new(database).await;
        for (json, code) in [
            (r#"{"symbol":"ALFA"}"#, "invalid_field"),
            (r#"{"symbol":"ALFA","above":"1","below":"2"}"#, "invalid_field"),
            (r#"{"symbol":"ALFA","above":"0"}"#, "invalid_field"),
            (r#"{"symbol":"ALFA","above":"-1"}"#, "invalid_field"),
            (r#"{"symbol":"ALFA","above":"0.00000000001"}"#, "invalid_field"),
            (r#"{"symbol":"ALFA","above":"101","window_minutes":5}"#, "invalid_field"),
            (r#"{"symbol":"ALFA","percent_move":"0.001"}"#, "invalid_field"),
            (r#"{"symbol":"ALFA","percent_move":"2000"}"#, "invalid_field"),
            (r#"{"symbol":"ALFA","percent_move":"2","window_minutes":0}"#, "invalid_field"),
            (r#"{"symbol":"BETA","percent_move":"2"}"#, "no_price"),
            (r#"{"symbol":"ALFA","above":"100"}"#, "price_reached"),
            (r#"{"symbol":"ALFA","below":"100.01"}"#, "price_reached"),
        ] {
            assert_eq!(desk.ask(json).await.unwrap_err().code, code, "{json}");
        }
        assert!(desk.ask(r#"{"symbol":"NOPE","above":"1"}"#).await.is_err());
        for number in 0..ALERTS_MAX {
            desk.ask(&format!(r#"{{"symbol":"ALFA","above":"{}"}}"#, 200 + number)).await.unwrap();
        }
        let problem = desk.ask(r#"{"symbol":"ALFA","above":"900"}"#).await.unwrap_err();
        assert_eq!(problem.code, "too_many_alerts");
    })
    .await
    .unwrap();
}

#[test]
fn bounds_are_away_from_the_price_and_a_fall_by_all_is_none() {
    let amount = |text: &str| Amount::of(text.parse().unwrap()).unwrap();
    // 3 x 33.3333333333% = 0.999999999999: the last place that there is, away from the price.
    let expected = (amount("4"), Some(amount("2")));
    assert_eq!(bounds(amount("3"), amount("33.3333333333")), Some(expected));
    assert_eq!(bounds(amount("10"), amount("100")), Some((amount("20"), None)));
    assert_eq!(bounds(amount("10"), amount("1000.1")), None);
    assert_eq!(bounds(amount("10"), amount("0.001")), None);
    assert_eq!(bounds(Amount(i128::MAX / 2), amount("1000")), None);
}
