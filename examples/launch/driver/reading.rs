//! What the campaign makes of a body, before it is sent: whose entry it is and what would be stored.

use std::collections::BTreeSet;

use campaign_core::{Campaign, Pepper, body::Body, form::Kind, store::Fields};
use serde_json::Value;

use super::plan::Reading;

/// Reads bodies as a campaign does.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    campaign: &'a Campaign,
    /// Of its own: persons are compared among themselves, never with row keys of the table.
    pepper: Pepper,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(campaign: &'a Campaign) -> Self {
        Self { campaign, pepper: Pepper::new([0; 32]).expect("32 bytes are enough for a pepper") }
    }

    /// Whose entry it would be, given the unique value in any spelling.
    pub(crate) fn person(&self, unique: &str) -> Option<String> {
        Some(self.campaign.row_key(&self.pepper, unique)?.to_string())
    }

    /// Whose entry a stored one is.
    pub(crate) fn person_of(&self, fields: &Fields) -> Option<String> {
        self.person(fields.get(self.campaign.form().unique()?.name())?)
    }

    /// Whose entry a body would be, and what would be stored. The person is found also in a body
    /// that is refused for another field.
    pub(crate) fn read(&self, payload: &[u8]) -> Reading {
        let Ok(body) = Body::read(payload) else { return Reading::default() };
        let form = self.campaign.form();
        let unique = form.unique().and_then(|field| {
            let whole: Value = serde_json::from_slice(payload).ok()?;
            whole.get(field.name())?.as_str().map(str::to_owned)
        });
        let fields = if form.is_trapped(&body) { None } else { form.check(&body).ok() };
        Reading { person: unique.and_then(|unique| self.person(&unique)), fields }
    }

    /// The names of the fields in which two sendings of one payload may differ.
    pub(crate) fn hidden(&self) -> BTreeSet<String> {
        let fields = self.campaign.form().fields().iter();
        fields
            .filter(|field| matches!(field.kind(), Kind::Hidden { .. }))
            .map(|field| field.name().to_owned())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn campaign() -> Campaign {
        Campaign::from_toml(crate::CAMPAIGN).unwrap()
    }

    const ADA: &str = r#"{"name":" Ada ","email":"Ada@Example.com","country":"GB","born":"1990-01-01","size":"M","terms":"tc-2026-11-01"}"#;

    #[test]
    fn a_valid_body_has_a_person_and_normalised_fields() {
        let campaign = campaign();
        let reader = Reader::new(&campaign);
        let reading = reader.read(ADA.as_bytes());
        assert_eq!(reading.fields.unwrap().get("name"), Some("Ada"));
        assert_eq!(reading.person, reader.person(" ada@example.COM "));
        assert_ne!(reading.person, reader.person("bob@example.com"));
    }

    #[test]
    fn a_refused_or_trapped_body_has_a_person_and_nothing_to_store() {
        let campaign = campaign();
        let reader = Reader::new(&campaign);
        for body in [ADA.replace("\"M\"", "\"XXL\""), ADA.replace("}", ",\"website\":\"x\"}")] {
            let reading = reader.read(body.as_bytes());
            assert!(reading.fields.is_none(), "{body}");
            assert_eq!(reading.person, reader.person("ada@example.com"), "{body}");
        }
    }

    #[test]
    fn a_malformed_body_or_a_bad_address_has_no_person() {
        let campaign = campaign();
        let reader = Reader::new(&campaign);
        for body in [
            "[]",
            "{\"email\":\"ada@example.com\",\"email\":\"ada@example.com\"}",
            "{\"email\":\"ada\"}",
            "{\"email\":1}",
            "{}",
        ] {
            let reading = reader.read(body.as_bytes());
            assert!(reading.fields.is_none() && reading.person.is_none(), "{body}");
        }
    }

    #[test]
    fn the_hidden_fields_are_those_the_page_fills_in() {
        let campaign = campaign();
        let hidden = Reader::new(&campaign).hidden();
        assert_eq!(hidden.iter().collect::<Vec<_>>(), ["utm_campaign", "utm_source"]);
    }
}
