//! Which partition a key goes to: MurmurHash2, as Kafka's own clients compute it.

const SEED: u32 = 0x9747_b28c;
const MULTIPLIER: u32 = 0x5bd1_e995;
const SHIFT: u32 = 24;

/// Returns the partition of a key among so many, as `org.apache.kafka.clients.producer` chooses it: the hash
/// without its sign, modulo their number.
#[must_use]
pub fn partition_of(key: &[u8], partitions: u32) -> u32 {
    (murmur2(key) & 0x7fff_ffff) % partitions.max(1)
}

/// Returns MurmurHash2 of 32 bits with Kafka's seed (A. Appleby, 2008).
fn murmur2(data: &[u8]) -> u32 {
    // As in Java, a key of more than 2^31 bytes has no other length than its low bits.
    let length = u32::try_from(data.len() & 0x7fff_ffff).unwrap_or_default();
    let mut hash = SEED ^ length;
    let mut words = data.chunks_exact(4);
    for word in &mut words {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(word);
        let mut mixed = u32::from_le_bytes(bytes).wrapping_mul(MULTIPLIER);
        mixed = (mixed ^ (mixed >> SHIFT)).wrapping_mul(MULTIPLIER);
        hash = hash.wrapping_mul(MULTIPLIER) ^ mixed;
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        let mut bytes = [0; 4];
        bytes[..rest.len()].copy_from_slice(rest);
        hash = (hash ^ u32::from_le_bytes(bytes)).wrapping_mul(MULTIPLIER);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(MULTIPLIER);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cases of `UtilsTest.testMurmur2` of Apache Kafka, as signed numbers of Java.
    const PUBLISHED: [(&str, i32); 7] = [
        ("21", -973_932_308),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ("abc", 479_470_107),
        ("", 275_646_681),
    ];

    #[test]
    fn hashes_are_those_that_kafka_publishes() {
        for (key, expected) in PUBLISHED {
            assert_eq!(murmur2(key.as_bytes()).cast_signed(), expected, "{key}");
        }
    }

    #[test]
    fn a_partition_is_the_hash_without_its_sign_modulo_their_number() {
        for (key, hash) in PUBLISHED {
            let positive = u32::try_from(hash & i32::MAX).unwrap();
            for partitions in [1, 3, 12] {
                assert_eq!(partition_of(key.as_bytes(), partitions), positive % partitions, "{key}");
            }
        }
        assert_eq!(partition_of(b"x", 0), 0);
    }
}
