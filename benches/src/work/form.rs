//! The check of the example campaign's form, and the `jsonschema` crate on its strict schema.
//!
//! Both begin with the bytes of the same body and end with the fields of the entry in hand. The peer reads a `Value`, asks
//! whether it is valid, formats too, and takes the fields out of it.

use campaign_core::{Campaign, body::Body};
use jsonschema::Draft;
use serde::Deserialize;
use serde_json::Value;

use super::{Run, repeat};

/// The campaign of the examples.
pub(super) fn campaign() -> Campaign {
    Campaign::from_toml(include_str!("../../../examples/double11.toml")).expect("the example is a campaign")
}

/// An entry with every field filled in.
const ENTRY: &str = r#"{"name":"Example Person","email":"person.one@mail.example.net","phone":"+8613800000000","country":"CN","born":"1990-12-10","size":"XL","comment":"One line.\nAnd another, a little longer than the first.","terms":"tc-2026-11-01","utm_source":"newsletter","utm_campaign":"retarget"}"#;

/// The same, as whoever has no form of ours would write it down.
#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "what counts is that they are there")]
struct Entry {
    name: String,
    email: String,
    phone: Option<String>,
    country: String,
    born: String,
    size: String,
    comment: Option<String>,
    terms: String,
    utm_source: Option<String>,
    utm_campaign: Option<String>,
}

pub(super) fn find(name: &str) -> Option<Run> {
    let form = campaign().form().clone();
    let schema = || {
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        let schema = options.build(&form.json_schema()).expect("the schema is one");
        let value: Value = ENTRY.parse().expect("the entry is JSON");
        assert!(schema.is_valid(&value), "the schema takes the entry");
        (schema, value)
    };
    let read = || -> Value { serde_json::from_slice(ENTRY.as_bytes()).expect("the entry is JSON") };
    Some(match name {
        "check" => {
            let body = Body::read(ENTRY.as_bytes()).expect("the entry is a body");
            repeat(move || form.check(&body).expect("the form takes the entry"))
        }
        "entry" => repeat(move || {
            let body = Body::read(ENTRY.as_bytes()).expect("the entry is a body");
            assert!(!form.is_trapped(&body), "the trap is empty");
            form.check(&body).expect("the form takes the entry")
        }),
        "peer" => {
            let (schema, value) = schema();
            repeat(move || assert!(schema.is_valid(&value)))
        }
        "peer-verdict" => {
            let (schema, _) = schema();
            repeat(move || assert!(schema.is_valid(&read())))
        }
        "peer-entry" => {
            let (schema, _) = schema();
            repeat(move || {
                let value = read();
                assert!(schema.is_valid(&value));
                Entry::deserialize(value).expect("the entry is one")
            })
        }
        _ => return None,
    })
}
