//! The attributes a page gives the input of a field.

use std::{borrow::Cow, fmt};

use super::{Field, Form, Kind};

/// UTF-16 units that one code point of the normalised text can take as typed. A browser counts
/// `maxlength` in such units; the longest compositions of NFC join four of them.
const UNITS_PER_CODE_POINT: u64 = 4;

/// Attributes of an HTML input, in a fixed order. `Display` writes them escaped, ready for a tag.
///
/// They help the person and never refuse what the server accepts: no `minlength`, and a
/// `maxlength` four times the bound. Whoever types more than that in white space and controls,
/// which the server would have removed, is stopped nonetheless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes(Vec<(&'static str, Option<String>)>);

impl Attributes {
    /// Name and value of each attribute; `None` stands for an attribute without value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (*name, value.as_deref()))
    }
}

impl fmt::Display for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, value)) in self.0.iter().enumerate() {
            let space = if i == 0 { "" } else { " " };
            match value {
                Some(value) => write!(f, "{space}{name}=\"{}\"", escape(value))?,
                None => write!(f, "{space}{name}")?,
            }
        }
        Ok(())
    }
}

/// Escapes a value for a double-quoted attribute.
fn escape(value: &str) -> Cow<'_, str> {
    if value.contains(['&', '"', '<', '>']) {
        Cow::Owned(value.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;"))
    } else {
        Cow::Borrowed(value)
    }
}

impl Form {
    /// The attributes for the input of a field, `None` if the form has no such field.
    ///
    /// A multi-line text is meant for `<textarea>` and a choice for `<select>`: neither has a
    /// `type`, and the options are [`Choices::iter`](super::Choices::iter).
    #[must_use]
    pub fn html(&self, name: &str) -> Option<Attributes> {
        self.field(name).map(Field::html)
    }
}

impl Field {
    fn html(&self) -> Attributes {
        let mut attributes = vec![("name", Some(self.name().to_owned()))];
        let mut add = |name, value: &str| attributes.push((name, Some(value.to_owned())));
        let longest = |max: u32| (u64::from(max) * UNITS_PER_CODE_POINT).to_string();
        match &self.kind {
            Kind::Text { max, multiline, .. } => {
                if !multiline {
                    add("type", "text");
                }
                add("maxlength", &longest(*max));
            }
            Kind::Email => {
                add("type", "email");
                add("autocomplete", "email");
            }
            Kind::Phone { national } => {
                add("type", "tel");
                add("autocomplete", "tel");
                if national.is_none() {
                    // White space and direction marks around a pasted number are taken away by the server.
                    add("pattern", r"[\s\u202a-\u202e\u2066-\u2069]*\+[1-9][0-9]{6,14}[\s\u202a-\u202e\u2066-\u2069]*");
                }
            }
            Kind::Country => add("autocomplete", "country"),
            Kind::Date { earliest, latest } => {
                add("type", "date");
                if let Some(earliest) = earliest {
                    add("min", &earliest.to_string());
                }
                if let Some(latest) = latest {
                    add("max", &latest.to_string());
                }
            }
            Kind::Choice { .. } => {}
            Kind::Consent { terms } => {
                add("type", "checkbox");
                add("value", terms);
            }
            Kind::Hidden { .. } => add("type", "hidden"),
            // Out of sight is the page's style sheet's work; these keep it out of the tab order,
            // of autofill and of screen readers.
            Kind::Honeypot => {
                add("type", "text");
                add("tabindex", "-1");
                add("autocomplete", "off");
                add("aria-hidden", "true");
            }
        }
        // A hidden input cannot be required (HTML standard, section "Hidden state").
        if self.is_required() && !matches!(self.kind, Kind::Hidden { .. }) {
            attributes.push(("required", None));
        }
        Attributes(attributes)
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    #[test]
    fn every_kind_has_its_attributes() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d);
        for (kind, expected) in [
            (Kind::text(1, 80), r#"name="f" type="text" maxlength="320" required"#),
            (Kind::multiline(0, 500), r#"name="f" maxlength="2000" required"#),
            (Kind::Email, r#"name="f" type="email" autocomplete="email" required"#),
            (
                Kind::Phone { national: None },
                r#"name="f" type="tel" autocomplete="tel" pattern="[\s\u202a-\u202e\u2066-\u2069]*\+[1-9][0-9]{6,14}[\s\u202a-\u202e\u2066-\u2069]*" required"#,
            ),
            (Kind::Country, r#"name="f" autocomplete="country" required"#),
            (
                Kind::Date { earliest: day(1900, 1, 1), latest: day(2008, 11, 11) },
                r#"name="f" type="date" min="1900-01-01" max="2008-11-11" required"#,
            ),
            (Kind::choice(&["S", "M"]), r#"name="f" required"#),
            (Kind::consent("v\"1"), r#"name="f" type="checkbox" value="v&quot;1" required"#),
            (Kind::Hidden { max: 64 }, r#"name="f" type="hidden""#),
            (Kind::Honeypot, r#"name="f" type="text" tabindex="-1" autocomplete="off" aria-hidden="true""#),
        ] {
            assert_eq!(Field::new("f", kind).html().to_string(), expected);
        }
    }

    #[test]
    fn an_optional_field_is_not_required() {
        let form = Form::new(vec![Field::new("a", Kind::Email).optional()]).unwrap();
        assert_eq!(form.html("a").unwrap().iter().find(|(name, _)| *name == "required"), None);
        assert_eq!(form.html("b"), None);
    }
}
