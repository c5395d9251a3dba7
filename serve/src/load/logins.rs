//! Logins, with passwords hashed as in production, and what orders notice of them.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::spawn_local;

use super::client::{Client, post};
use super::clock::now;
use super::error::BenchError;
use super::latency::Line;
use super::orders::order;
use super::pace::{Pace, on_load_core, open_loop};
use super::stage::{BenchConfig, PASSWORD, Setup, Stage, answered, name};

/// How many people there are.
const PEOPLE: usize = 64;
/// How many of them log in again and again, each as soon as the last login was answered.
const LOGGING_IN: usize = 4;
/// Orders in a second meanwhile.
const ORDERS: u32 = 1_000;

/// Measures logins one after the other, and orders without and with logins beside them.
///
/// # Errors
/// [`BenchError`] if a server does not do what it is asked.
pub fn logins(config: &BenchConfig, print: &mut dyn FnMut(&Line)) -> Result<(), BenchError> {
    let lines = on_load_core(config.cores, || measure(config))?;
    lines.iter().for_each(print);
    Ok(())
}

async fn measure(config: &BenchConfig) -> Result<Vec<Line>, BenchError> {
    let setup = Setup { has_real_passwords: true, ..Setup::default() };
    let stage = Stage::set(config, setup, PEOPLE).await?;
    let seconds = Duration::from_secs(config.seconds.into());
    let alone = {
        let mut client = Client::connect(stage.server.address).await?;
        log_in_again(&mut client, 0, seconds, &mut |_| {}).await?
    };
    let alone = Line::new("logins, one at a time", alone, seconds);
    let pace = Pace { rate: config.rate.unwrap_or(ORDERS), seconds: config.seconds };
    let quiet = orders(&stage, pace, "orders without logins").await?;

    let done = Rc::new(RefCell::new(Vec::new()));
    let mut tasks = Vec::new();
    for number in 0..LOGGING_IN {
        let mut client = Client::connect(stage.server.address).await?;
        let done = Rc::clone(&done);
        tasks.push(spawn_local(async move {
            // A second more, for the warm-up of the orders.
            let span = seconds + Duration::from_secs(1);
            log_in_again(&mut client, number, span, &mut |took| done.borrow_mut().push(took)).await
        }));
    }
    let beside = orders(&stage, pace, "orders beside logins").await?;
    for task in tasks {
        task.await.map_err(std::io::Error::other)??;
    }
    let busy = Line::new(format!("logins, {LOGGING_IN} at a time, beside orders"), done.take(), seconds);
    stage.end()?;
    Ok(vec![alone, quiet, beside, busy])
}

async fn orders(stage: &Stage, pace: Pace, what: &str) -> Result<Line, BenchError> {
    let (clients, tokens) = (stage.clients(PEOPLE).await?, stage.tokens.clone());
    let before = stage.server.figures().await?;
    let took = open_loop(pace, clients, Rc::new(move |place, number| order(&tokens[place], number))).await?;
    let after = stage.server.figures().await?;
    Ok(Line::new(what, took.delays, took.took).beside(after.syncs_since(&before)))
}

/// Logs a person in again and again.
async fn log_in_again(
    client: &mut Client,
    number: usize,
    span: Duration,
    done: &mut dyn FnMut(Duration),
) -> Result<Vec<Duration>, BenchError> {
    let body = format!(r#"{{"username":"{}","password":"{PASSWORD}"}}"#, name(number));
    let request = post("/api/auth/login", None, &body);
    let (began, mut took) = (now(), Vec::new());
    while began.elapsed() < span {
        let asked = now();
        answered(client, "a login", &request).await?;
        took.push(asked.elapsed());
        done(asked.elapsed());
    }
    Ok(took)
}
