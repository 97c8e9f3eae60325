//! The requests and answers of every operation.

use bytes::Bytes;
use campaign_client::Serve;
use campaign_tablestore::{SqlAnswer, SqlColumn, SqlQuery, SqlRows, TableStore};
use fastrand::Rng;
use http::{request, response};

use super::{
    Target,
    operations::{self, CALLS, Call},
};
use crate::{
    corpus::{Corpus, Vectors},
    input::{self, Input},
    mutate::{any, protobuf},
    probe::{Broken, Probe},
};

/// How many requests of an operation are answered: with few of them, answers are learned that fit.
const MAX_ASKED: usize = 8;

/// The target `messages`.
#[derive(Debug)]
pub struct Messages {
    service: TableStore,
    response: response::Parts,
    calls: Vec<Fuzzed>,
    /// All that is known, for any operation to take parts of.
    pool: Corpus,
}

/// An operation with what is known of it.
#[derive(Debug)]
struct Fuzzed {
    call: Call,
    parts: request::Parts,
    requests: Corpus,
    /// Requests that were accepted, to be answered.
    asked: Corpus,
    answers: Corpus,
    has_request: bool,
    has_answer: bool,
}

impl Messages {
    /// Begins with the requests and answers of the vectors.
    ///
    /// # Panics
    /// If the service that is told off cannot be named.
    pub fn new(vectors: &Vectors) -> Self {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").expect("the service is legal");
        let response = http::Response::new(()).into_parts().0;
        let of = |all: &[(String, Vec<u8>)], name: &str| {
            Corpus::new(all.iter().filter(|(other, _)| other == name).map(|(_, body)| body.clone()))
        };
        let answers = [vectors.answers.as_slice(), &[("SQLQuery".to_owned(), sql_answer())]].concat();
        let all = vectors.requests.iter().chain(&answers).map(|(_, body)| body.clone());
        let pool = Corpus::new(all);
        let fuzzed = |call: &Call| {
            let uri = format!("/{}", call.name);
            let parts = http::Request::post(uri).body(()).expect("a name is a path").into_parts().0;
            Fuzzed {
                call: *call,
                parts,
                requests: of(&vectors.requests, call.name),
                asked: Corpus::default(),
                answers: of(&answers, call.name),
                has_request: false,
                has_answer: false,
            }
        };
        let mut messages = Self { service, response, calls: CALLS.iter().map(fuzzed).collect(), pool };
        messages.ask();
        messages
    }

    /// Takes the vectors' requests for requests to be answered.
    fn ask(&mut self) {
        let inputs = self.calls.iter().flat_map(|known| {
            known.requests.seeds().map(|body| Input {
                side: input::Side::Request,
                operation: known.call.name,
                request: Vec::new(),
                bytes: body.to_vec(),
            })
        });
        for input in inputs.collect::<Vec<_>>() {
            let mut probe = Probe::new(input.bytes.len());
            // What is broken is found again by the mutants.
            let _ = self.check(&input, &mut probe);
            self.learn(&input, &probe);
        }
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.calls.iter().position(|known| known.call.name == name)
    }

    /// An operation; every other time one of which a message was never accepted.
    fn choose(&self, rng: &mut Rng) -> &Fuzzed {
        let unreached = self.calls.iter().filter(|known| !known.has_request || !known.has_answer);
        let unreached: Vec<&Fuzzed> = if rng.bool() { unreached.collect() } else { Vec::new() };
        rng.choice(&unreached).copied().unwrap_or_else(|| &self.calls[rng.usize(..self.calls.len())])
    }
}

/// An answer with a FlatBuffer in it: no vector has one, and no chance makes one.
fn sql_answer() -> Vec<u8> {
    let column = |name: &str, values| SqlColumn { name: name.into(), values };
    let columns = vec![
        column("n", vec![Some(1.into()), None]),
        column("city", vec![None, Some("Hangzhou".into())]),
        column("d", vec![Some(0.5.into()), None]),
        column("b", vec![Some(true.into()), Some(false.into())]),
        column("photo", vec![Some([1, 2].into()), None]),
    ];
    let answer = SqlAnswer { rows: SqlRows { columns }, ..SqlAnswer::default() };
    let written = SqlQuery::new("select 1").write_response(&answer);
    written.expect("an answer of few bytes is written").into_body().to_vec()
}

impl Target for Messages {
    fn next(&self, rng: &mut Rng) -> Input {
        let known = self.choose(rng);
        let answers = known.has_request && rng.bool();
        let corpus = if answers { &known.answers } else { &known.requests };
        // Now and then another operation's message.
        let seed = if rng.u8(..32) == 0 { self.pool.choose(rng) } else { corpus.choose(rng) };
        let reached = if answers { known.has_answer } else { known.has_request };
        let other = match rng.u8(..3) {
            0 if answers => known.asked.choose(rng),
            1 if reached => corpus.choose(rng),
            _ => self.pool.choose(rng),
        };
        let bytes = any(seed, other, rng);
        let request = if answers { known.asked.choose(rng).to_vec() } else { Vec::new() };
        let side = if answers { input::Side::Answer } else { input::Side::Request };
        Input { side, operation: known.call.name, request, bytes }
    }

    fn check(&self, input: &Input, probe: &mut Probe) -> Result<(), Broken> {
        let Some(known) = self.find(input.operation).map(|at| &self.calls[at]) else {
            return Err(probe.broken(format!("there is no operation {}", input.operation)));
        };
        let side = operations::Side { service: &self.service, request: &known.parts, response: &self.response };
        let body = Bytes::copy_from_slice(&input.bytes);
        let written = match input.side {
            input::Side::Answer => (known.call.answer)(&side, Bytes::copy_from_slice(&input.request), body, probe)?,
            _ => (known.call.request)(&side, body, probe)?,
        };
        // Which fields were understood: unknown ones are not written again.
        if let Some(message) = written.and_then(|written| protobuf::parse(&written)) {
            probe.note(&protobuf::outline(&message));
        }
        Ok(())
    }

    fn learn(&mut self, input: &Input, probe: &Probe) {
        let Some(at) = self.find(input.operation) else { return };
        let known = &mut self.calls[at];
        let accepted = probe.accepted > 0;
        let new = if input.side == input::Side::Answer {
            known.has_answer |= accepted;
            known.answers.learn(probe.way(), &input.bytes)
        } else {
            known.has_request |= accepted;
            if accepted && known.asked.ways() < MAX_ASKED {
                known.asked.learn(probe.way(), &input.bytes);
            }
            known.requests.learn(probe.way(), &input.bytes)
        };
        if new && accepted {
            self.pool.learn(probe.way(), &input.bytes);
        }
    }

    fn ways(&self) -> usize {
        self.calls.iter().map(|known| known.requests.ways() + known.answers.ways()).sum()
    }

    fn unreached(&self) -> Vec<String> {
        let of = |known: &Fuzzed| {
            let request = (!known.has_request).then(|| format!("{}.request", known.call.name));
            let answer = (!known.has_answer).then(|| format!("{}.answer", known.call.name));
            [request, answer]
        };
        self.calls.iter().flat_map(of).flatten().collect()
    }
}
