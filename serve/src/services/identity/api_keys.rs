//! API keys.

use std::sync::PoisonError;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tracing::info;
use uuid::Uuid;

use super::access::invalid;
use super::names::refused;
use super::{Identity, draw, of_store};
use crate::domain::{AccountId, Actor, Credential, KeyId, Problem, ProblemKind, Scopes, Secret};
use crate::store::database::Database;
use crate::store::people::{AddKeyOutcome, Key, NewKey};

/// What the secrets of keys begin with, so that people and scanners recognize one.
pub(super) const KEY: &str = "bpk_";
/// How many keys a person has at most.
const KEYS_MAX: i64 = 100;
/// How long the name of a key may be, in characters.
const NAME_MAX: usize = 64;
/// How many accounts it is remembered of whose they are, which never changes.
const OWN_ACCOUNTS_MAX: usize = 100_000;
/// The id of a key and 32 bytes at random.
const BYTES: usize = 16 + 32;

/// A key that was made: its secret is shown this once.
#[derive(Debug, Clone)]
pub struct DrawnKey {
    /// Its id, which is no secret.
    pub id: KeyId,
    /// Its secret.
    pub secret: Secret,
}

impl Identity {
    /// Makes a key with some of the scopes of its person.
    ///
    /// # Errors
    /// A name that is none, scopes that the person has not, or that there are too many keys.
    pub async fn create_key(&self, actor: &Actor, name: &str, scopes: Scopes) -> Result<DrawnKey, Problem> {
        self.create_key_for(actor, name, scopes, None).await
    }

    /// Makes a key that trades in an account of its person's in a contest, if one is named.
    ///
    /// # Errors
    /// As [`Identity::create_key`], and that the account is none of the person's.
    pub async fn create_key_for(
        &self,
        actor: &Actor,
        name: &str,
        scopes: Scopes,
        account: Option<AccountId>,
    ) -> Result<DrawnKey, Problem> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
            return Err(refused("invalid_name", "the name of a key has 1 to 64 characters", "name"));
        }
        let of_role = Scopes::of_role(actor.role);
        // A key for an account of a contest trades there, and does nothing else for its person.
        let own = account.map_or(of_role, |_| of_role.and(Scopes::of_account()));
        if scopes.is_empty() || scopes.and(own) != scopes {
            let message = match account {
                Some(_) => format!("a key for an account of a contest has one or more of: {own}"),
                None => format!("a key of yours has one or more of: {own}"),
            };
            return Err(refused("invalid_scopes", &message, "scopes"));
        }
        if let Some(account) = account {
            self.check_owns(actor, account).await.map_err(|problem| problem.at("account_id"))?;
        }
        let id = KeyId::draw();
        let secret = draw(KEY, id.uuid().as_bytes())?;
        let (user, hash, now) = (actor.user, secret.digest(), self.now());
        let key = NewKey { id, user, name: name.to_owned(), hash, scopes, account, now };
        match self.people.add_key(&key, KEYS_MAX).await.map_err(of_store)? {
            AddKeyOutcome::Added => {}
            AddKeyOutcome::TooMany => {
                let message = format!("there are {KEYS_MAX} keys already: end one");
                return Err(Problem::new(ProblemKind::Conflict, "too_many_keys", message));
            }
            // Since the token was looked at.
            AddKeyOutcome::Blocked => return Err(invalid()),
        }
        info!(user = %actor.user, key = %id, %scopes, "key made");
        Ok(DrawnKey { id, secret })
    }

    /// Returns who asks, in an account of theirs in a contest.
    ///
    /// # Errors
    /// That the account is none of the person's, or that a key was shown, which has its own.
    pub async fn in_account(&self, actor: Actor, account: AccountId) -> Result<Actor, Problem> {
        if actor.account == account {
            return Ok(actor);
        }
        if matches!(actor.credential, Credential::Key(_)) {
            let message = "a key trades in the account that it was made for";
            let problem = Problem::new(ProblemKind::Forbidden, "account_of_key", message);
            return Err(problem.hint("POST /api/keys makes one for another account: `account_id`"));
        }
        self.check_owns(&actor, account).await?;
        Ok(Actor { account, ..actor })
    }

    async fn check_owns(&self, actor: &Actor, account: AccountId) -> Result<(), Problem> {
        let is_known = || self.own_accounts.read().unwrap_or_else(PoisonError::into_inner);
        if is_known().contains(&(actor.user, account)) {
            return Ok(());
        }
        if !self.people.owns_account(actor.user, account).await.map_err(of_store)? {
            let message = format!("there is no account {account} of yours");
            let problem = Problem::new(ProblemKind::NotFound, "unknown_account", message);
            return Err(problem.hint("GET /api/contests/{contest_id}/me says which you have in a contest"));
        }
        let mut known = self.own_accounts.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= OWN_ACCOUNTS_MAX {
            known.clear();
        }
        known.insert((actor.user, account));
        Ok(())
    }

    /// Returns the keys of a person that go on, the newest first.
    ///
    /// # Errors
    /// That the database is away.
    pub async fn api_keys(&self, actor: &Actor) -> Result<Vec<Key>, Problem> {
        self.people.keys(actor.user).await.map_err(of_store)
    }

    /// Ends a key of a person, at once.
    ///
    /// # Errors
    /// That the person has no such key.
    pub async fn end_key(&self, actor: &Actor, key: KeyId) -> Result<(), Problem> {
        if !self.people.end_key(actor.user, key, self.now()).await.map_err(of_store)? {
            return Err(Problem::new(ProblemKind::NotFound, "unknown_key", "there is no such key"));
        }
        self.keys.end(key, self.now());
        info!(user = %actor.user, %key, "key ended");
        Ok(())
    }
}

