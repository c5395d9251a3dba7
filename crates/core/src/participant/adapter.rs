//! [`Trader`]: makes an `actix` actor one of a world.

use std::fmt;
use std::sync::Arc;

use actix::dev::{MessageResponse, OneshotSender};
use actix::{Actor, Handler, Running};

use super::boxed::Boxed;
use super::context::Context;
use super::fault::MarketFault;
use super::message::{MarketData, Message, Update};
use super::state::MarketState;
use crate::kernel::{SimActor, Wakeup};
use crate::market::{ExecutionReport, ReportKind, SentCommand, Transfer};

/// An `actix` actor that trades: any actor in this [`Context`] with the three handlers is one.
pub trait TradingActor:
    Actor<Context = Context>
    + Handler<Wakeup, Result: HandlerResult>
    + Handler<ExecutionReport, Result: HandlerResult>
    + Handler<MarketData, Result: HandlerResult>
{
}

impl<A> TradingActor for A where
    A: Actor<Context = Context>
        + Handler<Wakeup, Result: HandlerResult>
        + Handler<ExecutionReport, Result: HandlerResult>
        + Handler<MarketData, Result: HandlerResult>
{
}

/// What the handler of a trading actor returns: nothing, or that it ignores all such messages.
pub trait HandlerResult {
    /// Whether all messages of the kind are ignored.
    const IS_IGNORED: bool;
}

impl HandlerResult for () {
    const IS_IGNORED: bool = false;
}

/// The result of a handler that does nothing, whatever the message, as
/// [`ignore_messages!`](crate::ignore_messages) writes it.
///
/// Reports that are ignored are booked without being delivered.
#[derive(Debug, Clone, Copy)]
pub struct Ignored;

impl HandlerResult for Ignored {
    const IS_IGNORED: bool = true;
}

impl<A: Actor, M: actix::Message<Result = ()>> MessageResponse<A, M> for Ignored {
    fn handle(self, _: &mut A::Context, sender: Option<OneshotSender<()>>) {
        // A sender that nobody waits for any more is none to answer.
        sender.map(|sender| sender.send(()));
    }
}

/// Which messages a trading actor has any use for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interest {
    /// Whether it handles execution reports.
    pub reports: bool,
}

impl Interest {
    /// Every message.
    pub const ALL: Self = Self { reports: true };
}

/// Writes empty handlers for messages that an actor has no use for.
///
/// ```
/// use bearpit_core::kernel::Wakeup;
/// use bearpit_core::market::ExecutionReport;
/// use bearpit_core::participant::{Context, MarketData};
///
/// struct Sleeper;
/// impl actix::Actor for Sleeper {
///     type Context = Context;
/// }
/// bearpit_core::ignore_messages!(Sleeper: Wakeup, ExecutionReport, MarketData);
/// ```
#[macro_export]
macro_rules! ignore_messages {
    ($actor:ty: $($message:ty),+ $(,)?) => {
        $(impl ::actix::Handler<$message> for $actor {
            type Result = $crate::participant::Ignored;

            fn handle(&mut self, _: $message, _: &mut $crate::participant::Context) -> Self::Result {
                $crate::participant::Ignored
            }
        })+
    };
}

/// Adapts a trading actor to the kernel: passes each message to the handler for it.
///
/// Instructions from outside are carried out here, in the actor's name, so a person's orders pass the same
/// gate and the same links as everybody's. After each fill, and each transfer of shares, reduce-only orders
/// that no longer fit the position are canceled.
pub struct Trader<A>(pub A);

impl<A> fmt::Debug for Trader<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Trader").field(&std::any::type_name::<A>()).finish()
    }
}

/// A trading actor whose type is known only where it was made, such as one that a kind of agent built.
pub struct AnyTrader(Box<dyn SimActor<MarketState>>);

impl AnyTrader {
    /// Takes an actor.
    pub fn new(actor: impl TradingActor) -> Self {
        Self(Box::new(Boxed::new(actor)))
    }

    /// Returns the actor as a world takes it.
    #[must_use]
    pub fn into_actor(self) -> Box<dyn SimActor<MarketState>> {
        self.0
    }
}

impl fmt::Debug for AnyTrader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyTrader").finish_non_exhaustive()
    }
}

impl<A: TradingActor> SimActor<MarketState> for Trader<A> {
    fn started(&mut self, ctx: &mut Context) {
        self.0.started(ctx);
    }

    fn interest(&self) -> Interest {
        Interest { reports: !<A as Handler<ExecutionReport>>::Result::IS_IGNORED }
    }

    fn deliver(&mut self, message: Message, ctx: &mut Context) {
        match message {
            Message::Wakeup(wakeup) => {
                self.0.handle(wakeup, ctx);
            }
            Message::Report(report) => {
                let report = ExecutionReport::from(report);
                self.0.handle(report, ctx);
                // After the actor, who may have seen to it, and whose new orders are to fit as well.
                if matches!(report.kind, ReportKind::Filled { .. }) {
                    ctx.cancel_unfit_at(report.listing);
                }
            }
            Message::Market(data) => {
                let data = Arc::unwrap_or_clone(data);
                if matches!(data.update, Update::Warmup(_)) {
                    ctx.while_warming_up(|ctx| {
                        self.0.handle(data, ctx);
                    });
                } else {
                    self.0.handle(data, ctx);
                }
            }
            Message::Instruction(request) => ctx.carry_out(*request),
            Message::Funding(request) => {
                // The account has booked it; shares can turn a position round.
                if let Transfer::Shares { instrument, .. } = request.what.transfer {
                    ctx.cancel_unfit(instrument);
                }
                let owner = ctx.id();
                ctx.watch_ruin_of(owner);
            }
            Message::Seat(request) => ctx.follow_seat_operation(&request.what),
            Message::Venue(_) | Message::Quote(_) => ctx.fail(MarketFault::OperationForVenue),
            Message::Command(sent) => {
                ctx.fail(MarketFault::CommandToTrader(SentCommand::from(sent).command.order));
            }
        }
    }

    fn stopping(&mut self, ctx: &mut Context) -> Running {
        self.0.stopping(ctx)
    }

    fn stopped(&mut self, ctx: &mut Context) {
        self.0.stopped(ctx);
    }
}
