//! [`Guarded`]: asks servers that people have named, on the internet only.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderMap;
use thiserror::Error;

use super::client::{OutgoingError, Reply, builder, of_client, unfit};
use super::public_address::is_public;
use super::target::{BadTarget, Reach, Target};

/// How much of an answer is read, in bytes: of what people's servers say, nothing is done with more.
const BODY_MAX: usize = 4_096;
/// How long a connection that nobody uses is kept.
const IDLE_MAX: Duration = Duration::from_secs(20);
/// How many of them are kept for one host.
const IDLE_EACH: usize = 4;

/// A name that is being looked up.
pub type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Looks up which addresses a name has.
pub trait Lookup: Send + Sync {
    /// Looks up a name.
    fn look_up(&self, host: &str) -> Looking;
}

/// Looks names up as the system does.
#[derive(Debug, Clone, Copy)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn look_up(&self, host: &str) -> Looking {
        let host = host.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A client of servers that people have named. It reaches public addresses only, unless an operator allows
/// others: a connection goes to one of the addresses that were checked, all of which must be public. It
/// follows no redirect, asks no proxy, waits ten seconds, and reads four kibibytes of an answer.
#[derive(Clone)]
pub struct Guarded {
    client: Client,
    reach: Reach,
}

impl fmt::Debug for Guarded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Guarded").field("reach", &self.reach).finish_non_exhaustive()
    }
}

impl Guarded {
    /// Makes a client.
    ///
    /// # Errors
    /// [`OutgoingError::Unfit`] if its TLS cannot be set up.
    pub fn new(reach: Reach) -> Result<Self, OutgoingError> {
        Self::with_lookup(reach, Arc::new(SystemLookup))
    }

    /// Makes a client that looks names up in another way.
    ///
    /// # Errors
    /// As [`Guarded::new`].
    pub fn with_lookup(reach: Reach, lookup: Arc<dyn Lookup>) -> Result<Self, OutgoingError> {
        let client = builder()?
            .no_proxy()
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(IDLE_EACH)
            .dns_resolver(Checked { lookup, reach });
        let client = client.build().map_err(|error| unfit(&error))?;
        Ok(Self { client, reach })
    }

    /// Reads an address that a person has named.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn target(&self, text: &str) -> Result<Target, BadTarget> {
        Target::parse(text, self.reach)
    }

    /// Posts a body, and reads the beginning of the answer, whatever its status.
    ///
    /// # Errors
    /// [`OutgoingError`] if there is none in time; [`OutgoingError::Unreachable`] too if a name leads to an
    /// address that may not be asked.
    pub async fn post(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Reply, OutgoingError> {
        // A target of another client may go further; what it names is checked before each request.
        let target = self.target(target.text()).map_err(|error| unfit(&error))?;
        let request = self.client.post(target.url().clone()).headers(headers).body(body);
        let mut response = request.send().await.map_err(|error| of_client(&error))?;
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        let mut body = Vec::new();
        // Whoever has answered with a status has answered: what is wrong with the rest changes nothing.
        while let Ok(Some(piece)) = response.chunk().await {
            let room = BODY_MAX - body.len();
            body.extend_from_slice(&piece[..piece.len().min(room)]);
            if body.len() == BODY_MAX {
                break;
            }
        }
        Ok(Reply { status, headers, body })
    }
}

/// A name leads to an address that may not be asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{host}` is at {address}, which is not on the internet")]
struct NotPublic {
    host: String,
    address: IpAddr,
}

/// Looks names up, and hands out what it has checked: whoever connects does not look again.
#[derive(Clone)]
struct Checked {
    lookup: Arc<dyn Lookup>,
    reach: Reach,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let Self { lookup, reach } = self.clone();
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = lookup.look_up(&host).await?;
            // One that is not public among others is no mistake of an honest name.
            let near = found.iter().copied().find(|address| !is_public(*address));
            if let Some(address) = near.filter(|_| reach == Reach::Public) {
                return Err(NotPublic { host, address }.into());
            }
            // The port is that of the address that was asked for.
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
