//! The law that holds the two halves of an operation together.
//!
//! A server that reads a request must get the operation that the client wrote, and a client that
//! reads an answer must get what the server wrote. One generic function tests every operation;
//! a deliberately wrong operation in this module's tests proves that it can fail. Two halves can
//! also agree and both be wrong, so golden vectors and the vendor's own clients are the other
//! half of the proof.

use std::fmt::Debug;

use bytes::Bytes;
use thiserror::Error;

use crate::{Error as CallError, Serve};

/// Which half of the law an operation breaks.
#[derive(Debug, Error)]
pub enum Broken {
    /// The server reads another operation than the client wrote.
    #[error("{operation}: the server reads {read}, the client wrote {written}")]
    Request {
        /// The operation's name.
        operation: &'static str,
        /// What the client wrote.
        written: String,
        /// What the server reads.
        read: String,
    },
    /// The client reads another output than the server wrote.
    #[error("{operation}: the client reads {read}, the server wrote {written}")]
    Response {
        /// The operation's name.
        operation: &'static str,
        /// What the server wrote.
        written: String,
        /// What the client reads.
        read: String,
    },
    /// A half gives an error for a message of the other half.
    #[error("{operation}: {half}: {error}")]
    Error {
        /// The operation's name.
        operation: &'static str,
        /// The half that failed.
        half: &'static str,
        /// Its error.
        error: CallError,
    },
}

/// Writes `operation` and reads it back, writes `output` and reads it back.
///
/// # Errors
/// The half that is broken.
pub fn holds<O>(service: &O::Service, operation: &O, output: &O::Output) -> Result<(), Broken>
where
    O: Serve + PartialEq + Debug,
    O::Output: PartialEq + Debug,
{
    let failed = |half: &'static str| move |error| Broken::Error { operation: O::NAME, half, error };

    let request = operation.request(service).map_err(failed("request"))?;
    let (parts, body) = request.into_parts();
    let body = body.bytes().cloned().unwrap_or_else(Bytes::new);
    let read = O::read_request(service, &parts, body).map_err(failed("read_request"))?;
    if read != *operation {
        let (written, read) = (format!("{operation:?}"), format!("{read:?}"));
        return Err(Broken::Request { operation: O::NAME, written, read });
    }

    let (parts, body) = read.write_response(output).map_err(failed("write_response"))?.into_parts();
    let read = operation.response(&parts, body).map_err(failed("response"))?;
    if read != *output {
        let (written, read) = (format!("{output:?}"), format!("{read:?}"));
        return Err(Broken::Response { operation: O::NAME, written, read });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::{request, response};

    use super::*;
    use crate::{Body, Class, Operation, Result, testing::Echo};

    /// Says `text` and is told how often. `wrong` makes one half disagree.
    #[derive(Debug, Clone, PartialEq)]
    struct Say {
        text: String,
        wrong: Wrong,
    }

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Wrong {
        Nothing,
        Request,
        Response,
    }

    impl Operation for Say {
        type Service = Echo;
        type Output = u32;
        const NAME: &'static str = "Say";

        fn class(&self) -> Class {
            Class::Read
        }

        fn request(&self, service: &Echo) -> Result<http::Request<Body>> {
            let text = if self.wrong == Wrong::Request { "something else" } else { &self.text };
            let mut request = http::Request::new(Body::from(text.to_owned()));
            *request.uri_mut() = crate::Service::endpoint(service).uri("/say")?;
            request.headers_mut().insert("wrong", ((self.wrong as u8) + b'0').into_header());
            Ok(request)
        }

        fn response(&self, _: &response::Parts, body: Bytes) -> Result<u32> {
            let text = std::str::from_utf8(&body).map_err(|e| CallError::unreadable("not text").with_source(e))?;
            text.parse().map_err(|e| CallError::unreadable("not a number").with_source(e))
        }
    }

    impl Serve for Say {
        fn read_request(_: &Echo, request: &request::Parts, body: Bytes) -> Result<Self> {
            let wrong = match request.headers.get("wrong").map(http::HeaderValue::as_bytes) {
                Some(b"1") => Wrong::Request,
                Some(b"2") => Wrong::Response,
                _ => Wrong::Nothing,
            };
            Ok(Self { text: String::from_utf8_lossy(&body).into_owned(), wrong })
        }

        fn write_response(&self, output: &u32) -> Result<http::Response<Bytes>> {
            let off = u32::from(self.wrong == Wrong::Response);
            Ok(http::Response::new((output + off).to_string().into()))
        }
    }

    trait IntoHeader {
        fn into_header(self) -> http::HeaderValue;
    }

    impl IntoHeader for u8 {
        fn into_header(self) -> http::HeaderValue {
            http::HeaderValue::from_bytes(&[self]).unwrap()
        }
    }

    fn say(wrong: Wrong) -> Result<(), Broken> {
        holds(&Echo::default(), &Say { text: "hello".to_owned(), wrong }, &7)
    }

    #[test]
    fn the_law_holds_for_halves_that_agree() {
        say(Wrong::Nothing).unwrap();
    }

    #[test]
    fn the_law_fails_for_a_request_that_reads_back_differently() {
        assert!(matches!(say(Wrong::Request), Err(Broken::Request { .. })));
    }

    #[test]
    fn the_law_fails_for_an_answer_that_reads_back_differently() {
        assert!(matches!(say(Wrong::Response), Err(Broken::Response { .. })));
    }
}
