//! A field and the kinds it can have.

use std::borrow::Cow;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{MAX_NAME, definition::RawField};
use crate::{
    name::FieldName,
    rules::{
        National,
        text::{Lines, is_blank, normalise},
    },
};

/// The texts of which a choice field takes one; case matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices(Given);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Given {
    Static(&'static [&'static str]),
    Owned(Vec<String>),
}

impl Choices {
    /// The texts, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let (fixed, owned): (&[&str], &[String]) = match &self.0 {
            Given::Static(fixed) => (fixed, &[]),
            Given::Owned(owned) => (&[], owned),
        };
        fixed.iter().copied().chain(owned.iter().map(String::as_str))
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        match &self.0 {
            Given::Static(fixed) => fixed.contains(&text),
            Given::Owned(owned) => owned.iter().any(|one| one == text),
        }
    }
}

impl From<Vec<String>> for Choices {
    fn from(texts: Vec<String>) -> Self {
        Self(Given::Owned(texts))
    }
}

/// What a field takes. Every value is sent as a JSON string and normalised before it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A text of `min` to `max` code points.
    Text {
        /// Fewest code points. Blank text counts as absent, so 0 and 1 mean the same.
        min: u32,
        /// Most code points.
        max: u32,
        /// Whether line feeds are kept.
        multiline: bool,
    },
    /// An e-mail address by the grammar of HTML's `type=email`; at most 254 characters, of which
    /// at most 64 before the `@`. A Unicode domain is converted by UTS 46 for the check and the key;
    /// stored is what was typed.
    Email,
    /// A phone number in E.164 form: `+` and 7 to 15 digits.
    Phone {
        /// How numbers without `+` are read; without it they are refused.
        national: Option<National>,
    },
    /// An assigned ISO 3166-1 alpha-2 code in upper case.
    Country,
    /// A real day, exactly `YYYY-MM-DD`. Both bounds belong to the range.
    Date {
        /// The first day that is accepted.
        earliest: Option<NaiveDate>,
        /// The last day that is accepted.
        latest: Option<NaiveDate>,
    },
    /// One of some texts.
    Choice {
        /// The texts.
        options: Choices,
    },
    /// Consent to the current terms: the value is their version.
    Consent {
        /// The current version.
        terms: Cow<'static, str>,
    },
    /// Text of up to `max` code points that the page fills in, such as `utm_source`. It is stored
    /// but is no part of the payload digest: the same entry through another link is still a repeat.
    Hidden {
        /// Most code points.
        max: u32,
    },
    /// A trap: people do not see the field, so whoever fills it in is a program.
    Honeypot,
}

impl Kind {
    /// One line of `min` to `max` code points.
    #[must_use]
    pub const fn text(min: u32, max: u32) -> Self {
        Self::Text { min, max, multiline: false }
    }

    /// Several lines of together `min` to `max` code points.
    #[must_use]
    pub const fn multiline(min: u32, max: u32) -> Self {
        Self::Text { min, max, multiline: true }
    }

    /// One of `options`.
    #[must_use]
    pub const fn choice(options: &'static [&'static str]) -> Self {
        Self::Choice { options: Choices(Given::Static(options)) }
    }

    /// Consent to the terms of this version.
    #[must_use]
    pub const fn consent(terms: &'static str) -> Self {
        Self::Consent { terms: Cow::Borrowed(terms) }
    }

    pub(crate) fn lines(&self) -> Lines {
        match self {
            Self::Text { multiline: true, .. } => Lines::Many,
            _ => Lines::One,
        }
    }

    fn check_definition(&self) -> Result<(), String> {
        match self {
            Self::Text { max: 0, .. } | Self::Hidden { max: 0 } => Err("max is 0".to_owned()),
            Self::Text { min, max, .. } if min > max => Err(format!("min {min} is above max {max}")),
            Self::Phone { national: Some(national) } if !national.is_valid() => {
                Err("calling code or trunk prefix is not made of digits".to_owned())
            }
            Self::Date { earliest: Some(earliest), latest: Some(latest) } if earliest > latest => {
                Err("earliest is after latest".to_owned())
            }
            Self::Choice { options } => check_options(options),
            Self::Consent { terms } => check_given("terms", terms),
            _ => Ok(()),
        }
    }
}

fn check_options(options: &Choices) -> Result<(), String> {
    let mut seen = std::collections::BTreeSet::new();
    for option in options.iter() {
        check_given("choice", option)?;
        if !seen.insert(option) {
            return Err(format!("choice {option:?} is given twice"));
        }
    }
    if seen.is_empty() { Err("no choices".to_owned()) } else { Ok(()) }
}

/// A text no normalised input could equal would make the field impossible to fill in.
fn check_given(what: &str, text: &str) -> Result<(), String> {
    if is_blank(text) || normalise(text, Lines::One) != text {
        return Err(format!("{what} {text:?} is blank or not normalised"));
    }
    Ok(())
}

/// A named field of a form: required unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawField", into = "RawField")]
pub struct Field {
    pub(super) name: FieldName,
    pub(super) kind: Kind,
    pub(super) optional: bool,
    pub(super) unique: bool,
}

impl Field {
    /// A required field. [`Form::new`](super::Form::new) checks name and kind.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name: FieldName::Static(name), kind, optional: false, unique: false }
    }

    /// May be left out. A honeypot always may.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// A value is accepted once per campaign.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// The name, as in the body.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Whether an entry without it is refused.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        !self.optional && !matches!(self.kind, Kind::Honeypot)
    }

    /// Whether a value is accepted only once.
    #[must_use]
    pub const fn is_unique(&self) -> bool {
        self.unique
    }

    pub(super) fn check_definition(&self) -> Result<(), String> {
        let mut bytes = self.name.bytes();
        let legal = bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
            && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            && self.name.len() <= MAX_NAME;
        if !legal {
            return Err(format!("a name is a letter, then up to {} letters, digits, _ or -", MAX_NAME - 1));
        }
        if self.unique && self.optional {
            return Err("a unique field is required".to_owned());
        }
        if self.unique && !matches!(self.kind, Kind::Text { .. } | Kind::Email | Kind::Phone { .. }) {
            return Err("only text, e-mail and phone can be unique".to_owned());
        }
        self.kind.check_definition()
    }
}
