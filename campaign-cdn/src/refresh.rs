//! [`Refresh`]: any number of addresses, in as many calls as it takes, until the tasks are complete.

mod error;
mod plan;

use std::{collections::BTreeMap, time::Duration};

use campaign_client::{Error, ErrorKind};
use tokio::time::{Instant, sleep};

pub use self::error::RefreshError;
use self::plan::Plan;
use crate::{Client, DescribeRefreshQuota, DescribeRefreshTasks, RefreshTask, TaskStatus};

/// Between two looks at tasks: the service takes five a second (service document "DescribeRefreshTasks").
const PACE: Duration = Duration::from_millis(200);

/// Refreshes any number of files and directories: checks all addresses and the day's quota, submits them in as few calls as the
/// limits allow, and waits until every task is complete.
///
/// ```
/// use campaign_cdn::{Client, Refresh};
///
/// # async fn example(client: &Client) -> Result<(), campaign_cdn::RefreshError> {
/// let refreshed = Refresh::new()
///     .files(["https://www.example.com/", "https://www.example.com/index.html"])
///     .directory("https://www.example.com/news/")
///     .send(client, |progress| println!("{} of {} complete", progress.complete, progress.total))
///     .await?;
/// println!("{} addresses in {} tasks", refreshed.addresses, refreshed.task_ids.len());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Refresh {
    files: Vec<String>,
    directories: Vec<String>,
    every: Duration,
    within: Duration,
}

/// How far a [`Refresh`] is, in addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// All of them.
    pub total: usize,
    /// Given to the service.
    pub submitted: usize,
    /// Complete on all nodes.
    pub complete: usize,
}

/// What a [`Refresh`] has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refreshed {
    /// How many different addresses.
    pub addresses: usize,
    /// The tasks.
    pub task_ids: Vec<String>,
}

impl Default for Refresh {
    fn default() -> Self {
        // A refresh takes five to six minutes (service document "RefreshObjectCaches").
        Self {
            files: Vec::new(),
            directories: Vec::new(),
            every: Duration::from_secs(5),
            within: Duration::from_secs(15 * 60),
        }
    }
}

impl Refresh {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One file more: `http://` or `https://`, host, path, with its query if it has one.
    pub fn file(self, address: impl Into<String>) -> Self {
        self.files([address])
    }

    /// These files more.
    pub fn files<S: Into<String>>(mut self, addresses: impl IntoIterator<Item = S>) -> Self {
        self.files.extend(addresses.into_iter().map(Into::into));
        self
    }

    /// Everything below this address, which ends with `/`.
    pub fn directory(mut self, address: impl Into<String>) -> Self {
        self.directories.push(address.into());
        self
    }

    /// Looks at the tasks so often. Every 5 s unless said; an interval of zero is taken as 200 ms.
    pub fn every(mut self, every: Duration) -> Self {
        self.every = every;
        self
    }

    /// Waits for the tasks so long after they were submitted. 15 minutes unless said; with zero it looks once.
    pub fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// Refreshes, and tells `progress` of each step. Nothing is sent if there is nothing to refresh.
    ///
    /// # Errors
    /// [`RefreshError`]; an address that is none and a quota that is too small are told before anything is submitted.
    pub async fn send(
        &self,
        client: &Client,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<Refreshed, RefreshError> {
        let plan = Plan::new(&self.files, &self.directories).map_err(|error| RefreshError::call(error, 0))?;
        let mut at = Progress { total: plan.addresses(), ..Progress::default() };
        if at.total == 0 {
            return Ok(Refreshed::default());
        }
        check_quota(client, &plan).await?;
        let mut tasks = Vec::new();
        for call in &plan.calls {
            let submitted = client.send(call).await.map_err(|error| RefreshError::call(error, at.submitted))?;
            at.submitted += call.object_path.len();
            tasks.extend(submitted.refresh_task_id);
            progress(at);
        }
        self.wait(client, &tasks, at, progress).await?;
        Ok(Refreshed { addresses: at.total, task_ids: tasks })
    }

    /// Waits until every task is complete.
    async fn wait(
        &self,
        client: &Client,
        tasks: &[String],
        mut at: Progress,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<(), RefreshError> {
        let begun = Instant::now();
        // What was last seen of each task.
        let mut seen: BTreeMap<&str, Seen> = tasks.iter().map(|id| (id.as_str(), Seen::default())).collect();
        loop {
            let mut pace = Duration::ZERO;
            for (id, seen) in seen.iter_mut().filter(|(_, seen)| !seen.is_final()) {
                sleep(std::mem::replace(&mut pace, PACE)).await;
                match look(client, id).await {
                    Ok(now) => *seen = now,
                    // The tasks are running; whoever looks again later sees them.
                    Err(error) if error.is_transient() => {}
                    Err(error) => return Err(RefreshError::call(error, at.submitted)),
                }
            }
            let complete = seen.values().map(|seen| seen.complete).sum::<usize>().min(at.total);
            if complete != at.complete {
                at.complete = complete;
                progress(at);
            }
            if seen.values().all(Seen::is_final) {
                let failed: Vec<_> = seen.into_values().flat_map(|seen| seen.failed).collect();
                return if failed.is_empty() { Ok(()) } else { Err(RefreshError::Failed(failed)) };
            }
            let every = self.every.max(PACE);
            if begun.elapsed().saturating_add(every) > self.within {
                let left = seen.into_iter().filter(|(_, seen)| !seen.is_final()).map(|(id, _)| id.to_owned());
                return Err(RefreshError::Unfinished { task_ids: left.collect(), within: self.within });
            }
            sleep(every).await;
        }
    }
}

/// What was seen of one task.
#[derive(Debug, Default)]
struct Seen {
    addresses: usize,
    complete: usize,
    failed: Vec<RefreshTask>,
}

impl Seen {
    /// A task of which nothing is seen is not there yet.
    fn is_final(&self) -> bool {
        self.addresses > 0 && self.complete + self.failed.len() == self.addresses
    }
}

/// Looks at all addresses of a task.
async fn look(client: &Client, id: &str) -> Result<Seen, Error> {
    let mut seen = Seen::default();
    let mut next = Some(DescribeRefreshTasks::task(id).page_size(100));
    while let Some(call) = next {
        let page = client.send(&call).await?;
        next = campaign_client::Paginate::next(&call, &page)?;
        for task in page.tasks {
            seen.addresses += 1;
            match task.status {
                TaskStatus::Complete => seen.complete += 1,
                TaskStatus::Failed => seen.failed.push(task),
                TaskStatus::Pending | TaskStatus::Refreshing | TaskStatus::Other(_) => {}
            }
        }
        if next.is_some() {
            sleep(PACE).await;
        }
    }
    Ok(seen)
}

/// Says before anything is submitted that it is too much for today.
async fn check_quota(client: &Client, plan: &Plan) -> Result<(), RefreshError> {
    let quota = match client.send(&DescribeRefreshQuota).await {
        Ok(quota) => quota,
        // Who may refresh need not be allowed to look at the quota.
        Err(error) if error.kind() == ErrorKind::Denied => return Ok(()),
        Err(error) => return Err(RefreshError::call(error, 0)),
    };
    let left = |remain: u64| usize::try_from(remain).unwrap_or(usize::MAX);
    let (files, directories) = (left(quota.url.remain), left(quota.dir.remain));
    if plan.files > files || plan.directories > directories {
        return Err(RefreshError::Quota {
            files: plan.files,
            files_left: files,
            directories: plan.directories,
            directories_left: directories,
        });
    }
    Ok(())
}

#[cfg(all(test, feature = "server"))]
mod tests;
