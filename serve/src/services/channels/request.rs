//! [`ChannelRequest`]: a request as it comes over a channel.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::domain::{Problem, ProblemKind, Secret, WallTime, instant_of};
use crate::services::trading::OrderRequest;

/// The name of the property that has a signature.
const SIGNATURE: &str = "signature";

/// A request as it comes over a channel, before anybody has looked at who has made it.
#[derive(Debug)]
pub(super) struct ChannelRequest {
    /// The id that its sender gave it.
    pub(super) id: Uuid,
    /// Who has made it.
    pub(super) sender: Sender,
    /// When it was made, by its sender's clock.
    pub(super) sent_at: Option<WallTime>,
    /// The fields that say what is asked for.
    pub(super) fields: Fields,
}

/// Who has made a request, and what shows it.
#[derive(Debug)]
pub(super) enum Sender {
    /// A group, by a signature of these bytes.
    Group { name: String, signed: Vec<u8>, signature: String },
    /// A person, by the id and the secret of a key.
    Key { id: String, secret: Secret },
}

/// What could be read of a request that is none.
#[derive(Debug)]
pub(super) struct Unfit {
    pub(super) request_id: Option<String>,
    pub(super) group: Option<String>,
    pub(super) problem: Problem,
}

/// The fields of an object, as they are written.
#[derive(Debug)]
pub(super) struct Fields(BTreeMap<String, Box<RawValue>>);

fn malformed(message: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemKind::Malformed, "malformed", message)
}

fn missing(field: &str, message: &str) -> Problem {
    Problem::new(ProblemKind::Refused, "missing_field", message).at(field)
}

impl Fields {
    fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let fields = serde_json::from_slice(bytes);
        fields.map(Self).map_err(|error| malformed(format!("a request is an object of JSON: {error}")))
    }

    /// Takes a field out, if it is there and not null.
    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Problem> {
        let Some(raw) = self.0.remove(name) else { return Ok(None) };
        let unfit = |error| Problem::new(ProblemKind::Refused, "invalid_field", error).at(name);
        serde_json::from_str(raw.get()).map_err(unfit)
    }

    /// Returns whether there are no fields left.
    pub(super) fn refuse_others(&self) -> Result<(), Problem> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => {
                let message = format!("`{name}` means nothing here");
                Err(Problem::new(ProblemKind::Refused, "unknown_field", message).at(name.as_str()))
            }
        }
    }

    /// Reads what is left as an order.
    pub(super) fn order(mut self) -> Result<OrderRequest, Problem> {
        if self.0.contains_key("client_order_id") {
            let message = "the request_id is the order's id here: leave client_order_id out";
            return Err(Problem::new(ProblemKind::Refused, "invalid_field", message).at("client_order_id"));
        }
        let venue: Option<String> = self.take("venue")?;
        // Fails for nothing that was read as an object.
        let text = serde_json::to_string(&self.0).unwrap_or_default();
        let mut reader = serde_json::Deserializer::from_str(&text);
        let mut order: OrderRequest = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            let problem = Problem::new(ProblemKind::Refused, "invalid_field", error.into_inner());
            if path == "." { problem } else { problem.at(path) }
        })?;
        if let Some(venue) = venue {
            order.symbol = format!("{}@{venue}", order.symbol);
        }
        Ok(order)
    }
}

/// Takes the request out of an envelope, if it is in one: for senders without properties.
fn opened(payload: &[u8], property: Option<String>) -> Result<(Vec<u8>, Option<String>), Problem> {
    if property.is_some() {
        return Ok((payload.to_vec(), property));
    }
    let mut fields = Fields::read(payload)?;
    if !fields.0.contains_key("payload") {
        return Ok((payload.to_vec(), None));
    }
    let inner: Option<String> = fields.take("payload")?;
    let signature: Option<String> = fields.take(SIGNATURE)?;
    fields.refuse_others()?;
    let inner = inner.ok_or_else(|| missing("payload", "an envelope has a payload"))?;
    Ok((inner.into_bytes(), signature))
}

