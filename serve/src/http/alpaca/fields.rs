//! [`Fields`]: what comes with a request, read leniently.
//!
//! Clients of Alpaca's API write the same number as `1.0`, `1` or `"1"`, and a truth value as `true` or
//! `True`. Each field that is known is taken out; those that are left are counted, and mean nothing.

use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use bearpit_core::units::{Decimal, SimTime};
use futures_util::future::LocalBoxFuture;
use serde_json::value::RawValue;

use super::super::answers::too_long;
use super::super::dialect::AlpacaFailure;
use super::super::instruments::Metrics;
use super::super::shared::Shared;
use bearpit::data::Zone;
use bearpit::scenario::CivilDate;

use crate::domain::{Number, Problem, ProblemKind, instant_of};

/// The fields of a request that have not been taken.
#[derive(Debug, Default)]
pub(super) struct Fields {
    given: BTreeMap<String, String>,
    /// Of those that are no texts, as JSON.
    raw: BTreeMap<String, Box<RawValue>>,
    counted: Option<Counted>,
}

/// Where those that are ignored are counted.
#[derive(Debug, Clone)]
struct Counted {
    metrics: Arc<Metrics>,
    route: Option<String>,
}

/// What stands behind the question mark.
#[derive(Debug)]
pub(super) struct Query(pub(super) Fields);

/// The body: a JSON object, or nothing.
#[derive(Debug)]
pub(super) struct Body(pub(super) Fields);

/// How many symbols a request may name.
const LIST_MAX: usize = 10_000;

impl FromRequest for Query {
    type Error = AlpacaFailure;
    type Future = Ready<Result<Self, AlpacaFailure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs = form_urlencoded::parse(request.query_string().as_bytes()).into_owned();
        let (given, raw) = (pairs.collect(), BTreeMap::new());
        ready(Ok(Self(Fields { given, raw, counted: counted(request) })))
    }
}

impl FromRequest for Body {
    type Error = AlpacaFailure;
    type Future = LocalBoxFuture<'static, Result<Self, AlpacaFailure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let most = request.app_data::<web::Data<Shared>>().map_or(0, |shared| shared.body_bytes_max);
        let counted = counted(request);
        let bytes = web::Bytes::from_request(request, payload);
        Box::pin(async move {
            let bytes = bytes.await.map_err(|_| too_long(most))?;
            let mut fields = Fields::of_json(&bytes)?;
            fields.counted = counted;
            Ok(Self(fields))
        })
    }
}

fn counted(request: &HttpRequest) -> Option<Counted> {
    let metrics = Arc::clone(&request.app_data::<web::Data<Shared>>()?.metrics);
    Some(Counted { metrics, route: request.match_pattern() })
}

impl Drop for Fields {
    fn drop(&mut self) {
        if let Some(Counted { metrics, route }) = self.counted.take() {
            metrics.note_ignored(route, self.given.len() + self.raw.len());
        }
    }
}

