//! Peers that are none: `.ci/channels` has a real one.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;

use rskafka::chrono::{DateTime, Utc};
use rskafka::record::Record;

use super::adapter::{parts, produce_all};
use super::*;
use crate::channels::{Adapter, AdapterError, Fate, Message};
use crate::config::Config;

fn adapter(address: &str) -> KafkaAdapter {
    let mut config = Config::defaults().unwrap().channels.kafka;
    config.brokers = vec![address.parse().unwrap()];
    KafkaAdapter::new(KafkaPeer::new(&config, &["trades"]).unwrap())
}

#[tokio::test]
async fn garbage_and_nobody_are_errors_and_no_more() {
    for garbage in
        [b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(), &[0, 0, 0, 8, 255, 255, 255, 255, 1, 2, 3, 4]]
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                stream.read(&mut [0; 512]).unwrap_or_default();
                stream.write_all(garbage).unwrap_or_default();
            }
        });
        let mut adapter = adapter(&address);
        assert!(!adapter.connect().await.unwrap_err().0.is_empty());
    }
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut adapter = adapter(&nobody);
    assert!(adapter.connect().await.is_err());
    let message = Message { topic: "trades".to_owned(), key: None, payload: Vec::new(), is_retained: false };
    assert!(adapter.send(&[message]).await.is_err());
}

/// A record of a number, in a value of some bytes.
fn record(number: usize, bytes: usize) -> Record {
    let at = DateTime::<Utc>::from_timestamp_nanos(0);
    let key = number.to_string().into_bytes();
    Record { key: Some(key), value: Some(vec![0; bytes]), headers: BTreeMap::new(), timestamp: at }
}

#[test]
fn parts_are_ones_that_brokers_take_and_keep_the_order() {
    let sizes = [500_000, 500_000, 300_000, 0, 2_000_000, 1, 100, 900_000, 21_700];
    let records: Vec<_> = sizes.iter().enumerate().map(|(at, size)| record(at, *size)).collect();
    let divided = parts(records.clone());
    assert_eq!(divided.iter().map(Vec::len).collect::<Vec<_>>(), [1, 3, 1, 3, 1]);
    assert_eq!(divided.concat(), records);
    assert!(parts(Vec::new()).is_empty());
    let many: Vec<_> = (0..10_000).map(|number| record(number, 250)).collect();
    assert_eq!(parts(many).len(), 4);
}

#[tokio::test]
async fn what_is_refused_is_one_record_and_found_by_halving() {
    let records: Vec<_> =
        (0..2_000).map(|number| record(number, if number == 700 { 13 } else { 50 })).collect();
    let (taken, requests) = (RefCell::new(Vec::new()), Cell::new(0));
    let fates = produce_all(records.clone(), async |part: Vec<Record>| {
        requests.set(requests.get() + 1);
        if part.iter().any(|record| record.value.as_ref().unwrap().len() == 13) {
            return Ok(Some("too odd".to_owned()));
        }
        taken.borrow_mut().extend(part);
        Ok(None)
    });
    let fates = fates.await.unwrap();
    assert_eq!(fates.len(), records.len());
    for (number, fate) in fates.iter().enumerate() {
        let expected = if number == 700 { Fate::Refused("too odd".to_owned()) } else { Fate::Taken };
        assert_eq!(*fate, expected, "{number}");
    }
    let others: Vec<_> =
        records.into_iter().enumerate().filter(|(at, _)| *at != 700).map(|it| it.1).collect();
    assert_eq!(*taken.borrow(), others);
    assert!(requests.get() <= 1 + 2 * 11, "{} requests", requests.get());
    let failed = produce_all(others, async |_| Err(AdapterError::new("away"))).await;
    assert_eq!(failed, Err(AdapterError::new("away")));
}

#[test]
fn there_is_no_peer_without_brokers() {
    let config = Config::defaults().unwrap().channels.kafka;
    assert!(KafkaPeer::new(&config, &["trades"]).is_none());
}
