//! Two sides over connections that are cut at any byte: no message of the application is lost, none comes
//! twice.

use std::ops::Range;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::fix::codec::{Framed, Framer};

const NOW: Millis = 1_741_000_000_000;

/// What one side has sent.
#[derive(Default)]
struct Sent(Vec<KeptMessage>);

impl Archive for Sent {
    fn kept(&self, numbers: Range<u64>) -> Vec<KeptMessage> {
        self.0.iter().filter(|it| numbers.contains(&it.number)).cloned().collect()
    }
}

/// The acceptor: the session as it is.
struct Acceptor {
    session: Session,
    sent: Sent,
    taken: Vec<String>,
    out: Vec<u8>,
    framer: Framer,
    is_connected: bool,
}

impl Acceptor {
    fn follow(&mut self, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Send(message) => self.out.extend(message.encode("BEARPIT", "DESK")),
                Step::Deliver(message) => self.taken.push(message.get(58).unwrap().to_owned()),
                Step::Disconnect(why) => panic!("the session ended: {why}"),
                Step::Reset | Step::LoggedOn => {}
            }
        }
    }

    fn say(&mut self, text: u32) {
        let mut body = Body::default();
        body.put(58, text);
        let message = self.session.send(NOW, "8", body, false);
        let body = message.body.text().to_owned();
        self.sent.0.push(KeptMessage { number: message.number, at: NOW, kind: "8".into(), body });
        if self.is_connected && self.session.is_open() {
            self.out.extend(message.encode("BEARPIT", "DESK"));
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        self.framer.push(bytes);
        while let Some(Framed::Message(message)) = self.framer.next() {
            let steps = if self.session.is_open() {
                self.session.receive(NOW, message, &self.sent)
            } else {
                let request = LogonRequest::read(&message, "BEARPIT").unwrap();
                self.session.log_on(NOW, &message, &request)
            };
            self.follow(steps);
        }
    }
}

/// A client that was written for this test, and shares nothing with the session but the codec.
#[derive(Default)]
struct Client {
    next_in: u64,
    next_out: u64,
    said: Vec<(u64, u32)>,
    taken: Vec<String>,
    out: Vec<u8>,
    framer: Framer,
    has_asked: bool,
    is_open: bool,
}

impl Client {
    fn write(&mut self, kind: &str, number: u64, again: bool, fields: &[(u32, String)]) {
        let mut body = Body::default();
        for (tag, value) in fields {
            body.put(*tag, value);
        }
        let mut more = Body::default();
        if again {
            more.put(43, 'Y').put(122, timestamp(NOW));
        }
        let head = Head { kind, from: "DESK", to: "BEARPIT", number, at: NOW, more };
        self.out.extend(encode(&head, &body));
    }

    fn number(&mut self) -> u64 {
        self.next_out += 1;
        self.next_out - 1
    }

    fn log_on(&mut self) {
        let number = self.number();
        let fields = [(98, "0"), (108, "30"), (553, "a"), (554, "b")].map(|(tag, it)| (tag, it.to_owned()));
        self.write("A", number, false, &fields);
    }

    fn say(&mut self, text: u32) {
        let number = self.number();
        self.said.push((number, text));
        if self.is_open {
            self.write("D", number, false, &[(58, text.to_string())]);
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        self.framer.push(bytes);
        while let Some(Framed::Message(message)) = self.framer.next() {
            self.take(&message);
        }
    }

    fn take(&mut self, message: &Message) {
        let number: u64 = message.get(34).unwrap().parse().unwrap();
        self.is_open = true;
        if message.kind() == "2" {
            let from: u64 = message.get(7).unwrap().parse().unwrap();
            // All else than orders is a gap, each number by itself.
            for number in from..self.next_out {
                match self.said.iter().find(|said| said.0 == number).copied() {
                    Some((_, text)) => self.write("D", number, true, &[(58, text.to_string())]),
                    None => {
                        let fields = [(123, "Y".to_owned()), (36, (number + 1).to_string())];
                        self.write("4", number, true, &fields);
                    }
                }
            }
        }
        if number > self.next_in {
            if !self.has_asked {
                self.has_asked = true;
                let (own, from) = (self.number(), self.next_in);
                self.write("2", own, false, &[(7, from.to_string()), (16, "0".to_owned())]);
            }
            return;
        }
        if number < self.next_in {
            assert_eq!(message.get(43), Some("Y"), "a number comes twice");
            return;
        }
        self.next_in = number + 1;
        match message.kind() {
            "4" => self.next_in = message.get(36).unwrap().parse().unwrap(),
            "8" => self.taken.push(message.get(58).unwrap().to_owned()),
            _ => {}
        }
    }
}

#[derive(Debug, Clone)]
enum Act {
    ClientSays,
    ServerSays,
    /// So many bytes arrive at the server, and at the client.
    Carry(usize, usize),
    Cut,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => Just(Act::ClientSays),
        3 => Just(Act::ServerSays),
        4 => (0_usize..400, 0_usize..400).prop_map(|(to, from)| Act::Carry(to, from)),
        1 => Just(Act::Cut),
    ]
}

