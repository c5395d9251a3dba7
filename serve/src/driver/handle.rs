//! [`MarketHandle`]: how everybody else talks with the market's thread.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Instant;

use bearpit_core::market::{Funding, Reference, ValueQuote};
use bearpit_core::participant::{AccountLimits, Answer, Instruction, ParticipantConfig};
use bearpit_core::units::{PersonId, SimDuration};
use thiserror::Error;
use tokio::sync::oneshot;

use super::clock::instant;
use super::listing_name::ListingName;
use super::look::{Look, LookReply, Seen};
use super::metrics::Metrics;
use super::publishing::Published;
use super::status::{MarketStatus, SharedStatus, Unavailable};
use super::sync_thread::DiskReport;
use super::trace::Trace;
use crate::domain::ClientOrderId;
use crate::live::{Control, ControlError, NotTaken};
use crate::publication::Publication;
use bearpit_core::kernel::ActorSpec;

/// What is asked of a market, in the name of a seat.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// The name of the seat: who is to sit there, for [`What::Join`].
    pub seat: Arc<str>,
    /// What is asked for.
    pub what: What,
    /// The id that the sender gives it, if it is to be told from others.
    pub client: Option<ClientOrderId>,
}

/// What can be asked of a market.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Take an order in, cancel or replace it.
    Instruct(Instruction),
    /// Let money or holdings in or out.
    Fund(Funding),
    /// Open the seat.
    Join {
        /// What kind of agent sits there.
        spec: ActorSpec,
        /// Its account and latencies.
        config: Box<ParticipantConfig>,
    },
    /// Move cash or holdings from this seat to another.
    Transfer {
        /// The name of the other seat.
        to: Arc<str>,
        /// What the other receives.
        funding: Funding,
    },
    /// Let another agent take the seat.
    Reseat(ActorSpec),
    /// By an operator: cancel the seat's orders, and take no more of it until it is unblocked.
    Block(Reference),
    /// By an operator: let the seat trade again.
    Unblock,
    /// By an operator: limit what is done from the seat.
    Limit(AccountLimits),
    /// Say to which person the seat's account belongs: between accounts of one nothing is auctioned.
    Identify(PersonId),
    /// By an operator, whatever the seat: halt a listing, or all.
    Halt {
        /// Which.
        listing: Option<ListingName>,
    },
    /// By an operator, whatever the seat: end the halt of a listing, or of all, by an auction.
    Reopen {
        /// Which.
        listing: Option<ListingName>,
        /// How long orders can be entered and canceled before it.
        auction: SimDuration,
    },
    /// Whatever the seat: say what an instrument is worth elsewhere, which its value follows.
    Quote {
        /// The instrument's symbol.
        symbol: Arc<str>,
        /// What it is worth.
        quote: ValueQuote,
        /// Whether it is taken however far it is from the last one.
        is_forced: bool,
    },
}

impl What {
    /// Returns a word for it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Instruct(Instruction::Submit { .. } | Instruction::SubmitNotional { .. }) => "submit",
            Self::Instruct(Instruction::Replace { .. }) => "replace",
            Self::Instruct(Instruction::Auction(_)) => "auction",
            Self::Instruct(_) => "cancel",
            Self::Fund(_) => "fund",
            Self::Join { .. } => "join",
            Self::Transfer { .. } => "transfer",
            Self::Reseat(_) => "reseat",
            Self::Block(_) => "block",
            Self::Unblock => "unblock",
            Self::Limit(_) => "limit",
            Self::Identify(_) => "identify",
            Self::Halt { .. } => "halt",
            Self::Reopen { .. } => "reopen",
            Self::Quote { .. } => "quote",
        }
    }
}

