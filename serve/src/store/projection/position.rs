//! [`Position`]: up to where the tape is in the database.

use super::change::Batch;
use crate::store::database::{Database, Row, StoreError, Transaction, Value, args, statements};

statements! {
    POSITION = "SELECT segment, voids, sequence, is_ended FROM projection WHERE id = 1";
    TOLD = "SELECT told_segment, told_voids, told_sequence FROM projection WHERE id = 1";
    MOVE_ON = "UPDATE projection SET segment = $1, voids = $2, sequence = $3, is_ended = $4, told_segment = $9,
            told_voids = $10, told_sequence = $11
            WHERE id = 1 AND segment = $5 AND voids = $6 AND sequence = $7 AND is_ended = $8";
    MOVE = "UPDATE projection SET segment = $1, voids = $2, sequence = $3, is_ended = $4
            WHERE id = 1 AND segment = $5 AND voids = $6 AND sequence = $7 AND is_ended = $8";
}

/// Up to where the tape is in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Position {
    /// The number of the segment; 0 before the first.
    pub segment: u64,
    /// How many of its requests were void.
    pub voids: u32,
    /// The number of the next fact.
    pub sequence: u64,
    /// Whether the segment is over, and all of it in the database.
    pub is_ended: bool,
}

/// How a batch fits to what is in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It is in there.
    Known,
    /// It can be applied, but for what is in there already.
    Next,
    /// It begins a segment, and can be applied if no other is between.
    Segment,
    /// What is before it is missing.
    Gap,
    /// The database has what never happened: the segment must be dropped from it.
    Ahead,
}

impl Position {
    /// Where an empty database stands.
    pub const START: Self = Self { segment: 0, voids: 0, sequence: 0, is_ended: true };

    /// Returns how a batch fits.
    #[must_use]
    pub const fn fit(&self, batch: &Batch) -> Fit {
        if batch.segment > self.segment {
            return if self.is_ended && batch.from == 0 { Fit::Segment } else { Fit::Gap };
        }
        if batch.segment < self.segment || batch.voids < self.voids {
            return Fit::Known;
        }
        if batch.voids > self.voids {
            // What was shown of the segment may not have happened: it begins anew.
            return if batch.from == 0 { Fit::Next } else { Fit::Gap };
        }
        if batch.is_all && self.sequence > batch.to {
            return Fit::Ahead;
        }
        if self.is_ended || (batch.to <= self.sequence && !batch.ends) {
            return Fit::Known;
        }
        if batch.from <= self.sequence { Fit::Next } else { Fit::Gap }
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(database: &Database) -> Result<Self, StoreError> {
        let row = database.row(POSITION, &[]).await?;
        of_row(&row.ok_or_else(|| StoreError::Corrupt("there is no position of the projection".to_owned()))?)
    }

    /// Moves back from it, if nobody else has moved on. What was told stays told.
    pub(super) async fn move_back(&self, transaction: &mut Transaction, to: Self) -> Result<(), StoreError> {
        self.moved(transaction.execute(MOVE, &self.arguments(to)).await?)
    }

    /// Moves on from it, if nobody else has moved on, and notes what is told by then.
    pub(super) async fn move_to(
        &self,
        transaction: &mut Transaction,
        to: Self,
        told: Told,
    ) -> Result<(), StoreError> {
        let arguments = [self.arguments(to), told.arguments().to_vec()].concat();
        self.moved(transaction.execute(MOVE_ON, &arguments).await?)
    }

    fn arguments(&self, to: Self) -> Vec<Value> {
        let [segment, sequence] = [to.segment, to.sequence].map(number);
        let [old_segment, old_sequence] = [self.segment, self.sequence].map(number);
        args![segment, to.voids, sequence, to.is_ended, old_segment, self.voids, old_sequence, self.is_ended]
            .to_vec()
    }

    fn moved(&self, rows: u64) -> Result<(), StoreError> {
        match rows {
            1 => Ok(()),
            _ => Err(StoreError::Conflict { on: "the position of the projection".to_owned() }),
        }
    }
}

/// Up to where people were told what the tape has. It never goes back, so that a tape that is read again
/// tells nothing again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    pub(super) segment: u64,
    pub(super) voids: u32,
    pub(super) sequence: u64,
}

