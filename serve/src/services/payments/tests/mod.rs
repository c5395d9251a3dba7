//! Payments in a market that runs, with a provider that does what a test says.

mod bank;
mod deposits;
mod peers;
mod withdrawals;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::config::{Config, WithdrawalRule};
use crate::domain::{Credential, PaymentId, PaymentState, Role, Scopes, SessionId, UserId};
use crate::services::admin::AuditQuery;
use crate::services::trading::tests::Floor;
use crate::store::database::{Statement, args};
use crate::store::people::NewUser;
use bank::Bank;

/// A market, its payments, their provider, an administrator and two people.
struct Bench {
    floor: Floor,
    bank: Arc<Bank>,
    payments: Arc<Payments>,
    millis: Arc<AtomicI64>,
    olga: Actor,
    anne: Actor,
    ben: Actor,
}

impl Bench {
    async fn open() -> Self {
        Self::with(WithdrawalRule::Automatic).await
    }

    async fn with(rule: WithdrawalRule) -> Self {
        let floor = Floor::open_to(Vec::new()).await;
        let database = floor.trading.database.clone();
        let millis = Arc::new(AtomicI64::new(1_764_424_800_000));
        let now = Arc::clone(&millis);
        let clock: Clock = Arc::new(move || WallTime::from_nanos(now.load(Ordering::SeqCst) * 1_000_000));
        let bank = Arc::new(Bank::default());
        let mut config = Config::defaults().unwrap().payments;
        config.withdrawals = rule;
        config.clp_per_unit = Some("950.5".parse().unwrap());
        let payments = Payments::new(PaymentsParts {
            config,
            provider: Some(Arc::clone(&bank) as Arc<dyn Provider>),
            public_url: "http://127.0.0.1:8080".to_owned(),
            trading: Arc::clone(&floor.trading),
            database: database.clone(),
            log: AuditLog::new(database.clone(), Arc::clone(&clock)),
            clock,
        });
        let payments = Arc::new(payments.unwrap());
        let people = [("olga", Role::Admin), ("anne", Role::User), ("ben", Role::User)];
        let [olga, anne, ben] = people.map(|(name, role)| (actor(role), name));
        for (actor, name) in [&olga, &anne, &ben] {
            payments.people.add(&person(actor, name)).await.unwrap();
        }
        Self { floor, bank, payments, millis, olga: olga.0, anne: anne.0, ben: ben.0 }
    }

    fn pass(&self, time: Duration) {
        self.millis.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    async fn pay(&self, who: &Actor, amount: &str, key: &str) -> Result<PaymentView, Problem> {
        let request = json!({ "amount": amount, "idempotency_key": key });
        self.payments.pay(who, serde_json::from_str(&request.to_string()).unwrap()).await
    }

    /// Begins a payment, and returns its id and what the provider calls it.
    async fn begun(&self, who: &Actor, amount: &str, key: &str) -> (PaymentId, String) {
        let view = self.pay(who, amount, key).await.unwrap();
        assert_eq!(view.state, PaymentState::Redirected);
        (view.payment_id, view.redirect.unwrap().fields.token_ws.expose().to_owned())
    }

    /// Pays something in.
    async fn deposit(&self, who: &Actor, amount: &str, key: &str) -> (PaymentId, String) {
        let (id, token) = self.begun(who, amount, key).await;
        self.bank.choose(&token, "paid");
        assert_eq!(self.back(&token).await, PaymentState::Settled);
        (id, token)
    }

    /// Comes back with the token of a payment that was paid or declined.
    async fn back(&self, token: &str) -> PaymentState {
        let with = ComeBack { token_ws: Some(token.to_owned()), ..ComeBack::default() };
        self.payments.come_back(with).await.unwrap().state
    }

    async fn state(&self, id: PaymentId) -> PaymentState {
        self.payments.payment_row(id).await.unwrap().state
    }

    /// Looks after what is under way, once so much time has passed.
    async fn look_after(&self, time: Duration) {
        self.pass(time);
        self.payments.look_after().await.unwrap();
    }

    async fn cash(&self, who: &Actor) -> String {
        self.floor.trading.account(who.account).await.unwrap().cash.to_string()
    }

    async fn withdraw(&self, who: &Actor, amount: &str, key: &str) -> Result<WithdrawalView, Problem> {
        let request = json!({ "amount": amount, "idempotency_key": key });
        self.payments.withdraw(who, serde_json::from_str(&request.to_string()).unwrap()).await
    }

    /// Changes rows as a crash leaves them.
    async fn leave(&self, sql: &'static str) {
        self.payments.database.execute(Statement::new(sql), args![]).await.unwrap();
    }

    async fn audited(&self) -> Vec<String> {
        let page = self.payments.log.page(&AuditQuery::default()).await.unwrap();
        page.entries.into_iter().rev().map(|entry| entry.action).collect()
    }
}

fn actor(role: Role) -> Actor {
    Actor {
        user: UserId::draw(),
        account: AccountId::draw(),
        role,
        scopes: Scopes::of_role(role),
        credential: Credential::Session(SessionId::draw()),
    }
}

fn person(actor: &Actor, name: &str) -> NewUser {
    NewUser {
        id: actor.user,
        account: actor.account,
        username: name.to_owned(),
        username_key: name.to_owned(),
        mail: None,
        is_verified: false,
        role: actor.role,
        password_hash: Some("none".to_owned()),
        now: WallTime::from_nanos(1),
    }
}
