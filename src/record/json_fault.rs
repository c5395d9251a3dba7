//! [`json_fault`]: what is wrong with a JSON file of a run, in words that name no type of this program.

use serde_json::error::Category;

/// Says what is wrong, as the rest of a sentence about the file.
pub(crate) fn json_fault(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if error.classify() != Category::Data {
        return text;
    }
    let place = match error.line() {
        0 => String::new(),
        line => format!(" in line {line}"),
    };
    // Of `invalid type: string "x", expected u64 at line 1 column 2`, what was found.
    if let Some((found, _)) = text.split_once(", expected") {
        let found = found.trim_start_matches("invalid ").split_once(": ").map_or(found, |(_, found)| found);
        let found = found.trim_start_matches("unknown variant ");
        // Of a long value, what kind of value it is.
        let found = if found.len() > 80 { found.split('`').next().unwrap_or_default().trim() } else { found };
        return format!("it has {found}{place} where something else belongs");
    }
    match text.split('`').nth(1) {
        Some(key) if text.starts_with("missing field") => format!("it has no `{key}`"),
        Some(key) if text.starts_with("unknown") => {
            format!("it has `{key}`{place}, which means nothing there")
        }
        Some(key) if text.starts_with("duplicate") => format!("it has `{key}` twice"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::record::{AccountSummary, Manifest};

    #[test]
    fn faults_are_told_in_words_of_the_file() {
        let fault = |text: &str| json_fault(&serde_json::from_str::<AccountSummary>(text).unwrap_err());
        assert_eq!(fault("{ \"owner\": 5 }"), "it has integer `5` in line 1 where something else belongs");
        assert_eq!(fault("{}"), "it has no `owner`");
        assert_eq!(fault("{ \"owner\""), "EOF while parsing an object at line 1 column 9");
        assert_eq!(fault("[[]]"), "it has sequence in line 1 where something else belongs");
    }

    #[test]
    fn no_wrong_value_in_a_manifest_is_answered_with_a_name_of_a_type() {
        let manifest = json!({
            "layout": Manifest::VERSION, "bearpit": "0", "scenario": "s", "seed": 1,
            "start": "2025-03-03T09:30:00", "end": "2025-03-03T16:00:00", "digest": "00", "inputs": "00",
            "changes": [], "events": 9, "facts": 9, "trades": 2, "bar_interval": "1m", "bars": ["1m"],
            "not_recorded": [], "books": { "interval": "1s", "levels": 10 }, "sample_interval": "1s",
            "format": "parquet", "tables": [], "instruments": [], "venues": ["PIT"], "accounts": [],
        });
        let keys: Vec<String> = manifest.as_object().unwrap().keys().cloned().collect();
        assert!(serde_json::from_value::<Manifest>(manifest.clone()).is_ok());
        let mut faults = 0;
        for key in keys {
            for value in [
                json!(-1),
                json!(1e300),
                json!("x"),
                json!([[]]),
                json!({ "a": 1 }),
                json!([{ "a": 1 }]),
                Value::Null,
            ] {
                let mut changed = manifest.clone();
                changed[key.as_str()] = value.clone();
                let Err(error) = serde_json::from_value::<Manifest>(changed) else { continue };
                let text = json_fault(&error);
                faults += 1;
                for word in ["struct", "enum", "::", "u64", "u32", "i64", "f64", "invalid type", "variant"] {
                    assert!(!text.contains(word), "{key} = {value}: {text}");
                }
            }
        }
        assert!(faults > 80, "{faults}");
    }
}