impl ChannelRequest {
    /// Reads a request.
    pub(super) fn read(payload: &[u8], properties: &[(String, String)]) -> Result<Self, Box<Unfit>> {
        let property = properties.iter().find(|(name, _)| name == SIGNATURE).map(|(_, value)| value.clone());
        let bare = |problem| Box::new(Unfit { request_id: None, group: None, problem });
        let (bytes, signature) = opened(payload, property).map_err(bare)?;
        let mut fields = Fields::read(&bytes).map_err(bare)?;
        let id: Option<String> = fields.take("request_id").map_err(bare)?;
        let unfit = |group: Option<&String>, problem| {
            // An id that is none is repeated only as far as it could be one.
            let request_id = id.clone().filter(|id| id.len() <= 64);
            Box::new(Unfit { request_id, group: group.cloned().filter(|name| name.len() <= 64), problem })
        };
        let group: Option<String> = fields.take("group").map_err(|problem| unfit(None, problem))?;
        let unfit = |problem| unfit(group.as_ref(), problem);
        let id = id.as_deref().ok_or_else(|| unfit(missing("request_id", "a request has a request_id")))?;
        let plain = Some(id).filter(|id| id.len() == 36).and_then(|id| Uuid::try_parse(id).ok());
        let no_id = || {
            let message = "a request_id is a UUID, such as 0190c7a4-5e4f-7c50-9a3e-1f6f0a4d2b11";
            unfit(Problem::new(ProblemKind::Refused, "invalid_field", message).at("request_id"))
        };
        let id = plain.ok_or_else(no_id)?;
        let sent_at: Option<String> = fields.take("sent_at").map_err(unfit)?;
        let sent_at = sent_at.as_deref().map(instant).transpose().map_err(unfit)?;
        let sender = sender(group.clone(), signature, bytes, &mut fields).map_err(unfit)?;
        if sent_at.is_none() && matches!(sender, Sender::Group { .. }) {
            let message = "a signed request says when it was made, as 2025-03-03T08:30:00Z";
            return Err(unfit(missing("sent_at", message)));
        }
        Ok(Self { id, sender, sent_at, fields })
    }
}

fn sender(
    group: Option<String>,
    signature: Option<String>,
    signed: Vec<u8>,
    fields: &mut Fields,
) -> Result<Sender, Problem> {
    let (id, secret): (Option<String>, Option<Secret>) = (fields.take("key_id")?, fields.take("key_secret")?);
    match (group, signature, id, secret) {
        (Some(name), Some(signature), None, None) => Ok(Sender::Group { name, signed, signature }),
        (None, None, Some(id), Some(secret)) => Ok(Sender::Key { id, secret }),
        (Some(_), None, None, None) => {
            let message = "a group signs its requests: by the user property `signature`, or in an envelope";
            Err(missing("signature", message))
        }
        _ => {
            let message = "a request has a group and a signature, or key_id and key_secret";
            Err(Problem::new(ProblemKind::Refused, "invalid_field", message).at("group"))
        }
    }
}

