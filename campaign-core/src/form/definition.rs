//! How a field is written in TOML and JSON: one flat table, of which each kind takes some keys.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{DefinitionError, Field, Kind, National};

/// The names of the kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Name {
    Text,
    Email,
    Phone,
    Country,
    Date,
    Choice,
    Consent,
    Hidden,
    Honeypot,
}

/// The keys of a field. A key that its kind does not take is refused, as is an unknown one, so that
/// a slip of the pen does not silently drop a rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawField {
    name: String,
    kind: Name,
    #[serde(default, skip_serializing_if = "is_false")]
    optional: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    unique: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multiline: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    earliest: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    national: Option<National>,
}

/// For serde, which hands over a reference.
fn is_false(flag: &bool) -> bool {
    !flag
}

impl RawField {
    fn of(name: String, kind: Name) -> Self {
        Self {
            name,
            kind,
            optional: false,
            unique: false,
            min: None,
            max: None,
            multiline: None,
            earliest: None,
            latest: None,
            options: None,
            terms: None,
            national: None,
        }
    }

    /// Takes the keys of the kind out; what is then left does not belong to it.
    fn take_kind(&mut self) -> Result<Kind, DefinitionError> {
        let missing = |name: &str, key: &str| DefinitionError::new(format!("field {name:?}: {key} is missing"));
        Ok(match self.kind {
            Name::Text => Kind::Text {
                min: self.min.take().unwrap_or(0),
                max: self.max.take().ok_or_else(|| missing(&self.name, "max"))?,
                multiline: self.multiline.take().unwrap_or(false),
            },
            Name::Email => Kind::Email,
            Name::Phone => Kind::Phone { national: self.national.take() },
            Name::Country => Kind::Country,
            Name::Date => Kind::Date { earliest: self.earliest.take(), latest: self.latest.take() },
            Name::Choice => {
                Kind::Choice { options: self.options.take().ok_or_else(|| missing(&self.name, "options"))?.into() }
            }
            Name::Consent => {
                Kind::Consent { terms: self.terms.take().ok_or_else(|| missing(&self.name, "terms"))?.into() }
            }
            Name::Hidden => Kind::Hidden { max: self.max.take().ok_or_else(|| missing(&self.name, "max"))? },
            Name::Honeypot => Kind::Honeypot,
        })
    }

    /// A key that is still set.
    fn left_over(&self) -> Option<&'static str> {
        [
            (self.min.is_some(), "min"),
            (self.max.is_some(), "max"),
            (self.multiline.is_some(), "multiline"),
            (self.earliest.is_some(), "earliest"),
            (self.latest.is_some(), "latest"),
            (self.options.is_some(), "options"),
            (self.terms.is_some(), "terms"),
            (self.national.is_some(), "national"),
        ]
        .into_iter()
        .find_map(|(set, key)| set.then_some(key))
    }
}

impl TryFrom<RawField> for Field {
    type Error = DefinitionError;

    fn try_from(mut raw: RawField) -> Result<Self, DefinitionError> {
        let kind = raw.take_kind()?;
        if let Some(key) = raw.left_over() {
            return Err(DefinitionError::new(format!("field {:?}: {key} does not belong to its kind", raw.name)));
        }
        Ok(Self { name: raw.name.into(), kind, optional: raw.optional, unique: raw.unique })
    }
}

impl From<Field> for RawField {
    fn from(field: Field) -> Self {
        let raw =
            |kind| Self { optional: field.optional, unique: field.unique, ..Self::of(field.name.to_string(), kind) };
        match field.kind {
            Kind::Text { min, max, multiline } => {
                Self { min: Some(min), max: Some(max), multiline: Some(multiline), ..raw(Name::Text) }
            }
            Kind::Email => raw(Name::Email),
            Kind::Phone { national } => Self { national, ..raw(Name::Phone) },
            Kind::Country => raw(Name::Country),
            Kind::Date { earliest, latest } => Self { earliest, latest, ..raw(Name::Date) },
            Kind::Choice { options } => {
                let texts = options.iter().map(str::to_owned).collect();
                Self { options: Some(texts), ..raw(Name::Choice) }
            }
            Kind::Consent { terms } => Self { terms: Some(terms.into_owned()), ..raw(Name::Consent) },
            Kind::Hidden { max } => Self { max: Some(max), ..raw(Name::Hidden) },
            Kind::Honeypot => raw(Name::Honeypot),
        }
    }
}
