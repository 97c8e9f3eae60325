//! How far a stream has been read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::StreamShard;

/// How far a stream has been read: kept somewhere safe, it lets another process go on. It holds no data of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamCheckpoint {
    /// The stream.
    pub stream_id: String,
    /// The shards that were begun. One that is missing is read from its start.
    pub shards: BTreeMap<String, ShardPosition>,
}

/// How far a shard has been read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShardPosition {
    /// Up to this iterator.
    At(String),
    /// To its end: its partition was divided or merged, and its children go on.
    End,
}

impl StreamCheckpoint {
    /// Nothing of this stream has been read.
    pub(super) const fn new(stream_id: String) -> Self {
        Self { stream_id, shards: BTreeMap::new() }
    }

    /// The shards that may be read now: not at their end, and their parents are, or are kept no longer.
    pub(super) fn readable(&self, shards: &[StreamShard]) -> Vec<String> {
        let ended = |id: &str| self.shards.get(id) == Some(&ShardPosition::End);
        let gone = |id: &str| !shards.iter().any(|shard| shard.shard_id == id);
        let passed = |parent: &Option<String>| parent.as_deref().is_none_or(|id| ended(id) || gone(id));
        let may = |shard: &&StreamShard| {
            !ended(&shard.shard_id) && passed(&shard.parent_id) && passed(&shard.parent_sibling_id)
        };
        shards.iter().filter(may).map(|shard| shard.shard_id.clone()).collect()
    }

    /// Forgets the shards that are kept no longer.
    pub(super) fn keep(&mut self, shards: &[StreamShard]) {
        self.shards.retain(|id, _| shards.iter().any(|shard| shard.shard_id == *id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(id: &str, parent: Option<&str>, sibling: Option<&str>) -> StreamShard {
        StreamShard {
            shard_id: id.to_owned(),
            parent_id: parent.map(str::to_owned),
            parent_sibling_id: sibling.map(str::to_owned),
        }
    }

    #[test]
    fn a_shard_is_read_after_both_its_parents() {
        let shards = [shard("a", None, None), shard("b", None, None), shard("c", Some("a"), Some("b"))];
        let mut checkpoint = StreamCheckpoint::new("s".to_owned());
        assert_eq!(checkpoint.readable(&shards), ["a", "b"]);
        checkpoint.shards.insert("a".to_owned(), ShardPosition::End);
        checkpoint.shards.insert("b".to_owned(), ShardPosition::At("i".to_owned()));
        assert_eq!(checkpoint.readable(&shards), ["b"]);
        checkpoint.shards.insert("b".to_owned(), ShardPosition::End);
        assert_eq!(checkpoint.readable(&shards), ["c"]);
    }

    #[test]
    fn a_parent_that_is_kept_no_longer_holds_nobody_up_and_is_forgotten() {
        let shards = [shard("c", Some("a"), None)];
        let mut checkpoint = StreamCheckpoint::new("s".to_owned());
        checkpoint.shards.insert("a".to_owned(), ShardPosition::At("i".to_owned()));
        assert_eq!(checkpoint.readable(&shards), ["c"]);
        checkpoint.keep(&shards);
        assert!(checkpoint.shards.is_empty());
    }

    #[test]
    fn a_checkpoint_survives_being_written_down() {
        let mut checkpoint = StreamCheckpoint::new("s".to_owned());
        checkpoint.shards.insert("a".to_owned(), ShardPosition::End);
        checkpoint.shards.insert("b".to_owned(), ShardPosition::At("i".to_owned()));
        let written = serde_json::to_string(&checkpoint).unwrap();
        assert_eq!(written, r#"{"stream_id":"s","shards":{"a":"end","b":{"at":"i"}}}"#);
        assert_eq!(serde_json::from_str::<StreamCheckpoint>(&written).unwrap(), checkpoint);
    }
}
