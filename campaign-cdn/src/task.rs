//! What became of one address: as it is told, and as it stands in the answer.

use std::{convert::Infallible, fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a task refreshes. As a filter only the named ones can be sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskType {
    /// Files.
    File,
    /// Directories.
    Directory,
    /// Regular expressions.
    Regex,
    /// Nothing: it loads ahead.
    Preload,
    /// Something that this version does not know.
    Other(String),
}

/// How far a task has come.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskStatus {
    /// It waits.
    Pending,
    /// It is under way.
    Refreshing,
    /// It is done everywhere.
    Complete,
    /// It failed; the description says why.
    Failed,
    /// Something that this version does not know.
    Other(String),
}

/// Makes the texts of an enum with `Other`.
macro_rules! texts {
    ($type:ident: $($name:ident = $text:literal),*) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$name => $text,)* Self::Other(text) => text })
            }
        }

        impl FromStr for $type {
            type Err = Infallible;

            fn from_str(text: &str) -> Result<Self, Infallible> {
                Ok(match text {
                    $(_ if text.eq_ignore_ascii_case($text) => Self::$name,)*
                    _ => Self::Other(text.to_owned()),
                })
            }
        }
    };
}

// In requests the types are lower-case (service document "DescribeRefreshTasks"); answers have both.
texts!(TaskType: File = "file", Directory = "directory", Regex = "regex", Preload = "preload");
texts!(TaskStatus: Pending = "Pending", Refreshing = "Refreshing", Complete = "Complete", Failed = "Failed");

impl TaskStatus {
    /// True if it will not change any more.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Complete | Self::Failed)
    }
}

/// What became of one address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefreshTask {
    /// The task that it is part of.
    pub task_id: String,
    /// The address.
    pub object_path: String,
    /// What it is.
    pub object_type: TaskType,
    /// How far it has come.
    pub status: TaskStatus,
    /// The same in the service's words, for example `100%`.
    pub process: String,
    /// When it was submitted.
    pub creation_time: DateTime<Utc>,
    /// Why it failed, in the service's words.
    pub description: Option<String>,
}

impl RefreshTask {
    /// An address of a task.
    pub fn new(
        task_id: impl Into<String>,
        object_path: impl Into<String>,
        object_type: TaskType,
        status: TaskStatus,
        creation_time: DateTime<Utc>,
    ) -> Self {
        let process = if status == TaskStatus::Complete { "100%" } else { "0%" }.to_owned();
        Self {
            task_id: task_id.into(),
            object_path: object_path.into(),
            object_type,
            status,
            process,
            creation_time,
            description: None,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Task {
    task_id: String,
    object_path: String,
    object_type: String,
    status: String,
    #[serde(default)]
    process: String,
    creation_time: DateTime<Utc>,
    #[serde(default)]
    description: Option<String>,
}

impl From<Task> for RefreshTask {
    fn from(task: Task) -> Self {
        Self {
            task_id: task.task_id,
            object_path: task.object_path,
            object_type: known(&task.object_type),
            status: known(&task.status),
            process: task.process,
            creation_time: task.creation_time,
            description: task.description.filter(|text| !text.is_empty()),
        }
    }
}

fn known<T: FromStr<Err = Infallible>>(text: &str) -> T {
    text.parse().unwrap_or_else(|never| match never {})
}

#[cfg(feature = "server")]
impl From<RefreshTask> for Task {
    fn from(task: RefreshTask) -> Self {
        Self {
            task_id: task.task_id,
            object_path: task.object_path,
            object_type: task.object_type.to_string(),
            status: task.status.to_string(),
            process: task.process,
            creation_time: task.creation_time,
            description: task.description,
        }
    }
}
