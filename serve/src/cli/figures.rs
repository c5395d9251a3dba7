//! Figures that are read from the market's status whenever Prometheus asks.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::driver::{MarketHandle, Stage};

/// The stage and the speed of a market.
#[derive(Debug)]
pub(super) struct StatusFigures(pub(super) MarketHandle);

impl Collector for StatusFigures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let status = self.0.status();
        let help = "Whether the market is in a stage: 1 for the one that it is in";
        let mut stages = encoder.encode_descriptor("stage", help, None, MetricType::Gauge)?;
        for name in Stage::NAMES {
            let label = [("stage", name)];
            let of_stage = stages.encode_family(&label)?;
            ConstGauge::new(i64::from(name == status.stage.name())).encode(of_stage)?;
        }
        let mut figure = |name, help, value: f64| {
            let figure = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(value).encode(figure)
        };
        let is_ready = status.unavailable().is_none();
        figure("takes_orders", "Whether the market takes orders", f64::from(u8::from(is_ready)))?;
        let day = status.day.as_ref();
        let speed = day.map_or(0.0, |day| f64::from(day.speed.thousandths()) / 1_000.0);
        figure("speed_ratio", "Speed of virtual time against the wall clock", speed)?;
        let is_paused = day.is_some_and(|day| day.is_paused);
        figure("paused", "Whether virtual time stands still", f64::from(u8::from(is_paused)))
    }
}
