//! Refreshes and the day's quota.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use campaign_cdn::{Allowance, DescribeRefreshTasks, ObjectType, RefreshTask, TaskStatus, TaskType};
use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta, Utc};

/// A task is seen so long (service document "DescribeRefreshTasks").
const KEPT: TimeDelta = TimeDelta::days(3);

/// China Standard Time, in seconds east.
const CHINA: i32 = 8 * 3600;

/// What refreshing costs and how long it takes. The numbers are the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefreshOptions {
    /// Files a day. 2,000.
    pub files: u64,
    /// Directories a day. 100.
    pub directories: u64,
    /// From a refresh to its effect. None: on the laptop nobody wants to wait; the service takes five minutes.
    pub delay: Duration,
}

impl Default for RefreshOptions {
    fn default() -> Self {
        Self { files: 2000, directories: 100, delay: Duration::ZERO }
    }
}

impl RefreshOptions {
    /// The same with another time from a refresh to its effect.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The same with other numbers of files and directories a day.
    #[must_use]
    pub fn quota(mut self, files: u64, directories: u64) -> Self {
        (self.files, self.directories) = (files, directories);
        self
    }
}

/// The tasks of the last three days.
#[derive(Debug)]
pub(super) struct Tasks {
    options: RefreshOptions,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The newest first.
    tasks: VecDeque<Task>,
    last_id: u64,
    day: NaiveDate,
    files: u64,
    directories: u64,
}

#[derive(Debug)]
struct Task {
    id: String,
    path: String,
    kind: TaskType,
    created: DateTime<Utc>,
    due: DateTime<Utc>,
    /// Once it was seen complete it stays so, whatever the clock does.
    complete: bool,
}

impl Tasks {
    pub(super) fn new(options: RefreshOptions) -> Self {
        Self { options, state: Mutex::default() }
    }

    /// Takes a refresh of all `paths` or of none; `None` if the day's quota is not enough. `order` gives the order to refresh at a
    /// time, before anybody can see the task: a task that is seen complete has been ordered.
    pub(super) fn begin(
        &self,
        paths: &[String],
        kind: ObjectType,
        now: DateTime<Utc>,
        order: impl FnOnce(DateTime<Utc>),
    ) -> Option<String> {
        let mut state = self.state(now);
        let count = paths.len() as u64;
        let (used, most, kind) = match kind {
            ObjectType::Directory => (&mut state.directories, self.options.directories, TaskType::Directory),
            _ => (&mut state.files, self.options.files, TaskType::File),
        };
        *used = used.checked_add(count).filter(|used| *used <= most)?;
        let due = now + TimeDelta::from_std(self.options.delay).unwrap_or(KEPT);
        order(due);
        // Ids of an earlier process are not given again.
        state.last_id = (state.last_id + 1).max(u64::try_from(now.timestamp_micros()).unwrap_or(0));
        let id = state.last_id.to_string();
        for path in paths {
            let task =
                Task { id: id.clone(), path: path.clone(), kind: kind.clone(), created: now, due, complete: false };
            state.tasks.push_front(task);
        }
        Some(id)
    }

    /// The page of tasks that `asked` describes, and how many there are in all. Every refresh due by `now` has been done.
    pub(super) fn find(&self, asked: &DescribeRefreshTasks, now: DateTime<Utc>) -> (Vec<RefreshTask>, u64) {
        let mut state = self.state(now);
        for task in &mut state.tasks {
            task.complete |= task.due <= now;
        }
        let found: Vec<&Task> = state.tasks.iter().filter(|task| task.is(asked)).collect();
        let size = usize::try_from(page_size(asked)).unwrap_or(usize::MAX);
        let before = usize::try_from(page_number(asked) - 1).unwrap_or(usize::MAX).saturating_mul(size);
        let page = found.iter().skip(before).take(size).map(|task| task.shown()).collect();
        (page, found.len() as u64)
    }

    /// What is left today of files and directories.
    pub(super) fn left(&self, now: DateTime<Utc>) -> (Allowance, Allowance) {
        let state = self.state(now);
        let left = |quota: u64, used: u64| Allowance { quota, remain: quota.saturating_sub(used) };
        (left(self.options.files, state.files), left(self.options.directories, state.directories))
    }

    /// The state as of `now`: the day's quota, the tasks that are still seen.
    fn state(&self, now: DateTime<Utc>) -> std::sync::MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let china = FixedOffset::east_opt(CHINA).expect("eight hours are less than a day");
        let day = now.with_timezone(&china).date_naive();
        if state.day != day {
            (state.day, state.files, state.directories) = (day, 0, 0);
        }
        while state.tasks.back().is_some_and(|task| task.created + KEPT < now) {
            state.tasks.pop_back();
        }
        state
    }
}

/// Which page is asked for; the first if none is.
pub(super) fn page_number(asked: &DescribeRefreshTasks) -> u64 {
    asked.page_number.unwrap_or(1).max(1).into()
}