/// Why a request has no answer from the market.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Refused {
    /// The market takes no request at the moment.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// There is no seat of that name.
    #[error("there is no seat {0:?}")]
    NoSuchSeat(Arc<str>),
    /// No listing has that name, or several have.
    #[error("there is no listing {0}, or several have that symbol: then write SYMBOL@VENUE")]
    NoSuchListing(ListingName),
    /// No instrument has that symbol.
    #[error("there is no instrument {0:?}")]
    NoSuchInstrument(Arc<str>),
    /// The market does not take it.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    /// What an order would cost is worked out on a copy of its account, which is too large for that.
    #[error("the account has too many open orders for a preview: cancel some, or send the order")]
    TooLargeToPreview,
    /// It would have stopped the market, and was taken out of it.
    #[error("not executed: the market could not carry the request out, and has gone on without it")]
    Voided,
}

/// What an answer is waited for with. It is there once it is durable; if the market ends before, there is
/// none, and whether the request was executed is not known.
pub type Reply = oneshot::Receiver<Result<Answer, Refused>>;

/// A message to the market's thread.
#[derive(Debug)]
pub(super) enum ToMarket {
    Ask { ask: Ask, reply: Waiter },
    Look { seat: Arc<str>, look: Look, reply: oneshot::Sender<Result<Seen, Refused>> },
    Control { control: Control, reply: oneshot::Sender<Result<(), ControlError>> },
    Disk(DiskReport),
    Stop,
}

/// Who waits for an answer, and since when.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) reply: oneshot::Sender<Result<Answer, Refused>>,
    pub(super) since: Instant,
    pub(super) trace: Trace,
}

/// Talks with a market that runs on a thread of its own.
#[derive(Debug, Clone)]
pub struct MarketHandle {
    pub(super) to_market: SyncSender<ToMarket>,
    pub(super) status: SharedStatus,
    pub(super) published: Published,
    pub(super) metrics: Metrics,
}

impl MarketHandle {
    /// Asks something of the market. The answer comes once it is durable.
    ///
    /// # Errors
    /// [`Unavailable`] if the market takes nothing at the moment; nothing was done then.
    pub fn ask(&self, ask: Ask) -> Result<Reply, Unavailable> {
        let (reply, answer) = oneshot::channel();
        let waiter = Waiter { reply, since: instant(), trace: Trace::begin(ask.what.name()) };
        self.send(ToMarket::Ask { ask, reply: waiter })?;
        Ok(answer)
    }

    /// Looks at something in the name of a seat. What is seen comes once all that it follows from is durable;
    /// if the market ends before, nothing comes, and it can be asked again.
    ///
    /// # Errors
    /// [`Unavailable`] if the market takes nothing at the moment.
    pub fn look(&self, seat: Arc<str>, look: Look) -> Result<LookReply, Unavailable> {
        let (reply, seen) = oneshot::channel();
        self.send(ToMarket::Look { seat, look, reply })?;
        Ok(seen)
    }

    /// Changes how the market keeps in step with the wall clock. The reply comes once it is done, which is
    /// not yet once it is durable.
    ///
    /// # Errors
    /// [`Unavailable`] if the market takes nothing at the moment.
    pub fn control(
        &self,
        control: Control,
    ) -> Result<oneshot::Receiver<Result<(), ControlError>>, Unavailable> {
        let (reply, answer) = oneshot::channel();
        self.send(ToMarket::Control { control, reply })?;
        Ok(answer)
    }

    /// Asks the market to close its books, so that the next process opens from there. What was asked for
    /// before is carried out.
    pub fn stop(&self) {
        // A thread that has ended has stopped.
        self.to_market.send(ToMarket::Stop).unwrap_or_default();
    }

    /// Returns what the market is doing.
    #[must_use]
    pub fn status(&self) -> Arc<MarketStatus> {
        self.status.get()
    }

    /// Returns what readers see of the market.
    #[must_use]
    pub fn publication(&self) -> Publication {
        self.published.get()
    }

    /// Returns what is measured.
    #[must_use]
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    fn send(&self, message: ToMarket) -> Result<(), Unavailable> {
        self.to_market.try_send(message).map_err(|error| match error {
            TrySendError::Full(_) => Unavailable::Busy,
            TrySendError::Disconnected(_) => self.status.get().unavailable().unwrap_or(Unavailable::Stopped),
        })?;
        self.metrics.queue.inc();
        Ok(())
    }
}
