//! Search indexes end to end: the real client against the local cloud in this process, and in one of its own.
//!
//! | file | what |
//! |---|---|
//! | `bed` | a cloud with a clock of its own, a wire that counts, a small table with known content |
//! | `queries` | each kind of query, and the rows that a reader expects |
//! | `order` | sorts, pages, collapse, columns, highlights |
//! | `numbers` | aggregations and group-bys |
//! | `typed` | hits as values of a type |
//! | `further` | nearest vectors, scores by functions, rows inside fields, grids, groups of several fields |
//! | `streams` | rows over many pages and parts, dropped streams, sessions that end |
//! | `faults` | the same streams while requests are hurt |
//! | `restarts` | indexes over power cuts and killed processes |
//! | `bad_input` | what is refused, and with which error |
//! | `bytes` | what is no message, or nested very deep |

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test: small numbers, and a panic is a finding"
)]

mod bad_input;
mod bed;
mod bytes;
#[path = "../disk/mod.rs"]
mod disk;
mod faults;
mod further;
mod numbers;
mod order;
mod queries;
mod restarts;
mod streams;
mod typed;
