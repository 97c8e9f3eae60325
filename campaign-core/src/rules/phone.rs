//! The phone rule: E.164, with national forms as an option of the field.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Fewest digits behind the plus sign.
const MIN_DIGITS: usize = 7;
/// Most digits behind the plus sign (ITU-T E.164 §6.2.1).
const MAX_DIGITS: usize = 15;

/// How numbers are written at home in one country, for a phone field that accepts them.
///
/// A number that starts with `+` is read as E.164 whatever the country. Any other loses blanks,
/// hyphens, dots, slashes and brackets, then the trunk prefix, and gets `+` and the calling code.
///
/// ```
/// use campaign_core::form::{Kind, National};
///
/// // Germany: +49, and a 0 before the area code that is not dialled from abroad.
/// let phone = Kind::Phone { national: Some(National::new("49", "0")) };
/// # let _ = phone;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct National {
    calling_code: Cow<'static, str>,
    #[serde(default)]
    trunk_prefix: Cow<'static, str>,
}

impl National {
    /// The calling code without plus sign, one to three digits, and the trunk prefix, which may be
    /// empty. [`Form::new`](crate::Form::new) checks both.
    #[must_use]
    pub const fn new(calling_code: &'static str, trunk_prefix: &'static str) -> Self {
        Self { calling_code: Cow::Borrowed(calling_code), trunk_prefix: Cow::Borrowed(trunk_prefix) }
    }

    /// Whether calling code and trunk prefix are digits of a sensible number.
    pub(crate) fn is_valid(&self) -> bool {
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let code = &*self.calling_code;
        (1..=3).contains(&code.len())
            && digits(code)
            && !code.starts_with('0')
            && self.trunk_prefix.len() <= 3
            && digits(&self.trunk_prefix)
    }
}

/// The number in E.164 form, or `None` if the text is not one.
pub(crate) fn e164<'a>(typed: &'a str, national: Option<&National>) -> Option<Cow<'a, str>> {
    if typed.starts_with('+') {
        return is_e164(typed).then_some(Cow::Borrowed(typed));
    }
    let national = national?;
    let digits: String = typed.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '/' | '(' | ')')).collect();
    let subscriber = digits.strip_prefix(&*national.trunk_prefix).unwrap_or(&digits);
    let number = format!("+{}{subscriber}", national.calling_code);
    (!subscriber.is_empty() && is_e164(&number)).then_some(Cow::Owned(number))
}

/// `^\+[1-9][0-9]{6,14}$`, ASCII digits only.
fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (MIN_DIGITS..=MAX_DIGITS).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_a_plus_sign_and_7_to_15_digits() {
        for number in ["+1234567", "+123456789012345", "+8613800138000"] {
            assert_eq!(e164(number, None).as_deref(), Some(number));
        }
        for text in [
            "",
            "+",
            "+123456",
            "+1234567890123456",
            "+0123456789",
            "12345678",
            "0151 234",
            "+49-151",
            "+86 138-0013-8000",
            "+\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}\u{667}",
            "\u{ff0b}1234567",
            "+1234567x",
        ] {
            assert_eq!(e164(text, None), None, "{text}");
        }
    }

    #[test]
    fn national_forms_become_e164_where_the_field_says_so() {
        let germany = National::new("49", "0");
        for (typed, stored) in [
            ("0151 234-5678", Some("+491512345678")),
            ("(0151) 234/5678", Some("+491512345678")),
            ("151.2345678", Some("+491512345678")),
            ("+8613800138000", Some("+8613800138000")),
            ("+49 151 2345678", None),
            ("0", None),
            ("0151 CALL ME", None),
            ("", None),
        ] {
            assert_eq!(e164(typed, Some(&germany)).as_deref(), stored, "{typed}");
        }
    }

    #[test]
    fn calling_code_and_trunk_prefix_are_digits() {
        assert!(National::new("1", "").is_valid() && National::new("86", "0").is_valid());
        for (code, trunk) in [("", ""), ("0", ""), ("+49", "0"), ("1234", ""), ("49", "x"), ("7", "8888")] {
            assert!(!National::new(code, trunk).is_valid(), "{code} {trunk}");
        }
    }
}
