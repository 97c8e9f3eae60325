#![doc = include_str!("../README.md")]

pub mod body;
pub mod form;
pub mod store;

mod answer;
mod campaign;
mod clock;
mod ids;
mod intake;
mod name;
mod pepper;
mod rules;
mod submission;
mod violation;
mod window;
mod words;

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

#[cfg(test)]
mod tests {
    /// Compiles only if every public type can be shared between threads.
    #[test]
    fn public_types_are_send_and_sync() {
        fn shared<T: Send + Sync + std::fmt::Debug>() {}
        shared::<(crate::Answer, crate::Outcome, crate::Receipt, crate::Status, crate::Unreadable)>();
        shared::<(crate::Campaign, crate::Duplicates, crate::Scope, crate::Window, crate::Phase, crate::Clock)>();
        shared::<(
            crate::Form,
            crate::form::Field,
            crate::form::Kind,
            crate::form::Attributes,
            crate::form::DefinitionError,
        )>();
        shared::<(crate::CallId, crate::Digest, crate::Malformed, crate::RowKey, crate::SubmissionId)>();
        shared::<(crate::Intake, crate::Sent<'_>, crate::Pepper, crate::PepperError, crate::Submission)>();
        shared::<(crate::Violation, crate::Code, crate::body::Body, crate::body::BodyError)>();
        shared::<(
            crate::store::Entry,
            crate::store::Fields,
            crate::store::Stored,
            crate::store::StoreError,
            crate::store::MemoryStore,
        )>();
    }
}
