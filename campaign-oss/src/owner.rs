//! Who owns a bucket or an object.

#[cfg(feature = "server")]
use crate::xml::Writer;
use crate::xml::{Reader, XmlFault};

/// The account that owns something.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owner {
    /// The account's id.
    pub id: String,
    /// The account's name, which is its id too.
    pub display_name: String,
}

impl Owner {
    pub(crate) fn read(xml: &mut Reader<'_>) -> Result<Self, XmlFault> {
        let mut owner = Self::default();
        while let Some(name) = xml.child()? {
            match name {
                "ID" => owner.id = xml.text("ID")?,
                "DisplayName" => owner.display_name = xml.text("DisplayName")?,
                _ => xml.skip()?,
            }
        }
        Ok(owner)
    }

    #[cfg(feature = "server")]
    pub(crate) fn write(&self, xml: &mut Writer) {
        xml.open("Owner");
        xml.text("ID", &self.id);
        xml.text("DisplayName", &self.display_name);
        xml.close("Owner");
    }
}
