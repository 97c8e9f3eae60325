//! Rows that are too wide for one answer: a piece of the row, and a token that says where the next one begins.
//!
//! A token names the last cell of its piece, so the next piece goes on exactly behind it, whatever became of the row
//! meanwhile. It is opaque to callers, good for its row only, and one that was changed is refused.
//!
//! Sources: service documents "GetRow" and "GetRange" for the fields, which say that a wide row is read on with them and not
//! from how many bytes a row is wide.

use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Name, Row, Token};
use sha2::{Digest, Sha256};

use super::{column_size, key_size};
use crate::tablestore::check::invalid;

const ROW: usize = 16;
const VERSION: usize = 8;
const CHECK: usize = 8;

/// A cell: where a piece ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    name: Name,
    version: i64,
}

impl Cell {
    /// The cell that a token names, given for the row that is kept under `place`.
    pub(crate) fn read(token: &[u8], place: &[u8]) -> Result<Self, Refusal> {
        let refused = || invalid("The token is invalid.");
        let (fields, sent) = token.split_last_chunk::<CHECK>().ok_or_else(refused)?;
        let (row, rest) = fields.split_first_chunk::<ROW>().ok_or_else(refused)?;
        let (version, name) = rest.split_first_chunk::<VERSION>().ok_or_else(refused)?;
        if *row != digest(b"row", place) || *sent != digest(b"token", fields) {
            return Err(refused());
        }
        let name = std::str::from_utf8(name).map_err(|_| refused())?;
        Ok(Self { name: Name::from(name), version: i64::from_be_bytes(*version) })
    }

    fn token(&self, place: &[u8]) -> Token {
        let row: [u8; ROW] = digest(b"row", place);
        let fields = [&row, self.version.to_be_bytes().as_slice(), self.name.as_bytes()].concat();
        let check: [u8; CHECK] = digest(b"token", &fields);
        [fields.as_slice(), &check].concat().into()
    }
}

fn digest<const N: usize>(what: &[u8], of: &[u8]) -> [u8; N] {
    let digest = Sha256::new().chain_update(what).chain_update(of).finalize();
    std::array::from_fn(|at| digest[at])
}

/// What stands behind `cell`.
pub(crate) fn behind(row: &mut Row, cell: &Cell) {
    // By name, and of one name the newest first.
    row.columns.retain(|column| {
        column.name > cell.name || (column.name == cell.name && column.timestamp < Some(cell.version))
    });
}

/// Leaves of the row kept under `place` what has `bytes`, but one cell at least; the token for the rest, if there is any.
pub(crate) fn cut(row: &mut Row, bytes: usize, place: &[u8]) -> Option<Token> {
    let mut size = key_size(&row.primary_key);
    let mut fits = |column| {
        size = size.saturating_add(column_size(column));
        size <= bytes
    };
    let count = row.columns.iter().take_while(|column| fits(column)).count().max(1);
    if count >= row.columns.len() {
        return None;
    }
    row.columns.truncate(count);
    let last = row.columns.last()?;
    Some(Cell { name: last.name.clone(), version: last.timestamp.unwrap_or_default() }.token(place))
}

#[cfg(test)]
mod tests {
    use campaign_tablestore::PrimaryKey;

    use super::*;

    fn row() -> Row {
        let row = Row::new(PrimaryKey::new().with("id", 1));
        let row = row.with_version("a", "xx", 3).with_version("a", "x", 2).with_version("b", 1, 9);
        row.with_version("c", "x", i64::MAX).with_version("c", "x", 0)
    }

    #[test]
    fn the_pieces_of_a_row_are_the_row_whatever_their_size() {
        for bytes in 0..60 {
            let (mut columns, mut token) = (Vec::new(), None::<Token>);
            loop {
                let mut piece = row();
                if let Some(token) = &token {
                    behind(&mut piece, &Cell::read(token, b"place").unwrap());
                }
                assert!(!piece.columns.is_empty(), "{bytes}");
                token = cut(&mut piece, bytes, b"place");
                assert!(piece.columns.len() == 1 || super::super::size(&piece) <= bytes);
                columns.extend(piece.columns);
                if token.is_none() {
                    break;
                }
            }
            assert_eq!(columns, row().columns, "{bytes}");
        }
    }

    #[test]
    fn a_token_is_good_for_its_row_and_a_changed_one_for_none() {
        let token = cut(&mut row(), 1, b"place").unwrap();
        let cell = Cell { name: "a".into(), version: 3 };
        assert_eq!(Cell::read(&token, b"place").unwrap(), cell);
        Cell::read(&token, b"other").unwrap_err();
        for at in 0..token.len() {
            let mut changed = token.to_vec();
            changed[at] ^= 1;
            Cell::read(&changed, b"place").unwrap_err();
            Cell::read(&token[..at], b"place").unwrap_err();
        }
        Cell::read(&[&*token, b"x"].concat(), b"place").unwrap_err();
    }
}
