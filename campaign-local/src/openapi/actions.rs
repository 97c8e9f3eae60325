//! The calls.

use bytes::Bytes;
use campaign_cdn::server::Refusal;
use campaign_cdn::{
    Code, DescribeRefreshQuota, DescribeRefreshTasks, ObjectType, RefreshObjectCaches, RefreshQuota, RefreshTasks,
    Submitted,
};
use campaign_client::{Operation, Serve};
use http::request::Parts;

use super::tasks::{Tasks, page_number, page_size};
use crate::cdn::Cdn;

/// What the calls work on.
#[derive(Debug)]
pub(super) struct Cloud {
    pub(super) service: campaign_cdn::Cdn,
    pub(super) cdn: Cdn,
    pub(super) tasks: Tasks,
    pub(super) clock: campaign_client::Clock,
}

/// One call: reads the request, does it, writes the answer.
pub(super) type Run = fn(&Cloud, &Parts, Bytes, &str) -> Result<http::Response<Bytes>, Refusal>;

/// The call of this name.
pub(super) fn find(name: &str) -> Option<Run> {
    Some(match name {
        RefreshObjectCaches::NAME => refresh,
        DescribeRefreshTasks::NAME => describe_tasks,
        DescribeRefreshQuota::NAME => describe_quota,
        _ => return None,
    })
}

fn refresh(cloud: &Cloud, parts: &Parts, body: Bytes, request_id: &str) -> Result<http::Response<Bytes>, Refusal> {
    let call =
        RefreshObjectCaches::read_request(&cloud.service, parts, body).map_err(|error| match error.to_string() {
            text if text.starts_with("ObjectType") => {
                Refusal::new(Code::InvalidObjectTypeMalformed, "The specified ObjectType is invalid.")
            }
            _ => invalid(&error),
        })?;
    if call.object_path.is_empty() {
        return Err(Refusal::new(Code::MissingObjectPath, "ObjectPath is mandatory for this action."));
    }
    if !matches!(call.object_type, ObjectType::File | ObjectType::Directory) {
        let text = "The specified ObjectType is invalid: only File and Directory are emulated.";
        return Err(Refusal::new(Code::InvalidObjectTypeMalformed, text));
    }
    let most = call.object_type.most();
    if call.object_path.len() > most {
        let text = format!("The size of ObjectPath is bigger than {most}.");
        return Err(Refusal::new(Code::InvalidObjectPathSizeMalformed, text));
    }
    // The client's own checks; an address has one form, encoded.
    call.request(&cloud.service).map_err(|error| {
        Refusal::new(Code::InvalidObjectPathMalformed, format!("The specified ObjectPath is invalid: {error}."))
    })?;
    if !call.object_path.iter().all(|path| cloud.cdn.serves(path)) {
        return Err(Refusal::new(Code::InvalidDomainNotFound, "The domain provided does not belong to you."));
    }
    let directory = call.object_type == ObjectType::Directory;
    let order = |at| call.object_path.iter().for_each(|path| cloud.cdn.refresh(path, directory, at));
    let Some(id) = cloud.tasks.begin(&call.object_path, call.object_type, cloud.clock.now(), order) else {
        let text = "Your refresh attempts have exceeded the daily limit.";
        return Err(Refusal::new(Code::QuotaExceededRefresh, text));
    };
    written(call.write_response(&Submitted::new(vec![id], request_id)))
}

fn describe_tasks(
    cloud: &Cloud,
    parts: &Parts,
    body: Bytes,
    request_id: &str,
) -> Result<http::Response<Bytes>, Refusal> {
    let call = DescribeRefreshTasks::read_request(&cloud.service, parts, body).map_err(|error| invalid(&error))?;
    if call.resource_group_id.is_some() {
        return Err(Refusal::new(Code::InvalidParameter, "Resource groups are not emulated."));
    }
    // First the refreshes that are due, then what to say of them.
    let now = cloud.cdn.settled();
    let (tasks, count) = cloud.tasks.find(&call, now);
    let page = (page_number(&call), page_size(&call));
    written(call.write_response(&RefreshTasks::new(tasks, page, count, request_id)))
}

fn describe_quota(
    cloud: &Cloud,
    parts: &Parts,
    body: Bytes,
    request_id: &str,
) -> Result<http::Response<Bytes>, Refusal> {
    let call = DescribeRefreshQuota::read_request(&cloud.service, parts, body).map_err(|error| invalid(&error))?;
    let (files, directories) = cloud.tasks.left(cloud.clock.now());
    written(call.write_response(&RefreshQuota::new(files, directories, request_id)))
}

fn invalid(error: &campaign_client::Error) -> Refusal {
    Refusal::new(Code::InvalidParameter, format!("The specified parameter is not valid: {error}."))
}

fn written(response: campaign_client::Result<http::Response<Bytes>>) -> Result<http::Response<Bytes>, Refusal> {
    response.map_err(|error| Refusal::new(Code::InternalError, error.to_string()))
}
