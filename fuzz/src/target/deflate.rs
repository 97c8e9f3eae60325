//! Both readers of compressed bodies: the server's of requests, the client's of answers.

use std::{collections::BTreeSet, io::Write};

use ::bytes::Bytes;
use campaign_client::{Body, Operation, Service};
use campaign_tablestore::{SqlQuery, TableStore, server};
use fastrand::Rng;
use flate2::{Compression, Decompress, FlushDecompress, write::ZlibEncoder};
use http::{HeaderMap, HeaderValue, Request, Response, request, response};
use zune_inflate::{DeflateDecoder, DeflateOptions};

use super::Target;
use crate::{
    corpus::{Corpus, Vectors},
    input::{Input, Side},
    mutate::{any, bytes, some},
    probe::{Broken, Probe},
};

/// The longest that is inflated, in bytes: small, so that inputs go past it.
const LIMIT: u64 = 64 << 10;

/// What an inflater takes for itself, whatever it inflates: its window and tables.
const INFLATER_BYTES: u64 = 43 << 10;

/// Deflate makes at most so many bytes of one.
const MAX_RATIO: u64 = 1_032;

const READERS: [&str; 2] = ["inflate_request", "content of an answer"];

/// The target `deflate`.
#[derive(Debug)]
pub struct Deflate {
    /// Compressed bodies.
    compressed: Corpus,
    /// What is compressed anew.
    plain: Corpus,
    service: TableStore,
    reached: BTreeSet<&'static str>,
}

impl Deflate {
    /// Begins with the bodies of the vectors, some of them many times over.
    ///
    /// # Panics
    /// If the service that is told off cannot be named.
    pub fn new(vectors: &Vectors) -> Self {
        let bodies = vectors.requests.iter().chain(&vectors.answers).map(|(_, body)| body.clone());
        let plain: Vec<Vec<u8>> = bodies.collect();
        let long = plain.iter().step_by(7).map(|body| body.repeat(40));
        let zeros = [1, 2_000, 65_536, 65_537, 1_000_000].map(|length| vec![0; length]);
        let levels = [0, 1, 6, 9].map(Compression::new).into_iter().cycle();
        let seeds = plain.iter().cloned().chain(long).chain(zeros);
        let compressed = Corpus::new(seeds.zip(levels).map(|(body, level)| zlib(&body, level)));
        let service = TableStore::new("http://127.0.0.1:1", "campaign").expect("the service is legal");
        let service = service.deflate_requests().deflate_answers();
        Self { compressed, plain: Corpus::new(plain), service, reached: BTreeSet::new() }
    }
}

impl Target for Deflate {
    fn next(&self, rng: &mut Rng) -> Input {
        let mut bytes = if rng.u8(..4) == 0 {
            let mut plain = any(self.plain.choose(rng), self.plain.choose(rng), rng);
            plain = plain.repeat(rng.usize(1..32));
            zlib(&plain, Compression::new(rng.u32(..10)))
        } else {
            self.compressed.choose(rng).to_vec()
        };
        if rng.u8(..8) != 0 {
            some(rng, |rng| bytes::edit(&mut bytes, self.compressed.choose(rng), rng));
        }
        let length = seal(&mut bytes, rng.bool());
        let length = match rng.u8(..16) {
            0 => bytes::interesting(rng).to_string(),
            1 => rng.choice(["", "-1", "+5", " 5", "1e3", "0x10", "5,5"]).unwrap_or_default().to_owned(),
            2 => length.wrapping_add(1).to_string(),
            3 => length.saturating_sub(1).to_string(),
            _ => length.to_string(),
        };
        let form = if rng.u8(..64) == 0 { "gzip" } else { "deflate" };
        Input { side: Side::Deflate, operation: "", request: format!("{form} {length}").into_bytes(), bytes }
    }

