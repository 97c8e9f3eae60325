//! Searches over rows in memory: against the documents' examples, and against a second evaluation that shares no code.
//!
//! | file | what |
//! |---|---|
//! | `cloud` | a table with its index, without a service around it |
//! | `queries` | queries against a naive predicate; words, dates, places |
//! | `kinds` | the queries that need more: nested, functions, vectors, addresses |
//! | `pages` | orders and tokens: all pages are one answer, whatever is written between them |
//! | `numbers` | aggregations and groups against a naive count, and the documents' examples |
//! | `go` | what the functional tests of the official Go client ask |
//! | `refused` | what is refused before a row is looked at |

mod cloud;
mod go;
mod kinds;
mod numbers;
mod pages;
mod queries;
mod refused;
