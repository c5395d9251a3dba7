//! Journals on disks that fail: what was synced is there, and what is damaged is refused.

use std::fs;
use std::io::Cursor;

use proptest::prelude::*;

use super::faulty_disk::{Disk, Failure};
use super::*;

fn header(seed: u64) -> SegmentHeader {
    SegmentHeader {
        engine: "0.1.0".to_owned(),
        scenario: "[scenario]\nname = \"t\"\n".to_owned(),
        changes: Vec::new(),
        inputs: "abc".to_owned(),
        seed,
        day: 1,
        day_name: "1".to_owned(),
        opens: None,
        opening: vec![1, 2, 3],
    }
}

/// The payloads of a segment, and how it ends.
fn frames(bytes: &[u8]) -> Result<(Vec<Vec<u8>>, SegmentEnd), SegmentFault> {
    let mut reader = SegmentReader::open(bytes).unwrap();
    let mut frames = Vec::new();
    while let Some(payload) = reader.next_frame()? {
        frames.push(payload.to_vec());
    }
    Ok((frames, reader.end().unwrap()))
}

/// A segment of which the payloads are written and synced one by one.
fn segment(payloads: &[&[u8]]) -> Vec<u8> {
    let mut writer = SegmentWriter::begin(&header(1));
    let mut bytes = writer.take();
    writer.synced(bytes.len() as u64);
    for payload in payloads {
        writer.push(payload).unwrap();
        bytes.extend(writer.take());
        writer.synced(bytes.len() as u64);
    }
    bytes
}

/// What may be done to a journal.
#[derive(Debug, Clone)]
enum Act {
    Push(Vec<u8>),
    Write,
    Sync,
    Fail(Failure),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => prop::collection::vec(any::<u8>(), 1..200).prop_map(Act::Push),
        2 => Just(Act::Write),
        2 => Just(Act::Sync),
        1 => (0..300_usize).prop_map(|bytes| Act::Fail(Failure::Full(bytes))),
        1 => Just(Act::Fail(Failure::Sync)),
        1 => Just(Act::Fail(Failure::None)),
    ]
}

/// A journal, what was pushed to it, and how many of these are promised.
struct Journal {
    writer: SegmentWriter,
    file: JournalFile<Disk>,
    pushed: Vec<(u64, Vec<u8>)>,
    promised: usize,
}

