//! What a request head must look like (RFC 9112), checked before the HTTP library sees it.
//!
//! The library reads leniently: bare line feeds, and `Transfer-Encoding` beside `Content-Length`.
//! Here both are refused, with everything else on which two servers could disagree.

use http::{HeaderValue, Response, StatusCode, header};

use super::Limits;
use super::bind::Dress;

/// A request that is refused before it is handled, and its answer's status and text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) text: &'static str,
}

impl Refusal {
    const fn bad(text: &'static str) -> Self {
        Self { status: 400, text }
    }

    pub(super) const SLOW_HEAD: Self = Self { status: 408, text: "the request head took too long" };
    pub(super) const SLOW_BODY: Self = Self { status: 408, text: "the request body took too long" };
    pub(super) const CUT_BODY: Self = Self::bad("the request body is malformed or incomplete");
    pub(super) const BODY_TOO_LARGE: Self = Self { status: 413, text: "the request body is too large" };
    const TARGET_TOO_LONG: Self = Self { status: 414, text: "the request target is too long" };
    const HEAD_TOO_LARGE: Self = Self { status: 431, text: "the request headers are too large or too many" };

    /// The answer; the connection ends with it.
    pub(super) fn response(self, dress: Dress) -> Response<String> {
        let status = StatusCode::from_u16(self.status).expect("refusals are made of constants");
        let mut response = Response::new(format!("{{\"message\":\"{}\"}}\n", self.text));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        dress(status, headers);
        response
    }

