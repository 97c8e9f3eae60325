//! The inputs that others are made of: golden vectors, and what took a way that no input had taken before.

use std::collections::HashSet;

use fastrand::Rng;
use serde_json::Value;

use crate::input::from_hex;

/// The most inputs that are kept.
const MAX_SEEDS: usize = 1_024;

/// How many inputs are the newest.
const NEWEST: usize = 8;

/// The longest input that is kept, in bytes: mutants of long ones take long.
const MAX_SEED_BYTES: usize = 2_048;

/// Inputs to make others of.
#[derive(Debug, Clone, Default)]
pub struct Corpus {
    seeds: Vec<Vec<u8>>,
    ways: HashSet<u64>,
}

impl Corpus {
    /// Begins with these.
    pub fn new(seeds: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self { seeds: seeds.into_iter().collect(), ways: HashSet::new() }
    }

    /// One of the inputs, every other time one of the newest: a way that is new often leads to others. Nothing if there is
    /// none.
    pub fn choose(&self, rng: &mut Rng) -> &[u8] {
        let from = if rng.bool() { self.seeds.len().saturating_sub(NEWEST) } else { 0 };
        rng.choice(&self.seeds[from..]).map_or(&[], Vec::as_slice)
    }

    /// Keeps an input if its way is new. True if it was.
    pub fn learn(&mut self, way: u64, bytes: &[u8]) -> bool {
        if !self.ways.insert(way) {
            return false;
        }
        if self.seeds.len() < MAX_SEEDS && bytes.len() <= MAX_SEED_BYTES {
            self.seeds.push(bytes.to_vec());
        }
        true
    }

    /// How many different ways inputs took.
    pub fn ways(&self) -> usize {
        self.ways.len()
    }

    /// The inputs.
    pub fn seeds(&self) -> impl Iterator<Item = &[u8]> {
        self.seeds.iter().map(Vec::as_slice)
    }
}

/// The golden vectors: bodies of requests and answers with the names of their operations, and all else that is a buffer, a
/// value or a filter.
#[derive(Debug)]
pub struct Vectors {
    /// Requests by operation.
    pub requests: Vec<(String, Vec<u8>)>,
    /// Answers by operation.
    pub answers: Vec<(String, Vec<u8>)>,
    /// Everything else.
    pub pieces: Vec<Vec<u8>>,
}

impl Vectors {
    /// Reads the files of `tests/vectors`, which are part of the program.
    ///
    /// # Panics
    /// If a file is not what it was when this was written.
    pub fn load() -> Self {
        let file = |text| serde_json::from_str::<Value>(text).expect("a vector file is JSON");
        let requests = file(include_str!("../../tests/vectors/tablestore-requests.json"));
        let answers = file(include_str!("../../tests/vectors/tablestore-responses.json"));
        let rows = file(include_str!("../../tests/vectors/tablestore-rows.json"));
        let bad = file(include_str!("../../tests/vectors/bad-inputs.json"));
        let mut pieces = Vec::new();
        collect(&rows, &mut pieces);
        let entries = bad["entries"].as_array().expect("bad inputs have entries");
        for entry in entries {
            if entry["category"].as_str().is_some_and(|category| category.starts_with("tablestore-")) {
                collect(&entry["input"], &mut pieces);
            }
        }
        let (requests, answers) = (bodies(&requests), bodies(&answers));
        assert!(requests.len() >= 50 && answers.len() >= 20 && pieces.len() >= 50, "the vectors are there");
        Self { requests, answers, pieces }
    }
}

fn bodies(file: &Value) -> Vec<(String, Vec<u8>)> {
    let vectors = file["vectors"].as_array().expect("a file of messages has vectors");
    let of = |vector: &Value| Some((vector["operation"].as_str()?.to_owned(), from_hex(vector["body_hex"].as_str()?)?));
    vectors.iter().filter_map(of).collect()
}

/// All that stands under the name `hex`.
fn collect(value: &Value, out: &mut Vec<Vec<u8>>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, out)),
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str().filter(|_| name == "hex").and_then(from_hex) {
                    Some(bytes) => out.push(bytes),
                    None => collect(member, out),
                }
            }
        }
        _ => {}
    }
}
