//! [`Provider`]: another provider of identity (OpenID Connect): what it says of itself, its keys, its tokens,
//! and the exchange of a code for one.

mod discovery;
#[cfg(feature = "firebase-emulator")]
mod emulator;
mod exchange;
mod id_token;
mod keys;
mod seal;

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use crate::config::OutsideProvider;
use crate::domain::{Problem, ProblemKind, WallTime};
use crate::outgoing::Outgoing;

use discovery::Discovery;
use keys::KeySet;

pub(super) use discovery::Metadata;
pub(super) use exchange::{Shown, refused_there};
pub(super) use id_token::{Claims, issuer_of};
pub(super) use seal::{Flow, Pending, Seal};

/// When to ask a provider again that did not answer.
const AGAIN: Duration = Duration::from_secs(10);

/// A provider, and what is known of it.
pub(super) struct Provider {
    pub(super) config: OutsideProvider,
    outgoing: Outgoing,
    discovery: Discovery,
    keys: KeySet,
}

impl Provider {
    pub(super) fn new(config: &OutsideProvider, outgoing: &Outgoing) -> Self {
        let (config, outgoing) = (config.clone(), outgoing.clone());
        Self { config, outgoing, discovery: Discovery::default(), keys: KeySet::default() }
    }

    /// Reads a token that the provider has signed for one of these audiences.
    ///
    /// # Errors
    /// [`Unread`].
    pub(super) async fn read(
        &self,
        token: &str,
        audiences: &[&str],
        now: WallTime,
    ) -> Result<Arc<Claims>, Unread> {
        let claims = self.verified(token, now).await?;
        let expected = id_token::Expected {
            issuer: &self.config.issuer,
            audiences,
            needs_auth_time: self.config.needs_auth_time,
            now: now.seconds(),
        };
        claims.check(&expected).map_err(Unread::Bad)?;
        Ok(claims)
    }

    /// Returns what a token says that the provider has signed.
    async fn verified(&self, token: &str, now: WallTime) -> Result<Arc<Claims>, Unread> {
        #[cfg(feature = "firebase-emulator")]
        if let Some(address) = self.config.emulator {
            return emulator::read(&self.outgoing, address, token).await.map(Arc::new);
        }
        let header = id_token::header(token, &self.config.algorithms).map_err(Unread::Bad)?;
        let keys = self.keys.with(&header.kid, now, || self.fetch_keys(now)).await.map_err(|fault| {
            warn!(provider = self.config.name, fault, "the keys of a provider of identity cannot be read");
            Unread::Away
        })?;
        let keys = keys.ok_or(Unread::Bad("no key has its id"))?;
        keys.read(token, &header).map_err(Unread::Bad)
    }

    async fn fetch_keys(&self, now: WallTime) -> Result<keys::Keys, String> {
        let discovered;
        let url = match &self.config.jwks_url {
            Some(url) => url,
            None => {
                discovered = self.discovery.get(self, now).await?;
                &discovered.jwks_uri
            }
        };
        let request = self.outgoing.request(reqwest::Method::GET, url);
        let reply = Outgoing::send(request).await.map_err(|error| format!("{url}: {error}"))?;
        keys::Keys::of_reply(&reply, now).map_err(|fault| format!("{url}: {fault}"))
    }
}

/// Why a token was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is none of theirs, or not any more: for the log.
    Bad(&'static str),
    /// The provider is away, or its keys make no sense.
    Away,
}

/// A provider does not answer as it should.
pub(super) fn away() -> Problem {
    let message = "the provider of this identity does not answer as it should";
    Problem::new(ProblemKind::Unavailable, "provider_unavailable", message).retry_after(AGAIN)
}
