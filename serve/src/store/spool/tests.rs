//! A queue on disk, whole and damaged.

use super::*;

fn spool(directory: &Path, bytes_max: u64, file_bytes: u64) -> Spool {
    Spool::open(directory, SpoolSize { bytes_max, file_bytes }).unwrap()
}

fn all(spool: &Spool) -> Vec<String> {
    std::iter::from_fn(|| spool.next().unwrap()).map(|payload| String::from_utf8(payload).unwrap()).collect()
}

fn files(directory: &Path) -> usize {
    fs::read_dir(directory).unwrap().count()
}

#[test]
fn payloads_are_read_in_order_over_files_and_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let first = spool(directory.path(), 1_000, 40);
    for payload in ["a", "bb", "ccc", "dddd"] {
        assert!(first.append(payload.as_bytes()).unwrap());
    }
    assert_eq!(first.next().unwrap().unwrap(), b"a");
    drop(first);
    // What was read and not forgotten comes again.
    let second = spool(directory.path(), 1_000, 40);
    assert!(second.append(b"e").unwrap());
    assert_eq!(all(&second), ["a", "bb", "ccc", "dddd", "e"]);
    second.forget_read().unwrap();
    assert_eq!((second.bytes(), files(directory.path())), (0, 0));
    assert!(second.append(b"f").unwrap());
    assert_eq!(all(&second), ["f"]);
}

#[test]
fn a_full_spool_takes_nothing_until_something_is_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let spool = spool(directory.path(), 60, 20);
    assert!(spool.append(&[b'x'; 18]).unwrap() && spool.append(&[b'y'; 18]).unwrap());
    assert!(!spool.append(b"z").unwrap());
    spool.next().unwrap();
    spool.forget_read().unwrap();
    assert!(spool.append(b"z").unwrap());
    assert_eq!(all(&spool), ["y".repeat(18), "z".to_owned()]);
}

#[test]
fn a_torn_end_and_damage_are_left_away_and_nothing_else() {
    for length in 0..15 {
        let directory = tempfile::tempdir().unwrap();
        let first = spool(directory.path(), 1_000, 1_000);
        first.append(b"one").unwrap();
        first.append(b"two").unwrap();
        drop(first);
        let path = directory.path().join("00000001.spool");
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..15 + length]).unwrap();
        let torn = spool(directory.path(), 1_000, 1_000);
        torn.append(b"three").unwrap();
        assert_eq!(all(&torn), ["one", "three"], "{length} bytes of the second");
        drop(torn);
        let mut damaged = bytes;
        damaged[length] ^= 0x40;
        fs::write(&path, damaged).unwrap();
        assert_eq!(all(&spool(directory.path(), 1_000, 1_000)), ["three"], "byte {length} of the first");
    }
}
