//! People who leave: nothing that says who they were is kept.

use super::{Ended, People};
use crate::domain::{Role, UserId, WallTime};
use crate::store::database::{StoreError, args, statements};

statements! {
    // Two administrators who leave at once wait for each other here.
    LOCK = "UPDATE users SET role = role WHERE role = $1";
    ERASE = "UPDATE users SET username = $2, username_key = $2, mail = NULL, mail_key = NULL, is_verified = $6,
        role = $5, password_hash = NULL, password_changed_at = $3, blocked_at = COALESCE(blocked_at, $3)
        WHERE id = $1 AND (role <> $4
            OR EXISTS (SELECT 1 FROM users o WHERE o.role = $4 AND o.blocked_at IS NULL AND o.id <> $1))";
    IS_LAST_ADMIN = "SELECT 1 AS one FROM users WHERE id = $1 AND role = $2 AND NOT EXISTS
        (SELECT 1 FROM users o WHERE o.role = $2 AND o.blocked_at IS NULL AND o.id <> $1)";
    SESSIONS = "UPDATE sessions SET user_agent = NULL, address = NULL WHERE user_id = $1";
    TOKENS = "DELETE FROM refresh_tokens WHERE session_id IN (SELECT id FROM sessions WHERE user_id = $1)";
    KEYS = "UPDATE api_keys SET name = '' WHERE user_id = $1";
    RESETS = "DELETE FROM resets WHERE user_id = $1";
    CODES = "DELETE FROM mail_codes WHERE subject = $1";
    FACTORS = "DELETE FROM second_factors WHERE user_id = $1";
    RECOVERY = "DELETE FROM recovery_codes WHERE user_id = $1";
    PROFILES = "DELETE FROM profiles WHERE user_id = $1";
    WEBHOOKS = "DELETE FROM webhooks WHERE user_id = $1";
    BROWSERS = "DELETE FROM push_subscriptions WHERE user_id = $1";
    DELIVERIES = "DELETE FROM deliveries WHERE user_id = $1";
    WATCHLISTS = "DELETE FROM watchlists WHERE user_id = $1";
    DEVICES = "DELETE FROM seen_devices WHERE user_id = $1";
    NOTICES = "DELETE FROM notices WHERE user_id = $1";
    LETTERS = "DELETE FROM notice_letters WHERE user_id = $1";
    ALERTS = "DELETE FROM price_alerts WHERE user_id = $1";
    ESTIMATES = "DELETE FROM estimates WHERE user_id = $1";
    GROUPS = "DELETE FROM trading_groups WHERE user_id = $1";
    STRATEGIES = "UPDATE strategies SET name = '', status = 'deleted' WHERE user_id = $1";
    LEAVE_CONTESTS = "UPDATE contest_entries SET status = 'withdrawn' WHERE user_id = $1 AND status = 'entered'";
    CONTEST_NAMES = "UPDATE contest_entries SET name = NULL, name_key = NULL WHERE user_id = $1";
}

impl People {
    /// Takes away all that says who a person was, and all that lets them in; what they did stays, in the name
    /// of nobody. `None`, and nothing has changed, if nobody else could administer the market.
    ///
    /// # Errors
    /// As any statement.
    pub async fn erase(&self, user: UserId, now: WallTime) -> Result<Option<Ended>, StoreError> {
        let (admin, plain) = (Role::Admin.name(), Role::User.name());
        // What an id has at random is its end: nobody else has it, or can take the name before.
        let id = user.uuid().simple().to_string();
        let name = format!("deleted-{}", &id[id.len() - 20..]);
        self.probe_sessions().await?;
        let mut transaction = self.database.begin().await?;
        transaction.execute(LOCK, args![admin]).await?;
        if transaction.execute(ERASE, args![user, name.as_str(), now, admin, plain, false]).await? == 0 {
            return Ok(None);
        }
        let ended = self.end_all_in(&mut transaction, user, now).await?;
        super::identities::end_all(&mut transaction, user, now).await?;
        for statement in [
            SESSIONS,
            TOKENS,
            KEYS,
            RESETS,
            CODES,
            FACTORS,
            RECOVERY,
            PROFILES,
            WATCHLISTS,
            WEBHOOKS,
            BROWSERS,
            DELIVERIES,
            DEVICES,
            NOTICES,
            LETTERS,
            ALERTS,
            ESTIMATES,
            GROUPS,
            STRATEGIES,
            LEAVE_CONTESTS,
            CONTEST_NAMES,
        ] {
            transaction.execute(statement, args![user]).await?;
        }
        transaction.commit().await?;
        Ok(Some(ended))
    }

    /// Returns whether nobody else could administer the market.
    ///
    /// # Errors
    /// As any statement.
    pub async fn is_last_admin(&self, user: UserId) -> Result<bool, StoreError> {
        let found = self.database.row(IS_LAST_ADMIN, args![user, Role::Admin.name()]).await?;
        Ok(found.is_some())
    }
}
