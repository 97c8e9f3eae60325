//! Makes the bucket and its website; redirects that are there stay.

use campaign_client::ErrorKind;
use campaign_oss::{
    BucketAcl, Client, ErrorDocument, GetBucketInfo, GetBucketWebsite, IndexDocument, PutBucket, PutBucketAcl,
    PutBucketWebsite, Website,
};

use crate::{BoxError, options::Options};

/// Makes what is missing; gives a line on what was done for each.
pub(crate) async fn create(oss: &Client, options: &Options) -> Result<Vec<String>, BoxError> {
    let bucket = options.target.bucket.as_str();
    let mut done = Vec::new();
    match oss.send(&PutBucket::new(bucket)).await {
        Ok(_) => {}
        // Whether one's own bucket can be made again is not certain; if it can be looked at, it is one's own.
        Err(error) if error.is_conflict() => {
            let theirs = |_| format!("the bucket {bucket} is somebody else's: {error}");
            oss.send(&GetBucketInfo::new(bucket)).await.map_err(theirs)?;
        }
        Err(error) => return Err(error.into()),
    }
    oss.send(&PutBucketAcl::new(bucket, BucketAcl::PublicRead)).await.map_err(|error| {
        let why = match error.kind() {
            ErrorKind::Denied => "; is public access blocked for this account or bucket?",
            _ => "",
        };
        format!("the bucket {bucket} cannot be made readable by everybody{why}: {error}")
    })?;
    done.push(format!("the bucket {bucket} is there, and everybody can read it"));
    // Putting a website replaces all of it, with redirects that somebody may have made by hand: read, change, write.
    let there = match oss.send(&GetBucketWebsite::new(bucket)).await {
        Ok(website) => website,
        Err(error) if error.is_not_found() => Website::default(),
        Err(error) => return Err(error.into()),
    };
    let website = Website {
        index: Some(IndexDocument::new(&options.index).in_folders()),
        error: Some(ErrorDocument::new(&options.error_page)),
        rules: there.rules.clone(),
    };
    if website != there {
        oss.send(&PutBucketWebsite::new(bucket, website)).await?;
    }
    done.push(format!("its website shows {}, and {} for what is not there", options.index, options.error_page));
    Ok(done)
}
