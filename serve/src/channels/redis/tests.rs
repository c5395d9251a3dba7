//! A Redis or Valkey, where there is one, and peers that are none.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::*;
use crate::store::people::testing::TestRedis;

fn adapter(url: &str) -> RedisAdapter {
    RedisAdapter::new(RedisUrl::parse(url).unwrap(), "test:".to_owned())
}

fn price(symbol: &str, price: &str) -> Message {
    let (topic, key) = ("prices".to_owned(), Some(symbol.to_owned()));
    Message { topic, key, payload: price.as_bytes().to_vec(), is_retained: false }
}

#[tokio::test]
async fn garbage_and_nobody_are_errors_and_no_more() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            stream.read(&mut [0; 512]).unwrap_or_default();
            stream.write_all(b"\xff\xfe{}\r\n$-9\r\n").unwrap_or_default();
        }
    });
    assert!(adapter(&format!("redis://{address}")).connect().await.is_err());
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut adapter = adapter(&format!("redis://{nobody}"));
    assert!(adapter.connect().await.is_err() && adapter.send(&[price("A", "1")]).await.is_err());
}

#[tokio::test]
async fn the_last_price_is_in_the_hash_and_published_and_comes_again_after_a_crash() {
    let Some(mut server) = TestRedis::start().unwrap() else { return };
    let url = server.url();
    let mut adapter = adapter(&url);
    adapter.connect().await.unwrap();
    let client = Client::open(url.as_str()).unwrap();
    let mut reader = client.get_multiplexed_async_connection().await.unwrap();
    let messages = [price("ACME", "1"), price("GRAM", "5"), price("ACME", "2")];
    assert_eq!(adapter.send(&messages).await.unwrap(), vec![Fate::Taken; 3]);
    let hash: std::collections::BTreeMap<String, String> =
        redis::cmd("HGETALL").arg("test:prices").query_async(&mut reader).await.unwrap();
    let expected = [("ACME", "2"), ("GRAM", "5")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(hash, expected.into());
    server.kill().unwrap();
    assert!(adapter.send(&[price("ACME", "3")]).await.is_err() && adapter.connect().await.is_err());
    server.start_again().unwrap();
    adapter.connect().await.unwrap();
    assert_eq!(adapter.send(&[price("ACME", "4")]).await.unwrap(), [Fate::Taken]);
    server.answer(Some(b"+HELLO\r\n"));
    assert!(adapter.send(&[price("ACME", "5")]).await.is_err());
}
