//! Whether an answer is as the server's own document describes it.

use serde_json::Value;

/// The document of a server.
pub(crate) struct Described(pub(crate) Value);

impl Described {
    /// Checks the answer to a request.
    #[track_caller]
    pub(crate) fn check(&self, method: &str, path: &str, answer: &(u16, String)) {
        let (status, body) = answer;
        let path = path.split('?').next().unwrap();
        let paths = self.0["paths"].as_object().unwrap();
        // What is written out counts before what fits a place.
        let template = if paths.contains_key(path) {
            path
        } else {
            paths.keys().find(|it| fits(it, path)).unwrap_or_else(|| panic!("{path} is not described"))
        };
        let responses = &paths[template][method.to_lowercase()]["responses"];
        let known = responses.get(status.to_string()).or(responses.get("default"));
        let known = known.unwrap_or_else(|| panic!("{method} {template} has no answer {status}: {body}"));
        let Some(content) = known["content"].as_object() else {
            assert_eq!(body, "", "{method} {template} answers nothing");
            return;
        };
        let (_, content) = content.iter().next().unwrap();
        let value: Value = serde_json::from_str(body).unwrap();
        if let Err(why) = self.validate(&value, &content["schema"]) {
            panic!("{method} {path}: {why} in {body}");
        }
    }

    fn validate(&self, value: &Value, schema: &Value) -> Result<(), String> {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap();
            let known = &self.0["components"]["schemas"][name];
            assert!(known.is_object(), "no schema {name}");
            return self.validate(value, known);
        }
        for word in ["oneOf", "anyOf"] {
            if let Some(several) = schema[word].as_array() {
                let failed = several.iter().map(|one| self.validate(value, one));
                let failed: Result<Vec<_>, ()> = failed.map(|it| it.err().ok_or(())).collect();
                return failed.map_or(Ok(()), |all| Err(all.join(" and ")));
            }
        }
        if let Some(all) = schema["allOf"].as_array() {
            return all.iter().try_for_each(|one| self.validate(value, one));
        }
        is_of_type(value, &schema["type"])?;
        if let Some(known) = schema["enum"].as_array()
            && !known.contains(value)
        {
            return Err(format!("{value} is none of {known:?}"));
        }
        match value {
            Value::Array(values) => values.iter().try_for_each(|it| self.validate(it, &schema["items"])),
            Value::Object(fields) => self.validate_fields(fields, schema),
            _ => Ok(()),
        }
    }

    fn validate_fields(&self, fields: &serde_json::Map<String, Value>, schema: &Value) -> Result<(), String> {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(missing) = required.into_iter().find(|name| !fields.contains_key(*name)) {
            return Err(format!("`{missing}` is missing"));
        }
        // An object of which nothing is said has any fields.
        let Some(known) = schema["properties"].as_object() else { return Ok(()) };
        fields.iter().try_for_each(|(name, value)| {
            let schema = known.get(name).ok_or_else(|| format!("`{name}` is not described"))?;
            self.validate(value, schema).map_err(|why| format!("`{name}`: {why}"))
        })
    }
}

fn is_of_type(value: &Value, kind: &Value) -> Result<(), String> {
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    let fits = match kind {
        Value::String(kind) => is(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(is),
        _ => true,
    };
    if fits { Ok(()) } else { Err(format!("{value} is no {kind}")) }
}

/// Returns whether a path is one of a template, whose places stand in braces.
fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(&path).all(|(part, given)| part.starts_with('{') || part == given)
}