fn instant(text: &str) -> Result<WallTime, Problem> {
    let unfit = |error| Problem::new(ProblemKind::Refused, "invalid_field", error).at("sent_at");
    instant_of(text).map(|at| WallTime::from_nanos(at.nanos())).map_err(unfit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0190c7a4-5e4f-7c50-9a3e-1f6f0a4d2b11";

    fn signed(rest: &str) -> String {
        format!(r#"{{"request_id":"{ID}","group":"desk","sent_at":"2025-03-03T08:30:00Z"{rest}}}"#)
    }

    fn property() -> Vec<(String, String)> {
        vec![("signature".to_owned(), "ab".to_owned())]
    }

    #[test]
    fn a_signature_stands_in_a_property_or_beside_the_payload_in_an_envelope() {
        let text = signed(r#","symbol":"ACME","side":"buy","quantity":1,"venue":"PIT""#);
        let envelope = serde_json::json!({ "payload": text, "signature": "ab" }).to_string();
        for (payload, properties) in [(text.as_str(), property()), (envelope.as_str(), Vec::new())] {
            let request = ChannelRequest::read(payload.as_bytes(), &properties).unwrap();
            assert_eq!(request.id.to_string(), ID);
            let Sender::Group { name, signed, signature } = &request.sender else { panic!("a group") };
            assert_eq!(
                (name.as_str(), signature.as_str(), signed.as_slice()),
                ("desk", "ab", text.as_bytes())
            );
            let order = request.fields.order().unwrap();
            assert_eq!((order.symbol.as_str(), order.quantity.to_string()), ("ACME@PIT", "1".to_owned()));
        }
    }

    #[test]
    fn a_key_stands_in_the_request_itself() {
        let text = format!(r#"{{"request_id":"{ID}","key_id":"k","key_secret":"bpk_x","cancel":"4"}}"#);
        let mut request = ChannelRequest::read(text.as_bytes(), &[]).unwrap();
        assert!(matches!(&request.sender, Sender::Key { id, .. } if id == "k"));
        assert!(!format!("{request:?}").contains("bpk_x"));
        assert_eq!(request.fields.take::<String>("cancel"), Ok(Some("4".to_owned())));
        assert_eq!(request.fields.refuse_others(), Ok(()));
    }

    #[test]
    fn what_is_wrong_is_named_with_what_can_be_read() {
        let no_time = format!(r#"{{"request_id":"{ID}","group":"desk"}}"#);
        let both = format!(r#"{{"request_id":"{ID}","group":"desk","key_id":"k","key_secret":"x"}}"#);
        for (text, has_property, code, field, has_id) in [
            ("", false, "malformed", None, false),
            ("[]", true, "malformed", None, false),
            ("{", false, "malformed", None, false),
            ("{}", true, "missing_field", Some("request_id"), false),
            (r#"{"request_id":5}"#, true, "invalid_field", Some("request_id"), false),
            (r#"{"request_id":"x"}"#, true, "invalid_field", Some("request_id"), true),
            (r#"{"payload":"{}"}"#, false, "missing_field", Some("request_id"), false),
            (r#"{"payload":"{}","x":1}"#, false, "unknown_field", Some("x"), false),
            (r#"{"payload":5}"#, false, "invalid_field", Some("payload"), false),
            (&no_time, true, "missing_field", Some("sent_at"), true),
            (&no_time, false, "missing_field", Some("signature"), true),
            (&both, true, "invalid_field", Some("group"), true),
            (&signed(r#","sent_at":"now""#), true, "invalid_field", Some("sent_at"), true),
        ] {
            let properties = if has_property { property() } else { Vec::new() };
            let unfit = ChannelRequest::read(text.as_bytes(), &properties).unwrap_err();
            let Unfit { request_id, problem, .. } = *unfit;
            let found = (&*problem.code, problem.field.as_deref(), request_id.is_some());
            assert_eq!(found, (code, field, has_id), "{text}");
        }
    }

    #[test]
    fn an_order_has_the_words_of_the_api_and_no_others() {
        let order = |rest: &str| {
            let request = ChannelRequest::read(signed(rest).as_bytes(), &property()).unwrap();
            request.fields.order().map_err(|problem| (problem.code.into_owned(), problem.field))
        };
        let fault = |rest| order(rest).unwrap_err();
        let at = |field: &str| ("invalid_field".to_owned(), Some(field.to_owned()));
        assert_eq!(fault(r#","symbol":"A","side":"hold","quantity":1"#), at("side"));
        assert_eq!(
            fault(r#","symbol":"A","side":"buy","quantity":1,"client_order_id":"x""#),
            at("client_order_id")
        );
        assert_eq!(fault(r#","symbol":"A","side":"buy","quantity":1,"tempo":"x""#).0, "invalid_field");
        assert_eq!(fault("").0, "invalid_field");
        // Digits of numbers are read, no float near them.
        let exact = order(r#","symbol":"A","side":"buy","quantity":9007199254740993"#).unwrap();
        assert_eq!(exact.quantity.to_string(), "9007199254740993");
    }
}