impl Told {
    pub(super) async fn read(database: &Database) -> Result<Self, StoreError> {
        let row = database.row(TOLD, &[]).await?;
        let row =
            row.ok_or_else(|| StoreError::Corrupt("there is no position of the projection".to_owned()))?;
        let unsigned = |value: i64| u64::try_from(value).ok();
        Ok(Self {
            segment: row.read("told_segment", unsigned)?,
            voids: row.read("told_voids", |value: i64| u32::try_from(value).ok())?,
            sequence: row.read("told_sequence", unsigned)?,
        })
    }

    /// Returns where it stands once a position is reached.
    pub(super) fn reach(self, position: Position) -> Self {
        let Position { segment, voids, sequence, .. } = position;
        self.max(Self { segment, voids, sequence })
    }

    pub(super) fn arguments(self) -> [Value; 3] {
        let Self { segment, voids, sequence } = self;
        [number(segment).into(), voids.into(), number(sequence).into()]
    }
}

fn of_row(row: &Row) -> Result<Position, StoreError> {
    let unsigned = |value: i64| u64::try_from(value).ok();
    Ok(Position {
        segment: row.read("segment", unsigned)?,
        voids: row.read("voids", |value: i64| u32::try_from(value).ok())?,
        sequence: row.read("sequence", unsigned)?,
        is_ended: row.get("is_ended")?,
    })
}

/// Returns a number of the journal for the database: none comes near the end of `i64`.
pub(super) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(segment: u64, voids: u32, numbers: std::ops::Range<u64>, ends: bool) -> Batch {
        let (from, to) = (numbers.start, numbers.end);
        Batch {
            segment,
            voids,
            fine_from: 0,
            from,
            to,
            ends,
            is_all: false,
            written_at: 0,
            changes: Vec::new(),
        }
    }

    #[test]
    fn each_batch_is_applied_once_and_in_order() {
        let open = Position { segment: 4, voids: 1, sequence: 10, is_ended: false };
        for (batch, fit) in [
            (batch(4, 1, 10..12, false), Fit::Next),
            (batch(4, 1, 5..12, false), Fit::Next),
            (batch(4, 1, 5..10, false), Fit::Known),
            (batch(4, 1, 10..10, true), Fit::Next),
            (batch(4, 1, 11..12, false), Fit::Gap),
            (batch(4, 0, 10..12, false), Fit::Known),
            (batch(4, 2, 0..3, false), Fit::Next),
            (batch(4, 2, 10..12, false), Fit::Gap),
            (batch(3, 7, 0..99, true), Fit::Known),
            (batch(5, 0, 0..1, false), Fit::Gap),
        ] {
            assert_eq!(open.fit(&batch), fit, "{batch:?}");
        }
        let all = |to| Batch { is_all: true, ..batch(4, 1, 0..to, false) };
        assert_eq!([9, 10, 11].map(|to| open.fit(&all(to))), [Fit::Ahead, Fit::Known, Fit::Next]);
        let ended = Position { is_ended: true, ..open };
        assert_eq!(ended.fit(&batch(4, 1, 10..12, true)), Fit::Known);
        assert_eq!(ended.fit(&batch(6, 0, 0..1, false)), Fit::Segment);
        assert_eq!(ended.fit(&batch(6, 0, 1..2, false)), Fit::Gap);
        assert_eq!(Position::START.fit(&batch(1, 0, 0..5, false)), Fit::Segment);
    }

    #[test]
    fn batches_are_joined_only_where_one_follows_the_other() {
        let mut first = batch(1, 0, 0..5, false);
        assert!(first.join(batch(1, 0, 6..7, false)).is_err());
        assert!(first.join(batch(1, 1, 5..7, false)).is_err());
        assert!(first.join(batch(1, 0, 5..7, true)).is_ok());
        assert_eq!(first.end(), Position { segment: 1, voids: 0, sequence: 7, is_ended: true });
        assert!(first.join(batch(1, 0, 7..8, false)).is_err());
    }
}
