//! DescribeRefreshTasks: what became of refreshes.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Paginate, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use http::response;
use serde::{Deserialize, Serialize};

use crate::{
    Cdn, RefreshTask, TaskStatus, TaskType,
    task::Task,
    wire::{self, Parameters, number},
};

/// Asks what became of refreshes and loads of the last three days (service document "DescribeRefreshTasks").
///
/// ```
/// use campaign_cdn::{Client, DescribeRefreshTasks};
///
/// # async fn example(client: &Client) -> campaign_cdn::client::Result<()> {
/// let tasks = client.send(&DescribeRefreshTasks::task("704222904")).await?;
/// for task in tasks.tasks {
///     println!("{} is {} ({})", task.object_path, task.status, task.process);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DescribeRefreshTasks {
    /// Only this task.
    pub task_id: Option<String>,
    /// Only this address, exactly.
    pub object_path: Option<String>,
    /// Only addresses of this domain; needs `object_type`.
    pub domain_name: Option<String>,
    /// Only tasks of this type.
    pub object_type: Option<TaskType>,
    /// Only tasks that have come to this; needs `object_type`.
    pub status: Option<TaskStatus>,
    /// Only tasks from then on.
    pub start_time: Option<DateTime<Utc>>,
    /// Only tasks until then.
    pub end_time: Option<DateTime<Utc>>,
    /// Which page, from 1 to 100,000. The first if absent.
    pub page_number: Option<u32>,
    /// Tasks on a page, from 1 to 100. 20 if absent.
    pub page_size: Option<u32>,
    /// Only domains of this resource group.
    pub resource_group_id: Option<String>,
}

impl DescribeRefreshTasks {
    /// Everything of the last three days.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Only the task of this id.
    pub fn task(task_id: impl Into<String>) -> Self {
        Self { task_id: Some(task_id.into()), ..Self::default() }
    }

    /// Only this address, exactly.
    #[must_use]
    pub fn object_path(mut self, object_path: impl Into<String>) -> Self {
        self.object_path = Some(object_path.into());
        self
    }

    /// Only addresses of this domain; needs [`object_type`](Self::object_type).
    #[must_use]
    pub fn domain_name(mut self, domain_name: impl Into<String>) -> Self {
        self.domain_name = Some(domain_name.into());
        self
    }

    /// Only tasks of this type.
    #[must_use]
    pub fn object_type(mut self, object_type: TaskType) -> Self {
        self.object_type = Some(object_type);
        self
    }

    /// Only tasks that have come to this; needs [`object_type`](Self::object_type).
    #[must_use]
    pub fn status(mut self, status: TaskStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Only tasks from `start` until `end`.
    #[must_use]
    pub fn between(mut self, start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        (self.start_time, self.end_time) = (Some(start), Some(end));
        self
    }

    /// This page, from 1 to 100,000.
    #[must_use]
    pub fn page_number(mut self, page_number: u32) -> Self {
        self.page_number = Some(page_number);
        self
    }

    /// So many tasks on a page, from 1 to 100.
    #[must_use]
    pub fn page_size(mut self, page_size: u32) -> Self {
        self.page_size = Some(page_size);
        self
    }

    fn check(&self) -> Result<()> {
        if !self.page_number.is_none_or(|page| (1..=MAX_PAGE).contains(&page)) {
            return Err(Error::invalid("pages are numbered from 1 to 100000"));
        }
        if !self.page_size.is_none_or(|size| (1..=MAX_PAGE_SIZE).contains(&size)) {
            return Err(Error::invalid("a page has from 1 to 100 tasks"));
        }
        if self.object_type.is_none() && (self.domain_name.is_some() || self.status.is_some()) {
            return Err(Error::invalid("a filter by domain or status needs one by object type"));
        }
        if matches!(self.object_type, Some(TaskType::Other(_))) || matches!(self.status, Some(TaskStatus::Other(_))) {
            return Err(Error::invalid("nothing can be found by a type or status that is not known"));
        }
        if self.start_time.zip(self.end_time).is_some_and(|(start, end)| start > end) {
            return Err(Error::invalid("the time to look at ends before it begins"));
        }
        Ok(())
    }
}

const MAX_PAGE: u32 = 100_000;
const MAX_PAGE_SIZE: u32 = 100;

/// The answer to [`DescribeRefreshTasks`]: one page.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefreshTasks {
    /// The tasks, the newest first; one for each address.
    pub tasks: Vec<RefreshTask>,
    /// Which page it is.
    pub page_number: u64,
    /// How many tasks a page has.
    pub page_size: u64,
    /// How many there are on all pages.
    pub total_count: u64,
    /// The id of the request, for the service's support.
    pub request_id: String,
}

