//! The contents of objects: received in pieces, kept in pieces, given out in pieces.
//!
//! All pieces but the last are committed as they come, marked as loose: they belong to no object. The
//! commit that makes the object brings the last piece and takes the mark away, so that an object never
//! is there without its content. What is loose at the start of the service was left by an earlier
//! process and is removed. An object that is overwritten or deleted makes its content loose in the same
//! commit; whoever is reading it holds a snapshot of the store and reads on.

use std::ops::{ControlFlow, Range};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use campaign_oss::crc64::Crc64;
use futures_util::{Stream, StreamExt, stream};
use http_body_util::BodyExt;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use crate::store::{Order, Snapshot, Store, StoreError, View, Write, space};

/// Bytes of a piece: with its key a little less than a power of two, as the store's pages are.
pub(super) const PIECE: usize = (1 << 20) - 4096;

/// Pieces of a loose content that are removed in one commit.
const REMOVED_AT_ONCE: u64 = 64;

/// Names a content; no two have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Id([u8; 16]);

impl Id {
    fn new() -> Result<Self, StoreError> {
        let mut id = [0; 16];
        // A store without random names would mix contents up.
        getrandom::fill(&mut id).map_err(|_| StoreError::Panicked)?;
        Ok(Self(id))
    }

    fn piece(self, number: u64) -> Vec<u8> {
        [&[space::CONTENTS], self.0.as_slice(), &number.to_be_bytes()].concat()
    }

    fn loose(self) -> Vec<u8> {
        [&[space::LOOSE_CONTENTS], self.0.as_slice()].concat()
    }
}

/// A content as an object names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Content {
    id: Id,
    /// Its length in bytes.
    pub(super) length: u64,
}

impl Content {
    fn pieces(self) -> u64 {
        self.length.div_ceil(PIECE as u64)
    }

    /// Makes it loose, as part of the commit that takes it from its object. One of a single piece is
    /// gone with that; the others are [discarded](discard) afterwards.
    pub(super) fn abandon(self, write: &mut Write<'_>) {
        match self.pieces() {
            0 => {}
            1 => write.delete(self.id.piece(0)),
            _ => write.put(self.id.loose(), []),
        }
    }

    /// The bytes of `range`, if one piece holds them all.
    ///
    /// # Errors
    /// [`StoreError`]; also when the piece is not there.
    pub(super) fn in_one_piece(self, view: &impl View, range: &Range<u64>) -> Result<Option<Bytes>, StoreError> {
        if range.is_empty() {
            return Ok(Some(Bytes::new()));
        }
        let number = range.start / PIECE as u64;
        if (range.end - 1) / PIECE as u64 != number {
            return Ok(None);
        }
        self.part(view, number, range).map(Some)
    }

    /// What piece `number` holds of `range`.
    fn part(self, view: &impl View, number: u64, range: &Range<u64>) -> Result<Bytes, StoreError> {
        let piece = view.get(&self.id.piece(number))?.map(Bytes::from);
        let start = number * PIECE as u64;
        let place = |at: u64| usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX).min(PIECE);
        let wanted = place(range.start)..place(range.end);
        piece.filter(|piece| piece.len() >= wanted.end).map(|piece| piece.slice(wanted)).ok_or_else(|| {
            tracing::error!(number, "a piece of an object's content is missing");
            StoreError::Panicked
        })
    }

    /// The bytes of `range`, a piece at a time, whatever happens to the object meanwhile.
    pub(super) fn stream(
        self,
        snapshot: Snapshot,
        range: Range<u64>,
    ) -> impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static {
        let piece = PIECE as u64;
        let numbers = range.start / piece..range.end.div_ceil(piece);
        stream::iter(numbers).then(move |number| {
            let (snapshot, range) = (snapshot.clone(), range.clone());
            async move { snapshot.read(move |read| self.part(read, number, &range)).await }
        })
    }
}

/// A content that was received whole. Its last piece is not kept yet.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) content: Content,
    pub(super) md5: [u8; 16],
    pub(super) crc64: u64,
    last: Bytes,
}

