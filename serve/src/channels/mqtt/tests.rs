//! MQTT with a peer within the process, which can misbehave.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::peer::{Manner, Peer};
use super::*;
use crate::channels::{Adapter, ChannelMetrics, ChannelState, DeadLetters, Doing, Fate, Message};
use crate::config::{Config, MqttConfig};

fn config(peer: &Peer) -> MqttConfig {
    let mut config = Config::defaults().unwrap().channels.mqtt;
    config.url = Some(format!("mqtt://{}", peer.address()).parse().unwrap());
    config
}

fn message(text: &str, is_retained: bool) -> Message {
    Message { topic: "updates".to_owned(), key: None, payload: text.as_bytes().to_vec(), is_retained }
}

async fn await_fact(fact: impl Fn() -> bool) {
    let waiting = async {
        while !fact() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), waiting).await.unwrap();
}

fn adapter(peer: &Peer) -> MqttAdapter {
    MqttAdapter::new(MqttPeer::new(&config(peer)).unwrap())
}

#[tokio::test]
async fn messages_are_published_in_order_and_say_whether_they_are_kept() {
    let peer = Peer::start().unwrap();
    let mut adapter = adapter(&peer);
    adapter.connect().await.unwrap();
    let messages: Vec<_> = (0..2_500).map(|number| message(&number.to_string(), number == 7)).collect();
    assert_eq!(adapter.send(&messages).await.unwrap(), vec![Fate::Taken; 2_500]);
    adapter.close().await;
    let published = peer.published();
    assert_eq!(published.len(), 2_502);
    let (first, last) = (&published[0], &published[2_501]);
    assert_eq!((first.topic.as_str(), first.is_retained), ("stocks/status", true));
    assert_eq!(
        (&*first.payload, &*last.payload),
        (br#"{"online":true}"#.as_slice(), br#"{"online":false}"#.as_slice())
    );
    for (number, one) in published[1..2_501].iter().enumerate() {
        assert_eq!((one.topic.as_str(), one.is_retained), ("stocks/updates", number == 7));
        assert_eq!(one.payload, number.to_string().as_bytes());
    }
}

#[tokio::test]
async fn what_the_broker_refuses_is_refused_and_a_quota_is_met_later() {
    let peer = Peer::start().unwrap();
    let mut adapter = adapter(&peer);
    adapter.connect().await.unwrap();
    // 0x87 of MQTT 5: not authorized.
    peer.behave(Manner::Refusing(0x87));
    let fates = adapter.send(&[message("a", false)]).await.unwrap();
    assert!(matches!(&fates[..], [Fate::Refused(why)] if why.contains("NotAuthorized")), "{fates:?}");
    // 0x97: the quota is exceeded.
    peer.behave(Manner::Refusing(0x97));
    assert!(adapter.send(&[message("b", false)]).await.unwrap_err().0.contains("quota"));
    peer.behave(Manner::Well);
    let wild = Message { topic: "a/#".to_owned(), ..message("c", false) };
    let fates = adapter.send(&[wild, message("d", false)]).await.unwrap();
    assert!(matches!(&fates[..], [Fate::Refused(_), Fate::Taken]), "{fates:?}");
}

#[tokio::test]
async fn a_message_for_which_the_broker_spoils_the_connection_is_refused_and_no_other() {
    let peer = Peer::start().unwrap();
    let mut adapter = adapter(&peer);
    adapter.connect().await.unwrap();
    // 0x95: too long, which MQTT 5 has for the end of a connection only; Mosquitto 2.0 says so of a message.
    peer.behave(Manner::RefusingLong(0x95));
    let texts = ["a", &"b".repeat(101), "c", &"d".repeat(500), "e"];
    let fates = adapter.send(&texts.map(|text| message(text, false))).await.unwrap();
    let is_refused: Vec<_> = fates.iter().map(|fate| matches!(fate, Fate::Refused(_))).collect();
    assert_eq!(is_refused, [false, true, false, true, false], "{fates:?}");
    assert_eq!(adapter.send(&[message("f", false)]).await.unwrap(), [Fate::Taken]);
    let mut taken: Vec<_> = peer.published().into_iter().map(|it| it.payload).collect();
    taken.retain(|payload| payload.len() == 1);
    // Those that were on their way when the connection ended may have come twice.
    taken.dedup();
    assert!(taken.ends_with(&[b"a", b"c", b"e", b"f"].map(|it| it.to_vec())), "{taken:?}");
}

#[tokio::test]
async fn a_broker_that_hangs_up_or_says_nothing_sensible_is_an_error_and_no_more() {
    let peer = Peer::start().unwrap();
    let mut adapter = adapter(&peer);
    adapter.connect().await.unwrap();
    peer.hang_up();
    assert!(!adapter.broken().await.0.is_empty());
    assert!(adapter.send(&[message("a", false)]).await.is_err());
    peer.behave(Manner::Garbage);
    assert!(adapter.connect().await.is_err());
    // One that reads and says nothing, then hangs up.
    peer.behave(Manner::Well);
    adapter.connect().await.unwrap();
    peer.behave(Manner::Silent);
    let waiting = message("b", false);
    let sending = adapter.send(std::slice::from_ref(&waiting));
    tokio::pin!(sending);
    assert!(futures_util::poll!(&mut sending).is_pending());
    peer.hang_up();
    assert!(sending.await.is_err());
    let address = peer.address();
    let config = config(&peer);
    drop(peer);
    let mut adapter = MqttAdapter::new(MqttPeer::new(&config).unwrap());
    assert!(adapter.connect().await.is_err(), "nobody is at {address}");
}

/// Notes requests, and answers each with its payload; one that says `wait` waits for the gate.
#[derive(Debug, Default)]
struct Noting {
    taken: Mutex<Vec<String>>,
    done: AtomicUsize,
    gate: tokio::sync::Notify,
}

struct Shared(Arc<Noting>);

impl Requests for Shared {
    fn topics(&self) -> &'static [&'static str] {
        &["requests"]
    }

    fn take(&self, received: Received) -> Doing<'_, Begun> {
        let noting = Arc::clone(&self.0);
        Box::pin(async move {
            let text = String::from_utf8_lossy(&received.payload).into_owned();
            let signature = received.properties.first().map(|(_, value)| value.clone()).unwrap_or_default();
            noting.taken.lock().unwrap().push(format!("{}:{text}:{signature}", received.topic));
            Begun(Box::pin(async move {
                if text == "wait" {
                    noting.gate.notified().await;
                }
                noting.done.fetch_add(1, Ordering::SeqCst);
                if text == "unreadable" {
                    return Outcome::Unanswerable("it cannot be read".to_owned());
                }
                Outcome::Answered(Message { topic: "validation".to_owned(), ..message(&text, false) })
            }))
        })
    }
}

