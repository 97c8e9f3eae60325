//! The form as a strict JSON Schema 2020-12: what an entry looks like once it has been normalised.

use serde_json::{Map, Value, json};

use super::{Field, Form, Kind};
use crate::rules::{country, email};

/// `local@domain` of HTML's `type=email`. The domain is either ASCII and exact, or has something that is not, which only
/// UTS 46 can judge.
const EMAIL: &str = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*|[^@]*[^@\x00-\x7F][^@]*)$";
const PHONE: &str = r"^\+[1-9][0-9]{6,14}$";
/// A real day of the years 1 to 9999: months of 31 and 30 days, February to the 28th, and the 29th in leap years.
const DATE: &str = r"^(?:(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29)$";

impl Form {
    /// The JSON Schema (2020-12) of an entry in its normal form: texts normalised, blank and `null` fields left out.
    ///
    /// It accepts every entry that [`check`](Self::check) accepts, written so, and refuses every other, save for what a
    /// schema cannot say:
    ///
    /// - *normalisation:* [`check`](Self::check) trims, composes (NFC) and removes controls before it looks; a text of
    ///   nothing but invisible characters is absent to it and a text to the schema. Do not put the schema before the
    ///   check: it would refuse what the check takes. That is what [`draft04`](Self::draft04) is for.
    /// - *bounds of days:* a schema has no order of texts. They stand in the field's `description`.
    /// - *e-mail:* the ASCII grammar is exact. A domain with other characters is judged by UTS 46, and taken unseen here.
    /// - *the rest of the campaign:* uniqueness, the window, quotas.
    ///
    /// Lengths count code points, in a schema as in the check. The countries are those assigned when this version was made.
    ///
    /// ```
    /// use campaign_core::form::{Field, Form, Kind};
    ///
    /// let form = Form::new(vec![Field::new("size", Kind::choice(&["S", "M"]))])?;
    /// assert_eq!(form.json_schema()["properties"]["size"]["enum"][1], "M");
    /// # Ok::<(), campaign_core::form::DefinitionError>(())
    /// ```
    #[must_use]
    pub fn json_schema(&self) -> Value {
        let properties: Map<String, Value> =
            self.fields().iter().map(|field| (field.name().to_owned(), property(field))).collect();
        let required: Vec<&str> = self.fields().iter().filter(|f| f.is_required()).map(Field::name).collect();
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }
}

fn property(field: &Field) -> Value {
    match &field.kind {
        // Nothing in normal form is blank.
        Kind::Text { min, max, .. } => json!({ "type": "string", "minLength": min.max(&1), "maxLength": max }),
        Kind::Hidden { max } => json!({ "type": "string", "minLength": 1, "maxLength": max }),
        Kind::Email => json!({ "type": "string", "maxLength": email::MAX, "pattern": EMAIL }),
        // Stored is E.164 also where national forms are read.
        Kind::Phone { .. } => json!({ "type": "string", "pattern": PHONE }),
        Kind::Country => json!({ "enum": country::assigned().collect::<Vec<_>>() }),
        Kind::Date { earliest, latest } => {
            let mut day = json!({ "type": "string", "format": "date", "pattern": DATE });
            let bounds = match (earliest, latest) {
                (Some(earliest), Some(latest)) => Some(format!("from {earliest} to {latest}")),
                (Some(earliest), None) => Some(format!("from {earliest} on")),
                (None, Some(latest)) => Some(format!("to {latest}")),
                (None, None) => None,
            };
            if let Some(bounds) = bounds {
                day["description"] = bounds.into();
            }
            day
        }
        Kind::Choice { options } => json!({ "enum": options.iter().collect::<Vec<_>>() }),
        Kind::Consent { terms } => json!({ "const": terms }),
        // Absent in normal form; a page may send it empty.
        Kind::Honeypot => json!({ "const": "" }),
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    #[test]
    fn every_kind_has_its_schema() {
        let day = NaiveDate::from_ymd_opt(2008, 11, 11);
        for (kind, expected) in [
            (Kind::text(0, 80), json!({ "type": "string", "minLength": 1, "maxLength": 80 })),
            (Kind::multiline(3, 80), json!({ "type": "string", "minLength": 3, "maxLength": 80 })),
            (Kind::Hidden { max: 64 }, json!({ "type": "string", "minLength": 1, "maxLength": 64 })),
            (Kind::Email, json!({ "type": "string", "maxLength": 254, "pattern": EMAIL })),
            (Kind::Phone { national: None }, json!({ "type": "string", "pattern": PHONE })),
            (
                Kind::Date { earliest: None, latest: day },
                json!({ "type": "string", "format": "date", "pattern": DATE, "description": "to 2008-11-11" }),
            ),
            (Kind::choice(&["S", "M"]), json!({ "enum": ["S", "M"] })),
            (Kind::consent("v1"), json!({ "const": "v1" })),
            (Kind::Honeypot, json!({ "const": "" })),
        ] {
            assert_eq!(property(&Field::new("f", kind)), expected);
        }
        assert_eq!(property(&Field::new("f", Kind::Country))["enum"].as_array().map(Vec::len), Some(249));
    }

    #[test]
    fn the_schema_names_all_fields_and_requires_some() {
        let fields = vec![
            Field::new("a", Kind::Email),
            Field::new("b", Kind::Country).optional(),
            Field::new("c", Kind::Honeypot),
        ];
        let schema = Form::new(fields).unwrap().json_schema();
        assert_eq!(schema["required"], json!(["a"]));
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(schema["properties"].as_object().map(Map::len), Some(3));
    }
}
