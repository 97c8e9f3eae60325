//! Search indexes: definitions that are evaluated over the table's rows at the moment of the query.
//!
//! Nothing is kept besides the definition, so an index is never behind its table. A text is made words simply: see `words`.
//! Scores are simple as well: see `evaluate`.
//!
//! | file | what |
//! |---|---|
//! | `index` | an index as it is kept |
//! | `calls` | CreateSearchIndex, DescribeSearchIndex, ListSearchIndex, UpdateSearchIndex, DeleteSearchIndex |
//! | `find` | Search |
//! | `scan` | ComputeSplits, ParallelScan |
//! | `document` | a row as an index sees it; `dates`, `words`, `geo`, its values |
//! | `validate` | queries that are refused |
//! | `evaluate` | which rows fit a query, and how well; `nested`, `vectors`, `functions`, the kinds that need more |
//! | `order` | their order; `best`, the first of them; `token`, the place where a page goes on |
//! | `aggregate` | numbers about them |
//! | `group` | groups of them; `source`, by what; `steps`, those of histograms |
//! | `highlight` | the words that were found |
//!
//! Sources: service documents "Search", "Search index limits"; the functional tests of the official SDKs for the texts.

mod aggregate;
mod best;
mod calls;
mod dates;
mod document;
mod evaluate;
mod find;
mod functions;
mod geo;
mod group;
mod highlight;
pub(super) mod index;
mod nested;
mod order;
mod scan;
mod source;
mod steps;
mod token;
mod validate;
mod vectors;
mod words;

#[cfg(test)]
mod tests;
