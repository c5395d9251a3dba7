//! [`OwnEventView`]: something that happened to one's own orders or account.

use bearpit_core::market::{AuctionEvent, Fact, Transfer};
use bearpit_core::units::ListingId;
use serde::Serialize;

use super::history::FillLine;
use super::order_view::{OrderView, Writer};
use super::own_view::{MarkedAccount, MarkedPosition, holding_of, snapshot_of, symbol_of};
use crate::domain::{MarketTime, Number};
use crate::publication::{Fill, OrderSnapshot, OwnChange, OwnEvent};
use crate::services::market_data::MarketData;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OwnEventView {
    /// What it is about: `order`, `fill`, `position`, `account`, `auction`, `day`, `strategy`.
    #[serde(skip)]
    pub about: &'static str,
    /// What happened, as a word.
    pub event: &'static str,
    /// When.
    pub at: MarketTime,
    /// The order as it is after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderView>,
    /// The share of a trade.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill: Option<FillLine>,
    /// The position after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<MarkedPosition>,
    /// The account after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<MarkedAccount>,
    /// The rest.
    #[serde(flatten)]
    pub more: More,
}

/// What some events say besides.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct More {
    /// The order's id, where no more is known of the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// Its owner's id for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
    /// The auction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auction_id: Option<String>,
    /// The proposal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal_id: Option<String>,
    /// The instrument.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// Why, as a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// An amount of money that came in; one that left is negative.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Number>,
    /// A quantity that came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Number>,
    /// Cash, or equity, of an account of which no more is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cash: Option<Number>,
    /// The equity of an account without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equity: Option<Number>,
    /// What a strategy says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl OwnEventView {
    /// Writes something that happened.
    #[must_use]
    pub fn of(data: &MarketData, event: &OwnEvent) -> Self {
        let mut view = Self {
            about: "order",
            event: "sent",
            at: data.time(event.at),
            order: event.after.order.as_deref().and_then(|order| view_of_snapshot(data, order)),
            fill: None,
            position: None,
            account: event.after.account.as_deref().map(|account| MarkedAccount::of(data, account)),
            more: More::default(),
        };
        match &event.change {
            OwnChange::DayBegan => (view.about, view.event) = ("day", "began"),
            OwnChange::Named { order, client } => {
                view.event = "carried_over";
                view.more.order_id = Some(order.to_string());
                view.more.client_order_id = Some(client.as_str().to_owned());
            }
            OwnChange::Sent(sent) => {
                let snapshot = snapshot_of(data, sent.listing);
                view.order = snapshot.map(|snapshot| Writer::of(data, &snapshot).sent(sent));
            }
            OwnChange::Refused(refused) => {
                view.event = "refused";
                let snapshot = snapshot_of(data, refused.listing);
                view.order = snapshot.map(|snapshot| Writer::of(data, &snapshot).refused(refused));
            }
            OwnChange::Filled(fill) => {
                (view.about, view.event) = ("fill", "filled");
                view.fill = fill_of(data, event, fill);
            }
            OwnChange::Fact(Fact::Auction(event)) => view.tell("auction", event.name(), of_auction(event)),
            OwnChange::Fact(fact) => view.tell_order(data, fact),
        }
        view
    }

    fn tell(&mut self, about: &'static str, event: &'static str, more: More) {
        (self.about, self.event, self.more) = (about, event, more);
    }

    /// Tells of an order what its view does not.
    fn tell_order(&mut self, data: &MarketData, fact: &Fact) {
        let of_reason = |name: &str, words: &dyn std::fmt::Display| More {
            reason: Some(name.to_owned()),
            explanation: Some(words.to_string()),
            ..More::default()
        };
        let (event, more) = match fact {
            Fact::OrderAccepted { .. } => ("accepted", More::default()),
            Fact::OrderRejected { .. } => ("rejected", More::default()),
            // Of an agent's: a person's has a number, and a view.
            Fact::OrderRefused { listing, reason, .. } => {
                let symbol = snapshot_of(data, *listing).map(|it| it.listing.instrument.symbol().to_owned());
                ("refused", More { symbol, ..of_reason(reason.name(), reason) })
            }
            Fact::CommandRejected { order, reason, .. } => {
                let order_id = Some(order.to_string()).filter(|_| self.order.is_none());
                ("command_rejected", More { order_id, ..of_reason(reason.name(), reason) })
            }
            Fact::OrderReplaced { .. } | Fact::OrderTermsReplaced { .. } => ("replaced", More::default()),
            Fact::OrderRepriced { .. } => ("repriced", More::default()),
            Fact::OrderReduced { reason, .. } => ("reduced", of_reason(reason.name(), reason)),
            Fact::OrderGrown { .. } => ("grown", More::default()),
            Fact::OrderRestated { .. } => ("restated", More::default()),
            Fact::OrderTriggered { .. } => ("triggered", More::default()),
            Fact::OrderCanceled { .. } => ("canceled", More::default()),
            Fact::OrderExpired { .. } => ("expired", More::default()),
            other => return self.tell_account(data, other),
        };
        self.tell("order", event, more);
    }

    fn tell_account(&mut self, data: &MarketData, fact: &Fact) {
        let mut more = More::default();
        let (about, event) = match fact {
            Fact::AccountMarked(mark) => {
                self.position = MarkedPosition::of(data, mark);
                ("position", "marked")
            }
            Fact::PositionSplit { instrument, position, .. } => {
                self.position = MarkedPosition::held(data, *instrument, *position);
                ("position", "split")
            }
            Fact::AccountPaid { instrument, reason, amount, .. } => {
                more.symbol = symbol_of(data, *instrument);
                more.reason = Some(reason.name().to_owned());
                more.amount = Some(Number::of_money(*amount));
                ("account", "paid")
            }
            Fact::AccountOpened(opening) => {
                more.cash = Some(Number::of_money(opening.cash));
                ("account", "opened")
            }
            Fact::AccountFunded { funding, .. } => {
                match funding.transfer {
                    Transfer::Cash(amount) => more.amount = Some(Number::of_money(amount)),
                    Transfer::Shares { instrument, quantity } => {
                        more.symbol = symbol_of(data, instrument);
                        more.quantity = holding_of(data, instrument, quantity);
                    }
                }
                ("account", "funded")
            }
            Fact::AccountFinanced { interest, borrow, .. } => {
                more.amount = Some(Number::of_money(*interest - *borrow));
                ("account", "financed")
            }
            Fact::AccountRuined { equity, .. } => {
                more.equity = Some(Number::of_money(*equity));
                ("account", "ruined")
            }
            Fact::MarginCalled { equity, .. } => {
                more.equity = Some(Number::of_money(*equity));
                ("account", "margin_called")
            }
            Fact::MarginCallEnded { equity, .. } => {
                more.equity = Some(Number::of_money(*equity));
                ("account", "margin_call_ended")
            }
            Fact::ParticipantBlocked { reason, .. } => {
                more.reason = Some(reason.to_string());
                ("account", "blocked")
            }
            Fact::ParticipantUnblocked { .. } => ("account", "unblocked"),
            Fact::ParticipantReseated { kind, .. } => {
                more.text = Some(kind.to_string());
                ("account", "reseated")
            }
            Fact::Logged { text, .. } => {
                more.text = Some(text.to_string());
                ("strategy", "logged")
            }
            Fact::StrategyFailed { text, .. } => {
                more.text = Some(text.to_string());
                ("strategy", "failed")
            }
            // Series and tables of strategies are in the day's tables; all else is nobody's own.
            _ => ("strategy", "recorded"),
        };
        self.tell(about, event, more);
    }
}

