//! `/api/wallet`: what an account has, what was moved on it, transfers between accounts of one's own,
//! statements.

mod csv;
mod statement_page;

use std::collections::VecDeque;
use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::stream::unfold;
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::answers::{Failure, Problems, answer, ok};
use super::body::{Body, Params};
use super::endpoint::{Access, Endpoint};
use crate::domain::{AccountId, Actor, EntryKind, Problem, ProblemKind, Scope};
use crate::services::wall_now;
use crate::services::wallet::{
    EntriesPage, EntryLine, EntryQuery, Statement, TransferRequest, TransferView, TransfersPage, WalletView,
    Wallets,
};

/// The routes, for the document that describes the interface.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(wallet, history, move_cash, transfers, statement),
    tags((name = "wallet", description = "What one has, what was moved, and statements."))
)]
pub(super) struct WalletDoc;

type Service = web::Data<Wallets>;
type Caller = web::ReqData<Actor>;

const READ: Access = Access::Needs(Scope::Read);

/// Returns the routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::at("/api/wallet").get(READ, wallet),
        Endpoint::at("/api/wallet/history").get(READ, history),
        Endpoint::at("/api/wallet/transfers")
            .get(READ, transfers)
            .post(Access::Needs(Scope::Trade), move_cash),
        Endpoint::at("/api/wallet/statements/{month}").get(READ, statement),
    ]
}

/// Gives the handlers what they share.
pub(super) fn share(config: &mut web::ServiceConfig, wallets: &Arc<Wallets>) {
    config.app_data(web::Data::from(Arc::clone(wallets)));
}

/// Returns what one's account has now, and what one's strategies have that run.
#[utoipa::path(get, path = "/api/wallet", tag = "wallet", operation_id = "wallet",
    responses((status = 200, description = "The wallet", body = WalletView), Problems))]
async fn wallet(wallets: Service, caller: Caller) -> Result<HttpResponse, Failure> {
    Ok(ok(&wallets.wallet(&caller).await?))
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    /// As JSON.
    Json,
    /// As lines of comma-separated values, with a line of names.
    Csv,
    /// As a page that needs nothing else.
    Html,
}

/// Returns the form that is asked for: named, or else by the header `Accept`; the first of `offered` if
/// nothing is said.
fn format_of(asked: Option<Format>, request: &HttpRequest, offered: [Format; 2]) -> Result<Format, Problem> {
    if let Some(asked) = asked {
        if offered.contains(&asked) {
            return Ok(asked);
        }
        let message = "there is no such form of it";
        return Err(Problem::new(ProblemKind::Refused, "invalid_parameter", message).at("format"));
    }
    let accept = request.headers().get(header::ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let kinds = accept.split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim());
    let named = kinds.filter_map(|kind| match kind {
        "application/json" => Some(Format::Json),
        "text/csv" => Some(Format::Csv),
        "text/html" => Some(Format::Html),
        _ => None,
    });
    Ok(named.into_iter().find(|format| offered.contains(format)).unwrap_or(offered[0]))
}

/// Which entries are asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HistoryParams {
    /// Those of another account of one's own: of a strategy, or in a contest.
    account_id: Option<AccountId>,
    /// Those of a kind.
    kind: Option<EntryKind>,
    /// Those about a symbol.
    symbol: Option<String>,
    /// Those of then or later, as of RFC 3339.
    from: Option<String>,
    /// Those before, as of RFC 3339.
    to: Option<String>,
    /// What the last page gave as `next`.
    cursor: Option<String>,
    /// How many at most, 1 to 1,000; 100 if nothing is said, and all as `csv`.
    limit: Option<u32>,
    /// `json` or `csv`; as the header `Accept` says if nothing is said.
    #[param(inline)]
    format: Option<Format>,
}

