//! The codec of DescribeRefreshTasks.

use super::*;
use crate::testing::law;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn page(count: usize, total: u64) -> RefreshTasks {
    let task = |n: usize| {
        let status = if n.is_multiple_of(2) { TaskStatus::Complete } else { TaskStatus::Refreshing };
        RefreshTask::new(n.to_string(), format!("https://h/{n}"), TaskType::File, status, at("2026-11-11T00:00:07Z"))
    };
    RefreshTasks::new((0..count).map(task).collect(), (1, 20), total, "R-1")
}

fn refused(call: &DescribeRefreshTasks) -> String {
    call.request(&Cdn::new(Cdn::ENDPOINT).unwrap()).map(|_| ()).expect_err("it is refused").to_string()
}

#[test]
fn the_law_holds() {
    law(&DescribeRefreshTasks::all(), &page(0, 0));
    let all = DescribeRefreshTasks::task("1")
        .object_path("https://h/活动?a=b&c")
        .domain_name("h")
        .object_type(TaskType::Directory)
        .status(TaskStatus::Failed)
        .between(at("2026-11-10T00:00:00Z"), at("2026-11-11T00:00:00Z"))
        .page_number(2)
        .page_size(100);
    let all = DescribeRefreshTasks { resource_group_id: Some("rg-1".to_owned()), ..all };
    let mut tasks = page(3, 40);
    tasks.tasks[0].description = Some("the origin did not answer".to_owned());
    tasks.tasks[1].status = TaskStatus::Other("Paused".to_owned());
    tasks.tasks[2].object_type = TaskType::Other("exquery".to_owned());
    law(&all, &tasks);
}

/// The sample of the service document "DescribeRefreshTasks", with a type in capitals as some samples have it.
#[test]
fn the_documents_sample_is_read() {
    let body = r#"{"TotalCount":"2","PageSize":1,"RequestId":"174F6032-AA26-470D-B90E-36F0EB205BEE","PageNumber":1,"Tasks":{"CDNTask":[
        {"Status":"Complete","TaskId":"704222904","Process":"100%","CreationTime":"2014-11-27T08:23:22Z",
         "Description":"","ObjectType":"File","ObjectPath":"http://example.com/image/1.png"}]}}"#;
    let parts = http::Response::new(()).into_parts().0;
    let tasks = DescribeRefreshTasks::all().response(&parts, Bytes::from_static(body.as_bytes())).unwrap();
    let [task] = tasks.tasks.as_slice() else { panic!("one task") };
    assert_eq!((&task.status, &task.object_type, &task.description), (&TaskStatus::Complete, &TaskType::File, &None));
    assert_eq!((tasks.total_count, task.creation_time), (2, at("2014-11-27T08:23:22Z")));
}

#[test]
fn filters_that_cannot_work_are_refused() {
    let all = DescribeRefreshTasks::all;
    for call in [
        all().page_number(0),
        all().page_number(100_001),
        all().page_size(0),
        all().page_size(101),
        all().domain_name("h"),
        all().status(TaskStatus::Complete),
        all().object_type(TaskType::Other("Regex; drop".to_owned())),
        all().between(at("2026-11-11T00:00:00Z"), at("2026-11-10T00:00:00Z")),
        DescribeRefreshTasks::task(""),
        all().object_path("https://h/\r\nx-acs-action: Other"),
    ] {
        assert!(!refused(&call).is_empty());
    }
}

#[test]
fn pages_end_with_the_last_and_with_an_empty_one() {
    let call = DescribeRefreshTasks::task("1").page_size(20);
    let next = call.next(&page(20, 41)).unwrap().unwrap();
    assert_eq!(next.page_number, Some(2));
    let last = next.next(&page(20, 41)).unwrap().unwrap();
    assert_eq!(last.next(&page(1, 41)).unwrap(), None);
    assert_eq!(call.next(&page(0, 41)).unwrap(), None, "a count that lies does not go on for ever");
}
