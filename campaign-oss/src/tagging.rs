//! Tags of an object, as the header `x-oss-tagging` holds them (service document "PutObjectTagging").

use campaign_client::{Error, Result};

use crate::encode;

/// The most tags of an object.
const MAX_TAGS: usize = 10;

/// `name=value` joined by `&`, percent-encoded.
pub(crate) fn write(tags: &[(String, String)]) -> Result<String> {
    let fits = |(name, value): &(String, String)| (1..=128).contains(&name.len()) && value.len() <= 256;
    if tags.len() > MAX_TAGS || !tags.iter().all(fits) {
        return Err(Error::invalid("an object has at most 10 tags, names of 1 to 128 bytes and values of at most 256"));
    }
    let mut text = String::new();
    for (at, (name, value)) in tags.iter().enumerate() {
        if at > 0 {
            text.push('&');
        }
        encode::push_component(&mut text, name);
        text.push('=');
        encode::push_component(&mut text, value);
    }
    Ok(text)
}

/// Reads what [`write`] writes. How many tags there may be is for the emulator to say.
#[cfg(feature = "server")]
pub(crate) fn read(text: &str) -> Result<Vec<(String, String)>> {
    let decode = |part| {
        let text = encode::decode(part).ok_or_else(|| Error::invalid("a tag is not percent-encoded text"))?;
        Ok::<_, Error>(text.into_owned())
    };
    encode::parameters(text).map(|(name, value)| Ok((decode(name)?, decode(value)?))).collect()
}
