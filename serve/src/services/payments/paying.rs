//! Payments that are asked for: once for each key, and the provider is told.

use serde::Deserialize;
use utoipa::ToSchema;

use super::provider::{NewTransaction, Provider, ProviderError};
use super::{PATIENCE, PaymentView, Payments, PaymentsPage, amount_of, invalid, key_in_use, key_of, shut};
use crate::domain::{AccountId, Actor, Number, PaymentId, PaymentState, Problem, ProblemKind};
use crate::services::admin::paging;
use crate::services::identity::of_store;
use crate::store::database::Amount;
use crate::store::payments::{AddPayment, NewPayment, PaymentRow};

/// A payment that somebody asks for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentRequest {
    /// How much, in the market's currency.
    #[schema(example = "25")]
    pub amount: Number,
    /// The key under which it is made once.
    #[schema(example = "deposit-1", min_length = 1, max_length = 128)]
    pub idempotency_key: String,
}

/// What a buy order is written with: digits and letters that are not mistaken for one another.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl Payments {
    /// Begins a payment, once for each key, and returns how the browser gets to where it is paid.
    ///
    /// # Errors
    /// [`Problem`] if the amount is not between the limits, the key was used for another, too many are under
    /// way, or the provider takes nothing at the moment: then there is none.
    pub async fn pay(&self, who: &Actor, request: PaymentRequest) -> Result<PaymentView, Problem> {
        let provider = self.provider()?;
        let account = self.account_of(who).await?;
        let new = self.new_payment(account, &request)?;
        let limit = self.config.open_per_user;
        let row = match self.database.add_payment(&new, limit).await.map_err(of_store)? {
            AddPayment::Added => self.payment_row(new.id).await?,
            AddPayment::Known(row) if row.asked.amount != new.amount => return Err(key_in_use()),
            AddPayment::Known(row) => *row,
            AddPayment::TooMany => {
                let message = format!("{limit} payments are under way, and there may not be more");
                let problem = Problem::new(ProblemKind::Conflict, "too_many_payments", message);
                return Err(problem.hint("pay or abort one of them, or wait: unpaid ones expire"));
            }
            AddPayment::Shut => return Err(shut()),
        };
        if row.state != PaymentState::Created {
            return Ok(row.into());
        }
        self.open(provider, &row).await.map(PaymentView::from)
    }

    fn new_payment(&self, account: AccountId, request: &PaymentRequest) -> Result<NewPayment, Problem> {
        let amount = amount_of(request.amount.0)?;
        let [minimum, maximum] = [self.config.minimum, self.config.maximum];
        let is_within = |least, most| (least..=most).contains(&amount);
        let limits = Amount::of(minimum).zip(Amount::of(maximum));
        if !limits.is_some_and(|(least, most)| is_within(least, most)) {
            let message = format!("a payment has {minimum} to {maximum} {}", self.trading.data.currency());
            return Err(invalid("amount", message));
        }
        let clp = self.rate.pesos(amount).filter(|clp| *clp > 0);
        let clp =
            clp.ok_or_else(|| invalid("amount", "it is no amount that can be paid in Chilean pesos"))?;
        let (id, now) = (PaymentId::draw(), self.now());
        Ok(NewPayment {
            id,
            account,
            key: key_of(&request.idempotency_key)?,
            buy_order: buy_order(id),
            // Nobody guesses it who has not seen it.
            session: format!("S{}", uuid::Uuid::new_v4().simple()),
            amount,
            currency: self.trading.data.currency().to_owned(),
            clp,
            rate: self.rate.0.to_string(),
            now,
            due_at: now.after(self.config.follow_up_after),
        })
    }

    /// Tells the provider of a payment. Where it takes none, there is none: nobody was told of it.
    async fn open(&self, provider: &dyn Provider, row: &PaymentRow) -> Result<PaymentRow, Problem> {
        let NewPayment { id, buy_order, session, clp, .. } = &row.asked;
        let new = NewTransaction { buy_order, session, clp: *clp, return_url: &self.return_url };
        match provider.create(new).await {
            Ok(opened) => {
                let (now, pair) = (self.now(), (opened.token.as_str(), opened.url.as_str()));
                let due_at = now.after(self.config.follow_up_after);
                // Of two who ask at once with one key one has told the provider first: the other's is
                // forgotten, and nobody can pay it.
                self.database.payment_opened(*id, pair, now, due_at).await.map_err(of_store)?;
                self.payment_row(*id).await
            }
            Err(error) => {
                tracing::warn!(payment = %id, %error, "a payment was not begun");
                self.database.remove_payment(*id).await.map_err(of_store)?;
                Err(match error {
                    ProviderError::Refused(why) => {
                        Problem::new(ProblemKind::Refused, "provider_refused", format!("the provider: {why}"))
                    }
                    ProviderError::NotDone(_) | ProviderError::Unclear(_) => provider_away(),
                })
            }
        }
    }

    /// Returns a payment of one's own.
    ///
    /// # Errors
    /// [`Problem`] if there is no such payment.
    pub async fn payment(&self, who: &Actor, id: PaymentId) -> Result<PaymentView, Problem> {
        let account = self.account_of(who).await?;
        let row = self.database.payment(id).await.map_err(of_store)?;
        row.filter(|row| row.asked.account == account).map(PaymentView::from).ok_or_else(|| unknown(id))
    }

    /// Returns one's own payments, the newest first, in pages.
    ///
    /// # Errors
    /// [`Problem`] if the query does not fit.
    pub async fn payments(
        &self,
        who: &Actor,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<PaymentsPage, Problem> {
        let account = self.account_of(who).await?;
        let (before, limit) = (paging::cursor(cursor)?, paging::limit_of(limit)?);
        let rows = self.database.payments(account, before, limit + 1).await.map_err(of_store)?;
        let (rows, next) = paging::page(rows, limit, |row| row.asked.id.to_string());
        Ok(PaymentsPage { payments: rows.into_iter().map(PaymentView::from).collect(), next })
    }

    pub(super) async fn payment_row(&self, id: PaymentId) -> Result<PaymentRow, Problem> {
        self.database.payment(id).await.map_err(of_store)?.ok_or_else(|| {
            let message = "the same was asked for at the same time, and was not taken: ask again";
            Problem::new(ProblemKind::Conflict, "asked_at_once", message)
        })
    }
}

pub(super) fn unknown(id: PaymentId) -> Problem {
    let message = format!("there is no payment {id}");
    Problem::new(ProblemKind::NotFound, "unknown_payment", message).at("payment_id")
}

fn provider_away() -> Problem {
    let message = "the provider of payments takes none at the moment: nothing was begun";
    Problem::new(ProblemKind::Unavailable, "provider_away", message).retry_after(PATIENCE)
}

/// Returns what the provider is to call a payment: its id in 26 characters.
pub(super) fn buy_order(id: PaymentId) -> String {
    let bits = id.uuid().as_u128();
    let letter = |place: u32| LETTERS[usize::try_from((bits >> (5 * place)) & 31).unwrap_or_default()];
    (0..26).rev().map(|place| char::from(letter(place))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buy_order_has_26_characters_and_is_of_one_payment() {
        let id = |number| PaymentId::new(uuid::Uuid::from_u128(number));
        assert_eq!(buy_order(id(0)), "0".repeat(26));
        assert_eq!(buy_order(id(u128::MAX)), format!("7{}", "Z".repeat(25)));
        assert_eq!(&buy_order(id(33))[24..], "11");
    }
}
