//! [`LogonRequest`]: what a Logon says, before it is known whose it is.

use std::fmt;
use std::ops::RangeInclusive;

use crate::domain::Secret;
use crate::fix::codec::{Fault, Message, tags, tags::kind};

/// How many seconds either side may be silent.
const HEARTBEATS: RangeInclusive<u32> = 5..=300;

/// The longest name of a side.
const NAME_MAX: usize = 32;

/// What a Logon says.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::fix) struct LogonRequest {
    /// What the other side calls itself.
    pub(in crate::fix) sender: String,
    /// The id of an API key.
    pub(in crate::fix) username: String,
    /// Its secret.
    pub(in crate::fix) password: Secret,
    /// How many seconds either side may be silent.
    pub(in crate::fix) heartbeat: u32,
    /// Whether both sides count from one again.
    pub(in crate::fix) is_reset: bool,
    /// Whether the orders of the session are canceled when its connection ends, if it says so.
    pub(in crate::fix) cancels: Option<bool>,
}

impl fmt::Debug for LogonRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogonRequest").field("sender", &self.sender).finish_non_exhaustive()
    }
}

impl LogonRequest {
    /// Reads a Logon to a server of a name.
    ///
    /// # Errors
    /// [`Fault`] that says in words why nobody is let in so.
    pub(in crate::fix) fn read(message: &Message, ours: &str) -> Result<Self, Fault> {
        let refuse = |tag: u32, text: String| Err(Fault::new(tag, 0, text));
        if message.kind() != kind::LOGON {
            return refuse(tags::MSG_TYPE, "the first message must be a Logon (35=A)".to_owned());
        }
        if message.version() != "FIX.4.4" {
            return refuse(8, format!("this server speaks FIX.4.4, not {}", message.version()));
        }
        if let Some(fault) = message.fault() {
            return Err(fault.clone());
        }
        let target = message.need(tags::TARGET_COMP_ID)?;
        if target != ours {
            return refuse(tags::TARGET_COMP_ID, format!("TargetCompID (56) is {ours} here, not {target}"));
        }
        let sender = message.need(tags::SENDER_COMP_ID)?;
        if !is_name(sender) {
            let text = format!(
                "SenderCompID (49) has 1 to {NAME_MAX} letters, digits, hyphens, underscores or dots"
            );
            return refuse(tags::SENDER_COMP_ID, text);
        }
        if message.need(tags::ENCRYPT_METHOD)? != "0" {
            return refuse(tags::ENCRYPT_METHOD, "EncryptMethod (98) is 0: use TLS instead".to_owned());
        }
        message.need(tags::HEART_BT_INT)?;
        let heartbeat: u32 = message.read(tags::HEART_BT_INT, "number of seconds")?.unwrap_or(0);
        if !HEARTBEATS.contains(&heartbeat) {
            let (least, most) = (HEARTBEATS.start(), HEARTBEATS.end());
            let text = format!("HeartBtInt (108) is {least} to {most} seconds, not {heartbeat}");
            return refuse(tags::HEART_BT_INT, text);
        }
        let (Some(username), Some(password)) = (message.get(tags::USERNAME), message.get(tags::PASSWORD))
        else {
            let text =
                "Username (553) is the id of an API key, and Password (554) its secret: both are needed";
            return refuse(tags::USERNAME, text.to_owned());
        };
        Ok(Self {
            sender: sender.to_owned(),
            username: username.to_owned(),
            password: Secret::new(password.to_owned()),
            heartbeat,
            is_reset: message.flag(tags::RESET_SEQ_NUM_FLAG)?.unwrap_or(false),
            cancels: message.flag(tags::CANCEL_ORDERS_ON_DISCONNECT)?,
        })
    }
}

/// Returns whether a side may be called so: it is the name of a directory, too.
pub(in crate::fix) fn is_name(text: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=NAME_MAX).contains(&text.len()) && text.bytes().all(is_fit)
}
