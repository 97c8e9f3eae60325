//! RefreshObjectCaches: takes files and directories out of the cache.

use std::{collections::BTreeSet, fmt, str::FromStr};

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result};
use http::response;
use serde::{Deserialize, Serialize};

use crate::{
    Cdn, address,
    wire::{self, Parameters},
};

/// Takes what is cached for the addresses out of the cache: whoever asks once the task is complete gets what the origin has then
/// (service document "RefreshObjectCaches").
///
/// [`Class::Idempotent`]: a repetition takes out what is out already, and costs quota again.
///
/// At most [1,000](ObjectType::most) files or 100 directories in one call, of 10 domains; [`Refresh`](crate::Refresh) takes any number.
///
/// ```
/// use campaign_cdn::{Client, RefreshObjectCaches};
///
/// # async fn example(client: &Client) -> campaign_cdn::client::Result<()> {
/// let page = RefreshObjectCaches::files(["https://www.example.com/index.html", "https://www.example.com/"]);
/// let submitted = client.send(&page).await?;
/// println!("{:?}", submitted.refresh_task_id);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshObjectCaches {
    /// The addresses: `http://` or `https://`, at most 1,024 characters each. What a URL cannot hold is percent-encoded.
    pub object_path: Vec<String>,
    /// What they are.
    pub object_type: ObjectType,
    /// For directories: takes out everything, not only what differs from the origin.
    pub force: Option<bool>,
}

/// What an address to refresh is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ObjectType {
    /// One file: this very address, with its query.
    #[default]
    File,
    /// Everything below an address that ends with `/`.
    Directory,
    /// Everything that a regular expression matches, in the service's own syntax: it is sent as it is.
    Regex,
}

/// Domains in one call (service document "RefreshObjectCaches").
pub(crate) const MAX_DOMAINS: usize = 10;

impl ObjectType {
    /// How many one call takes (service document "RefreshObjectCaches": 1,000 addresses or 100 directories). No number is
    /// documented for expressions; they are taken as directories.
    #[must_use]
    pub const fn most(self) -> usize {
        match self {
            Self::File => 1000,
            Self::Directory | Self::Regex => 100,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Directory => "Directory",
            Self::Regex => "Regex",
        }
    }
}

impl fmt::Display for ObjectType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ObjectType {
    type Err = Error;

    /// Upper and lower case are the same.
    fn from_str(text: &str) -> Result<Self> {
        let all = [Self::File, Self::Directory, Self::Regex];
        all.into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| Error::invalid("the object type is none: give File, Directory or Regex"))
    }
}

impl RefreshObjectCaches {
    /// Refreshes addresses of this type.
    pub fn new<S: Into<String>>(object_path: impl IntoIterator<Item = S>, object_type: ObjectType) -> Self {
        Self { object_path: object_path.into_iter().map(Into::into).collect(), object_type, force: None }
    }

    /// Refreshes files.
    pub fn files<S: Into<String>>(object_path: impl IntoIterator<Item = S>) -> Self {
        Self::new(object_path, ObjectType::File)
    }

    /// Refreshes directories.
    pub fn directories<S: Into<String>>(object_path: impl IntoIterator<Item = S>) -> Self {
        Self::new(object_path, ObjectType::Directory)
    }

    /// Takes out everything below the directories, not only what differs from the origin.
    #[must_use]
    pub const fn force(mut self, force: bool) -> Self {
        self.force = Some(force);
        self
    }
}

/// The answer to [`RefreshObjectCaches`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Submitted {
    /// The tasks, for [`DescribeRefreshTasks`](crate::DescribeRefreshTasks).
    pub refresh_task_id: Vec<String>,
    /// The id of the request, for the service's support.
    pub request_id: String,
}

