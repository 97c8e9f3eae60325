//! Words of the service as types.

use std::fmt;

/// Makes an enum of the words that a field can have; another word is refused.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$word_doc])* $word,)*
        }

        impl $name {
            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text,)* }
            }

            /// The value of this word; `None` if there is none.
            #[must_use]
            pub fn from_text(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$word),)* _ => None }
            }
        }
    };
}

words! {
    /// Who may read and write a bucket (service document "Bucket ACL").
    BucketAcl {
        /// The owner alone.
        Private = "private",
        /// Everybody may read. Newer accounts forbid this until "Block Public Access" is taken off the bucket.
        PublicRead = "public-read",
        /// Everybody may read and write. Nobody wants this.
        PublicReadWrite = "public-read-write",
    }
}

words! {
    /// Who may read and write an object (service document "Object ACL").
    ObjectAcl {
        /// As the bucket says.
        Default = "default",
        /// The owner alone.
        Private = "private",
        /// Everybody may read.
        PublicRead = "public-read",
        /// Everybody may read and write.
        PublicReadWrite = "public-read-write",
    }
}

/// How an object is stored and what it costs (service document "Storage classes").
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StorageClass {
    /// Read often.
    Standard,
    /// Infrequent access.
    Ia,
    /// Restored before it is read.
    Archive,
    /// Restored before it is read, in hours.
    ColdArchive,
    /// Restored before it is read, in a day or two.
    DeepColdArchive,
    /// A class that this version does not know.
    Other(String),
}

impl StorageClass {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Standard => "Standard",
            Self::Ia => "IA",
            Self::Archive => "Archive",
            Self::ColdArchive => "ColdArchive",
            Self::DeepColdArchive => "DeepColdArchive",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for StorageClass {
    fn from(word: &str) -> Self {
        match word {
            "Standard" => Self::Standard,
            "IA" => Self::Ia,
            "Archive" => Self::Archive,
            "ColdArchive" => Self::ColdArchive,
            "DeepColdArchive" => Self::DeepColdArchive,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for StorageClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An entity tag: changes with the object. Of an object that was put at once it is the MD5 of its content.
///
/// Servers differ in quotes and case, so neither counts when two are compared.
#[derive(Debug, Clone)]
pub struct ETag(String);

impl ETag {
    /// The tag, with or without quotes.
    pub fn new(tag: impl Into<String>) -> Self {
        Self(tag.into().trim_matches('"').to_owned())
    }

    /// Without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for ETag {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for ETag {}

/// With quotes, as headers want it.
impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_without_quotes_and_case() {
        assert_eq!(ETag::new("\"ABC\""), ETag::new("abc"));
        assert_ne!(ETag::new("abc"), ETag::new("xyz"));
        assert_eq!(ETag::new("abc").to_string(), "\"abc\"");
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for acl in [BucketAcl::Private, BucketAcl::PublicRead, BucketAcl::PublicReadWrite] {
            assert_eq!(BucketAcl::from_text(acl.as_str()), Some(acl));
        }
        assert_eq!(
            (BucketAcl::from_text("default"), ObjectAcl::from_text("default")),
            (None, Some(ObjectAcl::Default))
        );
        for class in ["Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive", "New"] {
            assert_eq!(StorageClass::from(class).to_string(), class);
        }
    }
}
