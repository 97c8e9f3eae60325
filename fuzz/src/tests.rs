//! Readers that are wrong on purpose: each kind of fault must be found, and its input must show it again.

use std::{hint::black_box, io, time::Duration};

use fastrand::Rng;

use crate::{
    corpus::{Corpus, Vectors},
    input::{Input, Side, from_hex},
    mutate::{any, plain_buffer, protobuf},
    probe::{Broken, Probe},
    run::{Plan, catch_panics, many, one},
    target::{Deflate, Messages, Rows, Target},
};

/// What a wrong reader does with some inputs.
#[derive(Debug, Clone, Copy)]
enum Wrong {
    Panics,
    Hoards,
    Changes,
}

/// Accepts any buffer of rows; goes wrong at those with a delete marker.
#[derive(Debug)]
struct Suspect(Wrong, Corpus);

impl Target for Suspect {
    fn next(&self, rng: &mut Rng) -> Input {
        let bytes = any(self.1.choose(rng), self.1.choose(rng), rng);
        Input { side: Side::Rows, operation: "", request: Vec::new(), bytes }
    }

    fn check(&self, input: &Input, probe: &mut Probe) -> Result<(), Broken> {
        let read = probe.read("suspect", || {
            let rows = plain_buffer::parse(&input.bytes).ok_or(io::Error::other("no buffer"))?;
            let goes_wrong = rows.iter().any(plain_buffer::Row::is_deleted);
            match self.0 {
                Wrong::Panics => assert!(!goes_wrong, "a deleted row"),
                Wrong::Hoards if goes_wrong => drop(black_box(Vec::<u8>::with_capacity(1 << 30))),
                Wrong::Changes if goes_wrong => return Ok(Vec::new()),
                _ => {}
            }
            Ok::<_, io::Error>(rows)
        })?;
        let Some(rows) = read else { return Ok(()) };
        probe.same("the rows", &rows, &plain_buffer::parse(&input.bytes).unwrap_or_default())
    }

    fn learn(&mut self, input: &Input, probe: &Probe) {
        self.1.learn(probe.way(), &input.bytes);
    }

    fn ways(&self) -> usize {
        self.1.ways()
    }

    fn unreached(&self) -> Vec<String> {
        Vec::new()
    }
}

fn plan(runs: u64) -> Plan {
    Plan { runs, seed: 7, time: Duration::MAX }
}

#[test]
fn each_kind_of_fault_is_found_and_found_again() {
    catch_panics();
    let row = from_hex("75000000010304010000006105060000000301000000780a4d09b2").unwrap();
    for (wrong, text) in [
        (Wrong::Panics, "a deleted row"),
        (Wrong::Hoards, "allocated 10737"),
        (Wrong::Changes, "comes back as another"),
    ] {
        let mut suspect = Suspect(wrong, Corpus::new([row.clone()]));
        let failure = many(&mut suspect, &plan(100_000), |_, _| {}).unwrap_err();
        assert!(failure.broken.what.contains(text), "{wrong:?}: {}", failure.broken);
        let again = one(&suspect, &failure.input).unwrap_err();
        assert_eq!(again.what, failure.broken.what);
    }
}

#[test]
fn the_same_seed_makes_the_same_inputs() {
    let vectors = Vectors::load();
    let ways = |seed| {
        let mut rows = Rows::new(&vectors);
        let mut messages = Messages::new(&vectors);
        let plan = Plan { seed, ..plan(2_000) };
        let rows_accepted = many(&mut rows, &plan, |_, _| {}).unwrap().accepted;
        let accepted = many(&mut messages, &plan, |_, _| {}).unwrap().accepted;
        (rows_accepted, rows.ways(), accepted, messages.ways())
    };
    assert_eq!(ways(1), ways(1));
    assert_ne!(ways(1), ways(2));
}