/// Returns what was moved on one's account, the newest first: as JSON in pages, as CSV all of it or a page.
/// Of a page of CSV, the header `X-Next-Cursor` says where the next begins.
#[utoipa::path(get, path = "/api/wallet/history", tag = "wallet", operation_id = "wallet_history",
    params(HistoryParams),
    responses(
        (status = 200, description = "The entries", content(
            (EntriesPage = "application/json"), (String = "text/csv"))),
        Problems
    ))]
async fn history(
    wallets: Service,
    caller: Caller,
    request: HttpRequest,
    Params(params): Params<HistoryParams>,
) -> Result<HttpResponse, Failure> {
    let HistoryParams { account_id, kind, symbol, from, to, cursor, limit, format } = params;
    let query =
        EntryQuery { account: account_id, kind, symbol, from, to, cursor, limit, is_oldest_first: false };
    if format_of(format, &request, [Format::Json, Format::Csv])? == Format::Json {
        return Ok(ok(&wallets.history(&caller, &query).await?));
    }
    let is_page = query.limit.is_some();
    let query = if is_page { query } else { query.whole_pages() };
    // What is wrong with the query is said before anything is written.
    let EntriesPage { entries, next } = wallets.history(&caller, &query).await?;
    let mut head = HttpResponse::Ok();
    head.content_type("text/csv; charset=utf-8; header=present")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"wallet.csv\""));
    let first = csv::entries(&entries, true);
    if is_page {
        next.into_iter().for_each(|next| {
            head.insert_header(("X-Next-Cursor", next));
        });
        return Ok(head.body(first));
    }
    let rest = Rest { wallets, caller: *caller, query, next, first: Some(first) };
    Ok(head.streaming(unfold(rest, |mut rest| async { rest.read().await.map(|piece| (piece, rest)) })))
}

/// What is left of a history that is written as it is read.
struct Rest {
    wallets: Service,
    caller: Actor,
    query: EntryQuery,
    next: Option<String>,
    first: Option<String>,
}

impl Rest {
    async fn read(&mut self) -> Option<Result<Bytes, Problem>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(Bytes::from(first)));
        }
        self.query.cursor = Some(self.next.take()?);
        match self.wallets.history(&self.caller, &self.query).await {
            Ok(EntriesPage { entries, next }) => {
                self.next = next;
                Some(Ok(Bytes::from(csv::entries(&entries, false))))
            }
            Err(problem) => Some(Err(problem)),
        }
    }
}

/// Moves cash between two accounts of one's own: one's first account and those of strategies that run. Both
/// have it before the answer, or neither.
#[utoipa::path(post, path = "/api/wallet/transfers", tag = "wallet", operation_id = "transfer",
    request_body = TransferRequest,
    responses((status = 201, description = "It is done, or was done under this key", body = TransferView), Problems))]
async fn move_cash(
    wallets: Service,
    caller: Caller,
    Body(request): Body<TransferRequest>,
) -> Result<HttpResponse, Failure> {
    let wallets = wallets.into_inner();
    Ok(answer(StatusCode::CREATED, &wallets.move_cash(&caller, request, wall_now()).await?))
}

/// Which transfers are asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TransferParams {
    /// What the last page gave as `next`.
    cursor: Option<String>,
    /// How many at most, 1 to 1,000; 100 if nothing is said.
    limit: Option<u32>,
}

/// Returns one's transfers, the newest first, in pages, with what came of each.
#[utoipa::path(get, path = "/api/wallet/transfers", tag = "wallet", operation_id = "transfers",
    params(TransferParams),
    responses((status = 200, description = "The transfers", body = TransfersPage), Problems))]
async fn transfers(
    wallets: Service,
    caller: Caller,
    Params(params): Params<TransferParams>,
) -> Result<HttpResponse, Failure> {
    let TransferParams { cursor, limit } = params;
    Ok(ok(&wallets.transfers(&caller, cursor.as_deref(), limit).await?))
}

