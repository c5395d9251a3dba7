//! Firebase's emulator, for tests: it signs nothing, so it is asked itself whose a token is.

use std::net::SocketAddr;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use tracing::warn;

use super::Unread;
use super::id_token::{Claims, unsigned};
use crate::outgoing::Outgoing;

/// Whom the emulator knows by a token.
#[derive(Debug, Deserialize)]
struct Lookup {
    users: Vec<User>,
}

/// Somebody whom it knows.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    local_id: String,
}

/// Returns what a token says that the emulator knows to be somebody's.
///
/// # Errors
/// [`Unread`].
pub(super) async fn read(outgoing: &Outgoing, at: SocketAddr, token: &str) -> Result<Claims, Unread> {
    let claims = unsigned(token).map_err(Unread::Bad)?;
    // It takes any key.
    let url = format!("http://{at}/identitytoolkit.googleapis.com/v1/accounts:lookup?key=any");
    let request = outgoing.request(Method::POST, &url).json(&json!({ "idToken": token }));
    let reply = Outgoing::send(request).await.map_err(|error| {
        warn!(%error, "Firebase's emulator does not answer");
        Unread::Away
    })?;
    if reply.status == 400 {
        return Err(Unread::Bad("the emulator does not know it"));
    }
    let found: Lookup = reply.json().map_err(|fault| {
        warn!(status = reply.status, fault, "Firebase's emulator does not answer as it should");
        Unread::Away
    })?;
    let is_theirs = matches!(&found.users[..], [user] if user.local_id == claims.sub);
    if is_theirs { Ok(claims) } else { Err(Unread::Bad("it is somebody else's")) }
}
