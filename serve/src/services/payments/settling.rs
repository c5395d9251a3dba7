//! What became of payments: the provider is asked until it says so, and the cash enters the account once.

use std::sync::Arc;

use super::provider::{Provider, ProviderError, TransactionAnswer};
use super::{LOOK_AT, LOOK_EVERY, PATIENCE, Payments, REMEMBERED, SOON};
use crate::domain::ledger::PAYMENT;
use crate::domain::{PaymentState, Problem, WallTime};
use crate::services::identity::of_store;
use crate::services::trading::transfers::{CashMove, Transferred};
use crate::store::payments::{PaymentRow, PaymentStep, ProviderSaid};

/// What a provider's answer says of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was paid.
    Paid,
    /// It was not paid so far.
    Open,
    /// It is not paid any more.
    Unpaid(String),
    /// The answer does not fit what was asked for, or is not understood.
    Misfit(String),
}

/// Judges what a provider says: a payment counts as paid only if amount and order are those of our row.
pub(super) fn judge(row: &PaymentRow, answer: &TransactionAnswer) -> Verdict {
    let (clp, order) = (row.asked.clp, row.asked.buy_order.as_str());
    if answer.clp != Some(clp) || answer.buy_order != order {
        let told = answer.clp.map_or_else(|| "no whole amount".to_owned(), |clp| format!("{clp} pesos"));
        return Verdict::Misfit(format!(
            "the provider's answer is about {told} and another order or amount than {clp} pesos of {order}"
        ));
    }
    let code = answer.response_code.map_or_else(|| "none".to_owned(), |code| code.to_string());
    match (answer.status.as_str(), answer.response_code) {
        ("AUTHORIZED", Some(0)) => Verdict::Paid,
        ("INITIALIZED", _) => Verdict::Open,
        ("FAILED", _) | ("AUTHORIZED", Some(_)) => {
            Verdict::Unpaid(format!("the provider did not authorize it (code {code})"))
        }
        ("REVERSED" | "NULLIFIED", _) => Verdict::Unpaid("the provider has paid it back already".to_owned()),
        _ => Verdict::Misfit(format!("the provider answers a status that is not known here (code {code})")),
    }
}

impl Payments {
    /// Finds out whether a payment was paid, and ends it with the provider; if it was, the account gets the
    /// cash. A browser that `came_back` from paying is a reason to end it at once.
    pub(super) async fn confirm(&self, row: PaymentRow, came_back: bool) -> Result<PaymentRow, Problem> {
        let provider = self.provider()?;
        let Some(token) = row.token.clone() else { return Ok(row) };
        let was_asked = row.state == PaymentState::Committing;
        if !was_asked {
            let to = PaymentState::Committing;
            let step = self.step(to, None, Some(self.now().after(PATIENCE)));
            if !self.advance(&row, &step).await? {
                return self.payment_row(row.asked.id).await;
            }
        }
        let row = PaymentRow { state: PaymentState::Committing, ..row };
        if came_back && !was_asked {
            return self.commit(provider, row, &token).await;
        }
        match provider.status(&token).await {
            Ok(answer) => match judge(&row, &answer) {
                Verdict::Open => self.commit(provider, row, &token).await,
                verdict => self.decide(row, verdict, said(answer)).await,
            },
            Err(error) => self.left(row, &error).await,
        }
    }

    async fn commit(
        &self,
        provider: &dyn Provider,
        row: PaymentRow,
        token: &str,
    ) -> Result<PaymentRow, Problem> {
        let answer = match provider.commit(token).await {
            // It was ended before, or was never paid: the status says which.
            Err(ProviderError::Refused(_)) => provider.status(token).await,
            answer => answer,
        };
        match answer {
            Ok(answer) => {
                let verdict = judge(&row, &answer);
                self.decide(row, verdict, said(answer)).await
            }
            Err(error) => self.left(row, &error).await,
        }
    }

    /// A provider that says nothing is asked again; one that knows nothing of a payment is told to an
    /// operator.
    async fn left(&self, row: PaymentRow, error: &ProviderError) -> Result<PaymentRow, Problem> {
        tracing::warn!(payment = %row.asked.id, %error, "what became of a payment is found out later");
        match error {
            ProviderError::Refused(why) => {
                let note = format!("the provider does not say what became of it: {why}");
                self.decide(row, Verdict::Misfit(note), ProviderSaid::default()).await
            }
            ProviderError::NotDone(_) | ProviderError::Unclear(_) => Ok(row),
        }
    }

    async fn decide(
        &self,
        row: PaymentRow,
        verdict: Verdict,
        said: ProviderSaid,
    ) -> Result<PaymentRow, Problem> {
        let now = self.now();
        let (to, note, due_at) = match verdict {
            Verdict::Paid => (PaymentState::Authorized, None, Some(now)),
            Verdict::Open if now >= row.asked.now.after(self.config.expire_after) => {
                (PaymentState::Expired, Some("it was not paid in time".to_owned()), None)
            }
            Verdict::Open => (PaymentState::Redirected, None, Some(now.after(2 * PATIENCE))),
            Verdict::Unpaid(why) => (PaymentState::Refused, Some(why), None),
            Verdict::Misfit(why) => (PaymentState::Held, Some(why), None),
        };
        let step = PaymentStep { said, ..self.step(to, note, due_at) };
        self.advance(&row, &step).await?;
        let row = self.payment_row(row.asked.id).await?;
        if row.state == PaymentState::Held {
            tracing::error!(payment = %row.asked.id, note = row.note, "an operator has to look at a payment");
        }
        self.fund(row).await
    }

