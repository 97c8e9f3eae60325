//! The rows of one page, ready to be handed out.

use std::collections::VecDeque;

use bytes::Bytes;
use campaign_client::{Error, ErrorKind, Result};

use super::decode::{self, Decode};
use crate::{
    PrimaryKey, RangePage, Row,
    plain_buffer::{Names, RowReader, Shape, owned_key},
};

/// The most bytes of one row that are put together from several pages. Such a row is read in parts by
/// [`Client::pages`](campaign_client::Client::pages).
pub(super) const MAX_WIDE_ROW_BYTES: usize = 64 << 20;

/// A row of which more is to come.
pub(super) struct Wide {
    pub(super) row: Row,
    bytes: usize,
}

/// The rows of a page.
pub(super) struct Page<T> {
    bytes: Bytes,
    rows: VecDeque<(Place, Result<T>)>,
}

/// Which row it is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// The one that begins at this byte of the page.
    At(usize),
    /// The one of this key, which began on an earlier page.
    Key(PrimaryKey),
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { bytes: Bytes::new(), rows: VecDeque::new() }
    }
}

impl<T> Page<T> {
    /// The rows of `page`. `wide` is what came before of the first one, and becomes what came of the last one if it goes on.
    pub(super) fn read(page: &RangePage, decode: Decode<T>, wide: &mut Option<Wide>) -> Self {
        let mut read = Self { bytes: page.rows.clone(), rows: VecDeque::new() };
        if let Err((at, error)) = read.fill(page, decode, wide) {
            read.rows.push_back((Place::At(at), Err(error)));
        }
        read
    }

    fn fill(&mut self, page: &RangePage, decode: Decode<T>, wide: &mut Option<Wide>) -> Result<(), (usize, Error)> {
        let goes_on = page.next_start_primary_key.as_ref().filter(|_| page.next_token.is_some());
        let mut reader =
            RowReader::new(&page.rows, Shape::Answer).map_err(|error| (0, RangePage::unreadable(error)))?;
        let mut names = Names::default();
        let mut begun = wide.take();
        loop {
            let at = reader.offset();
            let failed = |error| (at, error);
            let Some(row) = reader.next_row().map_err(|error| failed(RangePage::unreadable(error)))? else { break };
            // All rows but the first and the last of a page are whole, and of those it is rare.
            if begun.is_some() || goes_on.is_some() {
                let key = owned_key(&row, &mut names).map_err(|fault| failed(decode::fault(fault)))?;
                let same = begun.take_if(|wide| wide.row.primary_key == key);
                if same.is_none() {
                    self.push_whole(begun.take(), decode);
                }
                if same.is_some() || goes_on == Some(&key) {
                    let more = decode::row(&row, &mut names).map_err(failed)?;
                    let joined = Wide::join(same, more, page.rows.len()).map_err(failed)?;
                    if goes_on == Some(&key) {
                        *wide = Some(joined);
                    } else {
                        self.push_whole(Some(joined), decode);
                    }
                    continue;
                }
            }
            names.start_row();
            let value = (decode.of_ref)(&row, &mut names).map_err(failed)?;
            if self.rows.is_empty() {
                self.rows.reserve(1 + reader.expected());
            }
            self.rows.push_back((Place::At(at), Ok(value)));
        }
        match begun {
            // An empty page between two parts.
            Some(begun) if goes_on == Some(&begun.row.primary_key) => *wide = Some(begun),
            begun => self.push_whole(begun, decode),
        }
        Ok(())
    }

    /// Adds a row that was put together, after those at hand.
    pub(super) fn push_whole(&mut self, wide: Option<Wide>, decode: Decode<T>) {
        if let Some(Wide { row, .. }) = wide {
            let place = Place::Key(row.primary_key.clone());
            self.rows.push_back((place, (decode.of_row)(row)));
        }
    }

    pub(super) fn pop(&mut self) -> Option<(Place, Result<T>)> {
        self.rows.pop_front()
    }

    /// Which row is next.
    pub(super) fn next_place(&self) -> Option<&Place> {
        self.rows.front().map(|(place, _)| place)
    }

    /// The key of the row at `place`; `None` if it cannot be read.
    pub(super) fn key(&self, place: &Place) -> Option<PrimaryKey> {
        let at = match place {
            Place::At(at) => *at,
            Place::Key(key) => return Some(key.clone()),
        };
        let mut reader = RowReader::new(&self.bytes, Shape::Answer).ok()?;
        reader.skip_to(at);
        let row = reader.next_row().ok()??;
        owned_key(&row, &mut Names::default()).ok()
    }
}

impl Wide {
    /// `more` joined to what came `before` of it, in a page of so many `bytes`.
    fn join(before: Option<Self>, more: Row, bytes: usize) -> Result<Self> {
        let Some(mut wide) = before else { return Ok(Self { row: more, bytes }) };
        wide.bytes = wide.bytes.saturating_add(bytes);
        if wide.bytes > MAX_WIDE_ROW_BYTES {
            return Err(Error::new(ErrorKind::Unreadable)
                .with_message("a row of more than 64 MiB; read it part by part with `Client::pages`"));
        }
        wide.row.columns.extend(more.columns);
        Ok(wide)
    }
}
