//! What the messages of all operations share: parameters in query and form, answers as JSON.

use bytes::Bytes;
use campaign_client::{Body, Error, Result, Service, acs3};
use http::{HeaderValue, Method, header::CONTENT_TYPE};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::Cdn;

pub(crate) const ACTION: &str = "x-acs-action";
pub(crate) const VERSION: &str = "x-acs-version";
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// Parameters by name, in the order in which they are sent.
pub(crate) type Parameters = Vec<(&'static str, String)>;

/// A call with its parameters in the query: every RPC call is a POST to `/` (official SDK).
pub(crate) fn in_query(service: &Cdn, action: &'static str, parameters: &Parameters) -> Result<http::Request<Body>> {
    let pairs: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={}", acs3::encode(value))).collect();
    let target = if pairs.is_empty() { "/".to_owned() } else { format!("/?{}", pairs.join("&")) };
    post(service, action, &target, Bytes::new())
}

/// A call with its parameters in a form.
pub(crate) fn in_form(service: &Cdn, action: &'static str, parameters: &Parameters) -> Result<http::Request<Body>> {
    let mut request = post(service, action, "/", form(parameters).into())?;
    request.headers_mut().insert(CONTENT_TYPE, FORM);
    Ok(request)
}

/// The form's text, as the official SDKs write it: RFC 3986, but a space is `+`.
pub(crate) fn form(parameters: &[(&'static str, String)]) -> String {
    let pair = |(name, value): &(&str, String)| format!("{name}={}", acs3::encode(value).replace("%20", "+"));
    parameters.iter().map(pair).collect::<Vec<_>>().join("&")
}

fn post(service: &Cdn, action: &'static str, target: &str, body: Bytes) -> Result<http::Request<Body>> {
    let mut request = http::Request::new(Body::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = service.endpoint().uri(target)?;
    let headers = request.headers_mut();
    headers.insert(ACTION, HeaderValue::from_static(action));
    headers.insert(VERSION, HeaderValue::from_static(Cdn::VERSION));
    Ok(request)
}

/// Reads an answer.
pub(crate) fn answered<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    // The source is left out: serde quotes what it read.
    serde_json::from_slice(body).map_err(|e| {
        Error::unreadable(format!("the answer is not the JSON of this call (line {}, column {})", e.line(), e.column()))
    })
}

/// The body of an error.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ErrorBody {
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) message: Option<String>,
    #[serde(default)]
    pub(crate) request_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) host_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recommend: Option<String>,
}

impl ErrorBody {
    /// The error in `body`, if it is one.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(body).ok().filter(|error| !error.code.is_empty())
    }
}

/// A number that the service sends as a text or as a number (service document "DescribeRefreshQuota": the table says
/// String, the samples show both).
pub(crate) mod number {
    use serde::{Deserialize, Deserializer, de::Error};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }

    impl Either {
        fn number<E: Error>(self) -> Result<u64, E> {
            match self {
                Self::Number(number) => Ok(number),
                // `parse` would take a sign.
                Self::Text(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().map_err(E::custom),
                Self::Text(_) => Err(E::custom("not a number of zero or more")),
            }
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        Either::deserialize(deserializer)?.number()
    }

    /// The same, absent or null.
    pub(crate) mod option {
        use serde::{Deserialize, Deserializer};

        use super::Either;

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
            Option::<Either>::deserialize(deserializer)?.map(Either::number).transpose()
        }
    }
}

#[cfg(feature = "server")]
pub(crate) use server::{Given, respond};

/// The inverses.
#[cfg(feature = "server")]
mod server {
    use bytes::Bytes;
    use campaign_client::{Error, Result};
    use http::{HeaderValue, header::CONTENT_TYPE, request};
    use percent_encoding::percent_decode_str;
    use serde::Serialize;

    use super::FORM;

    /// The parameters of a request, of its query and its form.
    #[derive(Debug)]
    pub(crate) struct Given(Vec<(String, String)>);

    impl Given {
        pub(crate) fn read(request: &request::Parts, body: &[u8]) -> Result<Self> {
            let mut given = Self(Vec::new());
            given.add(request.uri.query().unwrap_or(""), false)?;
            // With or without a charset behind it.
            let is_form = |value: &HeaderValue| value.as_bytes().starts_with(FORM.as_bytes());
            if request.headers.get(CONTENT_TYPE).is_some_and(is_form) {
                let form = std::str::from_utf8(body).map_err(|_| Error::invalid("the form is not text"))?;
                given.add(form, true)?;
            } else if !body.is_empty() {
                return Err(Error::invalid("the body is not a form"));
            }
            Ok(given)
        }

        fn add(&mut self, text: &str, form: bool) -> Result<()> {
            for pair in text.split('&').filter(|pair| !pair.is_empty()) {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                let decode = |text: &str| {
                    let text = if form { text.replace('+', " ") } else { text.to_owned() };
                    let text = percent_decode_str(&text).decode_utf8().map(String::from);
                    text.map_err(|_| Error::invalid("a parameter is not text"))
                };
                let (name, value) = (decode(name)?, decode(value)?);
                if self.0.iter().any(|(other, _)| *other == name) {
                    return Err(Error::invalid("a parameter is there twice"));
                }
                self.0.push((name, value));
            }
            Ok(())
        }

        /// The value of `name`, if it is there and not empty.
        pub(crate) fn take(&mut self, name: &str) -> Option<String> {
            let at = self.0.iter().position(|(other, _)| other == name)?;
            Some(self.0.swap_remove(at).1).filter(|value| !value.is_empty())
        }

        /// The same as another type.
        pub(crate) fn parse<T: std::str::FromStr>(&mut self, name: &'static str) -> Result<Option<T>> {
            let parse = |text: String| text.parse().map_err(|_| Error::invalid(format!("{name} is malformed")));
            self.take(name).map(parse).transpose()
        }
    }

    /// Writes an answer.
    pub(crate) fn respond(answer: &impl Serialize) -> Result<http::Response<Bytes>> {
        let body = serde_json::to_vec(answer).map_err(|e| Error::invalid("the answer is no JSON").with_source(e))?;
        let mut response = http::Response::new(Bytes::from(body));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json;charset=utf-8"));
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// tests/vectors/acs3-sign.json, "cdn-refresh-object-caches-form": made by the official OpenAPI client 0.4.6.
    #[test]
    fn a_form_is_the_official_clients() {
        let paths = "https://www.example.com/index.html\nhttps://www.example.com/a b.png".to_owned();
        let file: serde_json::Value = serde_json::from_str(include_str!("../../tests/vectors/acs3-sign.json")).unwrap();
        let cases = file["cases"].as_array().unwrap();
        let case = cases.iter().find(|case| case["name"] == "cdn-refresh-object-caches-form").unwrap();
        assert_eq!(
            form(&[("ObjectPath", paths), ("ObjectType", "File".to_owned())]),
            case["body_utf8"].as_str().unwrap()
        );
    }

    #[test]
    fn a_number_is_read_as_text_and_as_number_and_never_below_zero() {
        #[derive(Deserialize)]
        struct One(#[serde(deserialize_with = "number::deserialize")] u64);
        let read = |text: &str| serde_json::from_str::<One>(text).map(|one| one.0).ok();
        assert_eq!((read("7"), read("\"7\""), read("\"0\"")), (Some(7), Some(7), Some(0)));
        for text in ["-1", "\"-1\"", "\"+1\"", "1.5", "\"\"", "\"x\"", "null", "\"99999999999999999999\"", "[]"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