#[test]
fn what_is_taken_apart_is_put_together_the_same() {
    let vectors = Vectors::load();
    let (mut buffers, mut messages) = (0, 0);
    for piece in &vectors.pieces {
        if let Some(sealed) = plain_buffer::seal(piece) {
            buffers += usize::from(piece.starts_with(&sealed));
        }
    }
    for (name, body) in vectors.requests.iter().chain(&vectors.answers) {
        let message = protobuf::parse(body).unwrap_or_else(|| panic!("{name} is a message"));
        assert_eq!(&protobuf::write(&message), body, "{name}");
        messages += 1;
    }
    assert!(buffers >= 25 && messages >= 80, "{buffers} buffers, {messages} messages");
}

#[test]
fn an_input_is_read_back_from_its_report() {
    let input = Input { side: Side::Answer, operation: "PutRow", request: vec![], bytes: vec![0, 0xab] };
    assert_eq!(input.to_string(), "PutRow.answer - 00ab");
    assert_eq!(crate::parse("PutRow.answer", &["-".to_owned(), "00ab".to_owned()]), Some(input));
    let compressed = Input { side: Side::Deflate, operation: "", request: b"deflate 1".to_vec(), bytes: vec![0x78] };
    assert_eq!(compressed.to_string(), "deflate 6465666c6174652031 78");
    assert_eq!(crate::parse("deflate", &["6465666c6174652031".to_owned(), "78".to_owned()]), Some(compressed));
    assert_eq!(crate::parse("rows", &["0".to_owned()]), None);
    assert_eq!(crate::parse("NoSuch.request", &["00".to_owned()]), None);
}

#[test]
fn a_matrix_that_claims_names_it_has_not_reserves_no_room_for_them() {
    let mut bytes = [b"SRM0".as_slice(), &[0; 12], &1_024_u32.to_le_bytes(), &[1]].concat();
    bytes.push(plain_buffer::crc8(0, &bytes));
    let input = Input { side: Side::Rows, operation: "", request: Vec::new(), bytes };
    let probe = one(&Rows::new(&Vectors::load()), &input).unwrap();
    assert!(probe.peak < 1_024, "{} bytes", probe.peak);
}

#[test]
fn batches_of_empty_messages_take_little_before_they_are_refused() {
    let messages = Messages::new(&Vectors::load());
    let empty = |tag: u8| [tag, 0].repeat(4_000);
    // A table of many rows without fields.
    let rows = [b"\x0a\x01t".as_slice(), &empty(0x12)].concat();
    let length = u8::try_from(rows.len() & 0x7f).unwrap() | 0x80;
    let table = [[0x0a, length, u8::try_from(rows.len() >> 7).unwrap()].as_slice(), &rows].concat();
    for (operation, bytes) in
        [("BatchGetRow", empty(0x0a)), ("BatchWriteRow", empty(0x0a)), ("BatchWriteRow", table), ("BulkImport", rows)]
    {
        let length = u64::try_from(bytes.len()).unwrap();
        let input = Input { side: Side::Request, operation, request: Vec::new(), bytes };
        let probe = one(&messages, &input).unwrap();
        assert_eq!((probe.accepted, probe.refused), (0, 1), "{operation}");
        assert!(probe.peak < 64 * length, "{operation}: {} bytes", probe.peak);
    }
}

#[test]
fn compressed_bodies_are_read_by_both_sides_and_lies_about_their_length_take_no_memory() {
    let deflate = Deflate::new(&Vectors::load());
    // zlib's own: Python's `zlib.compress(b"a" * 2000, 6)`.
    let bytes = from_hex("789c4b4c1c05a360148c8251300a46c150070064c6f5ef").unwrap();
    for (said, accepted) in [
        ("deflate 2000", 2),
        ("deflate 1999", 0),
        ("deflate 20000", 0),
        ("deflate 18446744073709551615", 0),
        ("deflate ", 0),
        ("gzip 2000", 0),
    ] {
        let bytes = bytes.clone();
        let input = Input { side: Side::Deflate, operation: "", request: said.as_bytes().to_vec(), bytes };
        let probe = one(&deflate, &input).unwrap();
        assert_eq!((probe.accepted, probe.accepted + probe.refused), (accepted, 2), "{said}");
        assert!(probe.peak < 1_024, "{said}: {} bytes", probe.peak);
    }
}
