//! People who come by the word of another provider (OpenID Connect): by a login there, or with a token of it
//! as the credential of each request.
//!
//! Who somebody is there are an issuer and a subject, never a mail address: one that is known here links
//! nothing. Whoever comes for the first time is a new person, unless a person who is logged in here has
//! linked the identity before.
//!
//! A login is the authorization code flow with PKCE, state and nonce. What is to be remembered meanwhile is
//! in a cookie of the browser that nobody else can write; state, nonce and verifier are made of it with a
//! key of this market, so nothing is stored for logins that are never ended.

use std::collections::HashMap;
use std::sync::Arc;

use tracing::warn;

use super::limits::Attempts;
use super::providers::{Provider, Seal};
use super::signing_key::SigningKey;
use super::states::States;
use crate::config::IdentityConfig;
use crate::domain::{IdentityId, Problem, ProblemKind, WallTime};
use crate::outgoing::{Outgoing, OutgoingError};
use crate::store::database::StoreError;
use crate::store::people::IdentityState;

/// The other providers of a market.
pub(super) struct Outside {
    pub(super) providers: Vec<Arc<Provider>>,
    /// Their places by issuer.
    by_issuer: HashMap<String, usize>,
    pub(super) seal: Seal,
    pub(super) states: States<IdentityId, IdentityState>,
    /// How often new people come from each.
    pub(super) newcomers: Attempts<String>,
}

/// What a page shows of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderName {
    /// Its name in routes.
    pub name: String,
    /// What people call it.
    pub label: String,
}

impl Outside {
    /// Knows the providers of a configuration; asks none of them yet.
    ///
    /// # Errors
    /// That nothing can be asked at all.
    pub(super) fn new(config: &IdentityConfig, key: &SigningKey) -> Result<Self, OutgoingError> {
        let mut providers = Vec::new();
        if !config.outside.is_empty() {
            let outgoing = Outgoing::new()?;
            for provider in config.outside.iter().filter(|it| it.emulator.is_some()) {
                warn!(
                    provider = provider.name,
                    "tokens of Firebase's emulator are taken, which anybody can write: for tests only"
                );
            }
            providers.extend(config.outside.iter().map(|it| Arc::new(Provider::new(it, &outgoing))));
        }
        let places = providers.iter().enumerate();
        Ok(Self {
            by_issuer: places.map(|(place, it)| (it.config.issuer.clone(), place)).collect(),
            providers,
            seal: Seal::new(key.derived("bearpit 2026-11 outside logins")),
            states: States::new(StoreError::Away),
            newcomers: Attempts::new(config.limits.address_attempts),
        })
    }

    /// Returns the provider of a name to which people are sent to log in.
    pub(super) fn for_login(&self, name: &str) -> Result<&Arc<Provider>, Problem> {
        let provider = self.providers.iter().find(|it| it.config.name == name && it.config.client.is_some());
        let message = "there is no such provider to log in with";
        provider.ok_or_else(|| Problem::new(ProblemKind::NotFound, "unknown_provider", message))
    }

    pub(super) fn of_issuer(&self, issuer: &str) -> Option<&Arc<Provider>> {
        self.providers.get(*self.by_issuer.get(issuer)?)
    }

    /// Knows from now on that an identity is nobody's.
    pub(super) fn forget(&self, id: IdentityId, now: WallTime) {
        self.states.end(id, now);
    }
}

impl ProviderName {
    pub(super) fn of(provider: &Provider) -> Self {
        Self { name: provider.config.name.clone(), label: provider.config.label.clone() }
    }
}