    fn check(&self, input: &Input, probe: &mut Probe) -> Result<(), Broken> {
        let said = String::from_utf8_lossy(&input.request);
        let (form, length) = said.split_once(' ').unwrap_or_default();
        let body = Bytes::copy_from_slice(&input.bytes);
        let size = u64::try_from(body.len()).unwrap_or(u64::MAX);
        // Memory is taken for the length that is said, if it can be true; and nothing for one that cannot.
        let most = length.parse().ok().filter(|length| *length <= LIMIT && *length <= MAX_RATIO.saturating_mul(size));
        let granted = INFLATER_BYTES + most.unwrap_or(0);
        let request = request(form, length);
        let asked =
            probe.read_beyond(READERS[0], granted, || server::inflate_request(&request, body.clone(), LIMIT))?;
        let answer = answer(form, length);
        let answered = probe.read_beyond(READERS[1], granted, || self.service.content(&answer, &body, LIMIT))?;
        if asked != answered {
            return Err(probe.broken("the two sides do not read the same"));
        }
        let Some(content) = asked else { return Ok(()) };
        if form != "deflate" || Some(u64::try_from(content.len()).unwrap_or(u64::MAX)) != most {
            return Err(probe.broken("what was inflated is not what the headers say"));
        }
        let options = DeflateOptions::default().set_confirm_checksum(true).set_limit(content.len().max(1));
        match DeflateDecoder::new_with_options(&body, options).decode_zlib() {
            Ok(second) if second == content => {}
            Ok(_) => return Err(probe.broken("a second inflater reads something else")),
            Err(error) => return Err(probe.broken(format!("a second inflater refuses it: {error:?}"))),
        }
        probe.note(&(content.len().checked_ilog2(), input.bytes.len().checked_ilog2()));
        // Three bits say which kind of block comes first.
        probe.note(&body.get(2).map(|byte| byte & 7));
        self.sent(&content, probe)
    }

    fn learn(&mut self, input: &Input, probe: &Probe) {
        self.compressed.learn(probe.way(), &input.bytes);
        self.reached.extend(&probe.accepted_by);
    }

    fn ways(&self) -> usize {
        self.compressed.ways()
    }

    fn unreached(&self) -> Vec<String> {
        READERS.iter().filter(|reader| !self.reached.contains(*reader)).map(|reader| (*reader).to_owned()).collect()
    }
}

impl Deflate {
    /// What one side compresses, the other inflates to the same.
    fn sent(&self, content: &Bytes, probe: &Probe) -> Result<(), Broken> {
        let mut answer = Response::new(content.clone());
        let mut asking = HeaderMap::new();
        asking.insert("x-ots-response-compress-type", HeaderValue::from_static("deflate"));
        server::deflate_answer(&asking, &mut answer);
        let (parts, body) = answer.into_parts();
        let read = self.service.content(&parts, &body, LIMIT);
        probe.same("a compressed answer", &read.ok(), &Some(content.clone()))?;
        if body.len() > content.len() {
            return Err(probe.broken("an answer that is compressed is longer"));
        }

        let query = SqlQuery::new(format!("select {}", String::from_utf8_lossy(content)));
        let plain = TableStore::new("http://127.0.0.1:1", "campaign").and_then(|service| query.request(&service));
        let (Ok(plain), Ok(sent)) = (plain, query.request(&self.service)) else {
            return Err(probe.broken("a request cannot be made"));
        };
        let (parts, body) = sent.into_parts();
        let (Body::Bytes(body), Body::Bytes(plain)) = (body, plain.into_body()) else {
            return Err(probe.broken("a request has no bytes"));
        };
        let read = server::inflate_request(&parts, body, 8 << 20);
        probe.same("a compressed request", &read.ok(), &Some(plain))
    }
}

fn request(form: &str, length: &str) -> request::Parts {
    let mut parts = Request::new(()).into_parts().0;
    put(&mut parts.headers, "request", form, length);
    parts
}

fn answer(form: &str, length: &str) -> response::Parts {
    let mut parts = Response::new(()).into_parts().0;
    put(&mut parts.headers, "response", form, length);
    parts
}

fn put(headers: &mut HeaderMap, side: &str, form: &str, length: &str) {
    for (what, value) in [("type", form), ("size", length)] {
        let name = format!("x-ots-{side}-compress-{what}");
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
}

fn zlib(body: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), level);
    // Writing to memory cannot fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}

/// How many bytes these become; puts their checksum right if asked to and if they end where a checksum can stand.
fn seal(bytes: &mut [u8], right: bool) -> u64 {
    let Some(deflated) = bytes.get(2..) else { return 0 };
    let mut out = Vec::with_capacity(2 * usize::try_from(LIMIT).unwrap_or_default());
    let mut stream = Decompress::new(false);
    // As far as it goes.
    let _ = stream.decompress_vec(deflated, &mut out, FlushDecompress::Finish);
    if right && let Some(at) = bytes.len().checked_sub(4).filter(|at| *at >= 2) {
        let sum = adler32(&out).to_be_bytes();
        bytes[at..].copy_from_slice(&sum);
    }
    u64::try_from(out.len()).unwrap_or(u64::MAX)
}

fn adler32(bytes: &[u8]) -> u32 {
    let step = |(a, b): (u32, u32), byte: &u8| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    };
    let (a, b) = bytes.iter().fold((1, 0), step);
    b << 16 | a
}
