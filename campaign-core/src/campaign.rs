//! The campaign: what is asked, when, of whom, and what is kept how long.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    Pepper, RowKey, SubmissionId, Window,
    form::{DefinitionError, Form},
};

/// How much longer than the window entries are kept at least, so that repeats and erasure requests
/// that come late still find them.
const MIN_KEPT_AFTER: TimeDelta = TimeDelta::days(30);
/// The unit of `retention_days`.
const DAY: Duration = Duration::from_secs(86_400);
/// Most characters of a campaign's id.
const MAX_ID: usize = 64;

/// Within what an entry is the only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Scope {
    /// One entry per value of the form's unique field.
    #[default]
    Person,
    /// One entry per submission id: people may enter as often as they like.
    Submission,
}

/// What somebody learns who enters a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Duplicates {
    /// 409: the person has entered before.
    #[default]
    Reveal,
    /// The same 202 as for a first entry, so that nobody can try out who takes part.
    Pretend,
}

/// A campaign: valid by construction, read from TOML or JSON or built in code.
///
/// ```
/// use std::time::Duration;
/// use campaign_core::{Campaign, Duplicates, Window, form::{Field, Form, Kind}};
///
/// const FIELDS: &[Field] = &[Field::new("email", Kind::Email).unique()];
/// let window = Window::new("2026-11-01T00:00:00Z".parse()?, "2026-11-12T00:00:00Z".parse()?)?;
/// let retention = Duration::from_secs(90 * 24 * 60 * 60);
/// let campaign = Campaign::new("double11", window, Form::new(FIELDS)?, retention)?.duplicates(Duplicates::Pretend);
/// assert_eq!(campaign.id(), "double11");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawCampaign", into = "RawCampaign")]
pub struct Campaign {
    id: String,
    window: Window,
    form: Form,
    retention: Duration,
    scope: Scope,
    duplicates: Duplicates,
}

impl Campaign {
    /// A campaign that reveals duplicates. Its scope is the person if the form has a unique field,
    /// else the submission. `retention` is how long a row is kept after it was written.
    ///
    /// # Errors
    /// The id is not 1 to 64 of `A-Z a-z 0-9 _ -`, or `retention` is not at least the window with
    /// its grace and 30 days.
    pub fn new(
        id: impl Into<String>,
        window: Window,
        form: Form,
        retention: Duration,
    ) -> Result<Self, DefinitionError> {
        let id = id.into();
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if !(1..=MAX_ID).contains(&id.len()) || !id.bytes().all(legal) {
            return Err(DefinitionError::new(format!("id: {id:?} is not 1 to {MAX_ID} of A-Z a-z 0-9 _ -")));
        }
        let least = window.length() + MIN_KEPT_AFTER;
        if least.to_std().is_ok_and(|least| retention < least) {
            return Err(DefinitionError::new(format!(
                "retention: {} days are less than the window and 30 days, together {}",
                retention.as_secs() / DAY.as_secs(),
                // Rounded up.
                (least - TimeDelta::nanoseconds(1)).num_days() + 1,
            )));
        }
        let scope = if form.unique().is_some() { Scope::Person } else { Scope::Submission };
        Ok(Self { id, window, form, retention, scope, duplicates: Duplicates::default() })
    }

    /// Sets what a second entry learns.
    #[must_use]
    pub fn duplicates(mut self, duplicates: Duplicates) -> Self {
        self.duplicates = duplicates;
        self
    }

    /// The id, as in the path.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When entries are taken.
    #[must_use]
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// What is asked.
    #[must_use]
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// How long a row is kept after it was written; the table's time to live.
    #[must_use]
    pub fn retention(&self) -> Duration {
        self.retention
    }

    /// Within what an entry is the only one.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Whether a second entry is told so.
    #[must_use]
    pub fn reveals_duplicates(&self) -> bool {
        self.duplicates == Duplicates::Reveal
    }

    /// The row of a person, given the unique value in any spelling; for a campaign of scope
    /// [`Scope::Submission`], the row of a submission id. `None` if `of` cannot be such a value.
    #[must_use]
    pub fn row_key(&self, pepper: &Pepper, of: &str) -> Option<RowKey> {
        match self.scope {
            Scope::Person => self.form.unique_key(of).map(|value| pepper.row_key(&self.id, "", &value)),
            Scope::Submission => of.parse::<SubmissionId>().ok().map(|id| self.submission_key(pepper, &id)),
        }
    }

