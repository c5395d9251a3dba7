//! [`RequestId`]: what a request is called in its answer and in the log.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use uuid::Uuid;

/// What a request is called in its answer and in the log; nothing that the market does depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

tokio::task_local! {
    static CURRENT: RequestId;
}

impl RequestId {
    /// How long one that a client gives is at most.
    pub const BYTES_MAX: usize = 64;

    /// Takes the one that a client gives, if it is well-formed: 1 to 64 letters, digits, and `-_.:` of ASCII,
    /// so that it means nothing else in any log or header.
    #[must_use]
    pub fn of_client(text: &str) -> Option<Self> {
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        let is_well_formed = (1..=Self::BYTES_MAX).contains(&text.len()) && text.bytes().all(is_fit);
        is_well_formed.then(|| Self(Arc::from(text)))
    }

    /// Draws a new one; those drawn later sort behind.
    #[must_use]
    pub fn draw() -> Self {
        Self(Arc::from(Uuid::now_v7().hyphenated().to_string()))
    }

    /// Returns that of the request that is being answered on this task, if one is.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// Makes it the current one for as long as a future takes.
    pub fn around<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, future)
    }

    /// Makes it the current one for a call.
    pub fn within<T>(&self, call: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), call)
    }

    /// Returns it as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_client_is_taken_if_it_can_mean_nothing_else() {
        let longest = "a".repeat(64);
        for text in ["a", "0190c7a4-5e4f-7c50-9a3e-1f6f0a4d2b11", "Root=1-67891233:x.y_z", &longest] {
            let is_fit = !text.contains('=');
            assert_eq!(RequestId::of_client(text).is_some(), is_fit, "{text}");
        }
        let longer = "a".repeat(65);
        for text in ["", " ", "a b", "a\nb", "a\u{e9}", "{\"a\":1}", "<b>", &longer] {
            assert_eq!(RequestId::of_client(text), None, "{text}");
        }
    }

    #[test]
    fn the_current_one_ends_with_its_call() {
        let id = RequestId::draw();
        assert_eq!(id.within(RequestId::current), Some(id));
        assert_eq!(RequestId::current(), None);
    }
}
