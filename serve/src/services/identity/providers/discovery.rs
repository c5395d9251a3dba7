//! [`Discovery`]: what an issuer says of itself at `/.well-known/openid-configuration`.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::{AGAIN, Provider};
use crate::config::is_trusted_address;
use crate::domain::WallTime;
use crate::outgoing::Outgoing;

/// For how long it counts.
const FRESH: Duration = Duration::from_hours(1);
/// For how long it counts beyond that while the issuer is away.
const KEPT: Duration = Duration::from_hours(24);

/// What an issuer says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(in crate::services::identity) struct Metadata {
    issuer: String,
    pub(in crate::services::identity) authorization_endpoint: String,
    pub(in crate::services::identity) token_endpoint: String,
    pub(in crate::services::identity) jwks_uri: String,
    /// How clients show who they are; by a password of HTTP if nothing is said.
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether it says who it is where it sends somebody back (RFC 9207).
    #[serde(default)]
    pub(in crate::services::identity) authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Returns whether a client's secret goes into a header; else it goes into the body.
    pub(in crate::services::identity) fn takes_basic(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_ref();
        methods.is_none_or(|it| it.iter().any(|method| method == "client_secret_basic"))
    }

    /// Checks that it is of the issuer that was asked, and that what it names can be believed.
    fn check(&self, issuer: &str) -> Result<(), String> {
        if self.issuer != issuer {
            return Err("it is of another issuer".to_owned());
        }
        let addresses = [&self.authorization_endpoint, &self.token_endpoint, &self.jwks_uri];
        match addresses.into_iter().find(|address| !is_trusted_address(address)) {
            Some(_) => Err("it names an address without TLS".to_owned()),
            None => Ok(()),
        }
    }
}

/// What an issuer said of itself last, and when it was asked in vain.
#[derive(Default)]
pub(in crate::services::identity) struct Discovery {
    known: tokio::sync::Mutex<Known>,
}

#[derive(Default)]
struct Known {
    metadata: Option<(Arc<Metadata>, WallTime)>,
    failed: Option<(String, WallTime)>,
}

impl Known {
    /// Returns what was said, if it is not older.
    fn within(&self, age_max: Duration, now: WallTime) -> Option<Arc<Metadata>> {
        let (metadata, as_of) = self.metadata.as_ref()?;
        is_within(age_max, *as_of, now).then(|| Arc::clone(metadata))
    }

    /// Returns why it was asked in vain, if that was just now: others need not wait for the same.
    fn just_failed(&self, now: WallTime) -> Option<String> {
        let (fault, at) = self.failed.as_ref()?;
        is_within(AGAIN, *at, now).then(|| fault.clone())
    }
}

/// Returns whether a time is not longer ago; a clock that was set back makes nothing younger.
fn is_within(age_max: Duration, at: WallTime, now: WallTime) -> bool {
    at.until(now) < age_max && now.until(at) < age_max
}

impl Discovery {
    /// Returns what the issuer of a provider says, asking it where that is not known or too old.
    ///
    /// # Errors
    /// Why that is not known.
    pub(in crate::services::identity) async fn get(
        &self,
        provider: &Provider,
        now: WallTime,
    ) -> Result<Arc<Metadata>, String> {
        let mut known = self.known.lock().await;
        if let Some(metadata) = known.within(FRESH, now) {
            return Ok(metadata);
        }
        let fault = match known.just_failed(now) {
            Some(fault) => fault,
            None => match fetch(provider).await {
                Ok(metadata) => {
                    let metadata = Arc::new(metadata);
                    *known = Known { metadata: Some((Arc::clone(&metadata), now)), failed: None };
                    return Ok(metadata);
                }
                Err(fault) => fault,
            },
        };
        if known.just_failed(now).is_none() {
            known.failed = Some((fault.clone(), now));
        }
        known.within(FRESH + KEPT, now).ok_or(fault)
    }
}

async fn fetch(provider: &Provider) -> Result<Metadata, String> {
    let issuer = &provider.config.issuer;
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let request = provider.outgoing.request(reqwest::Method::GET, &url);
    let reply = Outgoing::send(request).await.map_err(|error| format!("{url}: {error}"))?;
    if !reply.is_success() {
        return Err(format!("{url}: it answers with {}", reply.status));
    }
    let metadata: Metadata = reply.json().map_err(|fault| format!("{url}: {fault}"))?;
    metadata.check(issuer).map_err(|fault| format!("{url}: {fault}"))?;
    Ok(metadata)
}
