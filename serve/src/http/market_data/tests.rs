//! The routes, as a client sees them.

use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, rt};
use bearpit_core::market::Side;
use bearpit_core::units::SimDuration;
use serde_json::Value;

use super::*;
use crate::services::market_data::fixture::{CROWD, Hand};

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Answers requests, one after the other.
fn ask(hand: &Hand, requests: Vec<TestRequest>) -> Vec<Got> {
    let service = Arc::new(hand.plain_service());
    rt::System::new().block_on(async move {
        let configure = move |config: &mut web::ServiceConfig| {
            provide(config, &service);
            endpoints().into_iter().for_each(|endpoint| endpoint.register(config));
        };
        let app = init_service(App::new().configure(configure)).await;
        let mut answers = Vec::new();
        for request in requests {
            let response = call_service(&app, request.to_request()).await;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = to_bytes(response.into_body()).await.unwrap_or_default().to_vec();
            answers.push(Got { status, headers, body });
        }
        answers
    })
}

fn get(hand: &Hand, path: &str) -> Got {
    ask(hand, vec![TestRequest::get().uri(path)]).remove(0)
}

fn traded() -> Hand {
    let mut hand = Hand::new();
    hand.enter(CROWD, Side::Buy, 9_990, 5);
    hand.print(10_000, 2);
    hand.pass(SimDuration::from_secs(2));
    hand
}

#[test]
fn every_route_answers_json() {
    let hand = traded();
    for (path, place, expected) in [
        ("/api/instruments", "/instruments/0/symbol", "ALFA"),
        ("/api/quotes", "/quotes/1/symbol", "BETA"),
        ("/api/quotes?symbols=GAMA@HALL,ALFA", "/quotes/0/venue", "HALL"),
        ("/api/quotes/ALFA%40PIT", "/bid", "99.9"),
        ("/api/book/snapshot?symbol=ALFA&depth=1", "/bids/0/1", "5"),
        ("/api/candles?symbol=ALFA&interval=1s", "/candles/0/close", "100"),
        (
            "/api/candles?symbol=ALFA&from=2025-03-03T09:30:00-05:00&to=2025-03-03T15:00:00Z",
            "/interval",
            "1m",
        ),
        ("/api/trades/recent?symbol=ALFA&limit=1", "/trades/0/quantity", "2"),
        ("/api/market/status", "/stage", "open"),
        ("/api/clock", "/zone", "America/New_York"),
    ] {
        let got = get(&hand, path);
        assert_eq!(
            (got.status, &got.json().pointer(place)),
            (StatusCode::OK, &Some(&expected.into())),
            "{path}"
        );
        assert_eq!(got.headers.get(header::CONTENT_TYPE).unwrap(), "application/json");
    }
}

#[test]
fn what_is_wrong_with_a_parameter_is_said_with_its_name() {
    let hand = traded();
    for (path, status, field) in [
        ("/api/book/snapshot", 422, "symbol"),
        ("/api/book/snapshot?symbol=ALFA&depth=0", 422, "depth"),
        ("/api/book/snapshot?symbol=ALFA&depth=-1", 422, "depth"),
        ("/api/book/snapshot?symbol=ALFA&dept=5", 422, "dept"),
        ("/api/book/snapshot?symbol=NONE", 404, "symbol"),
        ("/api/quotes?symbol=ALFA", 422, "symbol"),
        ("/api/quotes/NONE", 404, "symbol"),
        ("/api/quotes/GAMA", 422, "symbol"),
        ("/api/quotes/ALFA?x=1", 422, "x"),
        ("/api/candles?symbol=ALFA&interval=2m", 422, "interval"),
        ("/api/candles?symbol=ALFA&from=yesterday", 422, "from"),
        ("/api/candles?symbol=ALFA&from=2025-03-04T00:00:00Z&to=2025-03-03T00:00:00Z", 422, "from"),
        ("/api/candles?symbol=ALFA&limit=5001", 422, "limit"),
        ("/api/trades/recent?symbol=ALFA&limit=1.5", 422, "limit"),
        ("/api/clock?now=1", 422, "now"),
    ] {
        let got = get(&hand, path);
        let json = got.json();
        assert_eq!((got.status.as_u16(), json["field"].as_str()), (status, Some(field)), "{path}: {json}");
        assert_eq!(got.headers.get(header::CONTENT_TYPE).unwrap(), "application/problem+json");
    }
    let hint = get(&hand, "/api/quotes/ALFAA").json()["hint"].clone();
    assert_eq!(hint, "did you mean ALFA?");
}

#[test]
fn a_book_that_is_known_is_not_sent_again() {
    let hand = traded();
    let path = "/api/book/snapshot?symbol=ALFA";
    let first = get(&hand, path);
    let tag = first.headers.get(header::ETAG).unwrap().clone();
    let weak = format!("\"x\", W/{}", tag.to_str().unwrap());
    let known = |value: &str| TestRequest::get().uri(path).insert_header((header::IF_NONE_MATCH, value));
    let asked = vec![known(tag.to_str().unwrap()), known(&weak), known("*"), known("\"other\"")];
    let statuses: Vec<_> =
        ask(&hand, asked).iter().map(|got| (got.status.as_u16(), got.body.len())).collect();
    assert_eq!(statuses, [(304, 0), (304, 0), (304, 0), (200, first.body.len())]);
}

#[test]
fn a_wrong_method_is_answered_with_those_that_are_allowed() {
    let hand = traded();
    let got = ask(&hand, vec![TestRequest::post().uri("/api/clock")]).remove(0);
    assert_eq!(
        (got.status.as_u16(), got.headers.get(header::ALLOW).unwrap().as_bytes()),
        (405, &b"GET, HEAD"[..])
    );
}

#[test]
fn the_document_describes_every_route() {
    let document = serde_json::to_value(MarketDataDoc::openapi()).unwrap();
    for endpoint in endpoints() {
        for entry in endpoint.entries() {
            let operation = &document["paths"][entry.path]["get"];
            assert!(operation["responses"]["200"].is_object(), "{}: {operation}", entry.path);
            assert_eq!(entry.access, Access::Public);
        }
    }
    let from = document["paths"]["/api/candles"]["get"]["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["name"] == "from")
        .unwrap()
        .clone();
    assert_eq!(
        (&from["required"], &from["schema"]["format"]),
        (&false.into(), &"date-time".into()),
        "{from}"
    );
}