    pub(crate) fn submission_key(&self, pepper: &Pepper, id: &SubmissionId) -> RowKey {
        pepper.row_key(&self.id, id.as_str(), "")
    }

    /// Reads a campaign from JSON; the keys are those of the TOML form, see the crate's start page.
    ///
    /// # Errors
    /// Not JSON, an unknown or missing key, or a definition that contradicts itself.
    pub fn from_json(text: &str) -> Result<Self, DefinitionError> {
        serde_json::from_str(text).map_err(|error| DefinitionError::new(error.to_string()))
    }

    /// Reads a campaign from TOML.
    ///
    /// # Errors
    /// Not TOML, an unknown or missing key, or a definition that contradicts itself.
    #[cfg(feature = "toml")]
    pub fn from_toml(text: &str) -> Result<Self, DefinitionError> {
        toml::from_str(text).map_err(|error| DefinitionError::new(error.to_string()))
    }
}

/// A campaign as written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCampaign {
    id: String,
    /// Left out, it follows from the form.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    #[serde(default)]
    duplicates: Duplicates,
    retention_days: u32,
    window: RawWindow,
    fields: Form,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWindow {
    opens: DateTime<Utc>,
    closes: DateTime<Utc>,
    #[serde(default)]
    grace_seconds: u32,
}

impl TryFrom<RawCampaign> for Campaign {
    type Error = DefinitionError;

    fn try_from(raw: RawCampaign) -> Result<Self, DefinitionError> {
        let window = Window::new(raw.window.opens, raw.window.closes)?
            .grace(Duration::from_secs(raw.window.grace_seconds.into()))?;
        let retention = DAY * raw.retention_days;
        let campaign = Self::new(raw.id, window, raw.fields, retention)?.duplicates(raw.duplicates);
        match raw.scope {
            Some(Scope::Person) if campaign.scope != Scope::Person => {
                Err(DefinitionError::new("scope: person needs a unique field"))
            }
            Some(Scope::Submission) if campaign.scope != Scope::Submission => {
                Err(DefinitionError::new("scope: submission contradicts a unique field"))
            }
            _ => Ok(campaign),
        }
    }
}

impl From<Campaign> for RawCampaign {
    fn from(campaign: Campaign) -> Self {
        // Rounded up: what is kept longer is still kept long enough.
        let whole = |length: Duration, unit: Duration| {
            u32::try_from(length.as_nanos().div_ceil(unit.as_nanos())).unwrap_or(u32::MAX)
        };
        Self {
            id: campaign.id,
            scope: Some(campaign.scope),
            duplicates: campaign.duplicates,
            retention_days: whole(campaign.retention, DAY),
            window: RawWindow {
                opens: campaign.window.opens(),
                closes: campaign.window.closes(),
                grace_seconds: whole(campaign.window.grace_period(), Duration::from_secs(1)),
            },
            fields: campaign.form,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{Field, Kind};

    fn form() -> Form {
        Form::new(vec![Field::new("name", Kind::text(1, 80))]).unwrap()
    }

    #[test]
    fn what_cannot_be_written_in_whole_units_is_written_longer() {
        let window =
            Window::new("2026-11-01T00:00:00Z".parse().unwrap(), "2026-11-12T00:00:00Z".parse().unwrap()).unwrap();
        let window = window.grace(Duration::from_millis(1_500)).unwrap();
        let campaign = Campaign::new("c", window, form(), DAY * 41 + Duration::from_secs(2)).unwrap();
        let json = serde_json::to_string(&campaign).unwrap();
        let read = Campaign::from_json(&json).unwrap();
        assert_eq!((read.retention(), read.window().grace_period()), (DAY * 42, Duration::from_secs(2)));
    }

    #[test]
    fn the_widest_window_is_refused_without_overflow() {
        let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
        let window = Window::new(first, last).unwrap();
        assert!(window.grace(Duration::from_secs(1)).is_err() && window.grace(Duration::MAX).is_err());
        assert!(Campaign::new("c", window, form(), DAY).is_err());
    }

    /// The TOML of the crate's start page.
    #[cfg(feature = "toml")]
    #[test]
    fn the_campaign_of_the_readme_is_read() {
        let readme = include_str!("../README.md");
        let (_, rest) = readme.split_once("```toml\n").unwrap();
        let campaign = Campaign::from_toml(rest.split_once("```").unwrap().0).unwrap();
        assert_eq!(campaign.form().unique().unwrap().name(), "email");
    }
}
