//! A submission: a checked body with its id, its row and its digest.

use serde::Serializer as _;

use crate::{
    Campaign, Digest, Pepper, RowKey, SubmissionId, Violation,
    body::Body,
    campaign::Scope,
    form::{Form, Kind},
    store::Fields,
};

/// What a person sent, normalised and valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    id: SubmissionId,
    fields: Fields,
    key: RowKey,
    digest: Digest,
}

impl Submission {
    /// The id the page sent.
    #[must_use]
    pub fn id(&self) -> &SubmissionId {
        &self.id
    }

    /// The normalised fields.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Where it is stored.
    #[must_use]
    pub fn key(&self) -> &RowKey {
        &self.key
    }

    /// Keyed hash of the fields, hidden ones excepted.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    pub(crate) fn into_fields(self) -> Fields {
        self.fields
    }
}

impl Campaign {
    /// Checks a body and finds its row and digest.
    ///
    /// # Errors
    /// All violations of the form at once; see [`Form::check`].
    pub fn submission(&self, pepper: &Pepper, id: SubmissionId, body: &Body) -> Result<Submission, Vec<Violation>> {
        let fields = self.form().check(body)?;
        let key = match self.scope() {
            Scope::Person => pepper.row_key(self.id(), "", &self.form().unique_key_of(&fields)),
            Scope::Submission => self.submission_key(pepper, &id),
        };
        let digest = pepper.digest(&canonical(self.form(), &fields));
        Ok(Submission { id, fields, key, digest })
    }
}

/// The payload as canonical JSON (RFC 8785): the stored fields that are not hidden. The terms
/// version is among them, as the value of the consent field.
///
/// A JSON serialiser is enough here. RFC 8785 says how to write numbers, which there are none of;
/// sorts members by UTF-16 units, which for names in ASCII, and a form has no others, is the order
/// of the fields; and escapes strings as serde_json does.
fn canonical(form: &Form, fields: &Fields) -> Vec<u8> {
    let hidden = |name: &str| form.field(name).is_some_and(|field| matches!(field.kind(), Kind::Hidden { .. }));
    let mut json = Vec::with_capacity(512);
    serde_json::Serializer::new(&mut json)
        .collect_map(fields.iter().filter(|(name, _)| !hidden(name)))
        .expect("a map of strings is written to memory");
    json
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Window, form::Field};

    fn campaign(fields: Vec<Field>) -> Campaign {
        let window =
            Window::new("2026-11-01T00:00:00Z".parse().unwrap(), "2026-11-12T00:00:00Z".parse().unwrap()).unwrap();
        Campaign::new("double11", window, Form::new(fields).unwrap(), Duration::from_secs(90 * 86_400)).unwrap()
    }

    fn submission(campaign: &Campaign, body: &str) -> Submission {
        let pepper = Pepper::new((0..32).collect::<Vec<u8>>()).unwrap();
        let body = Body::read(body.as_bytes()).unwrap();
        campaign.submission(&pepper, "01JC0000000000000000000001".parse().unwrap(), &body).unwrap()
    }

    fn person() -> Vec<Field> {
        vec![
            Field::new("terms", Kind::consent("tc-2026-11-01")),
            Field::new("name", Kind::text(1, 80)),
            Field::new("email", Kind::Email).unique(),
            Field::new("comment", Kind::multiline(0, 500)).optional(),
            Field::new("utm_source", Kind::Hidden { max: 64 }).optional(),
        ]
    }

    #[test]
    fn the_payload_is_canonical_json_without_hidden_fields() {
        let campaign = campaign(person());
        let body = r#"{"utm_source":"tv","name":" Ad\u0065\u0301 ","terms":"tc-2026-11-01","email":"Ada@Example.com","comment":"a\r\nb\u0022\\\/\u2028\u007fz"}"#;
        let submission = submission(&campaign, body);
        let json = "{\"comment\":\"a\\nb\\\"\\\\/\u{2028}z\",\"email\":\"Ada@Example.com\",\"name\":\"Ad\u{e9}\",\"terms\":\"tc-2026-11-01\"}";
        assert_eq!(String::from_utf8(canonical(campaign.form(), submission.fields())).unwrap(), json);
        assert_eq!(submission.fields().get("utm_source"), Some("tv"));
    }

    #[test]
    fn the_row_key_is_that_of_the_lower_cased_address() {
        let submission =
            submission(&campaign(person()), r#"{"name":"Ada","terms":"tc-2026-11-01","email":" ADA@Example.com "}"#);
        // The vector of `pepper.rs` for ada@example.com.
        assert_eq!(submission.key().as_str(), "92ff7a65e0eae93efb8eda0677fc0c198b0b83b6c60a332c8ea36103dfb03e96");
        assert_eq!(submission.fields().get("email"), Some("ADA@Example.com"));
    }

    #[test]
    fn without_a_unique_field_the_row_key_is_that_of_the_submission_id() {
        let submission = submission(&campaign(vec![Field::new("name", Kind::text(1, 80))]), r#"{"name":"Ada"}"#);
        assert_eq!(submission.key().as_str(), "a4b7acfa50f3ca59b6be6425fd9909e7d1a5af6837eda2193734a5f144606e25");
    }
}
