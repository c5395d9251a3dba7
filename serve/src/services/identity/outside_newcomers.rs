//! People who come for the first time by the word of another provider.

use tracing::info;
use uuid::Uuid;

use super::limits::Attempts;
use super::names::Username;
use super::providers::{Claims, Provider};
use super::{Identity, MailAddress, of_store, random};
use crate::domain::{AccountId, IdentityId, Problem, ProblemKind, Role, UserId};
use crate::store::people::{NewIdentity, NewUser};

/// How many names are tried.
const NAMES: usize = 8;
/// The letters of a name that come from elsewhere; the rest is for what makes it unique.
const NAME_BYTES: usize = 20;

/// Returns who somebody is at a provider.
pub(super) fn identity_of(provider: &Provider, claims: &Claims) -> NewIdentity {
    let (issuer, subject) = (provider.config.issuer.clone(), claims.sub.clone());
    let mut hasher = blake3::Hasher::new_derive_key("bearpit 2026-11 outside identities");
    // No issuer has a zero in its address.
    hasher.update(issuer.as_bytes()).update(&[0]).update(subject.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    let id = IdentityId::new(uuid::Builder::from_custom_bytes(id).into_uuid());
    NewIdentity { id, issuer, subject }
}

impl Identity {
    /// Makes a person of an identity that is nobody's. Somebody else may have done so meanwhile.
    ///
    /// # Errors
    /// That an operator makes every account, or that too many come.
    pub(super) async fn come(
        &self,
        provider: &Provider,
        claims: &Claims,
        identity: &NewIdentity,
    ) -> Result<(), Problem> {
        self.registration_is_open()?;
        let attempts: &Attempts<String> = &self.outside.newcomers;
        attempts.take(identity.issuer.clone(), self.now())?;
        let mut mail = claims.verified_mail().and_then(|mail| MailAddress::parse(mail).ok());
        let wished = name_of(claims);
        let mut name = Username::chosen(&wished);
        for _ in 0..NAMES {
            let username = match name {
                Ok(username) => username,
                // It is one that would pass for somebody else's.
                Err(_) => Username::chosen(&numbered(&wished)?)?,
            };
            let user = NewUser {
                id: UserId::draw(),
                account: AccountId::draw(),
                username: username.text().to_owned(),
                username_key: username.key(),
                mail: mail.as_ref().map(|mail| mail.text().to_owned()),
                is_verified: mail.is_some(),
                role: Role::User,
                password_hash: None,
                now: self.now(),
            };
            match self.people.add_with_identity(&user, identity).await {
                Ok(()) => {
                    let provider = &provider.config.name;
                    info!(user = %user.id, account = %user.account, provider, "registered from elsewhere");
                    self.newcomers.registered(user.account);
                    return Ok(());
                }
                Err(error) if error.is_conflict_on("users.username_key") => {
                    name = Username::chosen(&numbered(&wished)?);
                }
                // It is known to be somebody's here, which links nothing: they come without an address.
                Err(error) if error.is_conflict_on("users.mail_key") => (name, mail) = (Ok(username), None),
                Err(error) if error.is_conflict_on("outside_identities.id") => return Ok(()),
                Err(error) => return Err(of_store(error)),
            }
        }
        let message = "no name was found that is free";
        Err(Problem::new(ProblemKind::Unavailable, "no_free_name", message))
    }
}

/// Returns a name that resembles the one elsewhere: a mail address is not among them.
fn name_of(claims: &Claims) -> String {
    let wished = claims.preferred_username.as_deref().or(claims.name.as_deref()).unwrap_or_default();
    let wished = wished.split('@').next().unwrap_or_default();
    let letters = wished.chars().map(|it| if it.is_whitespace() { '.' } else { it });
    let letters = letters.filter(|it| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | '_'));
    let name: String = letters.skip_while(|it| !it.is_ascii_alphanumeric()).take(NAME_BYTES).collect();
    if name.len() < 3 { "trader".to_owned() } else { name }
}

fn numbered(name: &str) -> Result<String, Problem> {
    let number = Uuid::from_bytes(random::<16>()?).simple().to_string();
    Ok(format!("{name}-{}", &number[..8]))
}