/// Returns what is said of an auction of one's own, or one to which one proposes something.
fn of_auction(event: &AuctionEvent) -> More {
    let (proposal, reason) = match event {
        AuctionEvent::Offered { .. } => (None, None),
        AuctionEvent::Proposed { proposal, .. } | AuctionEvent::Accepted { proposal, .. } => {
            (Some(proposal), None)
        }
        AuctionEvent::ProposalEnded { proposal, why, .. } => (Some(proposal), Some(why.name())),
        AuctionEvent::Ended { why, .. } => (None, Some(why.name())),
    };
    More {
        auction_id: Some(event.auction().to_string()),
        proposal_id: proposal.map(|proposal| proposal.to_string()),
        reason: reason.map(str::to_owned),
        ..More::default()
    }
}

fn view_of_snapshot(data: &MarketData, order: &OrderSnapshot) -> Option<OrderView> {
    let of = |listing: ListingId, write: &dyn Fn(Writer<'_>) -> OrderView| {
        snapshot_of(data, listing).map(|snapshot| write(Writer::of(data, &snapshot)))
    };
    match order {
        OrderSnapshot::Open(id, open) => of(open.listing, &|writer| writer.open(*id, open, None)),
        OrderSnapshot::Closed(closed) => of(closed.last.listing, &|writer| writer.closed(closed)),
    }
}

fn fill_of(data: &MarketData, event: &OwnEvent, fill: &Fill) -> Option<FillLine> {
    let snapshot = snapshot_of(data, fill.listing)?;
    Some(Writer::of(data, &snapshot).fill(event.at, fill))
}