impl RefreshTasks {
    /// A page.
    pub fn new(tasks: Vec<RefreshTask>, page: (u64, u64), total_count: u64, request_id: impl Into<String>) -> Self {
        Self { tasks, page_number: page.0, page_size: page.1, total_count, request_id: request_id.into() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    tasks: List,
    #[serde(deserialize_with = "number::deserialize")]
    page_number: u64,
    #[serde(deserialize_with = "number::deserialize")]
    page_size: u64,
    #[serde(deserialize_with = "number::deserialize")]
    total_count: u64,
    request_id: String,
}

#[derive(Serialize, Deserialize)]
struct List {
    #[serde(rename = "CDNTask", default)]
    tasks: Vec<Task>,
}

impl Operation for DescribeRefreshTasks {
    type Service = Cdn;
    type Output = RefreshTasks;
    const NAME: &'static str = "DescribeRefreshTasks";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &Cdn) -> Result<http::Request<Body>> {
        self.check()?;
        let text = |value: &Option<String>| value.clone();
        let time = |value: Option<DateTime<Utc>>| value.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true));
        let number = |value: Option<u32>| value.map(|number| number.to_string());
        let all = [
            ("TaskId", text(&self.task_id)),
            ("ObjectPath", text(&self.object_path)),
            ("DomainName", text(&self.domain_name)),
            ("ObjectType", self.object_type.as_ref().map(ToString::to_string)),
            ("Status", self.status.as_ref().map(ToString::to_string)),
            ("StartTime", time(self.start_time)),
            ("EndTime", time(self.end_time)),
            ("PageNumber", number(self.page_number)),
            ("PageSize", number(self.page_size)),
            ("ResourceGroupId", text(&self.resource_group_id)),
        ];
        let parameters: Parameters = all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        if parameters.iter().any(|(_, value)| value.is_empty() || value.chars().any(char::is_control)) {
            return Err(Error::invalid("a filter is empty or holds a control character"));
        }
        wire::in_query(service, Self::NAME, &parameters)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<RefreshTasks> {
        let answer: Answer = wire::answered(&body)?;
        let tasks = answer.tasks.tasks.into_iter().map(RefreshTask::from).collect();
        let Answer { page_number, page_size, total_count, request_id, .. } = answer;
        Ok(RefreshTasks { tasks, page_number, page_size, total_count, request_id })
    }
}

impl Paginate for DescribeRefreshTasks {
    fn next(&self, output: &RefreshTasks) -> Result<Option<Self>> {
        // By our own count: an answer that always claims the first page would never end.
        let page = self.page_number.unwrap_or(1);
        let seen = output.page_size.saturating_mul(page.into());
        if output.tasks.is_empty() || seen >= output.total_count || page >= MAX_PAGE {
            return Ok(None);
        }
        Ok(Some(self.clone().page_number(page + 1)))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for DescribeRefreshTasks {
    fn read_request(_: &Cdn, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        let mut given = wire::Given::read(request, &body)?;
        let call = Self {
            task_id: given.take("TaskId"),
            object_path: given.take("ObjectPath"),
            domain_name: given.take("DomainName"),
            object_type: given.parse("ObjectType")?,
            status: given.parse("Status")?,
            start_time: given.parse("StartTime")?,
            end_time: given.parse("EndTime")?,
            page_number: given.parse("PageNumber")?,
            page_size: given.parse("PageSize")?,
            resource_group_id: given.take("ResourceGroupId"),
        };
        call.check()?;
        Ok(call)
    }

    fn write_response(&self, output: &RefreshTasks) -> Result<http::Response<Bytes>> {
        let tasks = output.tasks.iter().cloned().map(Task::from);
        let RefreshTasks { page_number, page_size, total_count, ref request_id, .. } = *output;
        let tasks = List { tasks: tasks.collect() };
        wire::respond(&Answer { tasks, page_number, page_size, total_count, request_id: request_id.clone() })
    }
}

#[cfg(all(test, feature = "server"))]
mod tests;
