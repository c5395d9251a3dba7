//! Execution reports: an order as it is after something, and what that was.

use crate::domain::{KindName, LiquidityName, Number, PegName, StatusName, TimeInForceName};
use crate::fix::codec::{Body, tags, timestamp};
use crate::services::market_data::SideName;
use crate::services::trading::{FillLine, OrderView};

/// What happened to an order.
#[derive(Debug)]
pub(in crate::fix) struct Execution<'a> {
    /// The number of the report, which no other one has.
    pub(in crate::fix) id: &'a str,
    /// `ExecType`.
    pub(in crate::fix) kind: char,
    /// `ClOrdID`.
    pub(in crate::fix) name: &'a str,
    /// `OrigClOrdID`.
    pub(in crate::fix) original: Option<&'a str>,
    /// The trade, if it was one.
    pub(in crate::fix) fill: Option<&'a FillLine>,
    /// When, in milliseconds since 1970.
    pub(in crate::fix) at: i64,
    /// Further fields.
    pub(in crate::fix) more: Body,
}

/// Writes a report.
pub(in crate::fix) fn report(view: &OrderView, execution: &Execution<'_>) -> Body {
    let mut body = Body::default();
    body.put(tags::ORDER_ID, &view.order_id)
        .put(tags::CL_ORD_ID, execution.name)
        .put_some(tags::ORIG_CL_ORD_ID, execution.original)
        .put(tags::EXEC_ID, execution.id)
        .put(tags::EXEC_TYPE, execution.kind)
        .put(tags::ORD_STATUS, status_of(view.status))
        .put(tags::SYMBOL, &view.symbol)
        .put(tags::SECURITY_EXCHANGE, &view.venue)
        .put(tags::SIDE, side_of(view.side))
        .put(tags::ORDER_QTY, view.quantity);
    terms(view, &mut body);
    if let Some(fill) = execution.fill {
        body.put(tags::LAST_QTY, fill.quantity)
            .put(tags::LAST_PX, fill.price)
            .put(tags::TRD_MATCH_ID, &fill.trade_id)
            .put_some(tags::LAST_LIQUIDITY_IND, liquidity_of(fill.liquidity))
            .put(tags::COMMISSION, fill.fee)
            .put(tags::COMM_TYPE, 3);
    }
    let zero = Number(bearpit_core::units::Decimal::new(0, 0));
    body.put(tags::LEAVES_QTY, view.open_quantity)
        .put(tags::CUM_QTY, view.filled_quantity)
        .put(tags::AVG_PX, view.average_price.unwrap_or(zero))
        .put(tags::TRANSACT_TIME, timestamp(execution.at));
    let mut text = Body::default();
    if let Some(reason) = view.explanation.as_deref().or(view.reason.as_deref()) {
        text.put(tags::TEXT, reason);
    }
    Body::of_text(format!("{}{}{}", body.text(), text.text(), execution.more.text()))
}

/// Writes how an order stands, for whoever asks.
pub(in crate::fix) fn status_report(view: &OrderView, name: &str, more: Body) -> Body {
    let at = [&view.ended_at, &view.accepted_at, &view.sent_at].into_iter().find_map(|it| it.as_ref());
    let at = at.map_or(0, |at| at.instant().nanos() / 1_000_000);
    report(view, &Execution { id: "0", kind: 'I', name, original: None, fill: None, at, more })
}

fn terms(view: &OrderView, body: &mut Body) {
    body.put(tags::ORD_TYPE, type_of(view.kind))
        .put_some(tags::PRICE, view.price)
        .put_some(tags::STOP_PX, view.stop_price)
        .put(tags::TIME_IN_FORCE, time_in_force_of(view.time_in_force));
    if let Some(until) = &view.expires_at {
        body.put(tags::EXPIRE_TIME, timestamp(until.instant().nanos() / 1_000_000));
    }
    let instructions = [
        view.post_only.map(|_| "6"),
        view.reduce_only.then_some("E"),
        view.peg.map(|peg| if peg == PegName::Mid { "M" } else { "R" }),
        (view.kind == KindName::TrailingStop).then_some("a"),
    ];
    let instructions: Vec<&str> = instructions.into_iter().flatten().collect();
    if !instructions.is_empty() {
        body.put(tags::EXEC_INST, instructions.join(" "));
    }
    body.put_some(tags::PEG_OFFSET_VALUE, view.peg_offset.or(view.trail_amount))
        .put_some(tags::MAX_FLOOR, view.display_quantity)
        .put_some(tags::MIN_QTY, view.minimum_quantity);
}

pub(super) const fn status_of(status: StatusName) -> char {
    match status {
        StatusName::PendingNew => 'A',
        StatusName::Open => '0',
        StatusName::PartiallyFilled => '1',
        StatusName::Filled => '2',
        StatusName::Canceled => '4',
        StatusName::Expired => 'C',
        StatusName::Rejected => '8',
    }
}

const fn side_of(side: SideName) -> char {
    match side {
        SideName::Buy => '1',
        SideName::Sell => '2',
    }
}

const fn type_of(kind: KindName) -> char {
    match kind {
        KindName::Market => '1',
        KindName::Limit => '2',
        KindName::Stop => '3',
        KindName::StopLimit => '4',
        KindName::MarketToLimit => 'K',
        KindName::Pegged | KindName::TrailingStop => 'P',
    }
}

const fn time_in_force_of(time: TimeInForceName) -> char {
    match time {
        TimeInForceName::Day => '0',
        TimeInForceName::Gtc => '1',
        TimeInForceName::AtOpen => '2',
        TimeInForceName::Ioc => '3',
        TimeInForceName::Fok => '4',
        TimeInForceName::Gtd => '6',
        TimeInForceName::AtClose => '7',
    }
}

fn liquidity_of(liquidity: Option<LiquidityName>) -> Option<char> {
    match liquidity? {
        LiquidityName::Maker => Some('1'),
        LiquidityName::Taker => Some('2'),
        // FIX 4.4 has no word for it.
        LiquidityName::Auction => None,
    }
}
