//! How a bucket is a website (service document "Static website hosting").

use campaign_client::{Error, Result};

use crate::xml::{Element, Reader, Writer, XmlFault, required};

/// How a bucket answers browsers. At least one of the three must be there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Website {
    /// The page of a folder.
    pub index: Option<IndexDocument>,
    /// The page of what is not there.
    pub error: Option<ErrorDocument>,
    /// `RoutingRules`, and whatever else the document holds, as it is: read, kept and written back.
    pub rules: Vec<Element>,
}

/// The page of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexDocument {
    /// The name of the page, for example `index.html`; no `/` in it.
    pub suffix: String,
    /// True if each folder has one: `sub/` answers `sub/index.html`. Else `sub/` answers the page of the top.
    pub support_sub_dir: Option<bool>,
    /// What `sub` without a slash answers if `sub/index.html` is there: 0, a redirect to `sub/`; 1, that it is not there; 2,
    /// the page. It says nothing unless each folder has a page.
    pub sub_dir_type: Option<u8>,
}

impl IndexDocument {
    /// A page at the top alone.
    pub fn new(suffix: impl Into<String>) -> Self {
        Self { suffix: suffix.into(), support_sub_dir: None, sub_dir_type: None }
    }

    /// A page in each folder too; a folder's name without its slash is redirected there.
    #[must_use]
    pub fn in_folders(mut self) -> Self {
        (self.support_sub_dir, self.sub_dir_type) = (Some(true), Some(0));
        self
    }
}

/// The page of what is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorDocument {
    /// Its key.
    pub key: String,
    /// The status it is sent with: 404 unless it says 200, which serves an application of one page.
    pub http_status: Option<u16>,
}

impl ErrorDocument {
    /// The page, sent with 404.
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), http_status: None }
    }
}

impl Website {
    pub(crate) fn check(&self) -> Result<()> {
        if self.index.is_none() && self.error.is_none() && self.rules.is_empty() {
            return Err(Error::invalid("a website needs an index page, an error page or routing rules"));
        }
        if self.index.as_ref().is_some_and(|index| index.suffix.is_empty() || index.suffix.contains('/')) {
            return Err(Error::invalid("the index page is a name without slashes, for example index.html"));
        }
        if self.index.as_ref().is_some_and(|index| index.sub_dir_type.is_some_and(|kind| kind > 2)) {
            return Err(Error::invalid("the type of an index page is 0, 1 or 2"));
        }
        if self.error.as_ref().is_some_and(|error| !matches!(error.http_status, None | Some(200 | 404))) {
            return Err(Error::invalid("the error page is sent with 404 or 200"));
        }
        if let Some(error) = &self.error {
            crate::resource::check_key(&error.key)?;
        }
        Ok(())
    }

    pub(crate) fn read(body: &[u8]) -> Result<Self, XmlFault> {
        let mut website = Self::default();
        let mut xml = Reader::open(body, "WebsiteConfiguration")?;
        while let Some(name) = xml.child()? {
            match name {
                "IndexDocument" => website.index = Some(IndexDocument::read(&mut xml)?),
                "ErrorDocument" => website.error = Some(ErrorDocument::read(&mut xml)?),
                _ => website.rules.push(xml.element()?),
            }
        }
        xml.close()?;
        Ok(website)
    }

    pub(crate) fn write(&self) -> String {
        let mut xml = Writer::new("WebsiteConfiguration");
        if let Some(index) = &self.index {
            xml.open("IndexDocument");
            xml.text("Suffix", &index.suffix);
            if let Some(support) = index.support_sub_dir {
                xml.value("SupportSubDir", support);
            }
            if let Some(kind) = index.sub_dir_type {
                xml.value("Type", kind);
            }
            xml.close("IndexDocument");
        }
        if let Some(error) = &self.error {
            xml.open("ErrorDocument");
            xml.text("Key", &error.key);
            if let Some(status) = error.http_status {
                xml.value("HttpStatus", status);
            }
            xml.close("ErrorDocument");
        }
        for rule in &self.rules {
            xml.element(rule);
        }
        xml.finish()
    }
}

impl IndexDocument {
    fn read(xml: &mut Reader<'_>) -> Result<Self, XmlFault> {
        let (mut suffix, mut support, mut kind) = (None, None, None);
        while let Some(name) = xml.child()? {
            match name {
                "Suffix" => suffix = Some(xml.text("Suffix")?),
                "SupportSubDir" => support = Some(xml.value("SupportSubDir")?),
                "Type" => kind = Some(xml.value("Type")?),
                _ => xml.skip()?,
            }
        }
        Ok(Self { suffix: required(suffix, "Suffix")?, support_sub_dir: support, sub_dir_type: kind })
    }
}

impl ErrorDocument {
    fn read(xml: &mut Reader<'_>) -> Result<Self, XmlFault> {
        let (mut key, mut status) = (None, None);
        while let Some(name) = xml.child()? {
            match name {
                "Key" => key = Some(xml.text("Key")?),
                "HttpStatus" => status = Some(xml.value("HttpStatus")?),
                _ => xml.skip()?,
            }
        }
        Ok(Self { key: required(key, "Key")?, http_status: status })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Every field set.
    pub(crate) fn full() -> Website {
        let rules = "<WebsiteConfiguration><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber><Redirect>\
                     <RedirectType>Mirror</RedirectType><MirrorHeaders><Pass>a&amp;b</Pass><Set/></MirrorHeaders></Redirect>\
                     </RoutingRule></RoutingRules></WebsiteConfiguration>";
        Website {
            index: Some(IndexDocument {
                support_sub_dir: Some(true),
                sub_dir_type: Some(2),
                suffix: "i.html".to_owned(),
            }),
            error: Some(ErrorDocument { http_status: Some(200), ..ErrorDocument::new("报/404.html") }),
            rules: Website::read(rules.as_bytes()).unwrap().rules,
        }
    }

    #[test]
    fn rules_that_are_not_known_are_written_back_as_they_were() {
        let text = full().write();
        assert!(text.contains("<MirrorHeaders><Pass>a&amp;b</Pass><Set></Set></MirrorHeaders>"), "{text}");
        assert_eq!(Website::read(text.as_bytes()).unwrap(), full());
    }
}
