//! What people are told of who gets in: in the transaction of what they are told.

use super::People;
use super::sessions::Device;
use crate::domain::{FactorStep, Language, NoticeContent, NoticeSettings, SecurityNotice, UserId, WallTime};
use crate::store::database::{StoreError, Transaction, args, statements};
use crate::store::mails::{self, NewMail};
use crate::store::notices::{self, NewNotice};

statements! {
    SETTINGS = "SELECT settings FROM profiles WHERE user_id = $1";
    SEE_AGAIN = "UPDATE seen_devices SET seen_at = $3 WHERE user_id = $1 AND digest = $2";
    HAS_SEEN = "SELECT 1 AS one FROM seen_devices WHERE user_id = $1 LIMIT 1";
    SEE = "INSERT INTO seen_devices (user_id, digest, seen_at) VALUES ($1, $2, $3)
        ON CONFLICT (user_id, digest) DO NOTHING";
    FORGET_DEVICES = "DELETE FROM seen_devices WHERE seen_at <= $1";
}

impl People {
    /// Returns in which language a person is addressed.
    ///
    /// # Errors
    /// As any statement.
    pub async fn language(&self, user: UserId) -> Result<Language, StoreError> {
        let row = self.database.row(SETTINGS, args![user]).await?;
        let settings = row.map(|row| row.get::<String>("settings")).transpose()?;
        Ok(NoticeSettings::of_json(settings.as_deref()).language)
    }

    /// Forgets the devices that were seen last at a time or before.
    ///
    /// # Errors
    /// As any statement.
    pub async fn forget_devices(&self, until: WallTime) -> Result<u64, StoreError> {
        self.database.execute(FORGET_DEVICES, args![until]).await
    }
}

/// Tells a person something that concerns who gets in.
pub(super) async fn tell(
    transaction: &mut Transaction,
    user: UserId,
    content: NoticeContent,
    now: WallTime,
) -> Result<(), StoreError> {
    let notice = NewNotice { user, account: None, at: now, source: None, content };
    notices::add(transaction, &notice).await.map(drop)
}

/// Tells a person that the password was changed, by mail too if they can be reached.
pub(super) async fn password_changed(
    transaction: &mut Transaction,
    user: UserId,
    mail: Option<&NewMail>,
    now: WallTime,
) -> Result<(), StoreError> {
    if let Some(mail) = mail {
        mails::add(transaction, mail).await?;
    }
    tell(transaction, user, NoticeContent::PasswordChanged(SecurityNotice::default()), now).await
}

/// Tells a person what happened to their second factor.
pub(super) async fn second_factor(
    transaction: &mut Transaction,
    user: UserId,
    step: FactorStep,
    now: WallTime,
) -> Result<(), StoreError> {
    let content =
        NoticeContent::SecondFactor(SecurityNotice { step: Some(step), ..SecurityNotice::default() });
    tell(transaction, user, content, now).await
}

/// Notes a device, and tells the person if it is another than those that were seen; nothing of the first.
pub(super) async fn seen(
    transaction: &mut Transaction,
    user: UserId,
    device: &Device,
    now: WallTime,
) -> Result<(), StoreError> {
    if transaction.execute(SEE_AGAIN, args![user, device.digest, now]).await? == 1 {
        return Ok(());
    }
    let is_first = transaction.row(HAS_SEEN, args![user]).await?.is_none();
    let is_new = transaction.execute(SEE, args![user, device.digest, now]).await? == 1;
    if is_first || !is_new {
        return Ok(());
    }
    let (name, address) = (device.name.clone(), Some(device.address.clone()));
    let content = NoticeContent::SignIn(SecurityNotice { device: name, address, step: None });
    tell(transaction, user, content, now).await
}