impl Journal {
    fn begin() -> Self {
        let mut writer = SegmentWriter::begin(&header(1));
        let mut file = JournalFile::resume(Disk::default(), 0).unwrap();
        file.append(&writer.take());
        writer.synced(file.sync().unwrap());
        Self { writer, file, pushed: Vec::new(), promised: 0 }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Push(payload) => {
                let place = self.writer.push(payload).unwrap();
                self.pushed.push((place, payload.clone()));
            }
            Act::Write => {
                self.file.append(&self.writer.take());
                self.file.write().unwrap_or_default();
            }
            Act::Sync => {
                self.file.append(&self.writer.take());
                if let Ok(length) = self.file.sync() {
                    self.writer.synced(length);
                    self.promised = self.pushed.len();
                    assert!(self.pushed.iter().all(|(place, _)| self.writer.is_synced(*place)));
                }
            }
            Act::Fail(failure) => self.file.medium_mut().failures.push(*failure),
        }
    }

    /// Crashes, and recovers from what is left; what was pushed and is not there is forgotten.
    fn crash(mut self, kept: &[bool]) -> Self {
        let left = self.file.into_medium().crash(kept);
        let mut reader = SegmentReader::open(Cursor::new(left.clone())).unwrap();
        let mut found = Vec::new();
        while let Some(payload) = reader.next_frame().unwrap() {
            found.push(payload.to_vec());
        }
        assert!(found.len() >= self.promised, "{} of {} that are promised", found.len(), self.promised);
        self.pushed.truncate(found.len());
        assert!(self.pushed.iter().map(|(_, payload)| payload).eq(&found));
        let end = reader.at();
        let file = JournalFile::resume(Disk::left(left), end).unwrap();
        Self { writer: reader.into_writer().unwrap(), file, promised: self.pushed.len(), pushed: self.pushed }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn prop_what_was_synced_survives_any_crash_and_nothing_else_is_made_up(
        lives in prop::collection::vec((prop::collection::vec(act(), 0..25), prop::collection::vec(any::<bool>(), 1..40)), 1..5),
    ) {
        let mut journal = Journal::begin();
        for (acts, kept) in &lives {
            acts.iter().for_each(|act| journal.act(act));
            journal = journal.crash(kept);
        }
    }

    #[test]
    fn prop_a_byte_that_changes_in_what_was_synced_is_found(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..60), 2..12), place in any::<prop::sample::Index>(),
        change in 1..=255_u8,
    ) {
        let payloads: Vec<&[u8]> = payloads.iter().map(Vec::as_slice).collect();
        let mut bytes = segment(&payloads);
        let first = segment(&[]).len();
        // The last frame says of all before it that they were synced; of itself nobody does.
        let last = bytes.len() - payloads.last().unwrap().len() - 20;
        let at = first + place.index(last - first);
        bytes[at] ^= change;
        match frames(&bytes) {
            Err(SegmentFault::Damaged { at: found, synced }) => {
                prop_assert!(found <= at as u64 && (at as u64) < synced);
                prop_assert_eq!(synced, last as u64);
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn prop_any_bytes_are_read_without_a_panic(tail in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut bytes = segment(&[b"one"]);
        bytes.extend(&tail);
        let (found, _) = frames(&bytes).unwrap();
        prop_assert_eq!(found, [b"one".to_vec()]);
        prop_assert!(SegmentReader::open(tail.as_slice()).is_err());
    }
}

#[test]
fn a_torn_end_is_told_with_its_place_and_size() {
    let whole = segment(&[b"one", b"two"]);
    let cut = whole.len() - 1;
    let (found, end) = frames(&whole[..cut]).unwrap();
    let at = segment(&[b"one"]).len() as u64;
    assert_eq!((found, end), (vec![b"one".to_vec()], SegmentEnd::Torn { at, bytes: cut as u64 - at }));
    assert_eq!(frames(&whole).unwrap(), (vec![b"one".to_vec(), b"two".to_vec()], SegmentEnd::Whole));
}

#[test]
fn of_two_frames_in_one_sync_a_hole_in_the_first_is_a_torn_end() {
    let mut writer = SegmentWriter::begin(&header(1));
    let mut bytes = writer.take();
    writer.synced(bytes.len() as u64);
    let first = bytes.len();
    writer.push(b"lost").unwrap();
    writer.push(b"there").unwrap();
    bytes.extend(writer.take());
    bytes[first..first + 20].fill(0);
    assert!(matches!(frames(&bytes).unwrap().1, SegmentEnd::Torn { at, .. } if at == first as u64));
}

#[test]
fn a_newest_file_without_a_whole_header_is_not_trusted() {
    let directory = tempfile::tempdir().unwrap();
    let journal = JournalDirectory::open(directory.path()).unwrap();
    assert!(journal.newest().unwrap().is_none());
    let Created { segment: mut writer, mut file, .. } = journal.create(&header(7)).unwrap();
    writer.push(b"one").unwrap();
    file.append(&writer.take());
    file.sync().unwrap();
    let empty = directory.path().join("00000002.journal");
    fs::write(&empty, b"").unwrap();
    let zeros = directory.path().join("00000004.journal");
    fs::write(&zeros, [0; 4_096]).unwrap();
    let half = directory.path().join("00000003.journal");
    fs::write(&half, &segment(&[])[..40]).unwrap();
    let mut newest = journal.newest().unwrap().unwrap();
    assert_eq!(newest.reader.header(), &header(7));
    assert_eq!(
        newest.untrusted,
        [(zeros, 4_096), (half, 40), (empty, 0)].map(|(path, bytes)| Untrusted { path, bytes })
    );
    assert_eq!(newest.reader.next_frame().unwrap(), Some(b"one".as_slice()));
    assert!(newest.reader.next_frame().unwrap().is_none());
    let mut file = journal.reopen(&newest.path, newest.reader.at()).unwrap();
    let mut writer = newest.reader.into_writer().unwrap();
    writer.push(b"two").unwrap();
    file.append(&writer.take());
    file.sync().unwrap();
    let text = fs::read(directory.path().join("00000001.journal")).unwrap();
    assert_eq!(frames(&text).unwrap().0, [b"one".to_vec(), b"two".to_vec()]);
    // The next segment takes no name that is taken.
    journal.create(&header(8)).unwrap();
    assert_eq!(journal.newest().unwrap().unwrap().path, directory.path().join("00000005.journal"));
}

#[test]
fn foreign_files_are_refused_with_their_name() {
    let directory = tempfile::tempdir().unwrap();
    let journal = JournalDirectory::open(directory.path()).unwrap();
    let path = directory.path().join("00000001.journal");
    let mut later = segment(&[]);
    later[8] = 2;
    let mut flipped = segment(&[b"one"]);
    flipped[30] ^= 1;
    let mut blank = segment(&[b"one"]);
    blank[..16].fill(0);
    let cases: [(&[u8], &str); 4] = [
        (&flipped, "the header of the journal is damaged"),
        (&blank, "the header of the journal is damaged"),
        (&later, "the journal has the layout 2; this program reads layout 1"),
        (b"time,open,high,low,close", "the file is no journal: it does not begin with BPJOURNL"),
    ];
    for (bytes, message) in cases {
        fs::write(&path, bytes).unwrap();
        let error = journal.newest().unwrap_err().to_string();
        assert_eq!(error, format!("{}: {message}", path.display()));
    }
}

#[test]
fn a_journal_is_open_once() {
    let directory = tempfile::tempdir().unwrap();
    let first = JournalDirectory::open(directory.path()).unwrap();
    let second = JournalDirectory::open(directory.path()).unwrap_err();
    assert!(matches!(second, OpenError::Held(_)));
    drop(first);
    JournalDirectory::open(directory.path()).unwrap();
}
