//! The form: every kind at its bounds, how definitions are read, and the laws that bind the server's
//! check and the gateway's models together.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

mod schema;

use std::{fs, sync::LazyLock};

use campaign_core::{
    Campaign, Form, Scope,
    body::Body,
    form::{Field, Guard, Kind, National},
    store::Fields,
};
use chrono::NaiveDate;
use jsonschema::Validator;
use proptest::{collection::vec, option, prelude::*, strategy::ValueTree};
use serde_json::{Map, Value, json};

fn double11() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/double11.toml")).unwrap()
}

fn check(form: &Form, body: &Value) -> Result<Fields, Vec<String>> {
    let text = body.to_string();
    let body = Body::read(text.as_bytes()).unwrap();
    let words =
        |v: &campaign_core::Violation| format!("{} {} {}", v.code, v.pointer, Value::from_iter(v.params.clone()));
    form.check(&body).map_err(|violations| violations.iter().map(words).collect())
}

/// Checks one value of a required field `f`: what is stored, or the violation.
fn one(kind: Kind, value: impl Into<Value>) -> Result<String, String> {
    let form = Form::new(vec![Field::new("f", kind)]).unwrap();
    match check(&form, &json!({ "f": value.into() })) {
        Ok(fields) => Ok(fields.get("f").unwrap().to_owned()),
        Err(violations) => Err(violations.join(", ").replace(" /f {}", "")),
    }
}

