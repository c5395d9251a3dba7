//! The settings of estimates.

use super::peers::{redis, redis_of_file};
use super::redis::RedisUrl;
use super::settings::{Setting, number_of, put, secret, setting};
use super::values::Kind;

/// Who makes estimates, and how many people may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EstimatesConfig {
    /// How many threads of this process make them.
    pub workers: u32,
    /// How many of a person may wait or run.
    pub open_per_user: u32,
    /// How many a person may ask for in an hour.
    pub per_hour: u32,
    /// The most paths of one.
    pub paths_max: u32,
    /// The most of a world model: paths times hours of the market's time.
    pub world_hours_max: u32,
    /// Where workers of Celery get them, if those make them.
    pub celery: Option<RedisUrl>,
}

impl EstimatesConfig {
    /// Before the defaults of the table are read.
    pub(super) const UNSET: Self =
        Self { workers: 0, open_per_user: 0, per_hour: 0, paths_max: 0, world_hours_max: 0, celery: None };
}

const WORKERS: Kind = Kind::Count(0, 64);
const OPEN: Kind = Kind::Count(1, 1_000);
const PER_HOUR: Kind = Kind::Count(1, 100_000);
const PATHS: Kind = Kind::Count(2, 100_000);
const HOURS: Kind = Kind::Count(1, 1_000_000);

/// All of them, in the order of the documentation.
pub(super) const ESTIMATES: [Setting; 7] = [
    setting(
        "estimates.workers",
        WORKERS,
        Some("1"),
        "How many threads of this process make estimates; 0 where `bearpit-serve worker` does",
        |config, node| put(&mut config.estimates.workers, number_of(WORKERS, node)),
    ),
    setting(
        "estimates.open_per_user",
        OPEN,
        Some("5"),
        "How many estimates of a person may wait or run at a time",
        |config, node| put(&mut config.estimates.open_per_user, number_of(OPEN, node)),
    ),
    setting(
        "estimates.per_hour",
        PER_HOUR,
        Some("60"),
        "How many estimates a person may ask for within an hour",
        |config, node| put(&mut config.estimates.per_hour, number_of(PER_HOUR, node)),
    ),
    setting("estimates.paths_max", PATHS, Some("10000"), "The most paths of an estimate", |config, node| {
        put(&mut config.estimates.paths_max, number_of(PATHS, node))
    }),
    setting(
        "estimates.world_hours_max",
        HOURS,
        Some("1000"),
        "The most of an estimate by simulated markets: its paths times the hours of its horizon",
        |config, node| put(&mut config.estimates.world_hours_max, number_of(HOURS, node)),
    ),
    secret(setting(
        "estimates.celery",
        Kind::Redis,
        None,
        "A Redis or Valkey over which estimates go to workers of Celery, in place of this process's own",
        |config, node| put(&mut config.estimates.celery, redis(node).map(Some)),
    )),
    setting(
        "estimates.celery_file",
        Kind::Path,
        None,
        "A file whose first line is `estimates.celery`",
        |config, node| put(&mut config.estimates.celery, redis_of_file(node).map(Some)),
    ),
];
