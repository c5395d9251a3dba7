//! [`Watched`]: the body of a response that says when it has ended.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use tokio::sync::oneshot;

/// The body of a response that says when it has ended, by dropping its end of a channel.
///
/// The server closes a connection whose request is not read to its end when the response has ended, but goes
/// on to read, for ever, if nobody has the request any more by then. A WebSocket's request has no end, so it
/// is held until its response is over.
#[derive(Debug)]
pub(in crate::http) struct Watched {
    body: BoxBody,
    _ended: oneshot::Sender<()>,
}

impl Watched {
    /// Watches a body; what is returned is ready once that has ended.
    pub(in crate::http) fn new(body: BoxBody) -> (Self, oneshot::Receiver<()>) {
        let (ended, has_ended) = oneshot::channel();
        (Self { body, _ended: ended }, has_ended)
    }
}

impl MessageBody for Watched {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.body.as_pin_mut().poll_next(cx)
    }
}
