//! What a request is about, and which names OSS takes.

use campaign_client::{Error, Result};

/// The longest object key, in bytes of UTF-8 (service document "Limits").
pub const MAX_KEY_BYTES: usize = 1023;

/// What a request is about: the service, a bucket, or an object in a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Resource {
    /// The bucket; `None` for the service itself.
    pub bucket: Option<String>,
    /// The object's key; `None` for the bucket itself.
    pub key: Option<String>,
}

impl Resource {
    /// The path that is signed: `/bucket/key`, percent-encoded; `/bucket/` for a bucket, `/` for the service.
    #[must_use]
    pub fn canonical_path(&self) -> String {
        let mut path = String::from("/");
        if let Some(bucket) = &self.bucket {
            crate::encode::push_path(&mut path, bucket);
            path.push('/');
            crate::encode::push_path(&mut path, self.key.as_deref().unwrap_or_default());
        }
        path
    }
}

/// Refuses a name that no bucket has: 3 to 63 lower-case letters, digits and hyphens, no hyphen at either end (service
/// document "Bucket").
pub(crate) fn check_bucket(bucket: &str) -> Result<()> {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let ends = bucket.starts_with('-') || bucket.ends_with('-');
    if !(3..=63).contains(&bucket.len()) || ends || !bucket.bytes().all(legal) {
        return Err(Error::invalid(
            "the bucket's name must be 3 to 63 lower-case letters, digits and hyphens and neither begin nor end with a hyphen",
        ));
    }
    Ok(())
}

/// Refuses a key that no object has (service document "Object").
pub(crate) fn check_key(key: &str) -> Result<()> {
    let why = if key.is_empty() || key.len() > MAX_KEY_BYTES {
        "it must be 1 to 1,023 bytes long"
    } else if key.starts_with(['/', '\\']) {
        "it must not begin with / or \\"
    } else if key.contains('\0') {
        "it must not hold a NUL"
    } else if matches!(key, "." | "..") {
        "it would name a folder, not an object"
    } else {
        return Ok(());
    };
    Err(Error::invalid(format!("the object's key cannot be used: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_a_name_that_a_host_can_have() {
        for good in ["abc", "campaign-site", "0a0", &"a".repeat(63)] {
            assert!(check_bucket(good).is_ok(), "{good}");
        }
        for bad in ["", "ab", "Abc", "a_b", "a.b", "-ab", "ab-", "a/b", "a b", "äbc", &"a".repeat(64)] {
            assert!(check_bucket(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_is_text_that_begins_with_no_slash() {
        for good in ["a", "a/b", "a//b", "a/../b", "活动/报名 表.html", "a\u{1}b", " ", &"a".repeat(1023)] {
            assert!(check_key(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "/a", "\\a", "a\0b", &"a".repeat(1024), &"活".repeat(342)] {
            assert!(check_key(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_path_that_is_signed_always_begins_with_the_bucket() {
        let path = |bucket: Option<&str>, key: Option<&str>| {
            Resource { bucket: bucket.map(Into::into), key: key.map(Into::into) }.canonical_path()
        };
        assert_eq!(path(None, None), "/");
        assert_eq!(path(Some("site"), None), "/site/");
        assert_eq!(path(Some("site"), Some("a+b/c d~")), "/site/a%2Bb/c%20d~");
    }
}