    /// A browser came back without having paid: unless the provider says otherwise, that is the end.
    pub(super) async fn not_paid(&self, row: PaymentRow, to: PaymentState) -> Result<PaymentRow, Problem> {
        let provider = self.provider()?;
        let (PaymentState::Redirected, Some(token)) = (row.state, row.token.as_deref()) else {
            return Ok(row);
        };
        match provider.status(token).await.as_ref().map(|answer| judge(&row, answer)) {
            Ok(Verdict::Open) => {
                self.advance(&row, &self.step(to, None, None)).await?;
                self.payment_row(row.asked.id).await
            }
            Ok(_) => self.confirm(row, false).await,
            Err(_) => Ok(row),
        }
    }

    /// Puts the cash of a payment that was paid into its account, once. While the market takes nothing, it
    /// waits.
    pub(super) async fn fund(&self, row: PaymentRow) -> Result<PaymentRow, Problem> {
        let is_first = row.state == PaymentState::Authorized;
        if !is_first && row.state != PaymentState::Funding {
            return Ok(row);
        }
        let _turn = self.turn.lock().await;
        let Ok(market_now) = self.trading.market_time() else { return Ok(row) };
        let id = row.asked.id;
        if is_first {
            let step = self.step(PaymentState::Funding, None, Some(self.now().after(PATIENCE)));
            let step = PaymentStep { market_at: Some(market_now.nanos()), ..step };
            if !self.advance(&row, &step).await? {
                return self.payment_row(id).await;
            }
        } else if !is_remembered(row.market_at, market_now.nanos()) {
            let note = "whether the account has it is not known: see its history, and say so".to_owned();
            tracing::error!(payment = %id, note, "an operator has to look at a payment");
            self.advance(&row, &self.step(PaymentState::Held, Some(note), None)).await?;
            return self.payment_row(id).await;
        }
        let row = PaymentRow { state: PaymentState::Funding, ..row };
        let (reference, request) = (format!("{PAYMENT}{id}"), format!("payment-{id}"));
        let (account, amount) = (row.asked.account, row.asked.amount);
        let cash = CashMove { account, amount, reference: &reference, request: &request };
        let step = match self.trading.move_cash(cash).await {
            Transferred::Done => self.step(PaymentState::Settled, None, None),
            Transferred::Refused(problem) => {
                tracing::error!(payment = %id, %problem, "the market refuses the cash of a payment");
                self.step(PaymentState::Held, Some(problem.message), None)
            }
            Transferred::NotTaken(_) if is_first => {
                self.step(PaymentState::Authorized, None, Some(self.now().after(SOON)))
            }
            Transferred::NotTaken(_) | Transferred::Unknown(_) => return Ok(row),
        };
        self.advance(&row, &step).await?;
        self.payment_row(id).await
    }

    /// Looks after what nobody comes back for, for ever.
    pub async fn follow_up(self: Arc<Self>) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            if let Err(problem) = self.look_after().await {
                tracing::warn!(%problem, "payments and refunds that are under way are looked at later");
            }
        }
    }

    /// Goes on with all payments and refunds that are due. One that fails does not keep others from it.
    ///
    /// # Errors
    /// [`Problem`] if the database is away.
    pub(super) async fn look_after(&self) -> Result<(), Problem> {
        if self.provider.is_none() {
            return Ok(());
        }
        let now = self.now();
        for row in self.database.due_payments(now, LOOK_AT).await.map_err(of_store)? {
            let until = now.after(if row.state == PaymentState::Authorized { SOON } else { PATIENCE });
            if !self.database.claim_payment(&row, until).await.map_err(of_store)? {
                continue;
            }
            let id = row.asked.id;
            if let Err(problem) = self.go_on(row).await {
                tracing::warn!(payment = %id, %problem, "a payment is looked at later");
            }
        }
        for row in self.database.due_refunds(now, LOOK_AT).await.map_err(of_store)? {
            if !self.database.claim_refund(&row, now.after(PATIENCE)).await.map_err(of_store)? {
                continue;
            }
            let id = row.id;
            if let Err(problem) = self.pay_back(row).await {
                tracing::warn!(refund = %id, %problem, "a refund is looked at later");
            }
        }
        Ok(())
    }

    async fn go_on(&self, row: PaymentRow) -> Result<(), Problem> {
        match row.state {
            // The provider has not answered, so that nobody knows where it could be paid.
            PaymentState::Created => {
                let note = Some("the provider did not answer".to_owned());
                self.advance(&row, &self.step(PaymentState::Expired, note, None)).await.map(drop)
            }
            PaymentState::Redirected | PaymentState::Committing => self.confirm(row, false).await.map(drop),
            _ => self.fund(row).await.map(drop),
        }
    }

    pub(super) fn step(
        &self,
        to: PaymentState,
        note: Option<String>,
        due_at: Option<WallTime>,
    ) -> PaymentStep {
        let said = ProviderSaid::default();
        PaymentStep { to, note, market_at: None, now: self.now(), due_at, said }
    }

    pub(super) async fn advance(&self, row: &PaymentRow, step: &PaymentStep) -> Result<bool, Problem> {
        let (id, from) = (row.asked.id, row.state);
        let is_moved = self.database.move_payment(id, from, step).await.map_err(of_store)?;
        if is_moved {
            tracing::info!(payment = %id, from = from.name(), to = step.to.name(), "a payment goes on");
        }
        Ok(is_moved)
    }
}

/// Returns whether the market still knows what it was asked for at a time.
pub(super) fn is_remembered(asked_at: Option<i64>, now: i64) -> bool {
    asked_at.is_some_and(|at| (0..=REMEMBERED).contains(&now.saturating_sub(at)))
}

fn said(answer: TransactionAnswer) -> ProviderSaid {
    let TransactionAnswer { authorization_code, card, response_code, .. } = answer;
    ProviderSaid { authorization_code, card, response_code }
}