impl Received {
    /// Makes it an object's, as part of the commit that makes the object.
    pub(super) fn keep(self, write: &mut Write<'_>) -> Content {
        let last = self.content.pieces();
        if last > 0 {
            write.put(self.content.id.piece(last - 1), self.last);
        }
        if last > 1 {
            write.delete(self.content.id.loose());
        }
        self.content
    }
}

/// Why a content was not received.
#[derive(Debug)]
pub(super) enum NotReceived {
    /// It is longer than it may be.
    TooLong,
    /// It ended before its end, or came too slowly.
    CutOff,
    /// It cannot be kept.
    Store(StoreError),
}

impl From<StoreError> for NotReceived {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Receives a content of at most `most` bytes, with no more than a piece of it in memory.
///
/// # Errors
/// [`NotReceived`]; nothing of it stays.
pub(super) async fn receive(store: &Store, body: Body, most: u64) -> Result<Received, NotReceived> {
    let id = Id::new()?;
    let mut written = 0;
    let received = receive_as(id, store, body, most, &mut written).await;
    if received.is_err() && written > 0 {
        remove(store, id).await;
    }
    received
}

async fn receive_as(
    id: Id,
    store: &Store,
    mut body: Body,
    most: u64,
    written: &mut u64,
) -> Result<Received, NotReceived> {
    let (mut md5, mut crc64) = (Md5::new(), Crc64::new());
    let mut last = BytesMut::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(mut bytes) = frame.map_err(|_| NotReceived::CutOff)?.into_data() else { continue };
        length += bytes.len() as u64;
        if length > most {
            return Err(NotReceived::TooLong);
        }
        md5.update(&bytes);
        crc64.update(&bytes);
        while last.len() + bytes.len() > PIECE {
            last.extend_from_slice(&bytes.split_to(PIECE - last.len()));
            let (number, piece) = (*written, last.split().freeze());
            let kept = store.write(move |write| {
                if number == 0 {
                    write.put(id.loose(), []);
                }
                write.put(id.piece(number), piece);
                Ok::<_, StoreError>(())
            });
            kept.await?;
            *written += 1;
        }
        last.extend_from_slice(&bytes);
    }
    let content = Content { id, length };
    Ok(Received { content, md5: md5.finalize().into(), crc64: crc64.value(), last: last.freeze() })
}

/// Removes what is left of a content that is no object's: received and not to be kept, or
/// [abandoned](Content::abandon).
pub(super) async fn discard(store: &Store, content: Content) {
    if content.pieces() > 1 {
        remove(store, content.id).await;
    }
}

/// Removes a loose content. What fails is done at the next start.
async fn remove(store: &Store, id: Id) {
    if let Err(error) = try_remove(store, id).await {
        tracing::warn!(%error, "a content that belongs to no object is removed at the next start");
    }
}

async fn try_remove(store: &Store, id: Id) -> Result<(), StoreError> {
    loop {
        let done = store.write(move |write| {
            let (first, mut found) = (id.piece(0), Vec::new());
            let end = [&[space::CONTENTS], id.0.as_slice(), &[u8::MAX; 9]].concat();
            write.scan(first.as_slice()..end.as_slice(), Order::Forward, &mut |key, _| {
                found.push(key.to_vec());
                if found.len() as u64 >= REMOVED_AT_ONCE { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            let done = (found.len() as u64) < REMOVED_AT_ONCE;
            found.into_iter().for_each(|key| write.delete(key));
            if done {
                write.delete(id.loose());
            }
            Ok::<_, StoreError>(done)
        });
        if done.await? {
            return Ok(());
        }
    }
}

/// Removes all that an earlier process left loose.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn remove_all_loose(store: &Store) -> Result<(), StoreError> {
    let loose = store.read(|read| {
        let mut ids = Vec::new();
        let start = [space::LOOSE_CONTENTS];
        read.scan(&start..&space::end_of(&start), Order::Forward, &mut |key, _| {
            ids.extend(key[1..].try_into().ok().map(Id));
            ControlFlow::Continue(())
        })?;
        Ok::<_, StoreError>(ids)
    });
    for id in loose.await? {
        try_remove(store, id).await?;
    }
    Ok(())
}