impl Fields {
    /// Reads a JSON object; nothing is an empty one.
    pub(super) fn of_json(bytes: &[u8]) -> Result<Self, Problem> {
        let mut fields = Self::default();
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(fields);
        }
        let malformed = |error: serde_json::Error| {
            let message = format!("request body format is invalid: {error}");
            Problem::new(ProblemKind::Malformed, "malformed_json", message)
        };
        let all: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(bytes).map_err(malformed)?;
        for (name, value) in all {
            let text = value.get();
            match text.as_bytes().first() {
                Some(b'n') => {}
                Some(b'{' | b'[') => {
                    fields.raw.insert(name, value);
                }
                Some(b'"') => {
                    fields.given.insert(name, serde_json::from_str(text).map_err(malformed)?);
                }
                _ => {
                    fields.given.insert(name, text.to_owned());
                }
            }
        }
        Ok(fields)
    }

    /// Takes a text; an empty one is none.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.given.remove(name).filter(|text| !text.is_empty())
    }

    /// Takes a text that must be there.
    pub(super) fn needed(&mut self, name: &str) -> Result<String, Problem> {
        self.text(name).ok_or_else(|| {
            Problem::new(ProblemKind::Refused, "missing_field", format!("{name} is required")).at(name)
        })
    }

    /// Takes fields that mean nothing here, but whose meaning is known.
    pub(super) fn skip(&mut self, names: &[&str]) {
        for name in names {
            self.given.remove(*name);
            self.raw.remove(*name);
        }
    }

    /// Takes one of some words.
    pub(super) fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let found = words.iter().find(|(word, _)| text.eq_ignore_ascii_case(word)).map(|(_, it)| *it);
        let all = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        found.map(Some).ok_or_else(|| invalid(name, &format!("{text:?} is none of: {}", all())))
    }

    /// Takes a number.
    pub(super) fn number(&mut self, name: &str) -> Result<Option<Number>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = decimal_of(&text).map(Number);
        number.map(Some).ok_or_else(|| invalid(name, &format!("{text:?} is no number")))
    }

    /// Takes a count.
    pub(super) fn count(
        &mut self,
        name: &str,
        range: std::ops::RangeInclusive<usize>,
    ) -> Result<Option<usize>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let count = text.parse().ok().filter(|count| range.contains(count));
        let (least, most) = range.into_inner();
        count.map(Some).ok_or_else(|| invalid(name, &format!("{text:?} is not within {least} to {most}")))
    }

    /// Takes a truth value; false without one.
    pub(super) fn flag(&mut self, name: &str) -> Result<bool, Problem> {
        Ok(self.word(name, &[("true", true), ("false", false), ("1", true), ("0", false)])?.unwrap_or(false))
    }

    /// Takes a time: as of RFC 3339, or a date, which is its midnight in a zone.
    pub(super) fn instant(&mut self, name: &str, zone: &Zone) -> Result<Option<SimTime>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let date = || {
            let date: CivilDate = text.parse().ok()?;
            Some(SimTime::from_nanos(zone.instant_of(date.midnight())))
        };
        let bare = || text.parse::<SimTime>().ok().filter(|_| text.len() > 10);
        let found = instant_of(&text).ok().or_else(date).or_else(bare);
        found.map(Some).ok_or_else(|| {
            let message =
                format!("Invalid format for parameter {name}: {text:?} is no RFC3339 or 2006-01-02 time");
            Problem::new(ProblemKind::Refused, "invalid_parameter", message).at(name)
        })
    }

    /// Takes a date.
    pub(super) fn date(&mut self, name: &str) -> Result<Option<CivilDate>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let date = text.get(..10).and_then(|date| date.parse().ok());
        date.map(Some).ok_or_else(|| invalid(name, &format!("{text:?} is no date as 2006-01-02")))
    }

    /// Takes a list: separated by commas, or a list of JSON.
    pub(super) fn list(&mut self, name: &str) -> Result<Vec<String>, Problem> {
        let texts: Vec<String> = match self.raw.remove(name) {
            Some(raw) => serde_json::from_str(raw.get())
                .map_err(|error| invalid(name, &format!("it must be a list of texts: {error}")))?,
            None => {
                let text = self.text(name).unwrap_or_default();
                text.split(',').map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect()
            }
        };
        if texts.len() > LIST_MAX {
            return Err(invalid(name, &format!("it names more than {LIST_MAX}")));
        }
        Ok(texts)
    }

    /// Takes an object.
    pub(super) fn object(&mut self, name: &str) -> Result<Option<Self>, Problem> {
        let Some(raw) = self.raw.remove(name) else {
            return match self.text(name) {
                None => Ok(None),
                Some(_) => Err(invalid(name, "it must be an object")),
            };
        };
        let mut fields =
            Self::of_json(raw.get().as_bytes()).map_err(|problem| invalid(name, &problem.message))?;
        fields.counted.clone_from(&self.counted);
        Ok(Some(fields))
    }
}

/// Says that a field is not as it must be.
pub(super) fn invalid(name: &str, message: &str) -> Problem {
    Problem::new(ProblemKind::Refused, "invalid_field", format!("{name}: {message}")).at(name)
}

