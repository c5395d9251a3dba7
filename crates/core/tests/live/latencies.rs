//! Latencies that no message can have.

use super::*;

use bearpit_core::exchange::BuildError;
use bearpit_core::kernel::{InjectError, LatencyError, MemoryJournal};
use bearpit_core::participant::RequestError;

const fn micros(micros: i64) -> SimDuration {
    SimDuration::from_micros(micros)
}

/// Unfit models, and why they are.
fn unfit() -> [(LatencyModel, LatencyError); 8] {
    let (min, max) = (micros(90), micros(10));
    let hour = SimDuration::from_secs(3_600);
    let (beyond, least) = (hour + SimDuration::from_nanos(1), SimDuration::from_nanos(-1));
    let lognormal = |sigma| LatencyModel::LogNormal { median: micros(50), sigma };
    [
        (LatencyModel::Uniform { min, max }, LatencyError::MinAboveMax { min, max }),
        (LatencyModel::Uniform { min: least, max }, LatencyError::SpanOutOfRange(least)),
        (LatencyModel::Constant(least), LatencyError::SpanOutOfRange(least)),
        (LatencyModel::Constant(beyond), LatencyError::SpanOutOfRange(beyond)),
        (LatencyModel::LogNormal { median: least, sigma: 0.5 }, LatencyError::SpanOutOfRange(least)),
        (lognormal(-0.1), LatencyError::SigmaOutOfRange),
        (lognormal(f64::NAN), LatencyError::SigmaOutOfRange),
        (lognormal(f64::INFINITY), LatencyError::SigmaOutOfRange),
    ]
}

/// The model at each leg in turn.
fn legs(model: &LatencyModel) -> [Latencies; 3] {
    let (model, none) = (|| model.clone(), Latencies::NONE);
    [
        Latencies { entry: model(), ..none.clone() },
        Latencies { report: model(), ..none.clone() },
        Latencies { feed: model(), ..none },
    ]
}

#[test]
fn nobody_joins_with_them_and_no_journal_has_them() {
    let journal = MemoryJournal::new();
    let mut builder = builder(0);
    builder.journal(journal.clone());
    let mut live = Live::start(builder);
    let join = |latencies| RequestKind::Join {
        name: "c".to_owned(),
        spec: ActorSpec::new("desk"),
        config: desk(1_000, 0).with_latencies(latencies),
    };
    for (model, cause) in unfit() {
        for latencies in legs(&model) {
            let request = Request { tag: Some(RequestTag::new(99)), kind: join(latencies) };
            let refused = live.market.request(after(1), request);
            assert_eq!(refused, Err(InjectError::Request(RequestError::Latencies(cause))), "{model:?}");
        }
    }
    assert_eq!(journal.entries().len(), 0);
    // The name is free, and the longest there are will do.
    let longest = LatencyModel::LogNormal { median: LatencyModel::MAX, sigma: LatencyModel::SIGMA_MAX };
    for latencies in legs(&longest) {
        latencies.check().unwrap();
    }
    live.ask(2, join(legs(&longest)[0].clone())).outcome.unwrap();
    live.submit(3, "c", limit(Side::Buy, 1, 100)).unwrap();
    live.finish();
}

#[test]
fn no_market_is_laid_out_with_them() {
    for (model, cause) in unfit() {
        for latencies in legs(&model) {
            let mut agents = builder(0);
            let refused = agents.agent("c", desk(1_000, 0).with_latencies(latencies.clone()), Desk);
            assert_eq!(refused, Err(BuildError::Latencies { name: "c".to_owned(), cause }), "{model:?}");
            let mut venues = MarketBuilder::new(Seed::new(7), open(), after(1_000)).unwrap();
            venues.venue("PIT", Fees::default(), latencies, &[]);
            let refused = venues.open().map(|_| ());
            assert_eq!(refused, Err(BuildError::Latencies { name: "PIT".to_owned(), cause }), "{model:?}");
        }
    }
}
