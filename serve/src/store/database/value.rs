//! [`Value`]: an argument of a statement.

use uuid::Uuid;

use super::amount::Amount;
use crate::domain::{
    AccountId, AlertId, AnnouncementId, AuditId, ContestId, DeliveryId, EstimateId, IdentityId, KeyId,
    MailId, NoticeId, PaymentId, RefundId, SessionId, SubscriptionId, TransferId, UserId, WallTime,
    WebhookId, WithdrawalId, WorkerId,
};

/// An argument of a statement. An absent one has a type too, since PostgreSQL asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A truth value.
    Bool(Option<bool>),
    /// A number, or a time in nanoseconds.
    Int(Option<i64>),
    /// A text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
    /// An id.
    Id(Option<Uuid>),
    /// An amount.
    Amount(Option<Amount>),
}

/// Makes the arguments of a statement from values of their own types.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::store::database::Value::from($value)),*] };
}
pub(crate) use args;

macro_rules! values {
    ($($type:ty => $kind:ident, $value:pat => $made:expr;)+) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                Self::$kind(Some($made))
            }
        }

        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$kind(value.map(|$value| $made))
            }
        }
    )+};
}

values! {
    bool => Bool, value => value;
    i64 => Int, value => value;
    u32 => Int, value => i64::from(value);
    WallTime => Int, value => value.nanos();
    String => Text, value => value;
    &str => Text, value => value.to_owned();
    Vec<u8> => Bytes, value => value;
    &[u8] => Bytes, value => value.to_vec();
    [u8; 32] => Bytes, value => value.to_vec();
    Uuid => Id, value => value;
    UserId => Id, value => value.uuid();
    AccountId => Id, value => value.uuid();
    SessionId => Id, value => value.uuid();
    KeyId => Id, value => value.uuid();
    AuditId => Id, value => value.uuid();
    AnnouncementId => Id, value => value.uuid();
    ContestId => Id, value => value.uuid();
    MailId => Id, value => value.uuid();
    TransferId => Id, value => value.uuid();
    IdentityId => Id, value => value.uuid();
    PaymentId => Id, value => value.uuid();
    WithdrawalId => Id, value => value.uuid();
    RefundId => Id, value => value.uuid();
    NoticeId => Id, value => value.uuid();
    AlertId => Id, value => value.uuid();
    WebhookId => Id, value => value.uuid();
    SubscriptionId => Id, value => value.uuid();
    DeliveryId => Id, value => value.uuid();
    EstimateId => Id, value => value.uuid();
    WorkerId => Id, value => value.uuid();
    Amount => Amount, value => value;
}
