//! Who may do what: the owner everything, everybody else what the ACLs say.
//!
//! An object's own ACL comes before its bucket's (service documents "Bucket ACL" and "Object ACL").

use campaign_oss::server::Refusal;
use campaign_oss::{BucketAcl, Code, ObjectAcl};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// Who signed with a key that is known: the owner of all there is.
    Owner,
    /// Anybody.
    Anonymous,
}

/// What is to be done with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// It is read.
    Read,
    /// It is written or deleted.
    Write,
}

impl Caller {
    /// Refuses what only the owner may do.
    pub(super) fn owns(self) -> Result<(), Refusal> {
        match self {
            Self::Owner => Ok(()),
            Self::Anonymous => Err(denied("Anonymous user has no right to access this bucket.")),
        }
    }

    /// Refuses to list a bucket that is not public.
    pub(super) fn may_list(self, bucket: BucketAcl) -> Result<(), Refusal> {
        if bucket == BucketAcl::Private { self.owns() } else { Ok(()) }
    }

    /// Refuses what the ACLs do not allow. `object` is the ACL of the object that is there.
    pub(super) fn may(self, deed: Deed, bucket: BucketAcl, object: Option<ObjectAcl>) -> Result<(), Refusal> {
        let own = object.filter(|acl| *acl != ObjectAcl::Default);
        let allowed = match (own, deed) {
            (Some(acl), Deed::Read) => acl != ObjectAcl::Private,
            (Some(acl), Deed::Write) => acl == ObjectAcl::PublicReadWrite,
            (None, Deed::Read) => bucket != BucketAcl::Private,
            (None, Deed::Write) => bucket == BucketAcl::PublicReadWrite,
        };
        if self == Self::Owner || allowed {
            return Ok(());
        }
        let whose = if own.is_some() { "object" } else { "bucket" };
        Err(denied(format!("You have no right to access this object because of {whose} acl.")))
    }
}

fn denied(message: impl Into<String>) -> Refusal {
    Refusal::new(Code::AccessDenied, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_may_everything_and_the_rest_what_the_acls_say() {
        use BucketAcl::{Private, PublicRead, PublicReadWrite};
        let object = |acl| Some(acl);
        for (bucket, own, read, write) in [
            (Private, None, false, false),
            (PublicRead, None, true, false),
            (PublicReadWrite, None, true, true),
            (PublicRead, object(ObjectAcl::Default), true, false),
            (Private, object(ObjectAcl::PublicRead), true, false),
            (Private, object(ObjectAcl::PublicReadWrite), true, true),
            (PublicReadWrite, object(ObjectAcl::Private), false, false),
            (PublicReadWrite, object(ObjectAcl::PublicRead), true, false),
        ] {
            let may = |caller: Caller, deed| caller.may(deed, bucket, own).is_ok();
            assert_eq!(may(Caller::Anonymous, Deed::Read), read, "{bucket:?} {own:?}");
            assert_eq!(may(Caller::Anonymous, Deed::Write), write, "{bucket:?} {own:?}");
            assert_eq!(Caller::Anonymous.may_list(bucket).is_ok(), bucket != Private);
            assert!(may(Caller::Owner, Deed::Read) && may(Caller::Owner, Deed::Write));
        }
        assert!(Caller::Anonymous.owns().is_err() && Caller::Owner.owns().is_ok());
    }
}
