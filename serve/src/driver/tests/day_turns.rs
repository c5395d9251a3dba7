//! From one day to the next: under load, when a day does not balance, and what an operator had set.

use std::time::Instant;

use super::*;
use crate::live::ControlError;

fn day_of(driver: &Driver) -> u32 {
    driver.handle.status().day.as_ref().map_or(0, |day| day.number)
}

fn control(driver: &Driver, control: Control) -> Result<(), ControlError> {
    driver.handle.control(control).unwrap().blocking_recv().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "time passes in a market that is driven")]
fn wait(span: Duration) {
    std::thread::sleep(span);
}

/// Days of ten minutes, of which one a second passes.
fn short_days(directory: &Path) -> Driver {
    let driver = start_with(directory, Days { minutes: 10, speed: 600_000 }, &Mood::default());
    await_open(&driver);
    driver
}

/// Each request is executed on one day or refused with the reason, and an order that is said to be in the
/// market can be canceled there.
#[test]
fn requests_that_come_while_a_day_turns_get_one_true_answer_each() {
    let directory = tempfile::tempdir().unwrap();
    let driver = short_days(directory.path());
    ask_on_some_day(&driver, || seat("anne", "desk"));
    let first = day_of(&driver);
    let mut replies = Vec::new();
    let mut closed: Option<Instant> = None;
    let mut turns: Vec<Duration> = Vec::new();
    let mut seen = first;
    while day_of(&driver) < first + 3 || replies.len() < 200 {
        match driver.handle.ask(buy("anne", 1, None)) {
            Ok(reply) => replies.push(reply),
            Err(why) => assert!(matches!(why, Unavailable::Busy), "{why:?}"),
        }
        let status = driver.handle.status();
        let is_at_close = status.day.as_ref().is_some_and(|day| day.now >= day.close);
        if is_at_close || status.stage != Stage::Open {
            closed.get_or_insert_with(instant);
        } else if day_of(&driver) > seen {
            seen = day_of(&driver);
            turns.extend(closed.map(|closed| closed.elapsed()));
            closed = None;
        }
        wait(Duration::from_micros(500));
    }
    let (mut executed, mut refused) = (Vec::new(), 0);
    for reply in replies {
        match reply.blocking_recv().expect("each is answered") {
            Ok(answer) => match answer.outcome {
                Ok(Outcome::Submitted { order, .. }) => executed.push(order),
                // It came at the close, when nothing is entered any more.
                Err(_) => refused += 1,
                other => panic!("{other:?}"),
            },
            Err(Refused::Unavailable(Unavailable::BetweenDays | Unavailable::Opening)) => refused += 1,
            Err(Refused::NotTaken(_)) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    // How long a turn takes, and whether one is seen at all, the machine decides too.
    println!("{} executed, {refused} refused; turns {turns:?}", executed.len());
    assert!(!executed.is_empty(), "{refused} refused");
    assert!(executed.windows(2).all(|pair| pair[0] < pair[1]), "each once, and ids go on");
    // What is said to be in the market is there, also if a day has turned since.
    let last = *executed.last().unwrap();
    ask_on_some_day(&driver, || cancel("anne", last));
    stop(driver);
}

/// A source whose days do not balance.
struct Misstated(Days);

impl MarketSource for Misstated {
    fn pacing(&self) -> Pacing {
        self.0.pacing()
    }

    fn next_day(&self, wall: Duration, last: Option<&SegmentHeader>) -> Result<Day, SourceError> {
        self.0.next_day(wall, last)
    }

    fn header(&self, day: &Day) -> Result<SegmentHeader, SourceError> {
        self.0.header(day)
    }

    fn close_of(&self, header: &SegmentHeader) -> Result<SimTime, SourceError> {
        self.0.close_of(header)
    }

    fn builder(&self, header: &SegmentHeader) -> Result<MarketBuilder, SourceError> {
        let mut builder = self.0.builder(header)?;
        builder.misstate_opening(Money::from_whole(1));
        Ok(builder)
    }
}

#[test]
fn a_day_that_does_not_balance_stops_the_market_for_good_and_can_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let start = || {
        let days = Misstated(Days { minutes: 10, speed: 600_000 });
        start_by(directory.path(), days, &Mood::default(), Box::new(SystemClock::new())).unwrap()
    };
    let fails = |driver: &Driver| {
        let reason = || match &driver.handle.status().stage {
            Stage::Failed(why) => Some(why.clone()),
            _ => None,
        };
        await_that(|| reason().is_some());
        reason().unwrap()
    };
    let segments = || {
        let names = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
        names.filter(|path| path.extension().is_some_and(|it| it == "journal")).count()
    };
    let driver = start();
    let why = fails(&driver);
    let publication = driver.handle.publication();
    assert!(why.starts_with("cash is not conserved: "), "{why}");
    assert_eq!(driver.handle.status().unavailable(), Some(Unavailable::Failed(why.clone())));
    assert_eq!(ask(&driver, buy("anne", 1, None)), Err(Unavailable::Failed(why.clone()).into()));
    assert!(!publication.snapshots().is_empty(), "what was published can still be read");
    assert_eq!(segments(), 1, "no next day opens");
    driver.join();
    let again = start();
    assert_eq!(fails(&again), why);
    assert_eq!(segments(), 1);
    again.join();
}

#[test]
fn a_pause_and_a_speed_hold_until_they_are_changed_also_over_a_stop() {
    let directory = tempfile::tempdir().unwrap();
    let driver = start(directory.path());
    let speed = |thousandths| Control::Speed(Speed::from_thousandths(thousandths).unwrap());
    control(&driver, speed(7_000)).unwrap();
    control(&driver, Control::Pause).unwrap();
    stop(driver);
    let driver = start_with(directory.path(), Days { minutes: 60, speed: 1_000 }, &Mood::default());
    await_that(|| driver.handle.status().unavailable() == Some(Unavailable::Paused));
    let pace = |driver: &Driver| {
        let status = driver.handle.status();
        status.day.as_ref().map(|day| (day.is_paused, day.speed.thousandths(), day.now))
    };
    let (is_paused, thousandths, now) = pace(&driver).unwrap();
    assert_eq!((is_paused, thousandths), (true, 7_000));
    wait(Duration::from_millis(300));
    assert_eq!(pace(&driver).map(|(.., now)| now), Some(now), "time stands still");
    control(&driver, Control::Resume).unwrap();
    await_that(|| pace(&driver).is_some_and(|(is_paused, _, later)| !is_paused && later > now));
    stop(driver);
    // A scenario with another speed has its own.
    let driver = start_with(directory.path(), Days { minutes: 60, speed: 2_000 }, &Mood::default());
    await_that(|| pace(&driver).is_some_and(|(_, thousandths, _)| thousandths == 2_000));
    stop(driver);
}

#[test]
fn an_operators_change_that_comes_while_a_day_turns_is_made_on_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let mood = Mood::default();
    let driver = start_with(directory.path(), Days { minutes: 10, speed: 600_000 }, &mood);
    await_open(&driver);
    mood.set(HANGS);
    // Once the day is over, it waits for its end to be on disk.
    let refused = || ask(&driver, buy("nobody", 1, None)).unwrap_err();
    await_that(|| match refused() {
        Refused::Unavailable(Unavailable::BetweenDays) => true,
        Refused::NoSuchSeat(_) => false,
        other => panic!("{other:?}"),
    });
    let first = day_of(&driver);
    let paused = driver.handle.control(Control::Pause).unwrap();
    mood.set(WELL);
    paused.blocking_recv().expect("it is answered").unwrap();
    await_that(|| driver.handle.status().unavailable() == Some(Unavailable::Paused));
    assert_eq!(day_of(&driver), first + 1);
    let last = driver.handle.clone();
    stop(driver);
    let after = last.control(Control::Resume);
    assert!(after.is_err(), "the market has stopped");
}
