//! [`Trace`]: the spans of a request on its way through the market; [`Followed`]: of what follows from it.
//!
//! ```text
//! request                      the HTTP face
//! └ trading                    the service
//!   └ market                   from when it is asked until it is answered
//!     ├ queue                  until the market's thread takes it
//!     ├ append                 until its record is handed to the journal's thread
//!     ├ sync                   until that is on disk
//!     └ reply                  the answer
//!     ┄ published              each fact about its order that is shown, whenever that is
//! ```
//!
//! All but the first are of the level `debug`: where nobody takes that level they are not made, and cost a
//! comparison each. They go beside the request, in no journal, and nothing that happens depends on them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bearpit_core::kernel::RequestTag;
use bearpit_core::market::Fact;
use bearpit_core::participant::{Answer, Outcome};
use bearpit_core::units::OrderId;
use tracing::field::{Empty, display};
use tracing::{Span, debug, debug_span};

use crate::domain::RequestId;

/// How many orders are followed: of those that are older, what is published is in no trace.
const FOLLOWED_MAX: usize = 4_096;

/// The spans of a request on its way through the market.
#[derive(Debug)]
pub(super) struct Trace {
    request: Option<RequestId>,
    market: Span,
    stage: Span,
}

impl Trace {
    /// Begins within the span at hand.
    pub(super) fn begin(what: &'static str) -> Self {
        let market = debug_span!("market", what, tag = Empty, order = Empty);
        let stage = debug_span!(parent: &market, "queue");
        let request = if market.is_disabled() { None } else { RequestId::current() };
        Self { request, market, stage }
    }

    /// Returns whether anybody takes the spans.
    pub(super) fn is_on(&self) -> bool {
        !self.market.is_disabled()
    }

    /// The market's thread has taken it.
    pub(super) fn taken(&mut self, tag: RequestTag) {
        self.market.record("tag", tag.get());
        self.stage = debug_span!(parent: &self.market, "append");
    }

    /// Its record was handed to the journal's thread.
    pub(super) fn appended(&mut self) {
        self.stage = debug_span!(parent: &self.market, "sync");
    }

    /// It is answered; returns the order that is to be followed, if it entered one.
    pub(super) fn answered(self, answer: &Answer) -> Option<(OrderId, Origin)> {
        drop(self.stage);
        let order = match answer.outcome {
            Ok(Outcome::Submitted { order, .. }) => Some(order),
            _ => None,
        };
        if let Some(order) = order {
            self.market.record("order", order.get());
        }
        let is_done = answer.outcome.is_ok();
        debug_span!(parent: &self.market, "reply", is_done).in_scope(|| debug!(is_done, "replied"));
        Some((order?, Origin::of(&self.market, self.request)))
    }
}

/// What is left of the span of an order's request once that has ended.
#[derive(Debug)]
pub(super) struct Origin {
    request: Option<RequestId>,
    #[cfg(feature = "otlp")]
    context: opentelemetry::Context,
}

impl Origin {
    fn of(market: &Span, request: Option<RequestId>) -> Self {
        #[cfg(not(feature = "otlp"))]
        let _: &Span = market;
        Self {
            request,
            #[cfg(feature = "otlp")]
            context: tracing_opentelemetry::OpenTelemetrySpanExt::context(market),
        }
    }

    fn publish(&self, order: OrderId, fact: &'static str) {
        // Not within the request's span: as long as there are some within it, that has no end.
        let span = debug_span!(parent: None, "published", request_id = Empty, order = order.get(), fact);
        if let Some(request) = &self.request {
            span.record("request_id", display(request));
        }
        #[cfg(feature = "otlp")]
        // Fails for spans that have begun already only.
        tracing_opentelemetry::OpenTelemetrySpanExt::set_parent(&span, self.context.clone()).ok();
        span.in_scope(|| debug!("published"));
    }
}

/// The orders whose requests were traced, the newest of them.
#[derive(Debug, Default)]
pub(super) struct Followed {
    origins: HashMap<OrderId, Arc<Origin>>,
    oldest: VecDeque<OrderId>,
}

impl Followed {
    /// Follows an order from now on.
    pub(super) fn add(&mut self, order: OrderId, origin: Origin) {
        if self.oldest.len() == FOLLOWED_MAX
            && let Some(oldest) = self.oldest.pop_front()
        {
            self.origins.remove(&oldest);
        }
        self.oldest.push_back(order);
        self.origins.insert(order, Arc::new(origin));
    }

    /// A fact is published.
    pub(super) fn publish(&self, fact: &Fact) {
        if self.origins.is_empty() {
            return;
        }
        let Some((name, orders)) = of_orders(fact) else { return };
        for order in orders.into_iter().flatten() {
            if let Some(origin) = self.origins.get(&order) {
                origin.publish(order, name);
            }
        }
    }
}

/// Returns what a fact says about orders, and about which.
const fn of_orders(fact: &Fact) -> Option<(&'static str, [Option<OrderId>; 2])> {
    let (name, order) = match *fact {
        Fact::Traded(ref trade) => {
            return Some(("filled", [Some(trade.maker_order), Some(trade.taker_order)]));
        }
        Fact::OrderAccepted { order, .. } => ("accepted", order),
        Fact::OrderRejected { order, .. } => ("rejected", order),
        Fact::CommandRejected { order, .. } => ("command_rejected", order),
        Fact::OrderReplaced { order, .. } | Fact::OrderTermsReplaced { order, .. } => ("replaced", order),
        Fact::OrderRepriced { order, .. } => ("repriced", order),
        Fact::OrderReduced { order, .. } => ("reduced", order),
        Fact::OrderGrown { order, .. } => ("grown", order),
        Fact::OrderRestated { order, .. } => ("restated", order),
        Fact::OrderTriggered { order, .. } => ("triggered", order),
        Fact::OrderCanceled { order, .. } => ("canceled", order),
        Fact::OrderExpired { order, .. } => ("expired", order),
        _ => return None,
    };
    Some((name, [Some(order), None]))
}