/// Refuses a request that was made with the key of an account of a contest. Such a key may act for that
/// account only, not for the person who owns it.
///
/// # Errors
/// [`Problem`] if the request was made with such a key, or the database is away.
pub(in crate::services) async fn refuse_contest_key(database: &Database, who: &Actor) -> Result<(), Problem> {
    let is_bound = matches!(who.credential, Credential::Key(_))
        && database.entry_of_account(who.account).await.map_err(of_store)?.is_some();
    if !is_bound {
        return Ok(());
    }
    let message = "this key was made for an account of a contest, and may act for that account only";
    let problem = Problem::new(ProblemKind::Forbidden, "account_of_key", message);
    Err(problem.hint("log in, and name the account in the header X-Account; or use another key"))
}

/// Returns whether an id is that of the key with a secret; whether there is such a key is not looked at.
#[must_use]
pub fn is_id_of(id: &str, secret: &str) -> bool {
    parts(secret).is_some_and(|(key, _)| key.to_string() == id)
}

/// Returns the id of a key and the digest of its secret.
pub(super) fn parts(secret: &str) -> Option<(KeyId, [u8; 32])> {
    let text = secret.strip_prefix(KEY)?;
    // As many characters as that many bytes have.
    let bytes = URL_SAFE_NO_PAD.decode(Some(text).filter(|text| text.len() == BYTES / 3 * 4)?).ok()?;
    let id = Uuid::from_slice(bytes.get(..16)?).ok()?;
    Some((KeyId::new(id), *blake3::hash(secret.as_bytes()).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_names_its_key_and_nothing_else_is_one() {
        let id = KeyId::draw();
        let secret = draw(KEY, id.uuid().as_bytes()).unwrap();
        assert_eq!(secret.expose().len(), 68);
        assert_eq!(parts(secret.expose()), Some((id, secret.digest())));
        let longer = format!("{}A", secret.expose());
        for text in ["", "bpk_", "bpk_AAAA", &secret.expose()[1..], &secret.expose()[..67], &longer] {
            assert_eq!(parts(text), None, "{text}");
        }
        assert_eq!(parts(&format!("bpk_{}", "*".repeat(64))), None);
    }
}
