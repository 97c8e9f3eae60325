//! The check: normalise, then report every violation at once.

use chrono::NaiveDate;

use super::{Field, Form, Kind};
use crate::{
    body::{Body, Value},
    rules::{
        country, date, email, phone,
        text::{Lines, is_blank, length, normalise},
    },
    store::Fields,
    violation::{Code, Violation},
};

/// Most violations of members the form does not know: a body has room for thousands, and the
/// answer should not grow beyond the question.
const MAX_UNKNOWN: usize = 16;

impl Form {
    /// Whether a honeypot holds anything that is not blank: a visible text, or another type than
    /// text and `null`. Asked before [`check`](Self::check), so that a trapped program learns
    /// nothing about the form.
    #[must_use]
    pub fn is_trapped(&self, body: &Body) -> bool {
        let traps = self.fields().iter().filter(|field| matches!(field.kind, Kind::Honeypot));
        traps.filter_map(|trap| body.get(trap.name())).any(|value| match value {
            Value::Null => false,
            Value::Text(text) => !is_blank(&normalise(text, Lines::One)),
            Value::Other => true,
        })
    }

    /// Normalises the fields of a body and checks them.
    ///
    /// Blank and `null` fields count as absent and are left out of the result, as are honeypots.
    ///
    /// # Errors
    /// All violations at once: those of the form's fields in the form's order, then up to 16
    /// members the form does not know, in name order.
    pub fn check(&self, body: &Body) -> Result<Fields, Vec<Violation>> {
        let mut fields = Fields::new();
        let mut violations = Vec::new();
        let mut known = 0;
        for field in self.fields() {
            let value = body.get(field.name());
            known += usize::from(value.is_some());
            match field.check(value) {
                Ok(Some(value)) => fields.insert(field.name(), value),
                Ok(None) => {}
                Err(violation) => violations.push(violation),
            }
        }
        // Mostly there are none, which the counts say at once.
        let all_known = body.names().count() == known;
        let unknown = body.names().filter(|name| !all_known && self.field(name).is_none());
        violations.extend(unknown.take(MAX_UNKNOWN).map(|name| Violation::new(name, Code::UnknownField)));
        if violations.is_empty() { Ok(fields) } else { Err(violations) }
    }
}

impl Field {
    /// The value to store, `None` if the field is rightly absent.
    fn check(&self, value: Option<&Value>) -> Result<Option<String>, Violation> {
        if matches!(self.kind, Kind::Honeypot) {
            return Ok(None);
        }
        let text = match value {
            None | Some(Value::Null) => return self.absent(),
            Some(Value::Other) => return Err(self.violates(Code::Type)),
            Some(Value::Text(text)) => normalise(text, self.kind.lines()),
        };
        if is_blank(&text) {
            return self.absent();
        }
        self.accept(text).map(Some)
    }

    fn absent(&self) -> Result<Option<String>, Violation> {
        if self.is_required() { Err(self.violates(Code::Required)) } else { Ok(None) }
    }

    fn violates(&self, code: Code) -> Violation {
        Violation::new(self.name(), code)
    }

    /// Applies the rule of the kind to a normalised text that is not blank.
    fn accept(&self, text: String) -> Result<String, Violation> {
        match &self.kind {
            Kind::Text { min, max, .. } => self.within(text, *min, *max),
            Kind::Hidden { max } => self.within(text, 0, *max),
            Kind::Email if email::is_address(&text) => Ok(text),
            Kind::Email => Err(self.violates(Code::Email)),
            Kind::Phone { national } => phone::e164(&text, national.as_ref()).ok_or_else(|| self.violates(Code::E164)),
            Kind::Country if country::is_assigned(&text) => Ok(text),
            Kind::Country => Err(self.violates(Code::Country)),
            Kind::Date { earliest, latest } => self.day(text, *earliest, *latest),
            Kind::Choice { options } if options.iter().any(|option| option == text) => Ok(text),
            Kind::Choice { options } => {
                Err(self.violates(Code::NotInEnum).with("allowed", options.iter().collect::<Vec<_>>()))
            }
            Kind::Consent { terms } if *terms == text => Ok(text),
            Kind::Consent { terms } => Err(self.violates(Code::ConsentStale).with("terms", &**terms)),
            // Left out by `check`.
            Kind::Honeypot => Ok(text),
        }
    }

    fn within(&self, text: String, min: u32, max: u32) -> Result<String, Violation> {
        let length = length(&text);
        let limit = |bound: u32| usize::try_from(bound).unwrap_or(usize::MAX);
        if length < limit(min) {
            return Err(self.violates(Code::TooShort).with("min", min));
        }
        if length > limit(max) {
            return Err(self.violates(Code::TooLong).with("max", max));
        }
        Ok(text)
    }

    fn day(&self, text: String, earliest: Option<NaiveDate>, latest: Option<NaiveDate>) -> Result<String, Violation> {
        let day = date::parse(&text).ok_or_else(|| self.violates(Code::Date))?;
        if let Some(earliest) = earliest.filter(|earliest| day < *earliest) {
            return Err(self.violates(Code::TooEarly).with("earliest", earliest.to_string()));
        }
        if let Some(latest) = latest.filter(|latest| day > *latest) {
            return Err(self.violates(Code::TooLate).with("latest", latest.to_string()));
        }
        Ok(text)
    }
}

impl Form {
    /// The form under which a value of the unique field is compared, given in any spelling.
    /// `None` if the form has no unique field or `typed` is no valid value of it.
    pub(crate) fn unique_key(&self, typed: &str) -> Option<String> {
        let field = self.unique()?;
        let stored = field.check(Some(&Value::Text(typed.to_owned()))).ok()??;
        Some(field.key_of(&stored))
    }

    /// The same of checked fields; empty if the form has no unique field.
    pub(crate) fn unique_key_of(&self, fields: &Fields) -> String {
        let value = self.unique().and_then(|field| Some((field, fields.get(field.name())?)));
        value.map(|(field, stored)| field.key_of(stored)).unwrap_or_default()
    }
}

impl Field {
    /// An e-mail is compared in lower case with its domain in ASCII, any other value as stored.
    fn key_of(&self, stored: &str) -> String {
        match self.kind {
            Kind::Email => email::key(stored).expect("a stored e-mail was checked to be one"),
            _ => stored.to_owned(),
        }
    }
}
