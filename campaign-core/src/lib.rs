#![doc = include_str!("../README.md")]

pub mod body;
pub mod form;
pub mod store;

mod answer;
mod campaign;
mod clock;
mod ids;
mod intake;
mod pepper;
mod rules;
mod submission;
mod violation;
mod window;

pub use self::{
    answer::{Answer, Outcome, Receipt, Status, Unreadable},
    campaign::{Campaign, Duplicates, Scope},
    clock::Clock,
    form::Form,
    ids::{CallId, Digest, Malformed, RowKey, SubmissionId},
    intake::{Intake, Sent},
    pepper::{Pepper, PepperError},
    submission::Submission,
    violation::{Code, Violation},
    window::{Phase, Window},
};
