//! What channels could not tell.

use uuid::Uuid;

use crate::domain::WallTime;
use crate::store::database::{Database, Row, StoreError, args, statements};

statements! {
    ADD = "INSERT INTO channel_dead_letters (id, channel, topic, message_key, reason, segment, from_number,
        to_number, payload, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    TRIM = "DELETE FROM channel_dead_letters WHERE id < (SELECT id FROM channel_dead_letters
        ORDER BY id DESC LIMIT 1 OFFSET $1)";
    NEWEST = "SELECT id, channel, topic, message_key, reason, segment, from_number, to_number, payload,
        created_at FROM channel_dead_letters ORDER BY id DESC LIMIT $1";
}

/// A message that was not delivered and will not be, or a stretch of the tape of which nothing was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its id; later ones sort behind.
    pub id: Uuid,
    /// The channel.
    pub channel: String,
    /// The topic, where a message was made.
    pub topic: Option<String>,
    /// The key, if the message has one.
    pub key: Option<String>,
    /// Why it was not delivered.
    pub reason: String,
    /// The stretch that is missing, if one is.
    pub missing: Option<Missing>,
    /// The first bytes of the message.
    pub payload: Vec<u8>,
    /// When it was given up.
    pub created_at: WallTime,
}

/// A stretch of the tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The segment.
    pub segment: i64,
    /// The first number.
    pub from: i64,
    /// The number behind the last.
    pub to: i64,
}

impl Database {
    /// Adds dead letters, and drops the oldest beyond so many.
    ///
    /// # Errors
    /// [`StoreError`]; none of them is there then.
    pub async fn add_dead_letters(&self, letters: &[DeadLetter], most: u32) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for letter in letters {
            let DeadLetter { id, channel, topic, key, reason, missing, payload, created_at } = letter;
            let arguments = args![
                *id,
                channel.as_str(),
                topic.clone(),
                key.clone(),
                reason.as_str(),
                missing.map(|missing| missing.segment),
                missing.map(|missing| missing.from),
                missing.map(|missing| missing.to),
                payload.as_slice(),
                *created_at
            ];
            transaction.execute(ADD, arguments).await?;
        }
        transaction.execute(TRIM, args![most.saturating_sub(1)]).await?;
        transaction.commit().await
    }

    /// Returns the newest dead letters, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn dead_letters(&self, most: u32) -> Result<Vec<DeadLetter>, StoreError> {
        self.rows(NEWEST, args![most]).await?.iter().map(of_row).collect()
    }
}

fn of_row(row: &Row) -> Result<DeadLetter, StoreError> {
    let number = |column| row.get::<Option<i64>>(column);
    let (segment, from, to) = (number("segment")?, number("from_number")?, number("to_number")?);
    let missing = segment.zip(from).zip(to).map(|((segment, from), to)| Missing { segment, from, to });
    Ok(DeadLetter {
        id: row.get("id")?,
        channel: row.get("channel")?,
        topic: row.get("topic")?,
        key: row.get("message_key")?,
        reason: row.get("reason")?,
        missing,
        payload: row.get("payload")?,
        created_at: WallTime::from_nanos(row.get("created_at")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::testing::on_each_database;

    fn letter(number: u128, missing: Option<Missing>) -> DeadLetter {
        DeadLetter {
            id: Uuid::from_u128(number),
            channel: "kafka".to_owned(),
            topic: missing.is_none().then(|| "trades".to_owned()),
            key: missing.is_none().then(|| "ACME".to_owned()),
            reason: "too large".to_owned(),
            missing,
            payload: vec![0, 255],
            created_at: WallTime::from_nanos(7),
        }
    }

    #[tokio::test]
    async fn the_newest_are_kept_as_they_were() {
        on_each_database(|database| async move {
            let missing = Some(Missing { segment: 2, from: 5, to: 9 });
            database.add_dead_letters(&[letter(1, None), letter(2, missing)], 3).await.unwrap();
            assert_eq!(database.dead_letters(10).await, Ok(vec![letter(2, missing), letter(1, None)]));
            database.add_dead_letters(&[letter(3, None), letter(4, None)], 3).await.unwrap();
            let ids = |letters: Vec<DeadLetter>| letters.iter().map(|it| it.id.as_u128()).collect::<Vec<_>>();
            assert_eq!(database.dead_letters(10).await.map(ids), Ok(vec![4, 3, 2]));
            assert_eq!(database.dead_letters(1).await.map(ids), Ok(vec![4]));
        })
        .await
        .unwrap();
    }
}