/// How many tasks a page has; 20 unless said.
pub(super) fn page_size(asked: &DescribeRefreshTasks) -> u64 {
    asked.page_size.unwrap_or(20).into()
}

impl Task {
    fn status(&self) -> TaskStatus {
        if self.complete { TaskStatus::Complete } else { TaskStatus::Refreshing }
    }

    fn is(&self, asked: &DescribeRefreshTasks) -> bool {
        let host = || {
            let rest = self.path.split_once("://").map_or("", |(_, rest)| rest);
            let authority = rest.split(['/', '?']).next().unwrap_or_default();
            authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(authority, |(host, _)| host)
        };
        asked.task_id.as_ref().is_none_or(|id| *id == self.id)
            && asked.object_path.as_ref().is_none_or(|path| *path == self.path)
            && asked.domain_name.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(host()))
            && asked.object_type.as_ref().is_none_or(|kind| *kind == self.kind)
            && asked.status.as_ref().is_none_or(|status| *status == self.status())
            && asked.start_time.is_none_or(|start| start <= self.created)
            && asked.end_time.is_none_or(|end| self.created <= end)
    }

    fn shown(&self) -> RefreshTask {
        RefreshTask::new(&self.id, &self.path, self.kind.clone(), self.status(), self.created)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        // Midnight in China.
        DateTime::from_timestamp(1_794_326_400 + second, 0).unwrap()
    }

    fn paths(n: usize) -> Vec<String> {
        (0..n).map(|n| format!("http://h:80/{n}")).collect()
    }

    #[test]
    fn a_day_has_its_quota_and_the_next_one_has_it_again() {
        let tasks = Tasks::new(RefreshOptions::default().quota(10, 1));
        assert!(tasks.begin(&paths(11), ObjectType::File, at(0), drop).is_none());
        assert!(tasks.begin(&paths(8), ObjectType::File, at(0), drop).is_some());
        assert!(tasks.begin(&paths(3), ObjectType::File, at(0), drop).is_none(), "all or none");
        assert!(tasks.begin(&paths(2), ObjectType::File, at(0), drop).is_some());
        assert!(tasks.begin(&paths(1), ObjectType::Directory, at(0), drop).is_some(), "directories are counted apart");
        let allowed = |quota, remain| Allowance { quota, remain };
        assert_eq!(tasks.left(at(86_399)), (allowed(10, 0), allowed(1, 0)));
        assert_eq!(tasks.left(at(86_400)), (allowed(10, 10), allowed(1, 1)));
    }

    #[test]
    fn a_task_is_refreshing_then_complete_and_after_three_days_gone() {
        let tasks = Tasks::new(RefreshOptions::default().delay(Duration::from_secs(300)));
        let mut ordered = None;
        let id = tasks.begin(&paths(2), ObjectType::File, at(0), |due| ordered = Some(due)).unwrap();
        assert_eq!(ordered, Some(at(300)));
        let status = |second| {
            let (page, count) = tasks.find(&DescribeRefreshTasks::task(&id), at(second));
            (page.first().map(|task| task.status.clone()), count)
        };
        assert_eq!(status(299), (Some(TaskStatus::Refreshing), 2));
        assert_eq!(status(300), (Some(TaskStatus::Complete), 2));
        assert_eq!(status(200), (Some(TaskStatus::Complete), 2), "what was complete stays so");
        assert_eq!(status(3 * 86_400), (Some(TaskStatus::Complete), 2));
        assert_eq!(status(3 * 86_400 + 1), (None, 0));
    }

    #[test]
    fn tasks_are_found_by_every_filter_and_in_pages() {
        let tasks = Tasks::new(RefreshOptions::default());
        let first = tasks.begin(&paths(45), ObjectType::File, at(0), drop).unwrap();
        let second = tasks.begin(&["http://i/x/".to_owned()], ObjectType::Directory, at(10), drop).unwrap();
        assert_ne!(first, second);
        let count = |asked: DescribeRefreshTasks| tasks.find(&asked, at(20)).1;
        let all = DescribeRefreshTasks::all;
        assert_eq!(count(all()), 46);
        assert_eq!(count(DescribeRefreshTasks::task(&first)), 45);
        assert_eq!(count(all().object_path("http://h:80/7")), 1);
        assert_eq!(count(all().object_type(TaskType::Directory)), 1);
        assert_eq!(count(all().object_type(TaskType::File).domain_name("H")), 45);
        assert_eq!(count(all().object_type(TaskType::File).status(TaskStatus::Refreshing)), 0);
        assert_eq!(count(all().between(at(5), at(20))), 1);
        let page = |number| tasks.find(&all().page_number(number), at(20)).0.len();
        assert_eq!((page(1), page(2), page(3), page(4), page(100_000)), (20, 20, 6, 0, 0));
    }
}
