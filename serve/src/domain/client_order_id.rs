//! [`ClientOrderId`]: the id that a sender gives a request.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The id that a sender gave a request, unique among those of one participant.
///
/// Who does not know whether a request was taken makes it again with the same id, and gets the first outcome.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientOrderId(String);

/// A text that is no [`ClientOrderId`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a client order id has 1 to {max} characters, none of them a control character", max = ClientOrderId::LENGTH_MAX)]
pub struct UnfitClientOrderId;

impl ClientOrderId {
    /// The most characters of one.
    pub const LENGTH_MAX: usize = 128;

    /// Returns it as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClientOrderId {
    type Error = UnfitClientOrderId;

    fn try_from(text: String) -> Result<Self, UnfitClientOrderId> {
        let length = text.chars().count();
        let is_fit = (1..=Self::LENGTH_MAX).contains(&length) && !text.chars().any(char::is_control);
        if is_fit { Ok(Self(text)) } else { Err(UnfitClientOrderId) }
    }
}

impl From<ClientOrderId> for String {
    fn from(id: ClientOrderId) -> Self {
        id.0
    }
}