impl Submitted {
    /// These tasks of this request.
    pub fn new(refresh_task_id: Vec<String>, request_id: impl Into<String>) -> Self {
        Self { refresh_task_id, request_id: request_id.into() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    /// Separated by commas.
    refresh_task_id: String,
    request_id: String,
}

impl Operation for RefreshObjectCaches {
    type Service = Cdn;
    type Output = Submitted;
    const NAME: &'static str = "RefreshObjectCaches";

    fn class(&self) -> Class {
        Class::Idempotent
    }

    fn request(&self, service: &Cdn) -> Result<http::Request<Body>> {
        let most = self.object_type.most();
        if self.object_path.is_empty() || self.object_path.len() > most {
            return Err(Error::invalid(format!(
                "one call refreshes 1 to {most} of this type, and not {}",
                self.object_path.len()
            )));
        }
        if self.force.is_some() && self.object_type == ObjectType::File {
            return Err(Error::invalid("force is for directories and expressions"));
        }
        let encode = |address: &String| Ok(address::encode(address, self.object_type)?.into_owned());
        let addresses = self.object_path.iter().map(encode).collect::<Result<Vec<_>>>()?;
        let domains: BTreeSet<&str> = addresses.iter().map(|address| address::host(address)).collect();
        if self.object_type != ObjectType::Regex && domains.len() > MAX_DOMAINS {
            return Err(Error::invalid(format!("one call refreshes addresses of {MAX_DOMAINS} domains at most")));
        }
        let mut parameters: Parameters =
            vec![("ObjectPath", addresses.join("\n")), ("ObjectType", self.object_type.to_string())];
        // Lower case: the documents' form (the official Python SDK writes `True`).
        parameters.extend(self.force.map(|force| ("Force", force.to_string())));
        wire::in_form(service, Self::NAME, &parameters)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<Submitted> {
        let Answer { refresh_task_id, request_id } = wire::answered(&body)?;
        let ids: Vec<String> =
            refresh_task_id.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect();
        if ids.is_empty() {
            return Err(Error::unreadable("the answer names no task"));
        }
        Ok(Submitted { refresh_task_id: ids, request_id })
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for RefreshObjectCaches {
    fn read_request(_: &Cdn, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        let mut given = wire::Given::read(request, &body)?;
        let paths = given.take("ObjectPath").unwrap_or_default();
        // Both kinds of line ends are documented.
        let object_path =
            paths.split('\n').map(|path| path.strip_suffix('\r').unwrap_or(path)).filter(|path| !path.is_empty());
        let object_path = object_path.map(str::to_owned).collect();
        let object_type = given.parse("ObjectType")?.unwrap_or_default();
        // The official Python SDK writes `True`.
        let force = given.take("Force").map(|text| text.to_ascii_lowercase().parse());
        let force = force.transpose().map_err(|_| Error::invalid("Force is malformed"))?;
        Ok(Self { object_path, object_type, force })
    }

    fn write_response(&self, output: &Submitted) -> Result<http::Response<Bytes>> {
        let Submitted { refresh_task_id, request_id } = output.clone();
        wire::respond(&Answer { refresh_task_id: refresh_task_id.join(","), request_id })
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::law;

    fn submitted(ids: &[&str]) -> Submitted {
        Submitted::new(ids.iter().map(ToString::to_string).collect(), "R-1")
    }

    fn refused(call: &RefreshObjectCaches) -> String {
        call.request(&Cdn::new(Cdn::ENDPOINT).unwrap()).map(|_| ()).expect_err("it is refused").to_string()
    }

    #[test]
    fn the_law_holds() {
        law(&RefreshObjectCaches::files(["https://h/a", "https://i/b?c=d&e=%20"]), &submitted(&["1", "2"]));
        law(&RefreshObjectCaches::directories(["https://h/", "https://h/x/"]).force(true), &submitted(&["704222904"]));
        law(&RefreshObjectCaches::new(["https://h/.*\\.png$"], ObjectType::Regex).force(false), &submitted(&["7"]));
    }

    #[test]
    fn a_call_takes_a_thousand_files_or_a_hundred_directories_of_ten_domains() {
        let many = |n: usize, end: &str| (0..n).map(|i| format!("https://h/{i}{end}")).collect::<Vec<_>>();
        law(&RefreshObjectCaches::files(many(1000, "")), &submitted(&["1"]));
        law(&RefreshObjectCaches::directories(many(100, "/")), &submitted(&["1"]));
        assert!(refused(&RefreshObjectCaches::files(many(1001, ""))).contains("1000"));
        assert!(refused(&RefreshObjectCaches::directories(many(101, "/"))).contains("100"));
        assert!(refused(&RefreshObjectCaches::files(Vec::<String>::new())).contains("not 0"));
        let domains = |n: usize| RefreshObjectCaches::files((0..n).map(|i| format!("https://h{i}/")));
        law(&domains(10), &submitted(&["1"]));
        assert!(refused(&domains(11)).contains("10 domains"));
        assert!(refused(&RefreshObjectCaches::files(["https://h/"]).force(true)).contains("force"));
    }

    #[test]
    fn an_answer_without_a_task_is_unreadable() {
        let parts = http::Response::new(()).into_parts().0;
        let call = RefreshObjectCaches::files(["https://h/"]);
        for body in
            [r#"{"RefreshTaskId":" , ","RequestId":"R"}"#, r#"{"RequestId":"R"}"#, r#"{"RefreshTaskId":"1"}"#, "", "7"]
        {
            let error = call.response(&parts, Bytes::copy_from_slice(body.as_bytes())).unwrap_err();
            assert_eq!(error.kind(), campaign_client::ErrorKind::Unreadable, "{body}");
        }
    }
}