struct World {
    server: Acceptor,
    client: Client,
}

impl World {
    fn new() -> Self {
        let session = Session::new("BEARPIT", "DESK", Numbers::FIRST);
        let server = Acceptor {
            session,
            sent: Sent::default(),
            taken: Vec::new(),
            out: Vec::new(),
            framer: Framer::default(),
            is_connected: false,
        };
        let client = Client { next_in: 1, next_out: 1, ..Client::default() };
        Self { server, client }
    }

    fn connect(&mut self) {
        self.server.is_connected = true;
        self.client.log_on();
    }

    /// What is on its way is lost.
    fn cut(&mut self) {
        self.server.session.disconnected();
        (self.server.out, self.server.framer) = (Vec::new(), Framer::default());
        (self.client.out, self.client.framer) = (Vec::new(), Framer::default());
        (self.client.has_asked, self.client.is_open) = (false, false);
        self.connect();
    }

    fn carry(&mut self, to: usize, from: usize) {
        let bytes: Vec<u8> = self.client.out.drain(..to.min(self.client.out.len())).collect();
        self.server.read(&bytes);
        let bytes: Vec<u8> = self.server.out.drain(..from.min(self.server.out.len())).collect();
        self.client.read(&bytes);
    }

    fn settle(&mut self) {
        while !self.client.out.is_empty() || !self.server.out.is_empty() {
            self.carry(usize::MAX, usize::MAX);
        }
    }
}

proptest! {
    #[test]
    fn prop_over_connections_that_are_cut_nothing_is_lost_and_nothing_comes_twice(acts in vec(act(), 0..60)) {
        let mut world = World::new();
        world.connect();
        let mut count = 0;
        for act in acts {
            count += 1;
            match act {
                Act::ClientSays => world.client.say(count),
                Act::ServerSays => world.server.say(count),
                Act::Carry(to, from) => world.carry(to, from),
                Act::Cut => world.cut(),
            }
        }
        // A last message of each side shows that something is missing, if something is.
        world.cut();
        world.settle();
        world.client.say(9_998);
        world.server.say(9_999);
        world.settle();
        let said: Vec<String> = world.client.said.iter().map(|said| said.1.to_string()).collect();
        prop_assert_eq!(&world.server.taken, &said);
        let told: Vec<String> =
            world.server.sent.0.iter().map(|it| it.body[3..it.body.len() - 1].to_owned()).collect();
        prop_assert_eq!(&world.client.taken, &told);
    }

    #[test]
    fn prop_no_message_of_any_kind_panics(
        kind in "[0-9A-Za-z]{1,2}",
        fields in vec((prop_oneof![Just(7_u32), Just(16), Just(34), Just(36), Just(43), Just(52), Just(122), Just(123), Just(141), 1_u32..200], "[ -~]{0,20}"), 0..10),
        number in 0_u64..5,
    ) {
        let mut session = Session::new("BEARPIT", "DESK", Numbers::FIRST);
        let mut body = Body::default();
        for (tag, value) in &fields {
            body.put(*tag, value);
        }
        let head = Head { kind: &kind, from: "DESK", to: "BEARPIT", number, at: NOW, more: Body::default() };
        let mut framer = Framer::default();
        framer.push(&encode(&head, &body));
        if let Some(Framed::Message(message)) = framer.next() {
            session.phase = Phase::Open;
            session.receive(NOW, message, &Sent::default());
        }
    }
}