/// How a statement is asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StatementParams {
    /// That of another account of one's own: of a strategy, or in a contest.
    account_id: Option<AccountId>,
    /// `html` or `csv`; as the header `Accept` says if nothing is said.
    #[param(inline)]
    format: Option<Format>,
}

/// Returns the statement of a month, by the market's zone: what there was, each entry, sums by kind, what
/// there is. A month that has not begun has none, nor has one that was over before the account was opened.
#[utoipa::path(get, path = "/api/wallet/statements/{month}", tag = "wallet", operation_id = "statement",
    params(("month" = String, Path, description = "The month, as `2025-03`."), StatementParams),
    responses(
        (status = 200, description = "The statement", content((String = "text/html"), (String = "text/csv"))),
        Problems
    ))]
async fn statement(
    wallets: Service,
    caller: Caller,
    request: HttpRequest,
    month: web::Path<String>,
    Params(params): Params<StatementParams>,
) -> Result<HttpResponse, Failure> {
    let format = format_of(params.format, &request, [Format::Html, Format::Csv])?;
    let statement = wallets.statement(&caller, params.account_id, &month).await?;
    let mut head = HttpResponse::Ok();
    head.insert_header((header::CACHE_CONTROL, "no-store"));
    if format == Format::Csv {
        let name = format!("attachment; filename=\"statement-{}.csv\"", statement.month);
        head.content_type("text/csv; charset=utf-8; header=present")
            .insert_header((header::CONTENT_DISPOSITION, name));
    } else {
        head.content_type("text/html; charset=utf-8")
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; style-src 'unsafe-inline'",
            ));
    }
    let form: &dyn Form = if format == Format::Csv { &csv::StatementCsv } else { &statement_page::Page };
    let pieces = VecDeque::from([Bytes::from(form.begin(&statement))]);
    let writing = Writing { wallets, statement, form, pieces, is_over: false };
    Ok(head.streaming(unfold(writing, |mut writing| async { writing.next().await.map(|it| (it, writing)) })))
}

/// A form in which a statement is written as its entries are read.
trait Form: Sync {
    /// What comes before the entries.
    fn begin(&self, statement: &Statement) -> String;
    /// Some entries.
    fn entries(&self, entries: &[EntryLine]) -> String;
    /// What follows them.
    fn end(&self, statement: &Statement) -> String;
}

/// A statement that is written as it is read.
struct Writing {
    wallets: Service,
    statement: Statement,
    form: &'static dyn Form,
    pieces: VecDeque<Bytes>,
    is_over: bool,
}

impl Writing {
    async fn next(&mut self) -> Option<Result<Bytes, Problem>> {
        if let Some(piece) = self.pieces.pop_front() {
            return Some(Ok(piece));
        }
        if self.is_over {
            return None;
        }
        Some(match self.wallets.next_entries(&mut self.statement).await {
            Ok(entries) if entries.is_empty() => {
                self.is_over = true;
                Ok(Bytes::from(self.form.end(&self.statement)))
            }
            Ok(entries) => Ok(Bytes::from(self.form.entries(&entries))),
            Err(problem) => {
                // The connection is closed before the end.
                self.is_over = true;
                Err(problem)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_form_is_the_one_that_is_named_or_else_accepted() {
        let both = [Format::Html, Format::Csv];
        for (accept, form) in [
            ("*/*", Format::Html),
            ("text/csv", Format::Csv),
            ("application/json, text/csv;q=0.5", Format::Csv),
            ("text/html,application/xhtml+xml,text/csv", Format::Html),
        ] {
            let request = TestRequest::default().insert_header((header::ACCEPT, accept)).to_http_request();
            assert_eq!(format_of(None, &request, both), Ok(form), "{accept}");
            assert_eq!(format_of(Some(Format::Csv), &request, both), Ok(Format::Csv));
            assert!(format_of(Some(Format::Json), &request, both).is_err());
        }
        assert_eq!(format_of(None, &TestRequest::default().to_http_request(), both), Ok(Format::Html));
    }
}
