//! The place in an order where a page begins, as callers carry it.

use bytes::Bytes;
use campaign_client::{Operation, Serve};
use campaign_tablestore::plain_buffer::{Encode, decode_row};
use campaign_tablestore::search::{Query, Sort};
use campaign_tablestore::{PrimaryKey, Row, Search, TableStore, Token};

use super::order::Ranked;

/// Where a page goes on: after a row, whether that is still there or not, so that writes between pages neither repeat nor
/// leave out a row that was there all the time.
#[derive(Debug, PartialEq)]
pub(super) struct Place {
    pub(super) sort: Sort,
    pub(super) after: Ranked<PrimaryKey>,
    /// What random scores are made of.
    pub(super) seed: u64,
}

impl Place {
    /// The seed and the length of what follows, a search that holds nothing but the order, and a row: the key of the last row
    /// and, in columns that are numbered, what it was sorted by.
    pub(super) fn to_token(&self, service: &TableStore) -> Option<Token> {
        let mut search = Search::new("t", "i", Query::all());
        search.search_query.sort = Some(self.sort.clone());
        let body = search.request(service).ok()?.into_body();
        let body = body.bytes()?;
        let mut row = Row::new(self.after.at.clone());
        for (at, key) in self.after.keys.iter().enumerate() {
            if let Some(key) = key {
                row = row.with(at.to_string(), key.clone());
            }
        }
        let length = u32::try_from(body.len()).ok()?;
        let head = [self.seed.to_be_bytes().as_slice(), &length.to_be_bytes()].concat();
        Some([head.as_slice(), body.as_ref(), &row.to_bytes()].concat().into())
    }

    pub(super) fn of_token(service: &TableStore, token: &[u8]) -> Option<Self> {
        let (seed, rest) = token.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (body, row) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let uri = http::Uri::from_static("/Search");
        let (parts, ()) = http::Request::post(uri).body(()).ok()?.into_parts();
        let search = Search::read_request(service, &parts, Bytes::copy_from_slice(body)).ok()?;
        let sort = search.search_query.sort?;
        let row = decode_row(row).ok()??;
        let keys = (0..sort.sorters.len()).map(|at| row.get(&at.to_string()).cloned()).collect();
        Some(Self { sort, after: Ranked { keys, at: row.primary_key }, seed: u64::from_be_bytes(*seed) })
    }
}
