//! The form as a JSON Schema draft-04 model, the dialect of API Gateway's request models.

use serde_json::{Map, Value, json};

use super::{Field, Form};
use crate::body::MAX_BODY;

/// How much of a body the gateway checks before the function sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Guard {
    /// An object with no text longer than a body can be. Every object the function would answer
    /// passes, also those it refuses with 422: a request stopped at the gateway gets no list of
    /// violations.
    #[default]
    Loose,
    /// Also required fields, types and no unknown names. Every entry the function accepts passes;
    /// what it would refuse with 422 may be stopped with the gateway's own 400.
    Structural,
}

impl Form {
    /// The model of the request body.
    ///
    /// A honeypot looks like an optional text. Formats, patterns and the kinds' own bounds are left
    /// out of both models, because they hold for the normalised text and the gateway sees the text
    /// as typed.
    #[must_use]
    pub fn draft04(&self, guard: Guard) -> Value {
        let property = |field: &Field| match guard {
            Guard::Loose => json!({ "maxLength": MAX_BODY }),
            // A required field sent as null is a violation; an optional one is just absent.
            Guard::Structural if field.is_required() => json!({ "type": "string", "maxLength": MAX_BODY }),
            Guard::Structural => json!({ "type": ["string", "null"], "maxLength": MAX_BODY }),
        };
        let properties: Map<String, Value> =
            self.fields().iter().map(|field| (field.name().to_owned(), property(field))).collect();
        let mut model = json!({
            "$schema": "http://json-schema.org/draft-04/schema#",
            "type": "object",
            "properties": properties,
        });
        if guard == Guard::Structural {
            model["additionalProperties"] = json!(false);
            let required: Vec<&str> =
                self.fields().iter().filter(|field| field.is_required()).map(Field::name).collect();
            // Draft-04 forbids an empty `required`.
            if !required.is_empty() {
                model["required"] = json!(required);
            }
        }
        model
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::Kind;

    fn form() -> Form {
        let fields = vec![
            Field::new("name", Kind::text(1, 80)),
            Field::new("phone", Kind::Phone { national: None }).optional(),
            Field::new("website", Kind::Honeypot),
        ];
        Form::new(fields).unwrap()
    }

    #[test]
    fn the_loose_model_bounds_texts_and_nothing_else() {
        let expected = r##"{"$schema":"http://json-schema.org/draft-04/schema#","properties":{"name":{"maxLength":65536},"phone":{"maxLength":65536},"website":{"maxLength":65536}},"type":"object"}"##;
        assert_eq!(form().draft04(Guard::Loose), expected.parse::<Value>().unwrap());
    }

    #[test]
    fn the_structural_model_adds_types_required_and_known_names() {
        let expected = r##"{"$schema":"http://json-schema.org/draft-04/schema#","additionalProperties":false,"properties":{"name":{"maxLength":65536,"type":"string"},"phone":{"maxLength":65536,"type":["string","null"]},"website":{"maxLength":65536,"type":["string","null"]}},"required":["name"],"type":"object"}"##;
        assert_eq!(form().draft04(Guard::Structural), expected.parse::<Value>().unwrap());
    }

    #[test]
    fn a_form_without_required_fields_has_no_empty_required_list() {
        let form = Form::new(vec![Field::new("a", Kind::Email).optional()]).unwrap();
        assert_eq!(form.draft04(Guard::Structural).get("required"), None);
    }
}
