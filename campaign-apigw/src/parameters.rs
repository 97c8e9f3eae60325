//! The parameters inside a signature: those of the query and, for a form, those of the body.
//!
//! They enter the string to sign decoded, sorted by the bytes of their names, each name once with
//! its first value, and without `=` if the value is empty ("Digest signature authentication").

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// More parameters than this are not read.
const MOST: usize = 1000;

/// Where a parameter stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    // The form's value is signed where both have one: all official clients agree. So it is the first.
    Form,
    Query,
}

#[derive(Debug)]
struct Parameter<'a> {
    name: Cow<'a, [u8]>,
    place: Place,
    value: Cow<'a, [u8]>,
}

/// What is doubtful about the parameters of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterFault {
    /// There are more than 1,000.
    #[error("there are more than 1000 parameters")]
    TooMany,
    /// A name stands in the query and in the form; which value is signed is not documented.
    #[error("a parameter stands both in the query and in the form")]
    InQueryAndForm,
    /// A name stands twice; only its first value is signed.
    #[error("a parameter is repeated, and only its first value is signed")]
    Repeated,
    /// A name holds `&` or `=`, or a value `&`: signed, it reads like other parameters.
    #[error("a parameter holds an ampersand or its name an equals sign, and reads like others in the signature")]
    Ambiguous,
}

/// The parameters of one request, sorted.
#[derive(Debug)]
pub(crate) struct Parameters<'a>(Vec<Parameter<'a>>);

impl<'a> Parameters<'a> {
    /// Those of a query and of the body of a form.
    pub(crate) fn read(query: Option<&'a str>, form: Option<&'a [u8]>) -> Result<Self, ParameterFault> {
        let mut all = Vec::new();
        let places = [(query.map(str::as_bytes), Place::Query), (form, Place::Form)];
        for (text, place) in places {
            let text = text.unwrap_or_default();
            // Most have nothing to decode, which one look at all of them tells.
            let encoded = is_encoded(text);
            let decoded = |part: &'a [u8]| if encoded { decode(part) } else { Cow::Borrowed(part) };
            let mut rest = text;
            while !rest.is_empty() {
                let end = rest.iter().position(|byte| matches!(byte, b'=' | b'&')).unwrap_or(rest.len());
                let (name, behind) = rest.split_at(end);
                let (value, next) = match behind {
                    [b'=', behind @ ..] => {
                        let end = behind.iter().position(|byte| *byte == b'&').unwrap_or(behind.len());
                        behind.split_at(end)
                    }
                    _ => (&behind[..0], behind),
                };
                rest = next.get(1..).unwrap_or_default();
                // Between two ampersands nothing stands.
                if name.is_empty() && !behind.starts_with(b"=") {
                    continue;
                }
                if all.len() == MOST {
                    return Err(ParameterFault::TooMany);
                }
                all.push(Parameter { name: decoded(name), place, value: decoded(value) });
            }
        }
        // Stable: of a repeated name the first value stays first.
        all.sort_by(|a, b| (&a.name, a.place).cmp(&(&b.name, b.place)));
        Ok(Self(all))
    }

    /// True if a name stands in the query and in the form.
    pub(crate) fn in_query_and_form(&self) -> bool {
        self.0.windows(2).any(|pair| pair[0].name == pair[1].name && pair[0].place != pair[1].place)
    }

    /// True if a name stands twice in the same place.
    pub(crate) fn repeated(&self) -> bool {
        self.0.windows(2).any(|pair| pair[0].name == pair[1].name && pair[0].place == pair[1].place)
    }

    /// True if other parameters have the same text.
    pub(crate) fn ambiguous(&self) -> bool {
        // What is not decoded holds neither: it was cut out between them.
        let holds = |text: &Cow<'_, [u8]>, byte| matches!(text, Cow::Owned(text) if text.contains(&byte));
        self.0.iter().any(|p| holds(&p.name, b'&') || holds(&p.name, b'=') || holds(&p.value, b'&'))
    }

    /// Writes them behind the path.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut last: Option<&[u8]> = None;
        for parameter in &self.0 {
            if last == Some(&parameter.name) {
                continue;
            }
            out.push(if last.is_none() { b'?' } else { b'&' });
            out.extend_from_slice(&parameter.name);
            if !parameter.value.is_empty() {
                out.push(b'=');
                out.extend_from_slice(&parameter.value);
            }
            last = Some(&parameter.name);
        }
    }
}

/// True if decoding changes it.
fn is_encoded(text: &[u8]) -> bool {
    text.contains(&b'%') || text.contains(&b'+')
}

/// Percent signs decoded, plus signs become spaces, as in forms.
fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !is_encoded(text) {
        return Cow::Borrowed(text);
    }
    let spaces: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    Cow::Owned(percent_decode(&spaces).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(query: &str, form: &str) -> String {
        let mut out = Vec::new();
        Parameters::read(Some(query), Some(form.as_bytes())).unwrap().write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn names_are_sorted_by_their_bytes_and_empty_values_lose_their_sign() {
        assert_eq!(written("b=1&B=2&_=5&a=", "1=6"), "?1=6&B=2&_=5&a&b=1");
        assert_eq!(written("&&", ""), "");
        assert_eq!(written("=v", ""), "?=v");
    }

    #[test]
    fn of_a_repeated_name_the_first_value_is_signed_and_of_two_places_the_forms() {
        assert_eq!(written("a=1&a=2", ""), "?a=1");
        assert_eq!(written("a=1", "a=2"), "?a=2");
        // An empty first name is a name too.
        assert_eq!(written("=1&=2", ""), "?=1");
    }

    #[test]
    fn what_is_doubtful_is_found() {
        let read = |query| Parameters::read(Some(query), Some(b"f=1".as_slice())).unwrap();
        assert!(read("a=1&f=2").in_query_and_form() && !read("a=1").in_query_and_form());
        assert!(read("a=1&a=1").repeated() && !read("a=1&f=2").repeated());
        assert!(read("a=b%26c").ambiguous() && read("a%3D=b").ambiguous() && !read("a=b%3Dc").ambiguous());
        let many = "a&".repeat(1001);
        assert_eq!(Parameters::read(Some(&many), None).unwrap_err(), ParameterFault::TooMany);
    }
}
