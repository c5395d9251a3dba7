//! What the outside knows: ids, decimal numbers, times, people and what they may do, and problems.
//!
//! Nothing here knows a database, a market or HTTP.

mod client_order_id;
mod delivery;
mod ids;
pub mod ledger;
mod market_time;
mod notice;
mod notice_choices;
mod number;
mod order_words;
mod payment;
mod person;
mod problem;
mod refused_order;
mod request_id;
mod secret;
mod sent_order;
mod wall_time;

pub use client_order_id::{ClientOrderId, UnfitClientOrderId};
pub use delivery::{DeliveryState, OffReason};
pub use ids::{
    AccountId, AlertId, AnnouncementId, AuditId, BadId, ContestId, DeliveryId, EstimateId, IdentityId, KeyId,
    MailId, NoticeId, PaymentId, RefundId, SessionId, SubscriptionId, TransferId, UserId, WebhookId,
    WithdrawalId, WorkerId,
};
pub use ledger::{Asset, EntryKind};
pub use market_time::{BadTime, MarketTime, instant_of};
pub use notice::{
    AlertNotice, AlertTrigger, AuctionNotice, AuctionStep, ContestNotice, ContestStep, FactorStep,
    FillNotice, FundsNotice, IdentityNotice, MarginNotice, MarginStep, MoneyNotice, MoneyOutcome, Notice,
    NoticeContent, NoticeKind, OrderEnd, OrderEndNotice, SecurityNotice, StopNotice, StrategyNotice,
    WebhookNotice,
};
pub use notice_choices::{
    Language, NoticeChoices, NoticeChoicesChange, NoticeSettings, ShownNotices, Wanted,
};
pub use number::Number;
pub use order_words::{
    KindName, LiquidityName, PegName, PostOnlyName, SelfTradeName, StatusName, TimeInForceName,
};
pub use payment::{PaymentState, RefundState};
pub use person::{Actor, Credential, OutsideToken, Role, Scope, Scopes, UnknownScope};
pub use problem::{Problem, ProblemKind};
pub use refused_order::{BadRefusalId, RefusalId, RefusedOrder};
pub use request_id::RequestId;
pub use secret::Secret;
pub use sent_order::SentOrder;
pub use wall_time::WallTime;