    /// The answer as bytes.
    pub(super) fn answer(self, dress: Dress) -> Vec<u8> {
        let (parts, body) = self.response(dress).into_parts();
        let reason = parts.status.canonical_reason().unwrap_or_default();
        let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", self.status).into_bytes();
        for (name, value) in &parts.headers {
            bytes.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        bytes.extend_from_slice(format!("content-length: {}\r\n\r\n{body}", body.len()).as_bytes());
        bytes
    }
}

/// The values of `Host` that name the server.
#[derive(Clone, Debug, Default)]
pub(super) struct Hosts {
    /// These.
    pub(super) names: Vec<String>,
    /// And those that end so, with one or more labels before it.
    pub(super) under: Option<String>,
}

impl Hosts {
    fn know(&self, host: &str) -> bool {
        self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
            || self.under.as_deref().is_some_and(|end| {
                let labels = host.len().checked_sub(end.len()).and_then(|at| host.split_at_checked(at));
                labels.is_some_and(|(labels, tail)| tail.eq_ignore_ascii_case(end) && labels.split('.').all(is_label))
            })
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// How much body follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// This many bytes.
    Length(u64),
    /// Chunks; the connection ends after this request, so that nothing has to be found behind them.
    Chunked,
}

/// Bytes a request line may have besides its target: method, two spaces, `HTTP/1.1`.
const LINE_EXTRA: usize = 64;

/// What can be said of a head before all of it is there: `Ok(None)` to read on, `Ok(Some(length))`
/// when it is complete and `length` bytes long.
pub(super) fn complete(bytes: &[u8], limits: &Limits) -> Result<Option<usize>, Refusal> {
    let line_end = bytes.iter().position(|byte| *byte == b'\n');
    let line = &bytes[..line_end.unwrap_or(bytes.len())];
    // Noise and a TLS hello are told at their first bytes, not when the time is up.
    if line.first().is_some_and(|byte| !byte.is_ascii_uppercase()) {
        return Err(Refusal::bad("this is not an HTTP/1.1 request"));
    }
    if line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\r') {
        return Err(Refusal::bad("the request line holds a control character"));
    }
    if line.len() > limits.target + LINE_EXTRA {
        return Err(Refusal::TARGET_TOO_LONG);
    }
    // Not zero: the first byte is a letter.
    let Some(line_end) = line_end else { return Ok(None) };
    let end = bytes[line_end..].windows(4).position(|window| window == b"\r\n\r\n".as_slice());
    // A head without headers ends with the line's own CR LF and one more.
    let empty = bytes[line_end - 1..].starts_with(b"\r\n\r\n");
    let length = if empty { Some(line_end + 3) } else { end.map(|end| line_end + end + 4) };
    let headers = length.unwrap_or(bytes.len()) - line_end;
    if headers > limits.headers_total {
        return Err(Refusal::HEAD_TOO_LARGE);
    }
    if length.is_none() && bytes[line_end - 1..].windows(2).any(|pair| pair[1] == b'\n' && pair[0] != b'\r') {
        return Err(Refusal::bad("a line ends without CR LF"));
    }
    Ok(length)
}

/// Checks a complete head; says how much body follows.
pub(super) fn check(head: &[u8], limits: &Limits, hosts: &Hosts) -> Result<Framing, Refusal> {
    let head = std::str::from_utf8(head).map_err(|_| Refusal::bad("the request head is not text"))?;
    let head = head.strip_suffix("\r\n\r\n").ok_or(Refusal::bad("the request head has no end"))?;
    let mut lines = head.split("\r\n");
    let target = request_line(lines.next().unwrap_or_default())?;
    if target.len() > limits.target {
        return Err(Refusal::TARGET_TOO_LONG);
    }
    let (mut host, mut length, mut chunked) = (None, None, false);
    for (count, line) in lines.enumerate() {
        if count == limits.headers {
            return Err(Refusal::HEAD_TOO_LARGE);
        }
        let (name, value) = header(line)?;
        if name.eq_ignore_ascii_case("host") {
            if host.replace(value).is_some() {
                return Err(Refusal::bad("there are two Host headers"));
            }
        } else if name.eq_ignore_ascii_case("content-length") {
            let value = content_length(value)?;
            if length.replace(value).is_some_and(|other| other != value) {
                return Err(Refusal::bad("there are two Content-Length headers"));
            }
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if chunked || !value.eq_ignore_ascii_case("chunked") {
                return Err(Refusal::bad("the only Transfer-Encoding here is chunked"));
            }
            chunked = true;
        }
    }
    check_host(host, target, hosts)?;
    match (length, chunked) {
        (Some(_), true) => Err(Refusal::bad("there are both Content-Length and Transfer-Encoding")),
        (None, true) => Ok(Framing::Chunked),
        (length, false) => Ok(Framing::Length(length.unwrap_or(0))),
    }
}

/// The target of `METHOD target HTTP/1.1`.
fn request_line(line: &str) -> Result<&str, Refusal> {
    let mut parts = line.split(' ');
    let (Some(method), Some(target), Some(version), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Refusal::bad("the request line is malformed"));
    };
    if version != "HTTP/1.1" && version != "HTTP/1.0" {
        return Err(Refusal::bad("only HTTP/1.1 is spoken here"));
    }
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') {
        return Err(Refusal::bad("the method is malformed"));
    }
    // TRACE would echo headers to a page that may not read them; CONNECT makes a tunnel.
    if method == "TRACE" || method == "CONNECT" {
        return Err(Refusal { status: 405, text: "this method is not allowed" });
    }
    if target.is_empty() || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Refusal::bad("the request target is malformed"));
    }
    Ok(target)
}

fn header(line: &str) -> Result<(&str, &str), Refusal> {
    let (name, value) = line.split_once(':').ok_or(Refusal::bad("a header has no colon"))?;
    // A line that begins with white space is the obsolete folding; a name that ends with it has
    // been read in two ways by different servers.
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(Refusal::bad("a header name is malformed"));
    }
    if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        return Err(Refusal::bad("a header value holds a control character"));
    }
    Ok((name, value.trim_matches([' ', '\t'])))
}

fn content_length(value: &str) -> Result<u64, Refusal> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| value.parse().ok()).flatten().ok_or(Refusal::bad("the Content-Length is malformed"))
}

fn check_host(host: Option<&str>, target: &str, hosts: &Hosts) -> Result<(), Refusal> {
    let host = host.ok_or(Refusal::bad("the Host header is missing"))?;
    if !hosts.know(host) {
        return Err(Refusal {
            status: 403,
            text: "the Host header does not name this server; use the printed address",
        });
    }
    if let Some((_, rest)) = target.split_once("://")
        && !target.starts_with('/')
    {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if !hosts.know(authority) {
            return Err(Refusal::bad("the request target names another server"));
        }
    }
    Ok(())
}
