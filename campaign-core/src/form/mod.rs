//! The form: one definition, from which come the check, the gateway's model, a JSON Schema and the page's attributes.

mod check;
mod definition;
mod field;
mod html;
mod model;
mod schema;

use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

pub use self::{
    field::{Choices, Field, Kind},
    html::Attributes,
    model::Guard,
};
use crate::name::{FieldName, Key, start};
pub use crate::rules::National;

/// Most fields of a form.
pub const MAX_FIELDS: usize = 64;
/// Most bytes of a field's name.
pub const MAX_NAME: usize = 64;

/// A definition that contradicts itself. The message says where and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionError(String);

impl DefinitionError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DefinitionError {}

/// The fields a campaign asks for, checked to be consistent.
///
/// ```
/// use campaign_core::form::{Field, Form, Guard, Kind};
///
/// const FIELDS: &[Field] = &[
///     Field::new("name", Kind::text(1, 80)),
///     Field::new("email", Kind::Email).unique(),
///     Field::new("website", Kind::Honeypot),
/// ];
/// let form = Form::new(FIELDS)?;
/// assert_eq!(form.unique().map(Field::name), Some("email"));
/// assert_eq!(form.html("email").unwrap().to_string(), r#"name="email" type="email" autocomplete="email" required"#);
/// assert_eq!(form.draft04(Guard::Loose)["type"], "object");
/// # Ok::<(), campaign_core::form::DefinitionError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Field>", into = "Vec<Field>")]
pub struct Form {
    fields: Cow<'static, [Field]>,
    /// Their names, shared with all entries.
    names: Arc<Vec<FieldName>>,
    /// The starts of their names.
    starts: Vec<u64>,
    /// Where in `fields` they are, in the order of their names: that of what is stored.
    by_name: Vec<usize>,
    /// Where the honeypots are.
    traps: Vec<usize>,
}

impl Form {
    /// A form of these fields, in the order in which violations are reported.
    ///
    /// # Errors
    /// There are no fields, or more than [`MAX_FIELDS`]; a name is used twice, longer than
    /// [`MAX_NAME`], or not a letter followed by letters, digits, `_` and `-`; a kind contradicts
    /// itself; more than one field is unique, or the unique one is optional or has a kind other
    /// than text, e-mail or phone.
    pub fn new(fields: impl Into<Cow<'static, [Field]>>) -> Result<Self, DefinitionError> {
        let fields = fields.into();
        if fields.is_empty() || fields.len() > MAX_FIELDS {
            return Err(DefinitionError::new(format!("a form has 1 to {MAX_FIELDS} fields, not {}", fields.len())));
        }
        let mut names = BTreeMap::new();
        for (at, field) in fields.iter().enumerate() {
            field
                .check_definition()
                .map_err(|fault| DefinitionError::new(format!("field {:?}: {fault}", field.name())))?;
            if names.insert(field.name(), at).is_some() {
                return Err(DefinitionError::new(format!("field {:?}: defined twice", field.name())));
            }
        }
        if fields.iter().filter(|field| field.is_unique()).count() > 1 {
            return Err(DefinitionError::new("only one field can be unique"));
        }
        let by_name = names.into_values().collect();
        let starts = fields.iter().map(|field| start(field.name())).collect();
        let names = Arc::new(fields.iter().map(|field| field.name.clone()).collect());
        let is_trap = |at: &usize| matches!(fields[*at].kind, Kind::Honeypot);
        let traps = (0..fields.len()).filter(is_trap).collect();
        Ok(Self { fields, names, starts, by_name, traps })
    }

    /// The fields, in order.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.find(Key::new(name)).map(|at| &self.fields[at])
    }

    /// Where the field of this name is.
    fn find(&self, name: Key<'_>) -> Option<usize> {
        let found = self.by_name.binary_search_by(|&at| self.key(at).cmp(&name)).ok()?;
        Some(self.by_name[found])
    }

    /// The name of the field at this place.
    #[inline]
    fn key(&self, at: usize) -> Key<'_> {
        Key { start: self.starts[at], name: &self.names[at] }
    }

    /// The field of which a value is accepted once.
    #[must_use]
    pub fn unique(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.is_unique())
    }
}

impl TryFrom<Vec<Field>> for Form {
    type Error = DefinitionError;

    fn try_from(fields: Vec<Field>) -> Result<Self, DefinitionError> {
        Self::new(fields)
    }
}

impl From<Form> for Vec<Field> {
    fn from(form: Form) -> Self {
        form.fields.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn fault(fields: Vec<Field>) -> String {
        Form::new(fields).unwrap_err().to_string()
    }

    #[test]
    fn a_contradictory_definition_is_refused_with_its_reason() {
        let one = |name, kind| vec![Field::new(name, kind)];
        assert_eq!(fault(vec![]), "a form has 1 to 64 fields, not 0");
        assert_eq!(fault(vec![Field::new("a", Kind::Email); 65]), "a form has 1 to 64 fields, not 65");
        assert_eq!(fault(vec![Field::new("a", Kind::Email); 2]), "field \"a\": defined twice");
        for name in ["", "1a", "_a", "a.b", "a b", "\u{fc}"] {
            assert!(
                fault(one(name, Kind::Email)).ends_with("a name is a letter, then up to 63 letters, digits, _ or -"),
                "{name}"
            );
        }
        assert_eq!(fault(one("a", Kind::text(2, 1))), "field \"a\": min 2 is above max 1");
        assert_eq!(fault(one("a", Kind::text(0, 0))), "field \"a\": max is 0");
        assert_eq!(fault(one("a", Kind::choice(&[]))), "field \"a\": no choices");
        assert_eq!(fault(one("a", Kind::choice(&["x", "x"]))), "field \"a\": choice \"x\" is given twice");
        assert_eq!(fault(one("a", Kind::choice(&[" x"]))), "field \"a\": choice \" x\" is blank or not normalised");
        assert_eq!(fault(one("a", Kind::consent(""))), "field \"a\": terms \"\" is blank or not normalised");
        let day = |d| NaiveDate::from_ymd_opt(2026, 11, d);
        assert_eq!(
            fault(one("a", Kind::Date { earliest: day(2), latest: day(1) })),
            "field \"a\": earliest is after latest"
        );
        assert_eq!(
            fault(one("a", Kind::Phone { national: Some(National::new("+49", "0")) })),
            "field \"a\": calling code or trunk prefix is not made of digits"
        );
    }

    #[test]
    fn at_most_one_required_text_email_or_phone_is_unique() {
        assert_eq!(
            fault(vec![Field::new("a", Kind::Email).unique(), Field::new("b", Kind::Email).unique()]),
            "only one field can be unique"
        );
        assert_eq!(
            fault(vec![Field::new("a", Kind::Email).unique().optional()]),
            "field \"a\": a unique field is required"
        );
        assert_eq!(
            fault(vec![Field::new("a", Kind::Country).unique()]),
            "field \"a\": only text, e-mail and phone can be unique"
        );
        assert!(Form::new(vec![Field::new("a", Kind::Phone { national: None }).unique()]).is_ok());
    }
}