/// Reads a decimal number, with an exponent as programs write small floats.
fn decimal_of(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    if mantissa.contains('_') {
        return None;
    }
    let number: Decimal = mantissa.parse().ok()?;
    let exponent: i32 = exponent.parse().ok().filter(|exponent: &i32| exponent.abs() <= 28)?;
    let ten = |power: i32| 10_i128.checked_pow(power.unsigned_abs());
    if exponent < 0 {
        number.checked_mul(Decimal::new(1, exponent.unsigned_abs()))
    } else {
        number.checked_mul(Decimal::new(ten(exponent)?, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Fields {
        Fields::of_json(json.as_bytes()).unwrap()
    }

    #[test]
    fn a_number_is_read_however_it_is_written() {
        for (json, expected) in [
            ("1", "1"),
            ("1.0", "1"),
            ("\"1\"", "1"),
            ("\"1.50\"", "1.5"),
            ("1e-05", "0.00001"),
            ("1.5E+3", "1500"),
            ("-2", "-2"),
            ("0.1", "0.1"),
        ] {
            let found = of(&format!("{{\"qty\":{json}}}")).number("qty").unwrap().unwrap();
            assert_eq!(found.to_string(), expected, "{json}");
        }
        for json in [
            "\"x\"",
            "\"1,5\"",
            "\"1e99\"",
            "\"1e\"",
            "\"nan\"",
            "\"inf\"",
            "true",
            "\"1_0\"",
            "\"\u{0661}\"",
        ] {
            let problem = of(&format!("{{\"qty\":{json}}}")).number("qty").unwrap_err();
            assert_eq!(problem.field.as_deref(), Some("qty"), "{json}");
        }
        assert_eq!(of(r#"{"qty":null}"#).number("qty"), Ok(None));
        assert_eq!(of(r#"{"qty":""}"#).number("qty"), Ok(None));
    }

    #[test]
    fn truth_values_times_and_lists_are_read_as_clients_write_them() {
        let mut fields = of(
            r#"{"a":"True","b":true,"c":"False","t":"2026-01-01T00:00:00+00:00","d":"2026-01-01","s":"A, B,,C","l":["A/USD"],"n":{"x":1}}"#,
        );
        assert_eq!(["a", "b", "c", "z"].map(|name| fields.flag(name).unwrap()), [true, true, false, false]);
        let zone = Zone::named("America/New_York").unwrap();
        let utc: SimTime = "2026-01-01T00:00:00".parse().unwrap();
        assert_eq!(fields.instant("t", &zone), Ok(Some(utc)));
        assert_eq!(fields.instant("d", &zone).unwrap().unwrap().to_string(), "2026-01-01T05:00:00");
        assert_eq!(fields.list("s").unwrap(), ["A", "B", "C"]);
        assert_eq!(fields.list("l").unwrap(), ["A/USD"]);
        let mut inner = fields.object("n").unwrap().unwrap();
        assert_eq!(inner.number("x").unwrap().unwrap().to_string(), "1");
    }

    #[test]
    fn hostile_bodies_are_refused_in_words() {
        for json in ["{", "[]", "1", "\"x\"", "{\"a\":}", "{\"a\":1}{", "\u{0}", "{\"a\":\"\\ud800\"}"] {
            let read = Fields::of_json(json.as_bytes());
            assert!(read.is_err_and(|problem| problem.kind == ProblemKind::Malformed), "{json}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
        let mut deep = of(&deep);
        assert!(deep.list("a").is_err() && deep.object("a").is_ok_and(|none| none.is_none()));
        assert!(Fields::of_json(&[0xff, 0xfe]).is_err());
        let mut odd = of(r#"{"take_profit":7,"symbols":[1],"side":"up"}"#);
        assert!(odd.object("take_profit").is_err());
        assert!(odd.list("symbols").is_err());
        assert!(odd.word("side", &[("buy", 1), ("sell", 2)]).unwrap_err().message.contains("buy, sell"));
    }
}