fn stored(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

fn violation(text: &str) -> Result<String, String> {
    Err(text.to_owned())
}

#[test]
fn every_kind_wants_a_string_and_takes_null_and_blank_for_absent() {
    for kind in [
        Kind::text(1, 80),
        Kind::multiline(1, 80),
        Kind::Email,
        Kind::Phone { national: None },
        Kind::Country,
        Kind::Date { earliest: None, latest: None },
        Kind::choice(&["S"]),
        Kind::consent("v1"),
        Kind::Hidden { max: 8 },
    ] {
        for other in [json!(1), json!(1.5), json!(true), json!(["S"]), json!({ "S": "S" })] {
            assert_eq!(one(kind.clone(), other), violation("type"), "{kind:?}");
        }
        for blank in [json!(null), json!(""), json!(" \u{3000}\t\r\n"), json!("\u{200b}\u{feff}\u{3164}\u{202e}")] {
            assert_eq!(one(kind.clone(), blank.clone()), violation("required"), "{kind:?}");
            let optional = Form::new(vec![Field::new("f", kind.clone()).optional()]).unwrap();
            assert!(check(&optional, &json!({ "f": blank })).unwrap().is_empty(), "{kind:?}");
        }
    }
}

#[test]
fn text_is_counted_in_code_points_after_normalisation() {
    let text = || Kind::text(2, 4);
    assert_eq!(one(text(), " ab "), stored("ab"));
    assert_eq!(one(text(), "a"), violation(r#"too_short /f {"min":2}"#));
    assert_eq!(one(text(), "e\u{301}"), violation(r#"too_short /f {"min":2}"#));
    assert_eq!(one(text(), "\u{1f600}".repeat(4)), stored(&"\u{1f600}".repeat(4)));
    assert_eq!(one(text(), "e\u{301}".repeat(4)), stored("\u{e9}\u{e9}\u{e9}\u{e9}"));
    assert_eq!(one(text(), "abcde"), violation(r#"too_long /f {"max":4}"#));
    assert_eq!(one(text(), "ab\ncd"), stored("abcd"));
    assert_eq!(one(Kind::multiline(2, 5), "\nab\r\ncd\n"), stored("ab\ncd"));
    assert_eq!(one(Kind::Hidden { max: 3 }, " abc"), stored("abc"));
    assert_eq!(one(Kind::Hidden { max: 3 }, "abcd"), violation(r#"too_long /f {"max":3}"#));
}

#[test]
fn an_email_is_stored_as_typed() {
    assert_eq!(one(Kind::Email, " Ada.L@B\u{dc}cher.Example\r\n"), stored("Ada.L@B\u{dc}cher.Example"));
    assert_eq!(one(Kind::Email, "ada@b.cn\r\nBcc: eve@b.cn"), violation("format.email"));
}

#[test]
fn a_phone_number_is_e164_unless_the_field_knows_a_country() {
    let national = Some(National::new("49", "0"));
    assert_eq!(one(Kind::Phone { national: None }, " +1234567"), stored("+1234567"));
    assert_eq!(one(Kind::Phone { national: None }, "0151 2345678"), violation("format.e164"));
    assert_eq!(one(Kind::Phone { national: national.clone() }, "0151 2345678"), stored("+491512345678"));
    assert_eq!(one(Kind::Phone { national }, "+1234567"), stored("+1234567"));
}

#[test]
fn a_country_is_an_assigned_code_in_upper_case() {
    assert_eq!(one(Kind::Country, " DE "), stored("DE"));
    for other in ["de", "XX", "UK", "EU", "DEU", "D", "\u{ff24}\u{ff25}"] {
        assert_eq!(one(Kind::Country, other), violation("format.country"), "{other}");
    }
}

#[test]
fn a_date_lies_within_its_bounds_both_included() {
    let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d);
    let date = || Kind::Date { earliest: day(1900, 1, 1), latest: day(2008, 11, 11) };
    for text in ["1900-01-01", "2008-11-11", "2000-02-29"] {
        assert_eq!(one(date(), text), stored(text));
    }
    assert_eq!(one(date(), "1899-12-31"), violation(r#"too_early /f {"earliest":"1900-01-01"}"#));
    assert_eq!(one(date(), "2008-11-12"), violation(r#"too_late /f {"latest":"2008-11-11"}"#));
    for text in ["1900-02-29", "2000-2-29", "20000229", "2000-02-29T00:00:00Z"] {
        assert_eq!(one(date(), text), violation("format.date"));
    }
}

#[test]
fn a_choice_is_one_of_the_texts_and_consent_the_current_terms() {
    assert_eq!(one(Kind::choice(&["S", "XL"]), " XL "), stored("XL"));
    assert_eq!(one(Kind::choice(&["S", "XL"]), "xl"), violation(r#"not_in_enum /f {"allowed":["S","XL"]}"#));
    assert_eq!(one(Kind::consent("tc-2"), "tc-2"), stored("tc-2"));
    assert_eq!(one(Kind::consent("tc-2"), "tc-1"), violation(r#"consent.stale /f {"terms":"tc-2"}"#));
}

#[test]
fn violations_come_in_the_order_of_the_form_and_unknown_members_last() {
    let form = Form::new(vec![
        Field::new("z", Kind::Email),
        Field::new("a", Kind::Country),
        Field::new("trap", Kind::Honeypot),
    ])
    .unwrap();
    let violations = check(&form, &json!({ "y": 1, "B": null, "a": "de", "trap": "" })).unwrap_err();
    assert_eq!(violations, ["required /z {}", "format.country /a {}", "unknown_field /B {}", "unknown_field /y {}"]);
}

#[test]
fn one_definition_reads_the_same_from_toml_and_json_and_code() {
    const FIELDS: &[Field] = &[
        Field::new("name", Kind::text(1, 80)),
        Field::new("email", Kind::Email).unique(),
        Field::new("phone", Kind::Phone { national: None }).optional(),
        Field::new("country", Kind::Country),
        Field::new("born", Kind::Date { earliest: None, latest: NaiveDate::from_ymd_opt(2008, 11, 11) }),
        Field::new("size", Kind::choice(&["S", "M", "L", "XL"])),
        Field::new("comment", Kind::multiline(0, 500)).optional(),
        Field::new("terms", Kind::consent("tc-2026-11-01")),
        Field::new("utm_source", Kind::Hidden { max: 64 }).optional(),
        Field::new("utm_campaign", Kind::Hidden { max: 64 }).optional(),
        Field::new("website", Kind::Honeypot),
    ];
    let read = Campaign::from_toml(&double11()).unwrap();
    assert_eq!(Campaign::from_json(&serde_json::to_string(&read).unwrap()).unwrap(), read);
    let built = Campaign::new("double11", *read.window(), Form::new(FIELDS).unwrap(), read.retention()).unwrap();
    assert_eq!(serde_json::to_value(&built).unwrap(), serde_json::to_value(&read).unwrap());
    assert_eq!((read.id(), read.scope(), read.reveals_duplicates()), ("double11", Scope::Person, true));
}

#[test]
fn a_definition_that_cannot_be_meant_is_refused() {
    let good = double11();
    for (from, to, fault) in [
        ("unique = true", "uniqe = true", "unknown field `uniqe`"),
        ("duplicates =", "duplicate =", "unknown field `duplicate`"),
        ("kind = \"country\"", "kind = \"land\"", "unknown variant `land`"),
        ("kind = \"country\"", "kind = \"country\"\nmax = 2", "max does not belong to its kind"),
        ("max = 80", "", "field \"name\": max is missing"),
        ("name = \"phone\"", "name = \"email\"", "field \"email\": defined twice"),
        ("id = \"double11\"", "id = \"double/11\"", "id: \"double/11\" is not"),
        (
            "id = \"double11\"",
            "id = \"double11\"\nscope = \"submission\"",
            "scope: submission contradicts a unique field",
        ),
        ("unique = true", "", "scope: person needs a unique field"),
        ("2045-01-01", "2025-01-01", "window: closes is not after opens"),
        ("grace_seconds = 120", "grace_seconds = 86401", "window: the grace is longer than a day"),
        ("opens = \"2025-01-01T00:00:00+08:00\"", "opens = \"2025-01-01\"", "premature end of input"),
        ("retention_days = 7400", "retention_days = -1", "invalid value"),
        ("[window]", "[window", "TOML parse error"),
    ] {
        let changed = good.replacen(from, to, 1).replacen(
            "id = ",
            if fault.starts_with("scope: person") { "scope = \"person\"\nid = " } else { "id = " },
            1,
        );
        assert_ne!(changed, good, "{from}");
        let error = Campaign::from_toml(&changed).unwrap_err().to_string();
        assert!(error.contains(fault), "{fault}: {error}");
    }
}

#[test]
fn entries_are_kept_for_the_window_and_thirty_days() {
    let with = |days: u32, grace: u32| {
        let text = double11().replace("2045-01-01", "2025-01-11").replace("7400", &days.to_string());
        let text = text.replace("grace_seconds = 120", &format!("grace_seconds = {grace}"));
        Campaign::from_toml(&text).map(|campaign| campaign.retention().as_secs())
    };
    // Ten days and thirty days.
    assert_eq!(with(40, 0).unwrap(), 40 * 86_400);
    assert!(with(39, 0).is_err());
    // And two minutes of grace.
    assert_eq!(with(41, 120).unwrap(), 41 * 86_400);
    assert_eq!(
        with(40, 120).unwrap_err().to_string().lines().last().unwrap(),
        "retention: 40 days are less than the window and 30 days, together 41"
    );
}

// The laws.

fn model(form: &Form, guard: Guard) -> Validator {
    jsonschema::draft4::new(&form.draft04(guard)).unwrap()
}

fn form() -> Form {
    Campaign::from_toml(&double11()).unwrap().form().clone()
}

/// Text as people and programs send it: with white space, controls, accents and marks in odd places.
fn text() -> impl Strategy<Value = String> {
    let odd = "[ \t\r\n\u{0}\u{7f}\u{85}\u{a0}\u{300}-\u{308}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{3000}\u{feff}]{0,3}";
    (odd, prop_oneof![any::<String>(), "[a-z]{0,90}", Just(String::new())], odd).prop_map(|(a, b, c)| a + &b + &c)
}

fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        text().prop_map(Value::from),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!([["x"], { "y": null }]))
    ]
}

/// A value that is mostly right, wrapped in what normalisation removes.
fn nearly(right: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let wrapped = (prop::sample::select(right), "[ \t\n\u{3000}]{0,2}", "[\u{202e}\u{0} ]{0,2}")
        .prop_map(|(text, a, b)| Value::from(a + text + &b));
    prop_oneof![12 => wrapped, 1 => anything()]
}

fn body() -> impl Strategy<Value = Value> {
    let known = (
        nearly(&["Ada", "e\u{301}clair", "\u{646}\u{627}\u{645}\u{200c}\u{647}", "\u{1f468}\u{200d}\u{1f469}"]),
        nearly(&["ada@example.com", "ADA@b\u{fc}cher.example", "a+b@x", "a@\u{ff45}x.example"]),
        option::of(nearly(&["+1234567", "+123456789012345", "0151"])),
        nearly(&["DE", "CN", "GB"]),
        nearly(&["1990-12-10", "2008-11-11", "2000-02-29"]),
        nearly(&["S", "M", "L", "XL"]),
        option::of(nearly(&["one\r\ntwo", "", "x"])),
        nearly(&["tc-2026-11-01"]),
        option::of(nearly(&["tv", "newsletter"])),
        option::of(prop_oneof![4 => Just(json!("")), 1 => Just(Value::Null), 1 => anything()]),
    );
    let unknown = prop_oneof![6 => Just(vec![]), 1 => vec(("[a-z/~\u{e9}]{0,6}", anything()), 1..3)];
    (known, unknown).prop_map(|((name, email, phone, country, born, size, comment, terms, utm, website), unknown)| {
        let mut body: Map<String, Value> = unknown.into_iter().collect();
        let required =
            [("name", name), ("email", email), ("country", country), ("born", born), ("size", size), ("terms", terms)];
        let optional = [("phone", phone), ("comment", comment), ("utm_source", utm), ("website", website)];
        body.extend(required.map(|(name, value)| (name.to_owned(), value)));
        body.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        Value::Object(body)
    })
}

static FORM: LazyLock<Form> = LazyLock::new(form);
static LOOSE: LazyLock<Validator> = LazyLock::new(|| model(&FORM, Guard::Loose));
static STRUCTURAL: LazyLock<Validator> = LazyLock::new(|| model(&FORM, Guard::Structural));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_the_function_answers_passes_the_loose_guard(body in body()) {
        prop_assert!(LOOSE.is_valid(&body));
    }

    #[test]
    fn whatever_the_server_accepts_passes_the_structural_guard_and_stays_as_it_is(body in body()) {
        let text = body.to_string();
        let read = Body::read(text.as_bytes()).unwrap();
        if let (false, Ok(fields)) = (FORM.is_trapped(&read), FORM.check(&read)) {
            prop_assert!(STRUCTURAL.is_valid(&body));
            let again = serde_json::to_value(&fields).unwrap();
            prop_assert_eq!(FORM.check(&Body::read(again.to_string().as_bytes()).unwrap()).unwrap(), fields);
        }
    }
}

#[test]
fn the_generator_of_bodies_makes_accepted_and_refused_ones() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (form, mut accepted, mut refused) = (form(), 0, 0);
    for _ in 0..500 {
        let body = body().new_tree(&mut runner).unwrap().current();
        *(if check(&form, &body).is_ok() { &mut accepted } else { &mut refused }) += 1;
    }
    assert!(accepted > 100 && refused > 100, "{accepted} accepted, {refused} refused");
}

#[test]
fn a_model_with_the_kinds_own_rules_would_break_the_law() {
    let mut strict = form().draft04(Guard::Structural);
    strict["properties"]["size"] = json!({ "enum": ["S", "M", "L", "XL"] });
    let body = json!({ "name": "Ada", "email": "a@b", "country": "DE", "born": "1990-12-10", "size": " XL", "terms": "tc-2026-11-01" });
    assert!(check(&form(), &body).is_ok());
    assert!(!jsonschema::draft4::is_valid(&strict, &body));
}

#[test]
fn the_guards_stop_what_they_are_for() {
    let form = form();
    let loose = model(&form, Guard::Loose);
    assert!(!loose.is_valid(&json!([])) && !loose.is_valid(&json!("x")));
    assert!(
        loose.is_valid(&json!({ "name": "x".repeat(65_536) }))
            && !loose.is_valid(&json!({ "name": "x".repeat(65_537) }))
    );
    let structural = model(&form, Guard::Structural);
    let good = json!({ "name": "Ada", "email": "a@b", "country": "DE", "born": "1990-12-10", "size": "XL", "terms": "tc-2026-11-01", "phone": null });
    assert!(structural.is_valid(&good));
    for (name, value) in [("name", json!(1)), ("name", Value::Null), ("admin", json!("x"))] {
        let mut bad = good.clone();
        bad[name] = value;
        assert!(!structural.is_valid(&bad), "{name}");
    }
    let mut bad = good;
    bad.as_object_mut().unwrap().remove("terms");
    assert!(!structural.is_valid(&bad));
}
