//! Random streams.
//!
//! A stream is derived from the run's seed and a stable name, so that adding an actor leaves the
//! others' draws as they were.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use crate::units::Seed;

/// A stream of random numbers: xoshiro256++ (Blackman and Vigna 2019), 32 bytes of state.
pub type Stream = Xoshiro256PlusPlus;

/// Derives the stream called `name` of a run with `seed`.
///
/// Distinct names give independent streams: the state is the BLAKE3 hash of seed and name.
///
/// ```
/// use bearpit_core::kernel::stream;
/// use bearpit_core::units::Seed;
/// use rand::RngExt;
///
/// let draw = |name| stream(Seed::new(1), name).random::<u64>();
/// assert_eq!(draw("actor/noise-1"), draw("actor/noise-1"));
/// assert_ne!(draw("actor/noise-1"), draw("actor/noise-2"));
/// ```
#[must_use]
pub fn stream(seed: Seed, name: &str) -> Stream {
    let mut hasher = blake3::Hasher::new_derive_key("bearpit 2026 random stream");
    hasher.update(&seed.get().to_le_bytes());
    hasher.update(name.as_bytes());
    Stream::from_seed(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    #[test]
    fn names_and_seeds_give_different_streams() {
        let first = |seed, name| stream(Seed::new(seed), name).random::<u64>();
        assert_eq!(first(1, "a"), first(1, "a"));
        assert_ne!(first(1, "a"), first(1, "b"));
        assert_ne!(first(1, "a"), first(2, "a"));
    }
}
