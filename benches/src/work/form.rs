//! The check of the example campaign's form, and the `jsonschema` crate on its strict schema.

use campaign_core::{Campaign, body::Body};
use serde_json::Value;

use super::{Run, repeat};

/// The campaign of the examples.
pub(super) fn campaign() -> Campaign {
    Campaign::from_toml(include_str!("../../../examples/double11.toml")).expect("the example is a campaign")
}

/// An entry with every field filled in.
const ENTRY: &str = r#"{"name":"Example Person","email":"person.one@mail.example.net","phone":"+8613800000000","country":"CN","born":"1990-12-10","size":"XL","comment":"One line.\nAnd another, a little longer than the first.","terms":"tc-2026-11-01","utm_source":"newsletter","utm_campaign":"retarget"}"#;

pub(super) fn find(name: &str) -> Option<Run> {
    let form = campaign().form().clone();
    let schema = || {
        let schema = jsonschema::draft202012::new(&form.json_schema()).expect("the schema is one");
        let value: Value = ENTRY.parse().expect("the entry is JSON");
        assert!(schema.is_valid(&value), "the schema takes the entry");
        (schema, value)
    };
    Some(match name {
        "check" => {
            let body = Body::read(ENTRY.as_bytes()).expect("the entry is a body");
            repeat(move || form.check(&body).expect("the form takes the entry"))
        }
        "read-check" => repeat(move || {
            let body = Body::read(ENTRY.as_bytes()).expect("the entry is a body");
            form.check(&body).expect("the form takes the entry")
        }),
        "peer" => {
            let (schema, value) = schema();
            repeat(move || assert!(schema.is_valid(&value)))
        }
        "peer-read" => {
            let (schema, _) = schema();
            repeat(move || assert!(schema.is_valid(&serde_json::from_str(ENTRY).expect("the entry is JSON"))))
        }
        _ => return None,
    })
}
