//! The strict schema says of an entry in normal form what the server says of the entry, save for what it cannot say.

use std::{fs, sync::LazyLock};

use campaign_core::{
    Form,
    form::{Field, Kind},
};
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{FORM, body, check, one};

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| strict(&FORM));
static DAY: LazyLock<Validator> = LazyLock::new(|| strict_of(Kind::Date { earliest: None, latest: None }));
static ADDRESS: LazyLock<Validator> = LazyLock::new(|| strict_of(Kind::Email));

fn strict(form: &Form) -> Validator {
    jsonschema::draft202012::new(&form.json_schema()).unwrap()
}

/// The schema of a required field `f`.
fn strict_of(kind: Kind) -> Validator {
    strict(&Form::new(vec![Field::new("f", kind)]).unwrap())
}

/// A text as the server stores it; `None` if it is blank.
fn normal(text: &str, lines: fn(u32, u32) -> Kind) -> Option<String> {
    let form = Form::new(vec![Field::new("f", lines(0, 100_000)).optional()]).unwrap();
    check(&form, &json!({ "f": text })).unwrap().get("f").map(str::to_owned)
}

/// A body in normal form, whether the server would take it or not.
fn normal_form(body: &Value) -> Value {
    let normal_value = |name: &String, value: &Value| match (FORM.field(name).map(Field::kind), value) {
        (None, _) => Some(value.clone()),
        (Some(Kind::Honeypot), _) | (Some(_), Value::Null) => None,
        (Some(Kind::Text { multiline: true, .. }), Value::String(text)) => {
            normal(text, Kind::multiline).map(Value::from)
        }
        (Some(_), Value::String(text)) => normal(text, Kind::text).map(Value::from),
        (Some(_), other) => Some(other.clone()),
    };
    let members = body.as_object().unwrap().iter();
    members.filter_map(|(name, value)| Some((name.clone(), normal_value(name, value)?))).collect()
}

/// Whether the schema says of a body's normal form what the server says of the body.
fn schema_agrees(body: &Value) -> Result<(), String> {
    let (entry, server) = (normal_form(body), check(&FORM, body));
    let schema = SCHEMA.is_valid(&entry);
    // What the schema cannot say.
    let foreign_domain =
        entry["email"].as_str().and_then(|email| email.split_once('@')).is_some_and(|(_, d)| !d.is_ascii());
    let unsaid = |words: &String| {
        words.starts_with("too_early ")
            || words.starts_with("too_late ")
            || (words.starts_with("format.email ") && foreign_domain)
    };
    match &server {
        Ok(fields) if !schema || !SCHEMA.is_valid(&serde_json::to_value(fields).unwrap()) => {
            Err(format!("the server accepts {entry}"))
        }
        Err(violations) if schema && !violations.iter().all(unsaid) => Err(format!("{violations:?}: {entry}")),
        _ => Ok(()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_strict_schema_says_of_the_normal_form_what_the_server_says(body in body()) {
        prop_assert_eq!(schema_agrees(&body), Ok(()));
    }

    #[test]
    fn the_strict_schema_has_the_days_of_the_calendar(year in 0..=9999_u32, month in 0..=13_u32, day in 0..=32_u32) {
        let text = format!("{year:04}-{month:02}-{day:02}");
        prop_assert_eq!(DAY.is_valid(&json!({ "f": text })), one(Kind::Date { earliest: None, latest: None }, text).is_ok());
    }

    #[test]
    fn the_strict_schema_has_the_grammar_of_addresses(local in "[a-z.@!_ü\\- ]{0,4}", at in "@{0,2}", domain in "[a-z0-9.@_\\-]{0,6}") {
        let text = format!("{local}{at}{domain}");
        // Neither normalisation nor UTS 46 has a say.
        let plain = text.trim() == text && text.split_once('@').is_none_or(|(_, domain)| domain.is_ascii());
        prop_assert_eq!(plain && ADDRESS.is_valid(&json!({ "f": text })), plain && one(Kind::Email, text).is_ok());
    }
}

#[test]
fn the_strict_schema_says_of_real_looking_entries_what_the_server_says() {
    let (mut accepted, mut refused) = (0, 0);
    for name in ["entries-slice.ndjson", "entries-more.ndjson"] {
        let text = fs::read_to_string(format!("{}/vectors/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            // The others are raw text that is no JSON object.
            let Some(body) = line.get("body").filter(|body| body.is_object()) else { continue };
            assert_eq!(schema_agrees(body), Ok(()), "{name}, line {}", line["line"]);
            *(if check(&FORM, body).is_ok() { &mut accepted } else { &mut refused }) += 1;
        }
    }
    assert!(accepted > 1000 && refused > 50, "{accepted} accepted, {refused} refused");
}

#[test]
fn the_bounds_of_an_address_and_of_a_text_are_in_the_strict_schema() {
    let address = |local: usize, label: usize| format!("{}@{}.cn", "a".repeat(local), "d".repeat(label));
    for (kind, text, good) in [
        (Kind::Email, address(64, 63), true),
        (Kind::Email, address(65, 3), false),
        (Kind::Email, address(1, 64), false),
        (Kind::Email, format!("aa@{}d", "d.".repeat(125)), true),
        (Kind::Email, format!("aaa@{}d", "d.".repeat(125)), false),
        (Kind::text(2, 3), "\u{1f468}\u{1f468}\u{1f468}".to_owned(), true),
        (Kind::text(2, 3), "\u{1f468}".to_owned(), false),
        (Kind::text(2, 3), "\u{1f468}".repeat(4), false),
        (Kind::Phone { national: None }, "+1234567\n".to_owned(), false),
    ] {
        assert_eq!(strict_of(kind.clone()).is_valid(&json!({ "f": text })), good, "{text:?}");
        // Only a line feed is taken away by the server.
        assert_eq!(one(kind, text.clone()).is_ok(), good || text.ends_with('\n'), "{text:?}");
    }
}