#[tokio::test]
async fn a_request_is_acknowledged_after_its_validation_and_in_order() {
    let peer = Peer::start().unwrap();
    let noting = Arc::<Noting>::default();
    let state = Arc::new(ChannelState::new("mqtt", String::new(), ChannelMetrics::default()));
    let (dead, mut letters) = DeadLetters::new();
    let requests = MqttRequests {
        peer: MqttPeer::new(&config(&peer)).unwrap(),
        requests: Arc::new(Shared(Arc::clone(&noting))),
        state: Arc::clone(&state),
        dead,
    };
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(requests.run(stopped));
    let ask = |text: &str| peer.publish("stocks/requests", text.as_bytes(), &[("signature", "ab")]).unwrap();
    await_fact(|| ask("first") == 1).await;
    await_fact(|| peer.acknowledged() == 1).await;
    assert_eq!(noting.taken.lock().unwrap()[0], "requests:first:ab");
    // What comes behind one that takes its time is answered, and acknowledged after it.
    ask("wait");
    ask("behind");
    await_fact(|| peer.published().iter().any(|it| it.payload == b"behind")).await;
    assert_eq!((peer.acknowledged(), noting.done.load(Ordering::SeqCst)), (1, 2));
    noting.gate.notify_one();
    await_fact(|| peer.acknowledged() == 3).await;
    ask("unreadable");
    await_fact(|| peer.acknowledged() == 4).await;
    assert_eq!(letters.try_recv().unwrap().reason, "it cannot be read");
    let validations: Vec<_> = peer
        .published()
        .into_iter()
        .filter(|it| it.topic == "stocks/validation")
        .map(|it| it.payload)
        .collect();
    assert_eq!(validations, [b"first".to_vec(), b"behind".to_vec(), b"wait".to_vec()]);
    // After a lost connection it subscribes again.
    peer.hang_up();
    await_fact(|| ask("again") == 1).await;
    await_fact(|| peer.acknowledged() == 5).await;
    assert_eq!(state.status().received, 5);
    stop.send(true).unwrap();
    running.await.unwrap();
}
