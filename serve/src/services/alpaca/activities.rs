//! Fills of an account as a list of what happened in it.

use std::collections::BTreeMap;

use bearpit_core::units::{Decimal, OrderId, SimTime, TradeId};
use uuid::Uuid;

use super::{Alpaca, OrderName};
use crate::domain::{AccountId, Number, Problem, ProblemKind};
use crate::services::trading::{FillLine, HistoryQuery, OrderView};

/// Which fills are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityQuery {
    /// Those after a moment.
    pub after: Option<SimTime>,
    /// Those before a moment.
    pub until: Option<SimTime>,
    /// Whether the oldest come first.
    pub is_ascending: bool,
    /// How many at most.
    pub page_size: u32,
    /// The id of the last one of the page before.
    pub page_token: Option<String>,
}

/// Fills, in the order that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Activities {
    /// The fills.
    pub fills: Vec<FillActivity>,
}

/// A fill, and how far its order was then.
#[derive(Debug, Clone, PartialEq)]
pub struct FillActivity {
    /// The fill.
    pub fill: FillLine,
    /// Its id.
    pub id: String,
    /// The order's id.
    pub order_id: Uuid,
    /// What had traded of the order, this included.
    pub cumulative: Number,
    /// What was open of it then.
    pub leaves: Number,
}

/// The most fills on a page.
pub(crate) const PAGE_MAX: u32 = 100;

impl Alpaca {
    /// Returns fills of an account.
    ///
    /// # Errors
    /// [`Problem`] if the query does not fit, or the database is away.
    pub async fn activities(&self, account: AccountId, query: &ActivityQuery) -> Result<Activities, Problem> {
        let token = query.page_token.as_deref().map(|token| self.read_activity(token)).transpose()?;
        let after = query.after.map(|after| SimTime::from_nanos(after.nanos().saturating_add(1)));
        let history = HistoryQuery {
            from: after.map(|at| format!("{at}Z")),
            to: query.until.map(|at| format!("{at}Z")),
            cursor: token.map(|(trade, order)| format!("{trade}-{order}")),
            limit: Some(query.page_size.clamp(1, PAGE_MAX)),
            is_oldest_first: query.is_ascending,
            ..HistoryQuery::default()
        };
        let fills = self.trading.fill_history(account, &history).await?.fills;
        let mut orders = BTreeMap::new();
        for fill in &fills {
            if !orders.contains_key(&fill.order_id) {
                let progress = self.progress(account, &fill.order_id, &fills).await?;
                orders.insert(fill.order_id.clone(), progress);
            }
        }
        Ok(Activities { fills: fills.into_iter().map(|fill| self.activity(fill, &orders)).collect() })
    }

    /// Returns an order, and what had traded of it after each of its trades on a page.
    async fn progress(
        &self,
        account: AccountId,
        order: &str,
        page: &[FillLine],
    ) -> Result<Progress, Problem> {
        let view = match self.trading.order(account, OrderId::new(number(order))).await {
            Ok(mut view) => {
                self.trading.complete(account, &mut view).await?;
                Some(view)
            }
            Err(problem) if problem.kind == ProblemKind::NotFound => None,
            Err(problem) => return Err(problem),
        };
        let mut fills: Vec<_> = page.iter().filter(|fill| fill.order_id == order).collect();
        fills.sort_unstable_by_key(|fill| number(&fill.trade_id));
        let first = fills.first().map_or(0, |fill| number(&fill.trade_id));
        let mut sum = self.trading.filled_before(account, order, first).await?.0;
        let mut after = BTreeMap::new();
        for fill in fills {
            sum = plus(sum, fill.quantity.0);
            after.insert(fill.trade_id.clone(), Number(sum));
        }
        Ok(Progress { view, after })
    }

    fn activity(&self, fill: FillLine, orders: &BTreeMap<String, Progress>) -> FillActivity {
        let (trade, order) = (number(&fill.trade_id), number(&fill.order_id));
        let progress = orders.get(&fill.order_id);
        let cumulative = progress.and_then(|it| it.after.get(&fill.trade_id)).copied();
        let cumulative = cumulative.unwrap_or(fill.quantity);
        let view = progress.and_then(|it| it.view.as_ref());
        let whole = view.map_or(cumulative.0, |view| view.quantity.0);
        let leaves = plus(whole, cumulative.0.checked_mul(Decimal::new(-1, 0)).unwrap_or(whole));
        let leaves = if leaves.is_positive() { leaves } else { Decimal::new(0, 0) };
        let revision = view.map_or(0, |view| view.revision);
        let execution = self.ids.execution(TradeId::new(trade), OrderId::new(order));
        let digits: String = fill.at.in_utc().chars().filter(char::is_ascii_digit).collect();
        FillActivity {
            id: format!("{:0<17.17}::{execution}", digits),
            order_id: self.ids.order(OrderName { order: OrderId::new(order), revision }),
            cumulative,
            leaves: Number(leaves),
            fill,
        }
    }

    /// Reads the id of an activity.
    fn read_activity(&self, id: &str) -> Result<(TradeId, OrderId), Problem> {
        let execution = id.split_once("::").and_then(|(_, id)| Uuid::try_parse(id).ok());
        execution.and_then(|id| self.ids.read_execution(id)).ok_or_else(|| {
            let message = format!("page_token {id:?} is no id of an activity");
            Problem::new(ProblemKind::Refused, "invalid_parameter", message).at("page_token")
        })
    }
}

struct Progress {
    view: Option<OrderView>,
    /// What had traded of it after each trade.
    after: BTreeMap<String, Number>,
}

fn number(id: &str) -> u64 {
    // It is written from one.
    id.parse().unwrap_or(0)
}

/// Returns a sum; the first number if it is out of range, which no sum of an order's quantities is.
fn plus(a: Decimal, b: Decimal) -> Decimal {
    let scale = a.scale().max(b.scale());
    let sum = a.scaled(scale).zip(b.scaled(scale)).and_then(|(a, b)| a.checked_add(b));
    sum.map_or(a, |sum| Decimal::new(sum, scale))
}
