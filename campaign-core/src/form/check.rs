//! The check: normalise, then report every violation at once.

use chrono::NaiveDate;

use super::{Field, Form, Kind, MAX_FIELDS};
use crate::{
    body::{Body, Value},
    rules::{
        country, date, email, phone,
        text::{Lines, is_blank, length, normalise, trim_printable},
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
    pub fn is_trapped(&self, body: &Body<'_>) -> bool {
        self.traps.iter().filter_map(|&trap| body.get(self.key(trap))).any(|value| match value {
            Value::Null => false,
            Value::Printable(text) => !is_blank(text),
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
    pub fn check(&self, body: &Body<'_>) -> Result<Fields, Vec<Violation>> {
        let mut given = [None; MAX_FIELDS];
        let (mut known, mut next, mut bytes) = (0, 0, 0);
        for (name, value) in body.members() {
            // Mostly the members come in the form's order.
            let expected = next < self.names.len() && self.key(next).is(name);
            if let Some(at) = if expected { Some(next) } else { self.find(name) } {
                given[at] = Some(value);
                bytes += value.text().map_or(0, str::len);
                known += 1;
                next = at + 1;
            }
        }
        let mut checked = Fields::of(&self.names, known, bytes);
        let mut violations = Vec::new();
        // In the order of the names, which is that of what is stored.
        for &at in &self.by_name {
            if let Err(violation) = self.fields[at].check(given[at], &mut |value| checked.push(at, value)) {
                violations.push((at, violation));
            }
        }
        if violations.is_empty() && known == body.len() {
            return Ok(checked);
        }
        violations.sort_unstable_by_key(|(at, _)| *at);
        let unknown = body.names().into_iter().filter(|name| self.field(name).is_none()).take(MAX_UNKNOWN);
        let unknown = unknown.map(|name| Violation::new(name, Code::UnknownField));
        Err(violations.into_iter().map(|(_, violation)| *violation).chain(unknown).collect())
    }
}

/// Whether a value is one of its field. In a box, so that a verdict is handed over in a register.
type Judged = Result<(), Box<Violation>>;

impl Field {
    /// Stores the value, unless the field is rightly absent.
    #[inline]
    fn check(&self, value: Option<&Value<'_>>, store: &mut impl FnMut(&str)) -> Judged {
        if matches!(self.kind, Kind::Honeypot) {
            return Ok(());
        }
        match value {
            None | Some(Value::Null) => self.absent(),
            Some(Value::Other) => Err(self.violates(Code::Type)),
            Some(Value::Printable(text)) => self.accept(trim_printable(text), store),
            Some(Value::Text(text)) => self.accept(&normalise(text, self.kind.lines()), store),
        }
    }

    fn absent(&self) -> Judged {
        if self.is_required() { Err(self.violates(Code::Required)) } else { Ok(()) }
    }

    #[cold]
    fn violates(&self, code: Code) -> Box<Violation> {
        Box::new(Violation::new(self.name(), code))
    }

    /// A violation, and what the rule asks for.
    #[cold]
    fn asks(&self, code: Code, param: &'static str, value: impl Into<serde_json::Value>) -> Box<Violation> {
        Box::new(Violation::new(self.name(), code).with(param, value))
    }

    /// Applies the rule of the kind to a normalised text.
    fn accept(&self, text: &str, store: &mut impl FnMut(&str)) -> Judged {
        if is_blank(text) {
            return self.absent();
        }
        match &self.kind {
            Kind::Text { min, max, .. } => self.within(text, *min, *max)?,
            Kind::Hidden { max } => self.within(text, 0, *max)?,
            Kind::Email if email::is_address(text) => {}
            Kind::Email => return Err(self.violates(Code::Email)),
            Kind::Phone { national } => {
                let number = phone::e164(text, national.as_ref()).ok_or_else(|| self.violates(Code::E164))?;
                store(&number);
                return Ok(());
            }
            Kind::Country if country::is_assigned(text) => {}
            Kind::Country => return Err(self.violates(Code::Country)),
            Kind::Date { earliest, latest } => self.day(text, *earliest, *latest)?,
            Kind::Choice { options } if options.contains(text) => {}
            Kind::Choice { options } => {
                return Err(self.asks(Code::NotInEnum, "allowed", options.iter().collect::<Vec<_>>()));
            }
            Kind::Consent { terms } if *terms == text => {}
            Kind::Consent { terms } => return Err(self.asks(Code::ConsentStale, "terms", &**terms)),
            // Left out by `check`.
            Kind::Honeypot => {}
        }
        store(text);
        Ok(())
    }

    fn within(&self, text: &str, min: u32, max: u32) -> Judged {
        let limit = |bound: u32| usize::try_from(bound).unwrap_or(usize::MAX);
        // A code point takes one to four bytes, which mostly is enough to know.
        if text.len() <= limit(max) && text.len() / 4 >= limit(min) {
            return Ok(());
        }
        let length = length(text);
        if length < limit(min) {
            return Err(self.asks(Code::TooShort, "min", min));
        }
        if length > limit(max) {
            return Err(self.asks(Code::TooLong, "max", max));
        }
        Ok(())
    }

    fn day(&self, text: &str, earliest: Option<NaiveDate>, latest: Option<NaiveDate>) -> Judged {
        let day = date::parse(text).ok_or_else(|| self.violates(Code::Date))?;
        if let Some(earliest) = earliest.filter(|earliest| day < *earliest) {
            return Err(self.asks(Code::TooEarly, "earliest", earliest.to_string()));
        }
        if let Some(latest) = latest.filter(|latest| day > *latest) {
            return Err(self.asks(Code::TooLate, "latest", latest.to_string()));
        }
        Ok(())
    }
}

impl Form {
    /// The form under which a value of the unique field is compared, given in any spelling.
    /// `None` if the form has no unique field or `typed` is no valid value of it.
    pub(crate) fn unique_key(&self, typed: &str) -> Option<String> {
        let field = self.unique()?;
        let typed = Value::Text(typed.into());
        let mut key = None;
        field.check(Some(&typed), &mut |stored| key = Some(field.key_of(stored))).ok()?;
        key
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str) -> Result<Fields, Vec<Violation>> {
        let fields = vec![
            Field::new("m", Kind::text(1, 3)),
            Field::new("b", Kind::text(1, 3)),
            Field::new("x", Kind::text(1, 3)).optional(),
            Field::new("c", Kind::Honeypot),
        ];
        Form::new(fields).unwrap().check(&Body::read(body.as_bytes()).unwrap())
    }

    #[test]
    fn violations_come_in_the_order_of_the_form_and_unknown_members_by_name_behind() {
        let body = r#"{"z":1,"b":"long text","d":1,"a":1,"x":7,"bb":1}"#;
        let found: Vec<String> =
            check(body).unwrap_err().into_iter().map(|v| format!("{} {}", v.pointer, v.code)).collect();
        let unknown = ["a", "bb", "d", "z"].map(|name| format!("/{name} unknown_field"));
        assert_eq!(
            found,
            [["/m required", "/b too_long", "/x type"].map(String::from).to_vec(), unknown.to_vec()].concat()
        );
    }

    #[test]
    fn one_unknown_member_is_enough_and_more_than_sixteen_are_cut() {
        for name in ["a", "bb", "zz"] {
            assert_eq!(check(&format!(r#"{{"m":"1","b":"2","{name}":""}}"#)).unwrap_err().len(), 1, "{name}");
        }
        let many: String = (10..40).map(|n| format!(r#","n{n}":"""#)).collect();
        let found = check(&format!(r#"{{"m":"1","b":"2"{many}}}"#)).unwrap_err();
        assert_eq!((found.len(), found[15].pointer.as_str()), (16, "/n25"));
    }

    #[test]
    fn fields_are_in_name_order_and_equal_to_those_set_one_by_one() {
        let fields = check(r#"{"x":" 3 ","c":"trap","m":"1","b":"e\u0301"}"#).unwrap();
        assert_eq!(fields.iter().collect::<Vec<_>>(), [("b", "\u{e9}"), ("m", "1"), ("x", "3")]);
        assert_eq!(fields, Fields::from_iter([("x", "3"), ("b", "\u{e9}"), ("m", "1")]));
    }

    #[test]
    fn whatever_the_order_of_the_members_the_fields_are_the_same() {
        let members = [r#""m":"1""#, r#""b":"2""#, r#""x":"3""#, r#""c":"""#];
        let sorted = check(&format!("{{{}}}", members.join(","))).unwrap();
        for first in 0..4 {
            for second in (0..4).filter(|second| *second != first) {
                let rest = (0..4).filter(|at| *at != first && *at != second);
                let order: Vec<&str> = [first, second].into_iter().chain(rest).map(|at| members[at]).collect();
                assert_eq!(check(&format!("{{{}}}", order.join(","))).unwrap(), sorted, "{order:?}");
            }
        }
    }
}
