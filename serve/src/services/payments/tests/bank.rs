//! [`Bank`]: a provider that does what a test says, with a ledger of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::super::provider::{
    Asking, NewTransaction, OpenedTransaction, Provider, ProviderError, RefundAnswer, TransactionAnswer,
};

/// How a provider behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Mood {
    /// It does what it is asked to, and says so.
    #[default]
    Well,
    /// It does it, and the answer is lost.
    LosesAnswers,
    /// It does nothing, and nobody knows that.
    LosesRequests,
    /// It is not reached.
    Away,
    /// It says no.
    SaysNo,
}

/// What it has of a payment.
#[derive(Debug, Clone)]
struct Held {
    order: String,
    clp: i64,
    /// What whoever pays has chosen, or what became of it: `new`, `paid`, `declined`; `authorized`, `failed`.
    status: &'static str,
    refunds: Vec<i64>,
}

type Tweak = Arc<dyn Fn(&mut TransactionAnswer) + Send + Sync>;

#[derive(Default)]
struct State {
    held: BTreeMap<String, Held>,
    mood: Mood,
    /// How it answers a status, if not as the rest.
    status_mood: Option<Mood>,
    tweak: Option<Tweak>,
    commits: usize,
}

/// A provider that does what a test says.
#[derive(Default)]
pub(super) struct Bank(Mutex<State>);

impl Bank {
    /// Chooses for whoever pays.
    pub(super) fn choose(&self, token: &str, status: &'static str) {
        self.0.lock().unwrap().held.get_mut(token).unwrap().status = status;
    }

    pub(super) fn be(&self, mood: Mood) {
        let mut state = self.0.lock().unwrap();
        state.mood = mood;
        state.status_mood = None;
    }

    /// Has commits and refunds end in one way, and statuses in another.
    pub(super) fn be_but(&self, mood: Mood, status: Mood) {
        let mut state = self.0.lock().unwrap();
        state.mood = mood;
        state.status_mood = Some(status);
    }

    /// Changes what it says from now on.
    pub(super) fn say(&self, tweak: impl Fn(&mut TransactionAnswer) + Send + Sync + 'static) {
        self.0.lock().unwrap().tweak = Some(Arc::new(tweak));
    }

    pub(super) fn refunds(&self, token: &str) -> Vec<i64> {
        self.0.lock().unwrap().held[token].refunds.clone()
    }

    pub(super) fn commits(&self) -> usize {
        self.0.lock().unwrap().commits
    }

    pub(super) fn count(&self) -> usize {
        self.0.lock().unwrap().held.len()
    }

    fn ask<T: Send + 'static>(
        &self,
        is_status: bool,
        work: impl FnOnce(&mut State) -> Result<T, ProviderError>,
    ) -> Asking<'_, T> {
        let mut state = self.0.lock().unwrap();
        let mood = state.status_mood.filter(|_| is_status).unwrap_or(state.mood);
        let answer = match mood {
            Mood::Well => work(&mut state),
            Mood::LosesAnswers => work(&mut state).and(Err(ProviderError::Unclear("lost".to_owned()))),
            Mood::LosesRequests => Err(ProviderError::Unclear("lost".to_owned())),
            Mood::Away => Err(ProviderError::NotDone("away".to_owned())),
            Mood::SaysNo => Err(ProviderError::Refused("422 no".to_owned())),
        };
        Box::pin(async move { answer })
    }
}

impl State {
    fn answer(&self, token: &str) -> TransactionAnswer {
        let held = &self.held[token];
        let left = held.clp - held.refunds.iter().sum::<i64>();
        let (status, code) = match held.status {
            "authorized" if left == 0 => ("NULLIFIED", Some(0)),
            "authorized" if left < held.clp => ("PARTIALLY_NULLIFIED", Some(0)),
            "authorized" => ("AUTHORIZED", Some(0)),
            "failed" => ("FAILED", Some(-1)),
            _ => ("INITIALIZED", None),
        };
        let mut answer = TransactionAnswer {
            status: status.to_owned(),
            response_code: code,
            buy_order: held.order.clone(),
            clp: Some(held.clp),
            authorization_code: code.map(|_| "1213".to_owned()),
            card: code.map(|_| "6623".to_owned()),
            balance: code.map(|_| left),
        };
        if let Some(tweak) = &self.tweak {
            tweak(&mut answer);
        }
        answer
    }
}

impl Provider for Bank {
    fn create<'a>(&'a self, new: NewTransaction<'a>) -> Asking<'a, OpenedTransaction> {
        let (order, clp) = (new.buy_order.to_owned(), new.clp);
        assert!(order.len() <= 26 && new.session.len() <= 61 && new.return_url.len() <= 255);
        self.ask(false, move |state| {
            let token = format!("{:064}", state.held.len());
            let held = Held { order, clp, status: "new", refunds: Vec::new() };
            state.held.insert(token.clone(), held);
            Ok(OpenedTransaction { token, url: "https://bank.example/pay".to_owned() })
        })
    }

    fn commit<'a>(&'a self, token: &'a str) -> Asking<'a, TransactionAnswer> {
        self.ask(false, |state| {
            state.commits += 1;
            let held = state.held.get_mut(token).unwrap();
            held.status = match held.status {
                "paid" => "authorized",
                "declined" => "failed",
                _ => return Err(ProviderError::Refused("422 already, or not yet".to_owned())),
            };
            Ok(state.answer(token))
        })
    }

    fn status<'a>(&'a self, token: &'a str) -> Asking<'a, TransactionAnswer> {
        self.ask(true, |state| Ok(state.answer(token)))
    }

    fn refund<'a>(&'a self, token: &'a str, clp: i64) -> Asking<'a, RefundAnswer> {
        self.ask(false, |state| {
            let held = state.held.get_mut(token).unwrap();
            let left = held.clp - held.refunds.iter().sum::<i64>();
            if held.status != "authorized" || clp > left {
                return Err(ProviderError::Refused("422 too much".to_owned()));
            }
            held.refunds.push(clp);
            Ok(RefundAnswer { authorization_code: Some("77".to_owned()) })
        })
    }
}
