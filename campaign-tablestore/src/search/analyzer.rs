//! How a text is made words: the analyzers and their parameters.

use bytes::Bytes;

use super::FieldSchema;
use crate::WireFault;
use crate::wire::{Wire, messages};

messages! {
    struct SingleWord {
        case_sensitive: Option<bool> = 1,
        delimit_word: Option<bool> = 2,
    }

    struct Split {
        delimiter: Option<String> = 1,
        case_sensitive: Option<bool> = 2,
    }

    struct Fuzzy {
        min_chars: Option<i32> = 1,
        max_chars: Option<i32> = 2,
        case_sensitive: Option<bool> = 3,
    }
}

/// How a text is made words (service document "Tokenization").
///
/// ```
/// use campaign_tablestore::search::{Analyzer, FieldSchema, FieldType};
///
/// let by_comma = Analyzer::Split { delimiter: Some(",".to_owned()) };
/// let tags = FieldSchema::new("tags", FieldType::Text).analyzer(&by_comma);
/// # let _ = tags;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Analyzer {
    /// Words of letters and digits, single Chinese characters.
    SingleWord {
        /// Whether upper and lower case differ.
        case_sensitive: Option<bool>,
        /// Whether `word123` is two words.
        delimit_word: Option<bool>,
    },
    /// As many words as possible.
    MaxWord,
    /// As few words as possible.
    MinWord,
    /// What stands between delimiters.
    Split {
        /// The delimiter; without one, white space and punctuation.
        delimiter: Option<String>,
    },
    /// Runs of characters.
    Fuzzy {
        /// Characters of the shortest.
        min_chars: Option<i32>,
        /// Characters of the longest.
        max_chars: Option<i32>,
    },
    /// One that this version does not know.
    Other(String),
}

impl Analyzer {
    /// The name on the wire.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::SingleWord { .. } => "single_word",
            Self::MaxWord => "max_word",
            Self::MinWord => "min_word",
            Self::Split { .. } => "split",
            Self::Fuzzy { .. } => "fuzzy",
            Self::Other(name) => name,
        }
    }

    fn parameter(&self) -> Option<Bytes> {
        Some(match self {
            Self::SingleWord { case_sensitive, delimit_word } => {
                SingleWord { case_sensitive: *case_sensitive, delimit_word: *delimit_word }.to_bytes()
            }
            Self::Split { delimiter } => Split { delimiter: delimiter.clone(), case_sensitive: None }.to_bytes(),
            Self::Fuzzy { min_chars, max_chars } => {
                Fuzzy { min_chars: *min_chars, max_chars: *max_chars, case_sensitive: None }.to_bytes()
            }
            Self::MaxWord | Self::MinWord | Self::Other(_) => return None,
        })
        .filter(|bytes| !bytes.is_empty())
        .map(Into::into)
    }
}

impl FieldSchema {
    /// The same with its text made words so.
    #[must_use]
    pub fn analyzer(mut self, analyzer: &Analyzer) -> Self {
        (self.analyzer, self.analyzer_parameter) = (Some(analyzer.name().to_owned()), analyzer.parameter());
        self
    }

    /// How its text is made words, as far as the schema says.
    ///
    /// # Errors
    /// [`WireFault`] if the parameter is not one of the analyzer.
    pub fn analyzer_of(&self) -> Result<Option<Analyzer>, WireFault> {
        let Some(name) = &self.analyzer else { return Ok(None) };
        let parameter = self.analyzer_parameter.clone().unwrap_or_default();
        Ok(Some(match name.as_str() {
            "single_word" => {
                let SingleWord { case_sensitive, delimit_word } = SingleWord::from_bytes(parameter)?;
                Analyzer::SingleWord { case_sensitive, delimit_word }
            }
            "max_word" => Analyzer::MaxWord,
            "min_word" => Analyzer::MinWord,
            "split" => Analyzer::Split { delimiter: Split::from_bytes(parameter)?.delimiter },
            "fuzzy" => {
                let Fuzzy { min_chars, max_chars, .. } = Fuzzy::from_bytes(parameter)?;
                Analyzer::Fuzzy { min_chars, max_chars }
            }
            other => Analyzer::Other(other.to_owned()),
        }))
    }
}
